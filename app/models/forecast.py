"""Derived for looking ahead: when whoever sits on a seat retires. Kept by triggers (099_forecast.sql), in no chain."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, path, ref, string


class DueRetirement(Base):
    """到龄: one row for each who holds an establishment seat: the earliest, the statutory and the latest day."""

    __tablename__ = "due_retirement"
    __table_args__ = (
        Index("ix_due_retirement_law", "retires_on", "person_id",
              postgresql_include=["line_id", "scope_path", "personnel_class"]),
        Index("ix_due_retirement_early", "earliest_on", postgresql_include=["line_id", "scope_path", "personnel_class"]),
        Index("ix_due_retirement_late", "latest_on", postgresql_include=["line_id", "scope_path", "personnel_class"]),
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
