"""What is done again and again while a server lives, once each: effects of the day, mail, alarms."""

import click

from app.alarms import engine
from app.cli import settings
from app.domain.workdays import city_today
from app.workflow import due, mail, parts, permits, rescue


def effect_once() -> int:
    """Post the approved cases whose day has come and end lapsed permits, each in its own transaction, as the worker."""
    done = 0
    with settings.databases() as (database, signin):
        identity = signin.open_service("svc-worker")
        for case_id, refusal in due.post_due(database, identity):
            if refusal is None:
                done += 1
            else:
                click.echo(f"案件 {case_id} 未能生效：{refusal.code}", err=True)
        for permit in permits.lapse_due(database, identity):
            click.echo(f"控编单 {permit} 已失效，未用席位已释放。")
        for part, gone, refusal in parts.expire_due(database, identity):
            click.echo(f"临时编制 {part} 到期：收回 {gone} 名{f'，未能收回：{refusal.code}' if refusal else ''}。")
        rescue.watch(database, identity)
        due.escalate(database, identity)
        for case_id, refusal in due.lapse_due(database, identity):
            if refusal is not None:
                click.echo(f"案件 {case_id} 未能释放：{refusal.code}", err=True)
        due.tell_amber(database, identity)
        due.tell_late(database, identity)
    return done


def mail_once() -> int:
    """Send the mail that is due, where a mail server is set up; says how many letters left."""
    to = settings.mail_server()
    if to is None:
        return 0
    with settings.databases() as (database, signin):
        return mail.send_due(database, signin.open_service("svc-worker"), to)


def alarms_once() -> None:
    """The full run that somebody asked for, and the units that movements touched since the last minute."""
    owner, today = settings.owner_url(), city_today()
    if engine.asked(owner):
        engine.sweep(owner, "full", today)
    engine.touched(owner, today)
