"""邮件提醒: the letters that notices become, and how they leave. No personal data: process, number, unit, one line, link."""

import datetime as dt
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.domain.workdays import CITY_CLOCK

# What each kind of notice is called, and its one line of why; the inbox says the same (app/views/inbox.py).
SAYS: dict[str, tuple[str, str]] = {
    "task": ("新待办", "请办理。"),
    "handed_over": ("转交给你", "同事把这项待办转交给你。"),
    "urged": ("已催办", "申报人催办。"),
    "amber": ("即将到期", "办理时限将在一个工作日内届满。"),
    "escalated": ("超期，报负责人", "办理时限已过，尚未办理。"),
    "countersign": ("待会签", "同事已同意，须由部门负责人会签。"),
    "papers_answered": ("已补交材料", "申报人已补交所要求的材料。"),
    "returned": ("退回补正", "请补正后重新提交。"),
    "away_due": ("离岗即将期满", "请登记返回或申请延期。"),
    "verification": ("年度核查", "请逐行核对名册并确认。"),
    "papers_requested": ("要求补充材料", "请补交材料；补交期间不计办理时限。"),
    "suspended": ("依法中止", "中止期间不计办理时限。"),
    "resumed": ("恢复办理", "办理时限继续计算。"),
    "confirm_arrival": ("待确认报到", "已批准：人员报到时请确认报到日期。"),
    "approved": ("已批准，待生效", "各部门均已同意，无需操作。"),
    "effected": ("已生效", "台账已变更，可打印办理结果。"),
    "rejected": ("不予批准", "业务已办结。"),
    "lapsed": ("未报到，编制已释放", "逾期未报到；如仍需用编，请重新申请。"),
    "acknowledge": ("生效后待确认", "事项已生效，请贵部门确认。"),
    "taken_over": ("并入单位已转入", "其人员、编制、在办业务和草稿已转入贵单位，请查看。"),
    "hats_ended": ("账号随机构撤销终止", "需要在承接机构办理业务的，请提出授权。"),
    "alarm": ("报警", "违反规则或发现差异，请查看并处理。"),
}
# Trials of one run in a row that the server refused: it is down, and everything waits for the next run.
DOWN_AFTER = 3


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in: ``security`` is ``tls``, ``starttls`` or ``none``; ``link`` this system's own address."""

    host: str
    port: int
    security: str
    sender: str
    link: str
    user: str = ""
    password: str = ""
    timeout: float = 20

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter in.

        Raises:
            smtplib.SMTPException, OSError: it was not taken; see ``is_final``.
        """
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
            if self.security == "tls"
            else smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        ) as wire:
            if self.security == "starttls":
                wire.starttls(context=context)
            if self.user:
                wire.login(self.user, self.password)
            wire.send_message(letter)


class Sender(Protocol):
    """Whatever hands letters in, and knows how they are signed."""

    @property
    def sender(self) -> str:
        """The address that letters come from."""

    @property
    def link(self) -> str:
        """This system's own address."""

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter in, or raise."""


def letter_of(rows: list[Any], server: Sender) -> EmailMessage:
    """One letter: a notice at once, or a day's summary; its Message-ID is the same at each repetition."""
    first, daily = rows[0], rows[0].way == "daily"
    letter = EmailMessage()
    title = SAYS.get(first.kind, (first.kind, ""))[0]
    letter["Subject"] = (
        f"【编制】今日提醒 {len(rows)} 条" if daily else f"【编制】{title} {first.number or ''}".rstrip()
    )
    letter["From"], letter["To"] = server.sender, first.address
    letter["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    letter["Message-ID"] = f"<notice-{first.mail_id}-{first.way}@{server.sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    lines = [part for row in rows for part in (*_said(row, server.link), "")]
    letter.set_content("\n".join([*lines, "本邮件由系统自动发送，请勿回复。提醒方式可在“我的账户 → 邮件提醒”中更改。"]))
    return letter


def _said(row: Any, link: str) -> Iterator[str]:
    title, why = SAYS.get(row.kind, (row.kind, ""))
    yield f"{title}（{row.at.astimezone(CITY_CLOCK):%Y-%m-%d %H:%M}）"
    about = " ".join(x for x in (row.process, row.number, row.unit) if x)
    if about:
        yield about
    yield row.rule or why
    yield f"{link}/case/{row.case_id}" if row.case_id else f"{link}/inbox"


def is_final(error: Exception) -> bool:
    """Whether trying again is no use: the server knows the address, or the letter, and refuses it for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _said in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def send_one(session: Session, server: Sender) -> bool | None:
    """Send the next letter that is due, in the transaction that claims and settles it; None when none waits."""
    rows = session.execute(text("SELECT * FROM mail_claim()")).all()
    if not rows:
        return None
    problem: Exception | None = None
    try:
        server.send(letter_of(list(rows), server))
    except (smtplib.SMTPException, OSError) as error:
        problem = error
    session.execute(
        text("SELECT mail_settle(:i, :e, :f)"),
        {
            "i": [r.mail_id for r in rows],
            "e": None if problem is None else f"{type(problem).__name__}: {problem}",
            "f": problem is not None and is_final(problem),
        },
    )
    return problem is None


def send_due(database: Database, identity: Identity, server: Sender, *, most: int = 500) -> int:
    """Send what is due, each letter in a transaction of its own; says how many left."""
    sent, refused = 0, 0
    for _number in range(most):
        with database.transaction(identity) as session:
            left = send_one(session, server)
        if left is None:
            break
        sent += left
        refused = 0 if left else refused + 1
        if refused >= DOWN_AFTER:
            break
    return sent
