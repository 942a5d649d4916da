"""结构核对: whether policies, grants, triggers, functions, constraints and roles stand as the deployment left them.

The deployment writes down what the database's own catalogue says, with a keyed hash, in a file outside the database. At
night the catalogue is read again: what somebody took off, put in or changed by hand is named.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from app.domain.crypto import KeyRing
from app.ledger.finding import Finding

WHOSE, CHAIN = "数据库结构", "structure"
# The partitions of the audit come and go by months; what holds for them stands at their parent.
CATALOGUE: dict[str, str] = {
    "policy": "SELECT tablename || '.' || policyname, concat_ws(' ', permissive, roles::text, cmd, qual, with_check)"
    " FROM pg_policies WHERE schemaname = 'public'",
    "table": "SELECT c.relname, concat_ws(' ', pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, relacl::text,"
    " (SELECT string_agg(attname || attacl::text, ' ' ORDER BY attnum) FROM pg_attribute a"
    "  WHERE a.attrelid = c.oid AND attacl IS NOT NULL), CASE WHEN relkind = 'v' THEN pg_get_viewdef(c.oid) END)"
    " FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')",
    "trigger": "SELECT c.relname || '.' || t.tgname, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid) FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = 'public'::regnamespace"
    " WHERE NOT t.tgisinternal",
    "event trigger": "SELECT evtname, concat_ws(' ', evtevent, evtenabled::text, evtfoid::regproc, evttags::text)"
    " FROM pg_event_trigger",
    "function": "SELECT p.oid::regprocedure::text, concat_ws(' ', md5(pg_get_functiondef(p.oid)), pg_get_userbyid(proowner),"
    " proacl::text) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
    "constraint": "SELECT conrelid::regclass || '.' || conname, convalidated || ' ' || pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0",
    "role": "SELECT r.rolname, concat_ws(' ', rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
    " (SELECT string_agg(pg_get_userbyid(m.roleid), ' ' ORDER BY m.roleid) FROM pg_auth_members m WHERE m.member = r.oid))"
    " FROM pg_roles r WHERE rolname LIKE 'bianzhi\\_%'",
}


def taken(connection: Connection) -> dict[str, dict[str, str]]:
    """The structure as it stands: kind, name, what the catalogue says."""
    return {
        kind: {str(name): str(said) for name, said in connection.exec_driver_sql(query.replace("%", "%%"))}
        for kind, query in CATALOGUE.items()
    }


def keep(connection: Connection, keys: KeyRing, file: Path) -> None:
    """Write the present structure down, as what is declared from now on."""
    said = json.dumps(taken(connection), ensure_ascii=False, sort_keys=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        json.dump({"mark": keys.commit(CHAIN, said), "structure": said}, handle, ensure_ascii=False)
    fresh.replace(file)


def findings(connection: Connection, keys: KeyRing, file: Path) -> Iterator[Finding]:
    """Every difference from what was written down; a record that is absent or was changed is one too."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        genuine = keys.holds(kept["mark"], CHAIN, kept["structure"])
    except (OSError, ValueError, KeyError, TypeError):
        genuine = False
    if not genuine:
        yield Finding(WHOSE, "structure", file.name, "*", "缺失或被改动", "最近一次部署的记录", chain=CHAIN)
        return
    due = json.loads(kept["structure"])
    connection.execute(text("SET LOCAL search_path TO public"))
    found = taken(connection)
    for kind in CATALOGUE:
        for name in sorted(due[kind].keys() | found[kind].keys()):
            stands, right = found[kind].get(name, "无"), due[kind].get(name, "无")
            if stands != right:
                yield Finding(WHOSE, kind, name, "*", stands, right, chain=CHAIN)
