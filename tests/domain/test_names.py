"""Names of all the people there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import alike, key, normalise, problems, rare

HAN = st.sampled_from("王欧阳买提江〇㐂𠮷龘䶮䥑")


@pytest.mark.parametrize(
    "name", ["王伟", "欧阳娜娜", "买买提·艾合买提", "阿卜杜热西提·阿卜杜拉", "王㐂", "𠮷野", "周䶮"]
)
def test_good_names_are_left_alone(name: str) -> None:
    assert problems(name) == []
    assert normalise(name) == name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", ["name_empty"]),
        ("  ", ["name_empty"]),
        ("王 伟", ["name_blank"]),
        (" 王伟", ["name_blank"]),
        ("王\u3000伟", ["name_blank"]),
        ("王伟\u200b", ["name_blank"]),
        ("买买提•艾合买提", ["name_dot"]),
        ("买买提．艾合买提", ["name_dot"]),
        ("·买买提", ["name_dot"]),
        ("买买提··江", ["name_dot"]),
        ("王\ue000", ["name_private"]),
        ("王", ["name_length"]),
        ("王" * 51, ["name_length"]),
        ("王伟1", ["name_letters"]),
        ("王?", ["name_letters"]),
        ("Anna", ["name_letters"]),
    ],
)
def test_what_is_wrong_is_named(name: str, found: list[str]) -> None:
    assert problems(name) == found


def test_foreign_names_may_be_latin_with_single_blanks() -> None:
    assert problems("Anna Müller", foreign=True) == []
    assert problems("Anna  Müller ", foreign=True) == ["name_blank"]
    assert problems("J. O'Neill-Smith", foreign=True) == []
    assert normalise("  Anna   Müller ") == "Anna Müller"
    assert normalise("J. Smith") == "J. Smith"


@pytest.mark.parametrize("dot", "•‧∙⋅●・･﹒．.")
def test_every_kind_of_dot_becomes_the_one(dot: str) -> None:
    assert normalise(f"买买提{dot}江") == "买买提·江"
    assert alike(f"买买提{dot}江", "买买提 江")


def test_rare_characters_are_those_that_older_systems_lose() -> None:
    assert rare("王伟·江") == ()
    assert rare("周䶮") == ("䶮",)
    assert rare("𠮷野") == ("𠮷",)
    assert rare("欧阳〇") == ()


@given(st.lists(st.one_of(HAN, st.sampled_from(" \u3000•·．")), min_size=1, max_size=30).map("".join))
def test_writing_a_name_properly_twice_changes_nothing(name: str) -> None:
    once = normalise(name)
    assert normalise(once) == once
    assert key(once) == key(name)
    assert "name_blank" not in problems(once)


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(name: str) -> None:
    assert isinstance(problems(name), list)
    assert isinstance(problems(name, foreign=True), list)
    assert rare(normalise(name)) is not None
