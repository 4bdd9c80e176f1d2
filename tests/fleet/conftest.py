"""What the tests of the fleet share: an instant, a judging, and a place to keep rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from atalaya.fleet.judging import Judging
from atalaya.fleet.kept import Store
from tests.fleet.many import SAID_AT
from tests.ours import PACK

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
assert NOW > SAID_AT


@pytest.fixture
def by() -> Judging:
    """As the command judges, on the morning after the last verdict was said."""
    return Judging(pack=PACK, now=NOW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty place to keep rows."""
    return Store(tmp_path / "rows")
