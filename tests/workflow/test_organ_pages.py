"""Organs from form to ledger: consequences stand beside the form, what stands in the way is said, the plan leads through."""

import re
from collections.abc import Callable

import pytest

from app.domain.workdays import city_today
from app.queries import standing
from tests.ledger import steps
from tests.security.conftest import Client
from tests.statements import heard
from tests.world import World

Open = Callable[..., Client]
TODAY = city_today().isoformat()
PLAN = {"document_no": "佛编〔2026〕31号", "issuer": "市委编委", "start": TODAY}


@pytest.fixture(scope="module", autouse=True)
def officials(world: World) -> None:
    for name in ("bianban", "fuhe"):
        world.account(name, "office_member", office=("establishment", "440600"))


def filed(user: Client, process: str, **typed: str) -> str:
    """Submit a form; what the answer says, or the address of the case."""
    user.get(f"/case/new/{process}")
    answer = user.post(f"/case/new/{process}", {"action": "submit", **PLAN, **typed})
    return str(answer.headers.get("Location") or answer.get_data(as_text=True))


def approved(world: World, user: Client, place: str) -> None:
    case = int(re.search(r"/case/(\d+)", place).group(1))  # type: ignore[union-attr]
    world.decide(world.identity("fuhe"), case, "review")
    assert world.state(case) == "done"


def test_an_organ_with_people_is_not_abolished_and_the_way_on_is_named(world: World, client: Open) -> None:
    body, heir = world.body("撤销页面局", people={"11": 2}, departments=("办公室",)), world.body("承接页面局")
    user = client("bianban")
    said = filed(user, "unit_close", unit=str(body.id))
    assert "机构内尚有人员，不得撤销" in said
    assert "人员整建制划转" in said
    assert 'value="佛编〔2026〕31号"' in said
    panel = user.post("/case/check/unit_merge", {"unit": str(body.id), "into": str(heir.id)}).get_data(as_text=True)
    for figure in ("变更后果", "内设机构", "编制数"):
        assert figure in panel
    place = filed(user, "unit_merge", unit=str(body.id), into=str(heir.id), seats_go="along")
    assert "人员于同日整建制转入承接单位" in user.get(place).get_data(as_text=True) or place.startswith("/case/")
    approved(world, user, place)
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u", u=heir.id) == 2


def test_departments_are_renamed_merged_and_ended_by_their_businesses(world: World, client: Open) -> None:
    body = world.body("内设页面局", people={"11": 1}, departments=("一科", "二科", "三科"))
    first, second, third = (str(body.departments[n]) for n in ("一科", "二科", "三科"))
    user = client("bianban")
    assert "不得撤销" in filed(user, "department_close", lower_unit=first)
    approved(world, user, filed(user, "department_change", lower_unit=second, new_name="综合科"))
    approved(world, user, filed(user, "department_merge", lower_unit=first, into_department=second))
    approved(world, user, filed(user, "department_close", lower_unit=third))
    assert world.row("SELECT array_agg(name ORDER BY id), array_agg(status ORDER BY id) FROM unit WHERE legal_id = :u"
                     " AND node = 'department'", u=body.id) == (["一科", "综合科", "三科"], ["closed", "active", "closed"])  # fmt: skip
    assert world.value("SELECT department_id FROM person WHERE id = :p", p=body.people[0]) == int(second)


def test_an_upgrade_says_which_leadership_numbers_are_of_another_level(world: World, client: Open) -> None:
    body = world.body("升格页面局", leaders={"principal:0141": 1, "deputy:0142": 2})
    user = client("bianban")
    panel = user.post("/case/check/unit_upgrade", {"unit": str(body.id), "grade": "107"}).get_data(as_text=True)
    assert "请另行申报新层次的领导职数" in panel
    approved(world, user, filed(user, "unit_upgrade", unit=str(body.id), grade="107"))
    assert world.value("SELECT grade FROM unit WHERE id = :u", u=body.id) == "107"


def test_cases_under_way_have_to_be_given_a_destination(world: World, client: Open) -> None:
    body, heir = world.body("在办页面局"), world.body("在办承接页面局")
    case = world.recruit(body)
    user = client("bianban")
    merge = {"unit": str(body.id), "into": str(heir.id), "seats_go": "along"}
    assert "请选择在办业务的去向" in filed(user, "unit_merge", **merge)
    approved(world, user, filed(user, "unit_merge", **merge, running_cases="carry"))
    assert world.value("SELECT unit_id FROM application WHERE id = :c", c=case) == heir.id


