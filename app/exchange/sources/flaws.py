"""差错: what is wrong with a file, named by row and column."""

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


class Flawed(Exception):  # noqa: N818 - a finding, not an error of ours
    """文件有误: the file cannot be read beyond this."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.code)
        self.flaw = flaw
