"""差错: what is wrong with a file, named by row and column."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """差错: the row as the file counts it (0: the file as a whole), the column's name, a code, what was found (masked)."""

    row: int
    column: str
    code: str
    found: str = ""
    related: int = 0

    def as_json(self) -> dict[str, str | int]:
        """As the report keeps it."""
        return asdict(self)

    @classmethod
    def wrong_sheet(cls, sheet: str, others: Sequence[str]) -> "Flaw":
        """The sheet that was read has no list; ``others`` may have it."""
        return cls(1, sheet[:40], "wrong_sheet", "、".join(others)[:80])


class Flawed(Exception):  # noqa: N818 - a finding, not an error of ours
    """文件有误: the file cannot be read beyond this."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.code)
        self.flaw = flaw
