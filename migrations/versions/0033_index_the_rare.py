"""Small indexes of what is rare in a city of a million: accepted alarms, upper decisions."""

from alembic import op

revision = "0033"
down_revision = "0032"

INDEXES = {
    "ix_alarm_accepted": "alarm (id) WHERE state = 'accepted'",
    "ix_application_outside": "application (id) WHERE process = 'outside_decision'",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, of in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {of}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
