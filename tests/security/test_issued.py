"""Numbered papers: issued once, from the moment they say something true, never changed, void when they no longer hold."""

import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from werkzeug.test import TestResponse

from app.cli.files import PAPERS, unlike
from app.domain import errors
from app.domain.workdays import city_today
from app.exchange.attachments import Store
from app.ledger.people import facts_of
from app.queries import issued
from app.reports import signed
from app.reports.content import TITLES
from tests.exchange.attachments import samples
from tests.ledger.steps import by_office
from tests.security.conftest import Client
from tests.world import Body, World, person

Browser = Callable[..., Client]


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("文书局", quotas={"11": 9}, people={"11": 2})
    other = world.body("别局", region="440604", people={"11": 1})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("foreign", "unit_clerk", unit=other.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("bianban2", "office_member", office=("establishment", "440600"))
    world.account("jijian", "inspector", region="440600")
    return made


def issue(user: Client, case: int, kind: str) -> TestResponse:
    user.get(f"/case/{case}")
    return user.post(f"/case/{case}/issue", {"kind": kind})


def words(answer: TestResponse) -> str:
    assert answer.mimetype == "application/pdf", answer.get_data(as_text=True)[:500]
    pages = PdfReader(io.BytesIO(answer.get_data())).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def numbers(world: World, kind: str) -> list[str]:
    with world.superuser.connect() as connection:
        rows = connection.execute(text("SELECT number FROM issued_paper WHERE kind = :k ORDER BY serial"), {"k": kind})
        return list(rows.scalars())


def code_of(world: World, case: int, kind: str) -> str:
    with world.superuser.connect() as connection:
        row = connection.execute(
            text(
                "SELECT content, signature FROM issued_paper WHERE application_id = :c AND kind = :k ORDER BY id DESC LIMIT 1"
            ),
            {"c": case, "k": kind},
        ).one()
    line = signed.line_of(json.loads(row.content), signed.content_hash(row.content))
    return signed.code(line, bytes(row.signature))


def checked(user: Client, code: str) -> str:
    user.get("/check/")
    return user.post("/check/", {"code": code}).get_data(as_text=True)


def test_each_paper_of_an_entry_is_issued_when_it_is_true_and_stays_as_it_was_issued(
    app: Flask, world: World, body: Body, client: Browser
) -> None:
    clerk, bianban = client("clerk"), client("bianban")
    case = world.recruit(body, facts=person("文新"))
    page = clerk.get(f"/case/{case}").get_data(as_text=True)
    assert all(TITLES[k] in page for k in ("receipt", "quota_use", "entry_notice", "payroll_notice", "approval_sheet"))
    for early in ("quota_use", "entry_notice", "approval_sheet", "lead_use"):
        issue(clerk, case, early)
        assert world.value("SELECT count(*) FROM issued_paper WHERE kind = :k", k=early) == 0
    receipt = issue(clerk, case, "receipt")
    said = words(clerk.get(receipt.location))
    year = city_today().year
    assert f"〔{year}〕1号" in said
    assert "受理回执" in said
    assert "《编制使用申请表》" in said
    world.decide(world.office("establishment"), case, "establishment")
    used = words(bianban.get(issue(bianban, case, "quota_use").location))
    assert "编制使用核准单" in used
    assert "予以预留" in used
    world.decide(world.office("organisation"), case, "personnel")
    world.arrive(world.clerk(body), case, city_today())
    notice = issue(clerk, case, "entry_notice")
    first = clerk.get(notice.location)
    said = words(first)
    assert all(w in said for w in ("入编通知单", "文新", f"{year}年", "席位号", "文书局"))
    assert words(clerk.get(issue(clerk, case, "payroll_notice").location)).count("列入工资统发") == 1
    assert "办理过程" in words(clerk.get(issue(clerk, case, "approval_sheet").location))
    again = issue(bianban, case, "entry_notice")
    assert again.location.endswith("#printouts"), "issued already"
    assert numbers(world, "entry_notice") == [f"〔{year}〕1号"]
    assert bianban.get(notice.location).get_data() == first.get_data()
    digest = world.value("SELECT file_hash FROM issued_paper WHERE kind = 'entry_notice'")
    Store(app.config["FILES"], world.keys).path(bytes(digest)).unlink()
    assert bianban.get(notice.location).get_data() == first.get_data(), "printed anew from its content"


def test_a_foreign_paper_answers_as_an_absent_one_and_readers_only_read(
    world: World, body: Body, client: Browser
) -> None:
    case = world.recruit(body, facts=person("外文"))
    shown = issue(client("clerk"), case, "receipt").location
    foreign = client("foreign")
    pages = [foreign.get(p) for p in (shown, f"/case/{case}/file", f"/case/{case}/issued/99000000")]
    assert [p.status_code for p in pages] == [404, 404, 404]
    assert issue(foreign, case, "papers_list").status_code == 404
    inspector = client("jijian")
    assert inspector.get(shown).status_code == 200
    assert words(inspector.get(f"/case/{case}/file"))
    assert issue(inspector, case, "papers_list").status_code == 403
    assert ">开具<" not in inspector.get(f"/case/{case}").get_data(as_text=True)
    assert client("clerk").post(f"/case/{case}/issue", {"kind": "nothing"}).status_code == 400


def test_a_case_file_holds_sheet_timeline_papers_and_attachments(world: World, body: Body, client: Browser) -> None:
    case = world.recruit(body, facts=person("卷宗"))
    world.decide(world.office("establishment"), case, "establishment", "return", '请补 #read("/etc/passwd")')
    clerk = client("clerk")
    clerk.get(f"/case/{case}/edit")
    clerk.post(
        f"/case/{case}/files", {"files": [(io.BytesIO(samples.PDF), "学历.pdf")]}, content_type="multipart/form-data"
    )
    answer = clerk.get(f"/case/{case}/file")
    said = words(answer)
    assert all(w in said for w in ("业务案卷", "卷宗", "退回补正", '请补#read("/etc/passwd")', "学历.pdf", "附后，1页"))
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_paper_is_void_when_its_case_ends_and_whoever_checks_it_is_told(
    world: World, body: Body, client: Browser
) -> None:
    case = world.recruit(body, facts=person("作废"))
    world.decide(world.office("establishment"), case, "establishment")
    clerk, stranger = client("clerk"), client()
    shown = issue(clerk, case, "quota_use").location
    code = code_of(world, case, "quota_use")
    page = checked(stranger, code)
    assert "有效" in page
    assert "作*" in page
    assert "作废<" not in page
    world.decide(world.office("organisation"), case, "personnel", "reject", "不符合条件")
    page = checked(stranger, code)
    assert "已作废" in page
    assert "席位已退回" in page
    said = words(clerk.get(shown))
    assert "席位已退回" in said
    assert world.value("SELECT void_reason FROM issued_paper WHERE application_id = :c", c=case) == "released"


def test_the_check_page_gives_away_nothing_but_what_the_paper_says(world: World, body: Body, client: Browser) -> None:
    stranger = client()
    assert "无效" in checked(stranger, "随便写的文字")
    assert "无效" in checked(stranger, code_of(world, *some(world)).replace("文书局", "别的局"))
    # Signed by us, but in no book: a database put back to an earlier day.
    line = signed.Line("入编通知单", "〔2026〕9999号", "2026-01-01", "编办", "某局", "张*", "A" * 43)
    page = checked(stranger, signed.code(line, signed.sign(line, world.keys)))
    assert "没有这份文书的登记" in page
    assert "有效：" not in page


def some(world: World) -> tuple[int, str]:
    return tuple(world.row("SELECT application_id, kind FROM issued_paper ORDER BY id LIMIT 1"))


def test_a_correction_makes_the_papers_of_that_person_void_and_new_ones_tell_the_corrected_facts(
    world: World, body: Body, client: Browser
) -> None:
    clerk = client("clerk")
    wrong = person("李错字")
    case = world.recruit(body, facts=wrong)
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, city_today())
    issue(clerk, case, "entry_notice")
    who = world.value("SELECT person_id FROM application WHERE id = :c", c=case)
    right = facts_of(person("李正字", id_number=wrong.id_number), world.keys)
    by_office(
        world,
        "person_correct",
        {"person": who, **{k: v for k, v in right.items() if not k.startswith(("person_index", "id_cipher"))}},
        about=body,
    )
    assert world.row("SELECT void_reason, void_case_id IS NOT NULL FROM issued_paper WHERE application_id = :c", c=case) == (
        "corrected", True,
    )  # fmt: skip
    said = words(clerk.get(issue(clerk, case, "entry_notice").location))
    assert "李正字" in said
    assert "李错字" not in said
    assert world.value("SELECT count(*) FROM issued_paper WHERE application_id = :c", c=case) == 2


