"""行级权限: the one declaration from which every row policy and grant of the app role is made.

Each table stands either in ``SCOPED`` (with the condition under which a row is seen) or in
``EXEMPT`` (with the reason); a test fails for a table in neither.
"""

from dataclasses import dataclass

IN_RANGE = "({t}.scope_path >= (select scope_part(4)) and {t}.scope_path < (select scope_part(5)))"
IN_UNITS = "({t}.scope_path >= (select scope_part(12)) and {t}.scope_path < (select scope_part(13)))"
OF_CLASS = (
    "((select scope_part(10)) is null or {t}.personnel_class = any(string_to_array((select scope_part(10)), ',')))"
)
MY_CASE = (
    "exists (select 1 from task k where k.application_id = {t}.{case} and"
    " (k.office_id = (select scope_number(7)) or k.unit_id = (select scope_number(6))))"
)
# Legacy files hold whole registers: only 编办 of that region (or above it) sees them.
OF_KEEPER = f"({IN_RANGE} and (select scope_part(9)) = 'establishment')"
AUDITOR = "(select scope_part(3)) = 'auditor'"
ABOUT_ME = "({t}.person_id = (select scope_number(8)))"
SEEN_CASE = "exists (select 1 from application a where a.id = {t}.application_id and a.scope_path = {t}.scope_path)"


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


CASE_ROWS = f"({IN_RANGE} or {MY_CASE.replace('{case}', 'application_id')})"
CASE_LAW = "exists (select 1 from application a where a.id = {t}.case_id)"

SCOPED: dict[str, Rule] = {
    "unit": Rule(IN_UNITS),
    "unit_version": Rule(IN_UNITS),
    "quota_line": Rule(IN_UNITS),
    "quota": Rule(IN_UNITS),
    "ledger_total": Rule(IN_UNITS),
    "post": Rule(IN_UNITS),
    "person": Rule(f"(({IN_RANGE} and {OF_CLASS}) or {{t}}.id = (select scope_number(8)))"),
    "occupancy": Rule(f"({IN_RANGE} or {ABOUT_ME})"),
    "ledger_entry": Rule(IN_RANGE),
    # Begun in the own range under the own name; whose it is stays (see also 035_guards.sql). A person only reads.
    "application": Rule(
        f"({IN_RANGE} or {ABOUT_ME} or {MY_CASE.replace('{case}', 'id')})",
        ("INSERT", "UPDATE"),
        (
            (
                "UPDATE",
                "number, process_version_id, unit_id, scope_path, title, person_id, person_name, form, state, stage,"
                " effective_on, due_on, changed_at, submitted_at, finished_at, result",
            ),
        ),
        check=f"{IN_RANGE} and {{t}}.created_by = (select scope_number(1)) and ({{t}}.unit_id is null or exists"
        " (select 1 from unit u where u.id = {t}.unit_id and u.scope_path = {t}.scope_path))",
        changes=f"({IN_RANGE} or {MY_CASE.replace('{case}', 'id')})",
    ),
    # A task makes a case seen, so only who sees the case already hands one out.
    "task": Rule(
        f"({IN_RANGE} or {{t}}.office_id = (select scope_number(7)) or {{t}}.unit_id = (select scope_number(6))"
        " or takes_part({t}.application_id))",
        ("INSERT", "UPDATE"),
        (
            (
                "INSERT",
                "application_id, stage, code, office_id, unit_id, assignee_id, state, due_on, closed_at, decision_id,"
                " scope_path",
            ),
            ("UPDATE", "assignee_id, state, closed_at, decision_id"),
        ),
        check="sees_case({t}.application_id)",
    ),
    # Append-only, in the operator's own name, at the moment itself; a verdict's step rests on the operator's decision.
    "application_event": Rule(
        CASE_ROWS,
        ("INSERT",),
        (("INSERT", "application_id, kind, user_id, operator, side, opinion, facts, scope_path"),),
        check=f"{SEEN_CASE} and {{t}}.user_id = (select scope_number(1)) and {{t}}.operator = operator_name({{t}}.user_id)"
        " and ({t}.kind not in ('approve', 'return', 'reject') or exists (select 1 from decision d where"
        " d.case_id = {t}.application_id and d.user_id = {t}.user_id and d.verdict = {t}.kind))",
    ),
    "case_record": Rule(CASE_LAW),
    "case_facts": Rule(CASE_LAW),
    "decision": Rule(CASE_LAW),
    # A difference between ledger and proof is the auditor's to see as well.
    "alarm": Rule(f"({IN_RANGE} or ({AUDITOR} and {{t}}.code = 'tampered_ledger'))"),
    "intake": Rule(OF_KEEPER, ("INSERT", "UPDATE")),
    "import_batch": Rule(OF_KEEPER, ("INSERT", "UPDATE"), check="{t}.user_id = (select scope_number(1))"),
    "account": Rule(
        "{t}.user_id = (select scope_number(1)) or (select scope_part(3)) in ('system_admin', 'security_admin')"
    ),
    "audit_event": Rule(AUDITOR),
    "audit_archive": Rule(AUDITOR),
    "verification_run": Rule(AUDITOR),
}

# Read by everybody signed in or not: no personal data, no decision rests on hiding them.
EXEMPT: dict[str, str] = {
    "region": "public division codes",
    "code_set": "public code lists",
    "code": "public code lists",
    "working_day": "public calendar",
    "office": "public list of offices",
    "process_version": "published definitions",
    "alarm_rule": "public rules",
    "ledger_seal": "signed roots, made to be published",
}

