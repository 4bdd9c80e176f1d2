"""What several rooms of tests share: an environment with the bundled SDK, and a project's folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.harness.runner import run_checks, run_smoke
from atalaya.records.results import CheckRun
from atalaya.sdk.prepare import Prepared, prepare
from tests.once import made_once, shared_folder
from tests.ours import PACK

# Processes that tests start import Atalaya from the tree, as this one does.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--engine=spark`` has the tests of questions ask Spark; the session `spark` of nox does."""
    parser.addoption("--engine", default="duckdb", choices=["duckdb", "spark"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that say so, whole, and leave all others in their order."""
    first = {item.path for item in items if item.get_closest_marker("begun_first")}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """The bundled SDK in an environment of its own, which all tests share: they may read it, and no more."""
    with made_once(shared_folder(tmp_path_factory, "prepared"), _prepared) as made:
        # What this process compares with is its own pack, and not one that was unpickled.
        yield replace(made, pack=PACK)


@contextmanager
def _prepared() -> Iterator[Prepared]:
    with prepare("", pack=PACK) as made:
        yield made


@pytest.fixture(scope="session")
def whole_run(prepared: Prepared, patient: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckRun]:
    """All checks of the pack, run against the bundled SDK: once for all tests that look at it."""

    @contextmanager
    def made() -> Iterator[CheckRun]:
        yield run_checks(prepared)

    with made_once(shared_folder(tmp_path_factory, "whole-run"), made) as run:
        yield run


@pytest.fixture(autouse=True, scope="session")
def patient() -> Iterator[None]:
    """Checks that are given no time of their own may take long here: a loaded machine is no fault of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(run_checks.__kwdefaults__, "deadline_s", 60.0)
        patch.setitem(run_smoke.__kwdefaults__, "deadline_s", 600.0)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder with nothing in it."""
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    return tmp_path
