"""核对的说法: organs that end, move, or change."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {
    "organ_consequences": _l("What the change touches"),
    "organ_leaders": _l("What becomes of the leaders"),
    "organ_split": _l("What is split off"),
    "people_room": _l("Who goes, and room for them"),
    "organ_received": _l("What comes into your region"),
    "organ_surplus": _l("People beyond the numbers"),
    "organ_empty": _l("Nothing left in the unit"),
    "organ_destination": _l("Where cases and permits under way go"),
    "upgrade_levels": _l("Leadership numbers of the new grade"),
}
LABELS: dict[str, Any] = {
    "people": _l("People"),
    "surplus": _l("Beyond the numbers"),
    "surplus_now": _l("Beyond the numbers now"),
    "absorbed_until": _l("To be absorbed until"),
    "who_goes": _l("Who goes"),
    "people_stay": _l("Stay with the old body"),
    "bodies": _l("Bodies of its class in the region"),
    "bodies_most": _l("Limit of the region"),
    "short": _l("Seats missing there"),
    "lead_follow": _l("Go on in their posts"),
    "lead_off": _l("Are taken off their posts"),
    "lead_along": _l("Go along with their seats, which are elsewhere in the body"),
    "lead_bound": _l("Sit elsewhere and hold a post that stays"),
    "lead_lost": _l("Go along and leave a post that stays"),
    "lead_unsaid": _l("Nothing said"),
    "leaders": _l("Leadership positions held"),
    "numbers": _l("Establishment numbers"),
    "lead_numbers": _l("Leadership numbers"),
    "departments": _l("Departments inside"),
    "bodies_below": _l("Bodies below it"),
    "below": _l("Units below it"),
    "cases": _l("Cases under way"),
    "permits": _l("Open permits"),
    "certificates": _l("Valid certificates"),
    "away": _l("People away (lent, ill)"),
    "odd_levels": _l("Of another level"),
}
SAYS: dict[str, Any] = {
    "ends_in_another": _l(
        "The people go over to the unit that takes over, on the same day; seats and numbers left here end, leaders go on or are taken off their posts as chosen, departments end, who is away stays away, the certificate has to be handed back."
    ),
    "ends_alone": _l("All of this has to be gone or settled before the unit can end."),
    "goes_on": _l("All of this goes on with the unit as it is."),
    "people_first": _l(
        "An organ does not end with people in it: merge it into another unit, transfer its people as a body, or let them leave first."
    ),
    "numbers_first": _l("Set its establishment and leadership numbers to zero first (change of quota)."),
    "below_first": _l("End, merge or transfer the departments and bodies below it first."),
    "say_which": _l("Choose the departments that go into the new body."),
    "say_who": _l("Name the people who go into the new department."),
    "not_of_it": _l("Something chosen does not belong to this unit: choose again."),
    "nobody_there": _l("Nobody of those named sits on this line."),
    "comes_in": _l(
        "Sums only: names, lines and history become yours with the effect. Your word is asked beside the office that gives the body away."
    ),
    "over_limit": _l(
        "With it the region would have more bodies of this class than its limit: ask the upper level first, or do not agree."
    ),
    "say_leaders": _l(
        "Say what becomes of the leaders' posts: of the body's own at once, of the departments' line by line (they end with their department where nothing else is said)."
    ),
    "leaders_along": _l(
        "They sit in another department of the body that gives. With their posts go their seats and numbers, from where they are. Whoever is to stay: take the post off line by line."
    ),
    "leaders_bound": _l(
        "They sit in another department and hold another post there, so they cannot go along: %(lead_bound)s. Take them off the post that goes (line by line), or off the one that stays first."
    ),
    "posts_unapproved": _l(
        "The department begins anew there and has no leaders' posts yet: let the numbers go along, or take the leaders off and have posts approved there."
    ),
    "say_until": _l(
        "Enter the last day until which the body that takes over absorbs them; no plan of absorption runs."
    ),
    "surplus_goes_along": _l(
        "They go along on surplus seats of the body that takes over; nobody enters there until they are absorbed."
    ),
    "surplus_reserved": _l(
        "The body that takes over keeps seats for running cases while it would be beyond its number: settle or withdraw those cases first."
    ),
    "seats_short": _l(
        "There are fewer vacant seats than people: have more approved there first, or let the numbers go along."
    ),
    "into_closed": _l("The line that takes them in is closed to entry. Choose another line, or open it again first."),
    "room_short": _l(
        "The line that takes them in lacks %(short)s vacant seats. Move numbers there first (transfer of numbers between lines), or name fewer people."
    ),
    "say_where": _l("Choose: they go over to the successor, stand still there, or are withdrawn."),
    "approve_levels": _l(
        "Leadership numbers bear a level of their own: apply for leadership numbers of the new level beside this change."
    ),
}
