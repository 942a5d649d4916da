"""机构的文件: signboards, limits on the number of bodies, 三定 and its earlier texts. Written by the kernel only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, day, integer, intpk, path, ref, string


class UnitSignboard(TwoAxes, Base):
    """合署、一个机构两块牌子、加挂牌子: another name that a body bears, or another body that works with it under one roof.

    Three things: 合署 (``co_located``) is two bodies with codes of their own, ``partner_id`` the second; 两块牌子
    (``two_names``) is one body with two full names; 加挂牌子 (``plate``) is a name and never a body. Whether the two
    count as one is what the document says.
    """

    __tablename__ = "unit_signboard"
    __table_args__ = (
        CheckConstraint("kind in ('co_located', 'two_names', 'plate')", name="kind"),
        CheckConstraint("(kind = 'co_located') = (partner_id is not null)", name="partner"),
        CheckConstraint("kind <> 'plate' or counts_as_one", name="plate"),
        CheckConstraint("partner_id <> unit_id", name="other"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_unit_signboard_unit", "unit_id", "id"),
        Index("ix_unit_signboard_partner", "partner_id", postgresql_where="partner_id is not null"),
        Index("ix_unit_signboard_scope", "scope_path", "id"),
        # A name is borne once at a time.
        Index(
            "uq_unit_signboard_open",
            "unit_id",
            "name",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    name: Mapped[string]
    partner_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    counts_as_one: Mapped[bool]
    document_no: Mapped[string]
    issuer: Mapped[string]
    scope_path: Mapped[path]


class Sanding(TwoAxes, Base):
    """三定规定: duties, departments, quota and leadership numbers of a body as one document, version by version.

    ``content`` is canonical JSON of four lists (app/domain/sanding.py); the whole text stands in the ledger's entry.
    """

    __tablename__ = "sanding"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_sanding_unit", "unit_id", "started_on"),
        Index("ix_sanding_scope", "scope_path", "id"),
        Index("uq_sanding_open", "unit_id", unique=True, postgresql_where="ended_on is null and recorded_to is null"),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    content: Mapped[string]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]


class OrganLimit(TwoAxes, Base):
    """机构限额: how many bodies of a class a division may have, by which document, for a period."""

    __tablename__ = "organ_limit"
    __table_args__ = (
        CheckConstraint("most >= 0", name="most"),
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_organ_limit_region", "region_code", "category", "id"),
        Index(
            "uq_organ_limit_open",
            "region_code",
            "category",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    category: Mapped[string]
    most: Mapped[integer]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))


class UnitPast(Base):
    """早期沿革: what documents tell of a body before the ledger began; loaded by 编办, claims to be no ledger."""

    __tablename__ = "unit_past"
    __table_args__ = (Index("ix_unit_past_unit", "unit_id", "on_day"), Index("ix_unit_past_scope", "scope_path", "id"))

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    on_day: Mapped[day]
    document_no: Mapped[string]
    document_name: Mapped[string]
    unit_name: Mapped[string]
    parent_name: Mapped[string]
    detail: Mapped[string]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]


class TemporaryBody(TwoAxes, Base):
    """临时机构: 专班、指挥部、筹备组 of a leading body, by a document until a day; it has people lent to it, and no seats."""

    __tablename__ = "temporary_body"
    __table_args__ = (
        CheckConstraint("kind in ('team', 'headquarters', 'preparation')", name="kind"),
        CheckConstraint("until_on >= started_on and ended_on >= started_on", name="period"),
        Index("ix_temporary_body_unit", "unit_id", "id"),
        Index("ix_temporary_body_scope", "scope_path", "id"),
        Index(
            "uq_temporary_body_open",
            "unit_id",
            "name",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    name: Mapped[string]
    document_no: Mapped[string]
    issuer: Mapped[string]
    until_on: Mapped[day]
    scope_path: Mapped[path]
