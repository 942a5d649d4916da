"""Leadership positions (领导职数) count apart from seats; who leads sits in the unit or comes from a named elsewhere."""

import pytest

from app.domain import errors
from tests.ledger.steps import (
    TODAY,
    ago,
    by_unit,
    correct_start,
    entered,
    findings,
    lead,
    leave,
    refusal,
    seat,
    set_quota,
    stop_leading,
    transfer,
)
from tests.world import World

DEPUTY, CHIEF = "deputy:0132", "principal:0131"


def test_a_position_counts_against_the_leadership_number_and_not_against_the_seats(world: World) -> None:
    body = world.body("任职局", people={"11": 2}, leaders={DEPUTY: 2}, start=ago(400))
    lead(world, body, body.lines[DEPUTY], body.people[0], ago(5))
    assert world.figures(body.lines[DEPUTY]) == (2, 1, 0)
    assert world.figures(body.line) == (5, 2, 0)
    row = world.row("SELECT kind, nature, main, started_on FROM occupancy WHERE line_id = :l", l=body.lines[DEPUTY])
    assert row == ("leadership", "regular", True, ago(5))


@pytest.mark.parametrize("nature", ["concurrent", "attached", "superior"])
def test_a_leader_from_elsewhere_takes_no_establishment_seat(world: World, nature: str) -> None:
    home = world.body(f"原{nature}局", people={"11": 1}, start=ago(400))
    body = world.body(f"兼{nature}局", quotas={"11": 1}, leaders={CHIEF: 1}, start=ago(400))
    lead(world, body, body.lines[CHIEF], home.people[0], ago(5), nature=nature, home=home.name, main=0)
    assert world.figures(body.lines[CHIEF]) == (1, 1, 0)
    assert world.figures(body.line) == (1, 0, 0)
    assert world.figures(home.line)[1] == 1
    assert world.row("SELECT unit_id, state FROM person WHERE id = :p", p=home.people[0]) == (home.id, "serving")


def test_a_leader_without_a_seat_and_not_so_marked_is_refused(world: World) -> None:
    home = world.body("无座原局", people={"11": 1}, start=ago(400))
    body = world.body("无座局", leaders={CHIEF: 1}, start=ago(400))
    assert isinstance(refusal(lead, world, body, body.lines[CHIEF], home.people[0]), errors.LeaderWithoutSeat)
    assert world.figures(body.lines[CHIEF]) == (1, 0, 0)


def test_a_leader_from_elsewhere_names_his_unit(world: World) -> None:
    home = world.body("不名原局", people={"11": 1}, start=ago(400))
    body = world.body("不名局", leaders={CHIEF: 1}, start=ago(400))
    found = refusal(lead, world, body, body.lines[CHIEF], home.people[0], nature="concurrent")
    assert isinstance(found, errors.LeaderWithoutSeat)
    assert found.facts["missing"] == "home_unit"


def test_over_leadership_is_refused_with_the_figures(world: World) -> None:
    body = world.body("超职局", people={"11": 2}, leaders={CHIEF: 1}, start=ago(400))
    lead(world, body, body.lines[CHIEF], body.people[0], ago(5))
    found = refusal(lead, world, body, body.lines[CHIEF], body.people[1])
    assert isinstance(found, errors.LeadershipExhausted)
    expected = {"line": body.lines[CHIEF], "authorised": 1, "occupied": 1, "reserved": 0, "surplus": 0}
    assert found.facts == expected
    assert world.value("SELECT count(*) FROM alarm WHERE rule = 'AL03' AND line_id = :l", l=body.lines[CHIEF]) == 1


def test_a_leader_sits_in_the_unit_on_every_day_from_the_first(world: World) -> None:
    body = world.body("先座局", leaders={DEPUTY: 2}, start=ago(400))
    who = entered(world, body, ago(50))
    assert isinstance(refusal(lead, world, body, body.lines[DEPUTY], who, ago(51)), errors.LeaderWithoutSeat)
    other = entered(world, body, ago(60))
    leave(world, body, other, ago(40))
    case = world.recruit(body)
    assert case
    # Sat there on the day named, and left since.
    assert isinstance(refusal(lead, world, body, body.lines[DEPUTY], other, ago(50)), errors.LeaderWithoutSeat)


def test_who_moved_between_seats_of_the_unit_has_sat_there_all_the_time(world: World) -> None:
    """A surplus holder who took a freed seat leads from a day before that."""
    body = world.body("换座任职局", quotas={"11": 1}, people={"11": 2}, leaders={DEPUTY: 1}, start=ago(400))
    over = world.value("SELECT o.person_id FROM occupancy o JOIN post p ON p.id = o.post_id WHERE p.line_id = :l"
                       " AND p.surplus", l=body.line)  # fmt: skip
    leave(world, body, next(p for p in body.people if p != over), ago(30))
    lead(world, body, body.lines[DEPUTY], over, ago(100))
    assert world.figures(body.lines[DEPUTY]) == (1, 1, 0)


