"""Waits for an export."""
