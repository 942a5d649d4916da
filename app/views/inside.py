"""单位内部事项 on other pages: what the unit's page and home say of absences and certificates; searches of their forms."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.workdays import add_workdays
from app.queries import inside
from app.queries.days import Moment
from app.views.search import answer, term
from app.views.shell import hat, work

REMIND = 10  # working days before the last day away


def unit_context(s: Session, unit_id: int, at: Moment) -> dict[str, Any]:
    """Who is away on a day, who is here from elsewhere, and the certificates, for ``_unit_inside.html``."""
    day = at.on
    return {
        "query": urlencode(at.parameters),
        "unit_id": unit_id,
        "away": [
            {
                "person": r.name,
                "url": f"/person/{r.person_id}" if r.id_mask else None,
                "id_mask": r.id_mask,
                "kind": codes.ABSENCE[r.kind],
                "host": r.host,
                "started_on": r.started_on,
                "until_on": r.until_on,
                "late": r.until_on < day,
            }
            for r in inside.away(s, unit_id, None if at.plain else at)
        ],
        "hosted": [{**r._asdict(), "kind": codes.ABSENCE[r.kind]} for r in inside.hosted(s, unit_id, at)],
        "certificates": [
            {**r._asdict(), "reason": codes.CERTIFICATE_REASON[r.reason]}
            for r in inside.certificates(s, unit_id, at.on)
        ],
    }


def todos(s: Session, unit_id: int, day: dt.date, calendar: Any) -> list[dict[str, Any]]:
    """What waits for a unit: people who are due back, and rosters to confirm."""
    remind = add_workdays(day, REMIND, calendar)
    out = [
        {
            "title": f"{codes.ABSENCE[r.kind]}：{r.name}",
            "text": due_words(day, r.until_on),
            "url": "/case/new/absence_return",
            "tone": "red" if r.until_on < day else "amber",
            "due_on": r.until_on,
            "days_left": None,
        }
        for r in inside.due_back(s, unit_id, remind)
    ]
    words = state_words()
    return out + [
        {
            "title": _("Annual verification %(year)s", year=v.year),
            "text": words[v.state][0],
            "url": f"/verification/{v.id}",
            "tone": "red" if v.state == "overdue" else "amber",
            "due_on": v.due_on,
            "days_left": None,
        }
        for v in inside.of_unit(s, unit_id)
        if v.state in ("unconfirmed", "overdue")
    ]


class LendingView(BaseView):
    """Search fields of the absences' forms, answered as ``SearchView`` does."""

    route_base = "/lending"
    default_view = "hosts"

    @expose("/hosts")
    @has_access
    def hosts(self) -> Any:
        """Units of the city by any part of the name, to lend somebody to."""
        q = term()
        with work() as s:
            rows = s.execute(text("SELECT * FROM host_units(:q)"), {"q": q}).all() if q else []
        return answer([{"value": str(r.id), "text": r.name} for r in rows])

    @expose("/away")
    @has_access
    def away(self) -> Any:
        """Own people who are away, by name."""
        with work() as s:
            rows = [r for r in inside.away(s, hat().unit_id or 0) if r.name.startswith(term())]
        return answer(
            [
                {"value": str(r.person_id), "text": r.name, "note": f"{codes.ABSENCE[r.kind]} {r.host} {r.until_on}"}
                for r in rows
            ]
        )


def state_words() -> dict[str, tuple[str, str]]:
    """Where a unit stands in a round: label and tone."""
    return {
        "unconfirmed": (_("Not confirmed yet"), "amber"),
        "overdue": (_("Overdue"), "red"),
        "signing": (_("Being signed"), "blue"),
        "confirmed": (_("Confirmed"), "green"),
    }


def due_words(day: dt.date, until: dt.date) -> str:
    """When somebody who is away is due, in words."""
    if until < day:
        return _("Overdue since %(day)s: enter the return, or apply for an extension.", day=until)
    return _("Away until %(day)s: prepare the return or the extension.", day=until)
