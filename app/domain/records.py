"""人员信息项: the kinds of a person's record, each with its fields; declared once.

Forms, checks, the card, the kernel's table ``record_kind`` and the row policies follow from what stands here. A kind's
column group (app/security/columns.py) says who may see its rows: 年度考核 and 处分 stand in one group, as in table (g)
of the domain text. Sources of the fields: 公务员管理信息系统 A02, A06, A08, A14, A15, A36; (b11)–(b18), (b24), (b25).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain import codes
from app.domain.canonical import canonical_json

Values = Mapping[str, str | int | None]
OPEN = "register"
"""The group whose values may stand in a case's facts; all others' are kept apart (``case_private``)."""

PHONE = re.compile(r"\+?[0-9][0-9 \-]{6,19}")
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")


@dataclass(frozen=True, slots=True)
class Field:
    """栏目: ``type`` is text, code (of the list ``codes``), day, number, phone or mail.

    Numbers lie within ``bounds``; codes begin with one of ``begins``, where any are given.
    """

    name: str
    type: str = "text"
    codes: str = ""
    required: bool = False
    longest: int = 60
    bounds: tuple[int, int] = (0, 10_000_000)
    begins: tuple[str, ...] = ()

    def allowed(self) -> list[tuple[str, str]]:
        """The codes that may be chosen, with their names."""
        known = codes.code_set(self.codes).choices()
        return [(c, name) for c, name in known if not self.begins or c.startswith(self.begins)]

    def problem(self, value: str | int | None) -> str | None:
        """What is wrong with a value: ``required``, ``format``, or nothing."""
        if value in (None, ""):
            return "required" if self.required else None
        good = {
            "code": lambda: str(value) in dict(self.allowed()),
            "day": lambda: re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)) is not None,
            "number": lambda: isinstance(value, int) and self.bounds[0] <= value <= self.bounds[1],
            "phone": lambda: PHONE.fullmatch(str(value)) is not None,
            "mail": lambda: MAIL.fullmatch(str(value)) is not None,
        }.get(self.type, lambda: len(str(value)) <= self.longest)()
        return None if good else "format"


@dataclass(frozen=True, slots=True)
class Kind:
    """信息项类别. ``single``: at any time a person has at most one; the next one ends the one before."""

    name: str
    group: str
    fields: tuple[Field, ...]
    single: bool = False

    @property
    def title(self) -> str:
        """The kind's name."""
        return codes.label("record_kind", self.name)

    def clean(self, values: Values) -> dict[str, str | int]:
        """The values that are there, in the declared fields alone.

        Raises:
            ItemError: a field is missing, unknown or of another form.
        """
        known = {f.name: f for f in self.fields}
        wrong = dict.fromkeys(values.keys() - known.keys(), "unknown")
        kept: dict[str, str | int] = {}
        for name, field in known.items():
            value = values.get(name)
            value = value.strip() if isinstance(value, str) else value
            problem = field.problem(value)
            if problem:
                wrong[name] = problem
            elif value not in (None, ""):
                kept[name] = value
        if wrong:
            raise ItemError(wrong)
        return kept


class ItemError(ValueError):
    """Fields that do not fit their kind: name and what is wrong."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {what}" for name, what in sorted(wrong.items())))
        self.wrong = wrong


def _code(name: str, list_name: str = "", *, required: bool = False) -> Field:
    return Field(name, "code", list_name or name, required=required)


_DOCUMENT = Field("document_no")
# One list holds ranks of civil servants and post grades of institutions (b17, b18).
_RANK = Field("rank", "code", "rank", required=True, begins=("R", "01B", "01C", "02"))
_GRADE = Field("post_grade", "code", "rank", required=True, begins=("03", "04", "05", "06", "07", "08"))
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "basic",
            OPEN,
            (_code("ethnicity"), _code("political"), Field("party_on", "day"), Field("native_place", longest=40),
             Field("birthplace", longest=40), _code("health"), _code("marital"), _code("management"),
             _code("registration"), Field("registered_on", "day"), Field("speciality")),
            single=True,
        ),
        # A picture of the case's files, by the hash of its content (075_records.sql asks whether it is one).
        Kind("photo", OPEN, (Field("sha256", required=True, longest=64),), single=True),
        Kind(
            "appointment",
            OPEN,
            (Field("position", required=True), _code("level"), _code("nature", "appointment_nature"),
             _code("way", "appointment"), _DOCUMENT, Field("over_document_no")),
        ),
        Kind("rank", OPEN, (_RANK, _code("basis", "appointment_kind"), _DOCUMENT), single=True),
        Kind("post", OPEN, (_GRADE, _code("mark", "post_mark"), _DOCUMENT), single=True),
        Kind(
            "education",
            OPEN,
            (_code("education", required=True), _code("degree"), Field("school", required=True), Field("major"),
             _code("study", required=True), _code("highest", "yes_no", required=True)),
        ),
        Kind(
            "title",
            OPEN,
            (Field("title_name", required=True), _code("title_grade", required=True), Field("issuer"),
             Field("certificate_no")),
        ),
        Kind("award", OPEN, (Field("award", required=True), Field("issuer", required=True), _DOCUMENT)),
        Kind(
            "assessment",
            "discipline",
            (Field("year", "number", required=True, bounds=(1990, 2100)), _code("result", "appraisal", required=True)),
        ),
        Kind(
            "discipline",
            "discipline",
            (_code("penalty", "discipline", required=True), Field("cause", required=True, longest=200),
             Field("issuer", required=True), Field("document_no", required=True)),
        ),
        Kind(
            "contact",
            "contact",
            (Field("mobile", "phone", required=True), Field("office_phone", "phone"), Field("email", "mail"),
             Field("address", longest=100)),
            single=True,
        ),
        Kind(
            "family",
            "family",
            (_code("relation", "family", required=True), Field("relative", required=True, longest=50),
             Field("relative_born_on", "day"), _code("relative_political", "political"), Field("work_unit", longest=100),
             Field("post_held")),
        ),
        Kind(
            "pay",
            "pay",
            (Field("rank_grade", "number", bounds=(1, 27)), Field("pay_grade", "number", bounds=(1, 65)), Field("base_pay", "number", required=True),
             Field("allowance", "number", required=True), Field("benefit", "number")),
            single=True,
        ),
        # One open item of each sort (uq_record_item_allowance).
        Kind(
            "allowance",
            "pay",
            (_code("pay_item", required=True), Field("amount", "number", required=True), _DOCUMENT),
        ),
    )
}  # fmt: skip
"""Every kind by its name; sums of money are whole yuan a month."""


def item_text(fields: Values) -> str:
    """The canonical text of an item's fields, as it is filed and committed to."""
    return canonical_json(fields)


# 岗位等级 (b18): a series is management, professional or worker; within it a lower code is a higher grade.
def same_series(one: str, other: str) -> bool:
    """Whether two post grades belong to one series."""
    return one[:2] == other[:2]


def raises_post(now: str | None, wanted: str) -> bool:
    """Whether an appointment goes above the present post; another series counts as above (it has to be looked at)."""
    return now is None or not same_series(now, wanted) or wanted < now
