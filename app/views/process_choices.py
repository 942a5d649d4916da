"""流程设计的词: what the choices of a definition are called, what is wrong with one, and where."""

from typing import Any

from flask_babel import gettext as _

from app.views import check_texts, process_form
from app.views.fields import registry as fields
from app.workflow import checks, definition, validation

Pairs = list[tuple[str, str]]


def families() -> Pairs:
    """Groups of businesses."""
    return [
        ("entry", _("Entering")),
        ("exit", _("Leaving")),
        ("inside", _("While in service")),
        ("quota_use", _("Use of quota")),
        ("verification", _("Verification and certificates")),
        ("organ", _("Units")),
        ("quota", _("Quotas")),
        ("leadership", _("Leadership positions")),
        ("correction", _("Corrections")),
    ]


def roles() -> Pairs:
    """Who may be asked, by what they answer for."""
    return [
        ("establishment", _("The establishment office")),
        ("commission", _("Commission (by its meeting)")),
        ("personnel", _("Organisation department or human resources, by competence")),
        ("organisation", _("The organisation department")),
        ("human_resources", _("The human resources office")),
        ("finance", _("The finance office")),
        ("social_insurance", _("The social insurance office")),
        ("unit", _("The person's unit")),
        ("unit_head", _("Head of the unit")),
        ("supervisor", _("Competent department")),
        ("source_unit", _("Unit that the person leaves")),
        ("source_establishment", _("Establishment office of the unit left")),
        ("source_personnel", _("Personnel office of the unit left")),
        ("receiving_establishment", _("Establishment office of the region that takes it in")),
        ("city_establishment", _("Establishment office of the city")),
        ("city_personnel", _("Personnel office of the city")),
    ]


def movements() -> Pairs:
    """Ledger movements by what they do."""
    named = {
        "reserve": _("reserve a seat"),
        "occupy": _("enter a seat"),
        "vacate": _("leave the seat"),
        "move": _("move between units"),
        "take_lead": _("take a leadership position"),
        "leave_lead": _("leave a leadership position"),
        "correct": _("correct an entry"),
        "set_quota": _("fix a quota"),
        "set_part": _("mark or add a part of a number"),
        "end_part": _("end a part of a number"),
        "set_pool": _("fix a region's total"),
        "move_quota": _("move numbers between lines"),
        "absorb": _("plan the absorption of a surplus"),
        "close_line": _("close a line to entry"),
        "open_unit": _("open a unit"),
        "signboard": _("put up or take down a signboard"),
        "organ_limit": _("fix a limit on the number of bodies"),
        "sanding": _("publish a 三定"),
        "temporary": _("set up, extend or dissolve a temporary body"),
        "duties": _("load earlier history"),
        "change_unit": _("change a unit"),
        "close_unit": _("close a unit"),
        "transfer_unit": _("bring a unit under another superior"),
        "merge_unit": _("merge a unit into another one"),
        "move_department": _("bring a department into another body"),
        "split_unit": _("split a unit"),
        "move_people": _("move the people of a line into another one"),
        "open_balance": _("opening balance"),
        "permit_plan": _("yearly plan of quota use"),
        "permit_grant": _("permit for seats"),
        "permit_extend": _("extend a permit"),
        "permit_cancel": _("cancel a permit"),
        "record": _("item of a person's record"),
        "shift": _("move inside the unit"),
        "change_line": _("change of category"),
        "absence_begin": _("secondment or leave begins"),
        "absence_end": _("secondment or leave ends"),
        "absence_extend": _("secondment or leave goes on"),
        "verify_year": _("yearly verification"),
        "certificate": _("certificate"),
        "set_cap": _("fix a cap on staff without seats"),
        "engage": _("engage somebody without a seat"),
        "engage_change": _("extend or end an engagement"),
        "rekey_line": _("change the funding or kind of a line"),
        "rank_quota": _("approve rank numbers"),
        "post_plan": _("approve a plan of posts"),
        "reform": _("a phase of a reform takes effect"),
        "network": _("take a body out of sight, or put it back"),
        "none": _("no movement, a paper only"),
    }
    return [(m, named.get(m, m)) for m in definition.MOVEMENTS]


