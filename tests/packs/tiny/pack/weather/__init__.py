"""Readings of the weather."""
