"""改革方案: drafts of the establishment office, tried by the real kernel before anything is filed. Written by definer functions."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, document, instant, integer, intpk, now, path, ref, string


class Reform(Base):
    """改革方案 of one establishment office; which variant was filed, and how far it came."""

    __tablename__ = "reform"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'filed', 'effected', 'dropped')", name="state"),
        CheckConstraint("(state in ('filed', 'effected')) = (filed_variant_id is not null)", name="filed"),
        Index("ix_reform_office", "office_id", "id"),
    )

    id: Mapped[intpk]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    title: Mapped[string]
    state: Mapped[string]
    filed_variant_id: Mapped[ref | None]
    created_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    created_at: Mapped[now]
    changed_at: Mapped[now]
    scope_path: Mapped[path]


class ReformVariant(Base):
    """方案: one way to do it; ``tried`` is what the last trial found, of the steps whose hash is ``tried_hash``."""

    __tablename__ = "reform_variant"
    __table_args__ = (UniqueConstraint("reform_id", "name", name="uq_reform_variant_name"),)

    id: Mapped[intpk]
    reform_id: Mapped[ref] = mapped_column(ForeignKey("reform.id"))
    name: Mapped[string]
    serial: Mapped[integer] = mapped_column(server_default="0")
    tried: Mapped[document | None] = mapped_column(JSONB)
    tried_hash: Mapped[string | None]
    tried_at: Mapped[instant | None]


class ReformStep(Base):
    """步骤: one movement of a variant. ``key`` names the unit that it makes, for later steps (``"=key"``)."""

    __tablename__ = "reform_step"
    __table_args__ = (
        UniqueConstraint("variant_id", "position", name="uq_reform_step_position", deferrable=True),
        UniqueConstraint("variant_id", "key", name="uq_reform_step_key"),
        CheckConstraint("position > 0 and phase between 1 and 9", name="place"),
    )

    id: Mapped[intpk]
    variant_id: Mapped[ref] = mapped_column(ForeignKey("reform_variant.id"))
    position: Mapped[integer]
    phase: Mapped[integer] = mapped_column(server_default="1")
    kind: Mapped[string]
    key: Mapped[string | None]
    facts: Mapped[document] = mapped_column(JSONB)
    note: Mapped[string] = mapped_column(server_default="")


class ReformPhase(Base):
    """期: the case that a phase of a filed reform became; the phase before must have taken effect."""

    __tablename__ = "reform_phase"
    __table_args__ = (UniqueConstraint("case_id", name="uq_reform_phase_case"),)

    reform_id: Mapped[ref] = mapped_column(ForeignKey("reform.id"), primary_key=True, autoincrement=False)
    phase: Mapped[integer] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    start: Mapped[day]
