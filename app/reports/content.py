"""内容: what each kind of paper says, from what was gathered of its case. Papers are Chinese, whoever prints them.

The kinds and their receivers follow 《广东省机构编制实名制管理办法》's practice: 核准使用编制 before entry, 入编/出编通知 to the unit, and
by the unit to 财政, 人社 and 社保 for funds, pay and insurance.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.domain import codes

FORMAT = 1
APPOINTMENT = "appointment_form"  # asks for what no case holds, so it is issued from a form of its own
TITLES = {
    "quota_use": "编制使用核准单",
    "entry_notice": "入编通知单",
    "exit_notice": "出编通知单",
    "lead_use": "职数使用核准单",
    "payroll_notice": "工资统发通知",
    "receipt": "受理回执",
    "papers_list": "材料清单",
    "approval_sheet": "业务审批表",
    "service_proof": "在编证明",
    "reply": "批复",
    APPOINTMENT: "干部任免审批表",
}
# What the sheet of a busy case shows at most; the rest stands in the system.
MOST_EVENTS = 300
Row = list[str]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a paper may say about its case."""

    number: str
    process: str
    title: str
    unit: str
    office: str
    day: dt.date
    submitted: dt.date | None
    effective: dt.date | None
    person: str
    id_mask: str
    statutory: int
    promised: int
    result: str
    line: str = ""
    figures: tuple[int | None, int, int] | None = None
    entered: dict[str, Any] | None = None
    left: dict[str, Any] | None = None
    kept: dict[str, Any] | None = None
    sits: dict[str, Any] | None = None
    meeting: dict[str, Any] | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    opinions: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    papers: list[Row] = field(default_factory=list)
    # How far each paper has come, by its place.
    handed: dict[str, str] = field(default_factory=dict)


def date(on: dt.date | str | None) -> str:
    """A day as papers write it."""
    if not on:
        return ""
    on = dt.date.fromisoformat(on) if isinstance(on, str) else on
    return f"{on.year}年{on.month}月{on.day}日"


def seat_line(seat: dict[str, Any]) -> str:
    """The line of a seat: its kind of establishment, or the position."""
    if seat["kind"] == "leadership":
        return f"{codes.label('level', seat['level'])}（{codes.ROLE.get(seat['role'], seat['role'])}）"
    structure = "" if seat["structure"] in (None, "none") else f"（{codes.label('structure', seat['structure'])}）"
    return codes.CATEGORY.get(seat["category"], seat["category"]) + structure


def who(g: Gathered) -> list[Row]:
    """The person, number masked."""
    return [["姓名", g.person], ["证件号码", g.id_mask]] if g.person else []


def place(g: Gathered, seat: dict[str, Any] | None, first: str) -> list[Row]:
    """The seat; without one the line that the case is about."""
    if seat is None:
        return [[first, g.unit], ["编制类型", g.line]]
    return [
        [first, seat["unit"]],
        *([["内设机构", seat["department"]]] if seat.get("department") and seat["department"] != seat["unit"] else []),
        ["编制类型", seat_line(seat)],
        ["席位号", str(seat["seat"])],
    ]


def filled(rows: list[Row]) -> list[Row]:
    """Rows that say something."""
    return [row for row in rows if row[1]]


def quota_use(g: Gathered) -> dict[str, Any]:
    """编制使用核准单: one seat may be used, from the reservation on."""
    seat, used = g.kept or g.entered or {}, g.entered is not None
    figures: list[Row] = []
    if g.figures:
        authorised, occupied, reserved = g.figures
        said = "未核定" if authorised is None else str(authorised)
        figures = [["开具时数字", f"核定 {said}，实有 {occupied}，预留 {reserved}"]]
    return {
        "to": g.unit,
        "body": [
            f"你单位申请的“{g.process}”，经核有空编，同意使用下列编制 1 名。"
            + ("席位已使用。" if used else "席位予以预留，自人员入编之日起占用；未经核准不得调剂给他人。")
        ],
        "rows": [
            ["用编单位", seat.get("unit") or g.unit],
            ["编制类型", g.line or (seat_line(g.entered) if g.entered else "")],
            ["席位号", str(seat.get("seat") or "")],
            ["用编方式", g.process],
            *who(g),
            *figures,
        ],
    }


