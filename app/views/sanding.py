"""机构文件的页: 三定 of a day with its versions and print, 沿革 as picture and table, bodies counted against their limits."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes, errors, sanding
from app.queries import history, units
from app.queries import sanding as reads
from app.reports import render
from app.reports.content import date
from app.views import day
from app.views.certificates import as_of
from app.views.fields.sanding import COLUMNS, COUNTS, SCOPES, SIGNBOARDS, TEMPORARY, words
from app.views.issued import sent
from app.views.lineage_picture import Link, Stretch, picture
from app.views.place import some_number
from app.views.region_words import own
from app.views.shell import hat, work
from app.workflow.engine import today

KIND_NAMES = dict(SIGNBOARDS)
COUNT_NAMES = {True: dict(COUNTS)["yes"], False: dict(COUNTS)["no"]}


def body(s: Session, unit_id: int) -> Any:
    """The legal body of the page; a department's page is its body's, a foreign one absent."""
    row = units.unit(s, unit_id)
    if row is None:
        raise errors.NotFound(unit=unit_id)
    return row


def on_day(versions: list[Any], on: dt.date) -> Any:
    """The version that holds on a day."""
    return next((v for v in versions if v.started_on <= on and (v.ended_on is None or v.ended_on > on)), None)


def asked(versions: list[Any], name: str) -> Any:
    """The version named in the address; another body's answers 404, nonsense 400."""
    wanted = some_number(request.args.get(name, ""))
    if wanted is None:
        return None
    found = next((v for v in versions if v.id == wanted), None)
    if found is None:
        abort(404)
    return found


def parts(document: sanding.Document) -> list[dict[str, Any]]:
    """The four lists as tables, codes by their names."""
    return [
        {
            "key": key,
            "title": title,
            "columns": [c.label for c in COLUMNS[key]],
            "rows": [
                [dict(c.choices).get(str(r.get(c.key) or ""), r.get(c.key) or "—") for c in COLUMNS[key]]
                for r in getattr(document, key)
            ],
        }
        for key, title in titles().items()
    ]


def titles() -> dict[str, str]:
    """What the four lists are called."""
    return {
        "duties": _("Main duties"),
        "departments": _("Internal departments"),
        "quotas": _("Quota"),
        "leaders": _("Leadership numbers"),
    }


def told(d: sanding.Difference) -> dict[str, Any]:
    """A difference in words."""
    if d.part == "quotas":
        what = codes.label("category", d.key)
    elif d.part == "leaders":
        scope, _colon, role = d.key.partition(":")
        what = f"{dict(SCOPES).get(scope, scope)} · {codes.label('role', role)}"
    else:
        what = d.key
    there = {0: _("absent"), 1: _("present")}
    numbers = (d.stated, d.found) if d.part != "departments" else (there[d.stated], there[d.found])
    return {"part": titles()[d.part], "what": what, "stated": numbers[0], "found": numbers[1]}


