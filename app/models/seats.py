"""Quota lines, seats, people and who sits where: projections that only the kernel writes."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, blob, day, integer, intpk, path, ref, string

PERIOD = text("daterange(started_on, ended_on)")


class QuotaLine(Base):
    """编制线: unit × kind × category × funding × structure; leadership adds scope, role, level."""

    __tablename__ = "quota_line"
    __table_args__ = (
        UniqueConstraint(
            "unit_id",
            "kind",
            "category",
            "funding",
            "structure",
            "scope_unit_id",
            "role",
            "level",
            name="uq_quota_line_key",
        ),
        CheckConstraint("kind in ('establishment', 'leadership', 'rank')", name="kind"),
        CheckConstraint("(kind = 'leadership') = (role <> '')", name="role"),
        CheckConstraint("(kind = 'establishment') = (category <> '')", name="category"),
        Index("ix_quota_line_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    category: Mapped[string]
    funding: Mapped[string]
    structure: Mapped[string]
    scope_unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[string]
    level: Mapped[string]
    closed_to_entry: Mapped[bool] = mapped_column(server_default="false")
    scope_path: Mapped[path]


class Quota(TwoAxes, Base):
    """核定: what a document authorised on a line, for a period. ``authorised`` null is 未核定."""

    __tablename__ = "quota"
    __table_args__ = (
        CheckConstraint("authorised >= 0", name="authorised"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_quota_line", "line_id", "started_on"),
        Index(
            "uq_quota_open",
            "line_id",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    authorised: Mapped[integer | None]
    document_no: Mapped[string]
    issuer: Mapped[string]
    scope_path: Mapped[path]


class LedgerTotal(Base):
    """台账合计: authorised, occupied, reserved of one line, today. Surplus is derived."""

    __tablename__ = "ledger_total"
    __table_args__ = (
        CheckConstraint("occupied >= 0 and reserved >= 0", name="counts"),
        CheckConstraint(
            "reserved = 0 or (authorised is not null and occupied + reserved <= authorised)",
            name="within_quota",
        ),
        Index("ix_ledger_total_scope", "scope_path", "line_id"),
    )

    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"), primary_key=True)
    authorised: Mapped[integer | None]
    occupied: Mapped[integer]
    reserved: Mapped[integer]
    scope_path: Mapped[path]


class Post(Base):
    """编制席位: one numbered seat of a line."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("line_id", "number", name="uq_post_number"),
        CheckConstraint("status in ('vacant', 'reserved', 'occupied', 'abolished')", name="status"),
        CheckConstraint(
            "(status = 'reserved') = (reserved_case_id is not null or permit_id is not null)", name="reserved"
        ),
        CheckConstraint("(status = 'abolished') = (abolished_on is not null)", name="abolished"),
        Index("ix_post_vacant", "line_id", "number", postgresql_where="status = 'vacant'"),
        Index("ix_post_scope", "scope_path", "id"),
        Index("ix_post_unit", "unit_id"),
        Index("ix_post_permit", "permit_id", postgresql_where="permit_id is not null"),
        Index("uq_post_case", "reserved_case_id", unique=True, postgresql_where="reserved_case_id is not null"),
    )

    id: Mapped[intpk]
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    number: Mapped[integer]
    status: Mapped[string]
    surplus: Mapped[bool]
    department_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    reserved_case_id: Mapped[ref | None]
    # 控编单 that holds the seat, until somebody sits on it.
    permit_id: Mapped[ref | None] = mapped_column(ForeignKey("permit.id"))
    created_on: Mapped[day]
    abolished_on: Mapped[day | None]
    scope_path: Mapped[path]


