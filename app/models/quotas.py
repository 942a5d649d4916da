"""What a number is made of, what a region may have in all, how a surplus goes; only the kernel writes them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, day, integer, intpk, path, ref, string


class QuotaPart(TwoAxes, Base):
    """编制的组成: a share of a line's number for a purpose (其中), temporary with a last day, or lent (周转编制).

    ``number`` null is 另定; ``added`` raised the line's number and takes it back at the end, ``taken`` so far.
    """

    __tablename__ = "quota_part"
    __table_args__ = (
        CheckConstraint("number >= 0 and taken >= 0 and taken <= coalesce(number, 0)", name="number"),
        CheckConstraint("not added or (number is not null and last_on is not null)", name="added"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_quota_part_line", "line_id"),
        Index("ix_quota_part_due", "last_on", postgresql_where="ended_on is null and recorded_to is null"),
    )

    id: Mapped[intpk]
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    purpose: Mapped[string]
    number: Mapped[integer | None]
    added: Mapped[bool]
    taken: Mapped[integer] = mapped_column(server_default="0")
    last_on: Mapped[day | None]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref]
    scope_path: Mapped[path]


class QuotaPool(TwoAxes, Base):
    """总量: what a region may have of a category in all (total), or lend from line to line (rotating)."""

    __tablename__ = "quota_pool"
    __table_args__ = (
        CheckConstraint("kind in ('total', 'rotating')", name="kind"),
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index(
            "uq_quota_pool_open",
            "region_code",
            "category",
            "kind",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    category: Mapped[string]
    kind: Mapped[string]
    number: Mapped[integer]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref]
    scope_path: Mapped[path]


class AbsorptionPlan(Base):
    """消化计划: until when a line's surplus is gone, and what may be left at the end of each year (2027:3,2028:0)."""

    __tablename__ = "absorption_plan"
    __table_args__ = (
        CheckConstraint("surplus > 0", name="surplus"),
        CheckConstraint("until_on > started_on", name="until"),
        Index("uq_absorption_plan_open", "line_id", unique=True, postgresql_where="ended_on is null"),
        Index("ix_absorption_plan_unit", "unit_id"),
    )

    id: Mapped[intpk]
    line_id: Mapped[ref] = mapped_column(ForeignKey("quota_line.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    surplus: Mapped[integer]
    until_on: Mapped[day]
    targets: Mapped[string | None]
    document_no: Mapped[string]
    started_on: Mapped[day]
    ended_on: Mapped[day | None]
    case_id: Mapped[ref]
    scope_path: Mapped[path]
