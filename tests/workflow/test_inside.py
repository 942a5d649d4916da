"""Businesses inside a unit from the form in a browser to the ledger; each check and refusal; who sees what of it."""

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain.workdays import add_workdays, city_today
from app.ledger.verify import Verifier
from app.workflow.checks.inside import months_after
from tests.ledger.steps import allotted
from tests.security import cast
from tests.security.conftest import Client
from tests.statements import heard
from tests.world import Body, World

TODAY = city_today()
CITY = "440600"
Open = Callable[[str], Client]


def day(n: int) -> str:
    return (TODAY + dt.timedelta(days=n)).isoformat()


@pytest.fixture(scope="module")
def client(app: Flask, world: World) -> Open:
    """A browser of each user, signed in once."""
    return cache(lambda username: cast.browser(app, world, username))


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A bureau with departments, a leader of one of them, two categories; its clerk, the offices."""
    made = world.body(
        "佛山市内事局", quotas={"11": 8, "13": 2}, people={"11": 6, "13": 1}, departments=("办公室", "人事科")
    )
    for username, office in (("bianban", "establishment"), ("zuzhi", "organisation"), ("renshe", "human_resources")):
        world.account(username, "office_member", office=(office, CITY))
    world.account("clerk", "unit_clerk", unit=made.id)
    allotted(world, made.line, [made.departments["人事科"]], 1)
    return made


@pytest.fixture(scope="module")
def host(world: World) -> Body:
    """A full bureau that borrows, and its clerk."""
    made = world.body("佛山市借入局", quotas={"11": 1}, people={"11": 1})
    world.account("hostclerk", "unit_clerk", unit=made.id)
    return made


def file(user: Client, process: str, form: dict[str, Any]) -> tuple[int | None, str]:
    """Fill in and submit; the case's number, or None with the page that says why not."""
    user.get(f"/case/new/{process}")
    answer = user.post(f"/case/new/{process}", {**form, "action": "submit"}, follow_redirects=True)
    page = answer.get_data(as_text=True)
    found = re.fullmatch(r"/case/(\d+)", answer.request.path)
    return (int(found[1]) if found else None), page


def panel(user: Client, process: str, form: dict[str, Any]) -> str:
    """What the live checks say of a form."""
    user.get(f"/case/new/{process}")
    return user.post(f"/case/check/{process}", form).get_data(as_text=True)


def decide(world: World, client: Open, case: int, *offices: str, opinion: str = "同意") -> None:
    """Each office approves its task on the case's page."""
    codes = {"bianban": "establishment"}
    for username in offices:
        user = client(username)
        user.get(f"/case/{case}")
        task = world.task(case, codes.get(username, "personnel"))
        answer = user.post(
            f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": opinion}, follow_redirects=True
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)


def seat(world: World, who: int, column: str) -> Any:
    return world.value(f"SELECT {column} FROM occupancy WHERE person_id = :p AND kind = 'establishment' AND recorded_to IS NULL"
                       " AND ended_on IS NULL", p=who)  # fmt: skip


def test_a_shift_goes_from_the_form_to_the_roster(world: World, body: Body, client: Open) -> None:
    clerk, who = client("clerk"), body.people[0]
    form = {"person": who, "department": body.departments["人事科"], "start": day(0)}
    case, page = file(clerk, "shift", form)
    assert case, page
    decide(world, client, case, "bianban")
    assert world.state(case) == "done"
    assert seat(world, who, "department_id") == body.departments["人事科"]
    assert "内设机构间调动" in clerk.get(f"/person/{who}").get_data(as_text=True)
    # The one seat of the department is taken now, and the person sits there already.
    assert "超过" in panel(clerk, "shift", {**form, "person": body.people[1]})
    again, page = file(clerk, "shift", form)
    assert again is None
    assert "另一内设机构" in page


