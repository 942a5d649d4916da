"""凭据核验: what movements rest on: published versions, filed facts, decisions, the cases' own state; and the alarms that stand.

None of it is in a chain, so only what contradicts itself or the chains is found here (docs/architecture.md says the rest).
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from app.domain.sides import PASSED_OVER
from app.ledger.finding import Finding

# Entries that move somebody or something; a reservation only prepares one.
MOVED = (
    "SELECT case_id, min(id) AS entry FROM ledger_entry WHERE type NOT IN ('seat.reserved', 'seat.released',"
    " 'permit.claimed', 'permit.returned') GROUP BY 1"
)

VERSIONS = (
    "SELECT v.id, v.process, encode(sha256(convert_to(v.definition::text || v.requirements::text, 'UTF8')), 'hex') AS due,"
    " v.hash FROM process_version v"
)
FACTS = (
    "SELECT c.case_id, c.facts_hash, encode(sha256(convert_to(c.facts, 'UTF8')), 'hex') AS due FROM case_record c"
    " LEFT JOIN case_facts f ON f.case_id = c.case_id AND f.revision = c.revision"
    " WHERE c.facts_hash <> encode(sha256(convert_to(c.facts, 'UTF8')), 'hex')"
    " OR f.facts IS DISTINCT FROM c.facts OR f.facts_hash IS DISTINCT FROM c.facts_hash OR f.filed_by <> c.filed_by"
)
UNKNOWN = "SELECT e.case_id, min(e.id) AS entry FROM ledger_entry e LEFT JOIN case_record c ON c.case_id = e.case_id" \
    " WHERE e.chain_kind IN ('unit', 'person') AND c.case_id IS NULL GROUP BY e.case_id"  # fmt: skip
# The latest word of each person counts, of as many people as the published version demands.
APPROVALS = (
    f"SELECT e.case_id, e.entry, q.role FROM ({MOVED}) e JOIN case_record c ON c.case_id = e.case_id"
    " JOIN process_version v ON v.id = c.process_version_id"
    " JOIN LATERAL (SELECT j ->> 'role' AS role, max(coalesce((j ->> 'people')::int, 1)) AS people"
    " FROM jsonb_each(v.requirements) m(k, reqs), jsonb_array_elements(reqs) j WHERE m.k <> 'reserve' GROUP BY 1) q ON true"
    f" WHERE (q.role NOT IN {PASSED_OVER} OR EXISTS (SELECT 1 FROM task k WHERE k.application_id = c.case_id"
    " AND k.role = q.role AND k.state <> 'cancelled'))"
    " AND q.people > (SELECT count(*) FROM (SELECT DISTINCT ON (d.user_id) d.verdict, d.facts_hash FROM decision d"
    " LEFT JOIN office o ON o.id = d.office_id WHERE d.case_id = c.case_id"
    " AND d.verdict IN ('approve', 'return', 'reject', 'take_back') AND (o.kind = q.role"
    " OR (q.role LIKE '%personnel' AND (o.kind IN ('organisation', 'human_resources') OR d.unit_id IS NOT NULL))"
    " OR ((q.role LIKE '%establishment' OR q.role = 'commission') AND o.kind = 'establishment')"
    " OR (q.role IN ('source_unit', 'unit', 'unit_head', 'supervisor') AND d.unit_id IS NOT NULL))"
    " ORDER BY d.user_id, d.id DESC) w WHERE w.verdict = 'approve' AND w.facts_hash = c.facts_hash)"
)
WORDS = (
    "SELECT d.id, d.case_id FROM decision d LEFT JOIN case_facts f ON f.case_id = d.case_id AND f.facts_hash = d.facts_hash"
    " WHERE f.case_id IS NULL"
)
STATES = (
    f"SELECT c.case_id, c.status, CASE WHEN m.case_id IS NOT NULL THEN 'effected' WHEN p.id IS NOT NULL THEN 'reserved'"
    " WHEN c.status = 'effected' AND v.requirements ?| array['none', 'organ_limit', 'duties'] THEN 'effected'"
    f" WHEN c.status = 'closed' THEN 'closed' ELSE 'filed' END AS due FROM case_record c LEFT JOIN ({MOVED}) m"
    " ON m.case_id = c.case_id JOIN process_version v ON v.id = c.process_version_id LEFT JOIN post p ON p.reserved_case_id = c.case_id"
)
SURPLUS = (
    "SELECT l.id, u.name, u.id AS unit, t.occupied > t.authorised AS over FROM ledger_total t JOIN quota_line l"
    " ON l.id = t.line_id JOIN unit u ON u.id = l.unit_id LEFT JOIN alarm a ON a.line_id = l.id AND a.standing"
    " AND a.state IN ('open', 'accepted') WHERE coalesce(t.occupied > t.authorised, false) <> (a.id IS NOT NULL)"
)


def evidence(connection: Connection) -> Iterator[Finding]:
    """Every movement rests on filed facts, approved by the offices that its published process demands."""
    for r in connection.execute(text(VERSIONS)):
        if r.hash != r.due:
            yield Finding(f"流程 {r.process}", "process_version", str(r.id), "definition", r.hash, r.due)
    for r in connection.execute(text(FACTS)):
        yield Finding(f"申请件 {r.case_id}", "case_record", str(r.case_id), "facts", r.facts_hash, r.due)
    for r in connection.execute(text(UNKNOWN)):
        yield Finding(f"申请件 {r.case_id}", "case_record", str(r.entry), "*", "无此件", "已申报的件")
    for r in connection.execute(text(APPROVALS)):
        whose = f"申请件 {r.case_id}"
        yield Finding(whose, "decision", str(r.entry), "verdict", "无批准", f"{r.role} 的批准")
    for r in connection.execute(text(WORDS)):
        yield Finding(f"申请件 {r.case_id}", "decision", str(r.id), "facts_hash", "未申报过的内容", "已申报的内容")
    for r in connection.execute(text(f"SELECT * FROM ({STATES}) x WHERE status <> due")):
        yield Finding(f"申请件 {r.case_id}", "case_record", str(r.case_id), "status", r.status, r.due)
    for r in connection.execute(text(SURPLUS)):
        found, due = ("无报警", "超编报警") if r.over else ("超编报警", "无报警")
        yield Finding(f"单位 {r.name}({r.unit})", "alarm", str(r.id), "standing", found, due)
