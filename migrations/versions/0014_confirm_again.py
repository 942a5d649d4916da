"""When the one behind a session last proved to be the user; indexes that pages walk."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013c"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("sign_in", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_application_person", "application", ["person_id", "id"], postgresql_where=sa.text("person_id is not null")
    )
    op.create_index("ix_alarm_newest", "alarm", [sa.text("(state = 'open')"), "id"])
    op.create_index("ix_alarm_unit", "alarm", ["unit_id", sa.text("(state = 'open')"), "id"])
    op.create_index(
        "ix_occupancy_department", "occupancy", ["department_id"], postgresql_where=sa.text("recorded_to is null")
    )


def downgrade() -> None:
    op.drop_index("ix_occupancy_department", "occupancy")
    op.drop_index("ix_alarm_unit", "alarm")
    op.drop_index("ix_alarm_newest", "alarm")
    op.drop_index("ix_application_person", "application")
    op.drop_column("sign_in", "proved_at")
