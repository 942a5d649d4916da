# ruff: noqa: N818 - a refusal is named after its rule, not after being an error.
"""Refusals: every reason for which the system says no, with a stable code.

Texts live with the views and are translated; a refusal carries only its code and its facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


class DomainError(Exception):
    """业务拒绝: a rule says no; ``facts`` hold the figures the sentence for the reader needs."""

    code: ClassVar[str] = "domain_error"
    http_status: ClassVar[int] = 409

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts: dict[str, Any] = facts

    def __str__(self) -> str:
        if not self.facts:
            return self.code
        return f"{self.code}: " + ", ".join(f"{name}={value!r}" for name, value in self.facts.items())

    def __reduce__(self) -> tuple[Any, ...]:
        return from_code, (self.code, self.facts)


class QuotaExhausted(DomainError):
    """无空编: no vacant seat; facts: authorised, occupied, reserved, surplus."""

    code = "quota_exhausted"


class LineClosed(DomainError):
    """编制账目已停用: the quota line is closed and takes no more movements."""

    code = "line_closed"


class SurplusLine(DomainError):
    """超编不得进人: the line is over its quota, so nobody enters it."""

    code = "surplus_line"


class QuotaBelowUse(DomainError):
    """核定数低于已用数: the new quota is below what is occupied and reserved."""

    code = "quota_below_use"


class LeaderWithoutSeat(DomainError):
    """任职须先占编: a leadership post needs a seat or a declared concurrent post."""

    code = "leader_without_seat"


class LeadershipExhausted(DomainError):
    """无空缺领导职数: no vacant leadership post of this role and level."""

    code = "leadership_exhausted"


class PermitMissing(DomainError):
    """无控编单: this way of entry takes a seat of a permit; facts: line."""

    code = "permit_missing"


class PermitLapsed(DomainError):
    """控编单已失效: past its last day, or cancelled; facts: number, last_on and the four counts."""

    code = "permit_lapsed"


class PermitUsed(DomainError):
    """控编单已用完: every seat is used or taken by a running case; facts: number, approved, used."""

    code = "permit_used"


class PermitElsewhere(DomainError):
    """控编单不符: the permit is for another line."""

    code = "permit_elsewhere"


class AlreadySeated(DomainError):
    """一人一编: the person already holds a seat in the city."""

    code = "already_seated"


class AlreadyLeading(DomainError):
    """已任此职: the person already holds a position of this leadership line."""

    code = "already_leading"


class UnderDiscipline(DomainError):
    """处分影响期内不得晋升 (《公务员法》第六十四条); facts: ``until``, for those who may know it."""

    code = "under_discipline"


class RankExhausted(DomainError):
    """无空缺职级职数（岗位）: the group of ranks or post grades is full; facts: number, holders."""

    code = "rank_exhausted"


class ItemsOverlap(DomainError):
    """信息项期间重叠: of this kind a person has one item at a time."""

    code = "items_overlap"


class BeforeItem(DomainError):
    """早于现有信息项: the day lies before the beginning of the item it ends; facts: day."""

    code = "before_item"


class SeatTaken(DomainError):
    """编制号已被占用: the numbered seat is held by somebody else on that day."""

    code = "seat_taken"


class NotSeated(DomainError):
    """未在编: the person holds no seat to leave or to change."""

    code = "not_seated"


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


class FutureEffect(DomainError):
    """生效日未到: the effective day lies in the future."""

    code = "future_effect"


class BadDay(DomainError):
    """该日不成立: the history breaks a rule on a day; facts: day, the first bad day."""

    code = "bad_day"


class BeforeEntry(DomainError):
    """早于入编日: the day lies before the person's entry."""

    code = "before_entry"


class DuplicatePerson(DomainError):
    """人员重复: a person with this document number is on the roll."""

    code = "duplicate_person"


class DuplicateUnit(DomainError):
    """机构重复: a unit with this name or code exists."""

    code = "duplicate_unit"


class UnitNotEmpty(DomainError):
    """机构尚有编制或人员: the unit still has seats, people or units below it."""

    code = "unit_not_empty"


