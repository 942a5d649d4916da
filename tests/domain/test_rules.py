"""Pure rules: identity numbers, working days, divisions, keys, canonical text."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from id_validator import validator

from app.domain import codes
from app.domain.canonical import canonical_json, entry_hash
from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit, mask, normalise, problems
from app.domain.quota import Figures, total
from app.domain.regions import foshan
from app.domain.workdays import add_workdays, workdays_between

bodies = st.tuples(
    st.dates(dt.date(1930, 1, 1), dt.date(2008, 1, 1)), st.integers(0, 999), st.sampled_from(("110101", "440604"))
).map(lambda x: f"{x[2]}{x[0]:%Y%m%d}{x[1]:03d}")


@given(bodies)
def test_check_digits_are_those_of_another_implementation(body: str) -> None:
    number = body + check_digit(body)
    assert problems(number) == []
    assert validator.is_valid(number)


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, step: int) -> None:
    number = body + check_digit(body)
    changed = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert problems(changed)


@pytest.mark.parametrize(
    ("number", "found"),
    [("", "id_length"), ("4406991990051700", "id_length"), ("44069919900517001A", "id_characters"),
     ("440699199002300010", "id_birth"), ("４４０６９９１９９００５１７００１０", "id_characters")],
)  # fmt: skip
def test_numbers_that_cannot_be_are_told_apart(number: str, found: str) -> None:
    assert found in problems(number)


def test_birth_and_sex_are_compared_with_the_number() -> None:
    body = "44069919900517001"
    number = body + check_digit(body)
    assert problems(number, dt.date(1990, 5, 17), "1") == []
    assert problems(number, dt.date(1990, 5, 18), "2") == ["id_birth_differs", "id_sex_differs"]


def test_old_numbers_of_fifteen_digits_become_eighteen() -> None:
    assert normalise(" 440699 900517 001 ") == "44069919900517001" + check_digit("44069919900517001")


def test_a_masked_number_shows_region_and_last_four_only() -> None:
    assert mask("440699199005170019") == "4406**********0019"


def test_working_days_skip_weekends_and_published_holidays() -> None:
    friday = dt.date(2026, 11, 27)
    assert add_workdays(friday, 1, {}) == dt.date(2026, 11, 30)
    closed = {dt.date(2026, 11, 30): False}
    assert add_workdays(friday, 1, closed) == dt.date(2026, 12, 1)
    worked_saturday = {dt.date(2026, 11, 28): True}
    assert add_workdays(friday, 1, worked_saturday) == dt.date(2026, 11, 28)


@given(st.dates(dt.date(2024, 1, 1), dt.date(2027, 1, 1)), st.integers(1, 60))
def test_a_time_limit_has_as_many_working_days_as_it_says(start: dt.date, days: int) -> None:
    assert workdays_between(start, add_workdays(start, days, {}), {}) == days


def test_foshan_has_five_districts_and_thirty_two_towns_whose_prefixes_nest() -> None:
    kinds = [d.kind for d in foshan()]
    assert (kinds.count("city"), kinds.count("district"), kinds.count("town")) == (1, 5, 32)
    by_code = {d.code: d for d in foshan()}
    assert len(by_code) == 38
    for d in foshan():
        if d.parent:
            assert d.prefix.startswith(by_code[d.parent].prefix)


def test_code_lists_name_their_source_and_hold_no_value_twice() -> None:
    for s in codes.code_sets().values():
        assert s.source, s.name
        assert s.codes, s.name
        assert len(s) == len(set(s)), s.name
        assert all(s.values()), s.name
    assert codes.CATEGORY["11"] == "行政编制"


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.load(tmp_path_factory.mktemp("ring"))


def test_a_number_is_encrypted_anew_each_time_and_bound_to_its_kind(ring: KeyRing) -> None:
    first, second = ring.encrypt("resident", "440699199005170019"), ring.encrypt("resident", "440699199005170019")
    assert first != second
    assert ring.decrypt("resident", first) == "440699199005170019"
    with pytest.raises(InvalidTag):
        ring.decrypt("passport", first)


def test_keys_are_kept_for_their_owner_only_and_stay(tmp_path: Path) -> None:
    one = KeyRing.load(tmp_path / "k")
    assert all(f.stat().st_mode & 0o077 == 0 for f in (tmp_path / "k").iterdir())
    assert KeyRing.load(tmp_path / "k").blind_index("resident", "x") == one.blind_index("resident", "x")


def test_commitments_tell_absent_from_empty_and_fields_apart(ring: KeyRing) -> None:
    values = {ring.commit("name", None), ring.commit("name", ""), ring.commit("rank", None), ring.commit("name", "-")}
    assert len(values) == 4


def test_canonical_text_is_sorted_bare_and_composed() -> None:
    assert canonical_json({"乙": "e\u0301", "a": 1, "b": None}) == '{"a":1,"b":null,"乙":"é"}'
    with pytest.raises(TypeError):
        canonical_json({"a": True})
    with pytest.raises(TypeError):
        canonical_json({"a": 1.5})  # type: ignore[dict-item]


def test_an_entrys_hash_moves_with_every_field() -> None:
    base = {"fmt": 1, "chain": "unit:1", "sequence": 1, "type": "t", "effective_on": "2026-01-01", "recorded_at": "x",
            "case": "1", "actor": "a#1", "payload": "{}", "prev": ""}  # fmt: skip
    hashes = {entry_hash(**base)}  # type: ignore[arg-type]
    for name, value in base.items():
        other = value + 1 if isinstance(value, int) else f"{value}0"
        hashes.add(entry_hash(**{**base, name: other}))  # type: ignore[arg-type]
    assert len(hashes) == len(base) + 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10)), min_size=1, max_size=8))
def test_sums_never_offset_vacancies_against_surplus(rows: list[tuple[int, int, int]]) -> None:
    parts = [Figures.of(a, o, min(r, max(0, a - o))) for a, o, r in rows]
    whole = total(parts)
    assert whole.vacant == sum(max(0, a - o) for a, o, _r in rows)
    assert whole.surplus == sum(max(0, o - a) for a, o, _r in rows)
    assert whole.usable == whole.vacant - whole.reserved
