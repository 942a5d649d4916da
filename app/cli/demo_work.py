"""示范城市的一天: what its offices have done and what waits on every desk, so that whoever signs in finds the city at work."""

from collections.abc import Callable

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
