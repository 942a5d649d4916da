"""编委会: meetings, their agenda, one decision over many cases. Written by the functions of 048_commission.sql only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, day, instant, integer, intpk, path, ref, string


class Meeting(Base):
    """编委会会议: prepared by the commission's office, recorded by its secretary, settled by another official."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("state in ('agenda', 'recorded', 'settled')", name="state"),
        CheckConstraint("(state = 'agenda') = (recorded_by is null)", name="recorded"),
        CheckConstraint("(state = 'settled') = (settled_by is not null)", name="settled"),
        CheckConstraint("settled_by <> recorded_by", name="people"),
        Index("uq_meeting_number", "office_id", "year", "serial", unique=True),
    )

    id: Mapped[intpk]
    office_id: Mapped[ref] = mapped_column(ForeignKey("office.id"))
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    year: Mapped[integer]
    serial: Mapped[integer]
    held_on: Mapped[day]
    place: Mapped[string] = mapped_column(server_default="")
    state: Mapped[string]
    members: Mapped[string] = mapped_column(server_default="")
    minutes: Mapped[string] = mapped_column(server_default="")
    # Mixed into what the chain keeps of the texts, so that nobody finds a short one by guessing.
    nonce: Mapped[string] = mapped_column(server_default=text("gen_random_uuid()::text"))
    opened_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    recorded_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    settled_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    settled_at: Mapped[instant | None]
    scope_path: Mapped[path]


class AgendaItem(Base):
    """议题: one case before one meeting, and what was said of it on which facts."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        CheckConstraint("verdict in ('approve', 'return', 'reject', 'defer')", name="verdict"),
        CheckConstraint("(verdict is null) = (facts_hash is null)", name="said"),
        Index("uq_agenda_item_case", "meeting_id", "application_id", unique=True),
        Index("ix_agenda_item_application", "application_id"),
    )

    id: Mapped[intpk]
    meeting_id: Mapped[ref] = mapped_column(ForeignKey("meeting.id"))
    application_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    position: Mapped[integer]
    note: Mapped[string] = mapped_column(server_default="")
    verdict: Mapped[string | None]
    resolution: Mapped[string] = mapped_column(server_default="")
    facts_hash: Mapped[string | None]
