"""One difference between what stands in the tables and what the chains prove."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Where it is and what should stand there; ``chain`` is ``unit:7``, ``person:9`` or ``audit:3`` where one is known."""

    whose: str
    table: str
    row: str
    column: str
    found: str
    expected: str
    sequence: int | None = None
    chain: str = ""

    def sentence(self) -> str:
        """The finding in one line."""
        at = f"（流水第 {self.sequence} 条）" if self.sequence else ""
        return f"{self.whose}{at}：{self.table} {self.row} 的 {self.column}：现为 {self.found}，应为 {self.expected}"
