"""What every page has: the hat, the menu, the language; and the transaction of a request."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from flask import g, request, session
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import Identity
from app.domain.workdays import CITY_CLOCK
from app.queries.notices import COUNTED, UNREAD
from app.security.hats import Hat
from app.security.services import services


def local(moment: dt.datetime) -> dt.datetime:
    """A moment by the clock on the city's walls."""
    return moment.astimezone(CITY_CLOCK)


def hat() -> Hat:
    """The signed-in hat; pages call it only behind ``has_access``."""
    found: Hat = g.hat
    return found


def named(case_id: int | None = None) -> AbstractContextManager[Session]:
    """One transaction under the request's identity; the first goes on in the one that named it."""
    who, begun = Identity(session.get("token", "")), g.pop("begun", None)
    return services().database.transaction(who, case_id=case_id, begun=begun)


@contextmanager
def work(case_id: int | None = None) -> Iterator[Session]:
    """A page's transaction."""
    with named(case_id) as opened:
        outer, g.opened = g.get("opened"), opened
        try:
            yield opened
            if request.method == "GET" and request.blueprint != "SearchView":
                hats()  # the page will show them: asked now, they cost no transaction of their own
        finally:
            g.opened = outer


def of_establishment() -> list[dict[str, Any]]:
    """What 编办 alone has in its menu."""
    return [
        {"label": _("Quota desk"), "url": "/quota-desk", "icon": "ledger"},
        {"label": _("Commission"), "url": "/commission/", "icon": "users"},
        {"label": _("Looking ahead"), "url": "/forecast", "icon": "leader"},
        {"label": _("Permits"), "url": "/list/permits", "icon": "check"},
        {"label": _("Yearly plans"), "url": "/list/plans", "icon": "ledger"},
        {"label": _("Annual verification"), "url": "/verification/", "icon": "check"},
        {"label": _("Away from their seats"), "url": "/list/absences", "icon": "history"},
        {"label": _("Reforms"), "url": "/reform/", "icon": "start"},
        {"label": _("Opening balance"), "url": "/intake/", "icon": "upload"},
    ]


def menu(who: Hat) -> list[dict[str, Any]]:
    """The main menu of a hat."""
    entries = [{"label": _("Home"), "url": "/", "icon": "home"}]
    if who.unit_id:
        entries += [
            {"label": _("Start a business"), "url": "/case/start", "icon": "start"},
            {"label": _("Our cases"), "url": "/list/cases", "icon": "case"},
            {"label": _("Our unit"), "url": f"/unit/{who.unit_id}", "icon": "unit"},
            {"label": _("Disclosure page"), "url": "/disclosure", "icon": "public"},
            {"label": _("Annual verification"), "url": "/verification/", "icon": "check"},
            {"label": _("Away from their seats"), "url": "/list/absences", "icon": "history"},
            {"label": _("Personnel"), "url": "/list/people", "icon": "users"},
            {"label": _("Seats"), "url": "/list/posts", "icon": "seat"},
            {"label": _("Permits"), "url": "/list/permits", "icon": "check"},
            {"label": _("Yearly plans"), "url": "/list/plans", "icon": "ledger"},
        ]
    elif who.department_id:
        entries = [
            {"label": _("To decide"), "url": "/queue", "icon": "queue"},
            {"label": _("Cases"), "url": "/list/cases", "icon": "case"},
            {"label": _("Ledger"), "url": "/ledger", "icon": "ledger"},
            {"label": _("Units"), "url": "/list/units", "icon": "unit"},
            {"label": _("Personnel"), "url": "/list/people", "icon": "users"},
        ]
    elif who.roles[0].name == "reader":  # its home is what it confirms, or the ledger, as a person's is the card
        entries = [
            *([{"label": _("To be confirmed"), "url": "/acknowledgements", "icon": "check"}] if who.office_id else []),
            {"label": _("Ledger"), "url": "/ledger", "icon": "ledger"},
            {"label": _("Units"), "url": "/list/units", "icon": "unit"},
            {"label": _("Personnel"), "url": "/list/people", "icon": "users"},
            {"label": _("Cases"), "url": "/list/cases", "icon": "case"},
        ]
    elif who.office_id:
        entries += [
            {"label": _("To decide"), "url": "/queue", "icon": "queue"},
            {"label": _("Cases"), "url": "/list/cases", "icon": "case"},
            {"label": _("Ledger"), "url": "/ledger", "icon": "ledger"},
            {"label": _("Units"), "url": "/list/units", "icon": "unit"},
            {"label": _("Personnel"), "url": "/list/people", "icon": "users"},
            {"label": _("Seats"), "url": "/list/posts", "icon": "seat"},
        ]
        if who.office_kind in ("establishment", "organisation", "human_resources"):
            entries.insert(3, {"label": _("Start a business"), "url": "/case/start", "icon": "start"})
        if who.office_kind == "human_resources":
            entries.insert(2, {"label": _("To be confirmed"), "url": "/acknowledgements", "icon": "check"})
        if who.office_kind == "establishment":
            entries += of_establishment()
    elif who.person_id:
        entries = [
            {"label": _("My card"), "url": "/card", "icon": "card"},
            {"label": _("Start a business"), "url": "/case/start", "icon": "start"},
        ]
    elif who.kind in ("system_admin", "security_admin"):
        entries = [
            {"label": _("Users"), "url": "/admin/users", "icon": "user"},
            {"label": _("Proposed identities"), "url": "/admin/requests", "icon": "check"},
            {"label": _("Offices"), "url": "/admin/offices", "icon": "hat"},
            {"label": _("Stuck cases"), "url": "/admin/stuck/", "icon": "alarm"},
            {"label": _("Cadre authority"), "url": "/admin/authority", "icon": "leader"},
            {"label": _("Roles"), "url": "/admin/roles", "icon": "lock"},
            {"label": _("Processes"), "url": "/processes/", "icon": "start"},
            *([{"label": _("Mail"), "url": "/admin/mail/", "icon": "notice"}] if who.kind == "system_admin" else []),
        ]
    elif who.kind == "auditor":
        entries = [
            {"label": _("Audit"), "url": "/audit/", "icon": "audit"},
            {"label": _("Verifications"), "url": "/audit/runs", "icon": "check"},
            {"label": _("Seals"), "url": "/audit/seals", "icon": "lock"},
        ]
    if who.kind in ("office_head", "inspector") or who.office_kind == "establishment":
        entries.append({"label": _("Time limits"), "url": "/supervision", "icon": "clock"})
    if who.office_kind in ("establishment", "human_resources", "finance", "social_insurance") and who.office_id:
        entries.append({"label": _("Payroll check"), "url": "/payroll/", "icon": "check"})
    elif who.unit_id:
        entries.append({"label": _("Payroll check"), "url": "/payroll/differences", "icon": "check"})
    if who.roles[0].name in ("unit", "office", "supervisor", "reader", "auditor"):
        entries.append({"label": _("Alarms"), "url": "/alarms", "icon": "alarm"})
    path = request.path
    for entry in entries:
        entry["active"] = path == entry["url"] or (entry["url"] != "/" and path.startswith(str(entry["url"])))
    if who.kind == "auditor":  # its first page is the beginning of the others' addresses
        entries[0]["active"] = not any(e["active"] for e in entries[1:])
    return entries


