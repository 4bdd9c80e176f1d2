"""Whatever brings evidence opens the incidents that the rules ask for: `smoke --release` and `collect`, as `watch`."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import check
from atalaya.evidence.ledger import ledger
from atalaya.records.results import Host, SmokeEvent, SmokeRun, SmokeStep, Subject
from atalaya.records.stored import EventKind, Health, IncidentStep, Observation, Outcome
from tests.commands import opened, run, unreachable
from tests.ours import PACKAGE, REFERENCE

COMMANDS = ["check", "smoke", pytest.param("watch", marks=pytest.mark.long)]  # it goes the way of both, and more


def rules(folder: Path) -> list[str]:
    return [one.rule for one in ledger.read(folder / "evidence", IncidentStep)]


@pytest.fixture
def folder(root: Path) -> Path:
    return opened(root, at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())


def test_a_log_that_tells_of_a_timeout_opens_an_incident_once(folder: Path, root: Path) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    (root / "smoke.log").write_text(f"{at.isoformat()} ERROR stale read: it answered CREATED after READY\n")
    (root / "other.log").write_text(f"{at.isoformat()} ERROR timed out after 60 s waiting for job 17\n")
    for name in ("other.log", "other.log", "smoke.log"):
        run("collect", "--log", root / name, "--release", "1.1.1", root=root)

    assert rules(folder)
    assert sorted(set(rules(folder))) == sorted(rules(folder))
    assert len(list((folder / "incidents").glob("*.md"))) == len(rules(folder))


def test_a_dry_run_opens_none(folder: Path, root: Path) -> None:
    (root / "other.log").write_text(f"{datetime.now(UTC).isoformat()} ERROR timed out after 60 s waiting for job 17\n")
    run("collect", "--log", root / "other.log", "--dry-run", root=root)

    assert rules(folder) == []


def test_a_smoke_that_reads_stale_opens_an_incident(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = SmokeRun(
        run_id="smoke-1",
        subject=Subject(name="acme-sdk", version="1.1.1", digest="0" * 64, source="bundled"),
        host=Host(python="3.12.1", implementation="CPython", os="linux", freeze=()),
        base_url="",
        started_at=datetime.now(UTC),
        duration_s=1.0,
        steps=(SmokeStep(id="created-to-ready", outcome=Outcome.BROKEN, reason="stale", duration_s=1.0),),
        events=(SmokeEvent(kind=EventKind.STALE_READ, blocking=True, place="poll", message="old"),),
        requests=10,
        polls=10,
        waits=2,
        trials=2,
    )
    monkeypatch.setattr(check, "_smoke", lambda *_: ran)
    done = run("smoke", "--sdk", "", "--release", "1.1.1", root=root)

    assert (done.returncode, rules(folder)) == (1, ["stale-read"]), done.stderr


def broken(folder: Path) -> list[str]:
    return [one.promise for one in ledger.read(folder / "evidence", Observation) if one.outcome is Outcome.BROKEN]


def unimportable(to: Path, line: str) -> Path:
    """The reference SDK with one more line at the head of a module that its import needs."""
    sdk = Path(shutil.copytree(REFERENCE.parent, to, ignore=shutil.ignore_patterns("__pycache__", ".*")))
    module = sdk / "src" / PACKAGE / "config.py"
    head = "from __future__ import annotations\n"
    module.write_text(module.read_text().replace(head, f"{head}{line}\n", 1))
    return sdk


@pytest.mark.parametrize("command", COMMANDS)
def test_an_sdk_whose_import_fails_breaks_its_promise_and_is_kept_as_such(
    folder: Path, root: Path, tmp_path: Path, command: str
) -> None:
    sdk = unimportable(tmp_path / "sdk", "import no_such_thing")
    done = run(command, "--sdk", sdk, "--release", "1.1.1", root=root)

    says = "ModuleNotFoundError: No module named 'no_such_thing'"
    assert (done.returncode, says in done.stderr) == (1, True), done.stderr
    (kept,) = ledger.read(folder / "evidence", Health)
    assert says in (kept.start_error or "")
    assert kept.python.startswith("3.")
    assert broken(folder) == ["package.imports"]
    assert rules(folder) == ["promise-broken"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_index_out_of_reach_leaves_everything_unknown(folder: Path, root: Path, command: str) -> None:
    done = run(command, "--sdk", "aris3-client-sdk==1.1.1", "--release", "1.1.1", root=root, **unreachable(root))

    assert (done.returncode, "No package index could be reached" in done.stderr) == (3, True), done.stderr
    assert (broken(folder), rules(folder)) == ([], [])
    assert [one.start_error for one in ledger.read(folder / "evidence", Health)] == [None]
    assert {one.outcome for one in ledger.read(folder / "evidence", Observation)} == {Outcome.UNKNOWN}


def test_an_sdk_that_is_not_there_says_nothing_of_the_one_that_is_watched(
    folder: Path, root: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "lib" / "site-packages"
    (empty / PACKAGE).mkdir(parents=True)
    done = run("smoke", "--sdk", empty, "--release", "1.1.1", root=root)

    assert (done.returncode, ledger.read(folder / "evidence", Health)) == (2, []), done.stderr
