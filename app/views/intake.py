"""建库: a workbook of legacy data, checked before anything is written, filed by one member of 编办, decided by another."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file, session
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.exchange.roster import (
    CellError,
    Finding,
    Preview,
    WorkbookRefused,
    check,
    finding_text,
    intake,
    loads,
    read_content,
    refusal_text,
    sheets,
)
from app.exchange.roster import text as error_text
from app.exchange.roster.layout import LAYOUT
from app.exchange.roster.texts import chinese
from app.queries import intakes
from app.security.services import services
from app.views.messages import sentence
from app.views.shell import hat, work

# What one page takes: about ten seconds of one thread. Whole cities come by ``flask import roster``.
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 5_000
MOST_CELLS = 200_000
SHOWN = 100
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_busy = threading.Lock()


@contextmanager
def alone() -> Iterator[bool]:
    """Reading and entering need the processor: one file at a time in a worker, the other threads serve on."""
    got = _busy.acquire(blocking=False)
    try:
        yield got
    finally:
        if got:
            _busy.release()


def said(message: str) -> str:
    """A sentence of the roster in the reader's language; its Chinese stands beside its codes."""
    return message if str(get_locale()) == "en" else chinese(message)


def keepers_only() -> None:
    """Legacy data are the business of 编办."""
    if hat().office_kind != "establishment":
        abort(403)


