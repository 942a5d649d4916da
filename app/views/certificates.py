"""机构编制管理证: the printed certificate, and those that a change of their body has overtaken."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import force_locale
from flask_babel import gettext as _

from app.domain import codes, errors
from app.queries import history, units
from app.queries import sanding as reads
from app.queries.days import Moment
from app.reports import render
from app.reports.content import date
from app.views.day import asked
from app.views.fields.sanding import SCOPES
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
        """The certificate of a body that was valid on the day, as it is printed: what the ledger says of that day."""
        with work() as s:
            row = units.unit(s, unit_id)
            if row is None:
                raise errors.NotFound(unit=unit_id)
            at = asked(today(s))
            held = reads.certificate(s, row.legal_id, at)
            quotas, leaders, departments = reads.ledger_numbers(s, row.legal_id, at)
            then = history.unit_on(s, row.legal_id, at) or row
        if held is None:
            abort(404)
        with force_locale("zh_Hans"):
            said = {
                "title": "机构编制管理证",
                "number": held.number,
                "blue": then.body == "institution",
                "rows": [
                    [label, str(value)]
                    for label, value in (
                        ("机构名称", then.name),
                        ("统一社会信用代码", then.uscc),
                        ("机构类别", codes.label("unit_category", then.category)),
                        ("规格", codes.label("unit_grade", then.grade) if then.grade else ""),
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
                        ("年审", stamped(held.verified_year, at)),
                    )
                    if value
                ],
                "footer": f"{held.number} {as_of(at)}打印于 {date(at.today)}",
            }
        return sent(render.pdf(said, layout="certificate"), f"机构编制管理证-{then.name}.pdf")


def as_of(at: Moment) -> str:
    """What a print says of its day, where that is not simply today: always in Chinese."""
    if at.plain:
        return ""
    known = f"、按{date(at.known)}日终所知" if at.known else ""
    return f"据 {date(at.on)} 台账{known}，"


def stamped(year: int | None, at: Moment) -> str:
    """The last yearly stamp; a certificate of a past day bears none of a later year."""
    return f"{year} 年度" if year and (at.plain or year < at.on.year) else ""
