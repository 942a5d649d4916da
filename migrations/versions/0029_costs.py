"""One standard of what a person costs, the finance office's own by document; what mixes the minutes of a meeting into the chain."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # It held figures to begin with, by no document (未核): none of them is a standard that finance has set.
    op.drop_table("cost_standard")
    op.add_column(
        "meeting",
        sa.Column("nonce", sa.Text(), server_default=sa.text("gen_random_uuid()::text"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("meeting", "nonce")
    op.create_table(
        "cost_standard",
        sa.Column("funding", sa.Text(), primary_key=True),
        sa.Column("yearly", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
    )
