"""干部任免审批表: printed from the ledger and the record on a day, by right; what the reader may not see is said, not shown.

Outside a case it is a print for reference, without a number; nothing of it is kept. In a case whose business has it among its
papers it is a numbered paper: whoever has the right to all of it issues it. The books then hold a register entry (whose, when, the keyed
commitment to every word of the form), and the file lies encrypted in the store, for readers with the same rights alone. Each
print and each look is on record.
"""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import current_app, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.domain import codes, errors
from app.domain.resume import Span, resume, together
from app.exchange.attachments import FileGoneError
from app.models import Application
from app.queries import cases, issued, life
from app.reports import render, signed
from app.reports.content import APPOINTMENT, TITLES, date
from app.reports.content import content as entry_of
from app.security.services import services
from app.views.attachments import store
from app.views.auditing import record
from app.views.issued import gathered, issuing, put, sent
from app.views.life import spans, title_text
from app.views.place import some_number
from app.views.shell import hat, work
from app.workflow.engine import today

NO_RIGHT = "（无权查看）"
# What the form opens beside the register: whoever issues it, or looks at an issued one, sees both.
OPENS = ("family", "discipline")
YEARS, RELATIVES = 5, 8
FIELDS = ("on", "take", "leave", "reason")


class AppointmentForm(FlaskForm):
    """What the ledger does not know: the positions to be taken and left, and why."""

    on = DateField(_l("As of"), validators=[InputRequired()])
    take = StringField(_l("Position to be taken"), validators=[Optional(), Length(max=120)])
    leave = StringField(_l("Position to be left"), validators=[Optional(), Length(max=120)])
    reason = TextAreaField(_l("Reason of the appointment"), validators=[Optional(), Length(max=600)])


def month(day: dt.date | str | None) -> str:
    """A month as the form writes it: ``1975.03``."""
    day = dt.date.fromisoformat(day) if isinstance(day, str) and day else day
    return f"{day:%Y.%m}" if isinstance(day, dt.date) else ""


def years(born: dt.date | str | None, on: dt.date) -> int | None:
    """Full years on a day."""
    born = dt.date.fromisoformat(born) if isinstance(born, str) and born else born
    if not isinstance(born, dt.date):
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def content(s: Session, person_id: int, on: dt.date, typed: Mapping[str, Any], sees: tuple[str, ...]) -> dict[str, Any]:
    """Everything that the form says, in Chinese.

    Raises:
        NotFound: the person is not the reader's to see.
    """
    p = life.person(s, person_id)
    if p is None:
        raise errors.NotFound(person=person_id)
    kinds = ("basic", "appointment", "education", "title", "award", "assessment", "discipline", "family")
    items = life.items_on(s, person_id, kinds, on)
    now = [i for i in items if i.ended_on is None or i.ended_on > on]
    basic: dict[str, Any] = next((i.fields for i in now if i.kind == "basic"), {})
    with force_locale("zh_Hans"):
        places, titles, away = spans(s, person_id, on)
        lines = resume(places, titles, on, p.work_started_on, away)
    posts = [title_text("appointment", i.fields) for i in now if i.kind == "appointment"]
    held = posts or [t.text for t in titles if t.on(on)]
    seats = [
        r for r in life.seats(s, person_id) if r.kind == "establishment" and Span(r.started_on, r.ended_on, "").on(on)
    ]
    presenting = seats[-1].unit if seats else ""
    place = next((t.text for t in reversed(places) if t.on(on)), p.unit or "")
    political = basic.get("political") or p.political
    member = political in ("01", "02") and basic.get("party_on")
    return {
        "title": TITLES[APPOINTMENT], "number": "", "office": "", "name": p.name, "sex": codes.label("sex", p.sex),
        "born": f"{month(p.birth_on)}\n（{years(p.birth_on, on)}岁）",
        "ethnicity": codes.label("ethnicity", basic.get("ethnicity") or p.ethnicity),
        "native_place": basic.get("native_place") or p.native_place or "",
        "birthplace": basic.get("birthplace", ""), "health": codes.label("health", basic.get("health")),
        "party": month(basic["party_on"]) if member else codes.label("political", political),
        "work_start": month(p.work_started_on), "speciality": basic.get("speciality", ""),
        "profession": "、".join(str(i.fields["title_name"]) for i in now if i.kind == "title"),
        "full": schooling(now, "1"), "service": schooling(now, "2"),
        "present": together([place] if place else [], held),
        "take": typed.get("take") or "", "leave": typed.get("leave") or "", "reason": typed.get("reason") or "",
        "resume": [[line.period, line.text] for line in lines],
        "rewards": rewards(now, sees), "assessments": assessments(items, sees),
        "family": family(now, on) if "family" in sees else [["", NO_RIGHT, "", "", ""]],
        # The unit that presents him is the one he sat in on that day.
        "unit": presenting or p.unit or "", "note": f"{date(on)}",
        "footer": f"干部任免审批表（查阅件，未编号） {p.name}，据 {date(on)} 台账和人员信息打印", "void": None,
    }  # fmt: skip


