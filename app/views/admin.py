"""系统管理: users with their hats, offices, roles; read for the system and the security administrator."""

from typing import Any

from flask import render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.security.manager import FAB_ROLES
from app.views.shell import KINDS, work


class AdminView(BaseView):
    """Administration without business data."""

    route_base = "/admin"
    default_view = "users"

    @expose("/users")
    @has_access
    def users(self) -> Any:
        """Users and the accounts they hold, by user name; keyset paging."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT u.username, u.last_name || u.first_name AS name, a.kind, a.started_on, a.ended_on,"
                    " coalesce(o.name, unit_name(a.unit_id), '') AS side FROM ab_user u JOIN account a ON a.user_id = u.id"
                    " LEFT JOIN office o ON o.id = a.office_id WHERE u.username > :after ORDER BY u.username, a.id LIMIT 51"
                ),
                {"after": request.args.get("after", "")[:64]},
            ).all()
        labels = (
            ("username", _("User name")),
            ("name", _("Name")),
            ("side", _("Stands for")),
            ("kind", _("Identity")),
        )
        listing = {
            "title": _("Users"),
            "intro": None,
            "columns": [
                {"key": k, "label": v, "sortable": False, "url": None, "sorted": None, "align": None} for k, v in labels
            ],
            "rows": [
                {"cells": [{"text": r.username}, {"text": r.name}, {"text": r.side}, {"text": KINDS[r.kind]}]}
                for r in rows[:50]
            ],
            "filters": [],
            "keep": [],
            "chips": [],
            "clear_url": None,
            "prev_url": None,
            "total": None,
            "export_url": None,
            "next_url": f"/admin/users?after={rows[49].username}" if len(rows) > 50 else None,
            "empty_text": None,
        }
        return render_template("admin_users.html", title=_("Users"), listing=listing)

    @expose("/offices")
    @has_access
    def offices(self) -> Any:
        """Offices of the city and the districts with their members."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT r.name AS region, o.name, o.kind, coalesce(string_agg(u.last_name || u.first_name, '、' ORDER BY u.username), '') AS members"
                    " FROM office o JOIN region r ON r.code = o.region_code LEFT JOIN account a ON a.office_id = o.id AND a.kind <> 'service'"
                    " LEFT JOIN ab_user u ON u.id = a.user_id GROUP BY r.code, r.name, o.id ORDER BY r.code, o.id"
                )
            ).all()
        regions: dict[str, list[dict[str, Any]]] = {}
        for r in rows:
            regions.setdefault(r.region, []).append(
                {
                    "name": r.name,
                    "kind": r.kind,
                    "url": None,
                    "members": r.members.split("、") if r.members else [],
                    "open_tasks": None,
                    "duties": [],
                }
            )
        return render_template(
            "admin_offices.html",
            title=_("Offices"),
            regions=[{"label": k, "offices": v} for k, v in regions.items()],
            new_url=None,
        )

    @expose("/roles")
    @has_access
    def roles(self) -> Any:
        """Who may do what: the table the code ships with."""
        names = [n for n in FAB_ROLES if n not in ("Public", "service")]
        views = sorted({view for rights in FAB_ROLES.values() for view, _right in rights})
        labels = {
            "unit": "用人单位",
            "office": "办理部门",
            "person": "个人",
            "system_admin": "系统管理员",
            "security_admin": "安全保密管理员",
            "auditor": "安全审计员",
        }
        return render_template(
            "admin_roles.html",
            title=_("Roles"),
            roles=[{"name": n, "label": labels[n], "duty": None, "url": None} for n in names],
            groups=[
                {
                    "label": _("Pages"),
                    "rights": [
                        {
                            "label": v,
                            "note": None,
                            "granted": [any(v == w for w, _r in FAB_ROLES[n]) for n in names],
                        }
                        for v in views
                    ],
                }
            ],
        )
