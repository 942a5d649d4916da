"""Items of a person's record, and the protected part of a case's facts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "record_kind",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("column_group", sa.Text(), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_record_kind")),
    )
    op.create_table(
        "record_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("column_group", sa.Text(), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        sa.Column("personnel_class", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_record_item_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_item_person_id")),
        sa.ForeignKeyConstraint(["kind"], ["record_kind.kind"], name=op.f("fk_record_item_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_item")),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(person_id, person_id, '[]')"), "&&"),
            (sa.text("textrange(kind, kind, '[]')"), "&&"),
            (sa.text("daterange(started_on, ended_on)"), "&&"),
            where=sa.text("recorded_to is null and single"),
            using="gist",
            name="ex_record_item_single",
        ),
    )
    op.create_index("ix_record_item_person", "record_item", ["person_id", "kind", "started_on"])
    op.create_index("ix_record_item_scope", "record_item", ["scope_path", "id"])
    op.create_index("ix_record_item_case", "record_item", ["case_id"])
    op.create_table(
        "case_private",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("column_group", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.case_id"], name=op.f("fk_case_private_case_id")),
        sa.PrimaryKeyConstraint("case_id", "revision", name=op.f("pk_case_private")),
    )


def downgrade() -> None:
    op.drop_table("case_private")
    op.execute("DROP TABLE record_item CASCADE")  # functions take its rows
    op.drop_table("record_kind")
