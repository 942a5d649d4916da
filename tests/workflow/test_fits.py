"""What no approval could let pass is refused as it is filed, at its field; each case is filed through its form."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import uscc
from tests.ledger.steps import TODAY, act, ago
from tests.security.conftest import Client
from tests.workflow.filings import City
from tests.world import Body, World

Open = Callable[..., Client]
PLAN = {"document_no": "佛编〔2026〕61号", "issuer": "市委编委", "start": TODAY.isoformat()}


@pytest.fixture(scope="module")
def city(world: World) -> City:
    return City(world)


@pytest.fixture(scope="module")
def body(city: City) -> Body:
    return city.body()


@pytest.fixture(scope="module")
def other(city: City) -> Body:
    return city.body()


def refused(user: Client, process: str, field: str, **typed: Any) -> str:
    """What stands beside the field that is marked."""
    user.get(f"/case/new/{process}")
    answer = user.post(f"/case/new/{process}", {"action": "submit", **typed})
    assert answer.status_code == 200, answer.location
    found = re.search(rf'id="{field}-error"[^>]*>(.*?)</ul>', html.unescape(answer.get_data(as_text=True)), re.S)
    assert found, f"{field} is not marked"
    return re.sub(r"<[^>]+>", " ", found[1]).strip()


def test_a_day_before_what_it_rests_on_is_named_with_the_first_that_would_do(
    city: City, body: Body, client: Open
) -> None:
    office, clerk = client(city.offices["establishment"][1]), client(f"clerk{body.id}")
    early = PLAN | {"start": "1999-01-01"}
    quota = {"any_line": body.line, "authorised": "7", **early}
    assert "早于 2015-01-01" in refused(office, "quota", "start", **quota)
    room = body.departments["业务科"]
    assert "早于 2015-01-01" in refused(office, "department_change", "start", lower_unit=room, new_name="新科", **early)
    assert "早于 2016-01-01" in refused(clerk, "retire", "end", person=body.people[0], end="2010-05-01")
    shift = {"person": body.people[0], "department": room, "start": "2010-05-01"}
    assert "早于 2016-01-01" in refused(clerk, "shift", "start", **shift)
    part = {"estab_line": body.line, "purpose": "veteran", "part_number": "1", "part_how": "inside"}
    assert "早于 2015-01-01" in refused(office, "quota_part", "start", **part, **early, last_day_on="1998-12-31")


def test_a_total_or_a_limit_of_a_region_does_not_begin_before_the_one_in_force(
    world: World, city: City, client: Open
) -> None:
    place, day = "440608", ago(10)
    act(world, "quota_pool", None, day, place, region=place, category="21", pool_kind="total", number=5000)
    act(world, "organ_limit", None, day, place, region=place, category="1004", most=40)
    world.account("gaoming_ban", "office_member", office=("establishment", place))
    user, early = client("gaoming_ban"), PLAN | {"start": ago(11).isoformat()}
    total = {"region": place, "category": "21", "pool_kind": "total", "pool_number": "6000"}
    limit = {"region": place, "unit_category": "1004", "most": "41"}
    for process, typed in (("quota_pool", total), ("organ_limit", limit)):
        assert f"早于 {day}" in refused(user, process, "start", **typed, **early)
        again = user.post(f"/case/new/{process}", {"action": "submit", **typed, **early, "start": day.isoformat()})
        assert again.status_code == 302
    assert user.post("/case/new/quota_pool", {"action": "submit", **total, "pool_kind": "rotating", **early}).location


@pytest.mark.parametrize("slip", ["0206-11-25", "2206-11-25", "9999-12-31"])
def test_a_slip_of_the_hand_in_the_year_is_no_day(city: City, body: Body, client: Open, slip: str) -> None:
    quota = {"any_line": body.line, "authorised": "7", **PLAN, "start": slip}
    assert "日期无效" in refused(client(city.offices["establishment"][1]), "quota", "start", **quota)


def test_a_choice_that_the_fields_own_search_would_not_offer_is_marked(
    city: City, body: Body, other: Body, client: Open
) -> None:
    office = client(city.offices["establishment"][1])
    later = ago(-400).isoformat()
    lead_line = body.lines["principal:0131"]
    assert "不是本项要求的类型" in refused(
        office, "absorb", "estab_line", estab_line=lead_line, absorbed_on=later, **PLAN
    )
    merge = {"unit": body.id, "seats_go": "along", "leads": "off", **PLAN}
    assert "不是本项要求的类型" in refused(office, "unit_merge", "into", into=other.departments["办公室"], **merge)
    lead = {"unit": body.id, "role": "deputy", "level": "0141", "authorised": "1", **PLAN}
    assert "不属于所选的机构" in refused(office, "lead_new", "scope", scope=other.departments["办公室"], **lead)
    assert refused(office, "quota", "any_line", any_line="999999999999", authorised="7", **PLAN)


def test_a_last_day_that_extends_nothing_or_ends_before_it_begins_is_marked(city: City, client: Open) -> None:
    away, who = city.away()
    user = client(f"clerk{away.id}")
    until = city.world.value("SELECT until_on FROM absence WHERE person_id = :p AND recorded_to IS NULL", p=who)
    form = {"away": who, "until_on": until.isoformat(), "ground": "工作需要"}
    assert f"不晚于现在的期满日 {until}" in refused(user, "absence_extend", "until_on", **form)
    leave = {
        "person": away.people[1],
        "away_kind": "sick_leave",
        "start": TODAY.isoformat(),
        "until_on": ago(3).isoformat(),
    }
    assert refused(user, "long_leave", "until_on", **leave)


def test_what_nobody_sees_in_a_text_is_left_out_and_a_documents_number_has_plain_digits(
    city: City, body: Body, client: Open
) -> None:
    user = client(city.offices["establishment"][1])
    typed = {"any_line": body.line, "authorised": "7", **PLAN}
    assert refused(user, "quota", "issuer", **typed | {"issuer": " \u200b "})
    user.get("/case/new/quota")
    hidden = typed | {"document_no": "\u202e佛编〔２０２６〕６２号\u200b ", "action": "submit"}
    case = int(user.post("/case/new/quota", hidden).location.rsplit("/", 1)[1])
    filed = "SELECT facts::jsonb ->> 'document_no' FROM case_record WHERE case_id = :c"
    assert city.world.value(filed, c=case) == "佛编〔2026〕62号"


def test_a_number_of_nought_is_looked_at_as_any_other(city: City, body: Body, client: Open) -> None:
    user = client(city.offices["establishment"][1])
    panel = user.post("/case/check/quota", {"any_line": body.line, "authorised": "0", **PLAN}).get_data(as_text=True)
    assert "bz-check-bad" in panel
    limit = {"region": "440600", "unit_category": "1005", "most": "0", **PLAN}
    case = int(user.post("/case/new/organ_limit", {"action": "submit", **limit}).location.rsplit("/", 1)[1])
    assert city.world.value("SELECT facts::jsonb -> 'most' FROM case_record WHERE case_id = :c", c=case) == 0


def test_a_penalty_that_no_list_has_is_marked_and_no_error(city: City, body: Body, client: Open) -> None:
    user = client(f"clerk{body.id}")
    found = user.post("/case/check/discipline", {"person": body.people[0], "penalty": "ZZ", "start": TODAY.isoformat()})
    assert found.status_code == 200


def test_a_credit_code_whose_last_character_does_not_fit_is_marked(
    world: World, city: City, body: Body, client: Open
) -> None:
    user = client(city.offices["establishment"][1])
    wrong = refused(user, "unit_change", "uscc", unit=body.id, unit_name="改名局", uscc="11440600007033123Z", **PLAN)
    assert "末位" in wrong or "GB 32100" in wrong
    codes = ["11440600" + f"{n:09d}" + c for n in range(3) for c in "0123456789ABCDEFGHJKLMNPQRTUWXY"]
    good = [c for c in codes if uscc.good(c)]
    assert len(good) == 3
    with world.owner.connect() as c:
        assert [k for k in codes if c.execute(text("SELECT k_uscc_good(:k)"), {"k": k}).scalar()] == good


@pytest.mark.parametrize("process", ["death", "resign", "discipline", "secondment"])
def test_no_check_breaks_on_a_year_that_never_comes(city: City, body: Body, client: Open, process: str) -> None:
    far = dict.fromkeys(("start", "end", "until_on", "decided_on", "applied_on", "notice_on"), "9999-12-31")
    typed = {"person": body.people[0], "penalty": "01", **far}
    assert client(f"clerk{body.id}").post(f"/case/check/{process}", typed).status_code == 200
