"""文书的页面: issue a numbered paper, print it again, the case file, and the check of a paper that somebody holds."""

import io
import json
from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.exchange.attachments import FileGoneError
from app.models import Application
from app.queries import cases, issued, life, papers, units
from app.reports import content, render, signed
from app.security.services import services
from app.views import case_facts
from app.views.attachments import DOCUMENT, store
from app.views.auditing import record
from app.views.case_events import event_titles
from app.views.messages import sentence
from app.views.papers import asked, size, why_void
from app.views.rows import states
from app.views.shell import hat, local, work
from app.workflow import engine, versions


def gathered(s: Session, case: Application, ground: dict[str, Any]) -> content.Gathered:
    """What a paper may say of a case; always in Chinese."""
    with force_locale("zh_Hans"):
        plan, line = (
            versions.process_of(s, case),
            s.execute(text("SELECT * FROM case_line(:c)"), {"c": case.id}).one_or_none(),
        )
        titles = {t.code: t.title for stage in plan.stages for t in stage.tasks}
        words = {"approved": "同意", "returned": "退回补正", "rejected": "不予批准"}
        known = event_titles()
        facts = case_facts.shown(s, cases.facts(s, case.id), line, plan)
        return content.Gathered(
            number=case.number or "",
            process=plan.title,
            title=case.title,
            unit=s.execute(text("SELECT unit_name(:u)"), {"u": case.unit_id}).scalar() or "",
            office=ground["office"] or "",
            day=engine.today(s),
            submitted=local(case.submitted_at).date() if case.submitted_at else None,
            effective=case.effective_on,
            person=ground["person"] or "",
            id_mask=ground["id_mask"] or "",
            statutory=plan.days.statutory,
            promised=plan.days.promised,
            result=plan.result,
            line=units.line_label(line) if line is not None else "",
            figures=(line.authorised, line.occupied, line.reserved) if line is not None else None,
            entered=ground["entered"],
            left=ground["left"],
            kept=ground["kept"],
            sits=ground["sits"],
            meeting=s.execute(text("SELECT commission_ground(:c)"), {"c": case.id}).scalar(),
            facts=[(f["label"], str(f["value"])) for f in facts],
            opinions=[
                {
                    "office": t.office or "",
                    "title": titles.get(t.code, ""),
                    "verdict": words[t.state],
                    "opinion": t.opinion or "",
                    "who": t.assignee or "",
                    "day": content.date(local(t.closed_at).date()) if t.closed_at else "",
                }
                for t in cases.tasks(s, case.id)
                if t.state in words
            ],
            events=[
                {
                    "at": f"{local(e.at):%Y-%m-%d %H:%M}",
                    "title": str(known.get(e.kind, (e.kind, ""))[0]),
                    "by": f"{e.side} {e.operator}",
                    "opinion": e.opinion or "",
                }
                for e in cases.events(s, case.id)
            ],
            papers=[[str(a.slot), a.name, str(a.copies), "交验原件" if a.original else ""] for a in asked(plan)],
            handed={str(p.slot): str(states()[p.state][0]) for p in papers.handed_in(s, case.id)},
        )  # fmt: skip


def put(
    s: Session, case_id: int, kind: str, given: Any, entry: dict[str, Any], made: dict[str, Any], **how: Any
) -> int:
    """Sign an entry of the register, print what is ``made`` of it with its code, and put both under the number."""
    said = signed.canonical(entry)
    line = signed.line_of(entry, signed.content_hash(said))
    signature = signed.sign(line, services().keys)
    pdf = render.pdf(made, code=signed.code(line, signature), fonts=current_app.config["FONTS"], **how)
    return issued.issue(s, case_id, kind, given, said, signature, store().put(pdf))


def issuing(case_id: int, make: Callable[[Session], int]) -> Any:
    """Number, register entry, signature and file in one transaction, or none of them; then the paper, or what refused it."""
    try:
        with work(case_id) as s:
            paper_id = make(s)
    except errors.DomainError as refusal:
        if refusal.http_status == 404:
            raise
        flash(sentence(refusal), "danger")
        return redirect(f"/case/{case_id}#printouts")
    return redirect(f"/case/{case_id}/issued/{paper_id}")