def test_whoever_leads_the_department_that_he_leaves_is_pointed_out(world: World, body: Body, client: Open) -> None:
    who, clerk = body.people[5], client("clerk")
    with world.superuser.begin() as connection:  # the position alone: how it is taken is tested elsewhere
        connection.execute(text("SET session_replication_role = replica"))
        line = connection.execute(
            text("INSERT INTO quota_line (unit_id, kind, category, funding, structure, scope_unit_id, role, level, closed_to_entry,"
                 " scope_path) VALUES (:u, 'leadership', '', '', 'none', :d, 'principal', '0141', false, :s) RETURNING id"),
            {"u": body.id, "d": body.departments["办公室"], "s": body.scope_path},
        ).scalar_one()  # fmt: skip
        post = connection.execute(
            text("INSERT INTO post (line_id, unit_id, number, status, surplus, created_on, scope_path)"
                 " VALUES (:l, :u, 1, 'occupied', false, DATE '2016-01-01', :s) RETURNING id"),
            {"l": line, "u": body.id, "s": body.scope_path},
        ).scalar_one()  # fmt: skip
        connection.execute(
            text("INSERT INTO occupancy (person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature,"
                 " started_on, recorded_at, scope_path, personnel_class) SELECT person_id, person_name, :o, :l, unit_id,"
                 " department_id, 'leadership', true, 'regular', started_on, now(), scope_path, personnel_class FROM occupancy"
                 " WHERE person_id = :p AND kind = 'establishment' AND recorded_to IS NULL"), {"l": line, "p": who, "o": post},
        )  # fmt: skip
    said = panel(clerk, "shift", {"person": who, "department": body.departments["人事科"], "start": day(0)})
    assert "先办理免职" in said
    with world.superuser.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("DELETE FROM occupancy WHERE line_id = :l"), {"l": line})
        connection.execute(text("DELETE FROM post WHERE line_id = :l"), {"l": line})
        connection.execute(text("DELETE FROM quota_line WHERE id = :l"), {"l": line})


def test_a_change_of_category_goes_from_the_form_to_both_lines(world: World, body: Body, client: Open) -> None:
    clerk, who = client("clerk"), body.people[2]
    form = {"person": who, "line": body.lines["13"], "document_no": "佛编〔2026〕8号", "start": day(0)}
    same, page = file(clerk, "change_line", {**form, "line": body.line})
    assert same is None
    assert "另一编制" in page
    assert file(clerk, "change_line", {**form, "document_no": ""})[0] is None
    other = world.body("佛山市他局", quotas={"11": 2})
    assert file(clerk, "change_line", {**form, "line": other.line})[0] is None
    case, page = file(clerk, "change_line", form)
    assert case, page
    decide(world, client, case, "bianban", "renshe")
    assert world.state(case) == "done"
    assert seat(world, who, "line_id") == body.lines["13"]


def test_a_category_that_the_body_may_not_hold_stops_the_case(world: World, client: Open) -> None:
    mixed = world.body("佛山市混编局", quotas={"11": 1, "22": 1}, people={"11": 1})
    world.account("mixed", "unit_clerk", unit=mixed.id)
    form = {"person": mixed.people[0], "line": mixed.lines["22"], "document_no": "佛编〔2026〕8号", "start": day(0)}
    case, page = file(client("mixed"), "change_line", form)
    assert case is None
    assert "不得用于这类机构" in page


def lend(who: int, to: Body, **changed: Any) -> dict[str, Any]:
    return {"person": who, "host_unit": to.id, "host": "", "host_post": "administrative", "licence": "",
            "start": day(-5), "until_on": day(60)} | changed  # fmt: skip


