"""The database: engines, the transaction under a named identity, constraint names made typed errors."""

import hashlib
import json
import secrets
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from app.domain import errors

# A statement is planned for its values each time: a plan made for any scope serves a whole city badly. And PgBouncer may
# hand each transaction to another server, which knows no statement prepared before.
UNPREPARED = {"prepare_threshold": None}
REFUSED = "BZ001"
DEADLOCK = "40P01"

# A constraint's name becomes the refusal that a person understands.
CONSTRAINTS: dict[str, type[errors.DomainError]] = {
    "ex_occupancy_post": errors.SeatTaken,
    "ex_occupancy_person": errors.AlreadySeated,
    "ck_ledger_total_within_quota": errors.QuotaExhausted,
    "ex_record_item_single": errors.ItemsOverlap,
    "uq_record_item_allowance": errors.ItemsOverlap,
    "uq_case_record_running_person": errors.RunningCase,
    "uq_person_id_index": errors.DuplicatePerson,
    "uq_unit_uscc": errors.DuplicateUnit,
    "uq_task_open": errors.WrongState,
    "uq_application_event_urged": errors.UrgedToday,
    "uq_clock_stop_open": errors.ClockState,
    "ex_account_system_admin": errors.DutiesConflict,
    "ex_account_security_admin": errors.DutiesConflict,
    "ex_account_auditor": errors.DutiesConflict,
    "ex_absence_person": errors.AlreadyAbsent,
    "ex_engagement_person": errors.AlreadyEngaged,
    "uq_certificate_valid": errors.CertificateExists,
    "uq_verification_round_year": errors.RoundOpen,
    "ck_grant_request_people": errors.SamePerson,
    "ex_authority_rule_conditions": errors.DuplicateRule,
}

# The alarm that a refusal raises; other refusals by rule are recorded in the audit only.
ALARMS = {
    "quota_exhausted": "AL01",
    "surplus_line": "AL02",
    "leadership_exhausted": "AL03",
    "wrong_category": "AL05",
    "already_seated": "AL06",
    "permit_missing": "AL07",
    "permit_lapsed": "AL08",
    "permit_used": "AL08",
    "permit_elsewhere": "AL08",
    "duplicate_person": "AL06",
    "case_not_approved": "AL17",
    "leader_without_seat": "AL10",
    "no_office": "AL28",
    "bad_definition": "AL28",
    "rank_exhausted": "AL04",
    "organ_limit": "AL09",
}
# For statements whose plan depends on no value (a call, rows by their numbers): parsed and planned once a connection, but by
# way of PgBouncer. The policies of a case's rows take longer to plan than to ask.
KEPT = {"kept": True}
# A slip of the pen in a form, an identity that has ended and so names nobody to record, a question asked in between, two who
# met at one moment.
UNRECORDED = ("invalid_input", "session_ended", "proof_needed", "busy")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: the token of an open session, or (``api``) of a program. The database knows the rest."""

    token: str
    api: bool = False


def bind(factory: sessionmaker[Session] | object) -> None:
    """Name the session's identity at the beginning of each of its transactions."""

    @event.listens_for(factory, "after_begin")
    def name_identity(session: Session, transaction: SessionTransaction, connection: object) -> None:
        token = session.info.get("token")
        source = session.info.get("token_source")
        if token is None and callable(source):
            token = source()
        # Nothing named: no rows. The answer is the identity's parts, as the policies read them.
        begin = "begin_api_request" if session.info.get("api") else "begin_request"
        asked = connection.exec_driver_sql(f"SELECT {begin}(%s)", (token or "",), execution_options=KEPT)  # type: ignore[attr-defined]
        named = asked.scalar()
        session.info["parts"] = (named or "").split("|")


def keep_plan(
    _connection: Connection, cursor: Any, _statement: str, _parameters: object, context: Any, _many: bool
) -> None:
    """Let the server keep a statement that is marked ``KEPT``; every other one is planned for its values each time."""
    kept = context is not None and context.execution_options.get("kept", False)
    cursor.connection.prepare_threshold = 0 if kept else None


def still_there(connection: psycopg.Connection, _record: object, _proxy: object) -> None:
    """Whether a pooled connection still lives, without a journey to the server.

    On an idle one nothing is to be read; what is there is the server's farewell, and another is opened.
    """
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


