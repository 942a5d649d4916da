"""编委会: agenda, minutes by two people, one decision over many cases, the numbered reply; no word without its meeting."""

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.ledger.steps import findings
from tests.security.conftest import Client
from tests.world import Body, World

TODAY = city_today()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("议事甲局", quotas={"11": 4})
    world.office("establishment")
    for name in ("second", "third"):
        world.account(name, "office_member", office=("establishment", "440600"))
    world.office("organisation")
    world.clerk(made, "jia")
    return made


def matter(world: World, body: Body, desk: Client, said: str = "研究某事项") -> int:
    """A case that has been reviewed and waits for the commission."""
    form = {"unit": body.id, "matter": said, "ground": "按程序提请", "action": "submit"}
    case = int(re.search(r"/case/(\d+)", desk.post("/case/new/commission_matter", form).headers["Location"])[1])  # type: ignore[index]
    world.decide(world.office("establishment"), case, "review")
    return case


def test_one_meeting_decides_many_cases_and_each_has_its_numbered_reply(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    files, secretary, settles = client("second"), client("third"), client("establishment440600")
    cases = [matter(world, body, files, f"研究第{n}项") for n in range(3)]
    assert "研究第" not in client("jia").get("/commission/").get_data(as_text=True)
    opened = secretary.post("/commission/open", {"on": TODAY.isoformat(), "place": "六楼会议室"})
    meeting = opened.headers["Location"]
    act = f"{meeting}/act"
    assert secretary.post(act, {"step": "put", "case": [str(c) for c in cases]}).status_code == 302
    again = secretary.post("/commission/open", {"on": TODAY.isoformat()}).headers["Location"]
    assert secretary.post(f"{again}/act", {"step": "put", "case": str(cases[0])}).status_code == 409
    with world.superuser.connect() as c:
        items = list(c.execute(text("SELECT id, application_id FROM agenda_item ORDER BY position")))
    said = {f"verdict-{i.id}": v for i, v in zip(items, ("approve", "approve", "defer"), strict=True)}
    said[f"resolution-{items[0].id}"] = "同意增设一个科室"
    refused = secretary.post(act, {"step": "record", "minutes": "研究了三项议题。", **said})
    assert (refused.status_code, "研究了三项议题。" in refused.get_data(as_text=True)) == (409, True)
    assert (
        secretary.post(act, {"step": "record", "members": "五人", "minutes": "研究了三项议题。", **said}).status_code
        == 302
    )
    assert (
        secretary.post(act, {"step": "settle"}).status_code == 409
    )  # whoever wrote the minutes down does not settle them
    assert settles.post(act, {"step": "settle"}).status_code == 302
    assert [world.state(c) for c in cases] == ["done", "done", "running"]
    opinion = world.value("SELECT opinion FROM decision WHERE case_id = :c ORDER BY id DESC LIMIT 1", c=cases[0])
    assert re.fullmatch(r"编委会\d{4}年第\d+次会议（.*）决定：同意增设一个科室", opinion)
    paper = settles.post(f"/case/{cases[0]}/issue", {"kind": "reply"})
    assert paper.status_code in (200, 302)
    number, content = world.row(
        "SELECT number, content FROM issued_paper WHERE application_id = :c AND kind = 'reply'", c=cases[0]
    )
    assert number == f"〔{TODAY.year}〕1号"
    assert "同意增设一个科室" in content
    waits = world.value("SELECT number FROM application WHERE id = :c", c=cases[2])
    assert waits in secretary.get("/commission/").get_data(as_text=True)  # deferred: it waits again
    assert findings(world) == []


def test_no_word_of_the_commission_counts_without_a_settled_meeting(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    case = matter(world, body, client("second"))
    with pytest.raises(errors.CommissionFirst):
        world.decide(world.office("establishment"), case, "commission")
    meeting, item = agenda(world, case)
    record(world, meeting, item, "reject")
    with pytest.raises(errors.CommissionFirst):  # recorded, but nobody stands for it yet
        world.decide(world.office("establishment"), case, "commission", "reject")
    with world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT commission_settle(:m)"), {"m": meeting})
    with pytest.raises(errors.CommissionFirst):  # the meeting said otherwise
        world.decide(world.office("establishment"), case, "commission")
    world.decide(world.office("establishment"), case, "commission", "reject", "不同意")
    assert world.state(case) == "rejected"


def test_the_kernel_demands_the_meeting_for_the_movement_itself(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    """A forged decision of the office is no word of the commission."""
    case = matter(world, body, client("second"))
    with world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT case_decide(:c, 'approve', '同意', '{}', '')"), {"c": case})
    with pytest.raises(errors.CaseNotApproved), world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT ledger_none(:c)"), {"c": case})


def test_what_was_filed_after_the_meeting_needs_another_one(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    case = matter(world, body, client("second"))
    meeting, item = agenda(world, case)
    record(world, meeting, item, "return")
    with world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT commission_settle(:m)"), {"m": meeting})
    world.decide(world.office("establishment"), case, "commission", "return", "请补充说明")
    with world.database.transaction(world.identity("second"), case_id=case) as s:
        engine.submit(s, case, facts={"unit": body.id, "matter": "已补充", "ground": "按程序提请"}, person_id=None,
                      person_name=None, effective_on=None, unit_id=body.id)  # fmt: skip
    world.decide(world.office("establishment"), case, "review")
    with pytest.raises(errors.CommissionFirst):
        world.decide(world.office("establishment"), case, "commission")


def test_a_settled_meeting_never_changes(world: World, body: Body, client: Callable[..., Client]) -> None:
    for table in ("meeting", "agenda_item"):
        with world.owner.connect() as c, pytest.raises(Exception, match="never changes"):
            c.execute(text(f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})"))


MEETING = ("office_id", "year", "serial", "held_on", "place", "members", "minutes", "nonce", "opened_by", "recorded_by", "settled_by",
           "settled_at")  # fmt: skip
CHANGED = {"date": "held_on + 1", "text": "x || '改'", "integer": "x + 900", "bigint": "x + 900", "timestamp with time zone": "x + interval '1 s'",
           "bytea": "sha256(x)"}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "column"),
    [("meeting", c) for c in MEETING]
    + [("agenda_item", c) for c in ("application_id", "position", "note", "verdict", "resolution", "facts_hash")]
    + [
        ("issued_paper", c)
        for c in ("content", "content_hash", "number", "serial", "year", "application_id", "issued_by", "void_reason")
    ],
)
def test_a_changed_meeting_word_or_reply_is_named_by_verification(
    world: World, body: Body, table: str, column: str
) -> None:
    which = {
        "meeting": "SELECT min(id) FROM meeting WHERE state = 'settled'",
        "agenda_item": "SELECT min(id) FROM agenda_item WHERE verdict = 'approve' AND meeting_id IN"
        " (SELECT id FROM meeting WHERE state = 'settled')",
        "issued_paper": "SELECT min(id) FROM issued_paper WHERE kind = 'reply'",
    }[table]
    with world.superuser.connect() as c:
        c.execute(text("SET session_replication_role = replica"))
        row = c.execute(text(which)).scalar_one()
        kind = c.execute(text("SELECT data_type FROM information_schema.columns WHERE table_name = :t AND column_name = :c"),
                         {"t": table, "c": column}).scalar_one()  # fmt: skip
        value = {
            "verdict": "'reject'",
            "void_reason": "'ended'",
            "settled_by": "opened_by",
            "recorded_by": "opened_by + 1",
        }.get(column, CHANGED[kind].replace("x", column))
        more = ", voided_at = now()" if column == "void_reason" else ""
        c.execute(text("ALTER TABLE meeting DROP CONSTRAINT ck_meeting_people"))
        c.execute(text(f"UPDATE {table} SET {column} = {value}{more} WHERE id = :i"), {"i": row})
        found = list(Verifier(c, world.keys).findings())
        c.rollback()
        c.execute(text("SET session_replication_role = origin"))
    marks = ("place", "members", "minutes") if column == "nonce" else (column,)
    assert {(table, str(row), m) for m in marks} <= {(f.table, f.row, f.column) for f in found}
    assert all(f.whose.startswith("区划 佛山市") for f in found if f.table == table)


def test_a_meeting_put_in_or_taken_out_by_hand_is_named_and_every_step_is_in_the_chain(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    # An item dropped, minutes sent back and written anew: the chain tells it all, and nothing differs.
    case = matter(world, body, client("second"), "研究退回重记")
    other = matter(world, body, client("second"), "研究撤下")
    meeting, item = agenda(world, case)
    with world.database.transaction(world.identity("third")) as s:
        dropped = s.execute(text("SELECT commission_put(:m, :c, '待定')"), {"m": meeting, "c": other}).scalar_one()
        s.execute(text("SELECT commission_drop(:m, :i)"), {"m": meeting, "i": dropped})
    record(world, meeting, item, "approve")
    with world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT commission_reopen(:m)"), {"m": meeting})
    assert findings(world) == []
    record(world, meeting, item, "defer")
    with world.database.transaction(world.office("establishment")) as s:
        s.execute(text("SELECT commission_settle(:m)"), {"m": meeting})
    assert findings(world) == []
    with world.superuser.connect() as c:
        steps = c.execute(text("SELECT type FROM ledger_entry WHERE chain_kind = 'region' AND (fields ->> 'meeting')::bigint = :m"
                               " ORDER BY sequence"), {"m": meeting}).scalars().all()  # fmt: skip
        # Minutes are the office's alone: the entries bear none of their words.
        assert (
            c.execute(
                text("SELECT count(*) FROM ledger_entry WHERE payload LIKE '%研究。%' OR payload LIKE '%照办%'")
            ).scalar()
            == 0
        )
        c.execute(text("SET session_replication_role = replica"))
        c.execute(text("DELETE FROM meeting WHERE id = :m"), {"m": meeting})
        c.execute(
            text("INSERT INTO agenda_item (meeting_id, application_id, position) SELECT min(id), :c, 99 FROM meeting"),
            {"c": other},
        )
        found = {(f.table, f.found) for f in Verifier(c, world.keys).findings()}
        c.rollback()
        c.execute(text("SET session_replication_role = origin"))
    assert [t.partition(".")[2] for t in steps] == [
        "opened",
        "put",
        "put",
        "dropped",
        "recorded",
        "reopened",
        "recorded",
        "settled",
    ]
    assert {("meeting", "无此行"), ("agenda_item", "有此行")} <= found


def test_the_commission_decides_the_document_of_a_body_of_county_grade(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    opened = {"region": "440600", "unit_name": "议事处级局", "body": "organ", "unit_category": "34", "grade": "107", "action": "submit",
              "document_no": "佛编〔2026〕50号", "start": TODAY.isoformat()}  # fmt: skip
    made = int(re.search(r"/case/(\d+)", desk.post("/case/new/unit_open", opened).headers["Location"])[1])  # type: ignore[index]
    world.decide(world.office("establishment"), made, "review")
    unit = world.value("SELECT id FROM unit WHERE name = '议事处级局'")
    form = {"unit": unit, "duties-0-text": "负责某项工作。", "quotas-0-category": "11", "quotas-0-number": "4", "action": "submit",
            "document_no": "佛编〔2026〕51号", "issuer": "市委编委", "start": TODAY.isoformat()}  # fmt: skip
    case = int(re.search(r"/case/(\d+)", desk.post("/case/new/sanding", form).headers["Location"])[1])  # type: ignore[index]
    world.decide(world.office("establishment"), case, "review")
    assert world.state(case) == "running"
    meeting, item = agenda(world, case)
    record(world, meeting, item, "approve")
    assert client("establishment440600").post(f"/commission/{meeting}/act", {"step": "settle"}).status_code == 302
    assert world.value("SELECT count(*) FROM sanding WHERE unit_id = :u", u=unit) == 1


def test_a_decision_of_the_upper_level_is_recorded_by_two_and_cited(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    form = {"region": "440600", "matter": "关于增加机构限额的批复", "document_no": "粤编〔2026〕7号", "issuer": "省委编委",
            "decided_on": (TODAY - dt.timedelta(days=9)).isoformat(), "action": "submit"}  # fmt: skip
    case = int(re.search(r"/case/(\d+)", desk.post("/case/new/outside_decision", form).headers["Location"])[1])  # type: ignore[index]
    assert str(case) not in desk.get("/commission/outside?q=增加机构限额").get_data(
        as_text=True
    )  # one has signed, two are needed
    world.decide(world.office("establishment"), case, "review")
    found: Any = json.loads(desk.get("/commission/outside?q=增加机构限额").data)
    assert str(case) in json.dumps(found)
    cites = {"unit": body.id, "matter": "增设机构", "ground": "依上级批复", "outside": str(case), "action": "submit"}
    shown = desk.post("/case/new/commission_matter", cites).headers["Location"]
    assert "粤编〔2026〕7号" in desk.get(shown).get_data(as_text=True)
    assert "/case/" not in (
        desk.post("/case/new/commission_matter", cites | {"outside": "999999"}).headers.get("Location") or ""
    )


def test_other_offices_and_units_have_no_commission(world: World, body: Body, client: Callable[..., Client]) -> None:
    assert client("organisation440600").get("/commission/").status_code == 404
    assert client("jia").get("/commission/").status_code == 403


def agenda(world: World, case: int) -> tuple[int, int]:
    with world.database.transaction(world.identity("third")) as s:
        meeting = s.execute(text("SELECT commission_open(kernel_today(), '')")).scalar_one()
        return meeting, s.execute(text("SELECT commission_put(:m, :c, '')"), {"m": meeting, "c": case}).scalar_one()


def record(world: World, meeting: int, item: int, verdict: str) -> None:
    said = json.dumps({str(item): {"verdict": verdict, "resolution": "照办"}})
    with world.database.transaction(world.identity("third")) as s:
        s.execute(text("SELECT commission_record(:m, '五人', '研究。', cast(:w AS jsonb))"), {"m": meeting, "w": said})
