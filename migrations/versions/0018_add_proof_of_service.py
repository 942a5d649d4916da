"""A further kind of paper: the proof of service."""

from alembic import op

revision = "0018"
down_revision = "0017"

KINDS = "'quota_use', 'entry_notice', 'exit_notice', 'lead_use', 'payroll_notice', 'receipt', 'papers_list', 'approval_sheet'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS}, 'service_proof')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_issued_paper_kind"), "issued_paper")
    op.create_check_constraint(
        op.f("ck_issued_paper_kind"), "issued_paper", f"kind in ({KINDS})", postgresql_not_valid=True
    )
