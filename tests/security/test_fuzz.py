"""Every JSON endpoint by schemathesis, every form by hypothesis: no 5xx, no foreign row, answers as described."""

import datetime as dt
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from sqlalchemy import text

from app.api.v1.description import document
from app.db import digest
from app.domain import errors
from app.views import search_labels
from app.views.fields import registry as fields
from app.views.forms import form_class
from app.workflow import versions
from tests.security import cast
from tests.security.cast import Cast
from tests.security.conftest import Client
from tests.world import World

BOUND = settings(max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
                 suppress_health_check=list(HealthCheck))  # fmt: skip
# What the search endpoints answer, by which their answers are checked as the interface's are by its own description.
CHOICE = {"type": "object", "required": ["value", "text"], "additionalProperties": False,
          "properties": {"value": {"type": "string"}, "text": {"type": "string"}, "note": {"type": "string"}}}  # fmt: skip
CHOICES = {"type": "object", "required": ["results"], "additionalProperties": False,
           "properties": {"results": {"type": "array", "maxItems": 20, "items": CHOICE}}}  # fmt: skip
SEARCHES = ("lines", "departments", "units", "people", "leads", "occupancies", "colleagues")
# Who can make a program's token: whoever reads business data.
PROGRAMS = [r for r in cast.ROLES if r.role in ("unit", "office", "supervisor", "reader")]
SEARCHERS = [r for r in cast.ROLES if r.role in ("unit", "office")]


@pytest.fixture(scope="module")
def made(world: World) -> Cast:
    return cast.build(world)


def run(app: Flask, description: dict[str, Any], role: cast.Role, headers: dict[str, str], cookie: str) -> int:
    """Ask whatever the description allows, and what it does not; the number of answers."""
    schema = schemathesis.openapi.from_dict(description)
    schema.app = app
    asked = 0
    marks = list(cast.foreign_marks(role))

    for found in schema.get_all_operations():
        operation = found.ok()

        @BOUND
        @given(
            case=operation.as_strategy() | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
        )
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call(
                headers={"Accept-Encoding": "identity", **headers}, cookies={"bianzhi": cookie} if cookie else {}
            )
            case.validate_response(
                answer,
                checks=[not_a_server_error, status_code_conformance, response_schema_conformance],
            )
            assert [m for m in marks if m in answer.text and m not in str(case.query)] == []

        ask()
    return asked


@pytest.mark.parametrize("role", PROGRAMS, ids=lambda r: r.username)
def test_the_interface_answers_each_program_as_it_is_described(
    app: Flask, world: World, made: Cast, role: cast.Role
) -> None:
    token = f"bz_{role.username}-{'x' * 40}"
    who = world.identity(role.username)
    with world.database.transaction(who) as session:
        session.execute(
            text("SELECT new_api_token('试', :h, 30, '', :s)"), {"h": digest(token), "s": digest(who.token)}
        )
    assert run(app, document(), role, {"Authorization": f"Bearer {token}"}, "") >= 30


@pytest.mark.parametrize("role", [r for r in cast.ROLES if r.role and r not in PROGRAMS], ids=lambda r: r.username)
def test_nobody_else_gets_a_programs_token(app: Flask, world: World, made: Cast, role: cast.Role) -> None:
    user = cast.browser(app, world, role.username)
    user.get("/account/")
    assert user.post("/account/tokens", {"name": "对接", "days": "30"}).status_code == 403
    who = world.identity(role.username)
    with pytest.raises(errors.NotAllowed), world.database.transaction(who) as session:
        session.execute(text("SELECT new_api_token('试', '\\x00', 30, '', :s)"), {"s": digest(who.token)})


def described() -> dict[str, Any]:
    """The search endpoints in OpenAPI: any text for each parameter."""
    any_text = {"type": "string"}
    names = ("q", "unit", "kind")
    parameters = [{"in": "query", "name": n, "schema": any_text} for n in names]
    good = {"description": "choices", "content": {"application/json": {"schema": CHOICES}}}
    refusals = {"400": {"description": "not understood"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "searches", "version": "1"},
        "paths": {
            f"/search/{name}": {"get": {"parameters": parameters, "responses": {"200": good, **refusals}}}
            for name in SEARCHES
        },
    }


@pytest.mark.parametrize("role", SEARCHERS, ids=lambda r: r.username)
def test_the_search_fields_answer_each_role_with_choices_only(
    app: Flask, world: World, made: Cast, role: cast.Role
) -> None:
    user = cast.browser(app, world, role.username)
    kept = user.client.get_cookie("bianzhi")
    assert kept is not None
    assert run(app, described(), role, {}, kept.value) >= 70


# -- forms -----------------------------------------------------------------------------------------------------------

