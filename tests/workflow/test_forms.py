"""Bad input through the forms: the field is marked with what is wrong, what was typed stays, nothing is filed."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.id_number import check_digit
from app.domain.workdays import city_today
from app.workflow import engine
from tests.security.conftest import Client
from tests.world import Body, World, id_number

Open = Callable[..., Client]
GOOD = id_number()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("表单局", quotas={"11": 4}, people={"11": 3}, leaders={"principal:0131": 1})
    world.account("clerk", "unit_clerk", unit=made.id)
    for name in ("bianban", "bianban2"):
        world.account(name, "office_member", office=("establishment", "440600"))
    return made


def sent(user: Client, process: str, **fields: Any) -> str:
    user.get(f"/case/new/{process}")
    answer = user.post(f"/case/new/{process}", {"action": "submit", **fields})
    assert answer.status_code == 200, answer.location
    return html.unescape(answer.get_data(as_text=True))


def error_of(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error"[^>]*>(.*?)</(?:div|p|ul)>', page, re.S)
    assert found, f"{field} is not marked"
    return re.sub(r"<[^>]+>", " ", found[1]).strip()


def newcomer(body: Body, **changed: Any) -> dict[str, Any]:
    number = changed.get("id_number", GOOD)
    born = f"{GOOD[6:10]}-{GOOD[10:12]}-{GOOD[12:14]}"
    return {"line": body.line, "person_name": "欧阳新", "id_number": number, "sex": "1", "birth_on": born,
            "education": "21", "entry_way": "2", "id_type": "resident", **changed}  # fmt: skip


WRONG_DIGIT = GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")
NO_DAY = "44069919900230001"


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"id_number": WRONG_DIGIT}, "id_number", "末位校验码不符"),
        ({"id_number": GOOD[:12]}, "id_number", "18"),
        ({"id_number": GOOD.translate({ord("0") + n: 0xFF10 + n for n in range(10)})}, "id_number", "数字"),
        ({"id_number": NO_DAY + check_digit(NO_DAY)}, "id_number", "不存在"),
        ({"birth_on": "1985-01-01"}, "id_number", "出生"),
        ({"birth_on": "1985-02-30"}, "birth_on", ""),
        ({"birth_on": f"{city_today().year - 10}-01-01"}, "birth_on", "16"),
        ({"sex": "2"}, "id_number", "性别"),
        ({"sex": "7"}, "sex", ""),
        ({"education": "99x"}, "education", ""),
        ({"entry_way": "ZZ"}, "entry_way", ""),
        ({"person_name": "李明1"}, "person_name", "汉字"),
        ({"person_name": "李"}, "person_name", "两个字"),
        ({"person_name": ""}, "person_name", ""),
        ({"line": ""}, "line", ""),
    ],
)
def test_a_recruitment_with_a_bad_field_marks_it_and_keeps_the_rest(
    world: World, body: Body, client: Open, changed: dict[str, str], field: str, says: str
) -> None:
    typed = newcomer(body, **changed)
    page = sent(client("clerk"), "recruit", **typed)
    assert says in error_of(page, field)
    for name in ("person_name", "id_number", "birth_on"):
        assert f'value="{typed[name]}"' in page, name
    assert (
        world.value(
            "SELECT count(*) FROM case_record r JOIN application a ON a.id = r.case_id WHERE a.process = 'recruit'"
        )
        == 0
    )


def test_whoever_is_in_the_register_is_not_recruited_again(world: World, body: Body, client: Open) -> None:
    other = world.body("另一表单局", people={"11": 1})
    blob = world.value("SELECT id_cipher FROM person WHERE id = :p", p=other.people[0])
    number = world.keys.decrypt("resident", bytes(blob))
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    page = sent(client("clerk"), "recruit", **newcomer(body, id_number=number, birth_on=born))
    assert "已在" in page
    assert "调动" in page
    assert 'value="欧阳新"' in page


def test_a_transfer_of_somebody_unknown_says_so_and_keeps_what_was_typed(body: Body, client: Open) -> None:
    page = sent(client("clerk"), "transfer", line=body.line, id_number=GOOD, start=city_today().isoformat())
    assert "没有" in page
    assert f'value="{GOOD}"' in page
    wrong = sent(client("clerk"), "transfer", line=body.line, id_number=WRONG_DIGIT, start="2026-13-01")
    assert "末位校验码不符" in error_of(wrong, "id_number")
    assert error_of(wrong, "start")
    assert 'value="2026-13-01"' in wrong


def test_a_retirement_of_somebody_else_or_on_no_day_is_refused(world: World, body: Body, client: Open) -> None:
    foreign = world.body("外表单局", people={"11": 1}).people[0]
    user = client("clerk")
    assert error_of(sent(user, "retire", person=body.people[0], end="2026-02-31"), "end")
    user.get("/case/new/retire")
    day = city_today().isoformat()
    answer = user.post("/case/new/retire", {"action": "submit", "person": foreign, "end": day})
    assert answer.status_code in (200, 404)
    assert (
        world.value(
            "SELECT count(*) FROM case_record r JOIN application a ON a.id = r.case_id WHERE a.process = 'retire'"
        )
        == 0
    )


YEAR = city_today().year
PLAN = {"document_no": "佛编〔2026〕3号", "issuer": "市委编委", "start": city_today().isoformat()}


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"targets": "先减两个再说"}, "targets", "无法识别"),
        ({"targets": "2" * 390}, "targets", "无法识别"),
        ({"targets": f"{YEAR + 2}年末0名、{YEAR + 1}年末1名"}, "targets", "由近及远"),
        ({"targets": f"{YEAR + 1}:1,{YEAR + 2}:2"}, "targets", "不得多于前一年"),
        ({"targets": f"{YEAR - 1}:1"}, "targets", "早于消化计划开始"),
        ({"targets": f"{YEAR + 8}:0"}, "targets", "完成日期之后"),
        ({"targets": f"{YEAR + 3}:1"}, "targets", "请填 0"),
        ({"last": "2020-01-01"}, "last", "不晚于生效日期"),
    ],
)
@pytest.mark.parametrize("process", ["quota", "absorb"])
def test_a_plan_of_absorption_that_no_approval_could_let_pass_is_marked_in_its_form(
    body: Body, client: Open, process: str, changed: dict[str, str], field: str, says: str
) -> None:
    line, last = {"quota": ("any_line", "plan_until_on"), "absorb": ("estab_line", "absorbed_on")}[process]
    typed = {"targets": f"{YEAR + 1}:1", "last": f"{YEAR + 3}-12-31"} | changed
    page = sent(
        client("bianban"), process, **{line: body.line, "authorised": "2", last: typed.pop("last")}, **typed, **PLAN
    )
    assert says in error_of(page, last if field == "last" else field)
    assert f'value="{PLAN["document_no"]}"' in page


def test_numbers_of_a_plan_without_its_last_day_and_a_plan_without_a_surplus_are_named(
    body: Body, client: Open
) -> None:
    user, typed = client("bianban"), {"any_line": body.line, "authorised": "2", "targets": f"{YEAR + 1}:0", **PLAN}
    assert "没有填消化计划的完成日期" in error_of(sent(user, "quota", **typed), "targets")
    calm = {"estab_line": body.line, "absorbed_on": f"{YEAR + 2}-12-31", **PLAN}
    assert "没有超编，不需要消化" in sent(user, "absorb", **calm)


def test_a_cut_below_the_people_says_that_it_goes_by_the_plan_and_is_approved_however_the_years_are_written(
    world: World, client: Open
) -> None:
    cut = world.body("消化表单局", quotas={"11": 4}, people={"11": 3})
    user = client("bianban")
    typed = {"any_line": cut.line, "authorised": "1", "plan_until_on": f"{YEAR + 2}-12-31", **PLAN,
             "targets": f"{YEAR + 1}年末１名；{YEAR + 2}年末 0 名"}  # fmt: skip
    panel = user.post("/case/check/quota", typed).get_data(as_text=True)
    assert "申报数少于实有数，按消化计划办理：超编 2 名" in panel
    assert "至少" not in panel
    assert f"{YEAR + 1}年末1名、{YEAR + 2}年末0名" in panel
    place = user.post("/case/new/quota", {"action": "submit", **typed}).location
    assert f"{YEAR + 1}年末1名、{YEAR + 2}年末0名" in user.get(place).get_data(as_text=True)
    world.decide(world.identity("bianban2"), int(place.rsplit("/", 1)[1]), "review")
    assert (
        world.value("SELECT targets FROM absorption_plan WHERE line_id = :l", l=cut.line)
        == f"{YEAR + 1}:1,{YEAR + 2}:0"
    )


@pytest.mark.usefixtures("body")
def test_whoever_decides_is_told_which_field_of_the_filed_case_the_ledger_refuses(world: World, client: Open) -> None:
    made = world.body("所报有误局", quotas={"11": 4}, people={"11": 1})
    who = world.identity("bianban")
    with world.database.transaction(who) as s:
        case = engine.draft(s, process="quota", unit_id=None, office_id=int(engine.me(s, 7) or 0),
                            scope_path=made.scope_path, form={}).id  # fmt: skip
        facts = {**PLAN, "line": made.line, "authorised": 99_999}
        engine.submit(s, case, facts=facts, person_id=None, person_name=None, effective_on=None, unit_id=made.id)
    user = client("bianban2")
    user.get(f"/case/{case}")
    answer = user.post(f"/case/{case}/decide/{world.task(case, 'review')}", {"decision": "approve", "opinion": "同意"})
    said = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert "核定数：" in said
    assert "请退回申报方更正" in said


@pytest.mark.usefixtures("body")
def test_whoever_decides_a_case_about_something_that_is_gone_keeps_the_page_and_is_told(
    world: World, client: Open
) -> None:
    made = world.body("所涉已无局", quotas={"11": 4})
    who = world.identity("bianban")
    with world.database.transaction(who) as s:
        case = engine.draft(s, process="quota_move", unit_id=None, office_id=int(engine.me(s, 7) or 0),
                            scope_path=made.scope_path, form={}).id  # fmt: skip
        facts = {**PLAN, "from_line": 999_999, "line": made.line, "number": 1}
        engine.submit(s, case, facts=facts, person_id=None, person_name=None, effective_on=None, unit_id=made.id)
    user, task = client("bianban2"), world.task(case, "review")
    user.get(f"/case/{case}")
    answer = user.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": "同意如数核定"})
    said = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 404
    assert "业务所涉的机构、编制线或者人员已不存在" in said
    assert "同意如数核定" in said
    assert user.post(f"/case/{case + 999}/decide/{task}", {"decision": "approve"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"authorised": "-1"}, "authorised"), ({"authorised": "many"}, "authorised"), ({"authorised": "１2x"}, "authorised"),
     ({"document_no": ""}, "document_no"), ({"start": "2026-02-30"}, "start")],
)  # fmt: skip
def test_a_quota_with_a_bad_field_marks_it_and_keeps_the_rest(
    body: Body, client: Open, changed: dict[str, str], field: str
) -> None:
    typed = {"any_line": body.line, "authorised": "5", "document_no": "佛编〔2026〕1号", "issuer": "市委编委",
             "start": city_today().isoformat(), **changed}  # fmt: skip
    page = sent(client("bianban"), "quota", **typed)
    assert error_of(page, field)
    assert f'value="{typed["authorised"]}"' in page
    assert 'value="市委编委"' in page


def test_a_quota_below_what_is_in_use_is_refused_with_the_figures(world: World, body: Body, client: Open) -> None:
    user = client("bianban")
    typed = {"any_line": body.line, "authorised": "2", "document_no": "佛编〔2026〕2号", "issuer": "市委编委",
             "start": city_today().isoformat()}  # fmt: skip
    user.get("/case/new/quota")
    said = user.post("/case/new/quota", {"action": "submit", **typed}).get_data(as_text=True)
    assert "不低于在用数”核对未通过" in said
    assert "实有 3" in said
    assert 'value="佛编〔2026〕2号"' in said
    assert world.figures(body.line) == (4, 3, 0)
    filed = "SELECT count(*) FROM application WHERE process = 'quota' AND state <> 'draft' AND unit_id = :u"
    assert world.value(filed, u=body.id) == 0
