"""A branch that is shared, with one release in it."""

from pathlib import Path

import pytest

from tests.sync.clones import NOBODY, Shared, opened


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    made = Shared(tmp_path)
    root = made.clone("opener")
    opened(root)
    made.push(root)
    return made