def test_a_position_is_taken_back_to_a_day_on_which_another_of_the_line_was_free(world: World) -> None:
    body = world.body("择位局", people={"11": 2}, leaders={DEPUTY: 2}, start=ago(400))
    line = body.lines[DEPUTY]
    lead(world, body, line, body.people[0], ago(100))
    stop_leading(world, body, line, body.people[0], ago(10))
    lead(world, body, line, body.people[1], ago(50))  # number 1 was held until ten days ago, number 2 never
    number = "SELECT p.number FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.id = :o"
    assert world.value(number, o=seat(world, body.people[1], "leadership")) == 2


def test_no_position_is_taken_back_to_a_day_when_all_were_held(world: World) -> None:
    body = world.body("满位局", people={"11": 2}, leaders={CHIEF: 1}, start=ago(400))
    line = body.lines[CHIEF]
    lead(world, body, line, body.people[0], ago(100))
    stop_leading(world, body, line, body.people[0], ago(10))
    assert isinstance(refusal(lead, world, body, line, body.people[1], ago(11)), errors.BadDay)
    assert world.figures(line) == (1, 0, 0)


def test_a_position_is_neither_taken_nor_left_in_the_future(world: World) -> None:
    body = world.body("将任局", people={"11": 1}, leaders={CHIEF: 1}, start=ago(400))
    case = lead(world, body, body.lines[CHIEF], body.people[0], ago(-1))
    assert world.state(case) == "awaiting"
    assert world.figures(body.lines[CHIEF]) == (1, 0, 0)


def test_leaving_a_position_keeps_the_seat(world: World) -> None:
    body = world.body("免职局", people={"11": 1}, leaders={CHIEF: 1}, start=ago(400))
    line, who = body.lines[CHIEF], body.people[0]
    lead(world, body, line, who, ago(20))
    stop_leading(world, body, line, who, ago(5))
    assert world.figures(line) == (1, 0, 0)
    assert world.figures(body.line)[1] == 1
    assert world.value("SELECT ended_on FROM occupancy WHERE line_id = :l AND recorded_to IS NULL", l=line) == ago(5)


def test_a_position_is_not_left_before_it_was_taken_nor_by_one_who_does_not_hold_it(world: World) -> None:
    body = world.body("错免局", people={"11": 2}, leaders={CHIEF: 1}, start=ago(400))
    line = body.lines[CHIEF]
    lead(world, body, line, body.people[0], ago(20))
    assert isinstance(refusal(stop_leading, world, body, line, body.people[1]), errors.NotSeated)
    assert isinstance(refusal(stop_leading, world, body, line, body.people[0], ago(21)), errors.BeforeEntry)


def test_a_seat_is_no_leadership_position(world: World) -> None:
    body = world.body("混线局", people={"11": 1})
    assert isinstance(refusal(lead, world, body, body.line, body.people[0]), errors.WrongCategory)


def test_who_does_not_exist_leads_nothing(world: World) -> None:
    body = world.body("虚任局", leaders={CHIEF: 1}, start=ago(400))
    facts = {"person": 99_999_999, "line": body.lines[CHIEF], "nature": "superior", "home_unit": "省", "main": 0,
             "start": TODAY.isoformat()}  # fmt: skip
    assert isinstance(refusal(by_unit, world, body, "leader", facts), errors.NotFound)
    assert world.figures(body.lines[CHIEF]) == (1, 0, 0)


def test_the_leadership_number_is_never_set_below_the_leaders(world: World) -> None:
    body = world.body("减职局", people={"11": 2}, leaders={DEPUTY: 2}, start=ago(400))
    for who in body.people:
        lead(world, body, body.lines[DEPUTY], who, ago(5))
    found = refusal(set_quota, world, body, body.lines[DEPUTY], 1)
    assert isinstance(found, errors.QuotaBelowUse)


def test_a_seat_is_not_corrected_to_a_day_after_its_holder_led(world: World) -> None:
    body = world.body("更正任职局", leaders={DEPUTY: 1}, start=ago(400))
    who = entered(world, body, ago(100))
    lead(world, body, body.lines[DEPUTY], who, ago(90))
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(80)), errors.LaterEntries)
    correct_start(world, body, seat(world, who), ago(90))


def test_a_position_is_not_corrected_to_a_day_before_its_holder_sat(world: World) -> None:
    body = world.body("更正早任局", leaders={DEPUTY: 1}, start=ago(400))
    who = entered(world, body, ago(100))
    lead(world, body, body.lines[DEPUTY], who, ago(90))
    held = seat(world, who, "leadership")
    assert isinstance(refusal(correct_start, world, body, held, ago(101)), errors.LeaderWithoutSeat)
    correct_start(world, body, held, ago(100))
    assert world.value("SELECT started_on FROM occupancy WHERE id = :o", o=seat(world, who, "leadership")) == ago(100)


def test_who_moves_away_may_lead_his_old_unit_as_one_from_elsewhere(world: World) -> None:
    body, other = world.body("老局", people={"11": 1}, leaders={CHIEF: 1}, start=ago(400)), world.body("新局")
    transfer(world, body, other, body.people[0], ago(5))
    assert isinstance(refusal(lead, world, body, body.lines[CHIEF], body.people[0]), errors.LeaderWithoutSeat)


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
