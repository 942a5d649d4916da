"""Every business as its readers see it in Chinese: no code of the program among the words, every fact by its own name."""

import html
import re

import pytest
from flask import Flask
from flask_babel import force_locale

from app.views import case_asked, process_choices
from app.workflow import definition
from tests.security.conftest import Client
from tests.workflow.filings import PLANS, City
from tests.world import World

# What stands in Latin letters in a city's papers too, and the tests' own names of people at their desks.
LATIN = re.compile(
    r"Bianzhi|English|PDF|SHA-256|jpg|JPEG|PNG|Excel|CSV|OFD|ID|https?://\S+|[\w.]+@[\w.]+|GB|MB|KB|SM[234]"
    r"|(?:establishment|organisation|human_resources|finance|social_insurance)(?:\d+|h)|(?:clerk|person)\d+"
)
BARE = re.compile(r"[A-Za-z][A-Za-z_]{2,}")


def bare(shown: str) -> list[str]:
    """Runs of Latin letters that a reader meets: in the text, and where text is spoken or shown on a touch."""
    page = re.sub(r"<(script|style|svg|head)\b.*?</\1>", " ", shown, flags=re.S)
    spoken = re.findall(r'\b(?:aria-label|title|placeholder|data-confirm[\w-]*)="([^"]*)"', page)
    said = html.unescape(" ".join([re.sub(r"<[^>]+>", " ", page), *spoken]))
    return sorted(set(BARE.findall(LATIN.sub(" ", said))))


class Reader:
    """Pages by user; each signs in once."""

    def __init__(self, app: Flask) -> None:
        self.app, self.opened = app, dict[str, Client]()

    def page(self, username: str, path: str) -> str:
        if username not in self.opened:
            self.opened[username] = Client(self.app.test_client())
            self.opened[username].sign_in(username)
        answer = self.opened[username].get(path)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def city(world: World) -> City:
    return City(world)


@pytest.fixture(scope="module")
def reader(app: Flask, city: City) -> Reader:
    return Reader(app)


@pytest.mark.parametrize("process", PLANS)
def test_a_business_shows_no_code_from_its_form_to_its_last_step(city: City, reader: Reader, process: str) -> None:
    plan, filing = PLANS[process], city.filing(process)
    applicant = city.applicant(plan, filing)
    case = filing.case or city.submit(process, filing)
    seen = {} if process == "verify_year" else {"form": bare(reader.page(applicant, f"/case/new/{process}"))}
    for name in {applicant, *(city.deciders(city.open_tasks(case)[0])[:1] if city.open_tasks(case) else ())}:
        seen[f"filed, to {name}"] = bare(reader.page(name, f"/case/{case}"))
    city.approve_all(case)
    seen["decided"] = bare(reader.page(applicant, f"/case/{case}"))
    assert [f"{moment}: {word}" for moment, words in seen.items() for word in words] == []


def test_whatever_may_be_chosen_in_a_form_is_shown_on_the_case_in_the_same_words(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        for plan in PLANS.values():
            for fact, field in case_asked.asked(plan).items():
                for value, said in field.choices.items():
                    assert bare(said) == [], f"{plan.process}: {fact} = {value}"


def test_every_name_that_a_definition_may_use_has_its_words(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        assert set(definition.ROLES) == set(dict(process_choices.roles()))
        choices = process_choices.all_choices()
        del choices["fields"]  # these bear their names beside their labels
        assert [f"{name}: {code}" for name, pairs in choices.items() for code, said in pairs if bare(said)] == []


def test_a_marked_number_is_asked_and_shown_with_its_own_purposes(city: City, reader: Reader) -> None:
    plan, filing = PLANS["quota_part"], city.filing("quota_part")
    form = reader.page(city.applicant(plan, filing), "/case/new/quota_part")
    assert "周转编制" in form
    assert "录用公务员" not in form  # the purposes of a permit, which has a field of the same name
    case = city.submit("quota_part", filing)
    shown = re.sub(r"<[^>]+>", " ", reader.page(city.offices["establishment"][0], f"/case/{case}"))
    said = re.sub(r"\s+", " ", shown)
    for fact in ("用途 离退休干部服务", "数量 2", "方式 列明在现有核定数之内"):
        assert fact in said, fact


def test_a_fact_bears_the_name_that_its_own_form_gives_it(city: City, reader: Reader) -> None:
    for process, facts in (("staff_cap", ("编外控制数",)), ("quota_move", ("划转数 1", "自编制线")), ("line_close", ("入编 ",)),
                           ("quota_pool", ("数量性质", "数量 5000")), ("unit_open", ("机构类别",))):  # fmt: skip
        case = city.submit(process, city.filing(process))
        page = reader.page(city.offices["establishment"][0], f"/case/{case}")
        said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        for fact in facts:
            assert fact in said, f"{process}: {fact}"
        assert "编号 1 " not in said
