# ruff: noqa: N818 - a refusal is named after its rule, not after being an error.
"""拒绝 of the workflow: cases, tasks, definitions, rounds."""

from app.domain.errors.base import DomainError


class CaseNotApproved(DomainError):
    """未经核准: the case does not allow this movement at this stage."""

    code = "case_not_approved"
    http_status = 403


class CaseClosed(DomainError):
    """业务已办结: the case is finished and takes no more steps."""

    code = "case_closed"


class FactsChanged(DomainError):
    """情况已变化: the facts the approval rests on have changed since it was given."""

    code = "facts_changed"


class RunningCase(DomainError):
    """有在办业务: another case about the same subject is still running."""

    code = "running_case"


class SelfApproval(DomainError):
    """不得自批: nobody decides their own submission or their own matter."""

    code = "self_approval"
    http_status = 403


class AlreadyDecided(DomainError):
    """已有决定: the task was decided before."""

    code = "already_decided"


class WrongState(DomainError):
    """状态不符: the step does not follow from the present state."""

    code = "wrong_state"


class NoOffice(DomainError):
    """无经办部门: no office is competent for this step."""

    code = "no_office"


class RuleDay(DomainError):
    """规则须自次日起: a change of 干部管理权限 begins tomorrow at the earliest, and after the rule it ends."""

    code = "rule_day"
    http_status = 409


class RuleNeeded(DomainError):
    """兜底规则不得缺: the rule for everybody always names an office."""

    code = "rule_needed"
    http_status = 409


class DuplicateRule(DomainError):
    """规则重复: there is a rule with these conditions in that period."""

    code = "duplicate_rule"
    http_status = 409


class CheckFailed(DomainError):
    """核对未通过: a check that stops the case was not passed; facts: check, the finding as it is kept."""

    code = "check_failed"


class UrgedToday(DomainError):
    """今日已催办: a case is urged once a day."""

    code = "urged_today"
    http_status = 409


class ActedSince(DomainError):
    """其后已有人办理: one's own word is taken back only while nobody acted on the case since."""

    code = "acted_since"
    http_status = 409


class SecondPerson(DomainError):
    """须另一人会签: of the two who approve, one is another person, and one the office's head."""

    code = "second_person"
    http_status = 403


class ClockState(DomainError):
    """计时状态不符: a clock that stands is not stopped again, one that runs is not set going; facts: verdict."""

    code = "clock_state"
    http_status = 409


class StillResponsible(DomainError):
    """仍由原部门负责: whoever has the task is responsible still, so it cannot be handed elsewhere."""

    code = "still_responsible"
    http_status = 409


class BadDefinition(DomainError):
    """流程定义有误: the published definition that a case runs on does not read; facts: process, version."""

    code = "bad_definition"
    http_status = 409


class NotVerified(DomainError):
    """年度核查未确认: the unit has not confirmed this year's roster; facts: year."""

    code = "not_verified"


class RoundOpen(DomainError):
    """该年度核查已开展: a region has one round a year."""

    code = "round_open"


class DocumentMissing(DomainError):
    """缺批文: the movement needs an approval document."""

    code = "document_missing"


class StaleDraft(DomainError):
    """草案已被他人修改: somebody saved this draft meanwhile."""

    code = "stale_draft"
    http_status = 409


class Floor(DomainError):
    """低于底线: a definition asks for fewer approvals than its movement may ever do with; facts: movement."""

    code = "floor"
    http_status = 422
