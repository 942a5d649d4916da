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
