"""What each refusal says, by its code: what, why, what to do next (app/domain/errors)."""

from functools import cache

from flask_babel import LazyString
from flask_babel import lazy_gettext as _  # only the one that is said is looked up


@cache
def sentences() -> dict[str, LazyString]:
    """The texts by code; each becomes words in the reader's language when it is said."""
    return {
        **_of_documents(),
        **_of_ledger(),
        **_of_numbers(),
        **_of_units(),
        **_of_reform(),
        **_of_work(),
        **_of_access(),
    }


def _of_ledger() -> dict[str, LazyString]:
    """Of seats, quotas, people, units."""
    return {
        "quota_exhausted": _(
            "No vacant seat is left on this line: authorised %(authorised)s, occupied %(occupied)s, reserved %(reserved)s. Choose another line, or wait until a seat is free."
        ),
        "line_closed": _("This line is closed to entry: whoever leaves takes the seat along. Choose another line."),
        "surplus_line": _(
            "This line is over its quota (authorised %(authorised)s, occupied %(occupied)s): nobody may enter until the surplus is gone."
        ),
        "quota_below_use": _(
            "The number is below what is in use: occupied %(occupied)s, reserved %(reserved)s. Enter at least their sum, let people leave first, or file the cut with a plan of absorption (last day)."
        ),
        "leader_without_seat": _(
            "A leader needs a seat in the same unit, or has to be marked as concurrent, attached or superior with the home unit."
        ),
        "leadership_exhausted": _(
            "No leadership seat is vacant here: authorised %(authorised)s, occupied %(occupied)s. Somebody has to leave first."
        ),
        "permit_missing": _("This way of entry takes a seat of a permit. Apply for a permit first, then name it here."),
        "permit_lapsed": _("The permit %(number)s is no longer valid (valid until %(last_on)s). Apply for a new one."),
        "permit_used": _(
            "Every seat of the permit %(number)s is used or taken by a running case (approved %(approved)s, used %(used)s). Choose another permit."
        ),
        "permit_elsewhere": _("The permit is for another line. Choose the line that it names, or another permit."),
        "already_seated": _("This person already holds a seat. One person, one seat: apply for a transfer instead."),
        "already_leading": _(
            "This person already holds a position of this leadership line. Choose another line or person."
        ),
        "under_discipline": _(
            "While a discipline has effect nobody is promoted (Civil Servants Law, article 64). Apply again after its last day: %(until)s."
        ),
        "rank_exhausted": _(
            "This group of ranks is full: number %(number)s, held by %(holders)s. Somebody has to leave it first."
        ),
        "second_main": _(
            "This person has a main position already (%(unit)s). Mark this one as not the main one, or have the other one left first."
        ),
        "over_ranked": _(
            "The level is above the position's. Enter the document that allows it, or leave the level empty."
        ),
        "non_leading": _("Non-leading positions were replaced by ranks on 2019-06-01. Use the rank numbers instead."),
        "no_scheme": _(
            "No approved numbers hold for %(unit)s on %(day)s. Have them approved first: “Approval of rank numbers” for civil servants, “Plan of posts” for public institutions."
        ),
        "no_base": _(
            "%(unit)s has no authorised number to take a share of. Have the establishment (for a leading team the leadership numbers) fixed first."
        ),
        "base_changed": _(
            "The authorised numbers have changed since the form was filled in: now %(base)s, of which %(apart)s apart. Open the case again, look at the new sums and submit anew."
        ),
        "above_share": _("%(group)s: %(number)s is above its share of %(most)s. Enter at most that."),
        "in_pool": _(
            "This unit shares its numbers with others under %(unit)s. Have %(unit)s apply for a new approval without it first."
        ),
        "items_overlap": _(
            "Of this kind a person has one item at a time, and another one covers some of these days. Choose other days, or correct the other one first."
        ),
        "before_item": _("The day has to lie after %(day)s, on which the item that it ends began. Choose a later day."),
        "seat_taken": _("The seat is taken on that day. Choose another day or seat."),
        "not_seated": _("This person holds no seat, so there is nothing to leave."),
        "future_effect": _("The day %(day)s has not come yet. The movement takes effect on its day."),
        "bad_day": _(
            "It does not fit on %(day)s: on that day there would be more people than seats. Choose a later day."
        ),
        "before_entry": _(
            "The day lies before %(day)s, on which the person's present seat begins or the last one ended."
        ),
        "duplicate_person": _(
            "This identity number is in the register already. Search for the person and apply for a transfer."
        ),
        "wrong_category": _("This line is of another kind. Choose a line of the right category."),
        "later_entries": _(
            "Later entries rest on this one: %(later)s. It cannot be corrected alone; correct those first."
        ),
        "same_department": _("This person is in that department already. Choose another one."),
        "not_yet_open": _("That body or department was opened on %(day)s. Choose that day or a later one."),
        "already_absent": _(
            "This person is away already. Enter the return first, or extend what is running instead of a new one."
        ),
        "already_engaged": _(
            "This person is engaged without a seat on that day already. End that engagement first, or choose a later day."
        ),
        "not_engaged": _("Your unit engages nobody such now, so there is nothing to extend or to end."),
        "not_absent": _("No absence of this person is running on that day, so there is none to extend or to end."),
        "certificate_exists": _(
            "The unit holds the valid certificate %(number)s. Apply for a change or a replacement instead of a first one."
        ),
        "certificate_missing": _("The unit holds no valid certificate. Apply for a first one."),
    }


