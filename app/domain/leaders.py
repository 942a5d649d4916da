"""领导职数: the usual numbers of leaders, as a hint beside the document that fixes them.

Source: 通行口径 as told second-hand of 《地方组织法》's implementing documents (未核): a hint, never a refusal; what the
document says holds. 非领导职务 were replaced by ranks on 2019-06-01 (《公务员职务与职级并行规定》) and stand in accounts of
days before alone.
"""

import datetime as dt

RANKS_BEGAN = dt.date(2019, 6, 1)

# By level of government, whole body or department, and role: from, to.
USUAL = {
    ("city", "unit", "principal"): (1, 1),
    ("city", "unit", "deputy"): (1, 2),
    ("city", "department", "principal"): (1, 1),
    ("city", "department", "deputy"): (0, 1),
    ("district", "unit", "principal"): (1, 1),
    ("district", "unit", "deputy"): (1, 2),
}


def usual(level: str, scope: str, role: str) -> tuple[int, int] | None:
    """How many leaders of a role such a body or department usually has; None where no such word is known."""
    return USUAL.get((level, scope, role))
