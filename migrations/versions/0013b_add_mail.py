"""E-mail of notices: each user's address and wishes, and what waits to be sent; notices for one kind of hat."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013b"
down_revision = "0015"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What is for the head alone becomes what is for one kind of hat alone; the policy that names it is the deployment's.
    op.execute("DROP POLICY IF EXISTS seen ON notice")
    op.add_column("notice", sa.Column("hat", sa.Text(), nullable=True))
    op.execute("UPDATE notice SET hat = 'office_head' WHERE head")
    open_index("head", "hat")
    op.create_table(
        "mail_setting",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("immediate", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("daily", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            r"address ~ '^[^@[:space:]<>,;:\"()]{1,64}@[A-Za-z0-9.-]{3,180}$'", name=op.f("ck_mail_setting_address")
        ),
        sa.CheckConstraint("not immediate && daily", name=op.f("ck_mail_setting_ways")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_setting")),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), sa.ForeignKey("notice.id", ondelete="CASCADE"), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("way in ('immediate', 'daily')", name=op.f("ck_mail_way")),
        sa.CheckConstraint("state in ('waiting', 'sent', 'failed', 'dropped')", name=op.f("ck_mail_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    waiting, failed = sa.text("state = 'waiting'"), sa.text("state = 'failed'")
    op.create_index("ix_mail_waiting", "mail", ["due_at", "id"], postgresql_where=waiting)
    op.create_index("ix_mail_user", "mail", ["user_id", "id"], postgresql_where=waiting)
    op.create_index("ix_mail_failed", "mail", ["id"], postgresql_where=failed)
    op.create_index("ix_mail_notice", "mail", ["notice_id"])


def open_index(old: str, new: str) -> None:
    """The index of what waits, with the column that now says for whom; the former column goes."""
    op.drop_index("ix_notice_open", table_name="notice")
    op.drop_column("notice", old)
    op.create_index(
        "ix_notice_open",
        "notice",
        ["side", "id"],
        postgresql_include=["user_id", new, "scope_path"],
        postgresql_where=sa.text("settled_at is null"),
    )


def downgrade() -> None:
    for trigger, table in (("notice_mailed", "notice"), ("task_escalated", "task")):
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}")
    for table in ("mail", "mail_setting"):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute("DROP POLICY IF EXISTS seen ON notice")
    op.add_column("notice", sa.Column("head", sa.Boolean(), server_default="false", nullable=False))
    open_index("hat", "head")
