"""材料与文书: what is uploaded to a case, what is handed in on paper, what is issued. Written by definer functions only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, blob, instant, integer, intpk, now, path, ref, string


class Attachment(Base):
    """附件: one uploaded file of a case; its content lies outside the database, under its hash."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("kind in ('pdf', 'jpeg', 'png', 'docx', 'xlsx', 'ofd')", name="kind"),
        CheckConstraint("size between 1 and 20971520", name="size"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("state in ('kept', 'removed')", name="state"),
        Index("ix_attachment_case", "application_id", "id"),
        Index("ix_attachment_sha256", "sha256"),
        # The same file sent twice to one paper is one attachment.
        Index(
            "uq_attachment_same", "application_id", "paper", "sha256", unique=True, postgresql_where="state = 'kept'"
        ),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    # Which of the process's papers it is; empty for another one.
    paper: Mapped[string]
    name: Mapped[string]
    kind: Mapped[string]
    size: Mapped[integer]
    sha256: Mapped[blob]
    # Whether a virus scanner has looked at it.
    scanned: Mapped[bool]
    state: Mapped[string] = mapped_column(server_default="kept")
    uploaded_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    uploaded_at: Mapped[now]
    removed_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    removed_at: Mapped[instant | None]
    scope_path: Mapped[path]


class Paper(Base):
    """纸质材料: one paper that a case has to bring, and how far the office has come with it (收讫、核验、归档)."""

    __tablename__ = "paper"
    __table_args__ = (
        CheckConstraint("state in ('to_bring', 'received', 'verified', 'archived')", name="state"),
        CheckConstraint("copies between 1 and 99", name="copies"),
        CheckConstraint("(received_at is null) = (state = 'to_bring')", name="received"),
        CheckConstraint("(verified_at is null) = (state in ('to_bring', 'received'))", name="verified"),
        CheckConstraint("(archived_at is null) = (state <> 'archived')", name="archived"),
        Index("uq_paper_slot", "application_id", "slot", unique=True),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    # Its place among the papers that the case's process names.
    slot: Mapped[integer]
    name: Mapped[string]
    copies: Mapped[integer]
    state: Mapped[string] = mapped_column(server_default="to_bring")
    received_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    received_at: Mapped[instant | None]
    verified_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    verified_at: Mapped[instant | None]
    archived_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    archived_at: Mapped[instant | None]
    scope_path: Mapped[path]


class IssuedPaper(Base):
    """文书: one numbered paper that an office issued in a case; content and number never change, it may become void."""

    __tablename__ = "issued_paper"
    __table_args__ = (
        CheckConstraint(
            "kind in ('quota_use', 'entry_notice', 'exit_notice', 'lead_use', 'payroll_notice', 'receipt',"
            " 'papers_list', 'approval_sheet', 'service_proof', 'reply', 'appointment_form')",
            name="kind",
        ),
        CheckConstraint("serial > 0", name="serial"),
        CheckConstraint("(voided_at is null) = (void_reason is null)", name="void"),
        CheckConstraint("(signature is null) = (file_hash is null)", name="signed"),
        Index("uq_issued_paper_number", "kind", "office_id", "year", "serial", unique=True),
        Index("uq_issued_paper_hash", "content_hash", unique=True),
        Index("uq_issued_paper_valid", "application_id", "kind", unique=True, postgresql_where="voided_at is null"),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    kind: Mapped[string]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    year: Mapped[integer]
    serial: Mapped[integer]
    number: Mapped[string]
    # Everything that the paper says, as canonical JSON: what is hashed, signed and printed.
    content: Mapped[string]
    content_hash: Mapped[blob]
    signature: Mapped[blob | None]
    # SHA-256 of the printed file.
    file_hash: Mapped[blob | None]
    issued_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    issued_at: Mapped[now]
    voided_at: Mapped[instant | None]
    void_reason: Mapped[string | None]
    # The case that made it void, where another one did.
    void_case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]


class PaperCounter(Base):
    """文号: the last number given, by kind, office and year."""

    __tablename__ = "paper_counter"

    kind: Mapped[string] = mapped_column(primary_key=True)
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"), primary_key=True)
    year: Mapped[integer] = mapped_column(primary_key=True)
    last: Mapped[integer]
