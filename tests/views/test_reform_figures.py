"""改革测算 on a page: whose post a line is, and where variants begin from different figures."""

from typing import Any

from flask import Flask, render_template_string
from flask_babel import force_locale

from app.views.reform_figures import by_unit, compared
from tests.security.conftest import app

__all__ = ["app"]


def line(number: int, **more: Any) -> dict[str, Any]:
    post = {"line": number, "unit": 1, "kind": "leadership", "category": "", "funding": "", "structure": "none", "scope": None,
            "role": "principal", "level": "0141", "authorised": 1, "occupied": 1, "reserved": 0}  # fmt: skip
    return post | more


def side(*lines: dict[str, Any]) -> dict[str, Any]:
    unit = {
        "id": 1,
        "name": "测算局",
        "body": "organ",
        "region": "440600",
        "open": True,
        "counts": True,
        "cases": 0,
        "departments": 2,
    }
    return {"units": [unit], "lines": list(lines), "bodies": {"organ": 1}}


def trial(*lines: dict[str, Any]) -> dict[str, Any]:
    people = {"moved": 0, "unseated": 0, "unled": 0}
    return {"before": side(*lines), "after": side(*lines), "alarms": {}, "people": people, "steps": [], "refused": 0}


def test_the_same_post_of_a_body_and_of_its_departments_says_whose_it_is(app: Flask) -> None:
    lines = [line(3, scope=12, scope_name="业务科"), line(4, scope=13), line(2), line(5, scope=11, scope_name="办公室"),
             line(9, kind="establishment", category="11", level=None, role=None)]  # fmt: skip
    with app.test_request_context(), force_locale("zh_Hans"):
        said = [row["label"] for row in by_unit(trial(*lines))]
    post = "乡科级正职（正职）"
    assert said == ["行政编制", f"单位本级 · {post}", f"办公室 · {post}", f"业务科 · {post}", f"内设机构 · {post}"]


def test_figures_before_that_differ_by_variant_stand_with_each_variant_and_a_sentence_says_so(app: Flask) -> None:
    class Variant:
        def __init__(self, occupied: int) -> None:
            self.tried = trial(line(2, occupied=occupied))

    table = "{% from '_reform_figures.html' import table with context %}{{ table(rows, ['甲', '乙'], '表') }}"
    with app.test_request_context(), force_locale("zh_Hans"):
        apart = render_template_string(table, rows=compared([Variant(0), Variant(1)], {}))
        alike = render_template_string(table, rows=compared([Variant(1), Variant(1)], {}))
    assert "0 → 0" in apart
    assert "各方案涉及的机构不同" in apart
    assert "各方案涉及的机构不同" not in alike
