"""One way of naming a division everywhere: the name says whether what lies inside it is meant."""

import re
from collections.abc import Callable

import pytest

from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "client"]
FILTERED = ("/list/units", "/list/people", "/list/posts", "/alarms/figures", "/forecast", "/payroll/month/budget")


@pytest.fixture(scope="module")
def user(world: World) -> str:
    for region in ("440600", "440604", "440604100"):
        world.body(f"名{region}局", region=region, people={"11": 1})
    world.office("establishment")
    return "establishment440600"


@pytest.mark.parametrize("path", FILTERED)
def test_a_filter_by_region_says_of_each_what_it_reaches(user: str, client: Callable[..., Client], path: str) -> None:
    page = client(user).get(path).get_data(as_text=True)
    offered = re.search(r'<select[^>]*name="region".*?</select>', page, re.S)
    assert offered, path
    names = [re.sub(r"<[^>]+>", "", option).strip() for option in re.findall(r"<option.*?</option>", offered[0], re.S)]
    assert {"佛山市本级", "禅城区（含镇街）"} <= set(names)
    assert not {"佛山市", "市本级", "禅城区"} & set(names)


def test_figures_of_a_division_say_whether_its_towns_are_in_them(user: str, client: Callable[..., Client]) -> None:
    def shown(path: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client(user).get(path).get_data(as_text=True)))

    for path in ("/", "/ledger"):
        assert "佛山市本级" in shown(path), path
        assert "禅城区（含镇街）" in shown(path), path
    assert "禅城区本级 · 行政编制" in shown("/quota-desk")
    assert "禅城区本级" in shown("/limits")
    assert "禅城区（含镇街）" in shown("/ledger/440604")
    assert "禅城区（含镇街）" in shown("/difference?region=440604")
