"""Routing: rules of 干部管理权限, changed by two people; roles and time limits of tasks and cases; how long things took."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE

revision = "0008"
down_revision = "0006"

DECIDERS = "decider in ('city_organisation', 'organisation', 'city_human_resources', 'human_resources', 'supervisor')"
CONDITIONS = "coalesce(region_code, '') || '|' || unit_grade || '|' || level || '|' || rank || '|' || category"
# As it was decided before there were rules; and 县处级 leaders by the city's 组织部.
FIRST_DAY = "2000-01-01"
DEFAULTS = (
    ("0132", "", "city_organisation", "《党政领导干部选拔任用工作条例》第三条（市管干部）"),
    ("", "11", "organisation", "《公务员法》第十条、第十一条"),
    ("", "12", "organisation", "《公务员法》第十条、第十一条"),
    ("", "21", "organisation", "《公务员法》第一百一十二条"),
    ("", "", "human_resources", "《事业单位人事管理条例》第三条"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("promised_days", "statutory_days"):
        op.add_column("application", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("application", sa.Column("statutory_on", sa.Date(), nullable=True))
    for table in ("application", "task"):
        op.add_column(table, sa.Column("still", DATEMULTIRANGE(), server_default="{}", nullable=False))
        op.add_column(table, sa.Column("still_since", sa.Date(), nullable=True))
    op.add_column("application", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_application_days"), "application", "promised_days > 0 and statutory_days >= promised_days"
    )
    op.add_column("task", sa.Column("role", sa.Text(), server_default="", nullable=False))
    op.add_column("task", sa.Column("days", sa.Integer(), nullable=True))
    op.add_column("task", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE task t SET role = p ->> 'role', days = (p ->> 'days')::int FROM application a, process_version v,"
        " jsonb_array_elements(v.definition -> 'stages') WITH ORDINALITY s(plan, n),"
        " jsonb_array_elements(s.plan -> 'tasks') p WHERE a.id = t.application_id AND v.id = a.process_version_id"
        " AND s.n = t.stage + 1 AND p ->> 'code' = t.code"
    )
    op.create_index(
        "ix_task_red", "task", ["due_on"], postgresql_where=sa.text("state = 'open' and escalated_at is null")
    )
    create_tables()
    for level, category, decider, basis in DEFAULTS:
        op.execute(
            sa.text(
                "INSERT INTO authority_rule (level, category, decider, basis, started_on)"
                " VALUES (:l, :c, :d, :b, cast(:s AS date))"
            ).bindparams(l=level, c=category, d=decider, b=basis, s=FIRST_DAY)
        )


def conditions() -> list[sa.Column[object]]:
    """The columns that a rule and a proposed one share."""
    return [
        sa.Column("region_code", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), server_default="", nullable=False)
            for name in ("unit_grade", "level", "rank", "category")
        ),
    ]


def create_tables() -> None:
    """Rules, requests, and the record of time."""
    op.create_table(
        "authority_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *conditions(),
        sa.Column("decider", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(DECIDERS, name=op.f("ck_authority_rule_decider")),
        sa.CheckConstraint("ended_on > started_on", name=op.f("ck_authority_rule_period")),
        sa.CheckConstraint(f"{CONDITIONS} <> '||||' or decider <> 'supervisor'", name=op.f("ck_authority_rule_everybody")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_authority_rule_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_rule")),
    )
    op.execute(
        "ALTER TABLE authority_rule ADD CONSTRAINT ex_authority_rule_conditions EXCLUDE USING gist"
        f" (textrange({CONDITIONS}, {CONDITIONS}, '[]') WITH &&, daterange(started_on, ended_on) WITH &&)"
    )
    op.create_table(
        "authority_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        *conditions(),
        sa.Column("decider", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('open', 'approved', 'rejected')", name=op.f("ck_authority_request_state")),
        sa.CheckConstraint("(state = 'open') = (decided_by is null)", name=op.f("ck_authority_request_decided")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_authority_request_people")),
        sa.CheckConstraint("rule_id is not null or decider is not null", name=op.f("ck_authority_request_subject")),
        sa.ForeignKeyConstraint(["rule_id"], ["authority_rule.id"], name=op.f("fk_authority_request_rule_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_authority_request_region_code")),
        sa.ForeignKeyConstraint(["proposed_by"], ["ab_user.id"], name=op.f("fk_authority_request_proposed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["ab_user.id"], name=op.f("fk_authority_request_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_request")),
    )
    op.create_index(
        "ix_authority_request_open", "authority_request", ["id"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "time_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint(
            "(task_id is null) = (office_id is null and unit_id is null)", name=op.f("ck_time_record_side")
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_time_record_application_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_time_record_task_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_time_record_office_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_time_record_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_record")),
    )
    op.create_index("uq_time_record_task", "time_record", ["task_id"], unique=True)
    op.create_index(
        "uq_time_record_case", "time_record", ["application_id"], unique=True, postgresql_where=sa.text("task_id is null")
    )
    op.create_index("ix_time_record_closed", "time_record", ["closed_on", "id"])


def downgrade() -> None:
    for table in ("time_record", "authority_request", "authority_rule"):
        op.execute(f"DROP TABLE {table} CASCADE")  # the kernel's functions and triggers that name it go with it
    op.drop_index("ix_task_red", "task")
    for column in ("role", "days", "escalated_at", "still", "still_since"):
        op.execute(f"ALTER TABLE task DROP COLUMN {column} CASCADE")
    op.drop_constraint(op.f("ck_application_days"), "application")
    for column in ("promised_days", "statutory_days", "statutory_on", "decided_at", "still", "still_since"):
        op.execute(f"ALTER TABLE application DROP COLUMN {column} CASCADE")
