"""Where a unit belonged in each period, and who succeeds whom."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0020"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("unit_version", sa.Column("parent_id", sa.BigInteger()))
    op.add_column("unit_version", sa.Column("region_code", sa.Text()))
    op.execute("UPDATE unit_version v SET parent_id = u.parent_id, region_code = u.region_code FROM unit u WHERE u.id = v.unit_id")
    op.alter_column("unit_version", "region_code", nullable=False)
    for column, table, key in (("parent_id", "unit", "id"), ("region_code", "region", "code")):
        op.create_foreign_key(op.f(f"fk_unit_version_{column}"), "unit_version", table, [column], [key])
    op.create_table(
        "unit_succession",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("from_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("to_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind in ('merge', 'split', 'transfer', 'department')", name=op.f("ck_unit_succession_kind")),
        sa.CheckConstraint("from_unit_id <> to_unit_id", name=op.f("ck_unit_succession_other")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_unit_succession_from_unit_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_unit_succession_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_succession")),
    )
    op.create_index("ix_unit_succession_from", "unit_succession", ["from_unit_id"])
    op.create_index("ix_unit_succession_to", "unit_succession", ["to_unit_id"])


def downgrade() -> None:
    op.drop_table("unit_succession")
    op.drop_column("unit_version", "region_code")
    op.drop_column("unit_version", "parent_id")
