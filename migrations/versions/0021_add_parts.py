"""Parts of a number, totals of a region, plans of absorption."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0026b"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    big, text, date, stamp = sa.BigInteger(), sa.Text(), sa.Date(), sa.DateTime(timezone=True)
    path = sa.Text(collation="C")
    op.create_table(
        "quota_part",
        sa.Column("id", big, sa.Identity(), nullable=False),
        sa.Column("line_id", big, nullable=False),
        sa.Column("purpose", text, nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("added", sa.Boolean(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_on", date),
        sa.Column("document_no", text, nullable=False),
        sa.Column("issuer", text, nullable=False),
        sa.Column("started_on", date, nullable=False),
        sa.Column("ended_on", date),
        sa.Column("case_id", big, nullable=False),
        sa.Column("recorded_at", stamp, nullable=False),
        sa.Column("recorded_to", stamp),
        sa.Column("scope_path", path, nullable=False),
        sa.CheckConstraint("number >= 0 and taken >= 0 and taken <= coalesce(number, 0)", name=op.f("ck_quota_part_number")),
        sa.CheckConstraint("not added or (number is not null and last_on is not null)", name=op.f("ck_quota_part_added")),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_quota_part_period")),
        sa.ForeignKeyConstraint(["line_id"], ["quota_line.id"], name=op.f("fk_quota_part_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_part")),
    )
    op.create_index("ix_quota_part_line", "quota_part", ["line_id"])
    op.create_index(
        "ix_quota_part_due", "quota_part", ["last_on"], postgresql_where=sa.text("ended_on is null and recorded_to is null")
    )
    op.create_table(
        "quota_pool",
        sa.Column("id", big, sa.Identity(), nullable=False),
        sa.Column("region_code", text, nullable=False),
        sa.Column("category", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_no", text, nullable=False),
        sa.Column("issuer", text, nullable=False),
        sa.Column("started_on", date, nullable=False),
        sa.Column("ended_on", date),
        sa.Column("case_id", big, nullable=False),
        sa.Column("recorded_at", stamp, nullable=False),
        sa.Column("recorded_to", stamp),
        sa.Column("scope_path", path, nullable=False),
        sa.CheckConstraint("kind in ('total', 'rotating')", name=op.f("ck_quota_pool_kind")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_quota_pool_number")),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_quota_pool_period")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_quota_pool_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_pool")),
    )
    op.create_index(
        "uq_quota_pool_open", "quota_pool", ["region_code", "category", "kind"], unique=True,
        postgresql_where=sa.text("ended_on is null and recorded_to is null"),
    )  # fmt: skip
    op.create_table(
        "absorption_plan",
        sa.Column("id", big, sa.Identity(), nullable=False),
        sa.Column("line_id", big, nullable=False),
        sa.Column("unit_id", big, nullable=False),
        sa.Column("surplus", sa.Integer(), nullable=False),
        sa.Column("until_on", date, nullable=False),
        sa.Column("targets", text),
        sa.Column("document_no", text, nullable=False),
        sa.Column("started_on", date, nullable=False),
        sa.Column("ended_on", date),
        sa.Column("case_id", big, nullable=False),
        sa.Column("scope_path", path, nullable=False),
        sa.CheckConstraint("surplus > 0", name=op.f("ck_absorption_plan_surplus")),
        sa.CheckConstraint("until_on > started_on", name=op.f("ck_absorption_plan_until")),
        sa.ForeignKeyConstraint(["line_id"], ["quota_line.id"], name=op.f("fk_absorption_plan_line_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_absorption_plan_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absorption_plan")),
    )
    op.create_index(
        "uq_absorption_plan_open", "absorption_plan", ["line_id"], unique=True, postgresql_where=sa.text("ended_on is null")
    )
    op.create_index("ix_absorption_plan_unit", "absorption_plan", ["unit_id"])


def downgrade() -> None:
    for table in ("absorption_plan", "quota_pool", "quota_part"):
        op.drop_table(table)
