"""办结后的确认: what finance, 人社 and social insurance confirm once a movement has taken effect."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, instant, intpk, now, path, ref, string


class Acknowledgement(Base):
    """待确认事项: one office's, about one person's movement; opened by the effect, closed by that office alone.

    It holds the least that the office needs (name, masked number, unit, category, direction, day, number of the case),
    as it was on the day of the effect.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (
        UniqueConstraint("case_id", "office_id", "role", name="uq_acknowledgement_case"),
        CheckConstraint("way in ('in', 'out', 'move', 'change')", name="way"),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="acknowledged"),
        Index("ix_acknowledgement_open", "office_id", "due_on", "id", postgresql_where="acknowledged_at is null"),
        Index("ix_acknowledgement_done", "office_id", "id", postgresql_where="acknowledged_at is not null"),
    )

    id: Mapped[intpk]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    number: Mapped[string]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    role: Mapped[string]
    title: Mapped[string]
    way: Mapped[string]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[string | None]
    id_mask: Mapped[string | None]
    category: Mapped[string | None]
    on_day: Mapped[day]
    opened_at: Mapped[now]
    due_on: Mapped[day]
    acknowledged_at: Mapped[instant | None]
    acknowledged_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    operator: Mapped[string | None]
    note: Mapped[string | None]
    scope_path: Mapped[path]
