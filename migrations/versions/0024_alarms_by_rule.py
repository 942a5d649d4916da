"""Alarms found by rule: subjects, deadlines, runs, events, the queue of touched units, and how fresh each source is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0018"

PATH = sa.Text(collation="C")


def identity() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def moment(name: str, *, now: bool = False) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=not now, server_default=sa.func.now() if now else None
    )


def user(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("alarm_rule", sa.Column("answer_days", sa.Integer(), nullable=False, server_default="10"))
    op.add_column("alarm_rule", sa.Column("params", JSONB(), nullable=False, server_default="{}"))
    op.add_column("alarm_rule", sa.Column("remedy", sa.Text(), nullable=True))
    for column in (
        sa.Column("subject", PATH, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("accepted_until", sa.Date(), nullable=True),
        sa.Column("remedy_case_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=True),
    ):
        op.add_column("alarm", column)
    op.drop_constraint(op.f("ck_alarm_state"), "alarm")
    op.create_check_constraint(
        op.f("ck_alarm_state"), "alarm", "state in ('open', 'handled', 'cleared', 'accepted')"
    )
    op.create_check_constraint(
        op.f("ck_alarm_accepted"), "alarm", "state <> 'accepted' or accepted_until is not null"
    )
    op.create_index(
        "uq_alarm_subject", "alarm", ["rule", "subject"], unique=True,
        postgresql_where=sa.text("subject is not null and state in ('open', 'accepted')"),
    )
    op.create_index("ix_alarm_person", "alarm", ["person_id"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_alarm_due", "alarm", ["due_on"], postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "alarm_event",
        identity(),
        sa.Column("alarm_id", sa.BigInteger(), sa.ForeignKey("alarm.id"), nullable=False),
        moment("at", now=True),
        sa.Column("kind", sa.Text(), nullable=False),
        user("user_id"),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("facts", JSONB(), nullable=False, server_default="{}"),
        sa.CheckConstraint(
            "kind in ('explained', 'rectify', 'proposed', 'accepted', 'refused', 'escalated', 'reopened', 'cleared',"
            " 'handled')",
            name=op.f("ck_alarm_event_kind"),
        ),
    )
    op.create_index("ix_alarm_event_alarm", "alarm_event", ["alarm_id", "id"])
    op.create_table(
        "alarm_sweep",
        identity(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        user("asked_by"),
        moment("asked_at", now=True),
        moment("started_at"),
        moment("ended_at"),
        sa.Column("rules", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('full', 'night', 'touched')", name=op.f("ck_alarm_sweep_kind")),
        sa.CheckConstraint("state in ('waiting', 'running', 'done', 'failed')", name=op.f("ck_alarm_sweep_state")),
    )
    op.create_index(
        "uq_alarm_sweep_waiting", "alarm_sweep", ["kind"], unique=True, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "alarm_run",
        identity(),
        sa.Column("sweep_id", sa.BigInteger(), sa.ForeignKey("alarm_sweep.id"), nullable=False),
        sa.Column("rule", sa.Text(), sa.ForeignKey("alarm_rule.code"), nullable=False),
        moment("started_at", now=True),
        moment("ended_at", now=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", JSONB(), nullable=False, server_default="{}"),
        sa.Column("found", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("raised", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("cleared", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint("state in ('ran', 'not_run', 'failed')", name=op.f("ck_alarm_run_state")),
    )
    op.create_index("ix_alarm_run_sweep", "alarm_run", ["sweep_id", "id"])
    op.create_index("ix_alarm_run_rule", "alarm_run", ["rule", "id"])
    op.create_table(
        "alarm_touched",
        identity(),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "source_feed",
        identity(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), sa.ForeignKey("region.code"), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        moment("loaded_at", now=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state in ('loaded', 'withdrawn')", name=op.f("ck_source_feed_state")),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_source_feed_rows")),
    )
    op.create_index("ix_source_feed_name", "source_feed", ["name", "region_code", "period"])


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS alarm_due ON alarm")
    op.execute("DROP TRIGGER IF EXISTS entry_touches ON ledger_entry")
    for table in ("source_feed", "alarm_touched", "alarm_run", "alarm_sweep", "alarm_event"):
        op.drop_table(table)
    for index in ("ix_alarm_due", "ix_alarm_person", "uq_alarm_subject"):
        op.drop_index(index, "alarm")
    op.drop_constraint(op.f("ck_alarm_accepted"), "alarm")
    op.drop_constraint(op.f("ck_alarm_state"), "alarm")
    op.execute("UPDATE alarm SET state = 'handled' WHERE state = 'accepted'")
    op.create_check_constraint(op.f("ck_alarm_state"), "alarm", "state in ('open', 'handled', 'cleared')")
    for column in ("remedy_case_id", "accepted_until", "escalated", "answered_at", "due_on", "subject"):
        op.drop_column("alarm", column)
    for column in ("remedy", "params", "answer_days"):
        op.drop_column("alarm_rule", column)
