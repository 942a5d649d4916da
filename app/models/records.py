"""Items of a person's record: what a person was, is and has, kind by kind; only the kernel writes them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, document, integer, intpk, path, ref, string
from app.models.seats import PERIOD


class RecordKind(Base):
    """信息项类别: whose column group a kind stands in, as app/domain/records.py declares it."""

    __tablename__ = "record_kind"

    kind: Mapped[string] = mapped_column(primary_key=True)
    column_group: Mapped[string]
    single: Mapped[bool]


class RecordItem(TwoAxes, Base):
    """人员信息项: one item for a period, as known from ``recorded_at``; never rewritten, as ``occupancy``.

    ``scope_path`` and ``personnel_class`` are the person's own: the record goes with the person (档案随人走).
    """

    __tablename__ = "record_item"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="period"),
        # 同一时刻只有一项: rank, post, basic facts, contact, pay.
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            (text("textrange(kind, kind, '[]')"), "&&"),
            (PERIOD, "&&"),
            name="ex_record_item_single",
            using="gist",
            where=text("recorded_to is null and single"),
        ),
        Index("ix_record_item_person", "person_id", "kind", "started_on"),
        Index("ix_record_item_scope", "scope_path", "id"),
        Index("ix_record_item_case", "case_id"),
        Index(
            "uq_record_item_allowance",
            "person_id",
            text("(fields ->> 'pay_item')"),
            unique=True,
            postgresql_where="kind = 'allowance' and recorded_to is null and ended_on is null",
        ),
    )

    id: Mapped[intpk]
    person_id: Mapped[ref] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[string] = mapped_column(ForeignKey("record_kind.kind"))
    column_group: Mapped[string]
    single: Mapped[bool]
    fields: Mapped[document] = mapped_column(JSONB)
    commitment: Mapped[string]
    case_id: Mapped[ref]
    scope_path: Mapped[path]
    personnel_class: Mapped[string]


class CasePrivate(Base):
    """申请件中的受保护栏目: what a case files of a protected column group, one row for each revision of its facts."""

    __tablename__ = "case_private"

    case_id: Mapped[ref] = mapped_column(ForeignKey("case_record.case_id"), primary_key=True)
    revision: Mapped[integer] = mapped_column(primary_key=True)
    column_group: Mapped[string]
    fields: Mapped[document] = mapped_column(JSONB)
