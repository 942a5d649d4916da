"""When whoever sits on a seat retires: derived rows to look ahead by."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0021b"

SEEN = ["line_id", "scope_path", "personnel_class"]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "due_retirement",
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.BigInteger(), sa.ForeignKey("quota_line.id"), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=False),
        sa.Column("earliest_on", sa.Date(), nullable=False),
        sa.Column("retires_on", sa.Date(), nullable=False),
        sa.Column("latest_on", sa.Date(), nullable=False),
        sa.Column("personnel_class", sa.Text(), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_due_retirement")),
    )
    op.create_index("ix_due_retirement_law", "due_retirement", ["retires_on", "person_id"], postgresql_include=SEEN)
    op.create_index("ix_due_retirement_early", "due_retirement", ["earliest_on"], postgresql_include=SEEN)
    op.create_index("ix_due_retirement_late", "due_retirement", ["latest_on"], postgresql_include=SEEN)
    op.create_index("ix_due_retirement_scope", "due_retirement", ["scope_path"],
                    postgresql_include=["birth_on", "personnel_class", "retires_on", "line_id"])  # fmt: skip


def downgrade() -> None:
    op.execute("DROP TABLE due_retirement CASCADE")
    op.execute("DROP TRIGGER IF EXISTS forecast_seats ON occupancy")
    op.execute("DROP TRIGGER IF EXISTS forecast_person ON person")
