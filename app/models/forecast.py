"""For looking ahead: when whoever sits on a seat retires (kept by triggers, 099_forecast.sql), and entries planned against it."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, integer, intpk, now, path, ref, string


class DueCount(Base):
    """到龄汇总: how many days of one kind lie in a month, by division and class; several rows of one key add up.

    ``what`` is birth, early, law or late; ``n`` what a change added or took away; ``summed`` the rows that the job drew together.
    """

    __tablename__ = "due_count"
    __table_args__ = (
        Index("ix_due_count_month", "what", "month", postgresql_include=["place", "personnel_class", "n"]),
        Index("ix_due_count_fresh", "id", postgresql_where=text("not summed")),
    )

    id: Mapped[intpk]
    what: Mapped[string]
    month: Mapped[day]
    place: Mapped[path]
    personnel_class: Mapped[string]
    n: Mapped[integer]
    summed: Mapped[bool]


class DueRetirement(Base):
    """到龄: one row for each who holds an establishment seat: the earliest, the statutory and the latest day."""

    __tablename__ = "due_retirement"
    __table_args__ = (
        Index("ix_due_retirement_law", "retires_on", "person_id",
              postgresql_include=["line_id", "scope_path", "personnel_class"]),
        Index("ix_due_retirement_early", "earliest_on", postgresql_include=["line_id", "scope_path", "personnel_class"]),
        Index("ix_due_retirement_late", "latest_on", postgresql_include=["line_id", "scope_path", "personnel_class"]),
        Index("ix_due_retirement_birth", "birth_on", postgresql_include=["scope_path", "personnel_class"]),
        Index("ix_due_retirement_scope", "scope_path",
              postgresql_include=["birth_on", "personnel_class", "retires_on", "line_id"]),
    )  # fmt: skip

    person_id: Mapped[ref] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    birth_on: Mapped[day]
    earliest_on: Mapped[day]
    retires_on: Mapped[day]
    latest_on: Mapped[day]
    personnel_class: Mapped[string]
    scope_path: Mapped[path]


class EntryPlan(Base):
    """用编打算: how many a body means to take in of a category in a year, against what falls vacant.

    Kept with who set it and when, and never changed: the newest row of body, category and year counts, an empty number takes
    the plan back. It holds no seat and approves nothing; the yearly plan (``plan``) does that.
    """

    __tablename__ = "entry_plan"
    __table_args__ = (
        CheckConstraint("number between 0 and 999", name="number"),
        CheckConstraint("year between 2000 and 2199", name="year"),
        Index("ix_entry_plan_unit", "unit_id", "category", "year", "id"),
        Index("ix_entry_plan_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    category: Mapped[string]
    year: Mapped[integer]
    number: Mapped[integer | None]
    set_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    set_at: Mapped[now]
    scope_path: Mapped[path]
