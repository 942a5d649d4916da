"""附件的页面: files come in, are shown, go away; whoever may see the case may see its files."""

import io
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, flash, redirect, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.domain import errors
from app.exchange.attachments import KINDS, FileGoneError, Store, plain_name, take
from app.models import Application
from app.queries import papers
from app.security.services import services
from app.views.attachment_texts import why_not
from app.views.auditing import record
from app.views.papers import asked
from app.views.shell import work
from app.workflow import versions

# A picture runs nothing and loads nothing. A PDF is drawn by the browser's own viewer, which a sandbox would shut off;
# it is framed by our own pages only.
PICTURE = "default-src 'none'; sandbox"
DOCUMENT = "default-src 'none'; frame-ancestors 'self'"


def store() -> Store:
    """Where this application's files lie."""
    return Store(Path(current_app.config["FILES"]), services().keys)


class AttachmentView(BaseView):
    """Files of a case."""

    route_base = "/case"
    default_view = "show"

    @expose("/<int:case_id>/files", methods=["POST"])
    @has_access
    def add(self, case_id: int) -> Any:
        """Take one or more files for one of the case's papers."""
        paper = request.form.get("paper", "")
        with work() as s:
            case = s.get(Application, case_id)
            if case is None:
                raise errors.NotFound(case=case_id)
            if paper and paper not in {a.name for a in asked(versions.process_of(s, case))}:
                abort(400)
            if not papers.may_attach(s, case_id):
                raise errors.WrongState(state=case.state)
            drafting = case.state in ("draft", "returned")
        uploads = [f for f in request.files.getlist("files") if f.filename]
        kept, refused = 0, [] if uploads else [_("No file was chosen. Choose one or drop it on the field.")]
        for upload in uploads:
            try:
                self._keep(case_id, paper, upload)
                kept += 1
            except errors.FileRefused as refusal:
                refused.append(f"{plain_name(upload.filename or '')}：{why_not(refusal)}")
        if kept:
            flash(_("%(n)s file(s) added.", n=kept), "success")
        for said in refused:
            flash(said, "danger")
        return redirect(f"/case/{case_id}/edit#files" if drafting else f"/case/{case_id}#files")

    def _keep(self, case_id: int, paper: str, upload: FileStorage) -> None:
        try:
            taken = take(store(), upload.filename or "", upload.stream, str(current_app.config["CLAMD"]))
        except errors.FileRefused as refusal:
            with work(case_id):  # a transaction that a refusal ends is on record
                raise refusal from None
        with work(case_id) as s:
            papers.add(s, case_id, paper, taken)

    @expose("/<int:case_id>/files/<int:file_id>")
    @has_access
    def show(self, case_id: int, file_id: int) -> Response:
        """One file: pictures and PDF are shown, the others saved; each look is on record."""
        with work() as s:
            found = papers.file(s, case_id, file_id)
            if found is None:
                raise errors.NotFound(file=file_id)
            record(s, "view", {"case": case_id, "attachment": file_id, "person": found.person_id})
        try:
            content = store().get(bytes(found.sha256))
        except FileGoneError as gone:
            current_app.logger.error("attachment %s of case %s is not in the store", file_id, case_id)
            raise errors.NotFound(file=file_id) from gone
        kind = KINDS[found.kind]
        answer = send_file(
            io.BytesIO(content), mimetype=kind.media, download_name=found.name, as_attachment=not kind.shown, etag=False
        )
        answer.headers["Content-Security-Policy"] = DOCUMENT if found.kind == "pdf" else PICTURE
        if found.kind == "pdf":
            answer.headers["X-Frame-Options"] = "SAMEORIGIN"
        return answer

    @expose("/<int:case_id>/files/<int:file_id>/remove", methods=["POST"])
    @has_access
    def remove(self, case_id: int, file_id: int) -> Any:
        """Take a file out of a case that still lies with the applicant."""
        with work(case_id) as s:
            papers.remove(s, case_id, file_id)
            case = s.get(Application, case_id)
            drafting = case is not None and case.state in ("draft", "returned")
        flash(_("The file is removed."), "success")
        return redirect(f"/case/{case_id}/edit#files" if drafting else f"/case/{case_id}#files")
