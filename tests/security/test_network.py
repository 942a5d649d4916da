"""不上网: a body leaves everybody's sight at once, and no total, list, search, export or interface tells that it is there."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import digest
from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import call, findings, refusal
from tests.security.conftest import Client
from tests.world import Body, World

CITY = "440600"
# Who is not named for the body: each with the pages that hold figures or rows.
READERS = {
    "zuzhi": ("/ledger", "/ledger/440600", "/list/units", "/list/people", "/list/posts", "/list/cases", "/queue"),
    "bianban3": ("/ledger", "/ledger/440600", "/list/units", "/list/people", "/list/posts", "/search?q=机密"),
    "caizheng": ("/ledger", "/ledger/440600", "/list/units", "/list/people"),
    "jijian": ("/ledger", "/ledger/440600", "/list/units", "/list/people", "/search?q=机密"),
    "neighbour": ("/", "/list/people", "/search?q=机密"),
}


@pytest.fixture(scope="module")
def bodies(world: World) -> tuple[Body, Body]:
    plain = world.body("寻常局", quotas={"11": 5}, people={"11": 3})
    world.account("neighbour", "unit_clerk", unit=plain.id)
    for name in ("bianban1", "bianban2", "bianban3"):
        world.account(name, "office_member", office=("establishment", CITY))
    world.account("zuzhi", "office_member", office=("organisation", CITY))
    world.account("caizheng", "office_member", office=("finance", CITY))
    world.account("jijian", "inspector", region=CITY)
    return plain, plain


def shown(user: Client, path: str) -> str:
    """A page without what each answer has of its own."""
    page = user.get(path).get_data(as_text=True)
    page = re.sub(r'(name="csrf_token"[^>]*value|name="csrf-token" content|nonce)="[^"]*"', "", page)
    return html.unescape(page)


def everything(client: Callable[..., Client], api: Callable[[str], Any]) -> dict[str, str]:
    """What each reader is shown, pages, export and interface alike."""
    seen = {}
    for name, paths in READERS.items():
        user = client(name)
        seen |= {f"{name} {path}": shown(user, path) for path in paths}
        seen[f"{name} api"] = str([api(f"/api/v1/{what}?{name}") for what in ("units", "people", "cases")])
    return seen


def name_for(world: World, body: Body, *users: str) -> None:
    """A named access, as two administrators would have settled it."""
    with world.owner.begin() as connection:
        for user in users:
            connection.execute(
                text("INSERT INTO named_access (account_id, unit_id, started_on) SELECT a.id, :n, kernel_today()"
                     " FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = :u"),
                {"n": body.id, "u": user},
            )  # fmt: skip


def begun(world: World, who: str, body: Body, network: str, **more: Any) -> int:
    with world.database.transaction(world.identity(who)) as s:
        case = engine.draft(s, process="unit_networked", unit_id=None, office_id=int(engine.me(s, 7) or 0),
                            scope_path=body.scope_path, form={})  # fmt: skip
        facts = {"unit": body.id, "network": network, "document_no": "佛密〔2026〕1号"} | more.get("changed", {})
        engine.submit(s, case.id, facts=facts, person_id=None, person_name=None, effective_on=None, unit_id=body.id)
        return case.id


@pytest.fixture
def api(app: Flask, world: World, bodies: tuple[Body, Body]) -> Callable[[str], Any]:
    """The interface, asked by each reader's own program."""
    tokens: dict[str, str] = {}

    def ask(path: str) -> Any:
        path, _mark, name = path.partition("?")
        if name not in tokens:
            who, tokens[name] = (
                world.identity(name),
                f"bz_{name}-{len(world.keys.flask)}-{world.value('SELECT count(*) FROM api_token')}",
            )
            with world.database.transaction(who) as s:
                s.execute(text("SELECT new_api_token('试', :h, 30, '', :s)"),
                          {"h": digest(tokens[name]), "s": digest(who.token)})  # fmt: skip
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {tokens[name]}"})
        return [row for row in answer.get_json()["items"] if row]

    return ask