def entry_notice(g: Gathered) -> dict[str, Any]:
    """入编通知单: who entered which seat on which day."""
    on = date((g.entered or {}).get("from") or g.effective)
    return {
        "to": g.unit,
        "body": [f"经审核批准，下列人员自{on}起入编。请凭本通知单办理经费、工资和社会保险。"],
        "rows": [*who(g), *place(g, g.entered, "入编单位"), ["入编日期", on], ["办理依据", f"{g.process} {g.number}"]],
    }


def exit_notice(g: Gathered) -> dict[str, Any]:
    """出编通知单: who left which seat; the day is the first one outside."""
    on = date((g.left or {}).get("until") or g.effective)
    return {
        "to": (g.left or {}).get("unit") or g.unit,
        "body": [f"经审核批准，下列人员自{on}起出编，所占编制同日空出。请据此办理停发工资和社会保险变更。"],
        "rows": [*who(g), *place(g, g.left, "原单位"), ["出编日期", on], ["办理依据", f"{g.process} {g.number}"]],
    }


def lead_use(g: Gathered) -> dict[str, Any]:
    """职数使用核准单: one leadership number may be used."""
    seat = g.entered if g.entered and g.entered["kind"] == "leadership" else None
    return {
        "to": g.unit,
        "body": ["经核有空缺领导职数，同意使用下列职数 1 名。"],
        "rows": [
            ["使用单位", seat["unit"] if seat else g.unit],
            ["职数", seat_line(seat) if seat else g.line],
            ["席位号", str(seat["seat"]) if seat else ""],
            *who(g),
            ["任职日期", date(seat["from"] if seat else g.effective)],
        ],
    }


def payroll_notice(g: Gathered) -> dict[str, Any]:
    """工资统发通知: to 财政 and 人社: from which day whose pay is borne by which unit, or no more."""
    on = date((g.entered or {}).get("from") or (g.left or {}).get("until") or g.effective)
    if g.entered and g.left:
        said = f"下列人员自{on}起由{g.entered['unit']}列入工资统发，{g.left['unit']}同日停发。"
    elif g.entered:
        said = f"下列人员自{on}起列入工资统发。"
    else:
        said = f"下列人员自{on}起停止工资统发。"
    return {
        "to": "财政部门、人力资源和社会保障部门",
        "body": [said + "请按规定办理。"],
        "rows": [
            *who(g),
            *(place(g, g.left, "原单位") if g.left else []),
            *(place(g, g.entered, "入编单位") if g.entered else []),
            ["起止日期", on],
            ["办理依据", f"{g.process} {g.number}"],
        ],
    }


def receipt(g: Gathered) -> dict[str, Any]:
    """受理回执: that and when the case came in, and until when it is promised to be done."""
    return {
        "to": g.unit,
        "body": [f"你单位提交的“{g.title}”已经收到，现予受理。可凭业务编号在系统中查看进度。"],
        "rows": [
            ["业务编号", g.number],
            ["业务", g.process],
            ["申报单位", g.unit],
            *who(g),
            ["受理日期", date(g.submitted)],
            ["法定时限", f"{g.statutory} 个工作日"],
            ["承诺时限", f"{g.promised} 个工作日（补正材料和依法暂停的时间不计）"],
        ],
        "papers": g.papers,
    }


def papers_list(g: Gathered) -> dict[str, Any]:
    """材料清单: what to bring."""
    return {
        "to": g.unit,
        "body": [f"办理“{g.process}”，请携带下列材料到窗口办理收讫、核验。"],
        "rows": [["业务编号", g.number], *who(g)],
        "papers": g.papers,
    }


