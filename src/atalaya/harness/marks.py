"""The marks by which a check names its promise, and a probe its limitation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Check = TypeVar("Check", bound=Callable[..., Any])

# pytest is imported where a mark is made: a pack's names are read where it is not installed.


def promise(id: str) -> Callable[[Check], Check]:
    """Mark a check with the promise that it tests."""
    import pytest

    return pytest.mark.promise(id)


def limitation(id: str) -> Callable[[Check], Check]:
    """Mark a probe with the limitation that it looks for. It returns the reason where it sees it, else None."""
    import pytest

    return pytest.mark.limitation(id)