class Person(Base):
    """实有人员: an identity and the fields of the register (台帐).

    The ID number is held encrypted; ``id_index`` finds it, ``id_mask`` shows it.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("state in ('serving', 'retired', 'left', 'outside')", name="state"),
        CheckConstraint("personnel_class in ('civil', 'public', 'support', 'other')", name="class"),
        Index("uq_person_id_index", "id_index", unique=True),
        Index("ix_person_scope", "scope_path", "id"),
        Index("ix_person_name", "name"),
        Index("ix_person_pinyin", "pinyin_initials"),
        Index("ix_person_spelling", "pinyin"),
        Index("ix_person_unit", "unit_id"),
        # One person under two numbers, and numbers never proved (AL06).
        Index(
            "ix_person_twin",
            "name",
            "birth_on",
            "sex",
            postgresql_include=["id", "work_started_on", "id_verified", "unit_id"],
            postgresql_where="state = 'serving'",
        ),
        Index("ix_person_unproved", "id", postgresql_where="not id_verified"),
        # A rank of another system than the seat's: few of all people, found by rule AL10 (app/alarms/rules_people.py).
        Index(
            "ix_person_mixed",
            "id",
            postgresql_where="personnel_class = 'civil' and rank >= '03' and rank < '09' or personnel_class in ('public', 'support')"
            " and (rank >= 'R' and rank < 'S' or rank >= '01B' and rank < '01D' or rank >= '02' and rank < '03')",
        ),
    )

    id: Mapped[intpk]
    name: Mapped[path]
    pinyin: Mapped[path]
    pinyin_initials: Mapped[path]
    id_type: Mapped[string]
    id_cipher: Mapped[blob]
    id_index: Mapped[blob]
    id_mask: Mapped[string]
    id_verified: Mapped[bool]
    id_proof: Mapped[string | None]
    sex: Mapped[string]
    birth_on: Mapped[day]
    ethnicity: Mapped[string | None]
    political: Mapped[string | None]
    education: Mapped[string | None]
    degree: Mapped[string | None]
    native_place: Mapped[string | None]
    work_started_on: Mapped[day | None]
    level: Mapped[string | None]
    rank: Mapped[string | None]
    entry_way: Mapped[string | None]
    personnel_class: Mapped[string]
    state: Mapped[string]
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    department_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    scope_path: Mapped[path]


class Occupancy(TwoAxes, Base):
    """占编: one person on one seat (编制 or 领导职数), for a period, as known from ``recorded_at``.

    A row is never rewritten: a change closes its recorded period and adds the next version.
    The two exclusion constraints state 一人一编 for every day, where no race can pass them.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="period"),
        CheckConstraint("kind in ('establishment', 'leadership')", name="kind"),
        CheckConstraint("nature in ('regular', 'concurrent', 'attached', 'superior')", name="nature"),
        ExcludeConstraint(
            (text("int8range(post_id, post_id, '[]')"), "&&"),
            (PERIOD, "&&"),
            name="ex_occupancy_post",
            using="gist",
            where=text("recorded_to is null"),
        ),
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            (PERIOD, "&&"),
            name="ex_occupancy_person",
            using="gist",
            where=text("recorded_to is null and kind = 'establishment'"),
        ),
        Index("ix_occupancy_person", "person_id", "started_on"),
        Index("ix_occupancy_post", "post_id", postgresql_where="recorded_to is null"),
        Index("ix_occupancy_line", "line_id", "started_on"),
        Index("ix_occupancy_unit", "unit_id", "id"),
        Index("ix_occupancy_scope", "scope_path", "id"),
        Index("ix_occupancy_department", "department_id", postgresql_where="recorded_to is null"),
        # Any day: who came or left after it, and what was recorded or replaced after a moment (089_days.sql). What the
        # difference of two days asks of each stands in the index, with what a policy asks.
        Index(
            "ix_occupancy_started",
            "started_on",
            "id",
            postgresql_include=["line_id", "person_id", "unit_id", "ended_on", "kind", "personnel_class", "scope_path"],
            postgresql_where="recorded_to is null",
        ),
        Index(
            "ix_occupancy_ended",
            "ended_on",
            "id",
            postgresql_include=[
                "line_id",
                "person_id",
                "unit_id",
                "started_on",
                "kind",
                "personnel_class",
                "scope_path",
            ],
            postgresql_where="recorded_to is null and ended_on is not null",
        ),
        Index(
            "ix_occupancy_recorded",
            "recorded_at",
            postgresql_include=["line_id", "started_on", "ended_on"],
            postgresql_where="recorded_to is null",
        ),
        Index("ix_occupancy_replaced", "recorded_to", postgresql_where="recorded_to is not null"),
        # Whoever leads today: one in thirty of all seats, asked for by rules.
        Index(
            "ix_occupancy_leading",
            "person_id",
            postgresql_where="kind = 'leadership' and recorded_to is null and ended_on is null",
        ),
    )

    id: Mapped[intpk]
    person_id: Mapped[ref] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[string]
    post_id: Mapped[ref] = mapped_column(ForeignKey("post.id"))
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    department_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    main: Mapped[bool]
    nature: Mapped[string]
    home_unit: Mapped[string | None]
    entry_way: Mapped[string | None]
    exit_reason: Mapped[string | None]
    entry_case_id: Mapped[ref | None]
    exit_case_id: Mapped[ref | None]
    scope_path: Mapped[path]
    # 人员类别 of the seat, set as it is written: who may see the row.
    personnel_class: Mapped[string]
