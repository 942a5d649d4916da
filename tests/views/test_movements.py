"""Each entry of a chain is told in words."""

from flask import Flask
from flask_babel import Babel

from app.ledger.replay import ON_PERSON, ON_UNIT
from app.views.movements import titles


def test_every_entry_that_a_unit_or_a_person_can_bear_has_its_words() -> None:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        told = set(titles())
    assert {t for t in (*ON_UNIT, *ON_PERSON) if not t.startswith("record.")} - told == set()
