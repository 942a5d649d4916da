"""职级、岗位、任职、处分、家庭的核对: what is looked at before a person's record changes."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes, ranks, terms
from app.domain.records import raises_post, same_series
from app.domain.retirement import add_months
from app.queries import ranks as groups
from app.workflow.checks import Finding, Subject, check, line_of

# Who answers for people, not for seats.
PERSONNEL = ("personnel", "organisation", "human_resources", "city_personnel", "supervisor")


def holder(s: Session, case: Subject) -> Any:
    """The person a case is about, as far as the reader may see him."""
    number = case.number("person") or case.person_id
    return (
        number
        and s.execute(
            text("SELECT id, unit_id, rank, level, personnel_class FROM person WHERE id = :i"), {"i": number}
        ).one_or_none()
    )


def filed(s: Session, case: Subject) -> dict[str, Any]:
    """The item's fields: typed, filed among the facts, or filed apart from them where the reader may see the group."""
    if isinstance(case.facts.get("fields"), str):
        return dict(json.loads(case.facts["fields"]))
    if isinstance(case.facts.get("private"), str):
        return dict(json.loads(case.facts["private"]))
    if case.case_id is not None:
        kept = s.execute(
            text("SELECT fields FROM case_private WHERE case_id = :c ORDER BY revision DESC LIMIT 1"),
            {"c": case.case_id},
        ).scalar()
        return dict(kept or {})
    return dict(case.facts)


