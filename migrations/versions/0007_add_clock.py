"""The clock of a case stands still, two people sign one task, one's own word is taken back; urging once a day."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0011"

VERDICTS = "verdict in ('approve', 'return', 'reject', 'take_back', 'request_papers', 'suspend', 'resume')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "clock_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("application_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=False),
        sa.Column("task_id", sa.BigInteger(), sa.ForeignKey("task.id"), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), sa.ForeignKey("office.id"), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), sa.ForeignKey("unit.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), sa.ForeignKey("decision.id"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_stop")),
        sa.CheckConstraint("kind in ('papers', 'law')", name=op.f("ck_clock_stop_kind")),
        sa.CheckConstraint("(office_id is null) <> (unit_id is null)", name=op.f("ck_clock_stop_side")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_clock_stop_order")),
    )
    op.create_index("ix_clock_stop_case", "clock_stop", ["application_id", "id"])
    op.create_index(
        "uq_clock_stop_open", "clock_stop", ["application_id"], unique=True, postgresql_where=sa.text("ended_at is null")
    )
    op.add_column("task", sa.Column("first_decision_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_task_first_decision_id"), "task", "decision", ["first_decision_id"], ["id"]
    )
    op.create_index(
        "ix_application_office", "application", ["office_id", "state"], postgresql_where=sa.text("office_id is not null")
    )
    op.drop_constraint(op.f("ck_decision_verdict"), "decision", type_="check")
    op.create_check_constraint(op.f("ck_decision_verdict"), "decision", VERDICTS)
    # Of two reminders on one day, which two clicks at once could leave, the later one is none.
    op.execute(
        "UPDATE application_event e SET kind = 'urged_again' WHERE kind = 'urged' AND EXISTS (SELECT 1"
        " FROM application_event f WHERE f.application_id = e.application_id AND f.kind = 'urged' AND f.id < e.id"
        " AND (f.at AT TIME ZONE 'Asia/Shanghai')::date = (e.at AT TIME ZONE 'Asia/Shanghai')::date)"
    )
    op.create_index(
        "uq_application_event_urged",
        "application_event",
        ["application_id", sa.text("((at AT TIME ZONE 'Asia/Shanghai')::date)")],
        unique=True,
        postgresql_where=sa.text("kind = 'urged'"),
    )


def downgrade() -> None:
    op.drop_index("ix_application_office", "application")
    op.drop_index("uq_application_event_urged", "application_event")
    op.drop_table("clock_stop")
    op.execute("DELETE FROM decision WHERE verdict NOT IN ('approve', 'return', 'reject')")
    op.drop_constraint(op.f("ck_decision_verdict"), "decision", type_="check")
    op.create_check_constraint(op.f("ck_decision_verdict"), "decision", "verdict in ('approve', 'return', 'reject')")
    op.drop_column("task", "first_decision_id")
