"""What the documents of security name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = ("security.md", "security-asvs.md", "security-dengbao.md", "security-audit.md")
FILE = re.compile(r"`((?:app|tests|deploy|docs|scripts|migrations)/[\w./-]+\.\w+)`")
TEST = re.compile(r"`(test_\w+)`")
LINK = re.compile(r"\]\(([\w./-]+\.md)")


@pytest.mark.parametrize("name", NAMED)
def test_files_tests_and_links_that_a_document_names_exist(name: str) -> None:
    said = (ROOT / "docs" / name).read_text(encoding="utf-8")
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert [f for f in FILE.findall(said) if not (ROOT / f).exists()] == []
    assert [t for t in TEST.findall(said) if f"def {t}(" not in tests] == []
    assert [link for link in LINK.findall(said) if not (ROOT / "docs" / link).exists()] == []


def test_the_table_of_asvs_counts_what_it_lists() -> None:
    said = (ROOT / "docs" / "security-asvs.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| \d+\.\d+\.\d+ \| [12] \| [^|]+ \| (met|partly|not met|operator|n\.a\.) \| [^|]+ \|$", said, re.M
    )
    counted = re.search(r"(\d+) met, (\d+) partly, (\d+) not met, (\d+) the operator's .*?, (\d+) without", said)
    assert counted is not None
    assert [rows.count(s) for s in ("met", "partly", "not met", "operator", "n.a.")] == [
        int(n) for n in counted.groups()
    ]
    assert len(rows) == 253


def test_whoever_reads_finds_every_document_that_is_spoken_of() -> None:
    known = {f.name for f in ROOT.rglob("*.md") if not {".venv", "var", "node_modules"} & {*f.relative_to(ROOT).parts}}
    places = [
        f for d in ("app", "docs", "tests", "scripts", "migrations", "bench", "deploy") for f in (ROOT / d).rglob("*")
    ]
    said = {
        (str(f.relative_to(ROOT)), name)
        for f in places
        if f.suffix in (".py", ".sql", ".yaml", ".md", ".html", ".sh")
        for name in re.findall(r"[\w-]+\.md\b", f.read_text(encoding="utf-8"))
    }
    assert sorted(x for x in said if x[1] not in known) == []
