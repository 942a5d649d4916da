"""Flask-AppBuilder's security manager, reduced: our own sign-in, roles derived from the hat, no role tables.

A request's rights come from the account (hat) of its open session. Roles are Flask-AppBuilder's
built-in roles, made from the permission matrix (``matrix.LINES``) and checked without a query.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_limiter import Limiter
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.security import limits
from app.security.matrix import fab_roles

# Role by the kind of account; an office's role adds the office's kind.
ROLES: dict[str, str] = {
    "unit_clerk": "unit",
    "unit_head": "unit",
    "office_member": "office",
    "office_head": "office",
    "town_officer": "reader",
    "supervisor": "supervisor",
    "inspector": "reader",
    "person": "person",
    "system_admin": "system_admin",
    "security_admin": "security_admin",
    "auditor": "auditor",
    "service": "service",
}
FAB_ROLES = fab_roles()
# Offices that read and decide nothing.
READING_OFFICES = ("finance", "social_insurance")


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role as Flask-AppBuilder asks for it."""

    name: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Hat:
    """Who asks: the signed identity of this session, as the database reported it."""

    user_id: int
    account_id: int
    kind: str
    low: str
    high: str
    unit_id: int | None
    office_id: int | None
    person_id: int | None
    office_kind: str
    region: str
    classes: str = ""
    sees: tuple[str, ...] = ()
    delegator_id: int | None = None
    # 主管部门: the body that decides and applies for nobody; its hat has no ``unit_id``.
    department_id: int | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Flask-Login's id."""
        return str(self.user_id)

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user_id

    @property
    def roles(self) -> list[Role]:
        """The one role of this hat."""
        role = ROLES[self.kind]
        return [Role("reader" if role == "office" and self.office_kind in READING_OFFICES else role)]

    @property
    def groups(self) -> list[Any]:
        """No groups: hats are all there is."""
        return []


def load_hat(database: Database, token: str, *, api: bool = False) -> Hat | None:
    """The hat of an open session or a program's token, or None when it is closed, expired or the account has ended."""
    with database.transaction(Identity(token, api)) as session:
        session.connection()  # begins, and with it names the identity
        return hat_of(session)


def hat_of(begun: Session) -> Hat | None:
    """The hat that a transaction's identity wears, or None for nobody's."""
    p: list[str] = begun.info["parts"]
    if not p[0]:
        return None
    number = [int(x) if x.isdecimal() else None for x in p]
    groups = tuple(p[16].split(",")) if p[16] else ()
    unit, department = (None, number[5]) if p[2] == "supervisor" else (number[5], None)
    return Hat(
        int(p[0]), int(p[1]), p[2], p[3], p[4], unit, number[6], number[7], p[8], p[10], p[9], groups, number[17],
        department,
    )  # fmt: skip


class BianzhiSecurityManager(SecurityManager):
    """Users come from the open session alone."""

    def load_user(self, pk: int) -> Hat | None:
        """The hat of the session's token; the cookie's user id alone opens nothing."""
        if "hat" not in g:
            token = session.get("token")
            if token:  # the request's first work goes on in this transaction (app/views/shell.py)
                g.begun = self.appbuilder.app_database.opened(Identity(token))
            g.hat = hat_of(g.begun) if token else None
        hat: Hat | None = g.hat
        return hat if hat is not None and str(hat.user_id) == str(pk) else None

    def create_limiter(self, app: Flask) -> Limiter:
        """Ours: it counts in the database."""
        return limits.make(app)

    def register_views(self) -> None:
        """Only our own sign-in view: none of Flask-AppBuilder's security pages exists."""
        from app.security.sign_in import SignInView

        self.auth_view = SignInView()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def get_public_role(self) -> Role:
        """Nobody's role: sees the sign-in page."""
        return Role("Public")

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is public."""
        return False
