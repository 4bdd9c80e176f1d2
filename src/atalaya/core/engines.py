"""The names of what can count the evidence. They stand apart, so that the help imports no engine."""

from __future__ import annotations

DUCKDB, SPARK = ENGINES = ("duckdb", "spark")
