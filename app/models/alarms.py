"""违规报警: rules, what they found, what was done about it, and when each rule was run on which data."""

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, document, instant, integer, intpk, now, path, ref, string


class AlarmRule(Base):
    """报警规则 (AL01…, GP01…): the registry of app/alarms as the database knows it; ``params`` are what was changed here."""

    __tablename__ = "alarm_rule"
    __table_args__ = (CheckConstraint("level in ('error', 'warning', 'notice')", name="level"),)

    code: Mapped[string] = mapped_column(primary_key=True)
    name: Mapped[string]
    level: Mapped[string]
    basis: Mapped[string]
    # To whom an open alarm is told: establishment (编办 of the place), unit, office (the alarm's own), auditor.
    tells: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    # Working days within which those told explain or rectify.
    answer_days: Mapped[integer] = mapped_column(server_default="10")
    params: Mapped[document] = mapped_column(JSONB, server_default="{}")
    # The business that mends it.
    remedy: Mapped[string | None]


class Alarm(Base):
    """违规报警: what was found or refused, with its figures, operator and case; never deleted.

    ``subject`` names what a rule found (one open or accepted alarm for each); ``due_on`` is the answer's last day,
    ``escalated`` how far a late one was taken up: 1 the office's head, 2 the upper 编办.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        CheckConstraint("state in ('open', 'handled', 'cleared', 'accepted')", name="state"),
        CheckConstraint("state <> 'accepted' or accepted_until is not null", name="accepted"),
        Index("ix_alarm_scope", "scope_path", "id"),
        Index("ix_alarm_case", "case_id"),
        # As pages show them: the open ones first, then the newest; of all, and of one unit.
        Index("ix_alarm_newest", text("(state = 'open')"), "id"),
        Index("ix_alarm_unit", "unit_id", text("(state = 'open')"), "id"),
        Index("ix_alarm_person", "person_id", postgresql_where="state = 'open'"),
        Index("ix_alarm_due", "due_on", postgresql_where="state = 'open'"),
        Index("ix_alarm_accepted", "id", postgresql_where="state = 'accepted'"),
        Index("ix_alarm_line", "line_id", postgresql_where="standing and state in ('open', 'accepted')"),
        Index(
            "uq_alarm_standing",
            "rule",
            "line_id",
            unique=True,
            postgresql_where="standing and state in ('open', 'accepted')",
        ),
        # One open alarm for one reason: what happens again counts in ``times``.
        Index(
            "uq_alarm_case",
            "rule",
            "code",
            "case_id",
            text("coalesce(person_id, 0)"),
            text("coalesce(office_id, 0)"),
            unique=True,
            postgresql_where="not standing and state = 'open' and case_id is not null",
        ),
        Index(
            "uq_alarm_user",
            "rule",
            "code",
            "user_id",
            text("coalesce(line_id, 0)"),
            unique=True,
            postgresql_where="not standing and state = 'open' and case_id is null and user_id is not null",
        ),
        Index(
            "uq_alarm_subject",
            "rule",
            "subject",
            unique=True,
            postgresql_where="subject is not null and state in ('open', 'accepted')",
        ),
    )

    id: Mapped[intpk]
    rule: Mapped[string] = mapped_column(ForeignKey("alarm_rule.code"))
    code: Mapped[string]
    standing: Mapped[bool]
    state: Mapped[string]
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    line_id: Mapped[ref | None] = mapped_column(ForeignKey("quota_line.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    user_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    operator: Mapped[string]
    facts: Mapped[document]
    raised_at: Mapped[now]
    closed_at: Mapped[instant | None]
    scope_path: Mapped[path]
    times: Mapped[integer] = mapped_column(server_default="1")
    last_at: Mapped[instant | None]
    # The office that an alarm waits for, where it is another than 编办.
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    handled_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    handled_note: Mapped[string | None]
    subject: Mapped[path | None]
    due_on: Mapped[day | None]
    answered_at: Mapped[instant | None]
    escalated: Mapped[integer] = mapped_column(server_default="0")
    accepted_until: Mapped[day | None]
    # The case that mends it; the alarm ends when its cause is gone, not when the case does.
    remedy_case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))


class AlarmEvent(Base):
    """报警处置记录: each step of an alarm's life, by whom, with what stood before and after; never changed."""

    __tablename__ = "alarm_event"
    __table_args__ = (
        CheckConstraint(
            "kind in ('explained', 'rectify', 'proposed', 'accepted', 'refused', 'escalated', 'reopened', 'cleared',"
            " 'handled')",
            name="kind",
        ),
        Index("ix_alarm_event_alarm", "alarm_id", "id"),
    )

    id: Mapped[intpk]
    alarm_id: Mapped[ref] = mapped_column(ForeignKey("alarm.id"))
    at: Mapped[now]
    kind: Mapped[string]
    user_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    operator: Mapped[string]
    note: Mapped[string | None]
    facts: Mapped[document] = mapped_column(JSONB, server_default="{}")