def test_a_loan_its_extension_and_the_return_go_from_forms_to_the_ledger_and_move_no_figure(
    world: World, body: Body, host: Body, client: Open
) -> None:
    clerk, who, before = client("clerk"), body.people[3], world.figures(body.line)
    assert "满编" in panel(clerk, "secondment", lend(who, host))
    case, page = file(clerk, "secondment", lend(who, host))
    assert case, page
    decide(world, client, case, "zuzhi", "bianban")
    assert world.state(case) == "done"
    name = world.value("SELECT name FROM person WHERE id = :p", p=who)
    assert name in client("bianban").get("/list/absences?state=away").get_data(as_text=True)
    assert name in client("bianban").get("/list/absences?q=" + name).get_data(as_text=True)
    assert name not in client("hostclerk").get("/list/absences").get_data(as_text=True)
    assert clerk.get("/list/absences/export").mimetype.endswith("sheet")
    mine = clerk.get(f"/unit/{body.id}").get_data(as_text=True)
    assert "佛山市借入局" in mine
    theirs = client("hostclerk").get(f"/unit/{host.id}").get_data(as_text=True)
    assert name in theirs
    assert f"/person/{who}" not in theirs
    assert client("hostclerk").get(f"/person/{who}").status_code == 404
    twice, page = file(clerk, "long_leave", {"person": who, "away_kind": "study", "start": day(0), "until_on": day(9)})
    assert twice is None
    assert "延期或返回" in page
    late, page = file(clerk, "absence_extend", {"away": who, "until_on": day(400), "ground": "工作需要"})
    assert late is None
    assert months_after(TODAY - dt.timedelta(days=5), 12) - dt.timedelta(days=1) < TODAY + dt.timedelta(days=400)
    case, page = file(clerk, "absence_extend", {"away": who, "until_on": day(200), "ground": "工作需要"})
    assert case, page
    decide(world, client, case, "zuzhi", "bianban")
    case, page = file(clerk, "absence_return", {"away": who, "end": day(0)})
    assert case, page
    decide(world, client, case, "bianban")
    assert world.state(case) == "done"
    assert world.figures(body.line) == before
    assert name not in client("hostclerk").get(f"/unit/{host.id}").get_data(as_text=True)
    again, page = file(clerk, "secondment", lend(who, host, start=day(1), until_on=day(30)))
    assert again is None
    assert "两年" in page or "起方可再次借调" in page
    nobody, page = file(clerk, "absence_return", {"away": who, "end": day(0)})
    assert nobody is None


BANS = [
    ({"until_on": day(300)}, "之前"),
    ({"host_post": "enforcement"}, "执法"),
    ({"host_post": "professional"}, "专业技术"),
    ({"host": "省某厅"}, "不能都填"),
    ({"host_unit": "", "host": ""}, "不能都填"),
    ({"until_on": day(-9)}, "早于"),
]


@pytest.mark.parametrize(("changed", "said"), BANS)
def test_a_loan_against_its_rules_is_not_filed(
    world: World, body: Body, host: Body, client: Open, changed: dict[str, Any], said: str
) -> None:
    case, page = file(client("clerk"), "secondment", lend(body.people[4], host, **changed))
    assert case is None
    assert said in page


def test_who_holds_no_administrative_seat_is_not_lent_to_administrative_work(
    world: World, body: Body, host: Body, client: Open
) -> None:
    worker = world.value("SELECT person_id FROM occupancy WHERE line_id = :l AND recorded_to IS NULL ORDER BY id LIMIT 1",
                         l=body.lines["13"])  # fmt: skip
    case, page = file(client("clerk"), "secondment", lend(worker, host))
    assert case is None
    assert "行政岗位" in page


def test_sick_leave_and_a_posting_elsewhere_are_registered(world: World, body: Body, client: Open) -> None:
    clerk, who = client("clerk"), body.people[4]
    form = {"person": who, "away_kind": "sick_leave", "start": day(-3), "until_on": day(30)}
    assert "不足" in panel(clerk, "long_leave", form)
    case, page = file(clerk, "long_leave", {**form, "until_on": day(200)})
    assert case, page
    decide(world, client, case, "zuzhi", "bianban")
    assert world.value("SELECT kind FROM absence WHERE person_id = :p AND recorded_to IS NULL", p=who) == "sick_leave"
    # Less than ten working days before the last day an extension is late.
    until = add_workdays(TODAY, 9, {})
    with world.superuser.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE absence SET until_on = :d WHERE person_id = :p"), {"d": until, "p": who})
    assert "不足十个工作日" in panel(clerk, "absence_extend", {"away": who, "until_on": day(300), "ground": "续假"})
    home = clerk.get("/").get_data(as_text=True)
    assert "长期病假" in home
    case, page = file(clerk, "absence_return", {"away": who, "end": day(0)})
    assert case, page
    decide(world, client, case, "bianban")
    form = {"person": who, "hosted_kind": "aid", "host_unit": "", "host": "西藏林芝", "document_no": "粤组通〔2026〕3号",
            "start": day(0), "until_on": day(700)}  # fmt: skip
    case, page = file(clerk, "attachment", form)
    assert case, page
    decide(world, client, case, "zuzhi", "bianban")
    assert world.value("SELECT host FROM absence WHERE case_id = :c", c=case) == "西藏林芝"


