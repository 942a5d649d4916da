"""Inside a unit: absences that take no seat, the year's verification of rosters, certificates. Written by the kernel only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, day, instant, integer, intpk, now, path, ref, string
from app.models.seats import PERIOD

# 借调, 挂职类 (with a host), and 长期病假、待岗、学习 (without one).
HOSTED = ("secondment", "attachment", "aid", "village", "training")
AWAY = ("sick_leave", "waiting", "study")


def among(values: tuple[str, ...]) -> str:
    """The values as a list of SQL."""
    return ", ".join(f"'{v}'" for v in values)


class Absence(TwoAxes, Base):
    """离岗登记: a person who is away from the seat that he keeps: 借调、挂职、长期病假…; seats and totals stay.

    A row is never rewritten, as in ``occupancy``. Until the return the period is open, so nobody is away twice on one
    day; ``until_on`` is the last day agreed upon.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint(f"kind in ({among(HOSTED + AWAY)})", name="kind"),
        CheckConstraint("ended_on >= started_on and until_on >= started_on", name="period"),
        CheckConstraint(f"(kind in ({among(HOSTED)})) = (host <> '')", name="host"),
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            (PERIOD, "&&"),
            name="ex_absence_person",
            using="gist",
            where=text("recorded_to is null"),
        ),
        Index("ix_absence_person", "person_id", "started_on"),
        Index("ix_absence_unit", "unit_id", "id"),
        Index("ix_absence_host", "host_unit_id", postgresql_where="host_unit_id is not null and recorded_to is null"),
        Index("ix_absence_open", "until_on", postgresql_where="recorded_to is null and ended_on is null"),
        Index("ix_absence_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    person_id: Mapped[ref] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    host_unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    host: Mapped[string] = mapped_column(server_default="")
    until_on: Mapped[day]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    end_case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]
    personnel_class: Mapped[string]


class VerificationRound(Base):
    """年度核查: a year's round of one region, opened by its 编办."""

    __tablename__ = "verification_round"
    __table_args__ = (UniqueConstraint("region_code", "year", name="uq_verification_round_year"),)

    id: Mapped[intpk]
    year: Mapped[integer]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    due_on: Mapped[day]
    units: Mapped[integer]
    opened_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    opened_at: Mapped[now]


class Verification(Base):
    """单位核查: one unit in a round; confirmed, it names the entry of the unit's chain at which its roster stood."""

    __tablename__ = "verification"
    __table_args__ = (
        UniqueConstraint("unit_id", "year", name="uq_verification_year"),
        CheckConstraint(
            "(confirmed_at is null) = (head_hash is null) and (confirmed_at is null or case_id is not null)",
            name="confirmed",
        ),
        Index("ix_verification_round", "round_id", "scope_path", "id"),
        Index("ix_verification_open", "due_on", postgresql_where="confirmed_at is null"),
        Index("ix_verification_case", "case_id", postgresql_where="case_id is not null"),
    )

    id: Mapped[intpk]
    round_id: Mapped[ref] = mapped_column(ForeignKey("verification_round.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[integer]
    due_on: Mapped[day]
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    people: Mapped[integer | None]
    differences: Mapped[integer | None]
    head_sequence: Mapped[integer | None]
    head_hash: Mapped[string | None]
    confirmed_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    confirmed_at: Mapped[instant | None]
    scope_path: Mapped[path]


class VerificationMark(Base):
    """核查差异: a row of the roster that is not so, or somebody whom it lacks; ``case_id`` is the business that mends it."""

    __tablename__ = "verification_mark"
    __table_args__ = (
        CheckConstraint("kind in ('left', 'wrong_data', 'unknown', 'missing')", name="kind"),
        CheckConstraint("(kind = 'missing') = (person_id is null)", name="person"),
        Index(
            "uq_verification_mark_person",
            "verification_id",
            "person_id",
            unique=True,
            postgresql_where="person_id is not null",
        ),
        Index("ix_verification_mark_verification", "verification_id", "id"),
    )

    id: Mapped[intpk]
    verification_id: Mapped[ref] = mapped_column(ForeignKey("verification.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[string]
    kind: Mapped[string]
    note: Mapped[string] = mapped_column(server_default="")
    # Of wrong data: the business that puts it right, as the unit chose it.
    business: Mapped[string] = mapped_column(server_default="")
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    marked_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    marked_at: Mapped[now]
    scope_path: Mapped[path]


class Certificate(Base):
    """机构编制管理证: numbered, of one unit; one is valid at a time, and bears the years that were verified."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("reason in ('first', 'change', 'replace')", name="reason"),
        CheckConstraint("valid = (ended_on is null)", name="valid"),
        Index("uq_certificate_number", "number", unique=True),
        Index("uq_certificate_valid", "unit_id", unique=True, postgresql_where="valid"),
        Index("ix_certificate_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    number: Mapped[string]
    reason: Mapped[string]
    issued_on: Mapped[day]
    valid: Mapped[bool]
    ended_on: Mapped[day | None]
    verified_year: Mapped[integer | None]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]