def all_choices() -> dict[str, Pairs]:
    """Every list of choices of the form, by name."""
    applicants = {
        "unit": _("The unit"),
        "person": _("The person, through the unit"),
        "establishment": _("Establishment office"),
        "organisation": _("Organisation department"),
        "human_resources": _("Human resources"),
    }
    papers = {
        "quota_use": _("Approval of quota use"),
        "entry_notice": _("Notice of entry"),
        "exit_notice": _("Notice of leaving"),
        "lead_use": _("Approval of leadership use"),
        "payroll_notice": _("Notice to payroll"),
        "receipt": _("Receipt"),
        "papers_list": _("List of papers to bring"),
        "approval_sheet": _("Approval sheet"),
        "service_proof": _("Proof of service"),
        "appointment_form": _("Form of appointment"),
        "reply": _("Numbered reply"),
    }
    return {
        "families": families(),
        "applicants": [(a, applicants.get(a, a)) for a in definition.APPLICANTS],
        "effects": [
            ("arrival", _("on confirmed arrival")),
            ("date", _("on the day named in the form")),
            ("approval", _("with the last approval")),
        ],
        "roles": roles(),
        "movements": movements(),
        "fields": [(n, _label(n)) for n in sorted(fields.known())],
        "checks": check_choices(),
        "levels": [("stop", _("stop")), ("warn", _("warn"))],
        "outputs": [(o, papers.get(o, o)) for o in definition.OUTPUTS],
        "on_approve": [("reserve", _("reserve a seat"))],
    }


def check_choices() -> Pairs:
    """Every check by its name."""
    return [(code, str(check_texts.TITLES.get(code, code))) for code in sorted(checks.known())]


def problems(made: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a definition: where in the form, and what; empty when it may be proposed."""
    rows = process_form.laid_out(made)["requirements"]
    out = []
    for parts, said in validation.problems_in(made):
        where = "-".join(str(p) for p in parts)
        key = next((p for p in reversed(parts) if isinstance(p, str)), "")
        # The check speaks of keys, the form of what its inputs are called.
        said = said.replace(f"“{key}”", f"“{_labels(where).get(key, key)}”")
        if len(parts) > 1 and parts[0] == "requirements":  # grouped by movement there, rows here
            same = [n for n, row in enumerate(rows) if row.get("movement", "") == parts[1]]
            number = parts[2] if len(parts) > 2 and isinstance(parts[2], int) else 0
            row = same[number] if number < len(same) else 0
            column = parts[-1] if parts[-1] in ("role", "people") else "movement"
            where = f"requirements-{row}-{column}"
        out.append((where, said))
    return out


def fact(name: str) -> str:
    """What a fact of a condition is called."""
    named = {
        "unit_grade": _("Grade of unit (code)"),
        "region": _("Region (code)"),
        "region_kind": _("Kind of region: city, district, town"),
        "category": _("Kind of establishment (code)"),
        "level": _("Level of position (code)"),
        "rank": _("Rank (code)"),
        "cross_region": _("Between two regions: 1 or 0"),
        "has_head": _("The unit has a head: 1 or 0"),
        "has_supervisor": _("The unit has a competent department: 1 or 0"),
    }
    return named.get(name, name)


def place(path: str) -> str:
    """Where a path of the form is, in words."""
    known = _labels(path)
    if path in known:
        return known[path]
    return " ".join(str(int(p) + 1) if p.isdecimal() else known.get(p, p) for p in path.split("-"))


def _labels(path: str) -> dict[str, str]:
    """What the parts of a path are called: one key is called differently in a task and in a check."""
    first, *others = path.split("-")
    known = {c.name: c.label for c in process_form.GENERAL} | {"days": _("Days")}
    known |= {s.key: s.label for s in process_form.SECTIONS} | {"stages": _("Stages and tasks"), "tasks": _("Task")}
    columns = next((s.columns for s in process_form.SECTIONS if s.key == first), ())
    if first == "stages":
        columns = process_form.TASK if "tasks" in others[:-1] else process_form.STAGE
    known |= {c.name: c.label for c in columns if c.name}
    return {name: str(label) for name, label in known.items()}


def _label(name: str) -> str:
    made: Any = fields.known()[name]()
    label = made.args[0] if made.args else name
    return f"{label}（{name}）"


def described(made: dict[str, Any]) -> dict[str, Any]:
    """A definition as its diagram shows it; an unfinished one too."""
    who, moves, choices = dict(roles()), dict(movements()), all_choices()

    def named(task: Any) -> dict[str, Any]:
        task = task if isinstance(task, dict) else {}
        return {
            "office": who.get(task.get("role", ""), task.get("role") or "？"),
            "title": task.get("title", ""),
            "days": task.get("days", "？"),
            "when": task.get("when"),
            "countersign": task.get("countersign"),
            "reserves": task.get("on_approve") == "reserve",
        }

    requirements = made.get("requirements") or {}
    movement = next((m for m in requirements if m != "reserve"), "")
    return {
        "applicant": dict(choices["applicants"]).get(made.get("applicant", ""), "？"),
        "effect": dict(choices["effects"]).get(made.get("effect", ""), "？"),
        "movement": moves.get(movement, movement or "？"),
        "stages": [
            {
                "name": stage.get("name"),
                "when": stage.get("when"),
                "quorum": stage.get("quorum"),
                "tasks": [named(t) for t in stage.get("tasks") or []],
            }
            for stage in made.get("stages") or []
        ],
        "after": [named(t) for t in made.get("after") or []],
    }
