"""Months of time records summed up, so that supervision reads few rows; what is behind a figure by its days."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0011b"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "time_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("region", sa.Text(collation="C"), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("timely", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "region", "whole", "office_id", "process", "spent", "timely", name=op.f("pk_time_month")
        ),
    )
    op.create_index("ix_time_record_scope", "time_record", ["scope_path", "closed_on"])
    op.create_index("ix_time_record_spent", "time_record", ["spent", "id"])


def downgrade() -> None:
    op.execute("DROP TABLE time_month CASCADE")
    op.drop_index("ix_time_record_scope", "time_record")
    op.drop_index("ix_time_record_spent", "time_record")
