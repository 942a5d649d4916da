"""沿革图: bodies as lanes over time, each name a stretch of its lane, successions as curves; SVG made here, no script.

The picture is for the eye; the table beside it says the same, and the picture names itself for readers that do not see it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, LANE, LEFT, TOP = 960, 58, 16, 34


@dataclass(frozen=True, slots=True)
class Stretch:
    """One name of a body, from a day to a day (none: it still holds)."""

    unit: int
    name: str
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class Link:
    """Who goes on as whom, on which day."""

    source: int
    target: int
    day: dt.date


def lanes(stretches: Sequence[Stretch]) -> dict[int, int]:
    """The lane of each body, in the order in which they begin."""
    found: dict[int, int] = {}
    for s in sorted(stretches, key=lambda s: (s.start, s.unit)):
        found.setdefault(s.unit, len(found))
    return found


def picture(stretches: Sequence[Stretch], links: Sequence[Link], own: int, today: dt.date, title: str) -> Markup:
    """The picture; empty where nothing is known."""
    if not stretches:
        return Markup("")
    rows = lanes(stretches)
    first = min(s.start for s in stretches)
    days = max((today - first).days, 1)

    def x(day: dt.date) -> int:
        return LEFT + round((WIDTH - 2 * LEFT) * min(max((day - first).days, 0), days) / days)

    def y(unit: int) -> int:
        return TOP + LANE * rows[unit] + 30

    height = TOP + LANE * len(rows) + 12
    parts = [_years(first, today, x, height)]
    parts += [_curve(x(k.day), y(k.source), y(k.target)) for k in links if k.source in rows and k.target in rows]
    parts += [
        _stretch(s, x(s.start), x(s.end or today), y(s.unit), own=s.unit == own, alive=s.end is None) for s in stretches
    ]
    return Markup(
        '<svg class="bz-lineage" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}" font-size="13">{}</svg>'
    ).format(WIDTH, height, WIDTH, height, title, Markup("").join(parts))


def _years(first: dt.date, today: dt.date, x: Callable[[dt.date], int], height: int) -> Markup:
    """Lines of years, eight at most."""
    step = max(1, -(-(today.year - first.year + 1) // 8))
    return Markup("").join(
        Markup(
            '<line x1="{0}" y1="20" x2="{0}" y2="{1}" stroke="#d0d4da"/><text x="{0}" y="14" text-anchor="middle"'
            ' fill="#4b5563">{2}</text>'
        ).format(x(dt.date(year, 1, 1)), height, year)
        for year in range(first.year + 1, today.year + 1, step)
    )


def _stretch(s: Stretch, x1: int, x2: int, y: int, *, own: bool, alive: bool) -> Markup:
    """One name: a bar with its beginning, the name above it; the name stays inside the picture."""
    colour = "#1c4587" if own else "#5b6b82"
    end = max(x2, x1 + 3)
    anchor = "end" if x1 > WIDTH * 0.6 else "start"
    mark = (
        Markup("")
        if alive
        else Markup('<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="3"/>').format(
            end, y - 8, y + 8, colour
        )
    )
    return Markup(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="6"/><circle cx="{}" cy="{}" r="5" fill="{}"/>{}'
        '<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>'
    ).format(x1, y, end, y, colour, x1, y, colour, mark, x1, y - 11, anchor, colour, s.name)


def _curve(x: int, y1: int, y2: int) -> Markup:
    """From the lane that ends to the lane that goes on."""
    bend = x - 26 if x > 60 else x + 26
    return Markup(
        '<path d="M {0} {1} C {2} {1}, {2} {3}, {0} {3}" fill="none" stroke="#9a5b00" stroke-width="2"/>'
    ).format(x, y1, bend, y2)