# Not readable by the app role at all.
HIDDEN: dict[str, str] = {
    "sign_in": "session tokens' hashes: only definer functions and the signin role",
    "scope_key": "the key that signs identities",
    "case_secret": "encrypted numbers of running cases: the kernel alone hands them on",
    "index_alias": "search indexes under former keys: the kernel alone translates them",
    "credential": "second factors (encrypted): only definer functions",
    "recovery_code": "hashes of recovery codes: only definer functions",
    "sign_in_attempt": "shut doors: only definer functions",
    "api_token": "hashes of programs' tokens: only definer functions",
    "rate_window": "how often: only definer functions",
    "ledger_chain": "chain heads: locks of the kernel",
    "audit_pending": "audit events of transactions that have not ended",
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

APP_FUNCTIONS = (
    "begin_request(text)",
    "begin_api_request(text)",
    "my_account()",
    "my_sessions(text)",
    "end_my_sessions(bigint, text)",
    "new_api_token(text, bytea, int, text)",
    "my_api_tokens()",
    "revoke_api_token(bigint, text)",
    "admin_forget_factor(int)",
    "scope_part(int)",
    "scope_number(int)",
    "close_session(text)",
    "switch_account(text, bigint)",
    "responsible_office(text, bigint, text)",
    "kernel_today()",
    "case_file(bigint, text)",
    "case_decide(bigint, text, text, jsonb, text)",
    "case_approve_reserving(bigint, text, text)",
    "case_close(bigint, text)",
    "record_refusal(text, text, bigint, jsonb)",
    "record_audit(text, text, jsonb)",
    "audit_subjects(text, text)",
    "ledger_reserve(bigint)",
    "ledger_occupy(bigint, date)",
    "ledger_vacate(bigint)",
    "ledger_move(bigint)",
    "ledger_take_lead(bigint)",
    "ledger_leave_lead(bigint)",
    "ledger_correct(bigint)",
    "ledger_set_quota(bigint)",
    "ledger_open_unit(bigint)",
    "ledger_change_unit(bigint)",
    "ledger_close_unit(bigint)",
    "ledger_open_balance(bigint, text)",
    "unit_name(bigint)",
    "case_line(bigint)",
    "find_person(bytea)",
    "case_responsible(text, bigint)",
    "case_source_unit(bigint)",
    "case_standing_sides(bigint)",
    "office_has(bigint, int)",
    "takes_part(bigint)",
    "sees_case(bigint)",
    "office_members()",
    "admin_new_user(text, text, text, text)",
    "admin_grant(int, text, bigint, bigint, bigint, date, date)",
    "admin_end(bigint)",
    "admin_set_user(int, boolean, text)",
    "unit_names(text)",
    "next_case_number(text)",
    "operator_name(int)",
    "refuse(text, jsonb)",
    "range_end(text)",
)
SIGNIN_FUNCTIONS = (
    "open_session(int, bigint, bytea, int, text, text, text, boolean, text[])",
    "open_service_session(text, bytea)",
    "count_attempt(bytea[], int[])",
    "sign_in_good(bytea, bytea)",
    "sign_in_record(text, int, text, jsonb)",
    "session_person(bytea)",
    "advance_session(bytea, bytea)",
    "change_password(bytea, text, text)",
    "rehash_password(int, text, text)",
    "totp_begin(bytea, bytea)",
    "totp_use(bytea, bigint, bytea[], text)",
    "recovery_use(bytea, bytea, text)",
    "rate_hit(text, int, int)",
    "rate_state(text)",
)


def database(app: str, signin: str) -> str:
    """Rights on the database itself: a temporary table or function of the caller could stand in the kernel's way."""
    return (
        "DO $$ BEGIN EXECUTE 'REVOKE ALL ON DATABASE ' || quote_ident(current_database()) || ' FROM PUBLIC';"
        f" EXECUTE 'GRANT CONNECT ON DATABASE ' || quote_ident(current_database()) || ' TO {app}, {signin}'; END $$"
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
        condition, only = rule.condition(table), dict(rule.columns)
        out += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS seen ON {table}",
            f"CREATE POLICY seen ON {table} FOR SELECT TO {app} USING ({condition})",
            f"GRANT SELECT ON {table} TO {app}",
        ]
        for verb in ("INSERT", "UPDATE"):
            name = verb.lower()
            out.append(f"DROP POLICY IF EXISTS {name} ON {table}")
            if verb in rule.writes:
                columns = f" ({only[verb]})" if verb in only else ""
                out.append(f"CREATE POLICY {name} ON {table} FOR {verb} TO {app} {rule.policy(table, verb)}")
                out.append(f"GRANT {verb}{columns} ON {table} TO {app}")
    out += [f"GRANT SELECT ON {table} TO {app}" for table in (*EXEMPT, *FAB_READ)]
    out.append(f"GRANT SELECT ({USER_COLUMNS}) ON ab_user TO {app}")
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {app}" for signature in APP_FUNCTIONS]
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {signin}" for signature in SIGNIN_FUNCTIONS]
    out.append(f"GRANT SELECT ON ab_user TO {signin}")
    out.append(f"GRANT UPDATE (last_login, login_count, fail_login_count) ON ab_user TO {signin}")
    return out
