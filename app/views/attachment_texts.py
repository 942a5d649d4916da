"""Why a file was not taken: what, why, what to do next."""

from flask_babel import gettext as _

from app.domain.errors import FileRefused


def reasons() -> dict[str, str]:
    """The sentences by reason."""
    return {
        "empty": _("The file is empty. Choose another one."),
        "too_large": _("The file is larger than 20 MB. Scan it at a lower resolution, or divide it."),
        "too_many": _("A case takes 60 files. Put several pages into one PDF."),
        "case_full": _("A case takes 100 MB of files. Remove some, or scan at a lower resolution."),
        "kind": _(
            "By its content this is none of PDF, JPEG, PNG, docx, xlsx and OFD, whatever its name says. Save or scan it as one of these."
        ),
        "old_office": _("This is a document of an old Office. Open it and save it as docx or xlsx, or as PDF."),
        "broken": _(
            "The file is damaged or locked by a password. Open it, save it again without one, and upload that."
        ),
        "macros": _("The document holds macros. Save it as docx or xlsx without them, or as PDF."),
        "bomb": _("The file would grow beyond measure when opened. Save it again, or as PDF."),
        "virus": _("The virus scanner found %(found)s in it. Clean the computer that it comes from."),
        "scanner_gone": _(
            "The virus scanner does not answer, and nothing is kept unseen. Try again in some minutes; if it stays so, tell the administrator."
        ),
    }


def why_not(refusal: FileRefused) -> str:
    """The sentence for one refused file."""
    return reasons()[str(refusal.facts.get("reason"))].replace("%(found)s", str(refusal.facts.get("found", "")))
