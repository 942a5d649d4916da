"""The demonstration city's plan, before any of it is loaded."""

import datetime as dt
import re

from app.cli.demo_city import City
from tests.world import World


def test_the_year_of_a_documents_number_is_that_of_the_day_from_which_it_holds(world: World) -> None:
    city = City(400, 7, world.keys, dt.date(2026, 11, 26))
    lines = [line for batch in city.batches("440604") for line in batch.lines]
    assert lines
    for line in lines:
        found = re.search(r"〔(\d{4})〕", str(line["document_no"]))
        assert found
        assert found[1] == str(line["start"])[:4], line
