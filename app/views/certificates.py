"""机构编制管理证: the printed certificate, and those that a change of their body has overtaken."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import force_locale
from flask_babel import gettext as _

from app.domain import codes, errors
from app.queries import sanding as reads
from app.queries import units
from app.reports import render
from app.reports.content import date
from app.views.fields_sanding import SCOPES
from app.views.issued import sent
from app.views.shell import work
from app.workflow.engine import today


class CertificateView(BaseView):
    """Certificates of bodies."""

    route_base = "/certificates"
    default_view = "stale"

    @expose("/stale")
    @has_access
    def stale(self) -> Any:
        """换证: bodies that changed since their certificate was issued."""
        after = request.args.get("after", "")
        if len(after) > 60 or not all(c.isdecimal() or c == "." for c in after):
            abort(400)
        with work() as s:
            rows = reads.stale_certificates(s, after)
        more = f"/certificates/stale?after={rows[199].scope_path}" if len(rows) > 200 else None
        return render_template(
            "certificates_stale.html", title=_("Certificates to be changed"), rows=rows[:200], next_url=more
        )

    @expose("/<int:unit_id>")
    @has_access
    def paper(self, unit_id: int) -> Any:
        """The valid certificate of a body as it is printed: what the ledger says today."""
        with work() as s:
            row = units.unit(s, unit_id)
            if row is None:
                raise errors.NotFound(unit=unit_id)
            held, now = reads.certificate(s, row.legal_id), today(s)
            quotas, leaders, departments = reads.ledger_numbers(s, row.legal_id, now)
        if held is None:
            abort(404)
        with force_locale("zh_Hans"):
            said = {
                "title": "机构编制管理证",
                "number": held.number,
                "blue": row.body == "institution",
                "rows": [
                    [label, str(value)]
                    for label, value in (
                        ("机构名称", row.name),
                        ("统一社会信用代码", row.uscc),
                        ("机构类别", codes.label("unit_category", row.category)),
                        ("规格", codes.label("unit_grade", row.grade) if row.grade else ""),
                        ("内设机构", "、".join(departments)),
                        *((codes.label("category", k), f"{n} 名") for k, n in quotas.items()),
                        *(
                            (
                                f"{dict(SCOPES)[k.partition(':')[0]]}职数（{codes.label('role', k.partition(':')[2])}）",
                                f"{n} 名",
                            )
                            for k, n in leaders.items()
                        ),
                        ("发证日期", date(held.issued_on)),
                        ("年审", f"{held.verified_year} 年度" if held.verified_year else ""),
                    )
                    if value
                ],
                "footer": f"{held.number} 打印于 {date(now)}",
            }
        return sent(render.pdf(said, layout="certificate"), f"机构编制管理证-{row.name}.pdf")
