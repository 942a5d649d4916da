"""Pages for units, offices and administrators."""

from typing import Any


def register() -> list[type[Any]]:
    """The views, in the order of the menu."""
    from app.views.admin import AdminView
    from app.views.cases import CaseView, QueueView
    from app.views.duties import DelegationView, GrantView, RevealView
    from app.views.ledger import CardView, DisclosureView, LedgerView, UnitView
    from app.views.lists import ListView
    from app.views.search import SearchView

    return [
        CaseView,
        QueueView,
        SearchView,
        LedgerView,
        UnitView,
        DisclosureView,
        CardView,
        ListView,
        AdminView,
        GrantView,
        DelegationView,
        RevealView,
    ]
