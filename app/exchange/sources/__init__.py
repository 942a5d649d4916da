"""数据来源导入: lists of other offices (Excel, CSV, DBF) read, mapped to fields, checked row by row, entered whole or not at all."""

from app.exchange.sources.check import Checked, check
from app.exchange.sources.flaws import Flaw, Flawed
from app.exchange.sources.load import enter, refuse, units_of
from app.exchange.sources.mapping import propose
from app.exchange.sources.tables import Table, read

__all__ = ["Checked", "Flaw", "Flawed", "Table", "check", "enter", "propose", "read", "refuse", "units_of"]
