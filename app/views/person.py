"""人员页: one's own card, and a person's page for those in whose range the person is."""

import io
from typing import Any

from flask import Response, current_app, render_template, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes, errors
from app.exchange.attachments import KINDS, FileGoneError
from app.exchange.attachments.kinds import kind_of
from app.queries import cases, days, history, units
from app.queries.life import photo
from app.security.columns import REVEALED
from app.views import life, movements
from app.views.attachments import PICTURE, store
from app.views.auditing import record
from app.views.day import asked, day_context, title
from app.views.record_sections import sections
from app.views.rows import case_rows
from app.views.shell import hat, work
from app.workflow.engine import today


def person_context(s: Session, person_id: int, at: days.Moment, *, own: bool) -> dict[str, Any]:
    """What the register says about a person; a foreign one answers as an absent one."""
    p = s.execute(
        text(
            "SELECT p.name, p.id_mask, p.state, p.sex, p.birth_on, p.education, p.degree, p.work_started_on, p.level, p.rank, p.entry_way,"
            " p.ethnicity, p.political, p.native_place,"
            " p.unit_id, unit_name(p.unit_id) AS unit, unit_name(p.department_id) AS department FROM person p"
            " WHERE p.id = :i"
        ),
        {"i": person_id},
    ).one_or_none()
    if p is None:
        raise errors.NotFound(person=person_id)
    rows = s.execute(
        text(
            "SELECT o.*, unit_name(o.unit_id) AS unit, unit_name(o.department_id) AS department, l.category, l.structure, l.funding, l.role, l.level, l.scope_unit_id,"
            " unit_name(l.scope_unit_id) AS scope_name, p.number, p.surplus FROM occupancy o"
            " LEFT JOIN quota_line l ON l.id = o.line_id LEFT JOIN post p ON p.id = o.post_id"
            f" WHERE o.person_id = :i AND {days.known('o', at)} AND o.started_on <= :on ORDER BY o.started_on DESC"
        ),
        {**at.values, "i": person_id},
    ).all()
    about = s.execute(
        text(
            "SELECT id, number, title, state, process, CASE WHEN decided_at IS NULL THEN due_on END AS due_on"
            " FROM application a WHERE person_id = :i ORDER BY id DESC LIMIT 20"
        ),
        {"i": person_id},
    ).all()
    seat = next((r for r in rows if r.kind == "establishment" and holds(r, at)), None)
    ground = entry_ground(s, seat.entry_case_id) if seat else None
    leads = [r for r in rows if r.kind == "leadership" and r.role and holds(r, at)]
    return {
        "own": own,
        "person": {
            "name": p.name,
            "id_masked": p.id_mask,
            "unit": p.unit,
            "unit_url": f"/unit/{p.unit_id}" if p.unit_id and not own else None,
            "status": p.state,
        },
        "facts": [{"label": label, "value": value} for label, value in (_facts(p, leads) if at.plain else _facts(p, leads)[:2]) if value],
        "day": day_context(at, "/card" if own else f"/person/{person_id}"),
        "seat": _seat(seat, seat.department if seat.department_id else None, ground) if seat else None,
        "positions": [
            {
                "title": units.line_label(r) if r.role else _("Leadership position"),
                "unit": r.unit,
                "level": None,
                "from_on": r.started_on,
                "until_on": r.ended_on,
                "document": None,
            }
            for r in rows
            if r.kind == "leadership"
        ],
        "seats": [
            {"unit": r.unit, "category": units.line_label(r) if r.category else None, "number": r.number,
             "from_on": r.started_on, "until_on": r.ended_on}
            for r in rows if r.kind == "establishment"
        ],
        "events": movements.timeline(history.movements(s, "person", person_id, None if at.plain else at), links=not own),
        "life": life.timeline(s, person_id, hat().sees, own=own) if at.plain else [],
        # The record has days of its own; beside a past day it would say what came after.
        "record": [part for part in sections(s, person_id, hat().sees, own=own) if at.plain and part["kind"] != "photo"],
        "photo_url": ("/card/photo" if own else f"/person/{person_id}/photo") if photo(s, person_id) else None,
        "cases": case_rows(list(about), cases.process_titles(s), links=True),
    }  # fmt: skip


def holds(row: Any, at: days.Moment) -> bool:
    """Whether a period holds on the day."""
    return bool(row.started_on <= at.on and (row.ended_on is None or row.ended_on > at.on))


