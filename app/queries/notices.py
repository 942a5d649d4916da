"""消息的读: how many wait unread, a page of them, and what opening one marks."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# More than this many unread are "more than": counting stops there, along one index (ix_notice_open).
COUNTED = 99
# Both tables show an account its own rows alone; asked so, the planner takes the mark as the index's lower end.
MARK = "(SELECT coalesce(max(upto), 0) FROM notice_mark)"
READ = "EXISTS (SELECT 1 FROM notice_read r WHERE r.notice_id = n.id)"
WAITING = f"n.settled_at IS NULL AND n.id > {MARK} AND NOT {READ}"
# The bell looks at the newest ones alone: whoever opened thousands one by one pays for no more on every page.
LOOKED_AT = 1000
UNREAD = (
    "(SELECT count(*) FROM (SELECT 1 FROM (SELECT n.id FROM notice n WHERE n.settled_at IS NULL"
    f" AND n.id > {MARK} ORDER BY n.id DESC LIMIT {LOOKED_AT}) n WHERE NOT {READ} LIMIT {COUNTED + 1}) waiting)"
)


def page(session: Session, *, unread: bool, kind: str = "", after: int | None = None, limit: int = 30) -> list[Any]:
    """Notices of the reader's side, the newest first; keyset on the id.

    Titles come from the cases, by their own policy: who may not see the case sees none.
    """
    return list(
        session.execute(
            text(
                "SELECT n.id, n.at, n.kind, n.why, n.case_id, n.alarm_id, n.settled_at, a.number, a.title,"
                " unit_name(a.unit_id) AS unit, r.name AS rule, x.unit_id AS alarm_unit_id, unit_name(x.unit_id) AS alarm_unit,"
                f" ({WAITING}) AS unread FROM notice n LEFT JOIN application a ON a.id = n.case_id"
                " LEFT JOIN alarm_rule r ON n.kind = 'alarm' AND r.code = n.why LEFT JOIN alarm x ON x.id = n.alarm_id"
                " WHERE (cast(:after AS bigint) IS NULL OR n.id < :after) AND (:kind = '' OR n.kind = :kind)"
                f" AND {WAITING if unread else 'true'} ORDER BY n.id DESC LIMIT :n"
            ),
            {"after": after, "kind": kind, "n": limit},
        )
    )


def unread(session: Session) -> int:
    """How many wait unread, ``COUNTED + 1`` for more."""
    return int(session.execute(text(f"SELECT {UNREAD}")).scalar_one())


def opened(session: Session, notice_id: int) -> Any:
    """Mark one notice as read by this account; the notice, or None where it is not the reader's."""
    row = session.execute(
        text("SELECT id, kind, case_id, alarm_id FROM notice WHERE id = :i"),
        {"i": notice_id},
    ).one_or_none()
    if row is not None:
        session.execute(
            text(
                "INSERT INTO notice_read (account_id, notice_id) VALUES (scope_number(2), :i)"
                " ON CONFLICT (account_id, notice_id) DO NOTHING"
            ),
            {"i": notice_id},
        )
    return row


def mark(session: Session, upto: int) -> None:
    """全部已读: everything up to the newest notice that the reader was shown; never backwards."""
    session.execute(
        text(
            "INSERT INTO notice_mark AS m (account_id, upto) VALUES (scope_number(2), least(cast(:u AS bigint),"
            " (SELECT coalesce(max(id), 0) FROM notice))) ON CONFLICT (account_id)"
            " DO UPDATE SET upto = greatest(m.upto, excluded.upto), at = now()"
        ),
        {"u": upto},
    )


def mail_figures(session: Session) -> Any:
    """How many letters wait, wait again after a failure, and have failed for good."""
    return session.execute(
        text(
            "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'waiting'"
            " AND tries > 0) AS again, count(*) FILTER (WHERE state = 'failed') AS failed FROM mail"
            " WHERE state IN ('waiting', 'failed')"
        )
    ).one()


def mail_failures(session: Session, after: int | None, limit: int) -> list[Any]:
    """Letters that failed for good, the newest first; keyset on the id."""
    return list(
        session.execute(
            text(
                "SELECT m.id, operator_name(m.user_id) AS name, n.kind, m.tries, m.error, m.made_at FROM mail m"
                " LEFT JOIN notice n ON n.id = m.notice_id WHERE m.state = 'failed'"
                " AND (cast(:a AS bigint) IS NULL OR m.id < :a) ORDER BY m.id DESC LIMIT :n"
            ),
            {"a": after, "n": limit},
        )
    )
