"""Cases on their way: applications, tasks, the timeline. Written by the workflow engine only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, day_set, document, instant, integer, intpk, now, path, ref, string


class Application(Base):
    """业务申请: a case from its first draft to its result."""

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'running', 'returned', 'awaiting', 'done', 'rejected', 'withdrawn')",
            name="state",
        ),
        Index("ix_application_outside", "id", postgresql_where="process = 'outside_decision'"),
        Index("uq_application_number", "number", unique=True, postgresql_where="number is not null"),
        Index("ix_application_scope", "scope_path", "id"),
        Index("ix_application_unit", "unit_id", "state"),
        Index("ix_application_office", "office_id", "state", postgresql_where="office_id is not null"),
        Index("ix_application_person", "person_id", "id", postgresql_where="person_id is not null"),
        CheckConstraint("promised_days > 0 and statutory_days >= promised_days", name="days"),
        Index("ix_application_due_effect", "effective_on", postgresql_where="state = 'awaiting'"),
    )

    id: Mapped[intpk]
    number: Mapped[string | None]
    process: Mapped[string]
    process_version_id: Mapped[ref] = mapped_column(ForeignKey("process_version.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    # The applying office, where an office applies; empty for a unit's own case.
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    scope_path: Mapped[path]
    title: Mapped[string]
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[string | None]
    form: Mapped[document] = mapped_column(JSONB, server_default="{}")
    state: Mapped[string]
    stage: Mapped[integer] = mapped_column(server_default="0")
    effective_on: Mapped[day | None]
    # 承诺时限 and 法定时限 of the whole, in working days and as days; kept by 033_limits.sql.
    promised_days: Mapped[integer | None]
    statutory_days: Mapped[integer | None]
    due_on: Mapped[day | None]
    statutory_on: Mapped[day | None]
    # Days on which the clock stood still, and since when it does; triggers of 033_limits.sql keep both.
    still: Mapped[day_set]
    still_since: Mapped[day | None]
    # When the last office had decided: what came before is measured, not the wait for an arrival.
    decided_at: Mapped[instant | None]
    created_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    created_at: Mapped[now]
    changed_at: Mapped[now]
    submitted_at: Mapped[instant | None]
    finished_at: Mapped[instant | None]
    result: Mapped[string | None]
    # 人员类别 that the filed facts are about; none where they are about no person.
    personnel_class: Mapped[string | None]


class Task(Base):
    """办理任务: what one office (or one unit) has to decide in one stage of a case."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state in ('open', 'approved', 'returned', 'rejected', 'cancelled')", name="state"),
        CheckConstraint("(office_id is null) <> (unit_id is null)", name="side"),
        Index("ix_task_case", "application_id", "stage"),
        Index("ix_task_office_open", "office_id", "due_on", "id", postgresql_where="state = 'open'"),
        Index("ix_task_red", "due_on", postgresql_where="state = 'open' and escalated_at is null"),
        Index("ix_task_office", "office_id", "id"),
        Index("ix_task_unit", "unit_id", "id"),
        Index("uq_task_open", "application_id", "stage", "code", unique=True, postgresql_where="state = 'open'"),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    stage: Mapped[integer]
    code: Mapped[string]
    # 角色: what the process asks this side for; says under hats of which kind it is decided.
    role: Mapped[string] = mapped_column(server_default="")
    # 承诺时限 in working days.
    days: Mapped[integer | None]
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    assignee_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    state: Mapped[string]
    opened_at: Mapped[now]
    due_on: Mapped[day | None]
    closed_at: Mapped[instant | None]
    # 督办: since when the office's head has it before him.
    escalated_at: Mapped[instant | None]
    still: Mapped[day_set]
    still_since: Mapped[day | None]
    # 会签: the first of two approvals; the task stays open for the other person.
    first_decision_id: Mapped[ref | None] = mapped_column(ForeignKey("decision.id"))
    decision_id: Mapped[ref | None] = mapped_column(ForeignKey("decision.id"))
    scope_path: Mapped[path]


class ApplicationEvent(Base):
    """办理时间线: one step of a case: who, for whom, when, what; append-only."""

    __tablename__ = "application_event"
    __table_args__ = (
        Index("ix_application_event_case", "application_id", "id"),
        # 催办: once a day and case, by the city's day.
        Index(
            "uq_application_event_urged",
            "application_id",
            text("((at AT TIME ZONE 'Asia/Shanghai')::date)"),
            unique=True,
            postgresql_where="kind = 'urged'",
        ),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    at: Mapped[now]
    kind: Mapped[string]
    user_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    operator: Mapped[string]
    side: Mapped[string]
    opinion: Mapped[string | None]
    facts: Mapped[document] = mapped_column(JSONB, server_default="{}")
    scope_path: Mapped[path]


class ClockStop(Base):
    """停表: from when to when the clock of a case stood still, for papers or by law; written by the kernel (034_clock.sql)."""

    __tablename__ = "clock_stop"
    __table_args__ = (
        CheckConstraint("kind in ('papers', 'law')", name="kind"),
        CheckConstraint("(office_id is null) <> (unit_id is null)", name="side"),
        CheckConstraint("ended_at >= started_at", name="order"),
        Index("ix_clock_stop_case", "application_id", "id"),
        Index("uq_clock_stop_open", "application_id", unique=True, postgresql_where="ended_at is null"),
    )

    id: Mapped[intpk]
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    # One task of the case; none: the whole case.
    task_id: Mapped[ref | None] = mapped_column(ForeignKey("task.id"))
    kind: Mapped[string]
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    reason: Mapped[string]
    decision_id: Mapped[ref] = mapped_column(ForeignKey("decision.id"))
    started_at: Mapped[now]
    ended_at: Mapped[instant | None]
    scope_path: Mapped[path]
