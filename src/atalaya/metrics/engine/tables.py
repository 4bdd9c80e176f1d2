"""The tables that questions are asked of: one for each kind of record, with the columns that the record declares.

Columns are declared and never guessed: what a database guesses from a file drifts with the file.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from atalaya.records.stored import Event, Evidence, Health, JobAttempt, Observation, Reading, TestAttempt

TABLES: dict[str, type[Evidence]] = {
    "job_attempts": JobAttempt,
    "test_attempts": TestAttempt,
    "events": Event,
    "observations": Observation,
    "readings": Reading,
    "health_records": Health,
}

COLUMN_TYPES: dict[Any, str] = {
    str: "VARCHAR",
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    datetime: "TIMESTAMPTZ",
}


@cache
def columns(record: type[msgspec.Struct]) -> dict[str, str]:
    """The columns of a kind of record, by name, in DuckDB's types.

    >>> columns(Event)["occurred_at"], columns(Event)["event"], columns(JobAttempt)["requests"]
    ('TIMESTAMPTZ', 'VARCHAR', 'BIGINT')
    """
    hints = get_type_hints(record)
    return {field.encode_name: _column_type(hints[field.name]) for field in msgspec.structs.fields(record)}


def _column_type(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (inner for inner in get_args(hint) if inner is not type(None))
    if get_origin(hint) is tuple:
        return f"{_column_type(get_args(hint)[0])}[]"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "VARCHAR"
    return COLUMN_TYPES[hint]
