"""Staff without seats: what a document allows a unit, and who is engaged."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ExcludeConstraint

revision = "0021b"
down_revision = "0021"

NOW = sa.text("recorded_to is null")


def column(name: str, kind: sa.types.TypeEngine[object], *, nullable: bool = False) -> sa.Column[object]:
    """A plain column."""
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "staff_cap",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        column("unit_id", sa.BigInteger()),
        column("number", sa.Integer()),
        column("document_no", sa.Text()),
        column("issuer", sa.Text()),
        column("started_on", sa.Date()),
        column("ended_on", sa.Date(), nullable=True),
        column("case_id", sa.BigInteger()),
        column("recorded_at", sa.DateTime(timezone=True)),
        column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        column("scope_path", sa.Text(collation="C")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_staff_cap_number")),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_staff_cap_period")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_staff_cap_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_cap")),
    )
    op.create_index("ix_staff_cap_unit", "staff_cap", ["unit_id", "started_on"])
    op.create_index(
        "uq_staff_cap_open", "staff_cap", ["unit_id"], unique=True,
        postgresql_where=sa.text("ended_on is null and recorded_to is null"),
    )  # fmt: skip
    add_engagements()


def add_engagements() -> None:
    """Who works for a unit without a seat."""
    op.create_table(
        "engagement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        column("person_id", sa.BigInteger()),
        column("unit_id", sa.BigInteger()),
        column("task", sa.Text()),
        column("funding", sa.Text()),
        column("started_on", sa.Date()),
        column("until_on", sa.Date()),
        column("ended_on", sa.Date(), nullable=True),
        column("case_id", sa.BigInteger()),
        column("end_case_id", sa.BigInteger(), nullable=True),
        column("recorded_at", sa.DateTime(timezone=True)),
        column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        column("scope_path", sa.Text(collation="C")),
        sa.CheckConstraint("ended_on >= started_on and until_on >= started_on", name=op.f("ck_engagement_period")),
        ExcludeConstraint(
            (sa.text("int8range(person_id, person_id, '[]')"), "&&"),
            (sa.text("daterange(started_on, ended_on)"), "&&"),
            name="ex_engagement_person",
            using="gist",
            where=NOW,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_engagement_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_engagement_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["application.id"], name=op.f("fk_engagement_case_id")),
        sa.ForeignKeyConstraint(["end_case_id"], ["application.id"], name=op.f("fk_engagement_end_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
    )
    op.create_index("ix_engagement_person", "engagement", ["person_id", "started_on"])
    op.create_index("ix_engagement_unit", "engagement", ["unit_id", "id"], postgresql_where=NOW)
    op.create_index("ix_engagement_scope", "engagement", ["scope_path", "id"])


def downgrade() -> None:
    op.execute("DROP TABLE engagement, staff_cap CASCADE")
