"""核验所见: one difference between what the tables hold and what they should."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between the tables and what the chains prove."""

    whose: str
    table: str
    row: str
    column: str
    found: str
    expected: str
    sequence: int | None = None

    def sentence(self) -> str:
        """The finding in one line."""
        at = f"（流水第 {self.sequence} 条）" if self.sequence else ""
        return f"{self.whose}{at}：{self.table} {self.row} 的 {self.column}：现为 {self.found}，应为 {self.expected}"
