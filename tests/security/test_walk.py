"""Every route × method × role × own, foreign and absent object answers as the permission matrix says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.domain.workdays import city_today
from app.security.matrix import LINES, WITHOUT_RIGHTS
from tests.security import cast
from tests.security.cast import ABSENT, ROLES, Cast, Client, Role
from tests.world import World

# The walk of each role must ask at least so much: with fewer, a route or a role fell out of it.
COMBINATIONS = 200
# Ends the session that walks; tested by themselves (test_sign_in, test_routes).
ENDINGS = ("SignInView.logout", "SignInView.hat")
ESTABLISHMENT = ("bianban", "qu-bianban")
# Who may open a page by role is in the matrix; these look at the office or the column group as well.
NARROWER = {
    "IntakeView": ESTABLISHMENT,
    "VerificationView": ("clerk", "head", *ESTABLISHMENT),
    "ObjectionView": ESTABLISHMENT,
    "PayrollView": (*ESTABLISHMENT, "renshe", "qu-renshe", "caizheng", "shebao"),
    # Who may see documents' numbers at all.
    "PayWholeView": ("clerk", "head", *ESTABLISHMENT, "zuzhi", "renshe", "qu-zuzhi", "qu-renshe", "jijian"),
    "ReformView": ESTABLISHMENT,
    "ReformStepView": ESTABLISHMENT,
    "AlarmKeeperView": ESTABLISHMENT,
    "AccountabilityView": (*ESTABLISHMENT, "jijian"),
    # Drafts are written by one administrator and settled by the other; see tests/security/test_process_drafts.py.
    "ProcessView": ("xitong", "anquan"),
    "RevealView": ("clerk", "head", *ESTABLISHMENT, "zuzhi", "renshe", "qu-zuzhi", "qu-renshe", "jijian", "geren"),
}
# Readers without the register or the cases have no page of a person or a case, not even of their own range.
LEAST = ("caizheng", "shebao")
ADMINISTRATION = ("system_admin", "security_admin", "auditor")
# A refused form is shown again or told why: never done.
UNDONE = (200, 302, 400, 404, 409, 422)
FORM = {"decision": "approve", "opinion": "同意", "arrived_on": city_today().isoformat(), "reason": "看看他是谁"}
VERBS = ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND")


@pytest.fixture(scope="module")
def made(world: World) -> Cast:
    return cast.build(world)


def addresses(app: Flask, rule: Rule, ids: dict[str, int], kind: str = "urge") -> Iterator[str]:
    """The addresses of a route for these rows; of a list, each list. An own case is urged only, so that it stays."""
    values: dict[str, Any] = {**cast.ARGUMENTS, **ids, "action": "end" if "Admin" in rule.endpoint else "withdraw",
                              "verdict": "approve"}  # fmt: skip
    for name in ("people", "units", "posts", "cases") if "name" in rule.arguments else ("",):
        values["name"] = name
        path = app.url_map.bind("localhost").build(rule.endpoint, {a: values[a] for a in rule.arguments})
        yield path + (f"?kind={kind}" if rule.endpoint == "CaseView.act" else "")


def allowed(role: Role, endpoint: str) -> bool:
    view = endpoint.partition(".")[0]
    return role.role in LINES[endpoint].roles and role.username in NARROWER.get(view, (role.username,))


def expected(role: Role, rule: Rule, method: str, which: str) -> tuple[int, ...]:
    """The statuses that the matrix leaves open."""
    endpoint = rule.endpoint
    if endpoint in WITHOUT_RIGHTS or endpoint.startswith("SignInView.oidc"):
        return (404,)
    if endpoint.startswith("api_v1"):
        return (401,)
    if LINES[endpoint].public:
        return (200, 302)
    if role.username == "stranger":
        return (302,)
    if not allowed(role, endpoint):
        return (403,)
    if which != "own":
        return (404,)
    if endpoint in ("CaseView.new", "CaseView.edit") and role.role in ("office", "person"):
        return (404,)  # no process of this office's, or of a person's own, begins so
    if endpoint in ("PersonView.photo", "CardView.photo"):
        return (404,)  # nobody here has one; with one: tests/workflow/test_person.py
    if role.role == "person" and "case_id" in rule.arguments:
        return (404,)  # these cases are about others; with own ones: tests/workflow/test_records.py
    if endpoint == "ProcessView.draft" and method == "POST" and role.role == "security_admin":
        return (403,)  # settles what another wrote
    if endpoint.startswith("SupervisionView") and role.username not in (*ESTABLISHMENT, "jijian"):
        return (404,)  # heads, 编办, inspection; no head of another office walks here
    if endpoint in ("SandingView.paper", "CertificateView.paper") or (
        endpoint.startswith("CommissionView") and (role.username not in ESTABLISHMENT or "meeting_id" in rule.arguments)
    ):
        return (404,)  # none was published; with one: tests/workflow/test_sanding.py
    if endpoint in ("AttachmentView.show", "IssuedView.show"):
        return (404,)  # the file lies in no store, no paper was issued; with them: test_attachments, test_issued
    if endpoint == "IssuedView.file" and role.username not in LEAST:
        return (503,)  # an attachment's content lies in no store: never printed without it
    if (
        endpoint in ("AlarmView.show", "CaseView.show", "IssuedView.file", "PersonView.show", "AppointmentView.form")
        and role.username in LEAST
    ):
        return (404,)
    if endpoint == "AlarmView.show" and role.role == "auditor":
        return (404,)  # sees those of a ledger that was changed by hand
    if set(cast.LISTED) & set(rule.arguments):
        return (404,)  # nobody has brought a list in here
    if endpoint == "AuditView.seal":
        return (404,)  # none has been made here
    return (200, 302) if method == "GET" else UNDONE


def told(answer: TestResponse, path: str) -> tuple[int, str, str]:
    """An answer without what is each one's own: token, nonce, the address that was asked."""
    page = answer.get_data().decode(errors="replace")
    page = re.sub(r'(name="csrf_token"[^>]*value|name="csrf-token" content|nonce)="[^"]*"', "", page)
    place = re.sub(r"\d+", "#", answer.location or "")
    return answer.status_code, place, page.replace(path.partition("?")[0], "")


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.username)
def test_every_route_answers_each_role_as_the_matrix_says(app: Flask, world: World, made: Cast, role: Role) -> None:
    user, asked = cast.browser(app, world, role.username), 0
    rules = [r for r in app.url_map.iter_rules() if r.endpoint not in ENDINGS]
    assert {r.endpoint for r in rules} <= {*LINES, *WITHOUT_RIGHTS}
    marks = list(cast.foreign_marks(role)) if role.role not in ADMINISTRATION else []
    marks += [f"{cast.SIDES['暗局'] * 2}0"]
    answers: dict[tuple[str, str, str], tuple[int, str, str]] = {}
    # Own rows last: what is done to them changes what the others would be compared with.
    for which in ("absent", "foreign", "own"):
        ids = made.ids(role, which)
        for rule in rules:
            if which != "own" and not set(rule.arguments) & set(ids):
                continue
            if which == "foreign" and role.role in ADMINISTRATION and allowed_anyhow(role, rule):
                continue  # the whole system is theirs: an account is no one's own
            for method in sorted(rule.methods & {"GET", "HEAD", "POST"} - ({"HEAD"} if which != "own" else set())):
                for path in addresses(app, rule, ids, "urge" if which == "own" else "withdraw"):
                    answer = ask(user, method, path, FORM if which != "own" else {})
                    asked += 1
                    said = f"{role.username} {method} {path} ({which})"
                    assert answer.status_code in expected(role, rule, "GET" if method == "HEAD" else method, which), (
                        f"{said}: {answer.status_code}"
                    )
                    page = answer.get_data().decode(errors="replace")
                    assert [m for m in marks if m in page] == [], said
                    if role.username == "stranger" and answer.status_code == 302:
                        assert answer.location.startswith("/login/") or LINES[rule.endpoint].public, said
                    key = (rule.endpoint, method, re.sub(r"\d+", "#", path))
                    if which == "absent":
                        answers[key] = told(answer, path)
                    elif which == "foreign":
                        assert told(answer, path) == answers[key], f"{said} differs from an absent row"
    assert asked >= COMBINATIONS, asked
    decided = "SELECT count(*) FROM decision WHERE case_id = ANY(:c)"
    assert world.value(decided, c=list(made.cases.values())) == 0
    for side, case in made.cases.items():
        assert world.state(case) == "running", side


