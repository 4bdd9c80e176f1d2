"""A decorator that tests every row of a table in one test, and names each row that fails."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., None]


def each_row(names: str | tuple[str, ...], values: Iterable[Any], *, ids: Iterable[str] = ()) -> Callable[[Test], Test]:
    """Call the test with each of ``values``, as ``pytest.mark.parametrize`` does, but as one test.

    All rows are tried before the test fails. For tables whose rows need neither a process nor a fixture of their own:
    collecting, starting and reporting a test takes longer than such a row, in each process that runs tests.
    """
    names = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else names
    table = [value if len(names) > 1 else (value,) for value in values]
    labels = [*ids] or [", ".join(map(repr, row)) for row in table]
    assert len(labels) == len(table) > 0, "the table is empty, or not every row has an id"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def over_the_table(*owner: Any, **fixtures: Any) -> None:
            failed = []
            for label, row in zip(labels, table, strict=True):
                try:
                    test(*owner, **fixtures, **dict(zip(names, row, strict=True)))
                except (Exception, pytest.fail.Exception) as why:
                    why.add_note(f"row: {label}")
                    failed.append(why)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(table)} rows", failed)

        signature = inspect.signature(test)
        fixtures = [one for name, one in signature.parameters.items() if name not in names]
        over_the_table.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return over_the_table

    return decorate
