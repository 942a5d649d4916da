"""Inside a unit: absences, the year's verification, certificates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0012"

HOSTED = "'secondment', 'attachment', 'aid', 'village', 'training'"
AWAY = "'sick_leave', 'waiting', 'study'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    create_absence()
    create_verification()
    create_certificate()


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def words(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def whole(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def on(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=nullable)


def at(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    default_now = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default_now)


def key(table: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint]:
    column = sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return column, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def path() -> sa.Column:
    return sa.Column("scope_path", sa.Text(collation="C"), nullable=False)


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def checks(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def create_absence() -> None:
    """离岗登记."""
    op.create_table(
        "absence", *key("absence"), number("person_id"), number("unit_id"), words("kind"),
        number("host_unit_id", nullable=True), words("host", default=""), on("started_on"), on("until_on"),
        on("ended_on", nullable=True), number("case_id"), number("end_case_id", nullable=True), at("recorded_at"),
        at("recorded_to", nullable=True), path(), words("personnel_class"),
        checks("absence", "kind", f"kind in ({HOSTED}, {AWAY})"),
        checks("absence", "period", "ended_on >= started_on and until_on >= started_on"),
        checks("absence", "host", f"(kind in ({HOSTED})) = (host <> '')"),
        refers("absence", "person_id", "person.id"), refers("absence", "unit_id", "unit.id"),
        refers("absence", "host_unit_id", "unit.id"), refers("absence", "case_id", "application.id"),
        refers("absence", "end_case_id", "application.id"),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(person_id, person_id, '[]')"), "&&"),
            (sa.text("daterange(started_on, ended_on)"), "&&"),
            name="ex_absence_person", using="gist", where=sa.text("recorded_to is null"),
        ),
    )  # fmt: skip
    op.create_index("ix_absence_person", "absence", ["person_id", "started_on"])
    op.create_index("ix_absence_unit", "absence", ["unit_id", "id"])
    op.create_index(
        "ix_absence_host", "absence", ["host_unit_id"],
        postgresql_where=sa.text("host_unit_id is not null and recorded_to is null"),
    )  # fmt: skip
    op.create_index(
        "ix_absence_open", "absence", ["until_on"], postgresql_where=sa.text("recorded_to is null and ended_on is null")
    )
    op.create_index("ix_absence_scope", "absence", ["scope_path", "id"])


def create_verification() -> None:
    """年度核查."""
    one, two, three = "verification_round", "verification", "verification_mark"
    op.create_table(
        one, *key(one), whole("year"), words("region_code"), number("office_id"), on("due_on"), whole("units"),
        whole("opened_by"), at("opened_at", default="now()"),
        sa.UniqueConstraint("region_code", "year", name="uq_verification_round_year"),
        refers(one, "region_code", "region.code"), refers(one, "office_id", "office.id"),
        refers(one, "opened_by", "ab_user.id"),
    )  # fmt: skip
    op.create_table(
        two, *key(two), number("round_id"), number("unit_id"), whole("year"), on("due_on"),
        number("case_id", nullable=True), whole("people", nullable=True), whole("differences", nullable=True),
        whole("head_sequence", nullable=True), words("head_hash", nullable=True), whole("confirmed_by", nullable=True),
        at("confirmed_at", nullable=True), path(), sa.UniqueConstraint("unit_id", "year", name="uq_verification_year"),
        checks(two, "confirmed", "(confirmed_at is null) = (head_hash is null) and (confirmed_at is null or case_id is not null)"),
        refers(two, "round_id", "verification_round.id"), refers(two, "unit_id", "unit.id"),
        refers(two, "case_id", "application.id"), refers(two, "confirmed_by", "ab_user.id"),
    )  # fmt: skip
    op.create_index("ix_verification_round", two, ["round_id", "scope_path", "id"])
    op.create_index("ix_verification_open", two, ["due_on"], postgresql_where=sa.text("confirmed_at is null"))
    op.create_index("ix_verification_case", two, ["case_id"], postgresql_where=sa.text("case_id is not null"))
    op.create_table(
        three, *key(three), number("verification_id"), number("person_id", nullable=True), words("person_name"),
        words("kind"), words("note", default=""), number("case_id", nullable=True), whole("marked_by"),
        at("marked_at", default="now()"), path(),
        checks(three, "kind", "kind in ('left', 'wrong_data', 'unknown', 'missing')"),
        checks(three, "person", "(kind = 'missing') = (person_id is null)"),
        refers(three, "verification_id", "verification.id"), refers(three, "person_id", "person.id"),
        refers(three, "case_id", "application.id"), refers(three, "marked_by", "ab_user.id"),
    )  # fmt: skip
    op.create_index(
        "uq_verification_mark_person", three, ["verification_id", "person_id"], unique=True,
        postgresql_where=sa.text("person_id is not null"),
    )  # fmt: skip
    op.create_index("ix_verification_mark_verification", three, ["verification_id", "id"])


def create_certificate() -> None:
    """机构编制管理证."""
    op.create_table(
        "certificate", *key("certificate"), number("unit_id"), words("number"), words("reason"), on("issued_on"),
        sa.Column("valid", sa.Boolean(), nullable=False), on("ended_on", nullable=True),
        whole("verified_year", nullable=True), number("case_id"), path(),
        checks("certificate", "reason", "reason in ('first', 'change', 'replace')"),
        checks("certificate", "valid", "valid = (ended_on is null)"),
        refers("certificate", "unit_id", "unit.id"), refers("certificate", "case_id", "application.id"),
    )  # fmt: skip
    op.create_index("uq_certificate_number", "certificate", ["number"], unique=True)
    op.create_index("uq_certificate_valid", "certificate", ["unit_id"], unique=True, postgresql_where=sa.text("valid"))
    op.create_index("ix_certificate_scope", "certificate", ["scope_path", "id"])


def downgrade() -> None:
    # Functions, triggers and policies are the deployment's; the trigger names what goes away here.
    op.execute("DROP TRIGGER IF EXISTS absence_left ON occupancy")
    op.execute("DROP TRIGGER IF EXISTS objection_answered ON decision")
    op.execute("DROP FUNCTION IF EXISTS k_absence_next, k_absence_of CASCADE")
    for table in ("certificate", "verification_mark", "verification", "verification_round", "absence"):
        op.execute(f"DROP TABLE {table} CASCADE")
