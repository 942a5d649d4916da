"""From an alarm to its end: the unit explains and rectifies, two officials of 编办 accept for a time, late ones are taken up."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.alarms import engine
from app.domain import errors
from app.domain.workdays import city_today
from app.queries import alarms
from app.views import alarm_docs
from tests.alarms.cases_people import born, say
from tests.security.conftest import Client
from tests.world import Body, World


@dataclass
class Scene:
    """A unit with somebody past the age by law, its neighbour, and their accounts."""

    body: Body
    alarm: int


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    body, other = world.body("到龄处置局", people={"11": 1}), world.body("邻局", region="440604")
    hidden = world.body("不上网局", people={"11": 1})
    say(world, "UPDATE unit SET not_networked = true WHERE id = :u", u=hidden.id)
    for made in (body, hidden):
        born(world, made.people[0], city_today() - dt.timedelta(days=60), later=False)
    for name, kind, kwargs in (
        ("shenbao", "unit_clerk", {"unit": body.id}),
        ("linju", "unit_clerk", {"unit": other.id}),
        ("banyi", "office_member", {"office": ("establishment", "440600")}),
        ("baner", "office_head", {"office": ("establishment", "440600")}),
        ("quban", "office_member", {"office": ("establishment", "440605")}),
        ("jijian", "inspector", {"region": "440600"}),
        ("shenji", "auditor", {}),
    ):
        world.account(name, kind, **kwargs)
    assert engine.sweep(world.owner_url, "full", city_today()).failed == {}
    return Scene(body, int(say(world, "SELECT id FROM alarm WHERE rule = 'AL12' AND unit_id = :u", u=body.id)))


def html(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined]


def test_each_sees_the_own_units_alarms_only(scene: Scene, client: Callable[..., Client], world: World) -> None:
    for name, seen in (("shenbao", True), ("banyi", True), ("linju", False), ("quban", False), ("shenji", False)):
        user = client(name)
        assert user.get(f"/alarms/{scene.alarm}").status_code == (200 if seen else 404), name
        assert ("到龄处置局" in html(user.get("/alarms?rule=AL12"))) is seen, name
        assert user.get("/alarms/99000000").status_code == 404
        assert "不上网局" not in html(user.get("/alarms")), name
    page = html(client("shenbao").get(f"/alarms/{scene.alarm}"))
    reached = say(world, "SELECT facts ->> 'reached_on' FROM alarm WHERE id = :i", i=scene.alarm)
    for word in (reached, "到龄未退", "渐进式延迟法定退休年龄", "到龄处置局"):
        assert word in page


def test_filters_stand_in_the_address_and_what_is_no_filter_is_refused(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    user = client("banyi")
    for good in (
        "view=late",
        "view=accepted",
        "level=error",
        f"unit={scene.body.id}",
        "q=到龄",
        "rule=AL12&view=ended",
    ):
        assert user.get(f"/alarms?{good}").status_code == 200, good
    for bad in ("view=x", "level=x", "unit=x", "unit=-1", "rule=XX", "after=x", "extra=1"):
        assert user.get(f"/alarms?{bad}").status_code == 400, bad
    for page in ("figures", "rules", "accounts"):
        assert user.get(f"/alarms/{page}").status_code == 200
    assert user.get("/alarms/figures.xlsx").get_data()[:2] == b"PK"
    # Of a period and a region; the days count as the city's.
    today = world.value("SELECT (raised_at AT TIME ZONE city_zone())::date::text FROM alarm ORDER BY id LIMIT 1")
    region = world.value("SELECT left(scope_path, 6) FROM alarm ORDER BY id LIMIT 1")
    known = "/alarms?rule="
    assert known in user.get(f"/alarms/figures?from={today}&until={today}").get_data().decode()
    assert known not in user.get("/alarms/figures?until=2020-01-01").get_data().decode()
    assert known in user.get(f"/alarms/figures?region={region}").get_data().decode()
    assert known not in user.get("/alarms/figures?region=440608").get_data().decode()
    assert user.get(f"/alarms/figures.xlsx?from={today}").get_data()[:2] == b"PK"
    for bad in ("from=x", "region=441900", "from=2026-02-01&until=2026-01-01", "x=1"):
        assert user.get(f"/alarms/figures?{bad}").status_code == 400, bad
    assert client("shenbao").get("/alarms/accounts").status_code in (302, 403)


def test_the_unit_explains_and_a_word_is_needed(scene: Scene, client: Callable[..., Client], world: World) -> None:
    user = client("shenbao")
    user.get(f"/alarms/{scene.alarm}")
    assert user.post(f"/alarms/{scene.alarm}/act", {"step": "explain", "note": " "}).status_code == 422
    assert user.post(f"/alarms/{scene.alarm}/act", {"step": "explain", "note": "本人已提交退休材料"}).status_code == 302
    assert "本人已提交退休材料" in html(user.get(f"/alarms/{scene.alarm}"))
    assert world.value("SELECT answered_at IS NOT NULL AND state = 'open' FROM alarm WHERE id = :i", i=scene.alarm)


def test_rectifying_begins_the_business_that_mends_it_as_a_linked_draft(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    user = client("shenbao")
    user.get(f"/alarms/{scene.alarm}")
    answer = user.post(f"/alarms/{scene.alarm}/act", {"step": "rectify"})
    case = int(re.fullmatch(r"/case/(\d+)/edit", answer.location)[1])  # type: ignore[index]
    row = world.row("SELECT process, state, form ->> 'person' AS person FROM application WHERE id = :c", c=case)
    assert (row[0], row[1], int(row[2])) == ("retire", "draft", scene.body.people[0])
    assert world.value("SELECT remedy_case_id FROM alarm WHERE id = :i", i=scene.alarm) == case
    assert user.get(f"/case/{case}/edit").status_code == 200
    assert "整改" in html(user.get(f"/alarms/{scene.alarm}"))
    other = client("banyi")  # the office applies for no retirement
    other.get(f"/alarms/{scene.alarm}")
    assert other.post(f"/alarms/{scene.alarm}/act", {"step": "rectify"}).status_code == 404


def test_two_officials_accept_with_a_document_and_it_comes_back_after_its_day(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    first, second, path = client("banyi"), client("baner"), f"/alarms/{scene.alarm}"
    until = city_today() + dt.timedelta(days=30)
    proposal = {"step": "propose", "note": "延缓三十日", "document_no": "佛编〔2026〕9号", "until": until.isoformat()}
    first.get(path)
    for wrong in ({"until": ""}, {"until": "2020-01-01"}, {"document_no": " "}, {"note": ""}):
        answer = first.post(f"{path}/act", proposal | wrong)
        assert answer.status_code == 422
        assert "佛编〔2026〕9号" in html(answer) or "document_no" in wrong  # what was typed stays
    assert first.post(f"{path}/act", proposal).status_code == 302
    assert first.post(f"{path}/act", {"step": "accept"}).status_code == 403  # oneself is not the second
    second.get(path)
    assert second.post(f"{path}/act", {"step": "accept", "note": "同意"}).status_code == 302
    assert world.value("SELECT state FROM alarm WHERE id = :i", i=scene.alarm) == "accepted"
    outcome = engine.sweep(world.owner_url, "full", city_today())
    assert outcome.counts["AL12"][1:] == (0, 0)  # it stands accepted, found or not
    assert second.post(f"{path}/act", {"step": "explain", "note": "又说"}).status_code == 409
    say(
        world,
        "UPDATE alarm SET accepted_until = :d WHERE id = :i",
        d=city_today() - dt.timedelta(days=1),
        i=scene.alarm,
    )
    with world.owner.begin() as c:
        assert c.execute(text("SELECT returned FROM alarm_watch()")).scalar_one() == 1
        assert c.execute(text("SELECT returned FROM alarm_watch()")).scalar_one() == 0
    kinds = [e["kind"] for e in life(world, scene.alarm)]
    assert kinds == ["explained", "rectify", "proposed", "accepted", "reopened"]


def life(world: World, alarm: int) -> list[dict[str, object]]:
    with world.owner.connect() as c:
        return [
            dict(r._mapping)
            for r in c.execute(text("SELECT * FROM alarm_event WHERE alarm_id = :i ORDER BY id"), {"i": alarm})
        ]


def test_a_late_answer_goes_to_the_offices_head_then_to_the_city(scene: Scene, world: World) -> None:
    moved = "UPDATE alarm SET due_on = :d, escalated = 0, answered_at = NULL WHERE id = :i"
    say(world, moved, d=city_today(), i=scene.alarm)
    with world.owner.begin() as c:
        assert c.execute(text("SELECT risen FROM alarm_watch()")).scalar_one() == 0  # its last day still belongs to it
    say(world, moved, d=city_today() - dt.timedelta(days=1), i=scene.alarm)
    with world.owner.begin() as c:
        assert [c.execute(text("SELECT risen FROM alarm_watch()")).scalar_one() for _n in (1, 2)] == [1, 0]
    say(world, "UPDATE alarm SET due_on = :d WHERE id = :i", d=city_today() - dt.timedelta(days=40), i=scene.alarm)
    with world.owner.begin() as c:
        assert [c.execute(text("SELECT risen FROM alarm_watch()")).scalar_one() for _n in (1, 2)] == [1, 0]
    told = [e["facts"]["to"] for e in life(world, scene.alarm) if e["kind"] == "escalated"]  # type: ignore[index]
    assert told == ["office_head", "city"]
    assert world.value(
        "SELECT count(*) FROM notice WHERE alarm_id = :i AND hat = 'office_head'", i=scene.alarm
    ) == 2  # fmt: skip


def test_accountability_names_what_was_breached_and_is_corrected_never_changed(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    path = f"/alarms/{scene.alarm}/account"
    office, reader = client("banyi"), client("jijian")
    assert "佛编〔2026〕1号" not in html(office.get(path))
    form = {"breached": "第二十六条", "held": "某某处负责人", "measure": "3", "document_no": "佛编〔2026〕1号",
            "decided_on": city_today().isoformat(), "note": ""}  # fmt: skip
    for wrong in (
        {"held": ""},
        {"measure": "99"},
        {"decided_on": (city_today() + dt.timedelta(days=1)).isoformat()},
        {"decided_on": ""},
    ):
        assert office.post(path, form | wrong).status_code == 422
    assert office.post(path, form).status_code == 302
    record = world.value("SELECT max(id) FROM accountability")
    assert office.post(path, form | {"corrects": str(record), "measure": "2"}).status_code == 302
    assert office.post(path, form | {"corrects": str(record)}).status_code == 404  # corrected already
    page = html(reader.get("/alarms/accounts"))
    assert "通报批评" in page
    assert "约谈" in page
    assert reader.post(path, form).status_code == 403
    assert client("shenbao").get(path).status_code in (302, 403)
    for table in ("accountability", "alarm_event"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET operator = 'x'"):
            with pytest.raises(Exception, match="never changes"):
                say(world, statement)


def test_only_who_was_told_answers_whatever_is_called(scene: Scene, world: World) -> None:
    def forged(name: str, what: Callable[..., object]) -> str:
        with pytest.raises(errors.DomainError) as caught, world.database.transaction(world.identity(name)) as s:
            what(s)
        return str(caught.value.code)

    until = city_today() + dt.timedelta(days=9)
    for name, code in (("linju", "not_found"), ("quban", "not_found"), ("shenbao", "not_allowed")):
        assert forged(name, lambda s: alarms.propose(s, scene.alarm, "说明", "佛编〔2026〕9号", until)) == code
        assert forged(name, lambda s: alarms.settle(s, scene.alarm, True, "", None)) == code
        assert forged(name, lambda s: alarms.account_for(s, {"alarm": scene.alarm}, None)) in (
            "not_allowed",
            "not_found",
        )
        assert forged(name, lambda s: alarms.ask_sweep(s, None)) == "not_allowed"
        assert forged(name, lambda s: alarms.set_rule(s, "AL12", {"grace": 1}, None)) == "not_allowed"
    assert forged("jijian", lambda s: alarms.explain(s, scene.alarm, "说明")) == "not_allowed"
    assert forged("shenbao", lambda s: alarms.rectify(s, scene.alarm, 99_000_000)) == "not_found"
    assert (
        forged("banyi", lambda s: alarms.settle(s, scene.alarm, True, "", None)) == "not_found"
    )  # nothing is proposed
    with world.database.transaction(world.identity("banyi")) as s:
        for statement in ("UPDATE alarm SET state = 'cleared'", "DELETE FROM alarm", "INSERT INTO alarm_event (alarm_id, kind, operator)"
                          " VALUES (1, 'cleared', 'x')", "SELECT * FROM alarm_run", "SELECT k_alarm_clear('AL12', 'x')"):  # fmt: skip
            with pytest.raises(Exception, match="permission denied"), s.begin_nested():
                s.execute(text(statement))


def test_the_cases_page_and_form_show_what_stands_against_its_person_and_unit(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    user = client("shenbao")
    user.get(f"/alarms/{scene.alarm}")
    case = int(
        re.fullmatch(r"/case/(\d+)/edit", user.post(f"/alarms/{scene.alarm}/act", {"step": "rectify"}).location)[1]
    )  # type: ignore[index]
    user.get(f"/case/{case}/edit")
    panel = html(user.post("/case/check/retire", {"person": str(scene.body.people[0])}))
    assert "到龄未退" in panel
    assert "与本件有关的未结报警" in panel
    assert "到龄未退" not in html(user.post("/case/check/retire", {"person": "99000000"}))


def test_the_head_has_the_rules_run_and_sets_parameters_on_record(
    scene: Scene, client: Callable[..., Client], world: World
) -> None:
    head = client("baner")
    head.get("/alarms/rules")
    assert head.post("/alarms/rules", {"run": "1"}).status_code == 302
    assert head.post("/alarms/rules", {"run": "1"}).status_code == 302  # the one that waits is enough
    assert world.value("SELECT count(*) FROM alarm_sweep WHERE state = 'waiting'") == 1
    assert engine.asked(world.owner_url)
    sweep = engine.sweep(world.owner_url, "full", city_today())
    assert not engine.asked(world.owner_url)
    row = world.row("SELECT state, rules, asked_by IS NOT NULL AS asked FROM alarm_sweep WHERE id = :i", i=sweep.id)
    assert tuple(row) == (
        "done",
        len(sweep.counts) + len(set(sweep.not_run) - set(sweep.counts)),
        True,
    )
    assert head.post("/alarms/rules", {"rule": "AL12", "days": "5", "grace": "x"}).status_code == 422
    assert head.post("/alarms/rules", {"rule": "AL12", "days": "10", "grace": "90"}).status_code == 302
    assert (
        engine.sweep(world.owner_url, "full", city_today()).counts["AL12"][0] == 0
    )  # sixty days late is within the grace now
    assert head.post("/alarms/rules", {"rule": "AL12", "days": "10", "grace": "30"}).status_code == 302
    assert world.value("SELECT params FROM alarm_rule WHERE code = 'AL12'") == {}
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'alarm.rule'") == 2
    member = client("banyi")
    member.get("/alarms/rules")
    assert member.post("/alarms/rules", {"run": "1"}).status_code == 403


def test_the_document_of_rules_is_current(app: Flask) -> None:
    """If not: flask alarms docs."""
    assert (Path(__file__).resolve().parents[2] / "docs" / "alarms.md").read_text(
        encoding="utf-8"
    ) == alarm_docs.written(app)
