"""文书的读与开具: the numbered papers of a case."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def of_case(session: Session, case_id: int) -> list[Any]:
    """The papers that a case has issued, void ones too."""
    return list(
        session.execute(
            text(
                "SELECT id, kind, number, issued_at, operator_name(issued_by) AS issuer, voided_at, void_reason"
                " FROM issued_paper WHERE application_id = :c ORDER BY id"
            ),
            {"c": case_id},
        )
    )


def one(session: Session, case_id: int, paper_id: int) -> Any:
    """One issued paper of a case, or None."""
    return session.execute(
        text("SELECT * FROM issued_paper WHERE id = :i AND application_id = :c"), {"i": paper_id, "c": case_id}
    ).one_or_none()


def possible(session: Session, case_id: int) -> list[str] | None:
    """The kinds that the identity may have issued in this case now, issued ones included; None where it may none ever."""
    found: list[str] | None = session.execute(text("SELECT papers_to_issue(:c)"), {"c": case_id}).scalar_one_or_none()
    return found


def ground(session: Session, case_id: int) -> dict[str, Any]:
    """The office, the person and the seats of a case, as they stand; raises NotFound."""
    return dict(session.execute(text("SELECT paper_ground(:c)"), {"c": case_id}).scalar_one())


def number(session: Session, case_id: int, kind: str) -> Any:
    """The next number: office_id, office, year, serial, number.

    Raises:
        NotFound: not the identity's to issue. WrongState: not yet, or issued already. NoOffice.
    """
    return session.execute(text("SELECT * FROM paper_number(:c, :k)"), {"c": case_id, "k": kind}).one()


def issue(
    session: Session, case_id: int, kind: str, given: Any, content: str, signature: bytes, file_hash: bytes
) -> int:
    """Put a paper under its number, in the transaction that took the number."""
    return int(
        session.execute(
            text("SELECT paper_issue(:c, :k, :o, :y, :n, :t, :s, :f)"),
            {"c": case_id, "k": kind, "o": given.office_id, "y": given.year, "n": given.serial, "t": content,
             "s": signature, "f": file_hash},
        ).scalar_one()
    )  # fmt: skip


def standing(session: Session, digest: bytes) -> Any:
    """Whether a content stands in our books (known), and since when and why it is void."""
    return session.execute(text("SELECT * FROM paper_standing(:h)"), {"h": digest}).one()
