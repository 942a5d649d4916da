"""行级权限: the one declaration from which every row policy and grant of the app role is made.

Each table stands either in ``SCOPED`` (with the condition under which a row is seen) or in
``EXEMPT`` (with the reason); a test fails for a table in neither.
"""

from dataclasses import dataclass

from app.domain.records import KINDS
from app.domain.sources import KINDS as SOURCES
from app.security.columns import PROTECTED, RULES
from app.security.functions import APP_FUNCTIONS, SIGNIN_FUNCTIONS

# The hull is what an index can be walked by; the ranges inside it are exact. The planner would take the containment for
# one row in two hundred and leave the ordered index; an expression it cannot estimate counts as one in two.
INSIDE = (
    "({t}.scope_path >= (select scope_part(%d)) and {t}.scope_path < (select scope_part(%d))"
    " and coalesce({t}.scope_path <@ (select scope_ranges(%d)), false))"
)
IN_RANGE = INSIDE % (4, 5, 14)
IN_UNITS = INSIDE % (12, 13, 15)
# Some thousands of units, mostly looked up by id: without the hull the planner does not take them for a handful.
THE_UNITS = "coalesce({t}.scope_path <@ (select scope_ranges(15)), false)"
NOT_HIDDEN = "not coalesce({t}.scope_path <@ (select scope_ranges(16)), true)"
ALL_CLASSES = "(select scope_part(10)) is null"
OF_CLASS = f"({ALL_CLASSES} or {{t}}.personnel_class = any(string_to_array((select scope_part(10)), ',')))"
MY_SIDE = "({t}.office_id = (select scope_number(7)) or {t}.unit_id = (select scope_number(6)))"
# By a function, asked row by row and only of rows that nothing else opens: as a subquery the planner would read and hash
# every task there is. Who has no side has no tasks.
MY_CASE = "(((select scope_number(7)) is not null or (select scope_number(6)) is not null) and takes_part({t}.id))"
# Legacy files hold whole registers: only 编办 of that region (or above it) sees them.
OF_KEEPER = f"({IN_RANGE} and (select scope_part(9)) = 'establishment')"
# 改革草案 belong to the establishment office that drafts them.
OF_REFORM = "({t}.office_id = (select scope_number(7)) and (select scope_part(9)) = 'establishment')"
AUDITOR = "(select scope_part(3)) = 'auditor'"
# A notice is for a side, or for one of its people, or one kind of hat; a delegate reads the principal's too.
FOR_ME = (
    "({t}.side = (select my_side()) and ({t}.user_id is null or {t}.user_id in ((select scope_number(1)),"
    " (select scope_number(18)))) and coalesce({t}.hat = (select scope_part(3)), (select scope_part(3)) <> 'supervisor')"
    f" and {NOT_HIDDEN})"
)
MY_ACCOUNT = "{t}.account_id = (select scope_number(2))"
ABOUT_ME = "({t}.person_id = (select scope_number(8)))"
MY_OWN = f"((select scope_part(3)) = 'person' and {ABOUT_ME})"
MYSELF = "(select scope_number(1))"
CASE_LAW = "exists (select 1 from application a where a.id = {t}.%s)"
# Items of a person's record by the column group of their kind; whose own they are sees all of them.
OF_GROUP = "{t}.column_group = any(string_to_array((select scope_part(17)), ','))"
# A movement of a protected group is known to those alone who may see the group.
OPEN_ENTRY = "(not starts_with({t}.type, 'record.') or split_part({t}.type, '.', 2) = any(string_to_array((select scope_part(17)), ',')))"
# Businesses whose very existence says something of a protected group: a discipline is known by right.
OPEN_CASE = "(not starts_with({t}.process, 'discipline') or (select scope_can('discipline')))"
ADMINISTRATION = "(select scope_part(3)) in ('system_admin', 'security_admin')"


def can(group: str) -> str:
    """Whether the identity has a column group (app/security/columns.py)."""
    return f"(select scope_can('{group}'))"


