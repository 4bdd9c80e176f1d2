"""Exports: asking for them, their statuses, lists and files."""