def test_a_body_leaves_every_sight_at_once_and_comes_back(
    world: World, bodies: tuple[Body, Body], client: Callable[..., Client], api: Callable[[str], Any]
) -> None:
    without = everything(client, api)
    secret = world.body("机密局", quotas={"11": 7}, people={"11": 4}, departments=("密室",))
    world.account("own", "unit_clerk", unit=secret.id)
    assert {k for k, page in everything(client, api).items() if page == without[k]} <= {
        k for k in without if k.startswith("neighbour") or k.endswith(("/queue", "/list/cases"))
    }, "in sight it is counted on every page that counts"

    # Nobody is named yet: the check says so and the case does not begin.
    found = refusal(begun, world, "bianban1", secret, "hidden")
    assert isinstance(found, errors.CheckFailed)
    assert found.facts["check"]["says"] == "not_named"
    name_for(world, secret, "bianban1")
    assert refusal(begun, world, "bianban1", secret, "hidden").facts["check"]["says"] == "name_first"
    name_for(world, secret, "bianban2")
    case = begun(world, "bianban1", secret, "hidden")
    # The one who files does not decide, nor does a colleague who would not see it afterwards.
    assert isinstance(refusal(world.decide, world.identity("bianban1"), case, "review"), errors.SelfApproval)
    assert isinstance(refusal(world.decide, world.identity("bianban3"), case, "review"), errors.CheckFailed)
    open_page = client("zuzhi")
    assert open_page.get(f"/unit/{secret.id}").status_code == 200
    world.decide(world.identity("bianban2"), case, "review")
    assert world.state(case) == "done"

    assert open_page.get(f"/unit/{secret.id}").status_code == 404, "at once, in a session that stands open"
    hidden = everything(client, api)
    assert [k for k in without if hidden[k] != without[k]] == [], "as in a city without it"
    for who in ("zuzhi", "bianban3", "caizheng", "jijian", "neighbour"):
        user = client(who)
        for path in (f"/unit/{secret.id}", f"/person/{secret.people[0]}", f"/case/{case}"):
            assert user.get(path).status_code in (403, 404), f"{who} {path}"
        with world.database.transaction(world.identity(who)) as s:
            for table in ("unit", "unit_version", "quota_line", "ledger_total", "post", "person", "occupancy", "ledger_entry",
                          "application"):  # fmt: skip
                count = s.execute(text(f"SELECT count(*) FROM {table} WHERE scope_path LIKE :p"),
                                  {"p": f"{secret.scope_path}%"}).scalar_one()  # fmt: skip
                assert count == 0, f"{who} {table}"
    for who in ("bianban1", "bianban2", "own"):
        assert client(who).get(f"/unit/{secret.id}").status_code == 200, who
    assert findings(world) == []

    # Twice is refused; the second official brings it back.
    again = begun(world, "bianban1", secret, "hidden")
    assert isinstance(refusal(world.decide, world.identity("bianban2"), again, "review"), errors.WrongState)
    back = begun(world, "bianban2", secret, "shown")
    world.decide(world.identity("bianban1"), back, "review")
    assert client("zuzhi").get(f"/unit/{secret.id}").status_code == 200
    entries = "SELECT array_agg(fields ->> 'network' ORDER BY sequence) FROM ledger_entry WHERE type = 'unit.networked'"
    assert world.value(entries) == ["hidden", "shown"]
    assert findings(world) == []


def test_a_flag_set_by_hand_is_found(world: World, bodies: tuple[Body, Body]) -> None:
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": bodies[0].id})
    try:
        assert [f for f in findings(world) if "not_networked" in f]
    finally:
        with world.superuser.begin() as connection:
            connection.execute(text("UPDATE unit SET not_networked = false WHERE id = :u"), {"u": bodies[0].id})


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"document_no": ""}, errors.DocumentMissing), ({"network": "x"}, errors.InvalidInput), ({"unit": -1}, errors.NotFound), ({"network": "shown"}, errors.WrongState)],
)  # fmt: skip
def test_what_the_case_has_to_say(
    world: World, bodies: tuple[Body, Body], changed: dict[str, Any], error: type[errors.DomainError]
) -> None:
    def whole() -> None:
        case = begun(world, "bianban1", bodies[0], "shown", changed=changed)
        world.decide(world.identity("bianban2"), case, "review")

    assert isinstance(refusal(whole), error)


def test_how_many_are_named_is_told_for_ones_own_range_only(world: World, bodies: tuple[Body, Body]) -> None:
    other = world.body("别区局", region="440604")
    name_for(world, other, "bianban1")
    world.account("qu", "office_member", office=("establishment", "440606"))
    assert call(world, world.identity("bianban1"), "SELECT named FROM network_named(:u)", u=other.id) == 1
    assert call(world, world.identity("qu"), "SELECT named FROM network_named(:u)", u=other.id) == 0