@dataclass(frozen=True, slots=True)
class Rule:
    """One table: what is seen (``using``) and what the application itself may write.

    ``columns`` narrows a verb to some columns; ``check`` is what a new row must fulfil beyond being seen, ``changes``
    what a row must before and after a change.
    """

    using: str
    writes: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    check: str = "true"
    changes: str = "true"

    def condition(self, table: str) -> str:
        """The condition with the table's name filled in."""
        return self.using.replace("{t}", table)

    def policy(self, table: str, verb: str) -> str:
        """The clause for a verb: new rows fulfil ``check``; changed ones were, and stay, within ``changes``."""
        if verb == "INSERT":
            return f"WITH CHECK (({self.condition(table)}) and ({self.check.replace('{t}', table)}))"
        within = f"(({self.condition(table)}) and ({self.changes.replace('{t}', table)}))"
        return f"USING {within} WITH CHECK {within}"


SCOPED: dict[str, Rule] = {
    "unit": Rule(THE_UNITS),
    "unit_version": Rule(IN_UNITS),
    # Seen from either side: where a body came from is its own history.
    "unit_succession": Rule(f"({IN_UNITS} or exists (select 1 from unit u where u.id = {{t}}.to_unit_id))"),
    "quota_line": Rule(IN_UNITS),
    "quota": Rule(IN_UNITS),
    "ledger_total": Rule(IN_UNITS),
    "post": Rule(IN_UNITS),
    "permit": Rule(IN_UNITS),
    "plan": Rule(IN_UNITS),
    "quota_part": Rule(IN_UNITS),
    "absorption_plan": Rule(IN_UNITS),
    # A plan's rows: their own unit's, and the applicant's whose plan it is.
    "plan_line": Rule(f"({IN_UNITS} or exists (select 1 from plan n where n.id = {{t}}.plan_id))"),
    "person": Rule(f"(({IN_RANGE} and {OF_CLASS} and {can('register')}) or {{t}}.id = (select scope_number(8)))"),
    "occupancy": Rule(f"(({IN_RANGE} and {OF_CLASS} and {can('seat')}) or {ABOUT_ME})"),
    "record_item": Rule(f"(({IN_RANGE} and {OF_CLASS} and {OF_GROUP}) or {ABOUT_ME})"),
    "ledger_entry": Rule(
        f"({IN_RANGE} and {can('seat')} and {OPEN_ENTRY} and ({ALL_CLASSES} or {{t}}.chain_kind <> 'person'"
        " or exists (select 1 from person p where p.id = {t}.chain_id)))"
    ),
    # Begun under one's own name, for one's own unit or office, on a path in one's ranges (see also 035_guards.sql).
    "application": Rule(
        f"(({IN_RANGE} and {can('cases')} and {OPEN_CASE} and ({OF_CLASS} or ({{t}}.personnel_class is null"
        f" and {{t}}.person_id is null and {{t}}.person_name is null)))"
        f" or (({ABOUT_ME} or {{t}}.office_id = (select scope_number(7)) or {MY_CASE}) and {NOT_HIDDEN}))",
        ("INSERT", "UPDATE"),
        (
            (
                "UPDATE",
                "number, process_version_id, unit_id, scope_path, title, person_id, person_name, form, state, stage,"
                " effective_on, changed_at, submitted_at, finished_at, result",
            ),
        ),
        check=f"{{t}}.created_by = {MYSELF} and {{t}}.personnel_class is null and ({{t}}.unit_id is null or"
        " exists (select 1 from unit u where u.id = {t}.unit_id and u.scope_path = {t}.scope_path))"
        # A person begins what is his own, for the unit that he sits in.
        f" and ({MY_OWN} and {{t}}.office_id is null and {{t}}.unit_id is not null and exists (select 1 from process_version v"
        f" where v.id = {{t}}.process_version_id and v.definition ->> 'applicant' = 'person') or {IN_RANGE})"
        f" and ({MY_OWN} or ({{t}}.office_id is null and {{t}}.unit_id = (select scope_unit()))"
        " or {t}.office_id = (select scope_number(7)) or (select scope_part(3)) = 'service')",
        changes="acts_in({t}.id, null)",
    ),
    # A task makes a case seen, so only who sees the case already and acts in it hands one out.
    "task": Rule(
        f"(({IN_RANGE} and {can('cases')}) or (({MY_SIDE} or takes_part({{t}}.application_id)"
        f" or ((select scope_part(3)) = 'person' and own_case({{t}}.application_id))) and {NOT_HIDDEN}))",
        ("INSERT", "UPDATE"),
        (
            (
                "INSERT",
                "application_id, stage, code, role, days, office_id, unit_id, assignee_id, state, due_on, closed_at, still_since,"
                " escalated_at, first_decision_id, decision_id, scope_path",
            ),
            ("UPDATE", "assignee_id, state, closed_at, decision_id"),
        ),
        check="sees_case({t}.application_id) and acts_in({t}.application_id, {t}.scope_path)",
        changes=f"({MY_SIDE} or acts_in({{t}}.application_id, {{t}}.scope_path))",
    ),
    # Append-only, in the operator's own name, at the moment itself; a verdict's step rests on the operator's decision.
    "application_event": Rule(
        CASE_LAW % "application_id",
        ("INSERT",),
        (("INSERT", "application_id, kind, user_id, operator, side, opinion, facts, scope_path"),),
        check=f"acts_in({{t}}.application_id, {{t}}.scope_path) and {{t}}.user_id = {MYSELF} and {{t}}.operator = acting_name()"
        " and {t}.kind not in ('reserved', 'papers_answered', 'rerouted', 'carried', 'unit_ended') and ({t}.kind not in ('approve', 'return', 'reject',"
        " 'take_back', 'request_papers', 'suspend', 'resume') or exists (select 1 from decision d where"
        " d.case_id = {t}.application_id and d.user_id = {t}.user_id and d.verdict = {t}.kind))",
    ),
    "case_record": Rule(CASE_LAW % "case_id"),
    "case_facts": Rule(CASE_LAW % "case_id"),
    # What a case files of a protected group: by right, or by whom it is about.
    "case_private": Rule(
        f"({CASE_LAW % 'case_id'} and ({OF_GROUP} or exists (select 1 from application a where a.id = {{t}}.case_id"
        " and a.person_id = (select scope_number(8)))))"
    ),
    "decision": Rule(CASE_LAW % "case_id"),
    "clock_stop": Rule(CASE_LAW % "application_id"),
    # Written by the functions of 095_papers.sql and 096_issued.sql alone.
    "attachment": Rule(CASE_LAW % "application_id"),
    "paper": Rule(CASE_LAW % "application_id"),
    "issued_paper": Rule(CASE_LAW % "application_id"),
    # A difference between ledger and proof is the auditor's to see as well.
    "alarm": Rule(
        f"(({IN_RANGE} and {can('cases')} and ({{t}}.rule <> 'AL18' or {can('discipline')}) and ({{t}}.person_id is null or {ALL_CLASSES}"
        f" or exists (select 1 from person p where p.id = {{t}}.person_id)))"
        f" or ({AUDITOR} and {{t}}.code = 'tampered_ledger') or ({{t}}.office_id = (select scope_number(7)) and {NOT_HIDDEN}))"
    ),
    # 责任追究: 编办 and the inspection of the place.
    "accountability": Rule(
        f"({IN_RANGE} and ((select scope_part(9)) = 'establishment' or (select scope_part(3)) = 'inspector')"
        " and exists (select 1 from alarm a where a.id = {t}.alarm_id))"
    ),
    "alarm_event": Rule("exists (select 1 from alarm a where a.id = {t}.alarm_id)"),
    # The least of a movement, for the office that has to act on it; and beside the case for who sees that.
    "acknowledgement": Rule(
        f"(({{t}}.office_id = (select scope_number(7)) and {NOT_HIDDEN}) or {CASE_LAW % 'case_id'})"
    ),
    "absence": Rule(f"(({IN_RANGE} and {OF_CLASS} and {can('seat')}) or {ABOUT_ME})"),
    # 用编打算: seen with the unit; set by 编办 of the place or the unit itself, in one's own name, never changed.
    "entry_plan": Rule(
        f"({IN_UNITS} and {can('cases')})",
        ("INSERT",),
        (("INSERT", "unit_id, category, year, number, set_by, scope_path"),),
        check=f"{{t}}.set_by = {MYSELF} and ((select scope_part(9)) = 'establishment' or {{t}}.unit_id = (select scope_unit()))"
        " and exists (select 1 from unit u where u.id = {t}.unit_id and u.scope_path = {t}.scope_path)",
    ),
    "staff_cap": Rule(IN_UNITS),
    "engagement": Rule(f"(({IN_RANGE} and {can('seat')}) or {ABOUT_ME})"),
    "verification": Rule(f"({IN_RANGE} and {can('cases')})"),
    "verification_mark": Rule(
        f"({IN_RANGE} and {can('cases')} and ({ALL_CLASSES} or exists (select 1 from person p where p.id = {{t}}.person_id)))"
    ),
    "certificate": Rule(IN_UNITS),
    # Lists of other offices: the row of a payroll for who sees pay; what other lists say, nobody but the comparison.
    "source_row": Rule(f"({{t}}.kind = 'payroll' and {IN_RANGE} and {OF_CLASS} and {can('pay')})"),
    "source_batch": Rule(
        f"({{t}}.office_id = (select scope_number(7)) or ({{t}}.kind = 'payroll' and {{t}}.state <> 'refused' and {IN_RANGE}"
        f" and ({can('pay')} or {can('cases')})))"
    ),
    "pay_difference": Rule(f"({IN_RANGE} and {OF_CLASS} and ({can('pay')} or {can('cases')}))"),
    "source_mapping": Rule("{t}.office_id = (select scope_number(7))", ("INSERT", "UPDATE")),
    "unit_signboard": Rule(IN_UNITS),
    "sanding": Rule(IN_UNITS),
    "unit_past": Rule(IN_UNITS),
    "temporary_body": Rule(IN_UNITS),
    # The commission's papers are its office's own; a case's parties read its word on the timeline.
    "meeting": Rule("{t}.office_id = (select scope_number(7))"),
    "agenda_item": Rule("exists (select 1 from meeting m where m.id = {t}.meeting_id)"),
    # Whoever sees one of the units that share the numbers.
    "scheme": Rule(f"({IN_UNITS} or exists (select 1 from unit u where u.id = any ({{t}}.members)))"),
    # An office's own drafts, written by the functions of 049_reform_draft.sql: no unit learns of a reform before it is filed.
    "reform": Rule(OF_REFORM),
    "reform_variant": Rule("exists (select 1 from reform r where r.id = {t}.reform_id)"),
    "reform_step": Rule("exists (select 1 from reform_variant v where v.id = {t}.variant_id)"),
    "reform_phase": Rule("exists (select 1 from reform r where r.id = {t}.reform_id)"),
    "notice": Rule(FOR_ME),
    "notice_read": Rule(MY_ACCOUNT, ("INSERT",), check="exists (select 1 from notice n where n.id = {t}.notice_id)"),
    "notice_mark": Rule(MY_ACCOUNT, ("INSERT", "UPDATE")),
    "mail_setting": Rule(f"{{t}}.user_id = {MYSELF}"),
    "mail": Rule("(select scope_part(3)) = 'system_admin'"),
    "intake": Rule(OF_KEEPER, ("INSERT", "UPDATE")),
    "import_batch": Rule(OF_KEEPER, ("INSERT", "UPDATE"), check=f"{{t}}.user_id = {MYSELF}"),
    # Which rules decide is public (the page of a case names the office); who proposed a change is not.
    "authority_request": Rule(ADMINISTRATION),
    "account": Rule(f"{{t}}.user_id = {MYSELF} or {ADMINISTRATION}"),
    "named_access": Rule(ADMINISTRATION),
    "grant_request": Rule(ADMINISTRATION),
    "process_draft": Rule(ADMINISTRATION),
    "audit_event": Rule(AUDITOR),
    "audit_archive": Rule(AUDITOR),
    "verification_run": Rule(AUDITOR),
}

