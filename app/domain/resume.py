"""简历: a person's way as lines of periods, made from the seats, positions and ranks that the ledger and the record know.

A line ends where anything of it changes; neighbours that say the same are one. Gaps are said, not closed: what is not in
the ledger is 未登记, as the form of appointments (干部任免审批表) has to account for every year.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Something that held for a period (the last day left out; None: it holds): where a person sat, or what he was."""

    start: dt.date
    end: dt.date | None
    text: str

    def on(self, day: dt.date) -> bool:
        """Whether it held on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a résumé."""

    start: dt.date
    end: dt.date | None
    text: str

    @property
    def period(self) -> str:
        """The period as the form writes it: ``2016.01—2020.05``."""
        return f"{self.start:%Y.%m}—{f'{self.end:%Y.%m}' if self.end else '　　　'}"


UNKNOWN = "（经历未登记）"


def together(places: Iterable[str], titles: Iterable[str]) -> str:
    """Where somebody sits and what he is there, in one line: what the place says already no title says again.

    A position of a department names it (办公室主任); behind 甲局办公室 it is 主任.
    """
    where = list(dict.fromkeys(places))
    what = [_without(title, where) for title in titles]
    return " ".join([*where, "、".join(dict.fromkeys(what))]).strip()


def _without(title: str, places: Iterable[str]) -> str:
    for place in places:
        for long in range(min(len(place), len(title) - 1), 1, -1):
            if place.endswith(title[:long]):
                return title[long:].lstrip(" ·") or title
    return title


def resume(
    places: Iterable[Span],
    titles: Iterable[Span],
    upto: dt.date,
    since: dt.date | None = None,
    beside: Iterable[Span] = (),
) -> list[Line]:
    """The lines from the first day known (``since``: the start of work) up to a day.

    ``places`` are units and departments, ``titles`` positions and ranks in the order in which a line names them;
    ``beside`` (学习、借调、挂职) is added to the lines of its time in brackets.
    """
    known, named, also = list(places), list(titles), list(beside)
    everything = [*known, *named, *also]
    edges = {s.start for s in everything} | {s.end for s in everything if s.end} | ({since} if since else set())
    days = sorted(d for d in edges if d <= upto)
    out: list[Line] = []
    for n, day in enumerate(days):
        end = days[n + 1] if n + 1 < len(days) else None
        where = [s.text for s in known if s.on(day)]
        what = list(dict.fromkeys(s.text for s in named if s.on(day)))
        more = list(dict.fromkeys(s.text for s in also if s.on(day)))
        if not (where or what or more) and end is None:
            continue  # nothing since the last of it ended
        said = together(where, what) or ("" if more else UNKNOWN)
        said += f"（{'；'.join(more)}）" if more else ""
        if out and out[-1].text == said and out[-1].end == day:
            out[-1] = Line(out[-1].start, end, said)
        else:
            out.append(Line(day, end, said))
    return out
