"""建库 in a real browser: choose a workbook, see its errors, file it; a colleague decides and sees the result."""

from pathlib import Path
from typing import Any

import pytest

from tests.exchange.roster.test_intake_page import two_units
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
def test_a_roster_is_checked_filed_and_decided_by_two_people(
    world: World, desks: Any, tmp_path: Path, width: int
) -> None:
    book = two_units(f"浏览{width}")
    for name in ("jia", "yi"):
        world.account(f"{name}{width}", "office_member", office=("establishment", "440600"))
    one, two = desks(f"jia{width}", width), desks(f"yi{width}", width)

    page = one.open("/")
    with page.expect_navigation():
        page.locator("nav a[href='/intake/']").click()
    one.check()
    with page.expect_download() as download:
        page.locator("a[href='/intake/template']").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.set_input_files("#file", book.save(tmp_path))
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    one.check()
    shown = page.locator("main").inner_text()
    assert "“人员”表第 6 行“出生日期”" in shown
    assert "超编 2" in shown
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    with page.expect_navigation():
        page.locator("form[action$='/file'] button").click()
    one.check()
    assert "另一经办人" in page.locator("main").inner_text()
    path = page.url.removeprefix(one.address)

    page = two.open(path)
    page.fill("[name=opinion]", "与花名册相符")
    page.locator("#decision form[action$='/approve'] button.btn-primary").click()
    with page.expect_navigation():
        page.locator("dialog button[value=ok]").click()
    two.check()
    assert page.locator("a[href^='/unit/']").count() == 2
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE :n", n=f"%浏览{width}%") == 2
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE :n", n=f"有误浏览{width}%") == 0
    two.open("/intake/")
