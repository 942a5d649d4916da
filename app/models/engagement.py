"""编外: who works for a unit without a seat, and how many the document allows. Written by the kernel only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, day, integer, intpk, path, ref, string
from app.models.seats import PERIOD


class StaffCap(TwoAxes, Base):
    """编外控制数: what a document allows a unit, for a period. It is no quota: no seat, no total of establishment."""

    __tablename__ = "staff_cap"
    __table_args__ = (
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_staff_cap_unit", "unit_id", "started_on"),
        Index(
            "uq_staff_cap_open",
            "unit_id",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    number: Mapped[integer]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref]
    scope_path: Mapped[path]


class Engagement(TwoAxes, Base):
    """编外聘用: a person who works for a unit without a seat, for a period, as known from ``recorded_at``.

    A row is never rewritten, as in ``occupancy``. ``until_on`` is the last day agreed upon, ``ended_on`` the first day
    outside; until then the period is open, so nobody is engaged twice on one day. The person's own fields stand in
    ``person``, committed to on the person's chain.
    """

    __tablename__ = "engagement"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on and until_on >= started_on", name="period"),
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            (PERIOD, "&&"),
            name="ex_engagement_person",
            using="gist",
            where=text("recorded_to is null"),
        ),
        Index("ix_engagement_person", "person_id", "started_on"),
        Index("ix_engagement_unit", "unit_id", "id", postgresql_where="recorded_to is null"),
        Index("ix_engagement_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    person_id: Mapped[ref] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    task: Mapped[string]
    funding: Mapped[string]
    until_on: Mapped[day]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    end_case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]