def test_leaders_surplus_and_who_is_away_are_named_before_a_merge_and_go_as_chosen(world: World, client: Open) -> None:
    body = world.body("随转页面局", quotas={"11": 1}, people={"11": 2}, leaders={"principal:0141": 1, "deputy:0142": 1})
    heir = world.body("随转承接局", quotas={"11": 0})
    steps.lead(world, body, body.lines["principal:0141"], body.people[0])
    steps.lead(world, body, body.lines["deputy:0142"], body.people[1])
    names = [str(world.value("SELECT name FROM person WHERE id = :p", p=p)) for p in body.people]
    user = client("bianban")
    merge = {"unit": str(body.id), "into": str(heir.id), "seats_go": "along"}
    panel = user.post("/case/check/unit_merge", merge).get_data(as_text=True)
    assert "领导职务去向" in panel
    assert "没有正在执行的消化计划" in panel
    assert all(name in panel for name in names)
    assert f"/touched/{body.id}/leaders" in panel
    assert "请写明领导职务的去向" in filed(user, "unit_merge", **merge, plan_until_on="2028-12-31")
    rows = {"lead_lines-0-line": str(body.lines["principal:0141"]), "lead_lines-0-way": "off", "lead_lines-0-to": ""}
    shown = user.post("/case/check/unit_merge", merge | {"leads": "follow"} | rows).get_data(as_text=True)
    assert re.search("免去职务.{0,200}" + names[0], shown, re.S)
    place = filed(user, "unit_merge", **merge, leads="follow", **rows)
    assert "没有正在执行的消化计划" in place
    assert f'value="{body.lines["principal:0141"]}" selected' in place  # what was chosen stands there again
    place = filed(user, "unit_merge", **merge, leads="follow", plan_until_on="2028-12-31", **rows)
    page = user.get(place).get_data(as_text=True)
    for said in ("随转承接局", "消化计划：完成日期", "2028-12-31", "随转，在承接机构", "免去职务"):
        assert said in page
    approved(world, user, place)
    assert world.value("SELECT person_id FROM occupancy WHERE unit_id = :u AND kind = 'leadership' AND ended_on IS NULL",
                       u=heir.id) == body.people[1]  # fmt: skip
    assert (
        world.value("SELECT count(*) FROM post WHERE unit_id = :u AND surplus AND status = 'occupied'", u=heir.id) == 1
    )


def test_leaders_who_sit_elsewhere_in_the_body_are_named_before_their_department_goes(
    world: World, client: Open
) -> None:
    body = world.body("随科页面局", people={"11": 3}, departments=("办公室", "执法科"))
    heir = world.body("接科页面局", quotas={"11": 2})
    posts = []
    for name in ("执法科", "办公室"):
        facts = {
            "unit": body.id,
            "scope": body.departments[name],
            "kind": "leadership",
            "role": "principal",
            "level": "0151",
        }
        steps.act(world, "lead_new", body, **facts, authorised=1)
        posts.append(world.value("SELECT id FROM quota_line WHERE scope_unit_id = :d AND kind = 'leadership'", d=body.departments[name]))  # fmt: skip
    steps.lead(world, body, posts[0], body.people[0])
    name = str(world.value("SELECT name FROM person WHERE id = :p", p=body.people[0]))
    user, gone = client("bianban"), str(body.departments["执法科"])
    split = {"unit": str(body.id), "unit_name": "分科页面局", "split_departments-0-department": gone, "leads": "follow"}
    move = {"lower_unit": gone, "into": str(heir.id), "seats_go": "along", "leads": "follow"}
    for process, form in (("unit_split", split), ("department_move", move)):
        panel = user.post(f"/case/check/{process}", form).get_data(as_text=True)
        assert re.search("连同本人席位和编制转入.{0,200}" + name, panel, re.S), process
    said = filed(user, "department_move", **move | {"seats_go": "approved"})
    assert "请选编制随人走" in said
    steps.lead(world, body, posts[1], body.people[0], main=0)
    for process, form in (("unit_split", split), ("department_move", move)):
        said = filed(user, process, **form)
        assert f"{name}（办公室）" in said, process
        assert "不能随转" in said
    keeps = {"lead_lines-0-line": str(posts[0]), "lead_lines-0-way": "off", "lead_lines-0-to": ""}
    approved(world, user, filed(user, "unit_split", **split, **keeps))
    assert world.value("SELECT unit_id FROM person WHERE id = :p", p=body.people[0]) == body.id


def test_behind_each_figure_stand_its_rows_page_by_page(world: World, client: Open) -> None:
    body = world.body(
        "明细页面局", quotas={"11": 60}, people={"11": 55}, departments=("办公室",), leaders={"deputy:0142": 1}
    )
    user = client("bianban")
    first = user.get(f"/touched/{body.id}/people").get_data(as_text=True)
    assert first.count('href="/person/') == 50
    second = re.search(rf'href="(/touched/{body.id}/people\?after=\d+)"', first)
    assert second
    assert user.get(second.group(1)).get_data(as_text=True).count('href="/person/') == 5
    assert "没有找到" in user.get(f"/touched/{body.id}/people?q=无此人").get_data(as_text=True)
    for figure in standing.LISTS:
        assert user.get(f"/touched/{body.id}/{figure}").status_code == 200, figure
        assert user.get(f"/touched/{body.departments['办公室']}/{figure}").status_code == 200, figure
    assert user.get(f"/touched/{body.id}/nonsense").status_code == 404
    assert user.get("/touched/99999999/people").status_code == 404


