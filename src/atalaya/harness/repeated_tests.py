"""A pytest plugin that runs each test so many times, and names the repeats as pytest-repeat does: ``test_x[2-5]``.

Copied beside the SDK's process, which has pytest and nothing of Atalaya.
"""

from __future__ import annotations

from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    """Add ``--count``."""
    parser.addoption("--count", type=int, default=1)


@pytest.fixture
def repeat_step(request: Any) -> Any:
    """Which repeat this is."""
    return request.param


def pytest_generate_tests(metafunc: Any) -> None:
    """Make a parameter of the repeats."""
    count = metafunc.config.getoption("--count")
    if count > 1:
        metafunc.fixturenames.append("repeat_step")
        names = [f"{step}-{count}" for step in range(1, count + 1)]
        metafunc.parametrize("repeat_step", range(count), indirect=True, ids=names)
