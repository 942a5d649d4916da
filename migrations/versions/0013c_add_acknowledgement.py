"""What finance, 人社 and social insurance confirm after the effect."""

import sqlalchemy as sa
from alembic import op

revision = "0013c"
down_revision = "0013b"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), sa.ForeignKey("office.id"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=True),
        sa.Column("id_mask", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("way in ('in', 'out', 'move', 'change')", name=op.f("ck_acknowledgement_way")),
        sa.CheckConstraint(
            "(acknowledged_at is null) = (acknowledged_by is null)", name=op.f("ck_acknowledgement_acknowledged")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint("case_id", "office_id", "role", name="uq_acknowledgement_case"),
    )
    op.create_index(
        "ix_acknowledgement_open",
        "acknowledgement",
        ["office_id", "due_on", "id"],
        postgresql_where=sa.text("acknowledged_at is null"),
    )
    op.create_index(
        "ix_acknowledgement_done",
        "acknowledgement",
        ["office_id", "id"],
        postgresql_where=sa.text("acknowledged_at is not null"),
    )


def downgrade() -> None:
    for trigger, table in (("case_effected", "case_record"), ("task_first", "task")):
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}")
    op.execute("DROP POLICY IF EXISTS seen ON alarm")  # it names a column that goes one step further down
    op.execute("DROP TABLE acknowledgement CASCADE")
