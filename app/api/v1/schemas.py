"""What the interface takes and gives; the description for programs is made from these."""

from marshmallow import Schema, ValidationError, fields, validate

TEXT = validate.Length(max=60)


def no_null(value: str) -> None:
    """No text of ours holds the null character."""
    if "\0" in value:
        raise ValidationError("invalid")


class Asked(Schema):
    """What may be asked of each list; anything else is refused."""

    q = fields.String(
        load_default="", validate=[TEXT, no_null], metadata={"description": "part or beginning of the name"}
    )
    state = fields.String(load_default="", validate=TEXT)
    after = fields.String(
        load_default="",
        validate=validate.Length(max=600),
        metadata={"description": "``next`` of the page before"},
    )
    limit = fields.Integer(load_default=50, strict=False, validate=validate.Range(1, 100))


class Unit(Schema):
    """机构: a legal body."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    region = fields.String(required=True)
    nature = fields.String(required=True, allow_none=True)
    uscc = fields.String(required=True, allow_none=True, metadata={"description": "unified social credit code"})
    state = fields.String(required=True)


class Person(Schema):
    """人员: the identity number is masked."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    id_mask = fields.String(required=True, allow_none=True, metadata={"description": "identity number, masked"})
    birth_on = fields.Date(required=True, allow_none=True)
    rank = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    department = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)


class Case(Schema):
    """业务: a case that one's own side files or decides."""

    id = fields.Integer(required=True)
    number = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    submitted_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True)


class Refusal(Schema):
    """Why not."""

    error = fields.String(required=True)
    message = fields.String(required=True)


ITEMS: dict[str, type[Schema]] = {"units": Unit, "people": Person, "cases": Case}


def page_of(item: type[Schema]) -> Schema:
    """A page of a list: its rows, and what asks for the next one (null at the end)."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(required=True, allow_none=True),
        },
        name=f"{item.__name__}Page",
    )()


PAGES: dict[str, Schema] = {name: page_of(item) for name, item in ITEMS.items()}
