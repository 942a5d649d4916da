"""Sums of the forecast by month, and indexes that a city of a million people needs."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "due_count",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("personnel_class", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("summed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_count")),
    )
    op.create_index(
        "ix_due_count_month", "due_count", ["what", "month"], postgresql_include=["place", "personnel_class", "n"]
    )
    op.create_index("ix_due_count_fresh", "due_count", ["id"], postgresql_where=sa.text("not summed"))
    op.create_index(
        "ix_due_retirement_birth", "due_retirement", ["birth_on"], postgresql_include=["scope_path", "personnel_class"]
    )


def downgrade() -> None:
    for end in ("in", "out", "anew"):
        op.execute(f"DROP TRIGGER IF EXISTS due_counted_{end} ON due_retirement")
    op.execute("DROP FUNCTION IF EXISTS k_due_counted() CASCADE")
    op.drop_index("ix_due_retirement_birth", "due_retirement")
    op.drop_table("due_count")