def test_a_body_is_split_by_its_form_and_its_history_says_so(world: World, client: Open) -> None:
    body = world.body("分设页面局", people={"11": 2}, departments=("一处", "二处"))
    user = client("bianban")
    form = {"unit": str(body.id), "unit_name": "分出页面局"}
    assert "请选择划入新机构的内设机构" in user.post("/case/check/unit_split", form).get_data(as_text=True)
    rows = {"split_departments-0-department": str(body.departments["一处"])}
    panel = user.post("/case/check/unit_split", form | rows).get_data(as_text=True)
    assert "留在原机构" in panel
    place = filed(user, "unit_split", **form, **rows)
    assert "一处" in user.get(place).get_data(as_text=True)
    approved(world, user, place)
    assert "分出页面局" in user.get(f"/lineage/{body.id}").get_data(as_text=True)


def test_some_people_of_a_line_go_as_they_are_named(world: World, client: Open) -> None:
    body, into = world.body("部分划转局", people={"11": 3}), world.body("部分承接局", quotas={"11": 1})
    user = client("bianban")
    form = {"estab_line": str(body.line), "into_line": str(into.line)}
    assert "还差 2 名" in user.post("/case/check/people_move", form).get_data(as_text=True)
    rows = {"movers-0-person": str(body.people[0])}
    place = filed(user, "people_move", **form, **rows)
    name = str(world.value("SELECT name FROM person WHERE id = :p", p=body.people[0]))
    assert name in user.get(place).get_data(as_text=True)
    approved(world, user, place)
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u", u=into.id) == 1


def test_what_hangs_on_a_unit_is_counted_once_for_all_checks_of_a_form(world: World, client: Open) -> None:
    body, heir = world.body("计数并入局", people={"11": 2}), world.body("计数承接局")
    user = client("bianban")
    with heard(user.client.application) as said:
        panel = user.post("/case/check/unit_merge", {"unit": str(body.id), "into": str(heir.id)}).get_data(as_text=True)
    assert "变更后果" in panel
    assert "在办业务和控编单的去向" in panel
    assert sum("AS bodies_below" in statement for statement in said) == 1


def test_who_ends_who_stays_and_what_goes_along_are_called_so_in_form_and_case(world: World, client: Open) -> None:
    body, heir = (
        world.body("称谓局", people={"11": 1}, departments=("一室",)),
        world.body("称谓承接局", quotas={"11": 0}),
    )
    user = client("bianban")
    for process, words in {
        "unit_merge": ("并入方（合并后撤销的机构）", "承接机构", "随转事项"),
        "unit_split": ("原机构（分设后保留）", "新机构名称"),
        "department_split": ("转入新内设机构的人员",),
        "people_move": ("转出的编制线", "转入的编制线"),
    }.items():
        page = user.get(f"/case/new/{process}").get_data(as_text=True)
        assert [w for w in words if w not in page] == [], process
        assert "填写编制线" not in page
    page = user.get(filed(user, "unit_merge", unit=str(body.id), into=str(heir.id), seats_go="along")).get_data(
        as_text=True
    )
    assert re.search("<dt[^>]*>编制去向</dt>", page)
    assert "席位数" not in page


def test_people_for_whom_there_is_no_room_are_told_what_the_form_can_do(world: World, client: Open) -> None:
    body, small = world.body("无位转出局", people={"11": 3}), world.body("无位转入局", quotas={"11": 1})
    said = filed(client("bianban"), "people_move", estab_line=str(body.line), into_line=str(small.line))
    assert "还差 2 名" in said
    assert "编制划转" in said
    assert "编随人走" not in said


def test_after_a_merge_the_history_names_document_and_post_of_each_number_and_a_closed_body_has_no_vacancy(
    world: World, client: Open
) -> None:
    body = world.body("史并页面局", people={"11": 1}, leaders={"principal:0141": 1})
    heir, user = world.body("史承页面局"), client("bianban")
    place = filed(user, "unit_merge", unit=str(body.id), into=str(heir.id), seats_go="along", leads="off")
    approved(world, user, place)
    page = user.get(f"/lineage/{body.id}").get_data(as_text=True)
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr role.*?</tr>", page, re.S)]
    for said in ("并入 史承页面局", "机构撤销", "领导职数：乡科级正职（正职），核定 0", "编制：行政编制，核定 0"):
        assert any(said in row and PLAN["document_no"] in row for row in rows), (said, rows)
    assert any("领导职数：乡科级正职（正职），核定 1" in row for row in rows)
    assert all('data-label="' in row for row in re.findall(r"<tr role.*?</tr>", page, re.S)[1:])
    for path in (f"/unit/{body.id}", f"/ranks/{body.id}"):
        shown = user.get(path).get_data(as_text=True)
        assert '<span class="bz-green">空缺</span>' not in shown, path
    assert "不再核定" in user.get(f"/ranks/{body.id}").get_data(as_text=True)