class WrongCategory(DomainError):
    """编制类型不符: the seat category does not fit this kind of unit or this person."""

    code = "wrong_category"


class NotYourOffice(DomainError):
    """非本部门办理: the task belongs to another office."""

    code = "not_your_office"
    http_status = 403


class SelfApproval(DomainError):
    """不得自批: nobody decides their own submission or their own matter."""

    code = "self_approval"
    http_status = 403


class DutiesConflict(DomainError):
    """职责冲突: one of the three administrators (三员分立) may hold nothing else."""

    code = "duties_conflict"


class SamePerson(DomainError):
    """不得一人经手两头: whoever proposed a grant, or receives it, does not approve it."""

    code = "same_person"
    http_status = 403


class BadDelegation(DomainError):
    """委托期限不成立: a delegation begins today or later and lasts ninety days at most."""

    code = "bad_delegation"


class TooOften(DomainError):
    """查询过于频繁: an account's look-ups by ID number within an hour; facts: limit."""

    code = "too_often"
    http_status = 429


class DuplicateUser(DomainError):
    """用户名已存在; facts: username."""

    code = "duplicate_user"


class NotAllowed(DomainError):
    """无此权限: the role does not include this action."""

    code = "not_allowed"
    http_status = 403


class NotFound(DomainError):
    """查无此项: it does not exist, or not in the caller's scope."""

    code = "not_found"
    http_status = 404


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


class LaterEntries(DomainError):
    """其后已有记录: later entries rest on this one; reverse them first."""

    code = "later_entries"


class SameDepartment(DomainError):
    """已在该内设机构: the person's seat is in this department already."""

    code = "same_department"


class NotYetOpen(DomainError):
    """机构尚未设立: the day lies before the department was opened; facts: day."""

    code = "not_yet_open"


class AlreadyAbsent(DomainError):
    """已有未结束的离岗登记: the person is away on these days already."""

    code = "already_absent"


class NotAbsent(DomainError):
    """未登记离岗: the person is not away, or was not yet on that day."""

    code = "not_absent"


class NotVerified(DomainError):
    """年度核查未确认: the unit has not confirmed this year's roster; facts: year."""

    code = "not_verified"


class CertificateExists(DomainError):
    """已有有效管理证: a first one is issued once; facts: number."""

    code = "certificate_exists"


class CertificateMissing(DomainError):
    """无有效管理证: nothing to change, to replace or to stamp."""

    code = "certificate_missing"


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


class InvalidInput(DomainError):
    """填报有误: facts: errors, a dict of field to list of code strings."""

    code = "invalid_input"
    http_status = 422


class FileRefused(DomainError):
    """附件不收: facts: reason (a code, see app/views/attachment_texts.py), found."""

    code = "file_refused"
    http_status = 422


class PaperNotMade(DomainError):
    """文书未能生成; facts: reason (busy, late, or what the typesetting said)."""

    code = "paper_not_made"
    http_status = 503


class SessionEnded(DomainError):
    """会话已结束: the session has ended; sign in again."""

    code = "session_ended"
    http_status = 401


class ProofNeeded(DomainError):
    """须再次确认身份: the step gives or takes a way in, and the last proof of who acts is older than five minutes."""

    code = "proof_needed"
    http_status = 403


class BadCredentials(DomainError):
    """账号或口令不符: the account and the password do not match."""

    code = "bad_credentials"
    http_status = 401


class TamperedLedger(DomainError):
    """台账被改动: the hash chain does not verify; facts: chain, sequence."""

    code = "tampered_ledger"
    http_status = 500


_refusals: list[type[DomainError]] = [DomainError, *DomainError.__subclasses__()]

by_code: Mapping[str, type[DomainError]] = MappingProxyType({refusal.code: refusal for refusal in _refusals})


def from_code(code: str, facts: Mapping[str, Any]) -> DomainError:
    """由代码还原拒绝: the refusal of a code, as it was before it was stored.

    Raises:
        KeyError: no refusal has this code.
    """
    return by_code[code](**facts)