def test_numbers_run_without_a_gap_and_none_is_given_twice(world: World, body: Body) -> None:
    cases = [world.recruit(body, facts=person(f"号{n}")) for n in "甲乙丙丁"]
    clerk, before = world.clerk(body), len(numbers(world, "papers_list"))

    def give(case: int) -> None:
        with world.database.transaction(clerk, case_id=case) as s:
            given = issued.number(s, case, "papers_list")
            said = signed.canonical({"number": given.number, "kind": "papers_list", "office": given.office, "day":
                                     city_today().isoformat(), "case": s.execute(text("SELECT number FROM application WHERE id = :c"), {"c": case}).scalar_one()})  # fmt: skip
            issued.issue(s, case, "papers_list", given, said, b"s" * 64, b"h" * 32)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(give, cases[:3]))
    with pytest.raises(errors.InvalidInput):
        broken_off(world, cases[3])  # the number is not used up
    give(cases[3])
    found = [int(re.sub(r".*〕|号", "", n)) for n in numbers(world, "papers_list")]
    assert found == list(range(1, before + 5))


def broken_off(world: World, case: int) -> None:
    with world.database.transaction(world.office("establishment")) as s:
        issued.number(s, case, "papers_list")
        raise errors.InvalidInput(errors={})


def forged(world: World, body: Body, case: int, change: dict[str, str], given: Any = None) -> None:
    with world.database.transaction(world.clerk(body)) as s:
        given = given or issued.number(s, case, "receipt")
        number = s.execute(text("SELECT number FROM application WHERE id = :c"), {"c": case}).scalar_one()
        good = {
            "number": given.number,
            "kind": "receipt",
            "office": given.office,
            "day": city_today().isoformat(),
            "case": number,
        }
        issued.issue(s, case, "receipt", given, signed.canonical(good | change), b"s" * 64, b"h" * 32)


