"""Approved groups of ranks and post grades; one open allowance of each sort"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0024b"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "scheme",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("members", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("leave_out", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind in ('rank', 'post')", name=op.f("ck_scheme_kind")),
        sa.CheckConstraint("basis in ('establishment', 'leadership')", name=op.f("ck_scheme_basis")),
        sa.CheckConstraint("base >= 0 and apart >= 0", name=op.f("ck_scheme_base")),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_scheme_period")),
        sa.CheckConstraint("unit_id = any (members)", name=op.f("ck_scheme_members")),
        sa.CheckConstraint(
            "leave_out <@ ARRAY['leaders', 'special', 'military']", name=op.f("ck_scheme_leave_out")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_scheme_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["application.id"], name=op.f("fk_scheme_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheme")),
    )
    op.create_index("uq_scheme_open", "scheme", ["unit_id", "kind"], unique=True,
                    postgresql_where=sa.text("ended_on is null and recorded_to is null"))  # fmt: skip
    op.create_index("ix_scheme_members", "scheme", ["members"], postgresql_using="gin")
    op.create_index("ix_scheme_scope", "scheme", ["scope_path", "id"])
    op.create_index("uq_record_item_allowance", "record_item", ["person_id", sa.text("(fields ->> 'pay_item')")], unique=True,
                    postgresql_where=sa.text("kind = 'allowance' and recorded_to is null and ended_on is null"))  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_record_item_allowance", "record_item")
    op.execute("DROP TABLE scheme CASCADE")