class Database:
    """The application's engine and the one place where transactions begin and end."""

    def __init__(self, url: str, *, pool_size: int = 5, pooled: bool = False) -> None:
        self.engine: Engine = create_engine(
            url, pool_size=pool_size, max_overflow=10, hide_parameters=True, connect_args=UNPREPARED
        )
        event.listen(self.engine, "checkout", still_there)
        if not pooled:
            event.listen(self.engine, "before_cursor_execute", keep_plan)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        bind(self.sessions)

    def opened(self, identity: Identity) -> Session:
        """A transaction begun under one identity; who asked hands it to ``transaction``, or closes it."""
        session = self.sessions(info={"token": identity.token})
        with translated():
            session.connection()
        return session

    @contextmanager
    def transaction(
        self,
        identity: Identity | None,
        *,
        case_id: int | None = None,
        rule: str | None = None,
        begun: Session | None = None,
    ) -> Iterator[Session]:
        """One transaction under one identity; a refusal is recorded in a second one and raised again.

        ``rule`` is the alarm that any refusal raises here, whatever its own; ``begun`` a transaction to go on in.
        """
        info = {"token": identity.token, "api": identity.api} if identity else {"token": None}
        with begun or self.sessions(info=info) as session:
            try:
                with translated():
                    yield session
                    session.commit()
            except errors.DomainError as refusal:
                session.rollback()
                if identity is not None and not identity.api:
                    self.record(identity, refusal, case_id, rule)
                raise

    def record(
        self, identity: Identity, refusal: errors.DomainError, case_id: int | None, rule: str | None = None
    ) -> None:
        """Write down a refusal: operator, case, an alarm where a rule stands behind it; it outlives the rollback."""
        if refusal.code in UNRECORDED:
            return
        with self.sessions(info={"token": identity.token}) as session:
            session.execute(
                text("SELECT record_refusal(:rule, :code, :case, cast(:facts AS jsonb))"),
                {
                    "rule": rule or ALARMS.get(refusal.code),
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
    if error.sqlstate == DEADLOCK:
        return errors.Busy()
    if (error.sqlstate or "").startswith("22"):  # a value that no column of that type can hold
        return errors.InvalidInput(errors={})
    kind = CONSTRAINTS.get(error.diag.constraint_name or "")
    return kind(constraint=error.diag.constraint_name) if kind else None


def digest(token: str) -> bytes:
    """What stands in the database for a token of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


class SignInDatabase:
    """The second engine, as the signin role: it alone checks credentials and opens sessions."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=2, max_overflow=3, hide_parameters=True, connect_args=UNPREPARED)
        event.listen(self.engine, "checkout", still_there)

    def credentials(self, username: str) -> tuple[int, str, bool] | None:
        """User id, password hash and whether active, by user name."""
        with self.engine.connect() as connection:
            row = connection.execute(
                text("SELECT id, password, active FROM ab_user WHERE username = :u"), {"u": username}
            ).one_or_none()
        return None if row is None else (row.id, row.password or "", bool(row.active))

    def enter(
        self,
        user_id: int,
        *,
        account_id: int | None = None,
        hours: int = 12,
        address: str = "",
        agent: str = "",
        way: str = "password",
        factor: bool = False,
        factor_kinds: Sequence[str] = (),
    ) -> tuple[Identity, str]:
        """A session for a user whose credentials were checked, and its stage: ``open`` or the step that comes next.

        Raises:
            BadCredentials: the user has no account (hat) that is in force.
        """
        token = secrets.token_urlsafe(32)
        row = self.ask(
            "SELECT open_session(:user, :account, :hash, :hours, :address, :agent, :way, :factor, :kinds) AS stage",
            user=user_id,
            account=account_id,
            hash=digest(token),
            hours=hours,
            address=address,
            agent=agent,
            way=way,
            factor=factor,
            kinds=list(factor_kinds),
        )
        return Identity(token), row.stage

    def open_session(self, user_id: int, *, account_id: int | None = None, hours: int = 12) -> Identity:
        """As ``enter``, where no step is asked for."""
        return self.enter(user_id, account_id=account_id, hours=hours)[0]

    def ask(self, statement: str, **values: object) -> Any:
        """One statement in a transaction of its own; its only row, or None."""
        with translated(), self.engine.begin() as connection:
            return connection.execute(text(statement), values).one_or_none()

    def open_service(self, username: str) -> Identity:
        """The named identity of a worker or a command."""
        token = secrets.token_urlsafe(32)
        with translated(), self.engine.begin() as connection:
            connection.execute(
                text("SELECT open_service_session(:u, :h)"),
                {"u": username, "h": digest(token)},
            )
        return Identity(token)

    def failed(self, user_id: int | None, *, failed: bool) -> None:
        """Count a failed sign-in, or note a good one; for nobody the statement is the same and changes no row."""
        change = (
            "fail_login_count = coalesce(fail_login_count, 0) + 1"
            if failed
            else ("fail_login_count = 0, last_login = now(), login_count = coalesce(login_count, 0) + 1")
        )
        with self.engine.begin() as connection:
            connection.execute(text(f"UPDATE ab_user SET {change} WHERE id = :u"), {"u": user_id})