class SandingView(BaseView):
    """三定规定 of one body."""

    route_base = "/sanding"
    default_view = "show"

    @expose("/<int:unit_id>")
    @has_access
    def show(self, unit_id: int) -> Any:
        """The document as it holds on a day, where the ledger differs, what another version had otherwise."""
        with work() as s:
            row = body(s, unit_id)
            now = today(s)
            at = day.asked(now)
            versions = reads.versions(s, row.legal_id, at)
            shown = asked(versions, "version") or on_day(versions, at.on)
            against = asked(versions, "against")
            then = history.unit_on(s, row.legal_id, at)
            boards = reads.signboards(s, row.legal_id, at)
            found = reads.ledger_numbers(s, row.legal_id, at)
            temporary = reads.temporary(s, row.legal_id, at)
        document = sanding.parse(shown.content) if shown else None
        return render_template(
            "sanding.html",
            title=_("三定 of %(name)s", name=(then or row).name),
            unit={"name": (then or row).name, "url": f"/unit/{row.legal_id}", "id": row.legal_id},
            day=day.day_context(at, f"/sanding/{unit_id}"),
            query=f"?{urlencode(at.parameters)}" if at.parameters else "",
            shown=shown,
            parts=parts(document) if document else [],
            total=document.total if document else None,
            differences=[told(d) for d in sanding.differences(document, *found)] if document else [],
            versions=versions,
            against=against,
            changes=changes(sanding.parse(against.content), document) if against and document else [],
            signboards=[
                {"kind": KIND_NAMES[b.kind], "name": b.shown, "counts": COUNT_NAMES[b.counts_as_one],
                 "document_no": b.document_no, "since": b.started_on} for b in boards
            ],
            temporary=[{"b": b, "kind": dict(TEMPORARY)[b.kind], "late": b.until_on < now} for b in temporary],
            may_file=hat().office_kind == "establishment",
        )  # fmt: skip

    @expose("/<int:unit_id>/print")
    @has_access
    def paper(self, unit_id: int) -> Any:
        """The version as a document in the official layout."""
        with work() as s:
            row = body(s, unit_id)
            at = day.asked(today(s))
            versions = reads.versions(s, row.legal_id, at)
            shown = asked(versions, "version") or on_day(versions, at.on)
            then = history.unit_on(s, row.legal_id, shown.started_on if shown else at)
        if shown is None:
            abort(404)
        with force_locale("zh_Hans"):
            content = printed((then or row).name, shown) | {"note": standing(shown, at)}
        return sent(render.pdf(content, layout="sanding"), f"三定规定-{(then or row).name}-{shown.started_on}.pdf")


def standing(version: Any, at: Any) -> str:
    """Whether the printed version was the one in force on the day asked, and when it was printed."""
    on = at.on
    held = version.started_on <= on and (version.ended_on is None or version.ended_on > on)
    said = f"{as_of(at)}截至 {date(on)} 有效" if held else f"{date(on)} 未施行或已被替代的文本"
    return f"{said}；打印于 {date(at.today)}"


def printed(name: str, version: Any) -> dict[str, Any]:
    """What the paper says: strings only, so that nothing written is markup."""
    document = sanding.parse(version.content)
    return {
        "title": f"{name}职能配置、内设机构和人员编制规定",
        "number": version.document_no,
        "issuer": version.issuer,
        "day": date(version.started_on),
        "duties": [r["text"] for r in document.duties],
        "departments": [[r["name"], r["duties"], str(r.get("number") or "—")] for r in document.departments],
        "quotas": [[codes.label("category", r["category"]), str(r["number"])] for r in document.quotas],
        "total": str(document.total),
        "leaders": [["".join(words("leaders", r)[:2]), codes.label("level", r["level"]) if r.get("level") else "—", str(r["number"])]
                    for r in document.leaders],
    }  # fmt: skip


def changes(old: sanding.Document, new: sanding.Document) -> list[dict[str, Any]]:
    """What the shown version took out and put in against the other one."""
    return [
        {"title": titles()[part], "gone": [" · ".join(words(part, r)) for r in gone],
         "come": [" · ".join(words(part, r)) for r in come]}
        for part, (gone, come) in sanding.changed(old, new).items()
    ]  # fmt: skip


class LineageView(BaseView):
    """沿革 of one body."""

    route_base = "/lineage"
    default_view = "show"

    @expose("/<int:unit_id>")
    @has_access
    def show(self, unit_id: int) -> Any:
        """From what it came and what it became, as a picture and as a table (机构编制沿革表)."""
        with work() as s:
            row = body(s, unit_id)
            now = today(s)
            versions, successions = reads.lineage(s, row.legal_id)
            documents, past = reads.documents(s, row.legal_id), reads.past(s, row.legal_id)
        title = _("History of %(name)s", name=row.name)
        stretches = [Stretch(v.unit_id, v.name, v.started_on, v.ended_on) for v in versions]
        links = [Link(x.from_unit_id, x.to_unit_id, x.happened_on) for x in successions]
        names = {v.unit_id: v.name for v in versions}
        return render_template(
            "lineage.html",
            title=title,
            unit={"name": row.name, "url": f"/unit/{row.legal_id}"},
            picture=picture(stretches, links, row.legal_id, now, _("%(t)s: the table below says the same", t=title)),
            rows=sorted([*past_rows(past), *version_rows(versions), *succession_rows(successions, names), *document_rows(documents)],
                        key=lambda r: r["day"]),
            may_file=hat().office_kind == "establishment",
        )  # fmt: skip


