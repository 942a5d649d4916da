"""Lists of other offices (工资统发、社保 …), what differs from the roster, what a person costs. Written by definer functions."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, blob, day, document, instant, integer, intpk, now, path, ref, string

KINDS = "kind in ('payroll', 'social_insurance', 'attendance', 'death', 'judgment', 'pension', 'enterprise_insurance')"


class SourceKind(Base):
    """来源种类: which offices bring a list in and how long it holds (app/domain/sources.py, planted by deployment)."""

    __tablename__ = "source_kind"

    kind: Mapped[string] = mapped_column(primary_key=True)
    offices: Mapped[list[str]] = mapped_column(ARRAY(Text))
    max_age: Mapped[integer]
    cumulative: Mapped[bool]
    citywide: Mapped[bool]


class SourceMapping(Base):
    """栏目对照: which column of an office's files is which field; columns that mean nothing here are named as unused."""

    __tablename__ = "source_mapping"

    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"), primary_key=True)
    kind: Mapped[string] = mapped_column(ForeignKey("source_kind.kind"), primary_key=True)
    columns: Mapped[document]


class SourceBatch(Base):
    """一次导入: one list of a region for a month. A file with an error leaves its report and no row."""

    __tablename__ = "source_batch"
    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint("state in ('loading', 'refused', 'accepted', 'superseded')", name="state"),
        CheckConstraint("extract(day from period) = 1", name="period"),
        # One list stands for a region and month; what it replaced stays.
        Index(
            "uq_source_batch_accepted",
            "kind",
            "region_code",
            "period",
            unique=True,
            postgresql_where="state = 'accepted'",
        ),
        Index("ix_source_batch_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    kind: Mapped[string] = mapped_column(ForeignKey("source_kind.kind"))
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    period: Mapped[day]
    state: Mapped[string]
    file_name: Mapped[string]
    file_hash: Mapped[string]
    rows: Mapped[integer]
    # Payees without an entry: 不予统发.
    held: Mapped[integer]
    # Errors by row and column with masked numbers, columns of the file; of a payroll which comparisons ran.
    report: Mapped[document]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    loaded_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    loaded_at: Mapped[now]
    scope_path: Mapped[path]


class SourceRow(Base):
    """一行: a person of a list, known by the blind index of the number and its mask; the number itself is nowhere."""

    __tablename__ = "source_row"
    __table_args__ = (
        # 同一人在同一单位只列一行.
        Index("uq_source_row_person", "batch_id", "person_key", "unit_id", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_source_row_person", "person_id", "batch_id"),
        Index("ix_source_row_unit", "unit_id", "batch_id"),
        # A list as it was written: rows of one batch lie together.
        Index("ix_source_row_batch", "batch_id", "row_no"),
        # Who may become known later.
        Index("ix_source_row_unknown", "batch_id", postgresql_where="person_id is null"),
    )  # fmt: skip

    id: Mapped[intpk]
    batch_id: Mapped[ref] = mapped_column(ForeignKey("source_batch.id"))
    kind: Mapped[string]
    row_no: Mapped[integer]
    person_key: Mapped[blob]
    person_id: Mapped[ref | None]
    id_mask: Mapped[string]
    name: Mapped[string]
    unit_id: Mapped[ref | None]
    category: Mapped[string | None]
    funding: Mapped[string | None]
    # 分.
    amount: Mapped[int | None] = mapped_column(BigInteger)
    since: Mapped[day | None]
    until_on: Mapped[day | None]
    note: Mapped[string | None]
    days: Mapped[integer | None]
    run_days: Mapped[integer | None]
    year_days: Mapped[integer | None]
    # The register's name, where the list has another.
    known_as: Mapped[string | None]
    admitted: Mapped[bool]
    scope_path: Mapped[path]
    personnel_class: Mapped[string | None]


class PayDifference(Base):
    """差异: where payroll, roster and the other lists say different things; it ends when a later month no longer shows it."""

    __tablename__ = "pay_difference"
    __table_args__ = (
        CheckConstraint("state in ('open', 'explained', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint("state <> 'explained' or note <> ''", name="note"),
        Index("uq_pay_difference_subject", "subject", unique=True, postgresql_where="state <> 'closed'"),
        Index("ix_pay_difference_scope", "scope_path", "id"),
        Index("ix_pay_difference_region", "region_code", "kind", postgresql_where="state <> 'closed'"),
        Index("ix_pay_difference_unit", "unit_id", "id"),
    )

    id: Mapped[intpk]
    kind: Mapped[string]
    subject: Mapped[path]
    state: Mapped[string]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    first_month: Mapped[day]
    month: Mapped[day]
    batch_id: Mapped[ref] = mapped_column(ForeignKey("source_batch.id"))
    person_id: Mapped[ref | None]
    name: Mapped[string]
    id_mask: Mapped[string]
    unit_id: Mapped[ref]
    facts: Mapped[document]
    found_at: Mapped[now]
    closed_at: Mapped[instant | None]
    note: Mapped[string]
    noted_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    noted_at: Mapped[instant | None]
    scope_path: Mapped[path]
    personnel_class: Mapped[string | None]


class PayStandard(Base):
    """人员经费标准: what one person costs a year, by funding form and category; replaced, never changed."""

    __tablename__ = "pay_standard"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("document_no <> ''", name="document"),
        Index(
            "uq_pay_standard_open",
            "region_code",
            "year",
            "funding",
            "category",
            unique=True,
            postgresql_where="replaced_at is null",
        ),
    )

    id: Mapped[intpk]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    year: Mapped[integer]
    funding: Mapped[string]
    category: Mapped[string]
    # 分, a year.
    amount: Mapped[int] = mapped_column(BigInteger)
    document_no: Mapped[string]
    set_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    set_at: Mapped[now]
    replaced_at: Mapped[instant | None]
