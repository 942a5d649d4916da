"""A difference of the year's verification names the business that puts wrong data right."""

import sqlalchemy as sa
from alembic import op

revision = "0011b"
down_revision = "0013d"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("verification_mark", sa.Column("business", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("verification_mark", "business")
