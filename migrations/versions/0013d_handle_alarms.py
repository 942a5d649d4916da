"""An alarm that does not end by itself is handled by somebody, with a word on it."""

import sqlalchemy as sa
from alembic import op

revision = "0013d"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("alarm", sa.Column("handled_by", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True))
    op.add_column("alarm", sa.Column("handled_note", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("handled_note", "handled_by"):
        op.drop_column("alarm", column)
