"""Notices to sides, who has read them; alarms count their repetitions, and rules say whom they tell."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0008"

SIDE = "coalesce('o' || office_id::text, 'u' || unit_id::text, 'p' || person_id::text, duty)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    widen_alarms()
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), sa.ForeignKey("office.id"), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), sa.ForeignKey("unit.id"), nullable=True),
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("duty", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("head", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("case_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=True),
        sa.Column("task_id", sa.BigInteger(), sa.ForeignKey("task.id"), nullable=True),
        sa.Column("alarm_id", sa.BigInteger(), sa.ForeignKey("alarm.id"), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("side", sa.Text(), sa.Computed(SIDE, persisted=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(office_id, unit_id, person_id, duty) = 1", name=op.f("ck_notice_side")
        ),
        sa.CheckConstraint("duty in ('system_admin', 'security_admin', 'auditor')", name=op.f("ck_notice_duty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_side", "notice", ["side", "id"])
    op.create_index(
        "ix_notice_open",
        "notice",
        ["side", "id"],
        postgresql_include=["user_id", "head", "scope_path"],
        postgresql_where=sa.text("settled_at is null"),
    )
    op.create_index("ix_notice_case", "notice", ["case_id", "kind"], postgresql_where=sa.text("settled_at is null"))
    op.create_index("ix_notice_alarm", "notice", ["alarm_id"], postgresql_where=sa.text("alarm_id is not null"))
    op.create_index(
        "uq_notice_amber", "notice", ["task_id"], unique=True, postgresql_where=sa.text("kind = 'amber'")
    )
    op.create_table(
        "notice_read",
        sa.Column("account_id", sa.BigInteger(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), sa.ForeignKey("notice.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "notice_id", name=op.f("pk_notice_read")),
    )
    op.create_table(
        "notice_mark",
        sa.Column("account_id", sa.BigInteger(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_mark")),
    )


def widen_alarms() -> None:
    """One open alarm for one reason of one case: it counts how often; what stood twice is ended but for the first."""
    op.add_column("alarm_rule", sa.Column("tells", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("alarm", sa.Column("times", sa.Integer(), server_default="1", nullable=False))
    op.add_column("alarm", sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alarm", sa.Column("office_id", sa.BigInteger(), sa.ForeignKey("office.id"), nullable=True))
    op.execute(
        "WITH same AS (SELECT id, row_number() OVER w AS n, count(*) OVER (PARTITION BY rule, code, case_id,"
        " coalesce(person_id, 0)) AS times, max(raised_at) OVER (PARTITION BY rule, code, case_id,"
        " coalesce(person_id, 0)) AS last_at FROM alarm WHERE state = 'open' AND NOT standing AND case_id IS NOT NULL"
        " WINDOW w AS (PARTITION BY rule, code, case_id, coalesce(person_id, 0) ORDER BY id))"
        " UPDATE alarm a SET state = CASE same.n WHEN 1 THEN 'open' ELSE 'cleared' END,"
        " closed_at = CASE same.n WHEN 1 THEN NULL ELSE clock_timestamp() END, times = CASE same.n WHEN 1 THEN same.times ELSE 1 END,"
        " last_at = CASE same.n WHEN 1 THEN same.last_at END FROM same WHERE same.id = a.id AND same.times > 1"
    )
    op.create_index(
        "uq_alarm_case",
        "alarm",
        ["rule", "code", "case_id", sa.text("coalesce(person_id, 0)"), sa.text("coalesce(office_id, 0)")],
        unique=True,
        postgresql_where=sa.text("not standing and state = 'open' and case_id is not null"),
    )
    op.execute(
        "WITH same AS (SELECT id, row_number() OVER w AS n, count(*) OVER (PARTITION BY rule, code, user_id,"
        " coalesce(line_id, 0)) AS times FROM alarm WHERE state = 'open' AND NOT standing AND case_id IS NULL"
        " AND user_id IS NOT NULL WINDOW w AS (PARTITION BY rule, code, user_id, coalesce(line_id, 0) ORDER BY id))"
        " UPDATE alarm a SET state = CASE same.n WHEN 1 THEN 'open' ELSE 'cleared' END,"
        " closed_at = CASE same.n WHEN 1 THEN NULL ELSE clock_timestamp() END,"
        " times = CASE same.n WHEN 1 THEN same.times ELSE 1 END FROM same WHERE same.id = a.id AND same.times > 1"
    )
    op.create_index(
        "uq_alarm_user",
        "alarm",
        ["rule", "code", "user_id", sa.text("coalesce(line_id, 0)")],
        unique=True,
        postgresql_where=sa.text("not standing and state = 'open' and case_id is null and user_id is not null"),
    )


def downgrade() -> None:
    # Triggers are the deployment's; they name what goes away here.
    for trigger, table in (
        ("task_told", "task"), ("task_told_again", "task"), ("event_told", "application_event"),
        ("case_told", "application"), ("alarm_told", "alarm"), ("alarm_ended", "alarm"),
    ):  # fmt: skip
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}")
    for table in ("notice_mark", "notice_read", "notice"):
        op.execute(f"DROP TABLE {table} CASCADE")
    for index in ("uq_alarm_case", "uq_alarm_user"):
        op.drop_index(index, table_name="alarm")
    op.execute("DROP POLICY IF EXISTS seen ON alarm")  # it names the office; the deployment makes it anew
    for column in ("office_id", "last_at", "times"):
        op.drop_column("alarm", column)
    op.drop_column("alarm_rule", "tells")
