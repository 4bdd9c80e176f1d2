"""What several rooms of tests share: an environment with the bundled SDK, and a project's folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.proving.prove import make_quick_to_start
from checks.subject.environment import Prepared, prepare
from tests.ours import PACK


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that are marked as long, whole, and leave all others in their order."""
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    with prepare("", pack=PACK) as made:
        make_quick_to_start(made)
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder with nothing in it."""
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    return tmp_path
