"""The database: engines, the transaction under a named identity, constraint names made typed errors."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from app.domain import errors

REFUSED = "BZ001"

# A constraint's name becomes the refusal that a person understands.
CONSTRAINTS: dict[str, type[errors.DomainError]] = {
    "ex_occupancy_post": errors.SeatTaken,
    "ex_occupancy_person": errors.AlreadySeated,
    "ck_ledger_total_within_quota": errors.QuotaExhausted,
    "uq_case_record_running_person": errors.RunningCase,
    "uq_person_id_index": errors.DuplicatePerson,
    "uq_unit_uscc": errors.DuplicateUnit,
    "uq_task_open": errors.WrongState,
    "ex_account_system_admin": errors.DutiesConflict,
    "ex_account_security_admin": errors.DutiesConflict,
    "ex_account_auditor": errors.DutiesConflict,
    "ck_grant_request_people": errors.SamePerson,
}

# The alarm that a refusal raises; refusals not named here are recorded in the audit only.
ALARMS = {
    "quota_exhausted": "AL01",
    "surplus_line": "AL02",
    "leadership_exhausted": "AL03",
    "wrong_category": "AL05",
    "already_seated": "AL06",
    "duplicate_person": "AL06",
    "case_not_approved": "AL17",
    "leader_without_seat": "AL10",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: the token of an open session. The database knows the rest."""

    token: str


def bind(factory: sessionmaker[Session] | object) -> None:
    """Name the session's identity at the beginning of each of its transactions."""

    @event.listens_for(factory, "after_begin")
    def name_identity(session: Session, transaction: SessionTransaction, connection: object) -> None:
        token = session.info.get("token")
        source = session.info.get("token_source")
        if token is None and callable(source):
            token = source()
        # Nothing named: no rows. The answer is the identity's parts, as the policies read them.
        named = connection.exec_driver_sql("SELECT begin_request(%s)", (token or "",)).scalar()  # type: ignore[attr-defined]
        session.info["parts"] = (named or "").split("|")


class Database:
    """The application's engine and the one place where transactions begin and end."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.engine: Engine = create_engine(url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        bind(self.sessions)

    @contextmanager
    def transaction(self, identity: Identity | None, *, case_id: int | None = None) -> Iterator[Session]:
        """One transaction under one identity; a refusal is recorded in a second one and raised again."""
        with self.sessions(info={"token": identity.token if identity else None}) as session:
            try:
                with translated():
                    yield session
                    session.commit()
            except errors.DomainError as refusal:
                session.rollback()
                if identity is not None:
                    self.record(identity, refusal, case_id)
                raise

    def record(self, identity: Identity, refusal: errors.DomainError, case_id: int | None) -> None:
        """Write down a refusal: alarm, operator, case; it outlives the rollback."""
        rule = ALARMS.get(refusal.code)
        if rule is None:
            return
        with self.sessions(info={"token": identity.token}) as session:
            session.execute(
                text("SELECT record_refusal(:rule, :code, :case, cast(:facts AS jsonb))"),
                {
                    "rule": rule,
                    "code": refusal.code,
                    "case": case_id,
                    "facts": json.dumps(refusal.facts, default=str),
                },
            )
            session.commit()


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database refuses into typed errors, by code or by the constraint's name."""
    try:
        yield
    except DBAPIError as error:
        found = refusal_of(error.orig)
        if found is None:
            raise
        raise found from error


def refusal_of(error: BaseException | None) -> errors.DomainError | None:
    """The typed error behind a database error, or None."""
    if not isinstance(error, psycopg.Error):
        return None
    if error.sqlstate == REFUSED:
        return errors.from_code(error.diag.message_primary or "", json.loads(error.diag.message_detail or "{}"))
    if (error.sqlstate or "").startswith("22"):  # a value that no column of that type can hold
        return errors.InvalidInput(errors={})
    kind = CONSTRAINTS.get(error.diag.constraint_name or "")
    return kind(constraint=error.diag.constraint_name) if kind else None


class SignInDatabase:
    """The second engine, as the signin role: it alone checks credentials and opens sessions."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=2, max_overflow=3, pool_pre_ping=True)

    def credentials(self, username: str) -> tuple[int, str, bool] | None:
        """User id, password hash and whether active, by user name."""
        with self.engine.connect() as connection:
            row = connection.execute(
                text("SELECT id, password, active FROM ab_user WHERE username = :u"), {"u": username}
            ).one_or_none()
        return None if row is None else (row.id, row.password or "", bool(row.active))

    def open_session(
        self, user_id: int, *, account_id: int | None = None, hours: int = 12, address: str = ""
    ) -> Identity:
        """Open a session for a user whose credentials were checked; the token is shown once."""
        token = secrets.token_urlsafe(32)
        with translated(), self.engine.begin() as connection:
            connection.execute(
                text("SELECT open_session(:u, :a, :h, :n, :ip)"),
                {
                    "u": user_id,
                    "a": account_id,
                    "h": hashlib.sha256(token.encode()).digest(),
                    "n": hours,
                    "ip": address,
                },
            )
        return Identity(token)

    def open_service(self, username: str) -> Identity:
        """The named identity of a worker or a command."""
        token = secrets.token_urlsafe(32)
        with translated(), self.engine.begin() as connection:
            connection.execute(
                text("SELECT open_service_session(:u, :h)"),
                {"u": username, "h": hashlib.sha256(token.encode()).digest()},
            )
        return Identity(token)

    def failed(self, user_id: int, *, failed: bool) -> None:
        """Count a failed sign-in, or note a good one."""
        change = (
            "fail_login_count = coalesce(fail_login_count, 0) + 1"
            if failed
            else ("fail_login_count = 0, last_login = now(), login_count = coalesce(login_count, 0) + 1")
        )
        with self.engine.begin() as connection:
            connection.execute(text(f"UPDATE ab_user SET {change} WHERE id = :u"), {"u": user_id})