def test_a_number_is_given_only_with_its_own_paper(world: World, body: Body) -> None:
    case = world.recruit(body, facts=person("假号"))
    with world.database.transaction(world.clerk(body)) as s:
        taken = issued.number(s, case, "receipt")  # kept without a paper: its transaction is over
    with pytest.raises(errors.WrongState):
        forged(world, body, case, {}, taken)
    for change in ({"kind": "quota_use"}, {"office": "别的办"}, {"day": "2020-01-01"}, {"case": "LY2020-000001"},
                   {"number": "〔2026〕1号"}):  # fmt: skip
        with pytest.raises(errors.WrongState):
            forged(world, body, case, change)
    forged(world, body, case, {})


def test_an_issued_paper_is_changed_by_nobody_not_even_the_owner(world: World, body: Body) -> None:
    case = some(world)[0]
    for statement in ("UPDATE issued_paper SET content = '{}' WHERE application_id = :c",
                      "UPDATE issued_paper SET serial = 99 WHERE application_id = :c",
                      "DELETE FROM issued_paper WHERE application_id = :c"):  # fmt: skip
        with pytest.raises(DBAPIError, match="never change"), world.owner.begin() as connection:
            connection.execute(text(statement), {"c": case})
        with pytest.raises(ProgrammingError, match="permission denied"), world.database.transaction(
            world.clerk(body)
        ) as s:  # fmt: skip
            s.execute(text(statement), {"c": case})


def test_a_paper_that_a_superuser_changed_no_longer_fits_its_signature(world: World, body: Body) -> None:
    with world.superuser.connect() as connection:
        good = connection.execute(PAPERS).all()
        real = [row for row in good if bytes(row.signature) != b"s" * 64]
        assert real
        assert [row.id for row in real if unlike(row, world.keys)] == []
        connection.execute(text("ALTER TABLE issued_paper DISABLE TRIGGER USER"))
        changed = "UPDATE issued_paper SET content = replace(content, '文书局', '别的局')"
        connection.execute(
            text(changed + ", content_hash = sha256(convert_to(replace(content, '文书局', '别的局'), 'UTF8'))")
        )
        assert all(unlike(row, world.keys) for row in connection.execute(PAPERS) if row.id in {r.id for r in real})
        connection.rollback()