@check("not_barred")
def not_barred(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """受处分期间不得晋升 (《公务员法》第六十四条): no discipline has effect on the day.

    What is found is kept with the decision and read by every side of the case, so neither kind nor last day are told.
    """
    person = holder(s, case)
    barred = _barred(s, case, person.id) if person else None
    return None if barred is None else Finding("not_barred", not barred, (), "barred" if barred else None)


def _barred(s: Session, case: Subject, person_id: int) -> bool | None:
    """Whether a discipline has effect on the case's day; None where the reader may not know."""
    on = case.day("start") or case.today
    barred: bool | None = s.execute(text("SELECT person_barred(:p, :d)"), {"p": person_id, "d": on}).scalar()
    return barred


@check("rank_step")
def rank_step(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """逐级晋升 (《公务员法》第四十九条): one step above the present rank; a first rank (套转) has to be looked at."""
    person, wanted = holder(s, case), case.facts.get("rank")
    if not person or not wanted:
        return None
    now = person.rank if person.rank in ranks.ORDER else None
    figures = (("present_rank", codes.label("rank", person.rank) or None), ("wanted_rank", codes.label("rank", wanted)))
    if now is None or wanted not in ranks.ORDER:
        return Finding("rank_step", None, figures, "first_rank")
    good = ranks.next_rank(now) == wanted
    return Finding("rank_step", good, figures, None if good else "not_the_next")


@check("rank_years", roles=PERSONNEL)
def rank_years(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """任现职级年限 (《公务员职务与职级并行规定》第十七条, 未核): ``years`` by the rank wanted, ``otherwise`` for all others."""
    person, wanted = holder(s, case), case.facts.get("rank")
    if not person or not wanted:
        return None
    least = int(dict(params.get("years", {})).get(wanted, params.get("otherwise", 2)))
    since = s.execute(
        text(
            "SELECT started_on FROM record_item WHERE person_id = :p AND kind = 'rank' AND recorded_to IS NULL"
            " AND ended_on IS NULL AND fields ->> 'rank' = :r"
        ),
        {"p": person.id, "r": person.rank},
    ).scalar()
    if since is None:
        return Finding("rank_years", None, (("least_years", least),), "since_unknown")
    due = add_months(since, least * 12)
    good = due <= (case.day("start") or case.today)
    figures = (("rank_since", since), ("least_years", least), ("due_on", due))
    return Finding("rank_years", good, figures, None if good else "too_early")


@check("rank_exists")
def rank_exists(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """职级设置规格 (第十条): a city's organs have ranks up to 二级巡视员, a district's and a town's up to 二级调研员."""
    person, wanted = holder(s, case), case.facts.get("rank")
    row = groups.setting(s, person.unit_id) if person and person.unit_id else None
    if row is None or wanted not in ranks.ORDER:
        return None
    highest = ranks.HIGHEST_OF_BODY["city" if row.kind == "city" else "county"]
    good = not ranks.is_higher(str(wanted), highest)
    return Finding("rank_exists", good, (("highest", codes.label("rank", highest)),), None if good else "above_highest")


def _room(s: Session, case: Subject, code: str, kind: str, wanted: str | None) -> Finding | None:
    """Whether every approved group that the person would newly enter has room: its number with its sum, holders, running cases."""
    person = holder(s, case)
    if not person or not person.unit_id or not wanted:
        return None
    on = min(case.day("start") or case.today, case.today)
    row = groups.scheme(s, person.unit_id, kind, on)
    if row is None:
        missing = Finding(code, False, (("since_day", on),), f"no_{kind}_scheme")
        return missing if ranks.numbered(wanted) else None
    figures: list[tuple[str, Any]] = [("document_of", row.document_no)]
    good, mark = True, str(filed(s, case).get("mark") or "")
    for group in groups.standing(s, row, on, case.case_id).groups:
        g = group.line.group
        if not g.holds(wanted) or (mark != g.mark if g.mark else mark in row.leave_out):
            continue
        figures += [("group", group.name), ("number_of", group.line.sum)]
        figures += [("approved_number", group.line.number)] if group.line.number != group.line.most else []
        if not g.holds(person.rank):
            figures += [("held", group.held), ("waiting", group.waiting), ("room", group.room)]
            good = good and group.room > 0
    return Finding(code, good, tuple(figures), None if good else "group_full")


@check("rank_room")
def rank_room(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """职级职数 (第十一、十二条): the approved group of the rank wanted has a vacancy; without approved numbers nobody is promoted."""
    return _room(s, case, "rank_room", "rank", case.facts.get("rank"))


@check("post_room")
def post_room(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """岗位设置方案 (国人部发〔2006〕70号): the grade wanted is vacant in the approved plan."""
    return _room(s, case, "post_room", "post", case.facts.get("post_grade"))


# 专业技术岗位所需资格: the least grade of title for a group of post grades.
TITLE_FOR = (("031", ("11",)), ("032", ("11", "12")), ("033", ("11", "12", "2")), ("03", ("11", "12", "2", "3")))


@check("title_fits", roles=PERSONNEL)
def title_fits(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """专业技术岗位任职条件 (国人部发〔2006〕70号): the post's grade asks a title of at least its own."""
    person, wanted = holder(s, case), str(case.facts.get("post_grade") or "")
    needed = next((grades for begins, grades in TITLE_FOR if wanted.startswith(begins)), None)
    if not person or needed is None:
        return None
    has = s.execute(
        text(
            "SELECT min(fields ->> 'title_grade') FROM record_item WHERE person_id = :p AND kind = 'title'"
            " AND recorded_to IS NULL AND ended_on IS NULL"
        ),
        {"p": person.id},
    ).scalar()
    figures = (
        ("title_held", codes.label("title_grade", has) or None),
        ("title_needed", codes.label("title_grade", needed[-1])),
    )
    return Finding("title_fits", has in needed, figures, None if has in needed else "title_missing")


@check("post_step")
def post_step(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """岗位变动: within one series by one grade at a time as a rule; another series has to be looked at."""
    person, wanted = holder(s, case), case.facts.get("post_grade")
    if not person or not wanted:
        return None
    figures = (("present_rank", codes.label("rank", person.rank) or None), ("wanted_rank", codes.label("rank", wanted)))
    if person.rank is None or not same_series(person.rank, str(wanted)):
        return Finding("post_step", None, figures, "other_series")
    series = sorted(c for c in codes.RANK if same_series(c, str(wanted)))
    far = raises_post(person.rank, str(wanted)) and series.index(person.rank) - series.index(str(wanted)) > 1
    return Finding("post_step", not far, figures, "not_the_next" if far else None)


# 公务员处分种类 (《公务员法》第六十二条); 事业单位 (《事业单位工作人员处分规定》).
PENALTIES = {"civil": ("01", "02", "03", "04", "05", "06"), "public": ("01", "02", "06", "07")}


@check("penalty_of_class", roles=PERSONNEL)
def penalty_of_class(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """处分种类与影响期: the kinds that the person's statute knows, and the period that follows."""
    penalty, start = filed(s, case).get("penalty"), case.day("start")
    if start is None or penalty not in terms.PENALTY_MONTHS:
        return None  # the form says what is wrong with it
    good = penalty in PENALTIES[params["of"]]
    last = terms.penalty_ends(start, penalty)
    figures: tuple[tuple[str, Any], ...] = (("penalty", codes.label("discipline", penalty)),)
    if last is not None:
        figures += (("months", terms.PENALTY_MONTHS[penalty]), ("last_day", last))
    return Finding("penalty_of_class", good, figures, None if good else "other_class")


@check("class_is", roles=PERSONNEL)
def class_is(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """人员类别: the business is for people of these classes alone."""
    person = holder(s, case)
    if not person:
        return None
    good = person.personnel_class in params["of"]
    return Finding("class_is", good, (), None if good else "other_business")


@check("no_relative_here", roles=PERSONNEL)
def no_relative_here(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """任职回避 (《公务员法》第七十四条): somebody of the relative's name in the same unit has to be looked at."""
    person, name = holder(s, case), filed(s, case).get("relative")
    if not person or not name:
        return None
    same = s.execute(
        text("SELECT count(*) FROM person WHERE unit_id = :u AND state = 'serving' AND name = :n AND id <> :p"),
        {"u": person.unit_id, "n": name, "p": person.id},
    ).scalar_one()
    return Finding(
        "no_relative_here", None if same else True, (("same_name", same),), "look_at_avoidance" if same else None
    )


@check("pay_step_open", roles=PERSONNEL)
def pay_step_open(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """处分期内不得晋升工资档次，警告除外 (《公务员法》第六十四条): looked at where a discipline has effect."""
    person = holder(s, case)
    barred = _barred(s, case, person.id) if person else None
    return (
        None
        if barred is None
        else Finding("pay_step_open", None if barred else True, (), "pay_barred" if barred else None)
    )


@check("payroll_source")
def payroll_source(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """工资来源: where the payroll system is the source (the definition's regions and units), pay is read-only here."""
    person = holder(s, case)
    if not person or not person.unit_id:
        return None
    unit = s.execute(text("SELECT name, region_code FROM unit WHERE id = :u"), {"u": person.unit_id}).one_or_none()
    if unit is None:
        return None
    regions, units = (str(params.get(k) or "").split(",") for k in ("regions", "units"))
    there = unit.name in units or unit.region_code in regions
    return Finding("payroll_source", not there, (("unit", unit.name),), "read_only_pay" if there else None)


@check("allowance_once", roles=PERSONNEL)
def allowance_once(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """同一项目同时只有一项: no other open item of the sort; the constraint ``uq_record_item_allowance`` holds it too."""
    person, fields = holder(s, case), filed(s, case)
    sort, chosen = fields.get("pay_item"), str(case.facts.get("item") or "")
    if not person or not sort:
        return None
    there = s.execute(
        text(
            "SELECT count(*) FROM record_item WHERE person_id = :p AND kind = 'allowance' AND recorded_to IS NULL"
            " AND ended_on IS NULL AND fields ->> 'pay_item' = :t AND id::text <> :i"
        ),
        {"p": person.id, "t": sort, "i": chosen},
    ).scalar_one()
    ends = case.facts.get("end") and chosen
    good = there == 0 or bool(ends)
    return Finding(
        "allowance_once", good, (("pay_item", codes.label("pay_item", sort)),), None if good else "allowance_there"
    )


@check("assessed_once", roles=PERSONNEL)
def assessed_once(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """年度考核一年一次 (《公务员考核规定》): no other result of the year stands."""
    person, year = holder(s, case), filed(s, case).get("year")
    if not person or not year or case.facts.get("action") == "replace":
        return None
    there = s.execute(
        text(
            "SELECT count(*) FROM record_item WHERE person_id = :p AND kind = 'assessment' AND recorded_to IS NULL"
            " AND fields ->> 'year' = :y"
        ),
        {"p": person.id, "y": str(year)},
    ).scalar_one()
    past = int(year) <= case.today.year
    good = there == 0 and past
    return Finding("assessed_once", good, (("year", year),), None if good else "assessed" if there else "year_to_come")


@check("lead_open")
def lead_open(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """受处分期间不得晋升职务 (《公务员法》第六十四条): a position of a higher level than the present one."""
    person, line = holder(s, case), line_of(s, case)
    barred = _barred(s, case, person.id) if person and line is not None else None
    if barred is None:
        return None
    higher = person.level is None or line.level < person.level
    return Finding("lead_open", not (barred and higher), (), "barred" if barred and higher else None)


@check("days_led")
def days_led(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """任职时间: since when the position is held, and that its end does not lie before."""
    end = case.day("end")
    since = s.execute(
        text(
            "SELECT started_on FROM occupancy WHERE line_id = :l AND person_id = :p AND recorded_to IS NULL AND ended_on IS NULL"
        ),
        {"l": case.number("line"), "p": case.number("person")},
    ).scalar()
    if since is None or end is None:
        return None
    return Finding("days_led", end >= since, (("led_since", since),), None if end >= since else "before_start")


@check("birth_differs", roles=("establishment", *PERSONNEL))
def birth_differs(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """认定的出生日期: another one than is registered."""
    person, wanted = holder(s, case), case.day("birth_on")
    now = person and s.execute(text("SELECT birth_on FROM person WHERE id = :p"), {"p": person.id}).scalar()
    if not now or wanted is None:
        return None
    figures = (("registered_birth", now), ("determined_birth", wanted))
    return Finding("birth_differs", now != wanted, figures, "same_birth" if now == wanted else None)


@check("birth_record_first", roles=("establishment", *PERSONNEL))
def birth_record_first(s: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """最先记载: the record was made before the person's start of work, or somebody has to look."""
    person, made = holder(s, case), case.day("recorded_on")
    began = person and s.execute(text("SELECT work_started_on FROM person WHERE id = :p"), {"p": person.id}).scalar()
    if not began or made is None:
        return None
    first = made <= began
    figures = (("record_made", made), ("work_began", began))
    return Finding("birth_record_first", True if first else None, figures, None if first else "record_later")
