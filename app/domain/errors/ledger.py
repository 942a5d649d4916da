# ruff: noqa: N818 - a refusal is named after its rule, not after being an error.
"""拒绝 of the ledger: seats, quotas, people, units."""

from app.domain.errors.base import DomainError


class QuotaExhausted(DomainError):
    """无空编: no vacant seat; facts: authorised, occupied, reserved, surplus."""

    code = "quota_exhausted"


class LineClosed(DomainError):
    """编制账目已停用: the quota line is closed and takes no more movements."""

    code = "line_closed"


class SurplusLine(DomainError):
    """超编不得进人: the line is over its quota, so nobody enters it."""

    code = "surplus_line"


class SurplusWithoutPlan(DomainError):
    """超编随转须有消化期限: people beyond a number go into another body only with a day until which they are absorbed."""

    code = "surplus_without_plan"


class QuotaBelowUse(DomainError):
    """核定数低于已用数: the new quota is below what is occupied and reserved."""

    code = "quota_below_use"


class LeaderWithoutSeat(DomainError):
    """任职须先占编: a leadership post needs a seat or a declared concurrent post."""

    code = "leader_without_seat"


class LeaderStays(DomainError):
    """另有职务留在原机构: who would go along with his post holds another one of the body that stays; facts: person, post."""

    code = "leader_stays"


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


class SecondMain(DomainError):
    """已有主职务: of several positions one is the main one; facts: unit, of the other."""

    code = "second_main"


class OverRanked(DomainError):
    """高配无依据: the level is above the position's and no document is named; facts: level, post_level."""

    code = "over_ranked"


class NonLeading(DomainError):
    """非领导职务已由职级取代: none are authorised or held from 2019-06-01 on; facts: day."""

    code = "non_leading"


class NoScheme(DomainError):
    """未核定职级职数（岗位）: no approved numbers hold for the unit on the day; facts: unit, kind, day."""

    code = "no_scheme"


class NoBase(DomainError):
    """无基数: a unit of the scheme has no authorised number to take a share of; facts: unit."""

    code = "no_base"


class BaseChanged(DomainError):
    """基数已变: the authorised numbers are no longer those that the scheme was reckoned from; facts: base, apart."""

    code = "base_changed"


class AboveShare(DomainError):
    """超出比例: a group's number is above its share; facts: group, number, most."""

    code = "above_share"


class InPool(DomainError):
    """已参加统筹: the unit shares its numbers with others; facts: unit, the pool's."""

    code = "in_pool"


class ItemsOverlap(DomainError):
    """信息项期间重叠: of this kind a person has one item at a time."""

    code = "items_overlap"


class BeforeItem(DomainError):
    """早于现有信息项: the day lies before the beginning of the item it ends; facts: day."""

    code = "before_item"


class SeatTaken(DomainError):
    """编制号已被占用: the numbered seat is held by somebody else on that day."""

    code = "seat_taken"


class AlreadyEngaged(DomainError):
    """已聘为编外人员: the person is engaged without a seat on that day, here or elsewhere."""

    code = "already_engaged"


class NotEngaged(DomainError):
    """未聘为编外人员: the unit engages nobody such."""

    code = "not_engaged"


class NotSeated(DomainError):
    """未在编: the person holds no seat to leave or to change."""

    code = "not_seated"


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


class UnitLoop(DomainError):
    """隶属成环: a unit cannot come under itself or under a unit below it."""

    code = "unit_loop"


class SameSuperior(DomainError):
    """隶属关系未变: the unit belongs there already."""

    code = "same_superior"


class ChildrenElsewhere(DomainError):
    """所属机构不在该区划内: bodies below the unit would lie outside its new region."""

    code = "children_elsewhere"


class CasesWithoutDestination(DomainError):
    """在办业务无去向: cases or permits of a unit that ends would have nowhere to go; facts: count, cases."""

    code = "cases_without_destination"


class PartsExceed(DomainError):
    """其中数超过总数: the parts of a number exceed it; facts: authorised, parts."""

    code = "parts_exceed"


class PoolExhausted(DomainError):
    """总量不足: the region's total (or reserve) has no room; facts: total, distributed, wanted."""

    code = "pool_exhausted"


class PoolBelowUse(DomainError):
    """总量低于已分配数: the new total is below what is distributed or lent; facts: total, distributed."""

    code = "pool_below_use"


class MoveAbove(DomainError):
    """划出数超过核定数: more numbers are to go than the line has; facts: authorised, number."""

    code = "move_above"


class DocumentUsed(DomainError):
    """文号已用: this document has made this change already; facts: document_no."""

    code = "document_used"


class NoSurplus(DomainError):
    """没有超编: there is nothing to absorb; facts: authorised, occupied."""

    code = "no_surplus"


class SeatsReserved(DomainError):
    """有预留席位: running cases hold seats of the line; facts: reserved."""

    code = "seats_reserved"


class WrongCategory(DomainError):
    """编制类型不符: the seat category does not fit this kind of unit or this person."""

    code = "wrong_category"


class LaterEntries(DomainError):
    """其后已有记录: later entries rest on this one; reverse them first."""

    code = "later_entries"


class SameDepartment(DomainError):
    """已在该内设机构: the person's seat is in this department already."""

    code = "same_department"


class NotYetOpen(DomainError):
    """机构尚未设立: the day lies before the body or department was opened; facts: day."""

    code = "not_yet_open"


class AlreadyAbsent(DomainError):
    """已有未结束的离岗登记: the person is away on these days already."""

    code = "already_absent"


class NotAbsent(DomainError):
    """未登记离岗: the person is not away, or was not yet on that day."""

    code = "not_absent"


class CertificateExists(DomainError):
    """已有有效管理证: a first one is issued once; facts: number."""

    code = "certificate_exists"


class CertificateMissing(DomainError):
    """无有效管理证: nothing to change, to replace or to stamp."""

    code = "certificate_missing"


class OrganLimit(DomainError):
    """机构超限额: one body more than the division may have; facts: region, category, most, bodies, document_no."""

    code = "organ_limit"


class CoLocatedTwice(DomainError):
    """合署: one of the two shares a roof already; a group has one host. Facts: unit, partner."""

    code = "co_located_twice"


class OnAgenda(DomainError):
    """已列入议题: the case stands on another meeting's agenda that is not settled yet."""

    code = "on_agenda"


class CommissionFirst(DomainError):
    """先经编委会: a settled meeting has not said this of the case on its present facts."""

    code = "commission_first"


class BadUscc(DomainError):
    """统一社会信用代码校验不符: its check character is another one (GB 32100-2015)."""

    code = "bad_uscc"
