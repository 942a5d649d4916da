"""消息: what a side should know, and who has read it. Written by triggers of the kernel (090_notices.sql)."""

from sqlalchemy import ARRAY, CheckConstraint, Computed, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, instant, intpk, now, path, ref, string

# One key of whom a notice is for, so that one ordered index serves every reader (the same words: my_side()).
SIDE = "coalesce('o' || office_id::text, 'u' || unit_id::text, 'p' || person_id::text, duty)"


class Notice(Base):
    """消息: to an office, a unit, a person or a duty (三员).

    ``user_id`` narrows it to one of them, ``hat`` to one kind of account (a head, a competent department); without it a
    competent department reads none of its unit's.

    No personal data: the case's title is read from the case, by its own policy. ``settled_at``: what it asked for has
    been done, by whomever.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("num_nonnulls(office_id, unit_id, person_id, duty) = 1", name="side"),
        CheckConstraint("duty in ('system_admin', 'security_admin', 'auditor')", name="duty"),
        Index("ix_notice_side", "side", "id"),
        Index(
            "ix_notice_open",
            "side",
            "id",
            postgresql_include=["user_id", "hat", "scope_path"],
            postgresql_where="settled_at is null",
        ),
        Index("ix_notice_case", "case_id", "kind", postgresql_where="settled_at is null"),
        Index("ix_notice_alarm", "alarm_id", postgresql_where="alarm_id is not null"),
        Index("uq_notice_amber", "task_id", unique=True, postgresql_where="kind = 'amber'"),
    )

    id: Mapped[intpk]
    at: Mapped[now]
    kind: Mapped[string]
    office_id: Mapped[ref | None] = mapped_column(ForeignKey("office.id"))
    unit_id: Mapped[ref | None] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[ref | None] = mapped_column(ForeignKey("person.id"))
    duty: Mapped[string | None]
    user_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("ab_user.id"))
    hat: Mapped[string | None]
    case_id: Mapped[ref | None] = mapped_column(ForeignKey("application.id"))
    task_id: Mapped[ref | None] = mapped_column(ForeignKey("task.id"))
    alarm_id: Mapped[ref | None] = mapped_column(ForeignKey("alarm.id"))
    why: Mapped[string | None]
    scope_path: Mapped[path]
    settled_at: Mapped[instant | None]
    side: Mapped[string] = mapped_column(Computed(SIDE, persisted=True))


class NoticeRead(Base):
    """已读: one account has opened one notice."""

    __tablename__ = "notice_read"

    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    notice_id: Mapped[ref] = mapped_column(
        ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[now]


class NoticeMark(Base):
    """全部已读: up to which notice an account has marked everything as read."""

    __tablename__ = "notice_mark"

    account_id: Mapped[ref] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    upto: Mapped[ref]
    at: Mapped[now]


class MailSetting(Base):
    """邮件提醒: where a user's notices are sent as e-mail, and which kinds at once or once a day."""

    __tablename__ = "mail_setting"
    __table_args__ = (
        CheckConstraint(
            r"address ~ '^[^@[:space:]<>,;:\"()]{1,64}@[A-Za-z0-9.-]{3,180}$'",
            name="address",
        ),
        CheckConstraint("not immediate && daily", name="ways"),
    )

    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    address: Mapped[string]
    immediate: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    daily: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    changed_at: Mapped[now]


class Mail(Base):
    """待发邮件: one notice for one user, at once or in the next day's summary; sent at least once, tried again."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("way in ('immediate', 'daily')", name="way"),
        CheckConstraint("state in ('waiting', 'sent', 'failed', 'dropped')", name="state"),
        Index("ix_mail_waiting", "due_at", "id", postgresql_where="state = 'waiting'"),
        Index("ix_mail_user", "user_id", "id", postgresql_where="state = 'waiting'"),
        Index("ix_mail_failed", "id", postgresql_where="state = 'failed'"),
        Index("ix_mail_notice", "notice_id"),
    )

    id: Mapped[intpk]
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    notice_id: Mapped[ref] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    way: Mapped[string]
    state: Mapped[string] = mapped_column(server_default="waiting")
    due_at: Mapped[instant]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[string | None]
    made_at: Mapped[now]
    ended_at: Mapped[instant | None]
