"""责任追究, and standing alarms that were accepted for a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024b"
down_revision = "0024"


def standing(condition: str) -> None:
    op.drop_index("uq_alarm_standing", "alarm")
    op.create_index(
        "uq_alarm_standing", "alarm", ["rule", "line_id"], unique=True, postgresql_where=sa.text(condition)
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    standing("standing and state in ('open', 'accepted')")
    op.create_table(
        "accountability",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("alarm_id", sa.BigInteger(), sa.ForeignKey("alarm.id"), nullable=False),
        sa.Column("case_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), sa.ForeignKey("unit.id"), nullable=True),
        sa.Column("breached", sa.Text(), nullable=False),
        sa.Column("approved", JSONB(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), sa.ForeignKey("accountability.id"), nullable=True),
        sa.Column("recorded_by", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.UniqueConstraint("corrects_id", name="uq_accountability_corrects"),
    )
    op.create_index("ix_accountability_alarm", "accountability", ["alarm_id", "id"])
    op.create_index("ix_accountability_scope", "accountability", ["scope_path", "id"])


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS k_alarm_proposal(bigint)")
    op.drop_table("accountability")
    standing("standing and state = 'open'")
