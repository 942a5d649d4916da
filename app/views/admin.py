"""系统管理: users with their hats, offices, roles; the system administrator proposes, the security administrator settles."""

import datetime as dt
import re
import secrets
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request, session
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import text
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.db import digest
from app.domain import errors
from app.domain.id_number import normalise
from app.domain.regions import foshan
from app.security import passwords
from app.security.matrix import LINES, ROLE_NAMES
from app.security.services import services
from app.security.sign_in import prove_first
from app.views.messages import sentence
from app.views.shell import KINDS, hat, local, work

PAGE = 50
USERNAME = re.compile(r"[A-Za-z0-9_.-]{3,40}\Z")
OF_UNIT = ("unit_clerk", "unit_head", "supervisor")
OF_REGION = ("town_officer", "inspector")
OF_OFFICE = ("office_member", "office_head")
NAMEABLE = (*OF_UNIT, *OF_OFFICE, *OF_REGION)
GIVEN = (*OF_UNIT, *OF_OFFICE, *OF_REGION, "person", "security_admin", "auditor", "system_admin")


def office_kinds() -> dict[str, str]:
    """The kinds of offices by their names."""
    return {
        "establishment": _("Establishment office"),
        "organisation": _("Organisation department"),
        "human_resources": _("Human resources"),
        "finance": _("Finance"),
        "social_insurance": _("Social insurance"),
    }


class UserForm(FlaskForm):
    """A new user."""

    username = StringField(
        _l("User name"),
        validators=[
            InputRequired(),
            Regexp(USERNAME, message=_l("3 to 40 letters, digits, dots, dashes or underscores.")),
        ],
    )
    name = StringField(_l("Full name"), validators=[InputRequired(), Length(2, 50)])


class HatForm(FlaskForm):
    """An identity for a user: of a unit, an office, a person, or of administration."""

    kind = SelectField(_l("Identity"), choices=[(k, KINDS[k]) for k in GIVEN])
    unit = SelectField(
        _l("Unit (for clerks and heads of units, and competent departments)"),
        validate_choice=False,
        choices=[],
        validators=[Optional()],
        render_kw={"data-search-url": "/admin/units"},
    )
    office = SelectField(
        _l("Office (for members and heads of offices)"),
        validate_choice=False,
        choices=[],
        validators=[Optional()],
        render_kw={"data-search-url": "/admin/offices/search"},
    )
    region = SelectField(
        _l("Region (for a town's officer, inspection and audit)"),
        choices=[("", ""), *((d.code, d.name) for d in foshan())],
        validators=[Optional()],
    )
    id_number = StringField(
        _l("Identity number (for a person's own card)"),
        validators=[Optional(), Length(max=24)],
        render_kw={"autocomplete": "off"},
    )
    started_on = DateField(_l("From"), validators=[InputRequired()])
    ended_on = DateField(_l("Until (empty: open)"), validators=[Optional()])