def test_a_host_of_a_unit_that_is_not_networked_sees_nobody_of_it(world: World, host: Body) -> None:
    hidden = world.body("暗借局", quotas={"11": 1}, people={"11": 1})
    facts = {
        "person": hidden.people[0],
        "absence_kind": "secondment",
        "host_unit": host.id,
        "start": day(0),
        "until_on": day(9),
    }
    case = world.submit(
        world.clerk(hidden), hidden, "secondment", facts, person_id=hidden.people[0], effective_on=TODAY
    )
    world.approve_recruit(case)
    seen = text("SELECT count(*) FROM hosted_people(:u, kernel_today(), NULL)")
    with world.database.transaction(world.clerk(host)) as session:
        assert session.execute(seen, {"u": host.id}).scalar_one() == 1
    roster = text("SELECT count(*) FROM verification WHERE unit_id = :u")
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": hidden.id})
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text("INSERT INTO verification (round_id, unit_id, year, due_on, scope_path) VALUES (1, :u, 2020, DATE '2020-01-01', :s)"),
            {"u": hidden.id, "s": hidden.scope_path},
        )  # fmt: skip
    for who, shown in ((world.clerk(host), 0), (world.clerk(hidden), 0), (world.office("establishment"), 0)):
        with world.database.transaction(who) as session:
            assert session.execute(seen, {"u": host.id}).scalar_one() == shown
            own = session.execute(
                text("SELECT count(*) FROM absence WHERE unit_id = :u"), {"u": hidden.id}
            ).scalar_one()
            assert own == (1 if who == world.clerk(hidden) else 0)
            assert session.execute(roster, {"u": hidden.id}).scalar_one() == own
            assert session.execute(text("SELECT count(*) FROM host_units('暗借')")).scalar_one() == 0


def test_a_certificate_goes_from_the_form_to_the_unit_page(world: World, body: Body, client: Open) -> None:
    clerk = client("clerk")
    early, page = file(clerk, "certificate", {"certificate_reason": "replace", "year": "", "ground": "遗失"})
    assert early is None
    assert "首次发证" in page
    case, page = file(clerk, "certificate", {"certificate_reason": "first", "year": "", "ground": "新办"})
    assert case, page
    decide(world, client, case, "bianban")
    number = world.value("SELECT number FROM certificate WHERE unit_id = :u AND valid", u=body.id)
    assert number in clerk.get(f"/unit/{body.id}").get_data(as_text=True)
    stamp, page = file(clerk, "certificate", {"certificate_reason": "verify", "year": TODAY.year, "ground": "年审"})
    assert stamp is None
    assert "核查" in page


