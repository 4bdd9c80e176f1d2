"""What several rooms of tests share: an environment with the bundled SDK, and a project's folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.proving.prove import make_quick_to_start
from checks.subject.environment import Prepared, prepare


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    with prepare("") as made:
        make_quick_to_start(made)
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder with nothing in it."""
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    return tmp_path