# 最少字段: people of the ranges by name, masked number and state, for identities without the register.
BRIEF = (
    "SELECT p.id, p.name, p.id_mask, p.state, p.unit_id, p.scope_path, p.personnel_class,"
    f" CASE WHEN {can('pay')} THEN p.level END AS level, CASE WHEN {can('pay')} THEN p.rank END AS rank,"
    f" CASE WHEN {can('pay')} THEN p.work_started_on END AS work_started_on"
    # Ordered in itself: the planner uses no order of a barrier's rows that the barrier does not promise.
    f" FROM person p WHERE {IN_RANGE} AND {OF_CLASS} ORDER BY p.scope_path, p.id"
).replace("{t}", "p")

# Read by everybody signed in or not: no personal data, no decision rests on hiding them.
EXEMPT: dict[str, str] = {
    "region": "public division codes",
    "quota_pool": "what a division may have in all, by its document: no personal data",
    "code_set": "public code lists",
    "code": "public code lists",
    "working_day": "public calendar",
    "office": "public list of offices",
    "process_version": "published definitions",
    "alarm_rule": "public rules",
    "alarm_sweep": "when rules were walked: counts of the whole city's units, no row of theirs",
    "source_feed": "which outside data were loaded when: counts, no rows",
    "authority_rule": "干部管理权限: which office decides; no personal data",
    "ledger_seal": "signed roots, made to be published",
    "record_kind": "which kind of item stands in which column group: app/domain/records.py",
    "verification_round": "which year each region verifies and until when: no personal data",
    "source_kind": "which offices bring which list in: app/domain/sources.py",
    "pay_standard": "what one person costs a year, by the finance office's document: budget and reforms; no personal data",
    "organ_limit": "how many bodies a division may have: published numbers, no personal data",
    "identity_rule": "which kind of identity sees what: app/security/columns.py",
}

