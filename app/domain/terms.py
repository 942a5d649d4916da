"""法定期限: time limits that the statutes state in plain days, months or years.

Sources: 《公务员法》 (2019), 《事业单位人事管理条例》 (国务院令652号), 《公职人员政务处分法》, 《事业单位工作人员处分规定》.
Limits in calendar days run from the day after the fact; the last day still belongs to the limit.
"""

import datetime as dt

from app.domain.retirement import add_months

RESIGNATION_DAYS = 30
LEADERS_RESIGNATION_DAYS = 90
PUBLICITY_WORKDAYS = 5
"""公示: a recruitment is published for at least five working days (第三十二条)."""
CIVIL_PROBATION_MONTHS = 12
PUBLIC_CONTRACT_YEARS = 3
LOAN_MONTHS = 6
LOAN_TOTAL_MONTHS = 12
"""借调: other provinces' notices (unverified for Foshan): six months at most, twelve with every extension."""

# 处分期 in months; none for 开除, whose effect does not end. Codes of the list ``discipline``.
PENALTY_MONTHS = {"01": 6, "02": 12, "03": 18, "04": 24, "05": 24, "06": None, "07": 24}


def resignation_due(received: dt.date, *, leader: bool) -> dt.date:
    """辞去公职: the last day for the decision, 30 days after receipt, 90 for leading members (第八十五条)."""
    return received + dt.timedelta(days=LEADERS_RESIGNATION_DAYS if leader else RESIGNATION_DAYS)


def dismissible_absence(*, running: int, in_year: int) -> bool:
    """旷工: more than 15 days running or 30 in a year.

    Civil servants: calendar days (第八十八条第五项, 辞退). Public institutions: working days (条例第十五条, 解除合同).
    The caller counts in the unit of the person's statute.
    """
    return running > 15 or in_year > 30


def penalty_ends(decided: dt.date, penalty: str) -> dt.date | None:
    """处分期: its last day (第六十四条); None where it never ends.

    Raises:
        KeyError: no such penalty.
    """
    months = PENALTY_MONTHS[penalty]
    return None if months is None else add_months(decided, months) - dt.timedelta(days=1)


def bars_promotion(decided: dt.date, penalty: str, on: dt.date) -> bool:
    """Whether a penalty forbids a promotion of position, rank or grade on a day (第六十四条).

    A warning leaves the pay scale open, all others close it too; that part is the pay office's.
    """
    ends = penalty_ends(decided, penalty)
    return decided <= on and (ends is None or on <= ends)


def probation_ends(entered: dt.date, months: int = CIVIL_PROBATION_MONTHS) -> dt.date:
    """试用期: its last day; one year for newly recruited civil servants (第三十四条)."""
    return add_months(entered, months) - dt.timedelta(days=1)


def institution_probation(*, first_job: bool, contract_years: int) -> int:
    """试用期 of a public institution in months: 12 for a first job with a contract of three years or more, else none.

    条例第十三条; shorter agreed times are entered by hand.
    """
    return 12 if first_job and contract_years >= PUBLIC_CONTRACT_YEARS else 0


def closed_season_ends(left: dt.date, *, leader: bool) -> dt.date:
    """从业限制: the last day, three years for former leading members, two for others (第一百零七条); a hint only."""
    return add_months(left, 36 if leader else 24) - dt.timedelta(days=1)


def loan_problems(start: dt.date, end: dt.date, earlier_months: int = 0) -> list[str]:
    """借调超期, as codes: ``loan_too_long`` (one term), ``loan_total`` (with the earlier ones); ``end`` is the day back."""
    found = ["loan_too_long"] if end > add_months(start, LOAN_MONTHS) else []
    if end > add_months(start, max(0, LOAN_TOTAL_MONTHS - earlier_months)):
        found.append("loan_total")
    return found