def test_a_years_verification_from_the_round_to_the_chain(world: World, body: Body, host: Body, client: Open) -> None:
    office, clerk = client("bianban"), client("clerk")
    office.get("/verification/")
    answer = office.post("/verification/", {"year": TODAY.year, "due_on": day(0)}, follow_redirects=True)
    assert answer.request.path.startswith("/verification/round/"), answer.get_data(as_text=True)
    progress = answer.request.path
    again = office.post("/verification/", {"year": TODAY.year, "due_on": day(0)}).get_data(as_text=True)
    assert "已开展" in again
    number = world.value("SELECT id FROM verification WHERE unit_id = :u", u=body.id)
    page = f"/verification/{number}"
    assert "年度核查" in clerk.get("/").get_data(as_text=True)
    assert client("hostclerk").get(page).status_code == 404
    assert client("zuzhi").get(page).status_code == 403
    clerk.get(page)
    assert clerk.post(f"{page}/mark", {"person": body.people[0], "kind": "unknown"}).status_code == 422
    for form in (
        {"person": body.people[0], "kind": "left"}, {"person": body.people[1], "kind": "wrong_data:info_education", "note": "学历有误"},
        {"kind": "missing", "name": "漏登人"},
    ):  # fmt: skip
        assert clerk.post(f"{page}/mark", form).status_code == 302
    mark = world.value("SELECT id FROM verification_mark WHERE person_name = '漏登人'")
    assert clerk.post(f"{page}/unmark/{mark}").status_code == 302
    assert clerk.post(f"{page}/mark", {"kind": "missing", "name": "漏登人"}).status_code == 302
    answer = clerk.post(f"{page}/confirm", follow_redirects=True)
    found = re.fullmatch(r"/case/(\d+)", answer.request.path)
    assert found, answer.get_data(as_text=True)
    assert clerk.post(f"{page}/confirm").status_code == 409
    drafts = world.value("SELECT string_agg(a.process || ':' || a.state, ',' ORDER BY m.id) FROM verification_mark m"
                         " JOIN application a ON a.id = m.case_id")  # fmt: skip
    assert drafts.startswith("leave:draft,")
    assert drafts.endswith(",info_education:draft,recruit:draft")
    assert "签" in office.get(f"{progress}?state=signing").get_data(as_text=True)
    case = int(found[1])
    decide(world, client, case, "bianban")
    assert world.state(case) == "done"
    assert world.row("SELECT differences, confirmed_at IS NOT NULL FROM verification WHERE id = :v", v=number) == (
        3,
        True,
    )
    assert "佛山市内事局" in office.get(f"{progress}?state=confirmed").get_data(as_text=True)
    assert "佛山市内事局" not in office.get(f"{progress}?state=unconfirmed").get_data(as_text=True)


def to_confirm(world: World, one: Body) -> int:
    """A unit's verification of last year, open, in a round of its own."""
    with world.owner.begin() as connection:
        return int(
            connection.execute(
                text("WITH r AS (INSERT INTO verification_round (year, region_code, office_id, due_on, units, opened_by)"
                     " SELECT :y, :c, id, :d, 1, 1 FROM office WHERE kind = 'establishment' AND region_code = :c"
                     " ON CONFLICT (region_code, year) DO UPDATE SET units = verification_round.units + 1 RETURNING id)"
                     " INSERT INTO verification (round_id, unit_id, year, due_on, scope_path) SELECT id, :u, :y, :d, :s FROM r"
                     " RETURNING id"),
                {"u": one.id, "y": TODAY.year - 1, "c": CITY, "d": TODAY, "s": one.scope_path},
            ).scalar_one()
        )  # fmt: skip


def statements(world: World, client: Client, path: str) -> int:
    """How many statements a page costs."""
    with heard(client.client.application) as said:
        assert client.get(path).status_code == 200
    return len(said)


def test_a_large_roster_costs_as_many_statements_as_a_small_one_and_is_paged(world: World, client: Open) -> None:
    large = world.body("佛山市大名册局", quotas={"11": 130}, people={"11": 120})
    small = world.body("佛山市小名册局", quotas={"11": 3}, people={"11": 1})
    counts = []
    for name, one in (("dabu", large), ("xiaobu", small)):
        world.account(name, "unit_clerk", unit=one.id)
        number = to_confirm(world, one)
        user = client(name)
        counts.append(statements(world, user, f"/verification/{number}"))
        page = user.get(f"/verification/{number}").get_data(as_text=True)
        assert page.count('/mark"') == min(50, len(one.people)) + 1
    assert counts[0] == counts[1]


def test_an_error_report_of_a_unit_leads_to_a_linked_correction_and_is_answered(
    world: World, body: Body, client: Open
) -> None:
    who = body.people[1]
    case, page = file(
        client("clerk"), "objection", {"objected": "person", "about_person": who, "claim": "出生日期应为五月"}
    )
    assert case, page
    office = client("bianban")
    assert "办理更正" in office.get(f"/case/{case}").get_data(as_text=True)
    for process in ("recruit", ""):
        assert office.post(f"/objection/{case}/correct", {"process": process}).status_code == 404
    answer = office.post(f"/objection/{case}/correct", {"process": "person_correct"})
    draft = int(re.fullmatch(r"/case/(\d+)/edit", answer.location)[1])  # type: ignore[index]
    assert world.value("SELECT form ->> 'person' FROM application WHERE id = :c", c=draft) == str(who)
    assert f"/case/{draft}" in office.get(f"/case/{case}").get_data(as_text=True)
    assert f"/case/{case}" in office.get(f"/case/{draft}").get_data(as_text=True)
    task = world.task(case, "establishment")
    silent = office.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": ""})
    assert silent.status_code == 422
    assert "异议须有答复" in silent.get_data(as_text=True)
    decide(world, client, case, "bianban", opinion="经核，登记有误，已另行更正。")
    assert world.state(case) == "done"
    assert "已另行更正" in client("clerk").get(f"/case/{case}").get_data(as_text=True)
    assert office.post(f"/objection/{case}/correct", {"process": "person_correct"}).status_code == 409


