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
AUDITOR = "(select scope_part(3)) = 'auditor'"
ABOUT_ME = "({t}.person_id = (select scope_number(8)))"


@dataclass(frozen=True, slots=True)
class Rule:
    """One table: what is seen (``using``) and what the application itself may write."""

    using: str
    writes: tuple[str, ...] = ()

    def condition(self, table: str) -> str:
        """The condition with the table's name filled in."""
        return self.using.replace("{t}", table)


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
    "application": Rule(f"({IN_RANGE} or {ABOUT_ME} or {MY_CASE.replace('{case}', 'id')})", ("INSERT", "UPDATE")),
    "task": Rule(
        f"({IN_RANGE} or {{t}}.office_id = (select scope_number(7)) or {{t}}.unit_id = (select scope_number(6))"
        " or takes_part({t}.application_id))",
        ("INSERT", "UPDATE"),
    ),
    "application_event": Rule(CASE_ROWS, ("INSERT",)),
    "case_record": Rule(CASE_LAW),
    "case_facts": Rule(CASE_LAW),
    "decision": Rule(CASE_LAW),
    # A difference between ledger and proof is the auditor's to see as well.
    "alarm": Rule(f"({IN_RANGE} or ({AUDITOR} and {{t}}.code = 'tampered_ledger'))"),
    "import_batch": Rule(IN_RANGE, ("INSERT",)),
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
    "scope_part(int)",
    "scope_number(int)",
    "close_session(text)",
    "switch_account(text, bigint)",
    "responsible_office(text, bigint, text)",
    "kernel_today()",
    "case_file(bigint, text)",
    "case_decide(bigint, text, text, jsonb, text)",
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
    "open_session(int, bigint, bytea, int, text)",
    "open_service_session(text, bytea)",
    "record_failure(int, text, text)",
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
        condition = rule.condition(table)
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
                clause = (
                    f"WITH CHECK ({condition})" if verb == "INSERT" else f"USING ({condition}) WITH CHECK ({condition})"
                )
                out.append(f"CREATE POLICY {name} ON {table} FOR {verb} TO {app} {clause}")
                out.append(f"GRANT {verb} ON {table} TO {app}")
    out += [f"GRANT SELECT ON {table} TO {app}" for table in (*EXEMPT, *FAB_READ)]
    out.append(f"GRANT SELECT ({USER_COLUMNS}) ON ab_user TO {app}")
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {app}" for signature in APP_FUNCTIONS]
    out += [f"GRANT EXECUTE ON FUNCTION {signature} TO {signin}" for signature in SIGNIN_FUNCTIONS]
    out.append(f"GRANT SELECT ON ab_user TO {signin}")
    out.append(f"GRANT UPDATE (last_login, login_count, fail_login_count) ON ab_user TO {signin}")
    return out