class AlarmSweep(Base):
    """报警检查: one walk over the rules: all units by night or on demand, or the units touched by movements."""

    __tablename__ = "alarm_sweep"
    __table_args__ = (
        CheckConstraint("kind in ('full', 'night', 'touched')", name="kind"),
        CheckConstraint("state in ('waiting', 'running', 'done', 'failed')", name="state"),
        Index("uq_alarm_sweep_waiting", "kind", unique=True, postgresql_where="state = 'waiting'"),
    )

    id: Mapped[intpk]
    kind: Mapped[string]
    state: Mapped[string]
    asked_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    asked_at: Mapped[now]
    started_at: Mapped[instant | None]
    ended_at: Mapped[instant | None]
    rules: Mapped[integer] = mapped_column(server_default="0")
    # How many units were looked at; null: all.
    units: Mapped[integer | None]
    error: Mapped[string | None]


class AlarmRun(Base):
    """报警检查明细: one rule in one sweep; 未运行 where a source it rests on is missing or stale, never "nothing found"."""

    __tablename__ = "alarm_run"
    __table_args__ = (
        CheckConstraint("state in ('ran', 'not_run', 'failed')", name="state"),
        Index("ix_alarm_run_sweep", "sweep_id", "id"),
        Index("ix_alarm_run_rule", "rule", "id"),
    )

    id: Mapped[intpk]
    sweep_id: Mapped[ref] = mapped_column(ForeignKey("alarm_sweep.id"))
    rule: Mapped[string] = mapped_column(ForeignKey("alarm_rule.code"))
    started_at: Mapped[now]
    ended_at: Mapped[now]
    state: Mapped[string]
    # Which source failed it, in which regions, and its last day.
    reason: Mapped[document] = mapped_column(JSONB, server_default="{}")
    found: Mapped[integer] = mapped_column(server_default="0")
    raised: Mapped[integer] = mapped_column(server_default="0")
    cleared: Mapped[integer] = mapped_column(server_default="0")


class AlarmTouched(Base):
    """待查单位: which units' chains grew since rules last looked; filled by a trigger on the ledger's entries."""

    __tablename__ = "alarm_touched"

    id: Mapped[intpk]
    unit_id: Mapped[ref]


class SourceFeed(Base):
    """数据来源: one load of an outside source (payroll, attendance, deaths …) for a region and the period it speaks of."""

    __tablename__ = "source_feed"
    __table_args__ = (
        CheckConstraint("state in ('loaded', 'withdrawn')", name="state"),
        CheckConstraint("rows >= 0", name="rows"),
        Index("ix_source_feed_name", "name", "region_code", "period"),
    )

    id: Mapped[intpk]
    name: Mapped[string]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    period: Mapped[day]
    loaded_at: Mapped[now]
    rows: Mapped[integer]
    batch_id: Mapped[ref | None]
    state: Mapped[string]


class Accountability(Base):
    """责任追究: what an alarm's matter breached, who approved it, who was held to account and how; corrected, never changed."""

    __tablename__ = "accountability"
    __table_args__ = (
        UniqueConstraint("corrects_id", name="uq_accountability_corrects"),
        Index("ix_accountability_alarm", "alarm_id", "id"),
        Index("ix_accountability_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    alarm_id: Mapped[ref] = mapped_column(ForeignKey("alarm.id"))
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    breached: Mapped[string]
    # Who approved the case: [{who, office, at}], as the decisions stood.
    approved: Mapped[list[object]] = mapped_column(JSONB)
    held: Mapped[string]
    measure: Mapped[string]
    document_no: Mapped[string]
    decided_on: Mapped[day]
    note: Mapped[string]
    corrects_id: Mapped[ref | None] = mapped_column(ForeignKey("accountability.id"))
    recorded_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    operator: Mapped[string]
    recorded_at: Mapped[now]
    scope_path: Mapped[path]