def schooling(items: list[Any], study: str) -> list[str]:
    """学历学位 and school of one way of study (全日制, 在职): the last one."""
    last = next((i.fields for i in reversed(items) if i.kind == "education" and i.fields.get("study") == study), None)
    if last is None:
        return ["", ""]
    said = [codes.label("education", last.get("education")), codes.label("degree", last.get("degree"))]
    return ["".join(x for x in said if x), "".join(str(last.get(k) or "") for k in ("school", "major"))]


def rewards(items: list[Any], sees: tuple[str, ...]) -> list[str]:
    """奖惩情况: awards; disciplines that have effect, by right."""
    out = [
        f"{month(i.started_on)} {i.fields['award']}（{i.fields.get('issuer', '')}）" for i in items if i.kind == "award"
    ]
    if "discipline" not in sees:
        return [*out, f"处分{NO_RIGHT}"]
    return out + [
        f"{month(i.started_on)} {codes.label('discipline', i.fields['penalty'])}（{i.fields.get('issuer', '')}）"
        for i in items
        if i.kind == "discipline"
    ]


def assessments(items: list[Any], sees: tuple[str, ...]) -> list[str]:
    """年度考核结果 of the last years, by right."""
    if "discipline" not in sees:
        return [NO_RIGHT]
    found = {i.fields["year"]: i.fields["result"] for i in items if i.kind == "assessment"}
    return [f"{year}年 {codes.label('appraisal', found[year])}" for year in sorted(found)[-YEARS:]]


def family(items: list[Any], on: dt.date) -> list[list[str]]:
    """家庭主要成员: relation, name, age, political status, unit and position."""
    out = []
    for i in [i.fields for i in items if i.kind == "family"][:RELATIVES]:
        age = years(i.get("relative_born_on"), on)
        out.append([codes.label("family", i["relation"]), i["relative"], "" if age is None else str(age),
                    codes.label("political", i.get("relative_political")),
                    " ".join(x for x in (i.get("work_unit"), i.get("post_held")) if x)])  # fmt: skip
    return out


def picture_of(s: Session, person_id: int, on: dt.date) -> bytes | None:
    """The photo that stood on a day; none where there is none, or its file is gone."""
    digest = life.photo(s, person_id, on)
    if not digest:
        return None
    try:
        return store().get(bytes.fromhex(digest))
    except FileGoneError:
        current_app.logger.error("the photo of person %s is not in the store", person_id)
        return None


