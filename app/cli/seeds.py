"""种子数据: regions, offices, rules, roles, calendar, published processes; planting twice changes nothing."""

from sqlalchemy import Connection


def plant(connection: Connection) -> None:
    """Plant everything a new city needs before its first person."""
