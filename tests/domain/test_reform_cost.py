"""What a reform costs: the finance office's standard by the region of each body, unknown where none is set."""

from app.domain.reform import Cost, cost

CITY, TOWN = "440600", "440604100"


def test_a_channel_costs_people_by_the_standard_of_their_region_and_names_those_without() -> None:
    line = {"kind": "establishment", "funding": "1", "category": "11"}
    found = {
        "units": [{"id": 1, "region": CITY}, {"id": 2, "region": TOWN}],
        "lines": [
            {**line, "unit": 1, "occupied": 3},
            {**line, "unit": 2, "occupied": 2},
            {**line, "unit": 2, "occupied": 4, "category": "22"},
            {**line, "unit": 1, "occupied": 5, "funding": "2"},
            {**line, "unit": 1, "occupied": 0},
            {**line, "unit": 1, "occupied": 1, "kind": "leadership"},
        ],
    }
    known = {(CITY, "1", "11"): 10_000_050, (TOWN, "1", "11"): 5_000_000}
    spent = cost(found, known)
    assert spent == {"1": Cost(9, 40_000_150, 4), "2": Cost(5, 0, 5)}
    assert (spent["1"].yuan, spent["2"].yuan) == (400_001, None)
