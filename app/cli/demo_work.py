"""示范城市的一天: what its offices have done and what waits on every desk, so that whoever signs in finds the city at work."""

from collections.abc import Callable

from sqlalchemy import Connection, text

from app.cli import demo_cases, demo_office
from app.cli.demo_desks import Desks


def work(desks: Desks, sweep: Callable[[], object]) -> dict[str, int]:
    """Everybody's applications and decisions, once; the cases by what they show. A city in which work began is left as it is.

    Args:
        desks: the demonstration's people.
        sweep: runs the alarm rules; afterwards one alarm is put right.
    """
    if desks.value("SELECT 1 FROM application WHERE process <> 'opening' LIMIT 1"):
        return {}
    made = demo_cases.city(desks) | demo_cases.districts(desks)
    demo_office.totals(desks)
    demo_office.ending(desks)
    made |= demo_office.numbers(desks) | demo_office.documents(desks)
    if (case := demo_office.certificate(desks)) is not None:
        made["certificate"] = case
    demo_office.plan(desks)
    demo_cases.answered(desks)
    sweep()
    return made | demo_office.alarms(desks)


def waited(connection: Connection, case: int, days: int) -> None:
    """Let a running case have been submitted some days ago, so that a missed limit can be seen on the first day.

    The kernel takes the day from the clock alone and lets nobody date a case back; this is the one thing in the demonstration
    that is done beside it: by the owner, to a case that moved nothing yet, with the guards of case and task off for the length
    of this transaction and the change of structure on record. Limits are reckoned anew by the kernel's own triggers.
    """
    connection.execute(text("SET LOCAL bianzhi.deployment = 'on'"))
    back = "make_interval(days => :n)"
    for table, guard, changes, whose in (
        (
            "application",
            "guard_application",
            f"created_at = created_at - {back}, submitted_at = submitted_at - {back}",
            "id",
        ),
        ("task", "guard_task", f"opened_at = opened_at - {back}, still = still", "application_id"),
        ("application_event", "", f"at = at - {back}", "application_id"),
    ):
        if guard:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {guard}"))
        connection.execute(text(f"UPDATE {table} SET {changes} WHERE {whose} = :c"), {"n": days, "c": case})
        if guard:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {guard}"))
