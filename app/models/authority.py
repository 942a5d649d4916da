"""Who may decide, and what was decided: written by definer functions only."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, blob, day, document, instant, integer, intpk, now, ref, string


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
            "kind in ('unit_clerk', 'unit_head', 'office_member', 'office_head', 'person',"
            " 'system_admin', 'security_admin', 'auditor', 'service')",
            name="kind",
        ),
        CheckConstraint("(kind in ('unit_clerk', 'unit_head')) = (unit_id is not null)", name="unit"),
        CheckConstraint("kind not in ('office_member', 'office_head') or office_id is not null", name="office"),
        CheckConstraint("(kind = 'person') = (person_id is not null)", name="person"),
        CheckConstraint("ended_on >= started_on", name="period"),
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
    started_on: Mapped[day]
    ended_on: Mapped[day | None]


class SignIn(Base):
    """会话: an open session; the cookie's token is held only as its hash."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_user", "user_id"),)

    token_hash: Mapped[blob] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[now]
    expires_at: Mapped[instant]
    closed_at: Mapped[instant | None]
    address: Mapped[string | None]


class ScopeKey(Base):
    """签名密钥: signs the identity of a transaction; no role but the owner reads it."""

    __tablename__ = "scope_key"

    id: Mapped[integer] = mapped_column(primary_key=True, autoincrement=False)
    secret: Mapped[string]


class ProcessVersion(Base):
    """流程版本: an immutable published definition, and the approvals without which a movement never happens."""

    __tablename__ = "process_version"
    __table_args__ = (UniqueConstraint("process", "version", name="uq_process_version_number"),)

    id: Mapped[intpk]
    process: Mapped[string]
    version: Mapped[integer]
    definition: Mapped[document]
    requirements: Mapped[document]
    hash: Mapped[string]
    published_at: Mapped[now]


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
        CheckConstraint("verdict in ('approve', 'return', 'reject')", name="verdict"),
        CheckConstraint("(office_id is null) <> (unit_id is null)", name="side"),
        Index("ix_decision_case", "case_id", "id"),
    )

    id: Mapped[intpk]
    case_id: Mapped[ref] = mapped_column(ForeignKey("application.id"))
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"))
    verdict: Mapped[string]
    opinion: Mapped[string]
    facts_hash: Mapped[string]
    checks: Mapped[document]
    address: Mapped[string | None]
    decided_at: Mapped[now]