class IntakeView(BaseView):
    """Opening balances by file."""

    route_base = "/intake"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """Bring in a file, and the files brought in so far."""
        keepers_only()
        if request.method == "POST":
            with alone() as mine:
                if not mine:
                    return self._files(
                        _("Another file is being checked just now. Wait a minute and choose it again."), 503
                    )
                try:
                    return redirect(f"/intake/{self._received()}")
                except WorkbookRefused as refusal:
                    return self._files(refusal_text(refusal, said), 422)
        return self._files(None, 200)

    def _received(self) -> int:
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise WorkbookRefused("no_file")
        content = upload.stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise WorkbookRefused("too_large", limit=MOST_BYTES)
        workbook = read_content(content, most_cells=MOST_CELLS)
        rows = sum(len(workbook.rows(sheet)) for sheet in LAYOUT)
        if rows > MOST_ROWS:
            raise WorkbookRefused("too_many_rows", rows=rows, limit=MOST_ROWS)
        file = loads.File.of(upload.filename, content)
        with work() as s:
            regions, parents = loads.regions_of(s), intake.known_parents(s)
        preview: Preview = check(workbook, regions=regions, known_units=parents)
        with work() as s:
            made = loads.receive(s, file, preview, parents, services().keys)
            s.execute(
                text("SELECT audit_note('intake', :a, jsonb_build_object('intake', cast(:i AS bigint)))"),
                {"a": request.remote_addr, "i": made},
            )
        return made

    def _files(self, problem: str | None, status: int) -> Any:
        before = request.args.get("before", "")
        if before and not before.isdecimal():
            abort(400)
        with work() as s:
            rows = intakes.files(s, int(before) if before else None)
        return render_template(
            "intake.html",
            title=_("Opening balance"),
            problem=problem,
            files=rows[: intakes.PAGE],
            limits={"megabytes": MOST_BYTES // 1024 // 1024, "rows": MOST_ROWS},
            next_url=f"/intake/?before={rows[intakes.PAGE - 1].id}" if len(rows) > intakes.PAGE else None,
        ), status

    @expose("/template")
    @has_access
    def template(self) -> Any:
        """The empty workbook, with the lists to choose from."""
        keepers_only()
        return _sent(sheets.template(), _("Roster template"))

    @expose("/<int:intake_id>")
    @has_access
    def show(self, intake_id: int) -> Any:
        """What a file holds, unit by unit: figures, errors by sheet, row and column; later what became of it."""
        return self._shown(intake_id, "", None, 200)

    def _shown(self, intake_id: int, opinion: str, problem: str | None, status: int) -> Any:
        keepers_only()
        with work() as s:
            found = intakes.file(s, intake_id)
            if found is None:
                raise errors.NotFound(intake=intake_id)
            rows = intakes.units(s, intake_id)
        own = found.office_id == hat().office_id
        mine = found.filed_by == hat().user_id
        units = [_unit(row) for row in rows]
        return render_template(
            "intake_file.html",
            title=found.file_name,
            file=found,
            units=units,
            stray=[error_text(cell_error(e), said) for e in found.report["errors"][:SHOWN]],
            total=_total(units),
            may_file=own and found.state == "checked" and any(u["state"] == "checked" for u in units),
            may_withdraw=own and found.state in ("checked", "filed"),
            may_decide=own and not mine and found.state == "filed",
            waits_for_other=own and mine and found.state == "filed",
            opinion=opinion,
            problem=problem,
        ), status

    @expose("/<int:intake_id>/errors")
    @has_access
    def errors(self, intake_id: int) -> Any:
        """All errors of a file as a workbook, to be worked off."""
        keepers_only()
        with work() as s:
            found = intakes.file(s, intake_id)
            if found is None:
                raise errors.NotFound(intake=intake_id)
            rows = intakes.units(s, intake_id)
        lines = [["", *_line(e)] for e in found.report["errors"]]
        for row in rows:
            name = f"{row.unit_code} {row.unit_name}"
            lines += [[name, *_line(e)] for e in row.report["errors"]]
            if row.report.get("refusal"):
                lines.append([name, "", "", "", "", _refusal(row.report["refusal"])])
        headers = [_("Unit"), _("Sheet"), _("Row"), _("Column"), _("Found"), _("What is wrong, and what is allowed")]
        return _sent(sheets.table(_("Errors"), headers, lines), _("Errors"))

    @expose("/<int:intake_id>/<action>", methods=["POST"])
    @has_access
    def act(self, intake_id: int, action: str) -> Any:
        """File, withdraw, approve or reject."""
        keepers_only()
        opinion, address = request.form.get("opinion", "").strip()[:500], request.remote_addr or ""
        if action in ("approve", "reject") and not opinion:
            return self._shown(intake_id, opinion, _("Write an opinion first: it stands in every unit's case."), 422)
        if action == "approve":
            with alone() as mine:
                if not mine:
                    busy = _("Another file is being entered just now. Wait a minute and approve again.")
                    return self._shown(intake_id, opinion, busy, 503)
                identity = Identity(session.get("token", ""))
                for _unit_id in loads.approve(services().database, identity, intake_id, opinion, address):
                    pass
            return redirect(f"/intake/{intake_id}")
        with work() as s:
            if action == "file":
                number = loads.file_units(s, intake_id)
                flash(_("%(number)s units are filed; a colleague of your office decides.", number=number), "success")
            elif action == "withdraw":
                loads.withdraw(s, intake_id)
            elif action == "reject":
                loads.reject(s, intake_id, opinion, address)
            else:
                abort(404)
        return redirect(f"/intake/{intake_id}")


def _sent(content: bytes, name: str) -> Any:
    return send_file(io.BytesIO(content), download_name=f"{name}.xlsx", as_attachment=True, mimetype=EXCEL)


def cell_error(kept: dict[str, Any]) -> CellError:
    """An error as it was kept."""
    related = tuple((sheet, row) for sheet, row in kept["related"])
    return CellError(**{**kept, "allowed": tuple(kept["allowed"]), "related": related})


def _line(kept: dict[str, Any]) -> list[str]:
    return [kept["sheet"], str(kept["row"]), kept["column"], kept["found"], error_text(cell_error(kept), said)]


def _refusal(kept: dict[str, Any]) -> str:
    return sentence(errors.from_code(kept["code"], kept["facts"]))


def _unit(row: Any) -> dict[str, Any]:
    report = row.report
    problems = [error_text(cell_error(e), said) for e in report["errors"][:SHOWN]]
    if report.get("refusal"):
        problems.append(_refusal(report["refusal"]))
    waits = row.state == "quarantine" and not problems
    return {
        "code": row.unit_code,
        "name": row.unit_name,
        "state": row.state,
        "people": row.people,
        "figures": report["figures"],
        "problems": problems,
        "waits": waits,
        "more": report["more"] + max(0, len(report["errors"]) - SHOWN),
        "findings": [
            finding_text(Finding(**f), said) for f in report["findings"][:SHOWN] if f["code"] != "parent_held"
        ],
        "case_url": f"/case/{row.case_id}" if row.case_id else None,
        "number": row.number,
        "unit_url": f"/unit/{report['unit']}" if report.get("unit") else None,
    }


def _total(units: list[dict[str, Any]]) -> dict[str, int]:
    lines = [f for u in units for f in u["figures"] if f["kind"] == "establishment"]
    return {
        "units": len(units),
        "held": sum(u["state"] == "quarantine" for u in units),
        "people": sum(u["people"] for u in units if u["state"] != "quarantine"),
        "authorised": sum(f["authorised"] or 0 for f in lines),
        "surplus": sum(f["surplus"] or 0 for f in lines),
    }