def past_rows(past: list[Any]) -> list[dict[str, Any]]:
    """Rows that documents tell, marked as no ledger."""
    return [
        {"day": p.on_day, "document_no": p.document_no, "document": p.document_name, "name": p.unit_name, "parent": p.parent_name,
         "what": p.detail, "loaded": True}
        for p in past
    ]  # fmt: skip


def version_rows(versions: list[Any]) -> list[dict[str, Any]]:
    """A name, a grade, a superior from a day on; a body's end."""
    out = []
    for v in versions:
        grade = codes.label("unit_grade", v.grade) if v.grade else ""
        row = {"document_no": v.document_no, "document": "", "name": v.name, "parent": v.parent or "", "loaded": False}
        out.append(
            row | {"day": v.started_on, "what": "，".join(x for x in (_("Named so from this day on"), grade) if x)}
        )
        if v.closed_on is not None and v.ended_on == v.closed_on:
            out.append(row | {"day": v.closed_on, "what": _("Unit closed"), "document_no": v.closed_by})
    return out


def succession_rows(successions: list[Any], names: dict[int, str]) -> list[dict[str, Any]]:
    """Who went on as whom."""
    kinds = {"merge": _("merged into"), "split": _("split off as"), "transfer": _("goes on as"),
             "department": _("a department of it goes to")}  # fmt: skip
    return [
        {"day": x.happened_on, "document_no": x.document_no, "document": "", "name": names.get(x.from_unit_id, "—"), "parent": "",
         "what": f"{kinds.get(x.kind, x.kind)} {names.get(x.to_unit_id, '—')}", "loaded": False}
        for x in successions
    ]  # fmt: skip


def document_rows(documents: list[Any]) -> list[dict[str, Any]]:
    """Numbers fixed, each with its line or post; 三定 published, signboards."""
    out = []
    for d in documents:
        if d.type == "quota.set":
            line, number = units.line_label(d), "—" if d.authorised is None else d.authorised
            what = (
                _("Leadership number: %(line)s, authorised %(n)s", line=line, n=number)
                if d.kind == "leadership"
                else _("Establishment: %(line)s, authorised %(n)s", line=line, n=number)
            )
        else:
            what = {"sanding.published": _("三定 published"), "signboard.set": _("Signboard put up")}.get(
                d.type, _("Signboard taken down")
            )
        out.append({"day": d.on_day, "document_no": d.document_no, "document": "", "name": d.name or "", "parent": "",
                    "what": what, "loaded": False})  # fmt: skip
    return out


class LimitView(BaseView):
    """机构限额: bodies counted as the documents say, against what a division may have."""

    route_base = "/limits"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Divisions and classes with the most, the bodies there are and what is left, on a day."""
        with work() as s:
            now = today(s)
            at = day.asked(now)
            limits, counted = reads.limits(s, at.on), reads.counted(s, at.on)
        return render_template(
            "limits.html",
            title=_("Limits on the number of bodies"),
            day=day.day_context(at, "/limits"),
            limits=[
                {"region": m.region, "category": codes.label("unit_category", m.category), "most": m.most, "bodies": m.bodies,
                 "left": max(0, m.most - m.bodies), "over": max(0, m.bodies - m.most), "document_no": m.document_no}
                for m in limits
            ],
            counted=[{**r._asdict(), "label": own(r.code, r.name)} for r in counted],
            may_file=hat().office_kind == "establishment",
        )  # fmt: skip