def allowed_anyhow(role: Role, rule: Rule) -> bool:
    line = LINES.get(rule.endpoint)
    return line is not None and role.role in line.roles


def ask(user: Client, method: str, path: str, form: dict[str, str]) -> TestResponse:
    if method == "POST":
        return user.post(path, form)
    return user.client.open(path, method=method)


@pytest.mark.parametrize("username", ["stranger", "clerk", "xitong"])
def test_no_verb_but_the_declared_ones_reaches_a_route(app: Flask, world: World, made: Cast, username: str) -> None:
    user, role = cast.browser(app, world, username), cast.BY_NAME[username]
    asked = 0
    for rule in app.url_map.iter_rules():
        for path in addresses(app, rule, made.ids(role, "own")):
            for verb in {*VERBS, "POST"} - rule.methods:
                headers = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
                answer = user.client.open(path, method=verb, headers=headers, data={"_method": "POST"})
                asked += 1
                # A GET route never takes a POST; without a token it does not even come so far.
                fits = (404, 405) if rule.endpoint in WITHOUT_RIGHTS else (400, 405)
                assert answer.status_code in fits, f"{verb} {path}: {answer.status_code}"
            options = user.client.open(path, method="OPTIONS")
            assert options.status_code in (200, 302, 401, 403, 404), path
            assert not options.get_data() or options.status_code != 200, path
    assert asked >= 6 * len(LINES)


def test_an_absent_row_is_the_number_that_nobody_has(world: World, made: Cast) -> None:
    for table in ("unit", "person", "application", "task", "account", "intake", "attachment"):
        assert world.value(f"SELECT coalesce(max(id), 0) FROM {table}") < ABSENT
