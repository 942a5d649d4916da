"""改革沙盘 as its people use it: begun, filled in by forms, tried, compared, filed."""

import re

from tests.security.conftest import Client
from tests.workflow.test_records import page
from tests.world import World

OFFICE = "bianban"


def test_a_reform_is_drafted_by_forms_tried_compared_and_filed(world: World, client: Client) -> None:
    old = world.body("页面旧局", people={"11": 2})
    world.account(OFFICE, "office_member", office=("establishment", "440600"))
    user = client(OFFICE)
    at = user.post("/reform/", {"title": "页面改革"}).location
    variant = re.search(r"/reform/variant/(\d+)", page(user.get(at)))
    assert variant
    place = variant.group(0)
    assert "尚无步骤" in page(user.get(place))
    unit = {"name": "页面新局", "region": "440600", "body": "organ", "category": "34", "grade": "107", "phase": "1"}
    assert user.post(f"{place}/step/open_unit", unit).status_code == 302
    found = user.get(f"{place}/units?q=页面").get_json()["results"]
    assert [(r["value"], r["text"]) for r in found] == [("=u1", "页面新局"), (str(old.id), "页面旧局")]
    quota = {"unit": "=u1", "category": "11", "funding": "1", "structure": "none", "authorised": "5", "phase": "1"}
    user.post(f"{place}/step/set_quota", quota)
    assert [r["text"] for r in user.get(f"{place}/lines?q=页面新").get_json()["results"]] == ["页面新局 · 行政编制"]
    user.post(f"{place}/step/set_quota", quota | {"unit": str(old.id), "authorised": "1", "note": "先压减"})
    wrong = page(user.post(f"{place}/step/set_quota", quota | {"unit": "", "authorised": "8", "note": "打过的字"}))
    assert "打过的字" in wrong
    assert 'value="8"' in wrong
    user.post(f"{place}/try")
    shown = page(user.get(place))
    assert "有 1 步会被拒绝" in shown
    assert "核定数低于在用数" in shown or "实有 2" in shown
    assert "页面新局：行政编制 5 名" in shown
    compared = page(user.get(at))
    assert "行政编制 · 核定" in compared
    assert "(+5)" in compared
    user.post(f"{at}/act", {"kind": "add", "name": "方案二", "variant": re.sub(r"\D", "", place)})
    second = re.findall(r"/reform/variant/\d+", page(user.get(at)))[-1]
    step = re.findall(rf"{second}/change/(\d+)", page(user.get(second)))[-1]
    assert "先压减" in page(user.get(f"{second}/change/{step}"))
    user.post(f"{second}/move/{step}", {"to": "remove"})
    user.post(f"{second}/try")
    assert "各步均可办理" in page(user.get(second))
    assert "方案二" in page(user.get(at))
    phase = user.get("/reform/phases?q=页面").get_json()["results"][-1]
    assert phase["text"].startswith("页面改革 · 方案二")
    assert "尚未填写" in page(user.post(f"{second}/file", {})) or "请填写" in page(user.post(f"{second}/file", {}))
    start = world.value("SELECT kernel_today()")
    filed = user.post(f"{second}/file", {"document_no": "佛编〔2026〕7号", "issuer": "市委编委", "start-1": str(start)})
    case = page(user.get(filed.location))
    assert "机构改革方案：页面改革" in case
    assert "页面新局：行政编制 5 名" in case
    assert world.value("SELECT state FROM reform WHERE title = '页面改革'") == "filed"


def test_choices_of_a_step_stand_there_again_and_the_whole_variant_is_printed(world: World, client: Client) -> None:
    old = world.body("打印旧局", people={"11": 2}, leaders={"deputy:0142": 1}, departments=("老科",))
    world.account("yinban", "office_member", office=("establishment", "440600"))
    user = client("yinban")
    at = user.post("/reform/", {"title": "打印改革"}).location
    place = re.search(r"/reform/variant/(\d+)", page(user.get(at))).group(0)  # type: ignore[union-attr]
    unit = {"name": "打印新局", "region": "440600", "body": "organ", "category": "34", "grade": "107", "phase": "1"}
    user.post(f"{place}/step/open_unit", unit)
    user.post(f"{place}/step/open_department", {"parent": "=u1", "name": "新科", "phase": "1"})
    rows = {"lead_lines-0-line": str(old.lines["deputy:0142"]), "lead_lines-0-way": "follow", "lead_lines-0-to": "=u2"}
    merge = {
        "unit": str(old.id),
        "into": "=u1",
        "seats": "along",
        "leads": "off",
        "phase": "2",
        "until_on": "2029-06-30",
    }
    shown = page(user.post(f"{place}/step/merge_unit", merge | rows | {"phase": "x"}))  # refused: what was chosen stays
    for name in ("打印旧局", "打印新局", "新科"):
        assert f">{name}</option>" in shown
    assert user.post(f"{place}/step/merge_unit", merge | rows).status_code == 302
    step = re.findall(rf"{place}/change/(\d+)", page(user.get(place)))[-1]
    again = page(user.get(f"{place}/change/{step}"))
    for value in (
        'value="2029-06-30"',
        'value="=u2" selected',
        f'value="{old.lines["deputy:0142"]}" selected',
        ">新科</option>",
    ):
        assert value in again
    assert "尚未试算" in page(user.get(f"{place}/paper"))
    for nonsense in ("x", "-1", "9" * 30):
        assert user.post(f"{place}/try", {"until": nonsense}).status_code == 400
    user.post(f"{place}/try", {"until": "1"})
    assert "只试算到第 1 期" in page(user.get(place))
    user.post(f"{place}/try", {"until": ""})
    shown = page(user.get(place))
    assert "分期测算" in shown
    assert "第 2 期后" in shown
    paper = page(user.get(f"{place}/paper"))
    for said in (
        "第 2 期",
        "打印旧局 并入 打印新局",
        "领导职务免去",
        "逐条写明 1 项",
        "须先解决",
        "单位变动人员",
        "生效日期在申报时确定",
    ):
        assert said in paper, said
    for said in ("单位本级 · 乡科级副职（副职）", "新科 · 乡科级副职（副职）"):  # whose post it is
        assert said in shown, said
        assert said in paper, said
    compared = page(user.get(at))
    for group in ("机构", "编制", "领导职数", "人员", "须先解决", "经费", "步骤"):
        assert f'scope="rowgroup" colspan="3">{group}' in compared, group
