"""Pages for units, offices and administrators."""

from typing import Any


def register() -> list[type[Any]]:
    """The views, in the order of the menu."""
    from app.views.account import AccountView
    from app.views.acknowledgements import AcknowledgementView
    from app.views.admin import AdminView
    from app.views.alarms import AlarmView
    from app.views.appointment import AppointmentView
    from app.views.attachments import AttachmentView
    from app.views.audit import AuditView
    from app.views.authority import AuthorityView
    from app.views.cases import CaseView
    from app.views.duties import DelegationView, GrantView, RevealView
    from app.views.engagements import EngagedView
    from app.views.inbox import InboxView
    from app.views.inside import LendingView
    from app.views.intake import IntakeView
    from app.views.issued import CheckView, IssuedView
    from app.views.ledger import LedgerView
    from app.views.lists import ListView
    from app.views.mail import MailView, OutboxView
    from app.views.objection import ObjectionView
    from app.views.papers import PaperView
    from app.views.person import CardView, PersonView
    from app.views.processes import ProcessView
    from app.views.queue import QueueView
    from app.views.quota_desk import QuotaDeskView
    from app.views.ranks import RanksView
    from app.views.reform import ReformView
    from app.views.reform_steps import ReformStepView
    from app.views.search import SearchView
    from app.views.stuck import StuckView
    from app.views.supervision import SupervisionView
    from app.views.unit_page import DisclosureView, UnitView
    from app.views.verification import VerificationView

    return [
        CaseView,
        AttachmentView,
        PaperView,
        IssuedView,
        CheckView,
        QueueView,
        SupervisionView,
        SearchView,
        LedgerView,
        UnitView,
        RanksView,
        DisclosureView,
        CardView,
        PersonView,
        AppointmentView,
        ListView,
        InboxView,
        AcknowledgementView,
        AlarmView,
        MailView,
        OutboxView,
        IntakeView,
        AdminView,
        StuckView,
        AccountView,
        AuditView,
        AuthorityView,
        GrantView,
        ProcessView,
        DelegationView,
        RevealView,
        EngagedView,
        QuotaDeskView,
        LendingView,
        VerificationView,
        ObjectionView,
        ReformView,
        ReformStepView,
    ]
