"""Drafts of definitions, and from which day a version holds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0007"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("process_version", sa.Column("shipped_version", sa.Integer(), nullable=True))
    op.add_column("process_version", sa.Column("holds_from", sa.Date(), nullable=True))
    op.execute(
        "UPDATE process_version SET shipped_version = version,"
        " holds_from = (published_at AT TIME ZONE 'Asia/Shanghai')::date"
    )
    op.create_unique_constraint(
        op.f("uq_process_version_shipped"), "process_version", ["process", "shipped_version"]
    )
    op.create_table(
        "process_draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("based_on", sa.BigInteger(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("edited_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("holds_from", sa.Date(), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('draft', 'proposed', 'published', 'dropped')", name=op.f("ck_process_draft_state")
        ),
        sa.CheckConstraint("(state = 'published') = (decided_by is not null)", name=op.f("ck_process_draft_decided")),
        sa.CheckConstraint("decided_by <> proposed_by and decided_by <> edited_by", name=op.f("ck_process_draft_people")),
        sa.CheckConstraint("(state = 'published') = (version_id is not null)", name=op.f("ck_process_draft_version")),
        sa.ForeignKeyConstraint(["based_on"], ["process_version.id"], name=op.f("fk_process_draft_based_on")),
        sa.ForeignKeyConstraint(["version_id"], ["process_version.id"], name=op.f("fk_process_draft_version_id")),
        sa.ForeignKeyConstraint(["edited_by"], ["ab_user.id"], name=op.f("fk_process_draft_edited_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["ab_user.id"], name=op.f("fk_process_draft_proposed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["ab_user.id"], name=op.f("fk_process_draft_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_draft")),
    )
    op.create_index("ix_process_draft_process", "process_draft", ["process", "id"])


def downgrade() -> None:
    op.execute("DROP TABLE process_draft CASCADE")  # functions take its rows
    op.drop_constraint(op.f("uq_process_version_shipped"), "process_version")
    op.drop_column("process_version", "holds_from")
    op.drop_column("process_version", "shipped_version")
