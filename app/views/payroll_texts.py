"""Words of the payroll pages: kinds of lists and differences, what is wrong with a row, by code."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.domain import codes
from app.domain.sources import KINDS


def sources() -> dict[str, str]:
    """Names of the kinds of lists."""
    return {
        "payroll": _("Payroll"),
        "social_insurance": _("Social insurance, in service"),
        "attendance": _("Attendance"),
        "death": _("Deaths"),
        "judgment": _("Judgments and coercive measures"),
        "pension": _("Pensions"),
        "enterprise_insurance": _("Insured by enterprises"),
        "payroll_before": _("Payroll of the month before"),
    }


def kinds() -> dict[str, str]:
    """Names of the kinds of differences."""
    return {
        "paid_without_seat": _("Paid without an entry"),
        "paid_after_exit": _("Paid after leaving"),
        "paid_twice": _("Paid by two units"),
        "wrong_unit": _("Paid by another unit than the seat's"),
        "wrong_category": _("Category or funding differs from the seat's"),
        "seat_without_pay": _("On a seat, not in the payroll"),
        "identity_differs": _("Name differs from the register"),
        "amount_changed": _("Amount changed without a movement"),
        "paid_while_absent": _("Paid during a long absence"),
        "not_verified": _("Paid, though the yearly verification did not find the person"),
        "no_attendance": _("Paid without attendance"),
        "absent_long": _("Absent without leave beyond the limit"),
        "dead_paid": _("Paid after death"),
        "judged_paid": _("Paid after a sentence"),
        "in_custody": _("Paid while in custody"),
        "pension_while_paid": _("Pension and pay at once"),
        "insured_elsewhere": _("Insured by an enterprise"),
        "not_insured": _("Paid, not insured"),
        "insured_without_seat": _("Insured, on no seat"),
    }


def flaws() -> dict[str, str]:
    """What is wrong with a cell, a row or a file, and what to do."""
    return {
        "unknown_format": _("The file is no workbook (.xlsx), CSV or DBF. Save it as one of these."),
        "empty": _("The list has no row. Choose the file with the month's people."),
        "too_large": _("The file is too large (%(found)s). Divide it, or have the keeper load it by command."),
        "broken": _("The file is cut off or damaged here. Save it anew."),
        "encoding": _("The text is neither UTF-8 nor GB 18030 here. Save the file in one of these encodings."),
        "no_header": _("A column has no header. The first row names the columns."),
        "column_twice": _("Two columns bear this header. Rename one."),
        "cells": _("The row has %(found)s cells, which is not as many as the header has. Look for a stray delimiter."),
        "wrong_sheet": _(
            "Of a workbook the first sheet is read, and this one lacks columns that the list needs. The others: %(found)s. Put the right"
            " one first, or save it as a file of its own."
        ),
        "unknown_column": _("The column is not known. Say below which field it is, or that it is not used."),
        "missing_field": _("No column holds this field. Say below which one does, or add it to the file."),
        "field_twice": _("Several columns hold the field %(found)s. Choose one, the others are not used."),
        "required": _("Empty. Fill it in."),
        "formula": _("A formula or an error stands here. Paste it as a value."),
        "number": _(
            "A long number in a number cell has lost its last digits. Format the column as text and enter it again."
        ),
        "id_length": _("An identity number has 18 characters (15 for old ones). Compare with the card."),
        "id_characters": _("Only digits are allowed, and X at the end."),
        "id_checksum": _("The last character does not fit the others: a digit is wrong. Compare with the card."),
        "id_birth": _("The day of birth inside the number does not exist."),
        "bad_name": _("A name has at most 60 visible characters."),
        "unknown_unit": _(
            "No unit of the region bears this code or name. Use the social credit code or the full name."
        ),
        "ambiguous_unit": _("Several units bear this name. Use the social credit code."),
        "negative": _("An amount is not negative. Deductions belong into another list."),
        "bad_amount": _("An amount in yuan, at most two digits after the point, at most 1,000,000."),
        "wrong_month": _(
            "The row is of another month than the one chosen. Choose the other month, or take the row out."
        ),
        "bad_date": _("A day is written 2026-11-25 or 20261125."),
        "bad_judgment": _("One of 判刑, 强制措施."),
        "bad_days": _("A number of days from 0 to 366."),
        "unknown_code": _("The code is not in the list. Use the code or name of the code list."),
        "twice": _(
            "The person stands in the list twice for this unit, first in row %(related)s. Add both up in one row."
        ),
    }


def flaw(kept: dict[str, Any]) -> dict[str, Any]:
    """An error as it is shown: where, what was found, what to do."""
    return {
        "row": kept["row"] or "—",
        "column": kept["column"] or "—",
        "found": kept["found"],
        "says": flaws()[kept["code"]] % {"found": kept["found"], "related": kept["related"]},
    }


def changes() -> dict[str, str]:
    """增、减、变."""
    return {"in": _("Joins"), "out": _("Leaves"), "move": _("Changes")}


def field_names(kind: str) -> dict[str, str]:
    """The fields of a kind of list, as its files call them."""
    return {f.name: f.title + (" *" if f.required else "") for f in KINDS[kind].fields}


def facts(kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a difference rests on, beside the person and the unit."""
    labels = {
        "left_on": _("Left on"), "seat_unit": _("Unit of the seat"), "other_unit": _("Also paid by"),
        "registered_name": _("Name in the register"), "paid_category": _("Category in the payroll"),
        "paid_funding": _("Funding in the payroll"), "since": _("Since"), "days": _("Days present"),
        "run": _("Days absent without leave, running"), "year_days": _("Days absent without leave, this year"),
        "employer": _("Enterprise"), "absence": _("Kind of absence"), "seated_on": _("On the seat since"),
        "mark": _("Mark of the verification"), "year": _("Year"),
    }  # fmt: skip
    words = {"sick_leave": _("Long sick leave"), "waiting": _("Waiting for a post"), "study": _("Studies"),
             "left": _("Left"), "unknown": _("Not known here")}  # fmt: skip
    shown = []
    for name, value in kept.items():
        if value is None or name not in labels:
            continue
        said = words.get(value, value) if name in ("absence", "mark") else value
        said = codes.CATEGORY.get(said, said) if name == "paid_category" else said
        said = codes.FUNDING.get(said, said) if name == "paid_funding" else said
        shown.append((labels[name], str(said)))
    return shown