def _of_numbers() -> dict[str, LazyString]:
    """Of quotas: parts, totals, documents, surplus."""
    return {
        "parts_exceed": _(
            "The parts together (%(parts)s) exceed the number (%(authorised)s). Lower a part, or end one, or fix a higher number first."
        ),
        "pool_exhausted": _(
            "The region's total (%(total)s, %(document_no)s) has %(distributed)s distributed: no room for %(wanted)s more. Take numbers back elsewhere, or have the total raised."
        ),
        "pool_below_use": _(
            "%(distributed)s are distributed or lent already: the total cannot be %(total)s. Take numbers back first."
        ),
        "move_above": _("The line has %(authorised)s: %(number)s cannot go. Enter at most what it has."),
        "document_used": _(
            "Document %(document_no)s has made this change already. Compare with the unit's documents; another change needs its own document."
        ),
        "surplus_without_plan": _(
            "%(surplus)s people are beyond the number and no plan of absorption runs for them. Enter the last day until which the body that takes over absorbs them (“Plan of absorption: last day”), or let them leave first."
        ),
        "no_surplus": _("Nobody is above the number here: there is nothing to absorb."),
        "seats_reserved": _(
            "%(reserved)s seats are kept for running cases. Wait until they end, or have them withdrawn first."
        ),
    }


def _of_units() -> dict[str, LazyString]:
    """Of organs: their place, their superiors, their end."""
    return {
        "leader_stays": _(
            "Somebody who would go along with the post sits in another department and holds another post of the body that stays (%(post)s). Take this person off one of the posts, line by line or before."
        ),
        "duplicate_unit": _("A unit with this social credit code exists already."),
        "unit_loop": _("A unit cannot come under itself or under a unit below it. Choose another superior."),
        "same_superior": _("The unit belongs there already: nothing would change."),
        "children_elsewhere": _(
            "Bodies below this one lie outside the new region. Transfer them first, or choose a superior of a wider region."
        ),
        "unit_not_empty": _(
            "The unit still has quotas, people, reservations or units below it, so it cannot end. Merge it into another unit, move its people (transfer as a body) or let them leave, set its numbers to zero; then end it."
        ),
        "cases_without_destination": _(
            "%(count)s cases or permits under way would be left without a unit (%(cases)s). Choose that they go over to the successor, stand still there or are withdrawn; what only this unit can finish, finish or withdraw first."
        ),
    }


def _of_reform() -> dict[str, LazyString]:
    """Of reforms."""
    return {
        "reform_key": _(
            "This step names a unit that no step before it has made (or whose step was refused). Put that step before this one, or choose another unit."
        ),
        "reform_line": _(
            "The establishment line that this step names is not there when its turn comes. Fix its number in a step before this one."
        ),
        "reform_order": _(
            "The phase before this one (%(case)s) has not taken effect. This one follows it: go on here as soon as it has."
        ),
        "reform_busy": _(
            "Somebody is working on these units at this moment, and a trial does not hold up live work. Try again in a moment."
        ),
        "reform_slow": _(
            "The trial had no result after %(seconds)s seconds and was ended, so that it does not hold up live work. Steps and ledger are as they were. Try fewer steps at once (another variant with a part of them), or try outside office hours; the system administrator can allow more time (BIANZHI_TRIAL_SECONDS)."
        ),
    }


