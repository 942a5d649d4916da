"""Fields of the processes' forms: what each name in a definition means on a page."""

from collections.abc import Callable
from functools import cache

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.domain import codes
from app.domain.regions import foshan
from app.views.fields import engagement as fields_engagement
from app.views.fields import entry as fields_entry
from app.views.fields import inside as fields_inside
from app.views.fields import lead as fields_lead
from app.views.fields import organs as fields_organs
from app.views.fields import quotas as fields_quotas
from app.views.fields import records as fields_records
from app.views.fields import reform as fields_reform
from app.views.fields import sanding as fields_sanding
from app.views.fields.kinds import FILL_IN, chosen, credit_code, day, document, one_of, searched, text

LEAD_EXITS = [(k, v) for k, v in chosen(codes.POSITION_CHANGE) if k in "134567"]
EXITS = [(k, v) for k, v in chosen(codes.EXIT) if k not in ("31", "97", "98")]
SEXES = [(k, v) for k, v in chosen(codes.SEX) if k in "12"]

# What each field name of a definition means on a page.
FIELDS: dict[str, Callable[[], Field]] = {
    "line": lambda: searched(_l("Establishment line"), "/search/lines", preload=True),
    "any_line": lambda: searched(_l("Establishment line or leadership quota"), "/search/lines?kind=any"),
    "lead_line": lambda: searched(_l("Leadership quota"), "/search/lines?kind=leadership", preload=True),
    "department": lambda: searched(_l("Internal department"), "/search/departments", required=False, preload=True),
    "unit": lambda: searched(_l("Unit"), "/search/units"),
    "scope": lambda: searched(
        _l("Internal department (empty: the unit itself)"),
        "/search/departments",
        required=False,
        preload=True,
        **{"data-search-with": "unit"},
    ),
    "person": lambda: searched(_l("Person"), "/search/people"),
    "lead": lambda: searched(_l("Leader and position"), "/search/leads", preload=True),
    "occupancy": lambda: searched(_l("Person and seat"), "/search/occupancies"),
    "person_name": lambda: text(_l("Full name"), longest=50),
    "id_type": lambda: one_of(_l("Identity document"), chosen(codes.ID_TYPE)[:1]),
    "id_number": lambda: text(_l("Identity number"), longest=24, autocomplete="off"),
    "sex": lambda: one_of(_l("Sex"), SEXES),
    "birth_on": lambda: day(_l("Day of birth")),
    "education": lambda: one_of(_l("Education"), chosen(codes.EDUCATION, empty=True)),
    "work_started_on": lambda: day(_l("Start of work"), required=False),
    "level": lambda: one_of(_l("Level of position"), chosen(codes.LEVEL, empty=True)),
    "rank": lambda: one_of(_l("Rank"), chosen(codes.RANK, empty=True)),
    "entry_way": lambda: one_of(_l("Way of entry"), chosen(codes.ENTRY_WAY)),
    "exit_reason": lambda: one_of(_l("Reason of leaving"), EXITS),
    "start": lambda: day(_l("Effective on")),
    "end": lambda: day(_l("First day outside")),
    "main": lambda: BooleanField(_l("Main position"), default=True),
    "nature": lambda: one_of(_l("Kind of appointment"), chosen(codes.NATURE_OF_POST)),
    "home_unit": lambda: text(_l("Home unit (for leaders from elsewhere)"), required=False),
    "authorised": lambda: IntegerField(
        _l("Authorised number"), validators=[InputRequired(FILL_IN), NumberRange(0, 100000)]
    ),
    "document_no": lambda: document(_l("Document number")),
    "issuer": lambda: text(_l("Issuing body")),
    "category": lambda: one_of(_l("Kind of establishment"), chosen(codes.CATEGORY)),
    "funding": lambda: one_of(_l("Funding"), chosen(codes.FUNDING)),
    "structure": lambda: one_of(_l("Kind of post (institutions)"), chosen(codes.STRUCTURE)),
    "role": lambda: one_of(_l("Position"), [c for c in chosen(codes.ROLE) if c[0] != "nonleading"]),
    "region": lambda: one_of(_l("Region"), [(d.code, d.name) for d in foshan()]),
    "network": lambda: one_of(_l("Sight"), [("hidden", "不上网"), ("shown", "上网（解除）")], required=True),
    "unit_name": lambda: text(_l("Name of the unit")),
    "short_name": lambda: text(_l("Short name"), required=False, longest=50),
    "uscc": lambda: credit_code(_l("Unified social credit code")),
    "body": lambda: one_of(_l("Kind of body"), chosen(codes.BODY)),
    "unit_category": lambda: one_of(_l("Class of unit"), chosen(codes.UNIT_CATEGORY)),
    "grade": lambda: one_of(_l("Grade of unit"), chosen(codes.UNIT_GRADE)),
}


@cache
def known() -> dict[str, Callable[[], Field]]:
    """All fields: those above and those of the pieces' own modules; a name used by several means the same in all."""
    return {
        **fields_quotas.FIELDS,
        **fields_organs.FIELDS,
        **fields_reform.FIELDS,
        **fields_records.FIELDS,
        **fields_lead.FIELDS,
        **fields_inside.FIELDS,
        **fields_sanding.FIELDS,
        **fields_entry.FIELDS,
        **fields_engagement.FIELDS,
        **FIELDS,
    }
