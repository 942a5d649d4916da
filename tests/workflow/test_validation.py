"""Definitions are refused at load with file, line and reason; a deployment then changes nothing."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import commands, seeds
from app.views.fields.registry import known
from app.workflow import validation
from app.workflow.validation import DefinitionsRefused, load, problems_of
from tests.world import World

FIELDS = known()

GOOD = (validation.PROCESSES / "transfer.yaml").read_text(encoding="utf-8")


def faults(*changes: tuple[str, str], text: str = GOOD) -> list[tuple[int, str]]:
    """The faults of the shipped transfer with some of its text replaced: line and reason."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return [(p.line, p.reason) for p in problems_of("transfer.yaml", text, FIELDS)[1]]


def line(part: str, text: str = GOOD) -> int:
    return next(n for n, row in enumerate(text.splitlines(), 1) if part in row)


def test_every_shipped_definition_is_without_fault() -> None:
    assert len(load(fields=FIELDS)) == len(list(validation.PROCESSES.glob("*.yaml")))


ESTABLISHMENT = "{code: establishment, role: establishment, title: 核空编、预留编制, days: 3, on_approve: reserve"
PERSONNEL = "{code: personnel, role: personnel, title: 按干部管理权限审批调动, days: 3"


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        # a loop: back to the same or a later stage
        (PERSONNEL, PERSONNEL + ", return_to: 并联审批", "code: personnel", "流程会循环"),
        ("title: 调出单位同意, days: 3", "title: 调出单位同意, days: 3, return_to: 并联审批", "code: source_unit", "流程会循环"),
        (PERSONNEL, PERSONNEL + ", return_to: 局务会", "code: personnel", "没有这个环节"),
        # what does not exist
        ("role: personnel, title", "role: mayor, title", "code: personnel", "“role”不存在，只能是"),
        ("role: finance,", "role: source_unit,", "role: finance", "只能交给部门"),
        ("code: usable_seat", "code: clean_desk", "code: usable_seat", "没有“clean_desk”这项核对"),
        ("fields: [id_number,", "fields: [shoe_size, id_number,", "fields:", "表单没有“shoe_size”这个字段"),
        ("  move: [", "  teleport: [", "  move:", "“teleport”"),
        ("outputs: [quota_use,", "outputs: [banknote,", "outputs:", "不存在"),
        ("effect: date", "effect: someday", "effect:", "“effect”不存在"),
        ("guide: 人员", "guidance: 人员", "guide:", "没有“guidance”这一项"),
        # reservations
        ("  reserve: [{role: establishment}]\n", "", "  move:", "须先预留编制"),
        (", on_approve: reserve", "", "requirements:", "有且只有一项任务写 on_approve: reserve"),
        (PERSONNEL, PERSONNEL + ", on_approve: reserve", "requirements:", "有且只有一项任务写 on_approve: reserve"),
        ("reserve: [{role: establishment}]", "reserve: [{role: personnel}]", "name: 并联审批", "reserve 的要求里没有"),
        # approvals that would never come
        (ESTABLISHMENT, ESTABLISHMENT + ", when: cross_region", "  reserve:", "有条件或可凑数跳过"),
        ("name: 并联审批", "name: 并联审批\n    quorum: 1", "  reserve:", "有条件或可凑数跳过"),
        ("name: 并联审批", "name: 并联审批\n    quorum: 5", "name: 并联审批", "达不到 5 项同意"),
        ("{role: source_unit}, {role: est", "{role: finance}, {role: est", "  move:", "没有任务交给它"),
        ("{role: establishment}, {role: personnel}, ", "{role: establishment, people: 2}, {role: personnel}, ", "  move:",
         "没有写 countersign"),
        (PERSONNEL, PERSONNEL + ", countersign: true", "  move:", "须写 people: 2"),
        # conditions
        (PERSONNEL, PERSONNEL + ", when: 1 +", "code: personnel", "读不懂"),
        (PERSONNEL, PERSONNEL + ", when: open('x')", "code: personnel", "条件中不允许"),
        (PERSONNEL, PERSONNEL + ", when: shoe_size > 40", "code: personnel", "“shoe_size”不是本事项的情况"),
        # the rest of the form
        ("process: transfer", "process: moving", "process:", "文件名应与流程名一致"),
        ("promised: 6", "promised: 60", "days: {stat", "承诺时限长于法定时限"),
        ("promised: 6", "promised: 5", "days: {stat", "依次相加为 6 个工作日，长于承诺时限"),
        ("effect: date", "effect: arrival", "effect:", "arrival_days"),
        ("days: {statutory: 20, promised: 6}", "days: {statutory: 20}", "days: {stat", "缺少“promised”"),
        ("version: 3", "version: two", "version:", "“version”"),
        ("version: 3", "version: 3\nversion: 4", "version:", "“version”写了两次"),
        ("family: entry\n", "", "process:", "“family”"),
        ("name: 并联审批", "name: 调出单位意见", "name: 并联审批", "有两个"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_reason(old: str, new: str, at: str, says: str) -> None:
    found = faults((old, new))
    assert any(says in reason and abs(n - line(at)) <= 1 for n, reason in found), found
    assert all(re.search(r"[\u4e00-\u9fff]", reason) for _n, reason in found)


def test_a_text_that_is_no_definition_is_refused_with_its_line() -> None:
    assert faults(text="process: transfer\nstages: [\n")[0][1] == "不是完整的 YAML 文本"
    assert faults(text="- 1\n") == [(1, "应是一份流程定义")]
    assert faults(text="")[0] == (1, "应是一份流程定义")


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    for name in ("transfer", "other"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("code: usable_seat", "code: clean_desk"), encoding="utf-8")
    with pytest.raises(DefinitionsRefused) as refused:
        load(tmp_path)
    said = str(refused.value)
    assert said.count("clean_desk") == 2
    assert "other.yaml 第 1 行：文件名应与流程名一致" in said


def test_a_deployment_with_a_fault_says_so_and_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "transfer.yaml").write_text(GOOD.replace("effect: date", "effect: someday"), encoding="utf-8")
    touched: list[str] = []
    real = load
    monkeypatch.setattr(validation, "load", lambda: real(tmp_path))
    monkeypatch.setattr(commands.settings, "prepare", lambda: touched.append("prepare"))
    monkeypatch.setattr(commands.deploy, "upgrade", lambda _url: touched.append("upgrade"))
    answer = CliRunner().invoke(commands.deploy_command)
    assert answer.exit_code == 1
    assert "流程定义有误，未部署任何内容" in answer.output
    assert "transfer.yaml 第" in answer.output
    assert touched == []


def test_a_changed_definition_under_a_published_version_is_refused_with_its_line(world: World) -> None:
    raw, plan = next((raw, plan) for raw, plan in load() if plan.process == "transfer")
    with world.owner.connect() as connection, pytest.raises(DefinitionsRefused) as refused:
        seeds.publish(connection, raw | {"guide": "另一种说法"}, plan)
    assert "transfer.yaml 第" in str(refused.value)
    assert "请提高 version" in str(refused.value)
    with world.owner.begin() as connection:  # the same again changes nothing
        seeds.publish(connection, raw, plan)
