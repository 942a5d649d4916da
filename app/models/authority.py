"""Who may decide, and what was decided: written by definer functions only."""

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, blob, day, document, instant, integer, intpk, now, ref, string

ADMINISTRATORS = ("system_admin", "security_admin", "auditor")


def duty_apart(kind: str) -> ExcludeConstraint:
    """三员分立: on no day, past or to come, does a user hold this duty beside any other.

    One duty is [1,2), all others are [0,1): only two different ones are adjacent.
    """
    duty = f"int4range((kind = '{kind}')::int, (kind = '{kind}')::int + 1)"
    return ExcludeConstraint(
        (text("int8range(user_id, user_id, '[]')"), "&&"),
        (text("daterange(started_on, ended_on)"), "&&"),
        (text(duty), "-|-"),
        name=f"ex_account_{kind}",
        using="gist",
    )


class Office(Base):
    """办理部门: 编办, 组织部, 人社, 财政, 社保 of the city or a district."""

    __tablename__ = "office"
    __table_args__ = (
        UniqueConstraint("kind", "region_code", name="uq_office_kind"),
        CheckConstraint(
            "kind in ('establishment', 'organisation', 'human_resources', 'finance', 'social_insurance')",
            name="kind",
        ),
    )

    id: Mapped[intpk]
    kind: Mapped[string]
    region_code: Mapped[string] = mapped_column(ForeignKey("region.code"))
    name: Mapped[string]


class Account(Base):
    """身份: one hat of a user, from a date to a date: a unit's, an office's, a person's, the system's."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "kind in ('unit_clerk', 'unit_head', 'office_member', 'office_head', 'person', 'town_officer',"
            " 'supervisor', 'inspector', 'system_admin', 'security_admin', 'auditor', 'service')",
            name="kind",
        ),
        CheckConstraint("(kind in ('unit_clerk', 'unit_head', 'supervisor')) = (unit_id is not null)", name="unit"),
        CheckConstraint("(kind in ('town_officer', 'inspector')) = (region_code is not null)", name="region"),
        CheckConstraint("kind not in ('office_member', 'office_head') or office_id is not null", name="office"),
        CheckConstraint("(kind = 'person') = (person_id is not null)", name="person"),
        CheckConstraint("ended_on >= started_on", name="period"),
        *(duty_apart(kind) for kind in ADMINISTRATORS),
        Index("ix_account_user", "user_id"),
        Index("ix_account_office", "office_id"),
        Index("ix_account_unit", "unit_id"),
    )

    id: Mapped[intpk]
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    kind: Mapped[string]
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    region_code: Mapped[string | None] = mapped_column(ForeignKey("region.code"))
    started_on: Mapped[day]
    ended_on: Mapped[day | None]
    # 委托: the account in whose place this one acts; it ends with that one.
    delegated_from: Mapped[ref | None] = mapped_column(ForeignKey("account.id"))


class IdentityRule(Base):
    """身份规则: personnel classes and column groups of a kind of identity, as app/security/columns.py declares them."""

    __tablename__ = "identity_rule"

    kind: Mapped[string] = mapped_column(primary_key=True)
    office_kind: Mapped[string] = mapped_column(primary_key=True)
    classes: Mapped[string]
    groups: Mapped[string]


class NamedAccess(Base):
    """指名授权: an account that sees one unit by name: a not-for-network unit, or one outside its ranges."""

    __tablename__ = "named_access"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="period"),
        Index("ix_named_access_account", "account_id"),
    )

    id: Mapped[intpk]
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    unit_id: Mapped[ref] = mapped_column(ForeignKey("unit.id"))
    started_on: Mapped[day]
    ended_on: Mapped[day | None]


class GrantRequest(Base):
    """授权申请: an identity, or a named access of one, proposed by one administrator and settled by another."""

    __tablename__ = "grant_request"
    __table_args__ = (
        CheckConstraint("state in ('open', 'approved', 'rejected')", name="state"),
        CheckConstraint("(kind is null) <> (account_id is null)", name="subject"),
        CheckConstraint("(state = 'open') = (decided_by is null)", name="decided"),
        CheckConstraint(
            "decided_by <> proposed_by and proposed_by <> user_id and decided_by <> user_id", name="people"
        ),
        Index("ix_grant_request_open", "id", postgresql_where="state = 'open'"),
        Index("ix_grant_request_user", "user_id"),
    )

    id: Mapped[intpk]
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    kind: Mapped[string | None]
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    region_code: Mapped[string | None] = mapped_column(ForeignKey("region.code"))
    account_id: Mapped[ref | None] = mapped_column(ForeignKey("account.id"))
    started_on: Mapped[day]
    ended_on: Mapped[day | None]
    state: Mapped[string] = mapped_column(server_default="open")
    proposed_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    proposed_at: Mapped[now]
    decided_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    decided_at: Mapped[instant | None]
    note: Mapped[string | None]


class Lookup(Base):
    """查找计数: how often an account looked a person up by ID number, by the hour."""

    __tablename__ = "lookup"

    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"), primary_key=True)
    hour: Mapped[instant] = mapped_column(primary_key=True)
    number: Mapped[integer]


class SignIn(Base):
    """会话: a session, open or on its way through the steps of sign-in; the cookie's token is held only as its hash."""

    __tablename__ = "sign_in"
    __table_args__ = (
        UniqueConstraint("id", name="uq_sign_in_id"),
        CheckConstraint("stage in ('factor', 'enrol', 'password', 'open')", name="stage"),
        CheckConstraint("way in ('password', 'ldap', 'oidc', 'service')", name="way"),
        Index("ix_sign_in_user", "user_id"),
    )

    token_hash: Mapped[blob] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[now]
    expires_at: Mapped[instant]
    closed_at: Mapped[instant | None]
    address: Mapped[string | None]
    id: Mapped[ref] = mapped_column(Identity())
    stage: Mapped[string] = mapped_column(server_default="open")
    way: Mapped[string] = mapped_column(server_default="service")
    factor: Mapped[bool] = mapped_column(server_default="false")
    factor_kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    agent: Mapped[string | None]
    last_seen_at: Mapped[now]
    proved_at: Mapped[instant | None]


