"""Use of quota (用编): plans, permits and the numbers that series hand out. Written by the kernel only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, integer, intpk, path, ref, string


class NumberSeries(Base):
    """编号序列: the last number that a series gave in a year; its row is the lock of the next."""

    __tablename__ = "number_series"

    series: Mapped[string] = mapped_column(primary_key=True)
    year: Mapped[integer] = mapped_column(primary_key=True)
    last: Mapped[integer]


class Permit(Base):
    """控编单: seats of one line approved for use without names; 已用 + 剩余 + 释放 = 核准数."""

    __tablename__ = "permit"
    __table_args__ = (
        CheckConstraint("status in ('open', 'used', 'lapsed', 'cancelled')", name="status"),
        CheckConstraint("approved > 0 and used >= 0 and remaining >= 0 and released >= 0", name="counts"),
        CheckConstraint("used + remaining + released = approved", name="sum"),
        CheckConstraint(
            "case status when 'open' then remaining > 0 when 'used' then remaining = 0 else true end", name="end"
        ),
        UniqueConstraint("office_id", "year", "serial", name="uq_permit_serial"),
        Index("ix_permit_scope", "scope_path", "id"),
        Index("ix_permit_line", "line_id"),
        Index("ix_permit_last", "last_on", postgresql_where="status = 'open'"),
    )

    id: Mapped[intpk]
    case_id: Mapped[ref]
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    year: Mapped[integer]
    serial: Mapped[integer]
    number: Mapped[string]
    approved: Mapped[integer]
    used: Mapped[integer]
    remaining: Mapped[integer]
    released: Mapped[integer]
    purpose: Mapped[string]
    last_on: Mapped[day]
    status: Mapped[string]
    granted_on: Mapped[day]
    ended_on: Mapped[day | None]
    scope_path: Mapped[path]


class Plan(Base):
    """年度用编计划: approved for an applicant and a year; it holds no seat."""

    __tablename__ = "plan"
    __table_args__ = (Index("ix_plan_scope", "scope_path", "id"),)

    id: Mapped[intpk]
    case_id: Mapped[ref]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[integer]
    approved_on: Mapped[day]
    scope_path: Mapped[path]


class PlanLine(Base):
    """计划明细: how many people of a category a unit may take in a year."""

    __tablename__ = "plan_line"
    __table_args__ = (
        UniqueConstraint("plan_id", "unit_id", "category", name="uq_plan_line_row"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_plan_line_unit", "unit_id", "category", "year"),
        Index("ix_plan_line_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    plan_id: Mapped[ref] = mapped_column(ForeignKey("plan.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    category: Mapped[string]
    year: Mapped[integer]
    number: Mapped[integer]
    scope_path: Mapped[path]
