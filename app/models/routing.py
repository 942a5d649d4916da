"""Who decides by 干部管理权限, and how long things took: written by definer functions and triggers only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, instant, integer, intpk, now, path, ref, string

# What a rule of 干部管理权限 may name; ``city_`` is the city's office whatever the unit's region.
DECIDERS = ("city_organisation", "organisation", "city_human_resources", "human_resources", "supervisor")
ONE_OF = "decider in ('city_organisation', 'organisation', 'city_human_resources', 'human_resources', 'supervisor')"
CONDITIONS = "coalesce(region_code, '') || '|' || unit_grade || '|' || level || '|' || rank || '|' || category"


class AuthorityRule(Base):
    """干部管理权限: for which people whose office decides, from a day to a day; never edited, ended and replaced.

    An empty condition means any. ``level`` and ``rank`` mean this one and those above.
    """

    __tablename__ = "authority_rule"
    __table_args__ = (
        CheckConstraint(ONE_OF, name="decider"),
        CheckConstraint("ended_on > started_on", name="period"),
        CheckConstraint(f"{CONDITIONS} <> '||||' or decider <> 'supervisor'", name="everybody"),
        ExcludeConstraint(
            (text(f"textrange({CONDITIONS}, {CONDITIONS}, '[]')"), "&&"),
            (text("daterange(started_on, ended_on)"), "&&"),
            name="ex_authority_rule_conditions",
            using="gist",
        ),
    )

    id: Mapped[intpk]
    region_code: Mapped[string | None] = mapped_column(ForeignKey("region.code"))
    unit_grade: Mapped[string] = mapped_column(server_default="")
    level: Mapped[string] = mapped_column(server_default="")
    rank: Mapped[string] = mapped_column(server_default="")
    category: Mapped[string] = mapped_column(server_default="")
    decider: Mapped[string]
    basis: Mapped[string] = mapped_column(server_default="")
    started_on: Mapped[day]
    ended_on: Mapped[day | None]


class AuthorityRequest(Base):
    """权限变更申请: a rule to add, or one to end, proposed by one administrator and settled by another."""

    __tablename__ = "authority_request"
    __table_args__ = (
        CheckConstraint("state in ('open', 'approved', 'rejected')", name="state"),
        CheckConstraint("(state = 'open') = (decided_by is null)", name="decided"),
        CheckConstraint("decided_by <> proposed_by", name="people"),
        CheckConstraint("rule_id is not null or decider is not null", name="subject"),
        Index("ix_authority_request_open", "id", postgresql_where="state = 'open'"),
    )

    id: Mapped[intpk]
    # The rule that ends on ``started_on``; with a decider it is replaced on that day.
    rule_id: Mapped[ref | None] = mapped_column(ForeignKey("authority_rule.id"))
    region_code: Mapped[string | None] = mapped_column(ForeignKey("region.code"))
    unit_grade: Mapped[string] = mapped_column(server_default="")
    level: Mapped[string] = mapped_column(server_default="")
    rank: Mapped[string] = mapped_column(server_default="")
    category: Mapped[string] = mapped_column(server_default="")
    decider: Mapped[string | None]
    basis: Mapped[string] = mapped_column(server_default="")
    started_on: Mapped[day]
    state: Mapped[string] = mapped_column(server_default="open")
    proposed_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    proposed_at: Mapped[now]
    decided_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    decided_at: Mapped[instant | None]
    note: Mapped[string | None]


class TimeRecord(Base):
    """办结用时: a closed task, or (without one) a decided case, with the working days it took; what supervision counts."""

    __tablename__ = "time_record"
    __table_args__ = (
        CheckConstraint("(task_id is null) = (office_id is null and unit_id is null)", name="side"),
        Index("uq_time_record_task", "task_id", unique=True),
        Index("uq_time_record_case", "application_id", unique=True, postgresql_where="task_id is null"),
        Index("ix_time_record_closed", "closed_on", "id"),
        Index("ix_time_record_scope", "scope_path", "closed_on"),
        Index("ix_time_record_spent", "spent", "id"),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    task_id: Mapped[ref | None] = mapped_column(ForeignKey("task.id"))
    process: Mapped[string]
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    closed_on: Mapped[day]
    spent: Mapped[integer]
    allowed: Mapped[integer]
    scope_path: Mapped[path]


class TimeMonth(Base):
    """月度用时: the time records of a month that is over, counted; made by the job, thrown away where a record goes.

    ``region`` is the first part of the units' paths; ``office_id`` is 0 for units and for whole cases.
    """

    __tablename__ = "time_month"

    month: Mapped[day] = mapped_column(primary_key=True)
    region: Mapped[path] = mapped_column(primary_key=True)
    whole: Mapped[bool] = mapped_column(primary_key=True)
    office_id: Mapped[ref] = mapped_column(primary_key=True, autoincrement=False)
    process: Mapped[string] = mapped_column(primary_key=True)
    spent: Mapped[integer] = mapped_column(primary_key=True, autoincrement=False)
    timely: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[integer]