# Not readable by the app role at all.
HIDDEN: dict[str, str] = {
    "due_retirement": "derived to look ahead by: counted and listed by definer functions inside the reader's ranges and classes",
    "due_count": "sums of the same by month and division: read by k_due() inside the reader's ranges and classes",
    "sign_in": "session tokens' hashes: only definer functions and the signin role",
    "scope_key": "the key that signs identities",
    "case_secret": "encrypted numbers of running cases: the kernel alone hands them on",
    "index_alias": "search indexes under former keys: the kernel alone translates them",
    "credential": "second factors (encrypted): only definer functions",
    "recovery_code": "hashes of recovery codes: only definer functions",
    "sign_in_attempt": "shut doors: only definer functions",
    "api_token": "hashes of programs' tokens: only definer functions",
    "rate_window": "how often: only definer functions",
    "number_series": "the last numbers given: only definer functions",
    "paper_counter": "the last number of each kind of paper: the kernel alone counts",
    "ledger_chain": "chain heads: locks of the kernel",
    "audit_pending": "audit events of transactions that have not ended",
    "time_month": "time records counted: read by supervision_times() inside the reader's ranges",
    "time_record": "how long things took: counted by supervision() inside the reader's ranges",
    "alarm_run": "how many a rule found in the whole city: read by alarm_runs() without the numbers",
    "alarm_touched": "the queue of units that movements touched: only the trigger and the engine",
    "lookup": "counts of look-ups by ID number",
    "alembic_version": "migrations",
}

