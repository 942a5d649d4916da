"""What an alarm says: the rule's sentence filled with its facts, the facts by name, the steps of its life."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.alarms.registry import rules
from app.domain import codes
from app.queries import alarms
from app.security.hats import Hat
from app.views import payroll_texts
from app.views.stuck import reasons

# Facts whose values are codes, and of which list.
LISTS = {"category": "category", "rank": "rank", "body": "body", "measure": "accountability"}
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T")


def labels() -> dict[str, str]:
    """The names of facts that several rules state."""
    return {
        "unit": _("Unit"), "person": _("Person"), "category": _("Establishment type"), "authorised": _("Authorised"),
        "occupied": _("Occupied"), "reserved": _("Reserved"), "surplus": _("Over quota"), "people": _("People"),
        "body": _("Kind of body"), "rank": _("Rank or post grade"), "other": _("Works in"), "number": _("Case number"),
        "end": _("Last day"), "late": _("Days late"), "born": _("Born"), "reached_on": _("Age by law reached on"),
        "until": _("Until"), "from": _("Since"), "on": _("On"), "kind": _("Kind"), "posts": _("Main posts held"),
        "penalty_from": _("Discipline from"), "penalty_to": _("Discipline until"), "seats": _("Seats"),
        "allotted": _("Seats allotted to departments"), "year": _("Year"), "open": _("Not mended"), "case": _("Sort"),
        "document_no": _("Document"), "region": _("Division"), "period": _("Period"), "source": _("Source"),
        "amount": _("Amount"), "threshold": _("Threshold"), "line": _("Quota line"), "role": _("Role"), "level": _("Level"),
    }  # fmt: skip


def sorts() -> dict[str, str]:
    """Sorts of one rule's findings (fact ``case``)."""
    return payroll_texts.kinds() | {
        "category": _("Establishment of a type that this kind of body does not have"),
        "identity": _("Person's rank of another system than the seat's"),
        "workman": _("Workman's seat, leading position"),
        "elsewhere": _("Works in another unit without being lent"),
        "unproved": _("The number of the document is not proved"),
        "twin": _(
            "Somebody of the same name, sex and day of birth sits elsewhere: perhaps one person under two numbers"
        ),
        "allotted": _("More seats are shared out to departments than the unit has"),
        "department": _("A department has more people than seats"),
        "people": _("People counted seat by seat are not as many as the unit's total"),
        "sanding": _("The departments of the 三定 add up to more than its whole"),
    }


def value_of(name: str, value: Any) -> str:
    """A fact's value in words."""
    if value is None or value == "":
        return "—"
    if name == "case":
        return sorts().get(str(value), str(value))
    if name in LISTS and LISTS[name] in codes.code_sets():
        return codes.label(LISTS[name], str(value))
    text = str(value)
    return text[:10] if MOMENT.match(text) else text


def sentence(rule: str, code: str, facts: dict[str, Any]) -> str:
    """One sentence on what was found; what the facts lack is a dash."""
    if facts.get("sentence"):
        return str(facts["sentence"])
    stated = rules().get(rule)
    if stated is not None and stated.says is not None and code == "found":
        known = {name: value_of(name, value) for name, value in facts.items()}
        said = str(stated.says) % _Known(known)
        return f"{said}：{value_of('case', facts['case'])}" if facts.get("case") in sorts() else said
    return reasons().get(code) or "，".join(f"{k} {v}" for k, v in figures_of(facts))


class _Known(dict[str, str]):
    """Facts by name; one that is not there is a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def fact_rows(rule: str, facts: dict[str, Any]) -> list[dict[str, str]]:
    """The facts by name, in the order in which the rule's article is read: values, then thresholds."""
    stated = rules().get(rule)
    names = labels() | {k: str(v) for k, v in (stated.stated if stated else {}).items()}
    if facts.get("difference"):  # of payroll: the comparison's own words
        shown = {k: facts[k] for k in ("case", "unit", "person", "month") if k in facts}
        names |= {"month": _("Month")}
        said = payroll_texts.facts({k: v for k, v in facts.items() if k not in shown})
        return [{"label": names[k], "value": value_of(k, v)} for k, v in shown.items()] + [
            {"label": label, "value": value} for label, value in said
        ]
    return [
        {"label": names[k], "value": value_of(k, v)}
        for k, v in facts.items()
        if k in names and not isinstance(v, (dict, list)) and k != "line"
    ]


def steps() -> dict[str, str]:
    """The steps of an alarm's life."""
    return {
        "explained": _("Explained"),
        "rectify": _("Rectification begun"),
        "proposed": _("Acceptance proposed"),
        "accepted": _("Accepted"),
        "refused": _("Acceptance refused"),
        "escalated": _("Taken up: not answered in time"),
        "reopened": _("Open again: the acceptance has ended"),
        "cleared": _("Cause gone"),
        "handled": _("Handled"),
    }


def lack(reason: dict[str, Any], regions: dict[str, str]) -> list[str]:
    """Why a rule was not run (in a division): data missing, or too old."""
    if reason.get("error"):
        return [_("failed")]
    return [
        _(
            "%(where)s: %(source)s too old (%(last)s)",
            where=regions.get(x["region"], x["region"]),
            source=title(x["source"]),
            last=x["last"],
        )
        if x["last"]
        else _("%(where)s: %(source)s missing", where=regions.get(x["region"], x["region"]), source=title(x["source"]))
        for x in reason.get("lacks", [])
    ]


def title(source: str) -> str:
    """A source's name."""
    known = {s.name: s.title for r in rules().values() for s in r.sources}
    return known.get(source, source)


def concerning(
    s: Session, who: Hat, unit: int | None, facts: Mapping[str, Any], case: int | None
) -> list[dict[str, Any]]:
    """The open alarms that concern a case, for its form and its page; none for a person's own hat."""
    if who.person_id:
        return []
    person, line = (
        int(v) if v.isdecimal() and len(v) <= 18 else None for v in (str(facts.get(k)) for k in ("person", "line"))
    )
    return alarm_rows(alarms.concerning(s, unit=unit, person=person, line=line, case=case))


def alarm_rows(rows: list[Any], *, links: bool = True) -> list[dict[str, Any]]:
    """Alarms as the template's list wants them."""
    return [
        {
            "title": f"{r.name}：{r.unit}" if r.unit else r.name,
            "level": r.level,
            "url": f"/alarms/{r.id}" if links else None,
            "at": r.raised_at,
            "text": " · ".join(
                x for x in (sentence(r.rule, r.code, r.facts), "" if r.standing or r.subject else r.operator_name) if x
            ),
            "article": r.basis,
        }
        for r in rows
    ]


def figures_of(facts: dict[str, Any]) -> list[tuple[str, Any]]:
    """The figures of an alarm in their usual order."""
    labels = {
        "authorised": _("Authorised"),
        "occupied": _("Occupied"),
        "reserved": _("Reserved"),
        "surplus": _("Over quota"),
    }
    return [(label, facts[key]) for key, label in labels.items() if facts.get(key) is not None]
