"""流程设计的表单: a definition goes through the form and back without loss; buttons move rows and nothing else."""

from typing import Any

import pytest

from app.views import process_form
from app.workflow.validation import load

SHIPPED = {raw["process"]: raw for raw, _plan in load()}


def inputs(definition: dict[str, Any]) -> dict[str, str]:
    """What the page's inputs hold, by name (see templates/process_draft.html)."""
    layout, out = process_form.laid_out(definition), {}
    for c in process_form.GENERAL:
        first, _dash, second = c.name.partition("-")
        value = definition.get(first)
        out[c.name] = process_form.shown((value or {}).get(second) if second else value, c.kind)
    for section in process_form.SECTIONS:
        for n, row in enumerate(layout[section.key]):
            for c in section.columns:
                path = f"{section.key}-{n}" + ("" if section.single else f"-{c.name}")
                out[path] = process_form.shown(row if section.single else row.get(c.name), c.kind)
    for n, stage in enumerate(layout["stages"]):
        for c in process_form.STAGE:
            out[f"stages-{n}-{c.name}"] = process_form.shown(stage.get(c.name), c.kind)
        for m, task in enumerate(stage["tasks"]):
            for c in process_form.TASK:
                out[f"stages-{n}-tasks-{m}-{c.name}"] = process_form.shown(task.get(c.name), c.kind)
    return out


def plain(value: Any) -> Any:
    """Without what says nothing: empty rows of options, ticks that are off."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v not in (False, None) and (v or k in ("papers", "fields"))}
    return [plain(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_definition_goes_through_the_form_without_loss(name: str) -> None:
    raw = SHIPPED[name]
    assert plain(process_form.read(inputs(raw), raw)) == plain(raw)


def test_buttons_add_move_and_take_away_one_row() -> None:
    raw = SHIPPED["recruit"]
    more = process_form.acted(raw, "add:papers")
    assert more["papers"] == [*process_form.laid_out(raw)["papers"], {}]
    moved = process_form.acted(raw, "down:papers-0")
    assert moved["papers"][:2] == process_form.laid_out(raw)["papers"][1::-1]
    less = process_form.acted(raw, "remove:stages-0-tasks-0")
    assert [t["code"] for t in less["stages"][0]["tasks"]] == [t["code"] for t in raw["stages"][0]["tasks"][1:]]
    assert SHIPPED["recruit"]["stages"][0]["tasks"][0]["code"]


@pytest.mark.parametrize("action", ["", "add:nothing", "remove:papers-77", "up:papers-0", "add:stages-9-tasks", "x:y"])
def test_an_unknown_button_changes_nothing(action: str) -> None:
    raw = SHIPPED["recruit"]
    assert plain(process_form.acted(raw, action)) == plain({**raw, "papers": process_form.laid_out(raw)["papers"]})


def test_rows_without_bound_are_cut_and_strange_names_are_passed_over() -> None:
    many = {f"papers-{n}-name": "纸" for n in range(90)} | {"__class__": "x", "papers-0-name-more": "y", "stages": "z"}
    made = process_form.read(many, {"process": "x"})
    assert len(made["papers"]) <= process_form.MOST_ROWS
    assert made["stages"] == []


def test_what_is_no_number_stays_as_typed() -> None:
    made = process_form.read(
        {"days-promised": "三天", "checks-0-code": "x", "checks-0-params": "most: 35, how: 可"}, {}
    )
    assert made["days"] == {"promised": "三天"}
    assert made["checks"][0]["params"] == {"most": 35, "how": "可"}
    assert process_form.read({"checks-0-params": "most 35"}, {})["checks"][0]["params"] == "most 35"


def test_differences_name_rows_by_their_key_not_by_their_number() -> None:
    raw = SHIPPED["recruit"]
    less = process_form.acted(raw, "remove:stages-0-tasks-0")
    gone = process_form.differences(raw, less)
    assert gone
    assert all("establishment" in path and after is None for path, _before, after in gone)
