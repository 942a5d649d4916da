"""信息项事实: how a change of a person's record is written into a case's facts, and what the ledger commits to."""

import datetime as dt
from collections.abc import Mapping

from app.domain.crypto import KeyRing
from app.domain.records import KINDS, OPEN, Values, item_text

# The register's column that follows a kind's present item, and the item's field that it takes.
FOLLOWS: Mapping[str, tuple[str, str]] = {
    "rank": ("rank", "rank"),
    "post": ("rank", "post_grade"),
    "appointment": ("level", "level"),
}


def _bound(kind: str, fields: Values) -> str:
    return f"{kind}:{item_text(fields)}"


def committed(keys: KeyRing, commitment: str, kind: str, fields: object) -> bool:
    """Whether an item's fields are those that its commitment was made to."""
    try:
        return isinstance(fields, dict) and keys.holds(commitment, "record", _bound(kind, fields))
    except TypeError:  # a value of another shape than any item has
        return False


def now_facts(keys: KeyRing, kind: str, value: str | None) -> dict[str, str | None]:
    """What the register will say after the movement, with the commitment to it; nothing where no column follows."""
    if kind not in FOLLOWS:
        return {}
    return {"now": value, "commit_now": keys.commit(FOLLOWS[kind][0], value)}


def record_facts(
    keys: KeyRing,
    kind: str,
    fields: Values,
    *,
    person: int | None = None,
    action: str = "add",
    item: int | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> dict[str, str | int | None]:
    """The flat facts that the kernel's ``record`` reads; a protected group's values apart from all others.

    Raises:
        ItemError: the fields do not fit the kind.
    """
    facts: dict[str, str | int | None] = {"person": person, "kind": kind, "action": action}
    facts |= {"item": item} if item is not None else {}
    facts |= {"start": start.isoformat()} if start else {}
    facts |= {"end": end.isoformat()} if end else {}
    if action == "end":
        return facts | (now_facts(keys, kind, None) if KINDS[kind].single else {})
    kept = KINDS[kind].clean(fields)
    facts["fields" if KINDS[kind].group == OPEN else "private"] = item_text(kept)
    facts["commit_record"] = keys.commit("record", _bound(kind, kept))
    if kind in FOLLOWS and end is None and (kind != "appointment" or "level" in kept):
        facts |= now_facts(keys, kind, str(kept[FOLLOWS[kind][1]]))
    return facts
