"""The documents of businesses and states are what the definitions and the table of states say."""

from pathlib import Path

from flask import Flask
from flask_babel import Babel

from app.cli import catalogue
from app.models import Application, Task
from app.views import process_docs
from app.workflow import codes, states
from app.workflow.validation import load

ROOT = Path(__file__).resolve().parents[2]


def test_the_documents_are_current() -> None:
    """If not: flask processes docs."""
    catalogue.compile_all()
    app = Flask("documents")
    app.config.update(BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"), SECRET_KEY="documents")
    Babel(app)
    for name, content in process_docs.written(app).items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == content, name
        assert "|  |" not in content


def test_every_code_of_a_definition_is_in_the_catalogue() -> None:
    used = {code for _raw, plan in load() for code in plan.codes}
    assert used <= set(codes.CODES)
    assert set(codes.REASONS) <= set(codes.CODES)


def test_the_table_of_states_is_that_of_the_tables() -> None:
    for table, known in ((Application, states.CASE), (Task, states.TASK)):
        rule = next(c for c in table.__table__.constraints if str(c.name).endswith("_state"))
        assert {word for word in known if f"'{word}'" in str(rule.sqltext)} == set(known)
        assert str(rule.sqltext).count("'") == 2 * len(known)
    steps = [*states.STEPS.values(), *states.TASK_STEPS]
    words = {*states.CASE, *states.TASK}
    assert all({*s.before, *s.after} <= words for s in steps)
    assert {after for s in states.STEPS.values() for after in s.after} == set(states.CASE)
    ended = {"done", "rejected", "withdrawn"}
    assert all(not ended & set(s.before) for name, s in states.STEPS.items() if name != "copy")