# The columns of Flask-AppBuilder's user table that the app role may read: never the password.
USER_COLUMNS = "id, first_name, last_name, username, active, email, last_login, created_on, changed_on"
FAB_READ = (
    "ab_role",
    "ab_permission",
    "ab_view_menu",
    "ab_permission_view",
    "ab_permission_view_role",
    "ab_user_role",
    "ab_group",
    "ab_user_group",
    "ab_group_role",
)
FAB_HIDDEN = ("ab_api_key", "ab_register_user")


def database(app: str, signin: str) -> str:
    """Rights on the database itself: a temporary table or function of the caller could stand in the kernel's way."""
    return (
        "DO $$ BEGIN EXECUTE 'REVOKE ALL ON DATABASE ' || quote_ident(current_database()) || ' FROM PUBLIC';"
        f" EXECUTE 'GRANT CONNECT ON DATABASE ' || quote_ident(current_database()) || ' TO {app}, {signin}'; END $$"
    )


def readable(table: str, app: str) -> str:
    """Grants every column but the protected ones, those of later migrations included."""
    hidden = ", ".join(f"'{c}'" for c in PROTECTED[table])
    return (
        "DO $$ BEGIN EXECUTE (SELECT 'GRANT SELECT (' || string_agg(quote_ident(attname), ', ')"
        f" || ') ON {table} TO {app}' FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
        f" AND NOT attisdropped AND attname NOT IN ({hidden})); END $$"
    )


