"""Indexes by which rule AL06 finds one person under two numbers among a million."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE INDEX ix_person_same ON person (birth_on, name, work_started_on, sex) WHERE state = 'serving'")
    op.execute("CREATE INDEX ix_person_unproved ON person (unit_id) WHERE NOT id_verified")


def downgrade() -> None:
    op.execute("DROP INDEX ix_person_unproved")
    op.execute("DROP INDEX ix_person_same")
