"""拒绝: what every refusal is."""

from typing import Any, ClassVar


class DomainError(Exception):
    """业务拒绝: a rule says no; ``facts`` hold the figures the sentence for the reader needs."""

    code: ClassVar[str] = "domain_error"
    http_status: ClassVar[int] = 409

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts: dict[str, Any] = facts

    def __str__(self) -> str:
        if not self.facts:
            return self.code
        return f"{self.code}: " + ", ".join(f"{name}={value!r}" for name, value in self.facts.items())

    def __reduce__(self) -> tuple[Any, ...]:
        from app.domain.errors import from_code  # the whole table, known once all are

        return from_code, (self.code, self.facts)
