"""A clerk drops files on a draft, an office marks papers and issues one, a stranger checks it: pages as people see them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.exchange.attachments import samples
from tests.world import Body, World, person

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("材料局", quotas={"11": 5})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    return made


def test_files_and_papers_on_their_way(world: World, body: Body, desks: Any, tmp_path: Path) -> None:
    for name, content in (("学历.pdf", samples.PDF), ("照片.png", samples.PNG), ("假.pdf", samples.HTML)):
        (tmp_path / name).write_bytes(content)
    case = world.recruit(body, facts=person("材料甲"))
    world.decide(world.office("establishment", username="bianban9"), case, "establishment", "return", "请补学历证书")
    clerk = desks("clerk", width=390)
    page = clerk.open(f"/case/{case}/edit")
    page.set_input_files("#file-input", [tmp_path / "学历.pdf", tmp_path / "照片.png", tmp_path / "假.pdf"])
    with page.expect_navigation():
        page.locator("#papers form[enctype] button[type=submit]").click()
    expect(page.locator("#files")).to_contain_text("学历.pdf")
    expect(page.locator("#files img.bz-thumb")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("假.pdf：按内容看")
    clerk.check()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("details.bz-preview summary").click()
    expect(page.locator("details.bz-preview iframe")).to_be_visible()
    assert clerk.complaints == []

    bianban = desks("bianban")
    page = bianban.open(f"/case/{case}")
    page.locator("#papers input[name=slot]").first.check()
    with page.expect_navigation():
        page.locator("#paper-marks button[value=receive]").click()
    expect(page.locator("#papers")).to_contain_text("收讫")
    with page.expect_response(lambda r: "/issued/" in r.url) as answer:
        page.locator("#printouts form button").first.click()
    assert answer.value.headers["content-type"] == "application/pdf"
    assert world.value("SELECT count(*) FROM issued_paper WHERE application_id = :c", c=case) == 1

    page = desks("clerk").open("/check/")
    page.fill("#code", "BZ1|随便")
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("无效")
