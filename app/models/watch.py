"""What is watched: imports held back, the audit trail, verifications. Written by definer functions."""

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, document, instant, integer, intpk, now, path, ref, string


class Intake(Base):
    """建库文件: a legacy workbook that a member of 编办 brought in, and where it stands."""

    __tablename__ = "intake"
    __table_args__ = (
        CheckConstraint("state in ('checked', 'filed', 'done', 'rejected', 'withdrawn')", name="state"),
        Index("ix_intake_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    file_name: Mapped[string]
    file_hash: Mapped[string]
    state: Mapped[string]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    # Errors of rows that name no unit of the file.
    report: Mapped[document]
    loaded_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    loaded_at: Mapped[now]
    filed_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    filed_at: Mapped[instant | None]
    decided_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    decided_at: Mapped[instant | None]
    opinion: Mapped[string | None]
    scope_path: Mapped[path]


class ImportBatch(Base):
    """导入批次: one unit of a legacy file, entered, waiting for its decision, or held back with its errors."""

    __tablename__ = "import_batch"
    __table_args__ = (
        CheckConstraint(
            "state in ('entered', 'quarantine', 'checked', 'filed', 'rejected', 'withdrawn')", name="state"
        ),
        Index("ix_import_batch_scope", "scope_path", "id"),
        Index("ix_import_batch_intake", "intake_id", "id"),
    )

    id: Mapped[intpk]
    file_name: Mapped[string]
    file_hash: Mapped[string]
    unit_code: Mapped[string]
    unit_name: Mapped[string]
    state: Mapped[string]
    people: Mapped[integer]
    errors: Mapped[document] = mapped_column(JSONB)
    intake_id: Mapped[ref | None] = mapped_column(ForeignKey("intake.id"))
    # Figures, errors and remarks with their places; the batch itself only until it is decided.
    report: Mapped[document] = mapped_column(JSONB, server_default="{}")
    batch: Mapped[string | None]
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    loaded_at: Mapped[now]
    scope_path: Mapped[path]


def _number(fact: str) -> Computed:
    """The row number that a fact names; anything else than a number is none."""
    return Computed(
        f"CASE WHEN facts ->> '{fact}' ~ '^[0-9]{{1,18}}$' THEN (facts ->> '{fact}')::bigint END", persisted=True
    )


class AuditEvent(Base):
    """审计: sign-ins, failures, views and exports of protected data, administration, refusals, DDL.

    Partitioned by month (the partitions lie in the schema ``audit``, which the app role cannot enter); chained by
    025_audit.sql; never changed.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_time", "recorded_at", "id"),
        Index("ix_audit_event_kind", "kind", "recorded_at", "id"),
        Index("ix_audit_event_user", "user_id", "recorded_at", "id"),
        Index("ix_audit_event_case", "case_id", "recorded_at", "id", postgresql_where="case_id IS NOT NULL"),
        Index("ix_audit_event_unit", "unit_id", "recorded_at", "id", postgresql_where="unit_id IS NOT NULL"),
        Index("ix_audit_event_person", "person_id", "recorded_at", "id", postgresql_where="person_id IS NOT NULL"),
        Index("ix_audit_event_chain", "chain", "sequence"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    id: Mapped[intpk]
    recorded_at: Mapped[now] = mapped_column(primary_key=True)
    kind: Mapped[string]
    user_id: Mapped[int | None] = mapped_column(Integer)
    account_id: Mapped[ref | None]
    operator: Mapped[string]
    address: Mapped[string | None]
    facts: Mapped[document]
    case_id: Mapped[ref | None] = mapped_column(_number("case"))
    unit_id: Mapped[ref | None] = mapped_column(_number("unit"))
    person_id: Mapped[ref | None] = mapped_column(_number("person"))
    format: Mapped[integer]
    chain: Mapped[integer]
    sequence: Mapped[integer]
    prev_hash: Mapped[string]
    hash: Mapped[string]


class AuditPending(Base):
    """Events of transactions that have not ended; empty for everybody else."""

    __tablename__ = "audit_pending"

    id: Mapped[intpk]
    recorded_at: Mapped[now]
    kind: Mapped[string]
    user_id: Mapped[int | None] = mapped_column(Integer)
    account_id: Mapped[ref | None]
    operator: Mapped[string]
    address: Mapped[string | None]
    facts: Mapped[document]


class AuditArchive(Base):
    """What a month that has left held of each chain: one row for each run of numbers without a gap."""

    __tablename__ = "audit_archive"

    id: Mapped[intpk]
    partition: Mapped[string]
    chain: Mapped[integer]
    first_sequence: Mapped[integer]
    last_sequence: Mapped[integer]
    prev_hash: Mapped[string]
    hash: Mapped[string]
    file_hash: Mapped[string]
    archived_at: Mapped[now]


class VerificationRun(Base):
    """核验: when the proofs were walked, by whom, and each difference that was found."""

    __tablename__ = "verification_run"
    __table_args__ = (
        CheckConstraint("kind in ('full', 'since')", name="kind"),
        Index("ix_verification_run_time", "ended_at"),
    )

    id: Mapped[intpk]
    kind: Mapped[string]
    operator: Mapped[string]
    started_at: Mapped[instant]
    ended_at: Mapped[instant]
    chains: Mapped[ref]
    entries: Mapped[ref]
    differences: Mapped[integer]
    findings: Mapped[list[object]] = mapped_column(JSONB)
    seal_root: Mapped[string | None]
