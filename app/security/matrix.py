"""权限矩阵: which role may open which page and take which action.

The one declaration: rights are made from it, the administrators' page shows it, and a test fails for a route that has
no line here.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

UNIT, OFFICE, READER, PERSON, SUPERVISOR = "unit", "office", "reader", "person", "supervisor"
SYSTEM, SECURITY, AUDITOR = "system_admin", "security_admin", "auditor"
ROLE_NAMES: dict[str, Any] = {
    UNIT: _l("Unit (clerk, head)"),
    OFFICE: _l("Office that decides (member, head)"),
    SUPERVISOR: _l("Competent department"),
    READER: _l("Reading side (finance, social insurance, town, inspection)"),
    PERSON: _l("Person"),
    SYSTEM: _l("System administrator"),
    SECURITY: _l("Security administrator"),
    AUDITOR: _l("Security auditor"),
}
SIGNED_IN = tuple(ROLE_NAMES)
BUSINESS = (UNIT, OFFICE, SUPERVISOR, READER)


@dataclass(frozen=True, slots=True)
class Line:
    """One page or action: what it is called, which roles may use it, and whether it needs no sign-in."""

    label: Any
    roles: tuple[str, ...]
    public: bool = False


LINES: dict[str, Line] = {
    "HomeView.index": Line(_l("Home"), SIGNED_IN),
    "SignInView.login": Line(_l("Sign in"), (), public=True),
    "SignInView.logout": Line(_l("Sign out"), (), public=True),
    "SignInView.hat": Line(_l("Act under another identity"), SIGNED_IN),
    "SignInView.factor": Line(_l("Sign in: second factor"), (), public=True),
    "SignInView.enrol": Line(_l("Sign in: set up the second factor"), (), public=True),
    "SignInView.password": Line(_l("Sign in: change a given password"), (), public=True),
    "SignInView.again": Line(_l("Confirm once more that it is oneself"), SIGNED_IN),
    "SignInView.oidc": Line(_l("Sign in through the organisation's provider"), (), public=True),
    "SignInView.oidc_back": Line(_l("Return from the organisation's provider"), (), public=True),
    "AccountView.index": Line(_l("Own account: password, second factor, sessions, tokens"), SIGNED_IN),
    "AccountView.end_sessions": Line(_l("End own sessions"), SIGNED_IN),
    "AccountView.new_token": Line(_l("Make a program's token"), BUSINESS),
    "AccountView.revoke_token": Line(_l("Revoke a program's token"), SIGNED_IN),
    "LocaleView.index": Line(_l("Change the language"), (), public=True),
    "CaseView.start": Line(_l("Choose a business"), (UNIT, OFFICE, PERSON)),
    "CaseView.new": Line(_l("Fill in and submit a case"), (UNIT, OFFICE, PERSON)),
    "CaseView.edit": Line(_l("Change a draft or a returned case"), (UNIT, OFFICE, PERSON)),
    "CaseView.token": Line(_l("Whether the session still stands"), (*BUSINESS, PERSON)),
    "CaseView.check": Line(_l("Check while filling in"), (UNIT, OFFICE, PERSON)),
    "CaseView.show": Line(_l("Case with its timeline"), (*BUSINESS, PERSON)),
    "CaseView.act": Line(_l("Withdraw, urge, copy a case, answer, confirm an arrival"), (UNIT, OFFICE, PERSON)),
    "CaseView.decide": Line(
        # Finance and social insurance read, until a definition of the city's own asks them in a stage.
        _l("Decide a task, stop its clock, hand it over, take a decision back"),
        (UNIT, OFFICE, SUPERVISOR, READER),
    ),
    "InboxView.index": Line(_l("Notices"), SIGNED_IN),
    "InboxView.open": Line(_l("Read a notice and go to its matter"), SIGNED_IN),
    "InboxView.read_all": Line(_l("Mark all notices as read"), SIGNED_IN),
    "AlarmView.index": Line(_l("Alarms by right, and how many by rule"), (*BUSINESS, AUDITOR)),
    "AlarmView.show": Line(_l("One alarm with its facts and its life"), (*BUSINESS, AUDITOR)),
    "AlarmView.act": Line(_l("Explain, rectify, accept, handle an alarm"), (UNIT, OFFICE)),
    "AlarmRuleView.figures": Line(_l("Figures of alarms by rule and unit"), (*BUSINESS, AUDITOR)),
    "AlarmRuleView.export": Line(_l("Export the figures of alarms"), (*BUSINESS, AUDITOR)),
    "AlarmRuleView.rules": Line(_l("Alarm rules and their runs"), (*BUSINESS, AUDITOR)),
    "AlarmKeeperView.change": Line(_l("Have the alarm rules run, set their parameters"), (OFFICE,)),
    "AlarmKeeperView.hold": Line(_l("Put accountability on record"), (OFFICE,)),
    "AccountabilityView.accounts": Line(_l("Accountability: all records"), (OFFICE, READER)),
    "AccountabilityView.account": Line(_l("Accountability of one alarm's matter"), (OFFICE, READER)),
    "AcknowledgementView.index": Line(_l("To be confirmed after the effect"), (OFFICE, READER)),
    "AcknowledgementView.confirm": Line(_l("Confirm what has taken effect"), (OFFICE, READER)),
    "MailView.index": Line(_l("Own wishes for notices by e-mail"), SIGNED_IN),
    "MailView.change": Line(_l("Change own wishes for notices by e-mail"), SIGNED_IN),
    "OutboxView.index": Line(_l("Mail that could not be sent"), (SYSTEM,)),
    "OutboxView.again": Line(_l("Try a letter again"), (SYSTEM,)),
    "AttachmentView.add": Line(_l("Add files to a case"), (UNIT, OFFICE, PERSON)),
    "AttachmentView.show": Line(_l("One file of a case"), (*BUSINESS, PERSON)),
    "AttachmentView.remove": Line(_l("Remove a file of a case"), (UNIT, OFFICE, PERSON)),
    "IssuedView.issue": Line(_l("Issue a numbered paper"), (UNIT, OFFICE, PERSON)),
    "IssuedView.show": Line(_l("A numbered paper"), (*BUSINESS, PERSON)),
    "IssuedView.file": Line(_l("Case file as one PDF"), (*BUSINESS, PERSON)),
    "CheckView.index": Line(_l("Check a printed paper"), (), public=True),
    "PaperView.mark": Line(_l("Take papers in, compare and file them"), (OFFICE,)),
    "QueueView.index": Line(_l("To decide"), (OFFICE, SUPERVISOR)),
    "SupervisionView.index": Line(_l("Supervision of time limits: figures"), (OFFICE, READER)),
    "SupervisionView.export": Line(_l("Supervision of time limits: export of the figures"), (OFFICE, READER)),
    "SupervisionView.cases": Line(_l("Supervision of time limits: cases behind a figure"), (OFFICE, READER)),
    "SupervisionView.cases_export": Line(_l("Supervision of time limits: export of the cases"), (OFFICE, READER)),
    "LedgerView.index": Line(_l("Ledger of the region"), (OFFICE, SUPERVISOR, READER)),
    "LedgerView.export": Line(_l("Ledger of a place: export"), (OFFICE, SUPERVISOR, READER)),
    "LedgerView.region": Line(_l("Ledger below a region"), (OFFICE, SUPERVISOR, READER)),
    "TouchedView.rows": Line(_l("What a change of a unit touches: the rows behind a figure"), BUSINESS),
    "DifferenceView.index": Line(_l("Difference of two days"), BUSINESS),
    "DifferenceView.export": Line(_l("Difference of two days: export of people"), BUSINESS),
    "ForecastView.index": Line(_l("Looking ahead: retirements and vacancies"), BUSINESS),
    "ForecastView.people": Line(_l("Looking ahead: people behind a figure"), BUSINESS),
    "ForecastView.export": Line(_l("Looking ahead: export"), BUSINESS),
    "ForecastView.shape": Line(_l("Looking ahead: age structure"), BUSINESS),
    "ForecastView.plan": Line(_l("Looking ahead: keep planned entries"), (UNIT, OFFICE)),
    "LedgerView.departments": Line(_l("Departments of a unit in the ledger"), (OFFICE, SUPERVISOR, READER)),
    "VerificationView.index": Line(_l("Annual verification: rounds, one's own years"), (UNIT, OFFICE)),
    "VerificationView.round": Line(_l("Annual verification: progress of a round"), (OFFICE,)),
    "VerificationView.show": Line(_l("Annual verification: a unit's roster"), (UNIT, OFFICE)),
    "VerificationView.mark": Line(_l("Annual verification: mark a difference"), (UNIT,)),
    "VerificationView.unmark": Line(_l("Annual verification: take a mark back"), (UNIT,)),
    "VerificationView.confirm": Line(_l("Annual verification: confirm the roster"), (UNIT,)),
    "ObjectionView.correct": Line(_l("Begin a correction from an error report"), (OFFICE,)),
    "QuotaDeskView.index": Line(_l("Quota desk: totals, what is lent, what ends, what is absorbed"), (OFFICE,)),
    "EngagedView.show": Line(_l("Search: people engaged without a seat"), (UNIT,)),
    "LendingView.hosts": Line(_l("Search: units to lend to"), (UNIT,)),
    "LendingView.away": Line(_l("Search: own people who are away"), (UNIT,)),
    "IntakeView.index": Line(_l("Opening balance: files, and a new one"), (OFFICE,)),
    "IntakeView.template": Line(_l("Opening balance: empty template"), (OFFICE,)),
    "IntakeView.show": Line(_l("Opening balance: one file, unit by unit"), (OFFICE,)),
    "IntakeView.errors": Line(_l("Opening balance: list of errors"), (OFFICE,)),
    "IntakeView.act": Line(_l("Opening balance: file, decide, withdraw"), (OFFICE,)),
    "PayrollView.index": Line(_l("Payroll check: lists brought in"), (OFFICE, READER)),
    "PayrollView.load": Line(_l("Payroll check: bring a list in"), (OFFICE, READER)),
    "PayrollView.batch": Line(_l("Payroll check: one list, errors by row"), (OFFICE, READER)),
    "PayrollView.accepted": Line(_l("Payroll check: export of the accepted list"), (OFFICE, READER)),
    "PayrollView.mapping": Line(_l("Payroll check: which column is which field"), (OFFICE, READER)),
    "PayDifferenceView.index": Line(_l("Differences of payroll and roster"), BUSINESS),
    "PayDifferenceView.export": Line(_l("Differences of payroll and roster: export"), BUSINESS),
    "PayDifferenceView.show": Line(_l("One difference of payroll and roster"), BUSINESS),
    "PayDifferenceView.explain": Line(_l("Explain a difference of payroll and roster"), BUSINESS),
    "PayDifferenceView.mend": Line(_l("Begin the business that mends a difference"), (UNIT,)),
    "PayWholeView.export_differences": Line(
        _l("Differences of payroll and roster: export with whole ID numbers"), BUSINESS
    ),
    "PayWholeView.export_changes": Line(_l("Changes of a month for payroll: export with whole ID numbers"), BUSINESS),
    "PayListView.changes": Line(_l("Changes of a month for payroll"), BUSINESS),
    "PayListView.export": Line(_l("Changes of a month for payroll: export"), BUSINESS),
    "PayBudgetView.budget": Line(_l("Budget: people by standard"), BUSINESS),
    "PayBudgetView.budget_export": Line(_l("Budget: export"), BUSINESS),
    "PayBudgetView.standard": Line(_l("Budget: set a standard"), (READER,)),
    "UnitView.export": Line(_l("Export of a roster"), BUSINESS),
    "PersonView.show": Line(_l("Page of a person"), BUSINESS),
    "AppointmentView.form": Line(_l("Form of appointment of a person"), BUSINESS),
    "PersonView.photo": Line(_l("Photo of a person"), BUSINESS),
    "CardView.photo": Line(_l("Own photo"), (PERSON,)),
    "CommissionView.index": Line(_l("Meetings of the commission"), (OFFICE,)),
    "CommissionView.open": Line(_l("Open a meeting of the commission"), (OFFICE,)),
    "CommissionView.show": Line(_l("A meeting with its agenda and minutes"), (OFFICE,)),
    "CommissionView.act": Line(_l("Agenda, minutes and decisions of a meeting"), (OFFICE,)),
    "CommissionView.outside": Line(_l("Look up decisions of upper levels"), (OFFICE,)),
    "CertificateView.stale": Line(_l("Certificates that a change has overtaken"), BUSINESS),
    "CertificateView.paper": Line(_l("Certificate of establishment as printed"), BUSINESS),
    "SandingView.show": Line(_l("三定 of a unit"), BUSINESS),
    "SandingView.paper": Line(_l("三定 as a printed document"), BUSINESS),
    "LineageView.show": Line(_l("History of a unit as picture and table"), BUSINESS),
    "LimitView.index": Line(_l("Limits on the number of bodies"), (OFFICE, READER)),
    "UnitView.show": Line(_l("Page of a unit"), BUSINESS),
    "RanksView.show": Line(_l("Leadership, ranks and posts of a unit: numbers and their sums"), BUSINESS),
    "DisclosureView.index": Line(_l("Disclosure page"), (UNIT,)),
    "CardView.index": Line(_l("Own card"), (PERSON,)),
    "ListView.show": Line(_l("Lists of units, people, seats, cases, permits and plans"), BUSINESS),
    "ListView.export": Line(_l("Export of a list"), BUSINESS),
    "SearchView.everything": Line(_l("Search box: units, people, cases"), BUSINESS),
    "SearchView.lines": Line(_l("Search: establishment lines"), (UNIT, OFFICE)),
    "SearchView.below": Line(_l("Search: lines of the own unit and those below it"), (UNIT, OFFICE)),
    "SearchView.permits": Line(_l("Search: valid permits"), (UNIT, OFFICE)),
    "SearchView.parts": Line(_l("Search: parts of numbers"), (OFFICE,)),
    "SearchView.departments": Line(_l("Search: departments"), (UNIT, OFFICE)),
    "SearchView.items": Line(_l("Search: items of a person's record"), (UNIT, OFFICE, PERSON)),
    "SearchView.units": Line(_l("Search: units"), (UNIT, OFFICE)),
    "SearchView.people": Line(_l("Search: people"), (UNIT, OFFICE)),
    "SearchView.leads": Line(_l("Search: leadership positions"), (UNIT, OFFICE)),
    "SearchView.occupancies": Line(_l("Search: seats held"), (UNIT, OFFICE)),
    "SearchView.colleagues": Line(_l("Search: colleagues of the office"), (UNIT, OFFICE)),
    "RevealView.show": Line(_l("Whole ID number, with a reason"), (UNIT, OFFICE, SUPERVISOR, READER, PERSON)),
    "DelegationView.index": Line(_l("Delegate for an absence"), (UNIT, OFFICE)),
    "DelegationView.end": Line(_l("End a delegation"), (UNIT, OFFICE)),
    "AuditView.index": Line(_l("Audit: search"), (AUDITOR,)),
    "AuditView.event": Line(_l("Audit: one event"), (AUDITOR,)),
    "AuditView.export": Line(_l("Audit: export"), (AUDITOR,)),
    "AuditView.runs": Line(_l("Verifications of the ledger"), (AUDITOR,)),
    "AuditView.seals": Line(_l("Seals"), (AUDITOR,)),
    "AuditView.seal": Line(_l("One seal, to print"), (AUDITOR,)),
    "AdminView.users": Line(_l("Users"), (SYSTEM, SECURITY)),
    "AdminView.new_user": Line(_l("New user"), (SYSTEM,)),
    "AdminView.user": Line(_l("One user; propose an identity"), (SYSTEM,)),
    "AdminView.change": Line(_l("End an identity, stop a user, new password"), (SYSTEM,)),
    "AdminView.units": Line(_l("Search: units for an identity"), (SYSTEM, SECURITY)),
    "AdminView.find_offices": Line(_l("Search: offices for an identity"), (SYSTEM,)),
    "AdminView.offices": Line(_l("Offices and their members"), (SYSTEM, SECURITY)),
    "AdminView.roles": Line(_l("Roles and rights"), (SYSTEM, SECURITY)),
    "StuckView.index": Line(_l("Cases that nobody can go on with"), (SYSTEM, SECURITY)),
    "StuckView.reroute": Line(_l("Route such a case anew"), (SYSTEM,)),
    "AuthorityView.index": Line(_l("Cadre authority: rules and trial"), (SYSTEM, SECURITY)),
    "AuthorityView.new": Line(_l("Cadre authority: propose a rule"), (SYSTEM,)),
    "AuthorityView.end": Line(_l("Cadre authority: propose the end of a rule"), (SYSTEM,)),
    "AuthorityView.settle": Line(_l("Cadre authority: approve or refuse a change"), (SECURITY,)),
    "ReformView.index": Line(_l("Reforms: list, begin one"), (OFFICE,)),
    "ReformView.show": Line(_l("Reforms: variants side by side"), (OFFICE,)),
    "ReformView.paper": Line(_l("Reforms: a variant whole, for print"), (OFFICE,)),
    "ReformView.act": Line(_l("Reforms: add, copy or throw away a variant"), (OFFICE,)),
    "ReformView.file": Line(_l("Reforms: file a variant"), (OFFICE,)),
    "ReformView.phases": Line(_l("Reforms: choose a phase"), (OFFICE,)),
    "ReformStepView.show": Line(_l("Reforms: steps of a variant"), (OFFICE,)),
    "ReformStepView.attempt": Line(_l("Reforms: try a variant"), (OFFICE,)),
    "ReformStepView.add": Line(_l("Reforms: add a step"), (OFFICE,)),
    "ReformStepView.edit": Line(_l("Reforms: change a step"), (OFFICE,)),
    "ReformStepView.move": Line(_l("Reforms: move a step, take it out"), (OFFICE,)),
    "ReformStepView.units": Line(_l("Reforms: choose a unit"), (OFFICE,)),
    "ReformStepView.lines": Line(_l("Reforms: choose a line"), (OFFICE,)),
    "ProcessView.index": Line(_l("Design of processes: list"), (SYSTEM, SECURITY)),
    "ProcessView.versions": Line(_l("Design of processes: versions and differences"), (SYSTEM, SECURITY)),
    "ProcessView.begin": Line(_l("Design of processes: begin a draft"), (SYSTEM,)),
    "ProcessView.draft": Line(_l("Design of processes: a draft"), (SYSTEM, SECURITY)),
    "ProcessView.act": Line(_l("Design of processes: propose, publish, send back, drop"), (SYSTEM, SECURITY)),
    "ProcessView.trial": Line(_l("Design of processes: trial run"), (SYSTEM, SECURITY)),
    "GrantView.index": Line(_l("Proposed identities"), (SYSTEM, SECURITY)),
    "GrantView.settle": Line(_l("Approve or refuse a proposed identity"), (SECURITY,)),
    "GrantView.named": Line(_l("Propose a named access"), (SYSTEM,)),
    # Asked by a bearer token, never by a cookie: the token's account decides.
    "api_v1.units": Line(_l("For programs, by token: units"), BUSINESS),
    "api_v1.people": Line(_l("For programs, by token: people"), BUSINESS),
    "api_v1.cases": Line(_l("For programs, by token: cases"), BUSINESS),
    "api_v1.openapi": Line(_l("For programs, by token: description"), BUSINESS),
    "health": Line(_l("Whether the system answers"), (), public=True),
}
# Answered with 404, or the application's own style sheet and script.
WITHOUT_RIGHTS = ("static", "UtilView.back", "appbuilder.static")


def may(role: str, endpoint: str) -> bool:
    """Whether a role may use a page or take an action."""
    return role in LINES[endpoint].roles


def fab_roles() -> dict[str, list[list[str]]]:
    """Flask-AppBuilder's built-in roles: exact rights, no patterns."""
    roles: dict[str, list[list[str]]] = {role: [] for role in (*SIGNED_IN, "service", "Public")}
    for endpoint, line in LINES.items():
        view, _dot, method = endpoint.partition(".")
        for role in line.roles:
            roles[role].append([view, f"can_{method}"])
    return roles