def standing(leads: list[Any]) -> str | None:
    """人员分类 of the 台帐: head or deputy of the unit or of a department, by the highest position held; else none of them."""
    if not leads:
        return _("Not in a leading position")
    best = min(leads, key=lambda r: (r.scope_unit_id != r.unit_id, r.role != "principal"))
    if best.role not in ("principal", "deputy"):
        return None
    names = {
        (True, "principal"): _("Leads the unit"), (True, "deputy"): _("Deputy head of the unit"),
        (False, "principal"): _("Head of a department"), (False, "deputy"): _("Deputy head of a department"),
    }  # fmt: skip
    return names[best.scope_unit_id == best.unit_id, best.role]


def _facts(p: Any, leads: list[Any]) -> list[tuple[str, Any]]:
    return [
        (_("Sex"), codes.label("sex", p.sex)),
        (_("Day of birth"), p.birth_on.isoformat()),
        (_("Ethnic group"), codes.label("ethnicity", p.ethnicity)),
        (_("Native place"), p.native_place),
        (_("Political status"), codes.label("political", p.political)),
        (_("Education"), codes.label("education", p.education)),
        (_("Degree"), codes.label("degree", p.degree)),
        (_("Start of work"), p.work_started_on.isoformat() if p.work_started_on else None),
        (_("Internal department"), p.department),
        (_("Class of staff"), standing(leads)),
        (_("Level of position"), codes.label("level", p.level)),
        (_("Rank"), codes.label("rank", p.rank)),
        (_("Way of entry"), codes.label("entry_way", p.entry_way)),
    ]


def entry_ground(s: Session, case_id: int | None) -> Any:
    """入编文号, 控编单号, 进入来源: what the case of an entry says, where the reader sees it."""
    return s.execute(
        text(
            "SELECT coalesce(r.f ->> 'document_no', r.f ->> 'approval_no') AS document, r.f ->> 'origin_unit' AS origin, m.number AS permit"
            " FROM (SELECT facts::jsonb AS f FROM case_record WHERE case_id = :c) r LEFT JOIN permit m"
            " ON m.id::text = r.f ->> 'permit'"
        ),
        {"c": case_id},
    ).one_or_none()


def _seat(seat: Any, department: str | None, ground: Any) -> dict[str, Any]:
    return {
        "number": seat.number,
        "unit": seat.unit,
        "department": department,
        "category": units.line_label(seat) if seat.category else None,
        "funding": codes.label("funding", seat.funding) if seat.category else None,
        "entered_on": seat.started_on,
        "document": ground.document if ground else None,
        "permit": ground.permit if ground else None,
        "origin": ground.origin if ground else None,
        "state": "surplus" if seat.surplus else "occupied",
    }


def picture(person_id: int) -> Response:
    """A person's photo by right; each look is on record.

    Raises:
        NotFound: none is there, or the reader does not see the person.
    """
    with work() as s:
        digest = photo(s, person_id)
        if digest is None:
            raise errors.NotFound(person=person_id)
        record(s, "view", {"person": person_id, "photo": digest[:16]})
    try:
        content = store().get(bytes.fromhex(digest))
    except FileGoneError as gone:
        current_app.logger.error("the photo of person %s is not in the store", person_id)
        raise errors.NotFound(person=person_id) from gone
    answer = send_file(io.BytesIO(content), mimetype=KINDS[kind_of(content)].media, etag=False)
    answer.headers["Content-Security-Policy"] = PICTURE
    return answer


class CardView(BaseView):
    """本人卡: what the register says about me."""

    route_base = "/card"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Own seat, positions, history and cases."""
        with work() as s:
            at = asked(today(s))
            page = person_context(s, hat().person_id or 0, at, own=True)
        return render_template(
            "card.html",
            title=title(_("My card"), at),
            reveal_url=f"/reveal/{hat().person_id}",
            start_url="/case/start",
            **page,
        )

    @expose("/photo")
    @has_access
    def photo(self) -> Response:
        """Own photo."""
        return picture(hat().person_id or 0)


class PersonView(BaseView):
    """A person in the reader's range; who may see units may see their people."""

    route_base = "/person"
    default_view = "show"

    @expose("/<int:person_id>")
    @has_access
    def show(self, person_id: int) -> Any:
        """Seat, positions, history and cases; the identity number masked."""
        with work() as s:
            at = asked(today(s))
            page = person_context(s, person_id, at, own=False)
            opened = ",".join(g for g in REVEALED if g != "document" and g in hat().sees)
            record(s, "view", {"person": person_id, **({"groups": opened} if opened else {})})
        reveal = f"/reveal/{person_id}" if "document" in hat().sees else None
        form = f"/person/{person_id}/appointment"
        return render_template(
            "card.html", title=title(page["person"]["name"], at), reveal_url=reveal, form_url=form, **page
        )

    @expose("/<int:person_id>/photo")
    @has_access
    def photo(self, person_id: int) -> Response:
        """The photo of a person in the reader's range."""
        return picture(person_id)
