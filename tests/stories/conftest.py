"""A week for each story, with a GitHub of its own and the real runs that all stories share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stamina

from atalaya.evidence.github.client import TRIES
from atalaya.records.results import CheckRun
from atalaya.sdk.prepare import Prepared
from tests.evidence.github.stand_in import serving
from tests.once import made_once, shared_folder
from tests.stories.runs import Runs, make
from tests.stories.week import Week


@pytest.fixture(scope="session")
def runs(prepared: Prepared, whole_run: CheckRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    @contextmanager
    def made() -> Iterator[Runs]:
        yield make(prepared, whole_run)

    with made_once(shared_folder(tmp_path_factory, "stories"), made) as found:
        yield found


@pytest.fixture
def week(root: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    with serving() as github, stamina.set_testing(True, attempts=TRIES):
        yield Week(root, github, runs, monkeypatch)
