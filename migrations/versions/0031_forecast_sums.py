"""Sums of the forecast by month, and indexes that a city of a million people needs."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


SEEN = "kind, personnel_class, scope_path"
DAYS = {  # before, now
    "ix_occupancy_started": ("line_id", f"line_id, person_id, unit_id, ended_on, {SEEN}"),
    "ix_occupancy_ended": ("line_id", f"line_id, person_id, unit_id, started_on, {SEEN}"),
}
MIXED = (
    "personnel_class = 'civil' AND rank >= '03' AND rank < '09' OR personnel_class IN ('public', 'support')"
    " AND (rank >= 'R' AND rank < 'S' OR rank >= '01B' AND rank < '01D' OR rank >= '02' AND rank < '03')"
)
INDEXES = {
    "ix_occupancy_leading": "occupancy (person_id) WHERE kind = 'leadership' AND recorded_to IS NULL AND ended_on IS NULL",
    "ix_alarm_line": "alarm (line_id) WHERE standing AND state IN ('open', 'accepted')",
    "ix_person_mixed": f"person (id) WHERE {MIXED}",
}


def index_days(which: int) -> None:
    for name, includes in DAYS.items():
        day = name.removeprefix("ix_occupancy_")
        more = "" if day == "started" else " AND ended_on IS NOT NULL"
        op.execute(f"DROP INDEX {name}")
        op.execute(
            f"CREATE INDEX {name} ON occupancy ({day}_on, id) INCLUDE ({includes[which]}) WHERE recorded_to IS NULL{more}"
        )


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
    index_days(1)
    for name, of in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {of}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    index_days(0)
    for end in ("in", "out", "anew"):
        op.execute(f"DROP TRIGGER IF EXISTS due_counted_{end} ON due_retirement")
    op.execute("DROP FUNCTION IF EXISTS k_due_counted() CASCADE")
    op.drop_index("ix_due_retirement_birth", "due_retirement")
    op.drop_table("due_count")
