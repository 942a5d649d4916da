"""帽子: who asks. A person's rights come from the account (hat) of the open session, as the database reported it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.db import Database, Identity

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