def approval_sheet(g: Gathered) -> dict[str, Any]:
    """业务审批表: the filed facts, each office's word, the way of the case."""
    return {
        "rows": [
            ["业务", g.process],
            ["申报单位", g.unit],
            *([label, value] for label, value in g.facts),
        ],
        "opinions": g.opinions,
        "events": g.events[:MOST_EVENTS],
    }


def service_proof(g: Gathered) -> dict[str, Any]:
    """在编证明: where the person sits on the day of issue, for the purpose that was named."""
    seat = g.sits
    purpose = next((value for label, value in g.facts if label == "证明用途"), "")
    said = (
        f"经查机构编制实名制台账，截至{date(g.day)}，下列人员在编在册，特此证明。"
        if seat
        else f"经查机构编制实名制台账，截至{date(g.day)}，下列人员不在编。"
    )
    return {
        "to": "",
        "body": [said, "本证明只用于所载用途，以开具之日台账为准；扫码或登录核验页可验真伪。"],
        "rows": [
            *who(g),
            *(place(g, seat, "在编单位") if seat else []),
            ["入编日期", date(seat["from"]) if seat else ""],
            ["证明用途", purpose],
        ],
    }


def reply(g: Gathered) -> dict[str, Any]:
    """批复: the commission's word on one case, by the meeting that said it."""
    m = g.meeting or {}
    said = f"经机构编制委员会{m.get('year')}年第{m.get('serial')}次会议（{date(m.get('held_on'))}）研究，同意办理下列事项。"
    return {
        "to": g.unit,
        "body": [said, *([m["resolution"]] if m.get("resolution") else [])],
        "rows": [["事项", g.process], *([label, value] for label, value in g.facts)],
        "after": ["请据此办理相关手续，机构、编制和领导职数以机构编制台账为准。"],
    }


def appointment_form(g: Gathered) -> dict[str, Any]:
    """干部任免审批表 as the books keep it: whose, from when, for which case; family and assessments stand on the print alone."""
    return {
        "to": "",
        "body": [
            "本页是所编号《干部任免审批表》的登记内容。表内家庭成员、考核和处分等内容只在原件，由有权限的人员调阅。"
        ],
        "rows": [*who(g), ["申报单位", g.unit], ["办理事项", f"{g.process} {g.number}"]],
    }


MAKERS: dict[str, Callable[[Gathered], dict[str, Any]]] = {
    "quota_use": quota_use,
    "entry_notice": entry_notice,
    "exit_notice": exit_notice,
    "lead_use": lead_use,
    "payroll_notice": payroll_notice,
    "receipt": receipt,
    "papers_list": papers_list,
    "approval_sheet": approval_sheet,
    "service_proof": service_proof,
    "reply": reply,
    APPOINTMENT: appointment_form,
}


def content(kind: str, g: Gathered, number: str) -> dict[str, Any]:
    """The whole content of a numbered paper: what is hashed, signed and printed."""
    made = MAKERS[kind](g)
    return {
        "format": FORMAT,
        "kind": kind,
        "title": TITLES[kind],
        "number": number,
        "office": g.office,
        "case": g.number,
        "day": g.day.isoformat(),
        "date": date(g.day),
        "unit": g.unit,
        "person": g.person,
        "footer": f"{g.office} {TITLES[kind]} {number}",
        **made,
        "rows": filled(made["rows"]),
    }


def case_file(g: Gathered) -> dict[str, Any]:
    """The front of a case file: the sheet and the list of papers, as they stand; without number and signature."""
    made = approval_sheet(g)
    return {
        "title": "业务案卷",
        "office": g.office,
        "case": g.number,
        "footer": f"业务案卷 {g.number} 打印于 {date(g.day)}，以系统记录为准",
        "papers": [[*row[:3], "，".join(w for w in (row[3], g.handed.get(row[0], "")) if w)] for row in g.papers],
        **made,
        "rows": filled(made["rows"]),
    }
