"""Use of quota: plans, permits that hold seats, numbers that restart each year"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0014"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    create_series()
    op.create_table(
        "permit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("status in ('open', 'used', 'lapsed', 'cancelled')", name=op.f("ck_permit_status")),
        sa.CheckConstraint(
            "approved > 0 and used >= 0 and remaining >= 0 and released >= 0", name=op.f("ck_permit_counts")
        ),
        sa.CheckConstraint("used + remaining + released = approved", name=op.f("ck_permit_sum")),
        sa.CheckConstraint(
            "case status when 'open' then remaining > 0 when 'used' then remaining = 0 else true end",
            name=op.f("ck_permit_end"),
        ),
        sa.ForeignKeyConstraint(["line_id"], ["quota_line.id"], name=op.f("fk_permit_line_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_permit_unit_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_permit_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit")),
        sa.UniqueConstraint("office_id", "year", "serial", name="uq_permit_serial"),
    )
    op.create_index("ix_permit_scope", "permit", ["scope_path", "id"])
    op.create_index("ix_permit_line", "permit", ["line_id"])
    op.create_index("ix_permit_last", "permit", ["last_on"], postgresql_where=sa.text("status = 'open'"))
    op.add_column("post", sa.Column("permit_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_post_permit_id"), "post", "permit", ["permit_id"], ["id"])
    op.create_index("ix_post_permit", "post", ["permit_id"], postgresql_where=sa.text("permit_id is not null"))
    op.drop_constraint(op.f("ck_post_reserved"), "post", type_="check")
    op.create_check_constraint(
        op.f("ck_post_reserved"), "post", "(status = 'reserved') = (reserved_case_id is not null or permit_id is not null)"
    )
    create_plans()


def create_series() -> None:
    """Numbers by series and year; each prefix goes on after the last number that it gave."""
    op.create_table(
        "number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number_series")),
    )
    op.execute(
        "INSERT INTO number_series (series, year, last) SELECT 'case:' || left(number, 2), substr(number, 3, 4)::int,"
        " max(substr(number, 8)::int) FROM application WHERE number ~ '^[A-Z]{2}[0-9]{4}-[0-9]{1,9}$' GROUP BY 1, 2"
    )
    op.execute("DROP FUNCTION IF EXISTS next_case_number(text)")
    op.execute("DROP SEQUENCE IF EXISTS case_number_seq")


def create_plans() -> None:
    """Yearly plans and their rows."""
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_scope", "plan", ["scope_path", "id"])
    op.create_table(
        "plan_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_plan_line_number")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_line_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_line_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_line")),
        sa.UniqueConstraint("plan_id", "unit_id", "category", name="uq_plan_line_row"),
    )
    op.create_index("ix_plan_line_unit", "plan_line", ["unit_id", "category", "year"])
    op.create_index("ix_plan_line_scope", "plan_line", ["scope_path", "id"])


def downgrade() -> None:
    # Functions and policies are the deployment's; permits that hold seats give them back.
    op.execute("UPDATE ledger_total t SET reserved = reserved - n FROM (SELECT line_id, count(*) AS n FROM post"
               " WHERE permit_id IS NOT NULL AND reserved_case_id IS NULL GROUP BY 1) p WHERE p.line_id = t.line_id")  # fmt: skip
    op.drop_constraint(op.f("ck_post_reserved"), "post", type_="check")
    op.execute("UPDATE post SET status = 'vacant' WHERE permit_id IS NOT NULL AND reserved_case_id IS NULL")
    op.create_check_constraint(
        op.f("ck_post_reserved"), "post", "(status = 'reserved') = (reserved_case_id is not null)"
    )
    op.drop_column("post", "permit_id")
    op.execute("DROP TABLE plan_line, plan CASCADE")
    op.execute("DROP TABLE permit CASCADE")
    op.drop_table("number_series")
    op.execute("CREATE SEQUENCE IF NOT EXISTS case_number_seq")