def statements(app: str, signin: str) -> list[str]:
    """All grants and policies, idempotent, in order; ``app`` and ``signin`` are role names."""
    out = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {app}, {signin}",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {app}, {signin}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        database(app, signin),
        f"GRANT USAGE ON SCHEMA public TO {app}, {signin}",
    ]
    for table, rule in SCOPED.items():
        seen, only = rule.condition(table), dict(rule.columns)
        out += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            *(f"DROP POLICY IF EXISTS {name} ON {table}" for name in ("seen", "insert", "update")),
            f"CREATE POLICY seen ON {table} FOR SELECT TO {app} USING ({seen})",
            readable(table, app) if table in PROTECTED else f"GRANT SELECT ON {table} TO {app}",
        ]
        for verb in ("INSERT", "UPDATE"):
            name = verb.lower()
            if verb in rule.writes:
                columns = f" ({only[verb]})" if verb in only else ""
                out.append(f"CREATE POLICY {name} ON {table} FOR {verb} TO {app} {rule.policy(table, verb)}")
                out.append(f"GRANT {verb}{columns} ON {table} TO {app}")
    out += [
        "DROP VIEW IF EXISTS person_brief",
        f"CREATE VIEW person_brief WITH (security_barrier) AS {BRIEF}",
        f"GRANT SELECT ON person_brief TO {app}",
        "DELETE FROM identity_rule",
        "INSERT INTO identity_rule (kind, office_kind, classes, groups) VALUES "
        + ", ".join(f"('{k}', '{o}', '{s.classes}', '{','.join(s.groups)}')" for (k, o), s in RULES.items()),
    ]
    out += [
        f"INSERT INTO record_kind (kind, column_group, single) VALUES ('{k.name}', '{k.group}', {k.single})"
        " ON CONFLICT (kind) DO UPDATE SET column_group = excluded.column_group, single = excluded.single"
        for k in KINDS.values()
    ]
    out += [
        f"INSERT INTO source_kind (kind, offices, max_age, cumulative, citywide) VALUES ('{k.name}', '{{{','.join(k.offices)}}}',"
        f" {k.max_age}, {k.cumulative}, {k.citywide}) ON CONFLICT (kind) DO UPDATE SET offices = excluded.offices,"
        " max_age = excluded.max_age, cumulative = excluded.cumulative, citywide = excluded.citywide"
        for k in SOURCES.values()
    ]
    out += [f"GRANT SELECT ON {table} TO {app}" for table in (*EXEMPT, *FAB_READ)]
    out.append(f"GRANT SELECT ({USER_COLUMNS}) ON ab_user TO {app}")
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {app}" for signature in APP_FUNCTIONS]
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {signin}" for signature in SIGNIN_FUNCTIONS]
    out.append(f"GRANT SELECT ON ab_user TO {signin}")
    out.append(f"GRANT UPDATE (last_login, login_count, fail_login_count) ON ab_user TO {signin}")
    return out
