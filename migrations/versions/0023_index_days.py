"""Indexes for the figures of any day: who came after it, who left after it, what was recorded after a moment."""

from alembic import op

revision = "0023"
down_revision = "0019"

INDEXES = {
    "ix_occupancy_started": "(started_on, id) INCLUDE (line_id) WHERE recorded_to IS NULL",
    "ix_occupancy_ended": "(ended_on, id) INCLUDE (line_id) WHERE recorded_to IS NULL AND ended_on IS NOT NULL",
    "ix_occupancy_recorded": "(recorded_at) INCLUDE (line_id, started_on, ended_on) WHERE recorded_to IS NULL",
    "ix_occupancy_replaced": "(recorded_to) WHERE recorded_to IS NOT NULL",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, of in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON occupancy {of}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
