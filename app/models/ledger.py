"""The append-only ledger: entries, chain heads, seals."""

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, blob, day, document, instant, integer, intpk, now, path, ref, string


class LedgerEntry(Base):
    """台账流水: one movement on the chain of a unit, a person or a region; never changed.

    ``hash`` is SHA-256 over the length-prefixed fields, see app/domain/canonical.py.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("chain_kind", "chain_id", "sequence", name="uq_ledger_entry_chain"),
        CheckConstraint("chain_kind in ('region', 'unit', 'person')", name="chain_kind"),
        CheckConstraint("sequence > 0", name="sequence"),
        Index("ix_ledger_entry_case", "case_id"),
    )

    id: Mapped[intpk]
    chain_kind: Mapped[string]
    chain_id: Mapped[ref]
    sequence: Mapped[integer]
    format: Mapped[integer]
    type: Mapped[string]
    effective_on: Mapped[day]
    recorded_at: Mapped[instant]
    payload: Mapped[string]
    fields: Mapped[document] = mapped_column(JSONB, Computed("payload::jsonb", persisted=True))
    case_id: Mapped[ref | None]
    actor: Mapped[string]
    prev_hash: Mapped[string]
    hash: Mapped[string]
    scope_path: Mapped[path]


class LedgerChain(Base):
    """链头: the last sequence and hash of each chain; its row is the chain's lock."""

    __tablename__ = "ledger_chain"

    chain_kind: Mapped[string] = mapped_column(primary_key=True)
    chain_id: Mapped[ref] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[integer]
    hash: Mapped[string]


class LedgerSeal(Base):
    """封印: the signed Merkle root over all chain heads at one moment."""

    __tablename__ = "ledger_seal"

    id: Mapped[intpk]
    sealed_at: Mapped[now]
    heads: Mapped[integer]
    entries: Mapped[ref]
    root: Mapped[string]
    signature: Mapped[blob]
    key_id: Mapped[string]
