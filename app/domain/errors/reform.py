# ruff: noqa: N818 - a refusal is named after its rule, not after being an error.
"""拒绝 of a reform: what its steps name, their order, a trial that gives way."""

from app.domain.errors.base import DomainError


class ReformKey(DomainError):
    """所引步骤不存在: a step names what no step before it has made."""

    code = "reform_key"


class ReformLine(DomainError):
    """所引编制线不存在: a step names an establishment line that is not there when its turn comes."""

    code = "reform_line"


class ReformOrder(DomainError):
    """前一期未生效: a phase takes effect after the one before it."""

    code = "reform_order"


class ReformBusy(DomainError):
    """台账正忙: somebody is working on these units; a trial does not wait."""

    code = "reform_busy"


class ReformSlow(DomainError):
    """试算超时: the trial would hold the lines of its bodies longer than is allowed."""

    code = "reform_slow"
