"""Reads: frozen dataclasses for pages; nothing here changes anything."""
