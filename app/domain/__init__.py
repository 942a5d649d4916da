"""The rules of establishment work as pure functions: no database, no web framework, no clock."""
