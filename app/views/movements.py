"""Ledger movements as entries of a timeline."""

from typing import Any

from flask_babel import gettext as _

from app.views.record_sections import entry_title


def titles() -> dict[str, tuple[str, str]]:
    """Title and tone of each type of entry."""
    return {
        "unit.opened": (_("Unit opened"), "green"),
        "unit.changed": (_("Unit changed"), "blue"),
        "unit.closed": (_("Unit closed"), "red"),
        "unit.transferred": (_("Put under another superior"), "blue"),
        "unit.relocated": (_("Handed to another region"), "blue"),
        "unit.succeeded": (_("Merged into another body"), "red"),
        "unit.succeeds": (_("Took over a body that was merged"), "blue"),
        "unit.networked": (_("Taken out of sight, or put back"), "amber"),
        "quota.set": (_("Quota fixed"), "blue"),
        "part.set": (_("Part of the number marked"), "blue"),
        "part.ended": (_("Part of the number ended"), ""),
        "absorption.planned": (_("Plan of absorption begun"), "amber"),
        "absorption.ended": (_("Plan of absorption ended"), "green"),
        "line.closed": (_("Line closed to entry"), "amber"),
        "scheme.set": (_("Scheme of ranks or posts approved"), "blue"),
        "scheme.ended": (_("Scheme of ranks or posts ended"), ""),
        "permit.granted": (_("Permit granted"), "blue"),
        "permit.claimed": (_("A permit's seat is reserved for a case"), "amber"),
        "permit.returned": (_("A permit's seat came back from a case"), ""),
        "permit.extended": (_("Permit extended"), "blue"),
        "permit.ended": (_("Permit ended, its rest released"), ""),
        "permit.left": (_("Permit leaves with the unit that ends"), ""),
        "permit.carried": (_("Permit taken over from the unit that ended"), "blue"),
        "plan.approved": (_("Yearly plan approved"), "blue"),
        "seats.allotted": (_("Seats allotted to departments"), ""),
        "seat.reserved": (_("Seat reserved"), "amber"),
        "seat.released": (_("Reserved seat released"), ""),
        "seat.occupied": (_("Person entered a seat"), "green"),
        "seat.vacated": (_("Person left a seat"), "amber"),
        "seat.absorbed": (_("A surplus seat was absorbed"), "green"),
        "seat.corrected": (_("Day of entry corrected"), "blue"),
        "seat.shifted": (_("Moved to another department"), "blue"),
        "absence.begun": (_("Away from the seat"), "amber"),
        "absence.extended": (_("Absence extended"), "amber"),
        "absence.ended": (_("Back from absence"), "green"),
        "cap.set": (_("Cap on staff without seats fixed"), "blue"),
        "engagement.begun": (_("Engaged without a seat"), "green"),
        "engagement.extended": (_("Engagement extended"), "blue"),
        "engagement.ended": (_("Engagement ended"), "amber"),
        "year.verified": (_("Roster of the year confirmed"), "green"),
        "signboard.set": (_("Signboard put up"), "blue"),
        "signboard.ended": (_("Signboard taken down"), ""),
        "temporary.set": (_("Temporary body"), "blue"),
        "sanding.published": (_("三定 published"), "green"),
        "certificate.issued": (_("Certificate of establishment issued"), "green"),
        "certificate.verified": (_("Certificate stamped for the year"), "green"),
        "person.registered": (_("Registered"), "green"),
        "person.corrected": (_("Register corrected"), "blue"),
    }


def timeline(rows: list[Any], *, links: bool, people: bool = False) -> list[dict[str, Any]]:
    """Entries for the macro ``timeline``.

    Args:
        rows: what ``app.queries.history.movements`` gives.
        links: whether the reader may open the cases.
        people: whether to name whom a movement is about.
    """
    known = titles()
    lead = {
        "seat.occupied": _("Leadership position taken"),
        "seat.vacated": _("Leadership position left"),
        "quota.set": _("Leadership quota fixed"),
    }
    out = []
    for r in rows:
        title, tone = known.get(r.type, (r.type, ""))
        if r.type.startswith("record."):
            title, tone = entry_title(r.fields), "blue"
        if r.fields.get("kind") == "leadership":
            title = lead.get(r.type, title)
        seat, number = r.fields.get("seat"), r.fields.get("authorised")
        facts = [(_("Effective on"), r.effective_on)]
        if people and r.person:
            facts.insert(0, (_("Person"), r.person))
        if r.type.startswith("seat.") and seat is not None:
            facts.append((_("Seat"), seat))
        if r.type == "quota.set":
            facts.append((_("Authorised"), "—" if number is None else number))
        if r.type == "permit.granted":
            facts += [(_("Permit"), r.fields["number"]), (_("Seats approved"), r.fields["approved"])]
        if r.type in ("permit.granted", "permit.extended"):
            facts.append((_("Valid until"), r.fields["last_on"]))
        if r.fields.get("document_no"):
            facts.append((_("Document number"), r.fields["document_no"]))
        out.append(
            {
                "at": r.recorded_at,
                "title": title,
                "tone": tone,
                "operator": r.operator,
                "side": None,
                "opinion": None,
                "facts": facts,
                "case": {"label": f"{r.title} {r.number or ''}".strip(), "url": f"/case/{r.case_id}" if links else None}
                if r.title
                else None,
            }
        )
    return out
