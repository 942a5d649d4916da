"""The pages of the payroll check: who sees which rows, what is refused, what goes out."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.domain import errors
from app.exchange.sources import dbf
from tests.exchange.payroll.lists import MONTH, NEXT, differences, load, payees, payroll, replace, stranger, table
from tests.security.conftest import Client
from tests.world import Body, World, id_number

NAME = f"{MONTH:%Y-%m}"


@pytest.fixture(scope="module")
def bodies(world: World) -> tuple[Body, Body, Body]:
    made = world.body("市财核局", quotas={"11": 9}, people={"11": 4})
    school = world.body("市财核校", kind="institution", quotas={"22": 9}, people={"22": 3})
    district = world.body("区财核所", region="440604", quotas={"11": 9}, people={"11": 3})
    for name, office in (("caizheng", "finance"), ("renshe", "human_resources"), ("bianban", "establishment"),
                         ("shebao", "social_insurance"), ("zuzhi", "organisation")):  # fmt: skip
        world.account(name, "office_member", office=(office, "440600"))
    world.account("qucaizheng", "office_member", office=("finance", "440604"))
    world.account("jiazhang", "unit_clerk", unit=made.id)
    world.account("xiaoban", "unit_clerk", unit=school.id)
    world.account("jijian", "inspector", region="440600")
    return made, school, district


def lists(world: World, bodies: tuple[Body, Body, Body]) -> list[Any]:
    return payees(world, bodies[0]) + payees(world, bodies[1])


def sent(client: Client, content: bytes, kind: str = "payroll", month: str = NAME, name: str = "工资.csv") -> Any:
    client.get("/payroll/")
    return client.post("/payroll/load", {"kind": kind, "month": month, "file": (io.BytesIO(content), name)},
                       content_type="multipart/form-data")  # fmt: skip


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data().decode()


def test_a_file_is_refused_whole_mapped_and_then_enters(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    finance = client("caizheng")
    people = lists(world, bodies)
    new = stranger(id_number(), bodies[0].name, "=HYPERLINK(1)")
    content = payroll([*people[1:], new]).replace("应发金额".encode(), "实际打卡".encode())
    refused = sent(finance, content)
    shown = page(finance, refused.location)
    assert "实际打卡" in shown
    assert "没有这一列" not in shown
    assert world.value("SELECT count(*) FROM source_row") == 0
    form: dict[str, Any] = {"header": ["实际打卡"], "field": ["amount"]}
    assert finance.post("/payroll/mapping/payroll", form).status_code == 302
    accepted = sent(finance, content)
    shown = page(finance, accepted.location)
    # The new payee without an entry is not in what may be paid from, and stands there by name.
    assert shown.count("HYPERLINK") == 1
    assert differences(world) == {("paid_without_seat", "=HYPERLINK(1)"), ("seat_without_pay", people[0].name)}
    export = finance.get(accepted.location + "/accepted").get_data()
    assert "HYPERLINK" not in str(read_sheet(export))
    assert len(read_sheet(export)) == len(people)  # the header, and everybody but the one left out
    assert people[1].number not in str(read_sheet(export))
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'source.loaded'") == 1


def read_sheet(content: bytes) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        return book.get_sheet_by_index(0).to_python()


def test_each_side_sees_its_own_rows_and_no_more(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    home, school, district = bodies
    load(
        world,
        world.office("finance"),
        "payroll",
        MONTH,
        payroll([*payees(world, home)[1:], *payees(world, school)[1:]]),
    )
    load(world, world.office("finance", "440604"), "payroll", MONTH, payroll(payees(world, district)[1:]))
    batch = world.value("SELECT max(id) FROM source_batch WHERE region_code = '440600' AND state = 'accepted'")
    names = {b.name: payees(world, b)[0].name for b in bodies}
    seen = {
        "caizheng": {home.name, school.name, district.name}, "bianban": {home.name, school.name, district.name},
        "renshe": {school.name}, "zuzhi": {home.name}, "jiazhang": {home.name}, "xiaoban": {school.name},
        "qucaizheng": {district.name}, "shebao": set(), "jijian": {home.name, school.name, district.name},
    }  # fmt: skip
    for who, units in seen.items():
        shown = page(client(who), "/payroll/differences")
        assert {unit for unit, name in names.items() if name in shown} == units, who
    rows = {}
    for who in ("caizheng", "bianban", "shebao", "jiazhang", "qucaizheng", "renshe"):
        with world.database.transaction(world.identity(who)) as session:
            rows[who] = session.execute(
                text("SELECT count(*) FROM source_row WHERE batch_id = :b"), {"b": batch}
            ).scalar_one()
    assert rows == {"caizheng": 5, "bianban": 0, "shebao": 0, "jiazhang": 3, "qucaizheng": 0, "renshe": 2}
    assert client("qucaizheng").get(f"/payroll/{batch}").status_code == 404
    assert client("shebao").get(f"/payroll/{batch}").status_code == 404
    foreign = world.value("SELECT id FROM pay_difference WHERE unit_id = :u AND state = 'open'", u=district.id)
    for path in ("", "/explain", "/mend"):
        answer = client("jiazhang").get(f"/payroll/differences/{foreign}") if not path else None
        clerk = client("jiazhang")
        answer = answer or clerk.post(
            f"/payroll/differences/{foreign}{path}", {"note": "这是说明文字", "process": "retire"}
        )
        assert answer.status_code == 404, path


def test_a_unit_explains_a_difference_and_begins_what_mends_it(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    home = bodies[0]
    people = lists(world, bodies)
    old = people[1]
    load(world, world.office("human_resources"), "pension", MONTH, table(["身份证号", "姓名", "领取开始日期"],
                                                                         [[old.number, old.name, MONTH.isoformat()]]))  # fmt: skip
    load(world, world.office("finance"), "payroll", MONTH, payroll(people))
    mine = {x for x in differences(world) if x[1] != payees(world, bodies[2])[0].name}
    assert mine == {("pension_while_paid", old.name)}
    found = world.value("SELECT id FROM pay_difference WHERE state = 'open' AND unit_id = :u", u=home.id)
    clerk = client("jiazhang")
    shown = page(clerk, f"/payroll/differences/{found}")
    assert "8,000.00" in shown
    assert "8,000.00" not in page(client("bianban"), f"/payroll/differences/{found}")
    short = clerk.post(f"/payroll/differences/{found}/explain", {"note": "嗯"})
    assert short.status_code == 422
    assert ">嗯</textarea>" in short.get_data().decode()
    clerk.post(f"/payroll/differences/{found}/explain", {"note": "正在办理退休，文号 1 号"})
    assert differences(world, state="explained") == {("pension_while_paid", old.name)}
    draft = clerk.post(f"/payroll/differences/{found}/mend", {"process": "retire"})
    assert draft.status_code == 302
    assert old.name in page(clerk, draft.location)
    assert clerk.post(f"/payroll/differences/{found}/mend", {"process": "quota"}).status_code == 404
    # Loaded again, an explanation stays; a month without it ends the difference and its alarm.
    load(world, world.office("finance"), "payroll", MONTH, payroll(people))
    assert differences(world, state="explained") == {("pension_while_paid", old.name)}
    load(world, world.office("finance"), "payroll", NEXT, payroll([p for p in people if p.person != old.person]))
    assert world.value("SELECT state FROM pay_difference WHERE id = :i", i=found) == "closed"
    alarm = "SELECT state FROM alarm WHERE rule = 'AL21' AND person_id = :p ORDER BY id DESC LIMIT 1"
    assert world.value(alarm, p=old.person) == "cleared"
    assert clerk.post(f"/payroll/differences/{found}/explain", {"note": "再说一次"}).status_code == 409


def test_forged_calls_of_the_functions_write_nothing(world: World, bodies: tuple[Body, Body, Body]) -> None:
    home, _school, district = bodies
    begin = "SELECT source_begin('payroll', :m, 'x', 'x', '440600')"
    for who in ("bianban", "shebao", "jiazhang", "jijian"):
        with pytest.raises(errors.NotAllowed), world.database.transaction(world.identity(who)) as session:
            session.execute(text(begin), {"m": MONTH})
    rows = (
        "SELECT source_rows(:b, '{1}', ARRAY['\\x00'::bytea], '{x}', '{x}', ARRAY[cast(:u AS bigint)], '{11}', '{1}', '{1}',"
        " ARRAY[NULL::date], ARRAY[NULL::date], '{x}', ARRAY[NULL::int], ARRAY[NULL::int], ARRAY[NULL::int])"
    )
    standing = world.value("SELECT max(id) FROM source_batch WHERE state = 'accepted' AND kind = 'payroll'")
    finance = world.identity("caizheng")
    # Neither into a batch that stands, nor about a body of another region, nor a row by hand.
    with pytest.raises(errors.WrongState), world.database.transaction(finance) as session:
        session.execute(text(rows), {"b": standing, "u": home.id})
    foreign = f"SELECT source_rows(({begin}), {rows.partition(':b, ')[2]}"
    with pytest.raises(errors.NotFound), world.database.transaction(finance) as session:
        session.execute(text(foreign), {"m": MONTH, "u": district.id})
    for statement in ("UPDATE source_row SET admitted = true", "UPDATE pay_difference SET state = 'closed'",
                      "SELECT person_key FROM source_row", "SELECT k_pay_compare(1)",
                      "INSERT INTO pay_standard (region_code) VALUES ('440600')"):  # fmt: skip
        with pytest.raises(ProgrammingError), world.database.transaction(finance) as session:
            session.execute(text(statement))
    with pytest.raises(errors.NotAllowed), world.database.transaction(world.identity("bianban")) as session:
        session.execute(text("SELECT pay_standard_set(2026, '1', '11', 100, '文号')"))


def test_the_changes_of_a_month_go_out_as_workbook_csv_and_dbf(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    home = bodies[0]
    with world.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE occupancy SET started_on = :d, person_name = '@SUM(1)' WHERE person_id = :p"),
                           {"d": MONTH, "p": home.people[0]})  # fmt: skip
        connection.execute(text("UPDATE occupancy SET ended_on = :d, exit_reason = '31' WHERE person_id = :p"),
                           {"d": MONTH.replace(day=20), "p": home.people[1]})  # fmt: skip
    finance = client("caizheng")
    path = f"/payroll/month/changes?month={NAME}"
    shown = page(finance, path)
    assert "@SUM(1)" in shown
    assert "离退休" in shown
    exports = {f: finance.get(f"/payroll/month/changes/{f}?month={NAME}").get_data() for f in ("xlsx", "csv", "dbf")}
    lines = list(csv.reader(io.StringIO(exports["csv"].decode("utf-8-sig"))))[1:]
    assert sorted(line[1] for line in lines) == sorted(["'@SUM(1)", payees_name(world, home.people[1])])
    headers, rows = dbf.parse(exports["dbf"], 10_000)
    assert max(map(len, headers)) <= 10
    assert len(list(rows)) == len(read_sheet(exports["xlsx"])) - 1 == 2
    assert page(client("jiazhang"), path).count("@SUM(1)") >= 1
    assert "@SUM(1)" not in page(client("xiaoban"), path)


def payees_name(world: World, person: int) -> str:
    return str(world.value("SELECT person_name FROM occupancy WHERE person_id = :p", p=person))


def test_a_budget_is_people_by_standard_and_unknown_where_none_is_set(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    finance = client("caizheng")
    path = f"/payroll/month/budget?month={NAME}"
    assert "—" in page(finance, path)
    form = {
        "month": NAME,
        "funding": "1",
        "category": "11",
        "amount": "120,000.00",
        "document": "佛财〔2026〕1号",
    }
    assert finance.post("/payroll/month/standard", form).status_code == 302
    people = world.value(
        "SELECT count(*) FROM occupancy o JOIN quota_line l ON l.id = o.line_id WHERE o.kind = 'establishment' AND"
        " o.recorded_to IS NULL AND l.category = '11' AND o.started_on < :n AND (o.ended_on IS NULL OR o.ended_on >= :n)",
        n=NEXT,
    )  # fmt: skip
    shown = page(finance, path)
    assert f"{people * 10_000:,}.00" in shown
    # The school's are not in it, and the page says how many.
    assert "3" in shown
    # What was typed stands in the form again, with what is wrong.
    for wrong in ({"document": ""}, {"amount": "0"}, {"amount": "12万"}, {"amount": "1.005"}, {"category": "x"}):
        answer = finance.post("/payroll/month/standard", {**form, **wrong})
        assert answer.status_code == 422, wrong
        assert "document" in wrong or f'value="{form["document"]}"' in answer.get_data().decode(), wrong
    assert world.value("SELECT count(*) FROM pay_standard WHERE replaced_at IS NULL") == 1
    facts = world.value("SELECT facts FROM audit_event WHERE kind = 'pay_standard.insert'")
    assert (facts["after.amount"], facts["after.document_no"]) == (12_000_000, form["document"])
    assert client("bianban").post("/payroll/month/standard", form).status_code == 403
    assert finance.get("/payroll/month/budget/export?month=" + NAME).status_code == 200
    own, district = page(finance, path + "&region=440600"), page(finance, path + "&region=440604")
    assert (bodies[0].name in own, bodies[2].name in own) == (True, False)
    assert (bodies[0].name in district, bodies[2].name in district) == (False, True)
    assert bodies[1].name not in page(finance, path + "&q=财核局")
    for bad in ("?month=2026-13", "?month=x", "?after=x", "?other=1", "?region=440699", "?q=" + "长" * 61):
        assert finance.get("/payroll/month/budget" + bad).status_code == 400


def test_addresses_that_are_not_understood_answer_400(
    client: Callable[..., Client], bodies: tuple[Body, Body, Body]
) -> None:
    finance = client("caizheng")
    for path in ("?kind=x", "?state=x", "?unit=x", "?after=-1", "?x=1"):
        assert finance.get("/payroll/differences" + path).status_code == 400, path
    assert sent(finance, b"x", month="2026-99").status_code == 400
    assert sent(finance, b"x", kind="death").status_code == 422
    assert replace is not None


def test_whole_numbers_go_out_by_right_with_a_reason_and_each_person_on_record(
    world: World, bodies: tuple[Body, Body, Body], client: Callable[..., Client]
) -> None:
    home, school, _district = bodies
    people = lists(world, bodies)
    load(world, world.office("finance"), "payroll", NEXT, payroll([people[0], stranger(id_number(), home.name)]))
    shown: dict[int, str] = {p.person: p.number for p in people}
    missing = [p for p in payees(world, home)[1:] if world.value("SELECT count(*) FROM pay_difference WHERE person_id = :p"
        " AND state <> 'closed'", p=p.person)]  # fmt: skip
    assert missing
    path, seen = (
        "/payroll/whole/differences",
        "SELECT count(*) FROM audit_event WHERE kind = 'reveal' AND facts ->> 'list' IS NOT NULL",
    )
    # Without the right to numbers neither button nor page; without a reason nothing goes out and nothing is on record.
    assert path not in page(client("caizheng"), "/payroll/differences")
    for who in ("caizheng", "shebao"):
        without = client(who)
        without.get("/payroll/differences")
        assert without.post(path, {"reason": "核对工资统发"}).status_code == 403
    office = client("bianban")
    assert path in page(office, "/payroll/differences")
    assert office.post(path, {"reason": "看"}).status_code == 422
    assert world.value(seen) == 0
    rows = read_sheet(office.post(path, {"reason": "核对十月工资统发"}).get_data())
    assert {shown[p.person] for p in missing} <= {r[2] for r in rows}
    assert sum("*" in r[2] for r in rows) == 1  # the stranger: only his mask is kept
    assert world.value(seen) == len(rows) - 2
    facts = world.value("SELECT facts FROM audit_event WHERE kind = 'export' ORDER BY id DESC LIMIT 1")
    assert (facts["list"], facts["filter.reason"], facts["filter.whole"]) == (
        "payroll_differences",
        "核对十月工资统发",
        str(len(rows) - 2),
    )
    # An office opens its own class of people only: here the school's.
    human_resources = client("renshe")
    human_resources.get(path)
    other = read_sheet(human_resources.post(path, {"reason": "核对十月工资统发"}).get_data())
    assert {r[3] for r in other[1:]} == {school.name}
    month = f"/payroll/whole/changes?month={NAME}"
    assert "DBF" in page(office, month)
    dbf_rows = list(
        dbf.parse(office.post(month, {"reason": "十月增减变报送财政", "form": "dbf"}).get_data(), 10_000)[1]
    )
    assert {cells[2] for _n, cells in dbf_rows} <= set(shown.values())
    assert office.post(month, {"reason": "十月增减变报送财政", "form": "pdf"}).status_code == 400
    assert office.get(month + "&x=1").status_code == 400


def test_the_functions_give_no_number_without_a_record_of_before_and_five_lists_an_hour(
    world: World, bodies: tuple[Body, Body, Body]
) -> None:
    people = [p.person for p in lists(world, bodies)]
    who = world.office("organisation")  # of another account than the pages above
    ask, read = "SELECT ask_reveal_list(:p, 'x', :r, NULL)", "SELECT id FROM reveal_list(:p)"
    with world.database.transaction(who) as session:
        assert session.execute(text(read), {"p": people}).all() == []
        opened = session.execute(text(ask), {"p": people, "r": "核对名册"}).scalar_one()
        assert (
            session.execute(text(read), {"p": people}).all() == []
        )  # not in the transaction that can still take it back
    assert sorted(opened) == sorted(bodies[0].people)  # civil servants only
    with world.database.transaction(who) as session:
        assert sorted(r.id for r in session.execute(text(read), {"p": people}).all()) == sorted(opened)
    for bad in ({"p": people, "r": "短"}, {"p": list(range(5001)), "r": "核对名册"}):
        with pytest.raises(errors.InvalidInput), world.database.transaction(who) as session:
            session.execute(text(ask), bad)
    with pytest.raises(errors.NotAllowed), world.database.transaction(world.identity("caizheng")) as session:
        session.execute(text(ask), {"p": people, "r": "核对名册"})
    for _turn in range(4):
        with world.database.transaction(who) as session:
            session.execute(text(ask), {"p": people, "r": "核对名册"})
    with pytest.raises(errors.TooOften), world.database.transaction(who) as session:
        session.execute(text(ask), {"p": people, "r": "核对名册"})
