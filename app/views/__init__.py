"""Pages for units, offices and administrators."""

from importlib import import_module
from typing import Any

# Module and view, in the order of the menu: one line for each.
VIEWS = (
    ("cases", "CaseView"),
    ("sanding", "SandingView"),
    ("sanding", "LineageView"),
    ("sanding", "LimitView"),
    ("engagements", "EngagedView"),
    ("quota_desk", "QuotaDeskView"),
    ("certificates", "CertificateView"),
    ("commission", "CommissionView"),
    ("attachments", "AttachmentView"),
    ("papers", "PaperView"),
    ("issued", "IssuedView"),
    ("issued", "CheckView"),
    ("queue", "QueueView"),
    ("supervision", "SupervisionView"),
    ("search", "SearchView"),
    ("ledger", "LedgerView"),
    ("difference", "DifferenceView"),
    ("forecast", "ForecastView"),
    ("unit_page", "UnitView"),
    ("touched", "TouchedView"),
    ("ranks", "RanksView"),
    ("unit_page", "DisclosureView"),
    ("person", "CardView"),
    ("person", "PersonView"),
    ("appointment", "AppointmentView"),
    ("lists", "ListView"),
    ("inbox", "InboxView"),
    ("acknowledgements", "AcknowledgementView"),
    ("alarms", "AlarmView"),
    ("alarm_rules", "AlarmRuleView"),
    ("alarm_rules", "AccountabilityView"),
    ("alarm_rules", "AlarmKeeperView"),
    ("mail", "MailView"),
    ("mail", "OutboxView"),
    ("intake", "IntakeView"),
    ("admin", "AdminView"),
    ("stuck", "StuckView"),
    ("account", "AccountView"),
    ("audit", "AuditView"),
    ("authority", "AuthorityView"),
    ("duties", "GrantView"),
    ("processes", "ProcessView"),
    ("duties", "DelegationView"),
    ("duties", "RevealView"),
    ("inside", "LendingView"),
    ("verification", "VerificationView"),
    ("objection", "ObjectionView"),
    ("payroll", "PayrollView"),
    ("payroll_budget", "PayBudgetView"),
    ("payroll_differences", "PayDifferenceView"),
    ("payroll_lists", "PayListView"),
    ("payroll_whole", "PayWholeView"),
    ("reform", "ReformView"),
    ("reform_steps", "ReformStepView"),
)


def register() -> list[type[Any]]:
    """The views, loaded when the application is made."""
    return [getattr(import_module(f"app.views.{module}"), view) for module, view in VIEWS]