class Credential(Base):
    """凭据: what a user proves identity with beside the password; no row is no second factor and nothing to change."""

    __tablename__ = "credential"
    __table_args__ = (CheckConstraint("totp_on is null or totp_secret is not null", name="totp"),)

    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    must_change: Mapped[bool] = mapped_column(server_default="false")
    totp_secret: Mapped[blob | None]
    totp_on: Mapped[instant | None]
    totp_step: Mapped[ref | None]


class RecoveryCode(Base):
    """恢复码: serves once in place of a lost device; held only as its hash."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    code_hash: Mapped[blob] = mapped_column(primary_key=True)
    used_at: Mapped[instant | None]


class SignInAttempt(Base):
    """登录尝试: how often a name or an address (as hashes) has failed, and until when its door is shut."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_last_at", "last_at"),)

    key: Mapped[blob] = mapped_column(primary_key=True)
    failures: Mapped[integer]
    last_at: Mapped[instant]
    locked_until: Mapped[instant]


class ApiToken(Base):
    """接口令牌: lets a program read what one account reads, until a day; held only as its hash."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_api_token_hash"),
        CheckConstraint("scope in ('read')", name="scope"),
        CheckConstraint("expires_at > created_at and expires_at <= created_at + interval '366 days'", name="period"),
        Index("ix_api_token_user", "user_id"),
    )

    id: Mapped[intpk]
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    name: Mapped[string]
    token_hash: Mapped[blob]
    scope: Mapped[string]
    created_at: Mapped[now]
    expires_at: Mapped[instant]
    last_used_at: Mapped[instant | None]
    revoked_at: Mapped[instant | None]


class RateWindow(Base):
    """频次窗口: hits of one key in the running window, counted by all workers."""

    __tablename__ = "rate_window"
    __table_args__ = (Index("ix_rate_window_ends_at", "ends_at"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[string] = mapped_column(primary_key=True)
    hits: Mapped[integer]
    ends_at: Mapped[instant]


class ScopeKey(Base):
    """签名密钥: signs the identity of a transaction; no role but the owner reads it."""

    __tablename__ = "scope_key"

    id: Mapped[integer] = mapped_column(primary_key=True, autoincrement=False)
    secret: Mapped[string]


class ProcessVersion(Base):
    """流程版本: an immutable published definition, and the approvals without which a movement never happens."""

    __tablename__ = "process_version"
    __table_args__ = (
        UniqueConstraint("process", "version", name="uq_process_version_number"),
        UniqueConstraint("process", "shipped_version", name="uq_process_version_shipped"),
    )

    id: Mapped[intpk]
    process: Mapped[string]
    version: Mapped[integer]
    definition: Mapped[document]
    requirements: Mapped[document]
    hash: Mapped[string]
    published_at: Mapped[now]
    # The number under which a release brought it; none where the city made it.
    shipped_version: Mapped[integer | None]
    # From which day new cases take it; none: offered by a release beside a version of the city's own.
    holds_from: Mapped[day | None]


class ProcessDraft(Base):
    """流程草案: a definition on its way to a version: written by one administrator, published by another."""

    __tablename__ = "process_draft"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'proposed', 'published', 'dropped')", name="state"),
        CheckConstraint("(state = 'published') = (decided_by is not null)", name="decided"),
        CheckConstraint("decided_by <> proposed_by and decided_by <> edited_by", name="people"),
        CheckConstraint("(state = 'published') = (version_id is not null)", name="version"),
        Index("ix_process_draft_process", "process", "id"),
    )

    id: Mapped[intpk]
    process: Mapped[string]
    based_on: Mapped[ref] = mapped_column(ForeignKey("process_version.id"))
    definition: Mapped[document]
    state: Mapped[string] = mapped_column(server_default="draft")
    edited_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    created_at: Mapped[now]
    changed_at: Mapped[now]
    holds_from: Mapped[day | None]
    proposed_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    proposed_at: Mapped[instant | None]
    decided_by: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    decided_at: Mapped[instant | None]
    note: Mapped[string | None]
    version_id: Mapped[ref | None] = mapped_column(ForeignKey("process_version.id"))


class CaseRecord(Base):
    """案卷: what the kernel believes of a case; the facts that decisions were taken on."""

    __tablename__ = "case_record"
    __table_args__ = (
        CheckConstraint("status in ('filed', 'reserved', 'effected', 'closed')", name="status"),
        Index(
            "uq_case_record_running_person",
            "person_key",
            unique=True,
            postgresql_where="person_key is not null and status in ('filed', 'reserved')",
        ),
    )

    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"), primary_key=True, autoincrement=False)
    process_version_id: Mapped[ref] = mapped_column(ForeignKey("process_version.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    filed_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    revision: Mapped[integer]
    facts: Mapped[string]
    facts_hash: Mapped[string]
    person_key: Mapped[blob | None]
    status: Mapped[string]
    # Roles that nobody had to answer for, as the kernel found when it moved (032_routing.sql).
    passed_over: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    closed_reason: Mapped[string | None]


class CaseFacts(Base):
    """案由: every filed revision of a case's facts, kept."""

    __tablename__ = "case_facts"

    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"), primary_key=True, autoincrement=False)
    revision: Mapped[integer] = mapped_column(primary_key=True, autoincrement=False)
    facts: Mapped[string]
    facts_hash: Mapped[string]
    filed_by: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    filed_at: Mapped[now]


