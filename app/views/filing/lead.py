"""From the forms of rank numbers and plans of posts to their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.domain import caps, errors, ratios
from app.queries import ranks
from app.security.hats import Hat
from app.views.filing import base as filing
from app.workflow.checks.lead import POSTS, RATIOS
from app.workflow.definition import Process

if TYPE_CHECKING:
    from app.views.filing.base import Filing


def scheme(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """核定方案: the groups reckoned from the ratios chosen and the authorised numbers as they stand.

    Raises:
        NoBase: a unit has no authorised number.
        InvalidInput: more posts than the establishment has, or a number of the plan is missing.
    """
    facts = filing.form_facts(form, plan)
    params = next(c.params for c in plan.checks if c.code in RATIOS)
    chosen = ratios.sets(params)[str(facts["body_set"])]
    unit = int(who.unit_id or 0)
    found = ranks.base(s, unit, pooled=facts.get("pooled") == "yes", kind=chosen.base, categories=chosen.categories)
    without = [name for _id, name, number in found if number is None]
    if without or not found:
        raise errors.NoBase(unit="、".join(without))
    apart = int(facts.get("apart") or 0)
    base = sum(number or 0 for *_who, number in found) - apart
    if base < 0:
        raise errors.InvalidInput(errors={"apart": ["too_large"]})
    given = {name: facts.get(name) for name in (*POSTS, "full_seniors", "special_posts")}
    if sum(given[p] or 0 for p in POSTS) > base:
        raise errors.InvalidInput(errors={"professional_posts": ["too_large"]})
    groups = caps.reckoned(base, chosen.rules, given)
    facts |= {"unit": unit, "members": ",".join(str(i) for i, *_more in found), "basis": chosen.base, "base": base,
              "apart": apart, "categories": ",".join(chosen.categories), "leave_out": ",".join(chosen.leave_out) or None,
              "groups": caps.written(groups)}  # fmt: skip
    return filing.Filing(facts, None, None, unit, form.start.data)


FILERS = {"rank_quota": scheme, "post_plan": scheme}
