"""The commission's meetings and agenda; its numbered reply as a kind of paper."""

import sqlalchemy as sa
from alembic import op

revision = "0026b"
down_revision = "0026"

KINDS = (
    "'quota_use', 'entry_notice', 'exit_notice', 'lead_use', 'payroll_notice', 'receipt', 'papers_list', 'approval_sheet',"
    " 'service_proof'"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "meeting", *key("meeting"), number("office_id"), words("region_code"), whole("year"), whole("serial"),
        sa.Column("held_on", sa.Date(), nullable=False), words("place", default=""), words("state"), words("members", default=""),
        words("minutes", default=""), whole("opened_by"), whole("recorded_by", nullable=True), whole("settled_by", nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        refers("meeting", "office_id", "office.id"), refers("meeting", "region_code", "region.code"),
        *(refers("meeting", c, "ab_user.id") for c in ("opened_by", "recorded_by", "settled_by")),
        checks("meeting", "state", "state in ('agenda', 'recorded', 'settled')"),
        checks("meeting", "recorded", "(state = 'agenda') = (recorded_by is null)"),
        checks("meeting", "settled", "(state = 'settled') = (settled_by is not null)"),
        checks("meeting", "people", "settled_by <> recorded_by"),
    )  # fmt: skip
    op.create_index("uq_meeting_number", "meeting", ["office_id", "year", "serial"], unique=True)
    op.create_table(
        "agenda_item", *key("agenda_item"), number("meeting_id"), number("application_id"), whole("position"),
        words("note", default=""), words("verdict", nullable=True), words("resolution", default=""),
        words("facts_hash", nullable=True), refers("agenda_item", "meeting_id", "meeting.id"),
        refers("agenda_item", "application_id", "application.id"),
        checks("agenda_item", "verdict", "verdict in ('approve', 'return', 'reject', 'defer')"),
        checks("agenda_item", "said", "(verdict is null) = (facts_hash is null)"),
    )  # fmt: skip
    op.create_index("uq_agenda_item_case", "agenda_item", ["meeting_id", "application_id"], unique=True)
    op.create_index("ix_agenda_item_application", "agenda_item", ["application_id"])
    create_temporary()
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS}, 'reply')")


def create_temporary() -> None:
    """专班、指挥部、筹备组."""
    op.create_table(
        "temporary_body", *key("temporary_body"), number("unit_id"),
        *(words(c) for c in ("kind", "name", "document_no", "issuer")),
        *(sa.Column(c, sa.Date(), nullable=c == "ended_on") for c in ("started_on", "until_on", "ended_on")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.Text(collation="C"), nullable=False),
        refers("temporary_body", "unit_id", "unit.id"),
        checks("temporary_body", "kind", "kind in ('team', 'headquarters', 'preparation')"),
        checks("temporary_body", "period", "until_on >= started_on and ended_on >= started_on"),
    )  # fmt: skip
    op.create_index("ix_temporary_body_unit", "temporary_body", ["unit_id", "id"])
    op.create_index("ix_temporary_body_scope", "temporary_body", ["scope_path", "id"])
    op.create_index(
        "uq_temporary_body_open", "temporary_body", ["unit_id", "name"], unique=True,
        postgresql_where=sa.text("ended_on is null and recorded_to is null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(
        op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS})", postgresql_not_valid=True
    )
    # Installed by deployment; it speaks of the table's rows.
    op.execute("DROP FUNCTION IF EXISTS k_meeting(bigint, text)")
    for table in ("temporary_body", "agenda_item", "meeting"):
        op.drop_table(table)
    for function in ("guard_commission", "meeting_keep", "agenda_keep", "guard_uscc"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}() CASCADE")


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def whole(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def words(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def key(table: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint]:
    column = sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return column, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def checks(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