class CaseSecret(Base):
    """案件密文: the encrypted number of a case's person, apart from the hashed facts (its key may be changed)."""

    __tablename__ = "case_secret"

    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"), primary_key=True, autoincrement=False)
    id_type: Mapped[string]
    id_cipher: Mapped[blob]


class IndexAlias(Base):
    """换钥对照: an index under a former search key, and the same number's under the next one."""

    __tablename__ = "index_alias"
    __table_args__ = (Index("ix_index_alias_new", "new_index"),)

    old_index: Mapped[blob] = mapped_column(primary_key=True)
    new_index: Mapped[blob]


class Decision(Base):
    """办理意见: what an office (or a unit asked for consent) decided, on which facts."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(
            "verdict in ('approve', 'return', 'reject', 'take_back', 'request_papers', 'suspend', 'resume')",
            name="verdict",
        ),
        CheckConstraint("(office_id is null) <> (unit_id is null)", name="side"),
        Index("ix_decision_case", "case_id", "id"),
    )

    id: Mapped[intpk]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    # Under a delegation: in whose place.
    delegator_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    verdict: Mapped[string]
    opinion: Mapped[string]
    facts_hash: Mapped[string]
    checks: Mapped[document]
    address: Mapped[string | None]
    decided_at: Mapped[now]
