"""材料的读: a case's files and papers handed in."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def files(session: Session, case_id: int) -> list[Any]:
    """The files of a case, by paper and in the order in which they came."""
    return list(
        session.execute(
            text(
                "SELECT id, paper, name, kind, size, scanned, uploaded_at, operator_name(uploaded_by) AS uploader, sha256"
                " FROM attachment WHERE application_id = :c AND state = 'kept' ORDER BY paper, id"
            ),
            {"c": case_id},
        )
    )


def file(session: Session, case_id: int, file_id: int) -> Any:
    """One file of a case, or None."""
    return session.execute(
        text(
            "SELECT f.id, f.name, f.kind, f.size, f.sha256, a.person_id FROM attachment f"
            " JOIN application a ON a.id = f.application_id"
            " WHERE f.id = :i AND f.application_id = :c AND f.state = 'kept'"
        ),
        {"i": file_id, "c": case_id},
    ).one_or_none()


def may_attach(session: Session, case_id: int) -> bool:
    """Whether files are the identity's to add and take away now."""
    return bool(session.execute(text("SELECT may_attach(:c)"), {"c": case_id}).scalar())


def add(session: Session, case_id: int, paper: str, taken: Any) -> int:
    """Put a file that lies in the store into a case.

    Raises:
        NotFound: another one's case. WrongState: the case does not lie with the applicant.
        FileRefused: the case holds as much as it may.
    """
    return int(
        session.execute(
            text("SELECT attachment_add(:c, :p, :n, :k, :s, :h, :v)"),
            {"c": case_id, "p": paper, "n": taken.name, "k": taken.kind, "s": taken.size, "h": taken.digest,
             "v": taken.scanned},
        ).scalar_one()
    )  # fmt: skip


def remove(session: Session, case_id: int, file_id: int) -> None:
    """Take a file out of a case; raises as ``add``."""
    session.execute(text("SELECT attachment_remove(:c, :i)"), {"c": case_id, "i": file_id})


def handed_in(session: Session, case_id: int) -> list[Any]:
    """The papers that a submitted case has to bring, with where each stands and who took it."""
    return list(
        session.execute(
            text(
                "SELECT slot, name, copies, state, received_at, operator_name(received_by) AS receiver, verified_at,"
                " operator_name(verified_by) AS verifier, archived_at, operator_name(archived_by) AS keeper"
                " FROM paper WHERE application_id = :c ORDER BY slot"
            ),
            {"c": case_id},
        )
    )


def mark(session: Session, case_id: int, slot: int, was: str, to: str) -> None:
    """收讫、核验、归档: one step of one paper; raises NotFound, NotAllowed, WrongState (somebody was first)."""
    session.execute(text("SELECT paper_mark(:c, :s, :f, :t)"), {"c": case_id, "s": slot, "f": was, "t": to})
