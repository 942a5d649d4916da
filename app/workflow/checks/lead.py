"""核职级职数方案和岗位设置方案: their base, their ratios, who holds more than they give."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import caps, codes, leaders, ratios
from app.queries import ranks as groups
from app.workflow.checks import Finding, Subject, check, line_of
from app.workflow.checks.records import PERSONNEL, filed, holder

RATIOS = ("rank_ratios", "post_ratios")
POSTS = ("management_posts", "professional_posts", "workman_posts")


def ratio_sets(case: Subject) -> dict[str, ratios.RatioSet]:
    """The ratio sets of the case's definition; none where they cannot be read."""
    planned = next((c for c in case.plan.checks if c.code in RATIOS), None)
    try:
        return ratios.sets(planned.params) if planned else {}
    except ValueError:
        return {}


def _chosen(case: Subject) -> ratios.RatioSet | None:
    return ratio_sets(case).get(str(case.facts.get("body_set") or ""))


def _members(s: Session, case: Subject, chosen: ratios.RatioSet) -> list[tuple[int, str, int | None]]:
    pooled = case.facts.get("pooled") in ("yes", True) or "," in str(case.facts.get("members") or "")
    unit = case.number("unit") or case.unit_id
    return groups.base(s, unit, pooled=pooled, kind=chosen.base, categories=chosen.categories) if unit else []


