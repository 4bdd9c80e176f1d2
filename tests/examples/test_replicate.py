"""Tests of the check pack of `replicate`, a client that nobody here wrote: all that the machine does, it does with it.

Its promises are tested against the release that the package index has.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.pack_loader import load
from atalaya.harness.fault_plan import FaultInjection, FaultPlan
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks, run_smoke
from atalaya.records.stored import EventKind, Outcome
from atalaya.sdk.prepare import Prepared, prepare
from tests.commands import ROOT, in_processes
from tests.ours import PACK as OURS

EXAMPLE = ROOT / "examples" / "replicate"
GUIDE = ROOT / "docs" / "guides" / "your-own-pack.md"
MOST_LINES = 300
BROKEN_IN_1_0_7 = {
    "predictions.headers-are-the-callers": "r8_two: it sent another client's token",
    "predictions.time-out-holds": "create: no time-out after 0.3 s, but None",
    "predictions.errors-are-its-own": "get, b'[]': it raised AttributeError: 'list' object has no attribute 'get'",
    "predictions.wait-means-completed": "run, processing: it returned None",
    "predictions.iterator-gives-all": "output at question 1: it returned []",
}
# "evidence export" is a command, and "export NAME=value" is the shell's.
OF_OURS = re.compile(r"aris3|ExportsClient|wait_for_export|\b(?:an|the|each) exports?\b|\bexports\b", re.IGNORECASE)
Run = Callable[..., str]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load(EXAMPLE / "pack")


@pytest.fixture(scope="module")
def sdk(pack: Pack) -> Iterator[Prepared]:
    """The client as the index has it."""
    with prepare("", pack=pack) as prepared:
        yield prepared


# ── what is written ──────────────────────────────────────────────────────────


def test_it_is_short() -> None:
    files = [*EXAMPLE.rglob("*.py"), *EXAMPLE.rglob("*.toml"), *EXAMPLE.rglob("*.md")]
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) <= MOST_LINES


def test_each_promise_quotes_its_documentation_and_has_a_defect(pack: Pack) -> None:
    assert 8 <= len(pack.promises) <= 15
    assert set(pack.promise) == {id for defect in pack.defects for id in defect.expected}
    assert [one.promises for one in pack.statements] == [(promise.id,) for promise in pack.promises]
    assert [one.says for one in pack.statements if not one.says.startswith('"')] == []


def test_what_it_found_is_what_breaks_the_release(pack: Pack) -> None:
    assert {id for defect in pack.defects if defect.found for id in defect.expected} == set(BROKEN_IN_1_0_7)


def laid_out_alike(code: str) -> str:
    """The lines of a piece of code, at one margin and without empty ones: a page shows methods without their class."""
    return "\n".join(line.strip() for line in code.splitlines() if line.strip())


def test_the_guide_shows_the_pack_as_it_is(pack: Pack) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    files = [file.read_text(encoding="utf-8") for file in EXAMPLE.rglob("*.*") if file.suffix in (".py", ".toml")]
    shown = re.findall(r"^```(?:python|toml)\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert len(shown) >= 5
    whole = [laid_out_alike(file) for file in files]
    assert [block for block in shown if not any(laid_out_alike(block) in file for file in whole)] == []


def test_the_guide_tells_of_all_that_was_found(pack: Pack) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert pack.requirement.replace("==", " ") in guide
    assert [id for id in BROKEN_IN_1_0_7 if f"`{id}`" not in guide] == []


# ── what is run ──────────────────────────────────────────────────────────────


def test_the_release_breaks_these_promises_and_keeps_the_others(pack: Pack, sdk: Prepared) -> None:
    run = run_checks(sdk)
    broken = {check.id: check.reason for check in run.checks if check.outcome is Outcome.BROKEN}
    assert set(BROKEN_IN_1_0_7) == set(broken)
    assert {id: why for id, why in BROKEN_IN_1_0_7.items() if not broken[id].startswith(why)} == {}
    assert {check.id for check in run.checks if check.outcome is Outcome.KEPT} == set(pack.promise) - set(broken)


def test_the_reference_is_what_the_index_has(pack: Pack, sdk: Prepared) -> None:
    assert (sdk.subject.source, sdk.subject.version, sdk.is_reference) == ("replicate==1.0.7", "1.0.7", True)
    assert (sdk.pack.source / "replicate" / "client.py").is_file()


def test_the_smoke_waits_for_all_and_sees_what_the_network_takes(sdk: Prepared) -> None:
    lost = FaultPlan(gusts=(FaultInjection(wait=1, request=1),))
    well, shaken = run_smoke(sdk, waits=3), run_smoke(sdk, waits=3, weather=lost)
    assert [(step.id, step.outcome) for step in well.steps] == [("waits", Outcome.KEPT)]
    assert (well.waits, well.requests, well.events) == (3, 9, ())
    assert [(event.kind, event.blocking) for event in shaken.events] == [(EventKind.NETWORK_ERROR, False)]


# ── the whole way ────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with this pack, and nothing else."""
    root = tmp_path_factory.mktemp("replicate") / "watch"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="module")
def run(root: Path) -> Run:
    """Runs a command in that project, and gives what it printed."""
    return in_processes(root)


@pytest.fixture(scope="module")
def proof(root: Path, run: Run) -> dict[str, Any]:
    """What ``prove`` reported, once a release was open."""
    run("release", "open", "1.0.7", "--commit", "abc", "--unverified")
    run("prove", "--report", str(root / "prove.json"))
    report: dict[str, Any] = json.loads((root / "prove.json").read_text())
    return report


@pytest.fixture(scope="module")
def judged(proof: dict[str, Any], run: Run) -> dict[str, Any]:
    """The judgement after one whole watch, whose pages are built."""
    run("watch", "--release", "1.0.7", code=1)
    judgement: dict[str, Any] = json.loads(
        run("judge", "--release", "1.0.7", "--json", code=1).partition("\n}\n")[0] + "}"
    )
    return judgement


@pytest.mark.long
def test_each_defect_turns_its_own_promise_red_and_no_other(proof: dict[str, Any], pack: Pack) -> None:
    assert [(one["id"], one["caught_by"]) for one in proof["defects"]] == [
        (defect.id, list(defect.expected)) for defect in pack.defects
    ]
    assert proof["promises_never_red"] == []


@pytest.mark.long
def test_the_release_is_off_track_by_what_it_breaks(judged: dict[str, Any]) -> None:
    assert judged["verdict"]["word"] == "OFF TRACK"
    assert judged["metrics"]["network-errors"]["state"] == "INCONCLUSIVE"
    assert {judged["metrics"][id]["state"] for id in ("polling-timeouts", "stale-cache")} == {"NOT APPLICABLE"}


@pytest.mark.long
def test_no_page_of_its_site_speaks_of_another_sdk(judged: dict[str, Any], root: Path) -> None:
    pages = sorted((root / "docs" / "_build" / "html").rglob("*.html"))
    texts = {page.relative_to(root).as_posix(): page.read_text(encoding="utf-8") for page in pages}
    ours = [*OURS.promise, *(duty.says for duty in OURS.duties)]
    assert any("predictions.iterator-gives-all" in text for text in texts.values())
    assert {page: found[0] for page, text in texts.items() if (found := OF_OURS.search(text))} == {}
    assert [(page, said) for page, text in texts.items() for said in ours if said in text] == []
