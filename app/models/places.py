"""Where things are: regions, units, code lists, the calendar."""

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, day, instant, integer, intpk, path, ref, string

__all__ = ["Code", "CodeSet", "Region", "Unit", "UnitSuccession", "UnitVersion", "User", "WorkingDay"]


class Region(Base):
    """行政区划: the city, its districts and towns (GB/T 2260); prefixes nest."""

    __tablename__ = "region"
    __table_args__ = (CheckConstraint("kind in ('city', 'district', 'town')", name="kind"),)

    code: Mapped[string] = mapped_column(primary_key=True)
    kind: Mapped[string]
    name: Mapped[string]
    parent_code: Mapped[string | None] = mapped_column(ForeignKey("region.code"))
    prefix: Mapped[path] = mapped_column(unique=True)


class Unit(Base):
    """机构与内设机构: one tree; this row is the present state, UnitVersion its history.

    Written by the kernel only. Seats belong to the legal body (``legal_id``).
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("node in ('legal', 'department', 'group')", name="node"),
        CheckConstraint("body in ('organ', 'reference', 'institution')", name="body"),
        CheckConstraint("status in ('active', 'closed')", name="status"),
        CheckConstraint("(status = 'closed') = (closed_on is not null)", name="closed_on"),
        Index("ix_unit_parent", "parent_id"),
        Index("ix_unit_region", "region_code", "id"),
        Index("ix_unit_not_networked", "id", postgresql_where="not_networked"),
        Index("uq_unit_uscc", "uscc", unique=True, postgresql_where="uscc is not null and status = 'active'"),
    )

    id: Mapped[intpk]
    parent_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    legal_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    node: Mapped[string]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    segment: Mapped[string]
    scope_path: Mapped[path] = mapped_column(unique=True)
    name: Mapped[string]
    short_name: Mapped[string]
    uscc: Mapped[string | None]
    nature: Mapped[string]
    category: Mapped[string]
    grade: Mapped[string]
    subordination: Mapped[string]
    body: Mapped[string]
    status: Mapped[string]
    not_networked: Mapped[bool] = mapped_column(server_default="false")
    opened_on: Mapped[day]
    closed_on: Mapped[day | None]


class UnitVersion(TwoAxes, Base):
    """机构沿革: how a unit was named and classed in a period, and since when that is known."""

    __tablename__ = "unit_version"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_unit_version_unit", "unit_id", "started_on"),
        Index(
            "uq_unit_version_open",
            "unit_id",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    scope_path: Mapped[path]
    name: Mapped[string]
    short_name: Mapped[string]
    uscc: Mapped[string | None]
    nature: Mapped[string]
    category: Mapped[string]
    grade: Mapped[string]
    subordination: Mapped[string]
    body: Mapped[string]


class UnitSuccession(Base):
    """承继: which unit goes on as which, by merge, split or a department's move; both units' chains say so."""

    __tablename__ = "unit_succession"
    __table_args__ = (
        CheckConstraint("kind in ('merge', 'split', 'transfer', 'department')", name="kind"),
        CheckConstraint("from_unit_id <> to_unit_id", name="other"),
        Index("ix_unit_succession_from", "from_unit_id"),
        Index("ix_unit_succession_to", "to_unit_id"),
    )

    id: Mapped[intpk]
    from_unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    to_unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    happened_on: Mapped[day]
    case_id: Mapped[ref]
    recorded_at: Mapped[instant]
    scope_path: Mapped[path]


class CodeSet(Base):
    """代码集: a code list with its source; values are never deleted, only ended."""

    __tablename__ = "code_set"

    name: Mapped[string] = mapped_column(primary_key=True)
    title: Mapped[string]
    source: Mapped[string]
    version: Mapped[integer] = mapped_column(server_default="1")


class Code(Base):
    """代码: one value of a code list, with its image in the exchange formats."""

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("code_set", "code", name="uq_code_value"),)

    id: Mapped[intpk]
    code_set: Mapped[string] = mapped_column(ForeignKey("code_set.name"))
    code: Mapped[string]
    name: Mapped[string]
    exchange: Mapped[string | None]
    position: Mapped[integer]
    ended_on: Mapped[day | None]


class WorkingDay(Base):
    """工作日历: whether a day is worked, as the State Council published it."""

    __tablename__ = "working_day"

    on: Mapped[day] = mapped_column(primary_key=True)
    worked: Mapped[bool]
