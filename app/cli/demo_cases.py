"""示范城市的在办业务: applications about people, as far along as each desk needs one; through the engine alone."""

import datetime as dt
from typing import Any

from app.cli.demo_accounts import DISTRICTS
from app.cli.demo_desks import Desks, Facts
from app.domain.retirement import add_months

EDUCATION, FINANCE, SCHOOL = "佛山市教育局", "佛山市财政局", "佛山市第一中学"


def recruited(d: Desks, unit: int, name: str, born: int) -> Facts:
    """公务员录用: with publicity, approval and probation as the law asks."""
    return d.newcomer(
        d.stranger(name, born), unit,
        approval_no=f"佛公录示范〔{d.today.year}〕{d.strangers}号", publicity_on=d.day(-32), publicity_end_on=d.day(-12),
        report_on=d.day(10), probation_end_on=add_months(d.today + dt.timedelta(days=10), 12).isoformat(),
    )  # fmt: skip


def hired(d: Desks, unit: int, name: str, born: int) -> Facts:
    """事业单位公开招聘: with publicity, a contract of five years and its probation."""
    later = add_months(d.today, 60).isoformat()
    who = d.stranger(name, born, rank="0341", entry_way="81")
    return d.newcomer(who, unit, publicity_on=d.day(-45), publicity_end_on=d.day(-30), contract_on=d.day(-18),
                      contract_end_on=later, probation_end_on=d.day(150), first_job="no")  # fmt: skip


def moved_out(d: Desks, person: Any) -> Facts:
    """调出本市."""
    return {"person": person.id, "reason": "95", "destination": "广州市某局", "document_no": f"佛调示范〔{d.today.year}〕{person.id}号",
            "end": d.day()}  # fmt: skip


def transferred(d: Desks, person: Any, unit: int, reason: str) -> Facts:
    """市内调动 into the first line of a body."""
    return {"person": person.id, "line": d.line(unit), "department": d.department(unit), "start": d.day(7), "reason": reason,
            "id_cipher": bytes(person.id_cipher).hex()}  # fmt: skip


def first_certificate(unit: int) -> Facts:
    """机构编制管理证 of a body that has none."""
    return {"certificate_reason": "first", "ground": "新办机构编制管理证", "unit": unit, "year": None}


def city(d: Desks) -> dict[str, int]:
    """The city's own offices and the three bodies with clerks; the cases by what they show."""
    made: dict[str, int] = {}
    education, finance, school = d.unit(EDUCATION), d.unit(FINANCE), d.unit(SCHOOL)
    if education:
        made |= _education(d, education)
    if finance:
        made |= _finance(d, finance)
    if school:
        made |= _school(d, school)
    if education and finance and (leaves := d.seated(finance, 0)):
        made["transfer"] = d.file("clerk", "transfer", transferred(d, leaves, education, "11"), name=leaves.name,
                                  apart=("id_cipher",))  # fmt: skip
        d.decide("clerk2", made["transfer"], "source_unit", opinion="同意调出。")
    if education and school and (leaves := d.seated(education, 0)):
        made["consent"] = d.file("clerk3", "transfer", transferred(d, leaves, school, "14"), name=leaves.name,
                                 apart=("id_cipher",))  # fmt: skip
    return made


def _education(d: Desks, unit: int) -> dict[str, int]:
    """教育局: one recruitment fresh, one returned, one that has taken effect; a permit issued."""
    made: dict[str, int] = {}
    wanted = recruited(d, unit, "许清源", 25)
    made["done"] = d.file("clerk", "recruit", wanted, name="许清源")
    d.decide("bianban", made["done"], "establishment", opinion="有空编，同意用编。")
    d.decide("zuzhi", made["done"], "personnel", opinion="人选符合录用条件，同意。")
    d.arrive("clerk", made["done"], d.today)
    made["permit"] = d.file("clerk", "permit", {"line": d.line(unit), "seats": 1, "numbering": "one", "purpose": "recruit",
                                                "last_on": d.day(300)})  # fmt: skip
    d.decide("bianban", made["permit"], "establishment", opinion="同意开具控编单。")
    made["fresh"] = d.file("clerk", "recruit", recruited(d, unit, "罗思齐", 26), name="罗思齐")
    made["returned"] = d.file("clerk", "recruit", recruited(d, unit, "邓文博", 27), name="邓文博")
    d.decide("bianban", made["returned"], "establishment", "return", "录用审批文号与附件不一致，请核对后重新提交。")
    return made


