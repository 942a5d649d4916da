"""The source itself: sizes, docstrings, nothing put off, texts for every refusal, tests where the code is."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from app.cli import catalogue
from app.domain import errors
from app.views.messages import sentence
from app.views.refusals import sentences
from tests.architecture.test_design import MODULES, ROOT, relative

KERNEL = sorted((ROOT / "app/ledger/kernel").glob("*.sql"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# What others wrote, and what is generated.
FOREIGN = {"app/static/vendor", "tests/browser/axe.min.js", "uv.lock", "package-lock.json", "LICENSE"}
# The length of the longest function when this test was written: none may grow beyond it, and it may only go down.
LONGEST_FUNCTION = 90
LONGEST_TEST_MODULE = 640
# Packages without a directory of tests of the same name, and where they are tested.
TESTED_ELSEWHERE = {"models": "architecture", "api": "security"}


def texts() -> list[Path]:
    """Every file of ours that is text, but for this one."""
    kinds = {".py", ".sql", ".html", ".css", ".js", ".mjs", ".sh", ".md", ".yaml", ".toml", ".cfg", ".mako", ".po", ""}
    found = [f for d in ("app", "tests", "migrations", "scripts", "deploy", "docs", "bench", "translations", ".ci")
             for f in (ROOT / d).rglob("*")] + list(ROOT.iterdir())  # fmt: skip
    return [
        f
        for f in found
        if f.is_file()
        and f.suffix in kinds
        and "__pycache__" not in f.parts
        and f.name != ".git"
        and not any(relative(f).startswith(name) for name in FOREIGN)
    ]


@pytest.mark.parametrize("path", [*KERNEL, *TESTS], ids=relative)
def test_kernel_files_fit_in_the_head_too_and_no_test_grows_beyond_the_longest(path: Path) -> None:
    most = 400 if path in KERNEL else LONGEST_TEST_MODULE
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


def test_no_function_grows_beyond_the_longest() -> None:
    lengths = {
        f"{relative(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}


def test_every_module_says_what_it_is() -> None:
    modules = [*MODULES, *(t for t in TESTS if t.name != "__init__.py")]
    assert [relative(m) for m in modules if not ast.get_docstring(ast.parse(m.read_text(encoding="utf-8")))] == []
    assert [relative(f) for f in KERNEL if not f.read_text(encoding="utf-8").startswith("-- ")] == []


def test_nothing_anywhere_is_put_off() -> None:
    word = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|HA" + r"CK|XX" + r"X)\b")
    assert [relative(f) for f in texts() if word.search(f.read_text(encoding="utf-8"))] == []


def test_tests_lie_where_the_code_lies() -> None:
    packages = {p.name for p in (ROOT / "app").iterdir() if (p / "__init__.py").exists()}
    tested = {d.name for d in (ROOT / "tests").iterdir() if any(d.rglob("test_*.py"))}
    assert tested - packages == {"architecture", "browser"}
    assert packages - tested == set(TESTED_ELSEWHERE)
    assert set(TESTED_ELSEWHERE.values()) <= tested


def refusals(kind: type[errors.DomainError] = errors.DomainError) -> set[str]:
    """The codes of all refusals."""
    return {c for sub in kind.__subclasses__() for c in ({sub.code} | refusals(sub))}


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_refusal_has_one_text_in_each_language(locale: str) -> None:
    catalogue.compile_all()
    app = Flask("texts")
    app.config.update(BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"))
    Babel(app)
    with app.test_request_context(), force_locale(locale):
        found = sentences()
        assert set(found) == refusals()
        assert all(found.values())
        chinese = [code for code in found if re.search("[\u4e00-\u9fff]", sentence(errors.from_code(code, {})))]
    assert sorted(chinese) == (sorted(found) if locale == "zh_Hans" else [])


def test_every_refusal_of_the_kernel_is_a_known_one() -> None:
    raised = {code for f in KERNEL for code in re.findall(r"refuse\(\s*'(\w+)'", f.read_text(encoding="utf-8"))}
    assert raised
    assert raised <= refusals()