KINDS = {
    "unit_clerk": "申报员",
    "unit_head": "单位负责人",
    "office_member": "经办人",
    "office_head": "负责人",
    "person": "个人",
    "town_officer": "镇街编制专干",
    "supervisor": "主管部门",
    "inspector": "纪检监察、审计",
    "system_admin": "系统管理员",
    "security_admin": "安全保密管理员",
    "auditor": "安全审计员",
    "service": "系统",
}


def shell_context() -> dict[str, Any]:
    """Context of ``base.html``."""
    english = str(get_locale()) == "en"
    context: dict[str, Any] = {
        "html_lang": "en" if english else "zh-CN",
        "home_url": "/",
        "nav": [],
        "languages": [
            {"label": "中文", "url": "/lang/zh_Hans", "active": not english},
            {"label": "English", "url": "/lang/en", "active": english},
        ],
    }
    if current_user.is_authenticated and "hat" in g and g.hat is not None:
        who = hat()
        context |= {
            "nav": menu(who),
            "user": {"name": place()["name"], "label": place()["label"]},
            "user_menu": [
                {"label": _("My account"), "url": "/account/", "icon": "settings"},
                {"label": _("Notices by e-mail"), "url": "/account/mail/", "icon": "notice"},
                *([{"label": _("Delegate for an absence"), "url": "/delegation"}] if may_delegate(who) else []),
            ],
            "hats": hats(),
            "notices": {"number": bell(), "url": "/inbox"},
            "hat_url": "/hat/",
            "sign_out_url": "/logout/",
            "search_url": "/search" if who.unit_id or who.office_id else None,
        }
    return context


def may_delegate(who: Hat) -> bool:
    """Whether this hat has a side whose colleagues can act in its place."""
    return who.roles[0].name in ("unit", "office") and who.delegator_id is None


def hats() -> list[dict[str, Any]]:
    """The user's accounts, this one marked; asked once a request."""
    if "hats" not in g:
        opened = g.get("opened")
        with nullcontext(opened) if opened is not None else named() as s:
            rows = s.execute(
                text(
                    "SELECT a.id, a.kind, coalesce(o.name, unit_name(a.unit_id), r.name, '') AS place,"
                    " u.last_name || u.first_name AS name, a.delegated_from IS NOT NULL AS delegated,"
                    f" {UNREAD} AS unread FROM account a JOIN ab_user u ON u.id = a.user_id"
                    " LEFT JOIN office o ON o.id = a.office_id LEFT JOIN region r ON r.code = a.region_code WHERE a.user_id = scope_number(1)"
                    " AND a.started_on <= kernel_today() AND (a.ended_on IS NULL OR a.ended_on > kernel_today())"
                    " ORDER BY a.id"
                )
            ).all()
        g.unread = rows[0].unread if rows else 0
        g.hats = [
            {
                "id": r.id,
                "place": r.place,
                "name": r.name,
                "label": f"{r.place} {KINDS[r.kind]}".strip() + (_(" (in a colleague's place)") if r.delegated else ""),
                "active": r.id == hat().account_id,
            }
            for r in rows
        ]
    found: list[dict[str, Any]] = g.hats
    return found


def bell() -> str | None:
    """The unread notices beside the bell, counted with the hats in one statement."""
    hats()
    number = int(g.unread)
    return None if not number else f"{COUNTED}+" if number > COUNTED else str(number)


def place() -> dict[str, Any]:
    """The account in use: ``place`` (unit or office), ``label`` with the kind, ``name`` of the user."""
    return next(h for h in hats() if h["active"])
