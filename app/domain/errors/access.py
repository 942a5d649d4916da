# ruff: noqa: N818 - a refusal is named after its rule, not after being an error.
"""拒绝 of access: who may, what was entered, files, sessions."""

from app.domain.errors.base import DomainError


class NotYourOffice(DomainError):
    """非本部门办理: the task belongs to another office."""

    code = "not_your_office"
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


class Busy(DomainError):
    """同时办理: two people changed the same things at one moment and each waited for the other; nothing was written."""

    code = "busy"


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
