"""职级职数、岗位设置: approved groups of ranks or post grades. Written by the kernel only (061_ranks.sql)."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TwoAxes, integer, intpk, path, ref, string


class Scheme(TwoAxes, Base):
    """核定方案: the groups of one unit, or of several that share them (统筹), for a period, as known from ``recorded_at``.

    ``base`` is what the groups are shares of: the members' authorised numbers less ``apart`` (不在基数内的职位). ``groups``
    is the text of app/domain/caps.py: each group with its rule and its number. ``leave_out``: whose ranks do not count.
    """

    __tablename__ = "scheme"
    __table_args__ = (
        CheckConstraint("kind in ('rank', 'post')", name="kind"),
        CheckConstraint("basis in ('establishment', 'leadership')", name="basis"),
        CheckConstraint("base >= 0 and apart >= 0", name="base"),
        CheckConstraint("ended_on >= started_on", name="period"),
        CheckConstraint("unit_id = any (members)", name="members"),
        CheckConstraint("leave_out <@ ARRAY['leaders', 'special', 'military']", name="leave_out"),
        Index(
            "uq_scheme_open",
            "unit_id",
            "kind",
            unique=True,
            postgresql_where="ended_on is null and recorded_to is null",
        ),
        Index("ix_scheme_members", "members", postgresql_using="gin"),
        Index("ix_scheme_scope", "scope_path", "id"),
    )

    id: Mapped[intpk]
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[string]
    members: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    body: Mapped[string]
    basis: Mapped[string]
    categories: Mapped[string]
    leave_out: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    base: Mapped[integer]
    apart: Mapped[integer]
    groups: Mapped[string]
    document_no: Mapped[string]
    issuer: Mapped[string]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    scope_path: Mapped[path]
