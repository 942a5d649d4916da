"""Whom a movement passed over stays on record with its case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0009"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "case_record", sa.Column("passed_over", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )


def downgrade() -> None:
    op.execute("ALTER TABLE case_record DROP COLUMN passed_over CASCADE")