NAMES = ("person_name", "id_type", "id_number", "sex", "birth_on", "line", "department", "person", "end", "start",
         "exit_reason", "nature", "lead_line", "lead", "action", "decision", "opinion", "hand_over_to", "arrived_on", "reason",
         "colleague", "started_on", "ended_on", "kind", "unit", "office", "region", "username", "name", "days", "old", "new",
         "again", "hat", "session", "token", "code")  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", "1", "-1", "0", "99999999999999999999", "1e9", "NaN", "2026-02-30", "0000-00-00", "9999-12-31",
                     "true", "[]", "{}", "'", '"', "\\", "\x00", "<b>", "${7*7}", "{{7*7}}", "=1+1", "１２", "-infinity",
                     "1-1", "a" * 3000, "submit", "save", "approve", "hand_over", "\u202e", "😀"]),
    st.text(st.characters(codec="utf-8"), max_size=60),
)  # fmt: skip
FORMS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
POSTS = {
    "clerk": ("/case/new/recruit", "/case/new/retire", "/case/new/leader", "/case/check/recruit", "/delegation",
              "/account/tokens", "/account/sessions", "/hat/", "/reveal/{person_id}", "/case/{case_id}/act?kind=urge",
              "/case/{case_id}/decide/{task_id}"),
    "bianban": ("/case/new/quota", "/case/new/unit", "/intake/", "/delegation", "/case/{case_id}/decide/{task_id}"),
    "xitong": ("/admin/users/new", "/admin/user/{user_id}", "/admin/requests/named/{account_id}", "/account/tokens"),
    "stranger": ("/login/",),
}  # fmt: skip


@pytest.mark.parametrize("username", POSTS)
def test_no_form_breaks_the_system_whatever_is_typed(app: Flask, world: World, made: Cast, username: str) -> None:
    user: Client = cast.browser(app, world, username)
    ids = made.ids(cast.BY_NAME[username], "own")
    for path in POSTS[username]:
        fuzz(user, path.format(**ids))
    assert user.get("/login/").status_code == 200


def fuzz(user: Client, path: str) -> None:
    @BOUND
    @given(form=FORMS)
    def send(form: dict[str, str]) -> None:
        answer = user.post(path, form)
        assert answer.status_code < 500, f"{path} {json.dumps(form)}: {answer.status_code}"

    send()


def nonsense(field: Any, row: str) -> str:
    """What a field takes: something of its kind, and in place of a chosen row what is none."""
    if "data-search-url" in (field.render_kw or {}):
        return row
    if field.type == "SelectField":
        return str([value for value, *_ in field.iter_choices()][-1])
    return {"Day": "2026-12-01", "DateField": "2026-12-01", "IntegerField": "1", "BooleanField": "y"}.get(
        field.type, "试"
    )


@pytest.mark.parametrize("row", ["不是行号", "9" * 18, "9" * 30])
@pytest.mark.parametrize("username", ["clerk", "bianban", "zuzhi", "geren"])
def test_what_is_no_row_in_place_of_a_chosen_one_is_answered_and_never_an_error(
    app: Flask, world: World, made: Cast, username: str, row: str
) -> None:
    user, answered = cast.browser(app, world, username), 0
    with world.database.transaction(world.identity(username)) as s:
        plans = {name: plan for name, (_id, plan) in versions.newest(s).items()}
    for process, plan in plans.items():
        path = f"/case/new/{process}"
        if user.get(path).status_code != 200:
            continue  # another side's business
        with app.test_request_context():
            form = form_class(plan, dt.date(2026, 11, 24))(None)
            typed = {field.name: nonsense(field, row) for field in form if field.name != "csrf_token"}
        answer = user.post(path, {**typed, "action": "submit"})
        assert answer.status_code < 500, f"{path} {json.dumps(typed, ensure_ascii=False)}: {answer.status_code}"
        assert user.post(f"/case/check/{process}", typed).status_code < 500, path
        answered += 1
    assert answered >= 2


@pytest.mark.parametrize("query", ["q=%00", "q=a&q=%00", "after=2026-01-01_1&after=" + "9" * 19])
def test_an_address_no_row_can_answer_is_refused_wherever_it_says_so(
    app: Flask, world: World, made: Cast, query: str
) -> None:
    assert cast.browser(app, world, "bianban").get(f"/queue?{query}").status_code == 400


def test_every_search_of_a_form_shows_its_choice_again(app: Flask) -> None:
    with app.test_request_context():
        searched = [(name, make().kwargs.get("render_kw") or {}) for name, make in fields.known().items()]
    searches = {name: urlsplit(kept["data-search-url"]).path for name, kept in searched if "data-search-url" in kept}
    assert len(searches) >= 25
    assert {name: path for name, path in searches.items() if path not in search_labels.ROWS} == {}


def test_a_line_chosen_by_an_office_is_shown_again_with_its_unit(app: Flask, world: World, made: Cast) -> None:
    body = world.body(3)
    line, name = body.line, world.value("SELECT name FROM unit WHERE id = :u", u=body.id)
    page = cast.browser(app, world, "bianban").post(
        "/case/new/quota_move", {"from_line": str(line), "action": "submit"}
    )
    assert f'<option selected value="{line}">{name} · 行政编制</option>' in page.get_data(as_text=True)
