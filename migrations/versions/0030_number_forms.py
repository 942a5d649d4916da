"""The form of an appointment as a numbered paper."""

from alembic import op

revision = "0030"
down_revision = "0029"

KINDS = (
    "'quota_use', 'entry_notice', 'exit_notice', 'lead_use', 'payroll_notice', 'receipt', 'papers_list', 'approval_sheet',"
    " 'service_proof', 'reply'"
)


def numbered(kinds: str) -> None:
    """Which kinds of numbered papers there are."""
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper", type_="check")
    op.create_check_constraint(op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({kinds})")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    numbered(f"{KINDS}, 'appointment_form'")


def downgrade() -> None:
    numbered(KINDS)
