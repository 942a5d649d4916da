"""两日之差的各表: organs, leadership numbers and positions, ranks and posts, departments, as tables of words for page and export."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes
from app.queries import changes as reads
from app.queries import units
from app.queries.difference import Between
from app.views.fields.sanding import SIGNBOARDS

PARTS = ("organs", "boards", "departments", "leadership", "positions", "ranks")
SHOWN = 200


def tables(s: Session, between: Between) -> list[dict[str, Any]]:
    """Every table of the page, 200 rows of each."""
    return [table(s, between, part, SHOWN) for part in PARTS]


def table(s: Session, between: Between, part: str, most: int) -> dict[str, Any]:
    """One table: its title, the labels of its columns, its rows of cells, and whether there are more."""
    title, head, rows = {
        "organs": organs,
        "boards": boards,
        "departments": departments,
        "leadership": leadership,
        "positions": positions,
        "ranks": ranks,
    }[part](s, between, most + 1)
    cells = [[c if isinstance(c, dict) else {"text": c, "url": None} for c in row] for row in rows[:most]]
    return {"key": part, "title": title, "head": head, "rows": cells, "more": len(rows) > most}


Table = tuple[str, list[str], list[list[Any]]]


def link(text: Any, url: str | None) -> dict[str, Any]:
    """A cell that leads somewhere."""
    return {"text": text, "url": url}


def organs(s: Session, between: Between, limit: int) -> Table:
    """What became of bodies and departments, one row a unit."""
    head = [_("Unit"), _("Body that it is part of"), _("What changed"), _("As it was"), _("As it became")]
    out = []
    for r in reads.organs(s, between, limit):
        what, before, after = organ_words(r, between)
        owner = r.legal if r.node == "department" else None
        name = r.name_2 or r.name_1
        out.append([link(name, f"/unit/{r.legal_id}"), owner, "；".join(what), "；".join(before), "；".join(after)])
    return _("Units and departments"), head, out


def organ_words(r: Any, between: Between) -> tuple[list[str], list[str], list[str]]:
    """What happened to a unit, what was before and what is after, each a list of the same length or shorter."""
    if r.name_1 is None:
        if r.opened_on <= between.since:
            return [_("Came from another region")], [], [r.name_2]
        if r.out_of:
            return [_("Opened, goes on from another")], [r.out_of], [r.name_2]
        return [_("Opened")], [], [r.name_2]
    if r.name_2 is None:
        if r.closed_on is None or r.closed_on > between.until:
            return [_("Went to another region")], [r.name_1], []
        if r.into:
            return [_("Closed, another goes on")], [r.name_1], [r.into]
        return [_("Closed")], [r.name_1], []
    return changed(r)


def changed(r: Any) -> tuple[list[str], list[str], list[str]]:
    """What is not the same of a unit that stood on both days."""
    what, before, after = [], [], []
    for key, label in (
        ("name", _("Renamed")),
        ("region", _("Another region")),
        ("parent", _("Another superior")),
        ("grade", _("Another grade")),
        ("category", _("Another class")),
        ("nature", _("Another nature")),
        ("uscc", _("Another code")),
    ):
        x, y = getattr(r, f"{key}_1"), getattr(r, f"{key}_2")
        if x != y:
            what.append(label)
            before.append(word(key, x))
            after.append(word(key, y))
    return what, before, after


def word(key: str, value: Any) -> str:
    """A value of a unit's version in words."""
    if not value:
        return "—"
    return codes.label(f"unit_{key}", value) if key in ("grade", "category") else str(value)


def boards(s: Session, between: Between, limit: int) -> Table:
    """Names beside the own one that were taken on or given up."""
    head = [_("Unit"), _("Kind"), _("Name borne beside"), _("What changed"), _("Day"), _("Document number")]
    kinds = dict(SIGNBOARDS)
    rows = [
        [link(r.unit, f"/unit/{r.unit_id}"), kinds[r.kind], r.shown, _("Taken on") if r.begun else _("Given up"), r.on_day,
         r.document_no] for r in reads.boards(s, between, limit)
    ]  # fmt: skip
    return _("Signboards"), head, rows


def departments(s: Session, between: Between, _limit: int) -> Table:
    """The departments of one body whose people or seats differ."""
    head = [_("Department"), _("Name before"), *(f"{label} {day}" for label in (_("Seats meant for it"), _("People"))
            for day in (between.since, between.until))]  # fmt: skip
    rows = [[d.name, d.before, *d.allotted, *d.people] for d in reads.departments(s, between)]
    return _("Departments"), head, rows


def leadership(s: Session, between: Between, limit: int) -> Table:
    """Leadership numbers before and after, and how many held one."""
    head = [_("Unit"), _("Leadership position"), *(f"{label} {day}" for label in (_("Authorised"), _("Occupied"))
            for day in (between.since, between.until))]  # fmt: skip
    rows = [
        [link(r.unit, f"/unit/{r.unit_id}"), units.line_label(r), r.authorised_1, r.authorised_2, r.held_1, r.held_2]
        for r in reads.leadership(s, between, limit)
    ]
    return _("Leadership numbers"), head, rows


def positions(s: Session, between: Between, limit: int) -> Table:
    """Who took or left a leadership position."""
    head = [_("Unit"), _("Leadership position"), _("Person"), _("ID number"), _("What changed"), _("Day")]
    rows = []
    for r in reads.positions(s, between, limit):
        nature = codes.label("appointment_nature", r.nature) if r.nature and r.home_unit else ""
        what = _("Took the position") if r.taken else _("Left the position")
        person = link(r.name, f"/person/{r.person_id}" if r.id_mask else None)
        rows.append([link(r.unit, f"/unit/{r.unit_id}"), units.line_label(r), person, r.id_mask,
                     f"{what}（{nature}）" if nature else what, r.on_day])  # fmt: skip
    return _("Positions taken and left"), head, rows


def ranks(s: Session, between: Between, limit: int) -> Table:
    """Numbers of ranks and posts, group by group."""
    head = [_("Unit"), _("Kind"), _("Group"), str(between.since), str(between.until), _("Document number")]
    kinds = {"rank": _("Ranks"), "post": _("Posts")}
    rows: list[list[Any]] = [
        [link(g.unit, f"/ranks/{g.unit_id}"), kinds[g.kind], g.name, g.before, g.after, g.document_no]
        for g in reads.ranks(s, between, limit)
    ]
    return _("Numbers of ranks and posts"), head, rows
