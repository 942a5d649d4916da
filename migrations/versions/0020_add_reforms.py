"""Reforms drafted and tried before they are filed, and the standards of their cost."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0022"


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "reform",
        _id(),
        sa.Column("office_id", sa.BigInteger(), sa.ForeignKey("office.id"), nullable=False),
        sa.Column("region_code", sa.Text(), sa.ForeignKey("region.code"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filed_variant_id", sa.BigInteger()),
        sa.Column("created_by", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("state in ('draft', 'filed', 'effected', 'dropped')", name="state"),
        sa.CheckConstraint("(state in ('filed', 'effected')) = (filed_variant_id is not null)", name="filed"),
    )
    op.create_index("ix_reform_office", "reform", ["office_id", "id"])
    op.create_table(
        "reform_variant",
        _id(),
        sa.Column("reform_id", sa.BigInteger(), sa.ForeignKey("reform.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried", JSONB()),
        sa.Column("tried_hash", sa.Text()),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("reform_id", "name", name="uq_reform_variant_name"),
    )
    op.create_table(
        "reform_step",
        _id(),
        sa.Column("variant_id", sa.BigInteger(), sa.ForeignKey("reform_variant.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Integer(), server_default="1", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.UniqueConstraint("variant_id", "position", name="uq_reform_step_position", deferrable=True),
        sa.UniqueConstraint("variant_id", "key", name="uq_reform_step_key"),
        sa.CheckConstraint("position > 0 and phase between 1 and 9", name="place"),
    )
    op.create_table(
        "reform_phase",
        sa.Column("reform_id", sa.BigInteger(), sa.ForeignKey("reform.id"), primary_key=True, autoincrement=False),
        sa.Column("phase", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.BigInteger(), sa.ForeignKey("application.id"), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.UniqueConstraint("case_id", name="uq_reform_phase_case"),
    )
    standards = op.create_table(
        "cost_standard",
        sa.Column("funding", sa.Text(), primary_key=True),
        sa.Column("yearly", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
    )
    # 全额、差额、自理 and others: figures to begin with, to be replaced by the finance bureau's own.
    op.bulk_insert(
        standards,
        [
            {"funding": "1", "yearly": 180000, "source": "未核：测算起始值，待财政核定"},
            {"funding": "2", "yearly": 120000, "source": "未核：测算起始值，待财政核定"},
            {"funding": "3", "yearly": 0, "source": "未核：经费自理，不计财政支出"},
        ],
    )


def downgrade() -> None:
    for table in ("cost_standard", "reform_phase", "reform_step", "reform_variant"):
        op.drop_table(table)
    op.execute("DROP TABLE reform CASCADE")  # functions take its rows