class AppointmentView(BaseView):
    """The form of a person's appointment."""

    route_base = "/person"
    default_view = "form"

    @expose("/<int:person_id>/appointment", methods=["GET", "POST"])
    @has_access
    def form(self, person_id: int) -> Any:
        """Ask for what the ledger does not know, then print."""
        form = AppointmentForm()
        with work() as s:
            p = life.person(s, person_id)
            if p is None:
                raise errors.NotFound(person=person_id)
            if request.method == "GET":
                form.process(data={"on": today(s)} | self._of_case(s, person_id))
            number = self._to_issue(s)
        if form.validate_on_submit():
            if number is not None:
                return issuing(number, partial(self._issue, person_id, number, form))
            return self._printed(person_id, form)
        return render_template(
            "form.html",
            title=_("Form of appointment"),
            intro=_("Printed from the ledger and the record; nothing typed here is kept. Each print is on record.")
            if number is None
            else _(
                "Issued with a number and a code that proves it. The form is kept encrypted and opens by right alone."
            ),
            form=form,
            fields=list(FIELDS),
            button=_("Print") if number is None else _("Issue"),
            back_url=f"/person/{person_id}" if number is None else f"/case/{number}#printouts",
        )

    def _of_case(self, s: Session, person_id: int) -> dict[str, Any]:
        """The position that a case about this person asks for."""
        number = some_number(request.args.get("case", ""))
        if number is None:
            return {}
        case = s.get(Application, number)
        if case is None:
            raise errors.NotFound(case=number)
        facts = cases.facts(s, case.id)
        if case.person_id != person_id and facts.get("person") != person_id:
            raise errors.NotFound(case=number)
        return {"take": facts.get("position") or ""}

    def _to_issue(self, s: Session) -> int | None:
        """The case in which the form may be issued now by this reader; none: it is printed for reference."""
        number = some_number(request.args.get("case", ""))
        if number is None or not set(OPENS) <= set(hat().sees):
            return None
        kinds, valid = issued.possible(s, number) or [], {r.kind for r in issued.of_case(s, number) if not r.voided_at}
        return number if APPOINTMENT in kinds and APPOINTMENT not in valid else None

    def _issue(self, person_id: int, number: int, form: AppointmentForm, s: Session) -> int:
        on: dt.date = form.on.data or dt.date.min  # validated: there is one
        case = s.get(Application, number)
        if case is None or case.person_id != person_id:
            raise errors.NotFound(case=number)
        said = content(s, person_id, on, form.data, hat().sees)
        given = issued.number(s, number, APPOINTMENT)
        entry = entry_of(APPOINTMENT, gathered(s, case, issued.ground(s, number)), given.number)
        rows = [["截至", date(on)], ["拟任职务", said["take"]], ["拟免职务", said["leave"]]]
        entry |= {"on": on.isoformat(), "opens": list(OPENS), "person_id": person_id,
                  "form": services().keys.commit(APPOINTMENT, signed.canonical(said)),
                  "rows": entry["rows"] + [row for row in rows if row[1]]}  # fmt: skip
        made = said | {"number": f"{entry['title']}{given.number}", "office": entry["office"],
                       "footer": f"{entry['footer']}，据 {date(on)} 台账和人员信息"}  # fmt: skip
        record(
            s, "view", {"person": person_id, "form": "appointment", "on": on, "groups": ",".join(OPENS), "case": number}
        )
        return put(s, number, APPOINTMENT, given, entry, made, layout="cadre", picture=picture_of(s, person_id, on))

    def _printed(self, person_id: int, form: AppointmentForm) -> Any:
        on: dt.date = form.on.data or dt.date.min  # validated: there is one
        with work() as s:
            made = content(s, person_id, on, form.data, hat().sees)
            opened = ",".join(g for g in OPENS if g in hat().sees)
            record(s, "view", {"person": person_id, "form": "appointment", "on": on, "groups": opened})
            picture = picture_of(s, person_id, on)
        pdf = render.pdf(made, fonts=current_app.config["FONTS"], layout="cadre", picture=picture)
        return sent(pdf, f"干部任免审批表{made['name']}.pdf")
