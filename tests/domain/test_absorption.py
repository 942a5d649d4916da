"""The numbers of a plan of absorption, as people write them."""

import datetime as dt
import re

import pytest

from app.domain import absorption

KEPT = "2027:3,2028:0"


@pytest.mark.parametrize(
    "written",
    ["2027:3,2028:0", "2027：3，2028：0", "2027:3、2028:0", "２０２７：３；２０２８：０", "2027年末3名、2028年末0名", "2027年3人\n2028年0人",
     "2027年底 3；2028年底 0", " 2027 3， 2028 0 ", "2027=3;2028=0", "2027年: 3名。2028年: 0名。", "2027-3,2028-0", "2027年年末剩3名，2028年年末剩0名"],
)  # fmt: skip
def test_a_plan_is_read_however_it_is_written(written: str) -> None:
    assert absorption.read(written) == KEPT
    assert absorption.read(absorption.shown(KEPT)) == KEPT


@pytest.mark.parametrize("written", ["", "、", "三名", "2027", "20273", "2027:", "3:2027", "2027:-1", "1999:3", "2027:3:4",
                                     "2027:999999", "2" * 5000, ",".join(f"20{n}:1" for n in range(27, 50))])  # fmt: skip
def test_what_cannot_be_told_is_no_plan(written: str) -> None:
    assert absorption.read(written) is None


@pytest.mark.parametrize(
    ("kept", "wrong"),
    [
        (None, None),
        (KEPT, None),
        ("2027", "targets_form"),
        ("2028:0,2027:3", "targets_order"),
        ("2027:3,2027:0", "targets_order"),
        ("2027:3,2028:4", "targets_more"),
        ("2025:3,2028:0", "targets_before"),
        ("2027:3,2030:0", "targets_after"),
        ("2027:3,2028:1", "targets_left"),
        ("2027:6,2028:0", "targets_above"),
    ],
)
def test_the_years_rise_the_numbers_fall_and_both_lie_inside_the_plan(kept: str | None, wrong: str | None) -> None:
    assert absorption.problem(kept, dt.date(2026, 11, 1), dt.date(2028, 12, 31), 5) == wrong


@pytest.mark.parametrize(
    ("kept", "until", "wrong"),
    [
        (None, None, None),
        (KEPT, None, "targets_without_plan"),
        (KEPT, dt.date(2026, 11, 1), "plan_ended"),
        (None, dt.date(2026, 11, 2), None),
        ("2027:6,2028:0", dt.date(2028, 12, 31), "targets_above"),
    ],
)
def test_a_plan_has_a_last_day_after_its_first(kept: str | None, until: dt.date | None, wrong: str | None) -> None:
    assert absorption.plan_problem(kept, dt.date(2026, 11, 1), until, 5) == wrong


def test_what_is_read_is_what_may_be_kept() -> None:
    assert re.fullmatch(absorption.STORED, absorption.read(KEPT) or "")
    assert absorption.shown("nonsense") == "nonsense"
