"""Entries planned against what falls vacant."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "entry_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("set_by", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("number between 0 and 999", name=op.f("ck_entry_plan_number")),
        sa.CheckConstraint("year between 2000 and 2199", name=op.f("ck_entry_plan_year")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_entry_plan_unit_id")),
        sa.ForeignKeyConstraint(["set_by"], ["ab_user.id"], name=op.f("fk_entry_plan_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_plan")),
    )
    op.create_index("ix_entry_plan_unit", "entry_plan", ["unit_id", "category", "year", "id"])
    op.create_index("ix_entry_plan_scope", "entry_plan", ["scope_path", "id"])


def downgrade() -> None:
    op.drop_table("entry_plan")
