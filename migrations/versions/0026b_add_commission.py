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
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS}, 'reply')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(
        op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS})", postgresql_not_valid=True
    )
    for table in ("agenda_item", "meeting"):
        op.drop_table(table)
    for function in ("guard_commission", "meeting_keep", "agenda_keep"):
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