class IssuedView(BaseView):
    """Numbered papers and the case file."""

    route_base = "/case"
    default_view = "show"

    @expose("/<int:case_id>/issue", methods=["POST"])
    @has_access
    def issue(self, case_id: int) -> Any:
        """Issue a paper: number, content, signature and file in one transaction, or none of them."""
        kind = request.form.get("kind", "")

        def make(s: Session) -> int:
            case = s.get(Application, case_id)
            if case is None:
                raise errors.NotFound(case=case_id)
            if kind not in content.TITLES or kind == content.APPOINTMENT:  # that one has a form of its own
                abort(400)
            given = issued.number(s, case_id, kind)
            entry = content.content(kind, gathered(s, case, issued.ground(s, case_id)), given.number)
            return put(s, case_id, kind, given, entry, entry)

        return issuing(case_id, make)

    @expose("/<int:case_id>/issued/<int:paper_id>")
    @has_access
    def show(self, case_id: int, paper_id: int) -> Any:
        """The paper as it was issued; once void, with the mark across it."""
        with work() as s:
            row = issued.one(s, case_id, paper_id)
            if row is None:
                raise errors.NotFound(paper=paper_id)
            said = json.loads(row.content)
            if not set(said.get("opens", ())) <= set(hat().sees) or (
                said.get("person_id") and life.person(s, int(said["person_id"])) is None
            ):
                raise errors.NotAllowed()
            record(s, "view", {"case": case_id, "paper": paper_id, "person": said.get("person_id")})
        pdf = None
        if row.voided_at is None:
            try:
                pdf = store().get(bytes(row.file_hash))
            except FileGoneError:  # its content stands in the database: printed anew
                current_app.logger.error("the file of paper %s is not in the store", paper_id)
        if pdf is None:
            with force_locale("zh_Hans"):
                void = (
                    f"{content.date(local(row.voided_at).date())}，{why_void(row.void_reason)}"
                    if row.voided_at
                    else None
                )
            line = signed.line_of(said, signed.content_hash(row.content))
            code = signed.code(line, bytes(row.signature))
            pdf = render.pdf(said, code=code, void=void, fonts=current_app.config["FONTS"])
        return sent(pdf, f"{said['title']}{row.number}.pdf")

    @expose("/<int:case_id>/file")
    @has_access
    def file(self, case_id: int) -> Any:
        """业务案卷: sheet, timeline, papers and whatever attachment can be pages, as one PDF."""
        with work() as s:
            case = s.get(Application, case_id)
            if case is None or case.number is None:
                raise errors.NotFound(case=case_id)
            made = content.case_file(gathered(s, case, issued.ground(s, case_id)))
            files = papers.files(s, case_id)
            record(s, "view", {"case": case_id, "attachments": len(files), "person": case.person_id})
        enclosures = []
        for f in files:
            try:
                found = store().get(bytes(f.sha256))
            except FileGoneError as gone:
                current_app.logger.error("attachment %s of case %s is not in the store", f.id, case_id)
                raise errors.PaperNotMade(reason="file_gone") from gone
            enclosures.append(render.Enclosure(f.name, f.kind, size(f.size), found))
        pdf = render.pdf(made, enclosures=enclosures, fonts=current_app.config["FONTS"])
        return sent(pdf, f"业务案卷{case.number}.pdf")


def sent(pdf: bytes, name: str) -> Any:
    """A PDF to look at, under its name."""
    answer = send_file(io.BytesIO(pdf), mimetype="application/pdf", download_name=name, etag=False)
    answer.headers["Content-Security-Policy"] = DOCUMENT
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


class CheckView(BaseView):
    """文书核验: for whoever holds a paper, signed in or not."""

    route_base = "/check"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Type or paste what the code says: whether it is ours, and whether it is void by now."""
        said, found = request.form.get("code", "")[: signed.LONGEST], None
        if request.method == "POST":
            found = self._looked_up(said)
        return render_template("check.html", title=_("Check a paper"), code=said, found=found)

    def _looked_up(self, said: str) -> dict[str, Any]:
        try:
            line = signed.read(said, services().keys.seal_public)
            digest = signed.unpadded(line.hash)
        except ValueError:
            return {"state": "not_ours", "rows": []}
        with services().database.transaction(None) as s:
            row = issued.standing(s, digest)
        rows = [
            (_("Paper"), f"{line.kind} {line.number}"),
            (_("Issued by"), line.office),
            (_("Day of issue"), line.day),
            (_("Unit"), line.unit),
            (_("Person"), line.person),
        ]
        state = "unknown" if not row.known else "void" if row.void_on else "valid"
        why = f"{row.void_on}，{why_void(row.void_reason)}" if row.void_on else ""
        return {"state": state, "why": why, "rows": [r for r in rows if r[1]]}
