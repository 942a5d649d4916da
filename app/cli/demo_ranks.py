"""示范城市的职数: approved rank numbers of its organs and plans of posts of a few institutions, through the kernel."""

import json

from sqlalchemy import Connection, text

from app.domain import caps, ratios
from app.workflow import validation

# Institutions beyond these show what a unit without a plan is told.
PLANS = 6
SINCE = "2020-07-01"
ORGANS = text(
    "SELECT u.id, r.kind, e.case_id, sum(t.authorised) AS base FROM unit u JOIN region r ON r.code = u.region_code"
    " JOIN ledger_entry e ON e.chain_kind = 'unit' AND e.chain_id = u.id AND e.type = 'unit.opened'"
    " JOIN quota_line l ON l.unit_id = u.id AND l.kind = 'establishment' AND l.category = ANY (:c)"
    " JOIN ledger_total t ON t.line_id = l.id WHERE u.legal_id = u.id AND u.status = 'active' AND NOT EXISTS"
    " (SELECT 1 FROM scheme s WHERE s.members @> ARRAY[u.id] AND s.kind = :k) AND u.opened_on <= cast(:d AS date)"
    " GROUP BY u.id, r.kind, e.case_id HAVING sum(t.authorised) > 0 ORDER BY u.scope_path LIMIT :n"
)


def ranks(connection: Connection, most: int = 2000) -> None:
    """What was approved is the ledger's; the case that it names is the unit's opening balance."""
    plans = {plan.process: plan for _raw, plan in validation.load()}
    for process, kind, number in (("rank_quota", "rank", most), ("post_plan", "post", PLANS)):
        known = ratios.sets(next(c.params for c in plans[process].checks if c.code.endswith("_ratios")))
        categories = next(iter(known.values())).categories
        values = {"c": list(categories), "k": kind, "d": SINCE, "n": number}
        for r in connection.execute(ORGANS, values).all():
            key, base = ratios.usual(known, r.kind) or next(iter(known)), int(r.base)
            posts = {"management_posts": base // 5, "professional_posts": base - base // 5, "workman_posts": 0}
            groups = caps.reckoned(base, known[key].rules, posts if kind == "post" else {})
            facts = {"unit": r.id, "members": str(r.id), "body_set": key, "base": base, "apart": 0,
                     "categories": ",".join(categories), "leave_out": ",".join(known[key].leave_out) or None,
                     "groups": caps.written(groups), "document_no": "佛组职〔2020〕示范", "issuer": "示范机关"}  # fmt: skip
            connection.execute(
                text(f"SELECT k_{process}(:case, cast(:f AS jsonb), cast(:d AS date))"),
                {"case": r.case_id, "f": json.dumps(facts, ensure_ascii=False), "d": SINCE},
            )
