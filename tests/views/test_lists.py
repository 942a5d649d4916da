"""The lists' columns in words, on the page and in the workbook."""

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "client"]


@pytest.mark.parametrize(("name", "first"), [("units", "机构名称"), ("people", "姓名")])
def test_the_column_of_names_says_whose_names_they_are_on_the_page_and_in_the_workbook(
    world: World, client: Callable[..., Client], name: str, first: str
) -> None:
    world.body("名单局", people={"11": 1})
    world.office("establishment")
    user = client("establishment440600")
    head = re.findall(r"<th[^>]*>(.*?)</th>", user.get(f"/list/{name}").get_data(as_text=True), re.S)
    assert re.sub(r"<[^>]+>|\s", "", head[0]).startswith(first)
    book = zipfile.ZipFile(io.BytesIO(user.get(f"/list/{name}/export").get_data()))
    assert f"<t>{first}</t>" in book.read("xl/sharedStrings.xml").decode().partition("</si>")[0]