@check("scheme_base")
def scheme_base(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """基数: every unit of the scheme has an authorised number; without one there is nothing to take a share of."""
    chosen = _chosen(case)
    found = _members(s, case, chosen) if chosen else []
    if chosen is None or not found:
        return None
    without = [name for _id, name, number in found if number is None]
    if without:
        return Finding("scheme_base", False, (("unit", "、".join(without)),), f"no_{chosen.base}")
    whole = sum(number or 0 for _id, _name, number in found)
    apart = case.number("apart") or 0
    figures: tuple[tuple[str, Any], ...] = (("units", len(found)), ("whole", whole))
    figures += (("apart", apart), ("base", whole - apart)) if "apart" in case.plan.fields else ()
    posts = sum(case.number(p) or 0 for p in POSTS) if "professional_posts" in case.plan.fields else 0
    figures += (("posts", posts),) if posts else ()
    good = apart <= whole and posts <= whole
    return Finding("scheme_base", good, figures, None if good else "above_base")


def _filed(s: Session, case: Subject) -> tuple[caps.Group, ...]:
    """The groups of a filed case, or those that the form's numbers make so far."""
    if isinstance(case.facts.get("groups"), str):
        return caps.read(str(case.facts["groups"]))
    chosen = _chosen(case)
    found = _members(s, case, chosen) if chosen else []
    if chosen is None or not found or any(number is None for *_who, number in found):
        return ()
    whole = sum(number or 0 for *_who, number in found) - (case.number("apart") or 0)
    given = {k: case.number(k) for k in (*POSTS, "full_seniors", "special_posts")}
    try:
        return caps.reckoned(max(0, whole), chosen.rules, given)
    except caps.MissingNumberError:
        return ()


@check("rank_ratios")
def rank_ratios(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """比例 (《公务员职务与职级并行规定》第十二条, 未核): which set, and the sum of every group."""
    return _sums("rank_ratios", s, case)


@check("post_ratios")
def post_ratios(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """岗位结构 (国人部发〔2006〕70号, 未核): the main kind of post has its least share; the sum of every group."""
    made = _sums("post_ratios", s, case)
    main = dict(params.get("main", {})).get(str(case.facts.get("main_kind") or ""))
    if made is None or main is None:
        return made
    posts = {kind: case.number(f"{kind}_posts") or 0 for kind in ("management", "professional", "workman")}
    good = caps.main_kind_holds(main["kind"], int(main["least"]), posts)
    figures = (
        ("main_kind", codes.label("structure", main["kind"])),
        ("least_share", f"{main['least']}%"),
        *made.figures,
    )
    return Finding("post_ratios", good, figures, None if good else "main_kind_short")


def _sums(code: str, s: Session, case: Subject) -> Finding | None:
    chosen, made = _chosen(case), _filed(s, case)
    if not ratio_sets(case):
        return Finding(code, None, (), "ratios_unreadable")
    if chosen is None or not made:
        return None
    base = case.number("base")
    if base is None:
        base = sum(n or 0 for *_who, n in _members(s, case, chosen)) - (case.number("apart") or 0)
    lines = caps.derived(max(0, base), made)
    figures = (
        ("ratio_set", chosen.title),
        *(x for li in lines for x in (("group", li.group.name), ("number_of", li.sum))),
    )
    return Finding(code, True, figures, "second_hand")


@check("scheme_holders")
def scheme_holders(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """现有人数: groups that more people hold already than the scheme will give; nobody enters them until they are fewer."""
    made, chosen = _filed(s, case), _chosen(case)
    if not made or chosen is None:
        return None
    kind = "rank" if case.plan.process == "rank_quota" else "post"
    on: dt.date = min(case.day("start") or case.today, case.today)
    members = [i for i, *_more in _members(s, case, chosen)]
    over: list[tuple[str, Any]] = []
    for group, held in zip(made, groups.held_by(s, members, kind, list(chosen.leave_out), on, made), strict=True):
        if group.low and held > group.number:
            over += [("group", group.name), ("number_of", group.number), ("held", held)]
    return Finding("scheme_holders", None if over else True, tuple(over), "over_scheme" if over else None)


@check("one_main")
def one_main(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """主职务唯一: nobody has two main positions at one time, as far as the reader sees them."""
    person = holder(s, case)
    if not person or str(case.facts.get("main") or "") not in ("1", "True"):
        return None
    row = s.execute(
        text(
            "SELECT unit_name(unit_id) AS unit, started_on FROM occupancy WHERE person_id = :p AND kind = 'leadership' AND main"
            " AND recorded_to IS NULL AND ended_on IS NULL LIMIT 1"
        ),
        {"p": person.id},
    ).one_or_none()
    if row is None:
        return Finding("one_main", True)
    return Finding("one_main", False, (("unit", row.unit), ("led_since", row.started_on)), "main_elsewhere")


@check("level_fits", roles=PERSONNEL)
def level_fits(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """高配: a level above the position's has its document; a person of a higher level in a lower position is looked at."""
    person, line = holder(s, case), line_of(s, case)
    own = str(case.facts.get("own_level") or "")
    if line is None or not line.level or not (own or (person and person.level)):
        return None
    figures = (
        ("post_level", codes.label("level", line.level)),
        ("own_level", codes.label("level", own or person.level)),
    )
    if own:
        given = case.facts.get("over_document_no") or filed(s, case).get("over_document_no")
        good = own == line.level or (own < line.level and bool(given))
        return Finding(
            "level_fits", good, figures, None if good else "over_document" if own < line.level else "level_below"
        )
    return (
        Finding("level_fits", None, figures, "level_above")
        if person.level < line.level
        else Finding("level_fits", True, figures)
    )


@check("lead_hint", roles=("establishment", "city_establishment"))
def lead_hint(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """领导职数通行口径 (未核): the number of such leaders that bodies of this level usually have; a hint, never a refusal."""
    unit, number = case.number("unit") or case.unit_id, case.number("authorised")
    level = groups.setting(s, unit) if unit else None
    inner = case.number("scope") not in (None, unit)
    found = (
        leaders.usual(level.kind, "department" if inner else "unit", str(case.facts.get("role") or ""))
        if level
        else None
    )
    if found is None or number is None:
        return None
    usual = str(found[0]) if found[0] == found[1] else f"{found[0]}–{found[1]}"
    good = found[0] <= number <= found[1]
    return Finding("lead_hint", good or None, (("authorised", number), ("usual", usual)), None if good else "unusual")


@check("beside_document")
def beside_document(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """不占职数的兼任: the document that says so is named."""
    given = filed(s, case).get("document_no")
    return Finding("beside_document", bool(given), (), None if given else "document_first")