class AdminView(BaseView):
    """Administration without business data."""

    route_base = "/admin"
    default_view = "users"

    @expose("/users")
    @has_access
    def users(self) -> Any:
        """Users and what they stand for, by user name; keyset paging."""
        q = request.args.get("q", "").strip()[:40]
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT u.id, u.username, u.last_name || u.first_name AS name, u.active,"
                    " (SELECT string_agg(concat_ws(' ', coalesce(o.name, unit_name(a.unit_id)), a.kind), '|' ORDER BY a.id)"
                    " FROM account a LEFT JOIN office o ON o.id = a.office_id WHERE a.user_id = u.id"
                    " AND (a.ended_on IS NULL OR a.ended_on > kernel_today())) AS hats"
                    " FROM ab_user u WHERE u.username > :after AND (starts_with(u.username, :q)"
                    " OR starts_with(u.last_name || u.first_name, :q)) ORDER BY u.username LIMIT 51"
                ),
                {"after": request.args.get("after", "")[:64], "q": q},
            ).all()
        may = self._may_write()
        columns = (
            ("username", _("User name")),
            ("name", _("Full name")),
            ("hats", _("Identities")),
            ("state", _("State")),
        )
        listing = {
            "title": _("Users"),
            "intro": None,
            "columns": [
                {"key": k, "label": v, "sortable": False, "url": None, "sorted": None, "align": None}
                for k, v in columns
            ],
            "rows": [
                {
                    "cells": [
                        {"text": r.username, "url": f"/admin/user/{r.id}" if may else None},
                        {"text": r.name},
                        {"text": "；".join(self._hat_name(h) for h in (r.hats or "").split("|") if h)},
                        {"text": None, "state": "active" if r.active else "inactive"},
                    ]
                }
                for r in rows[:PAGE]
            ],
            "filters": [{"name": "q", "label": _("Search"), "kind": "text", "value": q, "options": []}],
            "keep": [],
            "chips": [],
            "clear_url": "/admin/users",
            "prev_url": None,
            "total": None,
            "export_url": None,
            "next_url": f"/admin/users?q={q}&after={rows[PAGE - 1].username}" if len(rows) > PAGE else None,
            "new_url": "/admin/users/new" if may else None,
            "empty_text": None,
        }
        return render_template("admin_users.html", title=_("Users"), listing=listing)

    @staticmethod
    def _hat_name(packed: str) -> str:
        place, _sep, kind = packed.rpartition(" ")
        return f"{place} {KINDS.get(kind, kind)}".strip()

    @staticmethod
    def _may_write() -> bool:
        return hat().kind == "system_admin"

    @expose("/users/new", methods=["GET", "POST"])
    @has_access
    def new_user(self) -> Any:
        """A new user with a password that is shown once."""
        if not self._may_write():
            abort(403)
        form = UserForm()
        if form.validate_on_submit():
            password = secrets.token_urlsafe(9)
            name = (form.name.data or "").strip()
            try:
                with work() as s:
                    user = s.execute(
                        text("SELECT admin_new_user(:u, :l, :f, :h)"),
                        {"u": form.username.data, "l": name[0], "f": name[1:], "h": _hashed(password)},
                    ).scalar_one()
            except errors.DuplicateUser as refusal:
                form.username.errors = [sentence(refusal)]
            else:
                flash(_("The first password is %(password)s. It is shown only now.", password=password), "success")
                return redirect(f"/admin/user/{user}")
        return render_template(
            "admin_user_form.html",
            title=_("New user"),
            account=None,
            form=form,
            fields=["username", "name"],
            action_url="/admin/users/new",
            cancel_url="/admin/users",
            hats=[],
            conflicts=[],
            actions=[],
        )

    @expose("/user/<int:user_id>", methods=["GET", "POST"])
    @has_access
    def user(self, user_id: int) -> Any:
        """One user: identities, stop, new password."""
        if not self._may_write():
            abort(403)
        form, problems = HatForm(), []
        if form.validate_on_submit():
            try:
                with work() as s:
                    self._grant(s, user_id, form)
                flash(_("Proposed. The security administrator has to approve it."), "success")
                return redirect(f"/admin/user/{user_id}")
            except errors.DomainError as refusal:
                problems.append(sentence(refusal))
        with work() as s:
            found = s.execute(
                text(
                    "SELECT id, username, last_name || first_name AS name, active, last_login FROM ab_user WHERE id = :u"
                ),
                {"u": user_id},
            ).one_or_none()
            if found is None:
                raise errors.NotFound(user=user_id)
            hats = s.execute(
                text(
                    "SELECT a.id, a.kind, a.ended_on, coalesce(o.name, r.name, unit_name(a.unit_id), '') AS place"
                    " FROM account a LEFT JOIN region r ON r.code = a.region_code"
                    " LEFT JOIN office o ON o.id = a.office_id WHERE a.user_id = :u"
                    " AND (a.ended_on IS NULL OR a.ended_on > kernel_today()) ORDER BY a.id"
                ),
                {"u": user_id},
            ).all()
        stop = {"label": _("Stop this user"), "url": f"/admin/user/{user_id}/stop"}
        admit = {"label": _("Admit this user again"), "url": f"/admin/user/{user_id}/admit"}
        renew = {"label": _("Give a new password"), "url": f"/admin/user/{user_id}/password"}
        factor = {"label": _("Take the second factor off (device lost)"), "url": f"/admin/user/{user_id}/factor"}
        everywhere = [_("Open sessions end at once.")]
        return render_template(
            "admin_user_form.html",
            title=found.name,
            account={
                "id": found.id,
                "username": found.username,
                "name": found.name,
                "status": "active" if found.active else "inactive",
                "last_sign_in": local(found.last_login.replace(tzinfo=dt.UTC)) if found.last_login else None,
            },
            form=None,
            fields=[],
            hats=[
                {
                    "role": KINDS[h.kind],
                    "place": h.place,
                    "until": h.ended_on,
                    "remove_url": f"/admin/user/{user_id}/end?account={h.id}" if h.kind != "service" else None,
                    "name_url": f"/admin/requests/named/{h.id}" if h.kind in NAMEABLE else None,
                }
                for h in hats
            ],
            hat_form=form,
            hat_url=f"/admin/user/{user_id}",
            conflicts=problems,
            actions=[{**a, "consequences": everywhere} for a in ((stop if found.active else admit), renew, factor)],
        )

    def _grant(self, s: Session, user_id: int, form: HatForm) -> None:
        kind = form.kind.data
        unit = form.unit.data if kind in OF_UNIT else None
        office = form.office.data if kind in OF_OFFICE else None
        person = None
        if kind == "person":
            index = services().keys.blind_index("resident", normalise(form.id_number.data or ""))
            person = s.execute(text("SELECT id FROM find_person(:i)"), {"i": index}).scalar()
        region = form.region.data or None if kind in OF_REGION else None
        chosen = unit if kind in OF_UNIT else office if kind in OF_OFFICE else person if kind == "person" else "0"
        if kind in OF_REGION:
            chosen = region
        if not str(chosen or "").isdecimal():
            raise errors.NotFound(kind=kind)
        s.execute(
            text("SELECT admin_propose(:u, :k, :n, :o, :p, :r, :f, :t)"),
            {
                "u": user_id,
                "k": kind,
                "n": int(unit) if unit else None,
                "o": int(office) if office else None,
                "p": person,
                "r": region,
                "f": form.started_on.data,
                "t": form.ended_on.data,
            },
        )

    @expose("/user/<int:user_id>/<action>", methods=["POST"])
    @has_access
    def change(self, user_id: int, action: str) -> Any:
        """End an identity, stop or admit the user, give a new password."""
        if not self._may_write() or action not in ("end", "stop", "admit", "password", "factor"):
            abort(404)
        password = secrets.token_urlsafe(9)
        try:
            with work() as s:
                if s.execute(text("SELECT 1 FROM ab_user WHERE id = :u"), {"u": user_id}).scalar() is None:
                    abort(404)
                if action == "factor":
                    s.execute(text("SELECT admin_forget_factor(:u, :s)"), {"u": user_id, "s": digest(session["token"])})
                elif action == "end":
                    s.execute(text("SELECT admin_end(:a)"), {"a": request.args.get("account", 0, type=int)})
                else:
                    s.execute(
                        text("SELECT admin_set_user(:u, :a, :h)"),
                        {
                            "u": user_id,
                            "a": {"stop": False, "admit": True}.get(action),
                            "h": _hashed(password) if action == "password" else None,
                        },
                    )
        except errors.ProofNeeded:
            return prove_first(f"/admin/user/{user_id}")
        except errors.DomainError as refusal:
            flash(sentence(refusal), "danger")
        else:
            told = _("The new password is %(password)s. It is shown only now.", password=password)
            flash(told if action == "password" else _("Done."), "success")
        return redirect(f"/admin/user/{user_id}")

    @expose("/units")
    @has_access
    def units(self) -> Any:
        """Units by name, to give an identity of one."""
        with work() as s:
            rows = s.execute(text("SELECT * FROM unit_names(:q)"), {"q": request.args.get("q", "").strip()[:40]}).all()
        return jsonify({"results": [{"value": str(r.id), "text": r.name, "note": r.region} for r in rows]})

    @expose("/offices/search")
    @has_access
    def find_offices(self) -> Any:
        """Offices by name."""
        with work() as s:
            rows = s.execute(
                text("SELECT id, name FROM office WHERE strpos(name, :q) > 0 ORDER BY region_code, id LIMIT 20"),
                {"q": request.args.get("q", "").strip()[:40]},
            ).all()
        return jsonify({"results": [{"value": str(r.id), "text": r.name} for r in rows]})

    @expose("/offices")
    @has_access
    def offices(self) -> Any:
        """Offices of the city and the districts with their members."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT r.name AS region, o.name, o.kind,"
                    " coalesce(string_agg(u.last_name || u.first_name, '、' ORDER BY u.username), '') AS members"
                    " FROM office o JOIN region r ON r.code = o.region_code"
                    " LEFT JOIN account a ON a.office_id = o.id AND a.kind <> 'service'"
                    " AND (a.ended_on IS NULL OR a.ended_on > kernel_today())"
                    " LEFT JOIN ab_user u ON u.id = a.user_id GROUP BY r.code, r.name, o.id ORDER BY r.code, o.id"
                )
            ).all()
        regions: dict[str, list[dict[str, Any]]] = {}
        for r in rows:
            regions.setdefault(r.region, []).append(
                {
                    "name": r.name,
                    "kind": office_kinds()[r.kind],
                    "url": None,
                    "members": r.members.split("、") if r.members else [],
                    "open_tasks": None,
                    "duties": [],
                }
            )
        shown = [{"label": k, "offices": v} for k, v in regions.items()]
        return render_template("admin_offices.html", title=_("Offices"), regions=shown, new_url=None)

    @expose("/roles")
    @has_access
    def roles(self) -> Any:
        """Who may do what: the permission matrix that the code ships with."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for endpoint, line in LINES.items():
            granted = [role in line.roles or line.public for role in ROLE_NAMES]
            title = _("Administration") if endpoint.startswith(("Admin", "Grant")) else _("Pages")
            groups.setdefault(title, []).append({"label": line.label, "note": endpoint, "granted": granted})
        return render_template(
            "admin_roles.html",
            title=_("Roles"),
            roles=[{"name": n, "label": label, "duty": None, "url": None} for n, label in ROLE_NAMES.items()],
            groups=[{"label": label, "rights": rights} for label, rights in groups.items()],
        )


def _hashed(password: str) -> str:
    return passwords.hashed(password)