def test_a_person_reports_an_error_about_himself_through_his_unit(world: World, body: Body, client: Open) -> None:
    who = body.people[5]
    world.account("geren", "person", person_id=who)
    case, page = file(client("geren"), "objection_own", {"claim": "参加工作时间应为二〇一四年"})
    assert case, page
    assert world.row("SELECT unit_id, person_id FROM application WHERE id = :c", c=case) == (body.id, who)
    clerk = client("clerk")
    task = world.task(case, "unit")
    clerk.get(f"/case/{case}")
    clerk.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": "已核对"})
    decide(world, client, case, "bianban", opinion="经核，与档案一致，不予更正。")
    assert world.state(case) == "done"
    assert "不予更正" in client("geren").get(f"/case/{case}").get_data(as_text=True)


def test_a_person_has_his_service_proved_through_his_unit(world: World, body: Body, client: Open) -> None:
    who = body.people[4]
    world.account("zhengming", "person", person_id=who)
    case, page = file(client("zhengming"), "own_proof", {"proof_purpose": "办理居住证"})
    assert case, page
    clerk = client("clerk")
    task = world.task(case, "unit")
    clerk.get(f"/case/{case}")
    clerk.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": "属实"})
    decide(world, client, case, "bianban")
    mine = client("zhengming")
    assert "在编证明" in mine.get(f"/case/{case}").get_data(as_text=True)
    answer = mine.post(f"/case/{case}/issue", {"kind": "service_proof"})
    printed = mine.get(answer.location)
    assert printed.data.startswith(b"%PDF")
    content = world.value(
        "SELECT content FROM issued_paper WHERE application_id = :c AND kind = 'service_proof'", c=case
    )
    assert "办理居住证" in content
    assert body.name in content


def test_where_a_unit_has_a_head_he_signs_the_roster(world: World, client: Open) -> None:
    one = world.body("佛山市签章局", quotas={"11": 1}, people={"11": 1})
    for username, kind in (("jingban", "unit_clerk"), ("fuze", "unit_head")):
        world.account(username, kind, unit=one.id)
    number = to_confirm(world, one)
    clerk = client("jingban")
    clerk.get(f"/verification/{number}")
    answer = clerk.post(f"/verification/{number}/confirm")
    case = int(answer.location.rsplit("/", 1)[1])
    head = client("fuze")
    head.get(f"/case/{case}")
    task = world.task(case, "unit_head")
    assert clerk.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": "同意"}).status_code in (
        403,
        404,
    )
    # Returned by the head the roster is open again, and what is sent in again is the same case.
    head.post(f"/case/{case}/decide/{task}", {"decision": "return", "opinion": "漏了一人"})
    assert world.state(case) == "returned"
    assert clerk.get(f"/case/{case}/edit").location == f"/verification/{number}"
    clerk.get(f"/verification/{number}")
    assert clerk.post(f"/verification/{number}/mark", {"kind": "missing", "name": "漏登二"}).status_code == 302
    assert clerk.post(f"/verification/{number}/confirm").location == f"/case/{case}"
    head.get(f"/case/{case}")
    signed = head.post(
        f"/case/{case}/decide/{world.task(case, 'unit_head')}", {"decision": "approve", "opinion": "同意"}
    )
    assert signed.status_code == 302
    decide(world, client, case, "bianban")
    assert world.row("SELECT people, differences FROM verification WHERE id = :v", v=number) == (1, 1)
    with world.superuser.connect() as connection:
        assert [f.sentence() for f in Verifier(connection, world.keys).findings() if f.table == "decision"] == []
