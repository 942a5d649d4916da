"""身份规则 and 列组: what each kind of identity sees of people, declared once.

An identity is ranges × personnel classes × column groups (domain text, table g). The ranges follow
from the account (``account_ranges`` in 010_identity.sql); classes and groups stand here, go into the
table ``identity_rule`` at deployment, and from there into the signed context that policies read.
"""

from dataclasses import dataclass

# Column groups. ``seat``, ``register`` and ``cases`` open rows; the others open protected columns one by
# one, each time with a reason (``reveal_person``).
GROUPS: dict[str, str] = {
    "seat": "占编情况：谁在哪个编制席位上、起止日期",
    "register": "台帐栏目：出生日期、学历、民族、政治面貌、职级等",
    "cases": "业务申请及其办理过程",
    "document": "证件号码全号",
    "contact": "联系方式",
    "pay": "工资和经费栏目",
    "family": "家庭成员",
    "discipline": "考核和处分",
}
ROWS = ("seat", "register", "cases")
REVEALED = tuple(g for g in GROUPS if g not in ROWS)

# Columns that the application's role cannot select: the whole document number and what stands for it.
PROTECTED: dict[str, tuple[str, ...]] = {
    "person": ("id_cipher", "id_index", "id_proof"),
    "source_row": ("person_key",),
}

CIVIL = "civil"
INSTITUTION = "public,support"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one kind of identity sees inside its ranges; no classes means all of them."""

    groups: tuple[str, ...]
    classes: str = ""


UNIT = Sight(tuple(GROUPS))
OWN = Sight(("document", "contact", "pay", "family"))
ESTABLISHMENT = Sight((*ROWS, "document", "contact"))
OFFICES: dict[str, Sight] = {
    "establishment": ESTABLISHMENT,
    "organisation": Sight((*ROWS, "document", "contact", "family", "discipline"), CIVIL),
    # 家庭成员 for avoidance (回避): 《公务员法》第七十四条, 《事业单位人事管理回避规定》.
    "human_resources": Sight((*ROWS, "document", "contact", "pay", "family", "discipline"), INSTITUTION),
    "finance": Sight(("seat", "pay")),
    "social_insurance": Sight(()),
}
# By kind of account and, for offices, the office's kind. Administrators are missing: they see no people.
RULES: dict[tuple[str, str], Sight] = {
    ("unit_clerk", ""): UNIT,
    ("unit_head", ""): UNIT,
    ("person", ""): OWN,
    ("town_officer", ""): Sight((*ROWS, "contact")),
    ("supervisor", ""): Sight(ROWS),
    ("inspector", ""): Sight((*ROWS, "document")),
    **{(kind, office): sight for office, sight in OFFICES.items() for kind in ("office_member", "office_head")},
    **{("service", office): Sight(ROWS) for office in ("", "establishment")},
}
