"""Tests that a pack of another SDK goes the whole way, and that no page of its site speaks of ours."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atalaya.watch.checkpoints import duties_of
from tests.commands import ROOT, in_processes
from tests.ours import PACK

pytestmark = pytest.mark.long

TINY = Path(__file__).parent / "tiny"
OF_OURS = re.compile(r"aris3|ExportsClient|wait_for_export|\bexports?\b", re.IGNORECASE)
PROPERTIES = ("base-path-is-kept", "second-call-is-like-the-first", "dead-networks-are-told")  # of the table of roads
Run = Callable[..., str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a check pack of its own, and the frame of a site."""
    root = tmp_path_factory.mktemp("tiny") / "watch"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("_static", "_templates"):
        shutil.copytree(ROOT / "docs" / name, root / "docs" / name)
    shutil.copy2(ROOT / "docs" / "conf.py", root / "docs")
    (root / "docs" / "releases").mkdir()
    return root


@pytest.fixture(scope="module")
def run(root: Path) -> Run:
    """Runs a command in that project, and gives what it printed."""
    return in_processes(root)


@pytest.fixture(scope="module")
def proof(root: Path, run: Run) -> dict[str, Any]:
    """What ``prove`` reported, once a release was open."""
    run("release", "open", "1.0", "--commit", "abc", "--unverified")
    run("prove", "--report", str(root / "prove.json"))
    report: dict[str, Any] = json.loads((root / "prove.json").read_text())
    return report


@pytest.fixture(scope="module")
def judged(proof: dict[str, Any], run: Run) -> dict[str, Any]:
    """The judgement after one whole watch, whose pages are built."""
    run("watch", "--sdk", "", "--release", "1.0")
    judgement: dict[str, Any] = json.loads(run("judge", "--release", "1.0", "--json").partition("\n}\n")[0] + "}")
    return judgement


def test_its_checks_find_its_sdk_healthy(root: Path, run: Run) -> None:
    run("check", "--no-self-test", "--report", str(root / "report.json"))
    report = json.loads((root / "report.json").read_text())
    assert [(check["id"], check["outcome"]) for check in report["checks"]] == [
        ("weather.url-is-needed", "kept"),
        ("weather.town-is-asked", "kept"),
        ("weather.errors-are-its-own", "kept"),
        *((f"weather.{property}", "kept") for property in PROPERTIES),
    ]
    assert [(one["id"], one["seen"]) for one in report["findings"]] == [("weather.names-are-not-quoted", True)]


def test_its_defects_are_caught_and_kept_beside_them(proof: dict[str, Any], root: Path) -> None:
    assert proof["promises_never_red"] == []
    assert [(one["id"], one["caught_by"]) for one in proof["defects"]] == [
        ("built-in-address", ["weather.url-is-needed"]),
        ("always-home", ["weather.town-is-asked"]),
        ("library-errors", ["weather.errors-are-its-own", "weather.dead-networks-are-told"]),
        ("path-of-the-address-lost", ["weather.base-path-is-kept"]),
        ("first-reading-kept", ["weather.second-call-is-like-the-first"]),
    ]
    assert "built-in-address" in (root / "pack" / "weather" / "selftest.json").read_text()


def test_what_it_does_not_feed_is_not_applicable_and_blocks_nothing(judged: dict[str, Any], run: Run) -> None:
    states = {id: metric["state"] for id, metric in judged["metrics"].items()}
    assert states == {
        "pass-rate": "INCONCLUSIVE",
        "flaky-tests": "UNKNOWN",
        "network-errors": "MEETS",
        "polling-timeouts": "NOT APPLICABLE",
        "stale-cache": "NOT APPLICABLE",
    }
    assert judged["verdict"]["word"] == "WAITING"
    assert not [said for said in judged["unknowns"] if "polling" in said or "stale" in said]


def test_its_own_duty_stands_among_those_of_every_sdk(judged: dict[str, Any], run: Run) -> None:
    said = run("release", "checkpoint", "--release", "1.0")
    assert "address: Confirm that no town is asked for at an address that nobody gave" in said
    assert [duty.id for duty in PACK.duties if f"{duty.id}:" in said] == []


def test_no_page_of_its_site_speaks_of_another_sdk(judged: dict[str, Any], root: Path) -> None:
    pages = sorted((root / "docs" / "_build" / "html").rglob("*.html"))
    texts = {page.relative_to(root).as_posix(): page.read_text(encoding="utf-8") for page in pages}
    ours = [*PACK.promise, *(duty.says for duty in PACK.duties)]
    assert any("weather.town-is-asked" in text for text in texts.values())
    assert {page: found[0] for page, text in texts.items() if (found := OF_OURS.search(text))} == {}
    assert [(page, said) for page, text in texts.items() for said in ours if said in text] == []


def test_each_duty_of_every_sdk_has_an_id_of_its_own() -> None:
    ids = [duty.id for duty in duties_of(PACK.duties)]
    assert sorted(set(ids)) == sorted(ids)