def _finance(d: Desks, unit: int) -> dict[str, int]:
    """财政局: one has left the city, one resignation is suspended, a certificate waits for the head of the body."""
    made: dict[str, int] = {}
    leaves = d.seated(unit, 1)
    if leaves:
        made["left"] = d.file("clerk2", "transfer_out", moved_out(d, leaves), name=leaves.name)
        d.decide("zuzhi", made["left"], "personnel", opinion="同意调出。")
        d.decide("bianban2", made["left"], "establishment", opinion="同意核销编制。")
    resigns = d.seated(unit, 2)
    if resigns:
        facts = {"person": resigns.id, "applied_on": d.day(-6), "resign_bar": "none", "reason": "32", "end": d.day(20)}
        made["suspended"] = d.file("clerk2", "resign", facts, name=resigns.name)
        d.decide(
            "zuzhi", made["suspended"], "personnel", "suspend", "本人经手事项正在审计，依规定中止，审计结束后恢复办理。"
        )
    made["head"] = d.file("clerk2", "certificate", first_certificate(unit))
    return made


def _school(d: Desks, unit: int) -> dict[str, int]:
    """第一中学: one appointment waits for papers, one is new, one change is due tomorrow."""
    made: dict[str, int] = {}
    made["papers"] = d.file("clerk3", "hire", hired(d, unit, "苏雨桐", 27), name="苏雨桐")
    d.decide("renshe", made["papers"], "personnel", "request_papers", "请补充体检结论和聘用合同签字页。")
    made["hired"] = d.file("clerk3", "hire", hired(d, unit, "韩若谷", 28), name="韩若谷")
    d.decide("bianban", made["papers"], "establishment", opinion="有空编，同意用编。")
    leaves = d.seated(unit, 1)
    other = d.value("SELECT max(id) FROM unit WHERE parent_id = :u AND node = 'department' AND id <> :d", u=unit,
                    d=leaves.department_id if leaves else 0)  # fmt: skip
    if leaves and other:
        facts = {"person": leaves.id, "department": other, "start": d.day()}
        made["amber"] = d.file("clerk3", "shift", facts, name=leaves.name)
    titled = d.seated(unit, 2)
    if titled:
        facts = {"person": titled.id, "contract_ground": "16", "notice_on": d.day(-30), "reason": "92", "end": d.day(3)}
        made["resign"] = d.file("clerk3", "contract_end", facts, name=titled.name)
    return made


def districts(d: Desks) -> dict[str, int]:
    """Every district: one recruitment under way, one who has left, so that all five offices have something to do."""
    made: dict[str, int] = {}
    for stem, (name, _code) in DISTRICTS.items():
        unit = d.unit(f"{name}区教育局")
        if unit is None:
            continue
        clerk, member, head = f"{stem}_clerk", stem, f"{stem}2"
        leaves = d.seated(unit, 0)
        if leaves:
            case = d.file(clerk, "transfer_out", moved_out(d, leaves), name=leaves.name)
            d.decide(member, case, "personnel", opinion="同意调出。", office="organisation")
            d.decide(head, case, "establishment", opinion="同意核销编制。")
            made[f"{stem}_left"] = case
        called = f"{name[0]}新录"
        made[f"{stem}_recruit"] = d.file(clerk, "recruit", recruited(d, unit, called, 26), name=called)
    return made


def answered(d: Desks) -> None:
    """财政 has confirmed the first of what waits for it; the rest waits."""
    first = d.value(
        "SELECT k.id FROM acknowledgement k JOIN office o ON o.id = k.office_id AND o.kind = 'finance' JOIN region r"
        " ON r.code = o.region_code AND r.kind = 'city' WHERE k.acknowledged_at IS NULL ORDER BY k.id LIMIT 1"
    )
    if first:
        d.call("caizheng", "SELECT acknowledge(:i, '已核拨经费。')", i=[first])