def _of_documents() -> dict[str, LazyString]:
    """Of signboards, limits, 三定, the commission."""
    return {
        "bad_uscc": _(
            "%(code)s is no unified social credit code: its last character does not fit the others (GB 32100). Compare with the certificate of the body."
        ),
        "on_agenda": _(
            "This case stands on another meeting's agenda. Settle that meeting, or take it off there first."
        ),
        "commission_first": _(
            "The commission decides this: put the case on a meeting's agenda, record the minutes and have another official settle them. What was filed since needs a new meeting."
        ),
        "organ_limit": _(
            "The division may have %(most)s bodies of this class (%(document_no)s); there would be %(bodies)s. Close or merge one first, or name the upper level's approval."
        ),
        "co_located_twice": _(
            "%(unit)s and %(partner)s: one of them already shares a roof with another body. End that first, or register under the group's first body."
        ),
    }


def _of_work() -> dict[str, LazyString]:
    """Of cases, tasks, definitions, rounds."""
    return {
        "case_not_approved": _(
            "The approvals that this step needs are not complete. Wait until every office has approved."
        ),
        "case_closed": _("This case has ended; nothing more can be done in it. Start a new one if it is still needed."),
        "facts_changed": _("What was approved has changed since. The offices have to decide again."),
        "running_case": _("This person is already in another running case. Finish or withdraw that one first."),
        "self_approval": _("Who has filed a case may not decide it. A colleague has to."),
        "already_decided": _("This task has been decided already, or the case has moved on. See the timeline."),
        "wrong_state": _(
            "The case is in another state now, so this step is not possible. Reload the page and see the timeline."
        ),
        "no_office": _("No office is responsible for this step. The administrator has to be told."),
        "urged_today": _("The offices have been reminded today already. A case can be urged once a day."),
        "acted_since": _(
            "Somebody has acted on this case since, so the decision can no longer be taken back. See the timeline."
        ),
        "second_person": _(
            "This task takes two people, one of them the office's head. Whoever approved first cannot approve again."
        ),
        "clock_state": _(
            "The clock of this case is not in the state that this step needs: it stands already, it is running, or another office stopped it. See the timeline."
        ),
        "still_responsible": _(
            "The same office is still responsible. Give it members first (offices and identities), then the case goes on there."
        ),
        "bad_definition": _(
            "The definition of this business (%(process)s, version %(version)s) cannot be read. The administrator has been told; nothing is lost."
        ),
        "check_failed": _("“%(title)s” is not passed, so this cannot go on. %(text)s (%(figures)s) Basis: %(article)s"),
        "stale_draft": _(
            "Somebody else saved this draft meanwhile. Yours was not saved over it: open it again in another window, compare, then save."
        ),
        "floor": _(
            "The movement “%(movement)s” touches seats or quotas: the establishment office has to be among its required approvals. Add it under “Approvals required”."
        ),
        "rule_day": _(
            "A change of cadre authority begins tomorrow at the earliest, and after the rule it ends began. Choose a later day and propose it anew."
        ),
        "rule_needed": _(
            "The rule for everybody has to name an office at all times. Replace it by another office instead."
        ),
        "duplicate_rule": _("There is a rule with these conditions in that period. End or replace that one."),
        "not_verified": _("The roster of %(year)s has not been confirmed yet. Finish that year's verification first."),
        "round_open": _("The verification of that year has been opened already. See its progress."),
        "document_missing": _("A change of the quota needs its document number."),
    }


def _of_access() -> dict[str, LazyString]:
    """Of who may, what was entered, files, sessions."""
    return {
        "not_your_office": _("This task belongs to another office."),
        "not_allowed": _("You may not do this under your present identity."),
        "duties_conflict": _(
            "An administrator or auditor may hold no other identity at the same time. End the other one first."
        ),
        "same_person": _("Whoever proposed a grant, or receives it, does not settle it. Another administrator has to."),
        "bad_delegation": _(
            "A delegation goes to a colleague of the same unit or office, from today on, for ninety days at most."
        ),
        "too_often": _("That is more than %(limit)s look-ups by identity number within an hour. Wait, then go on."),
        "duplicate_user": _("The user name %(username)s is taken. Choose another."),
        "not_found": _("There is nothing here that you may see. It may have been moved, or belongs to another unit."),
        "invalid_input": _("Something is missing or wrong in the form. See the marked fields."),
        "file_refused": _("The file was not taken. See the sentence beside it."),
        "busy": _(
            "Somebody else changed the same units at this moment. Nothing was written of yours; do it once more."
        ),
        "paper_not_made": _("The paper could not be made just now. Nothing was numbered; try again in a minute."),
        "session_ended": _("Your session has ended. Sign in again."),
        "proof_needed": _(
            "This step asks for a proof of the last five minutes that it is you. Confirm, then do it again."
        ),
        "bad_credentials": _("User name or password is wrong."),
        "tampered_ledger": _("The ledger differs from its proof. The administrator has been told."),
    }
