"""A command that is refused changes nothing on disk."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import IncidentStep
from tests.cli.test_release_command import backdate
from tests.commands import opened, run

Tree = dict[str, bytes | None]


def tree(root: Path) -> Tree:
    """Each file with its content, and each folder."""
    found = {one.relative_to(root).as_posix(): one for one in root.rglob("*")}
    return {name: one.read_bytes() if one.is_file() else None for name, one in found.items()}


def _at(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def hurt(root: Path, severity: str) -> None:
    new = ("release", "incident", "new", "--release", "1.1.1", "--impact", "x", "--by", "Ana")
    done = run(*new, "--severity", severity, root=root)
    assert done.returncode == 0, done.stderr


def empty(root: Path) -> None:
    (root / "watch.toml").write_text("")


def watched(root: Path) -> None:
    """A watch at T+30 with an incident."""
    (root / "watch.toml").write_text("")
    opened(root, at=_at(30))
    hurt(root, "minor")


def over(root: Path) -> None:
    """A watch whose window has ended with a critical incident open: it is to be extended."""
    folder = opened(root, at=_at(72.1))
    hurt(root, "critical")
    backdate(folder, hours=10)


def twice_over(root: Path) -> None:
    """As :func:`over`, and beside it another watch of which the same is true."""
    over(root)
    shutil.copytree(root / "docs" / "releases" / "1.1.1", root / "docs" / "releases" / "1.1.0")
    toml = root / "docs" / "releases" / "1.1.0" / "release.toml"
    toml.write_text(toml.read_text().replace("1.1.1", "1.1.0"))


def sealed(root: Path) -> None:
    opened(root, at=_at(73))
    done = run(*CLOSE, root=root)
    assert done.returncode == 0, done.stderr


CLOSE = ("release", "close", "--release", "1.1.1", "--by", "Ana", "--why", "x")
INCIDENT = ("release", "incident")
SIGN = ("release", "checkpoint", "--sign")

REFUSED = [
    # where nothing is open
    (empty, ("judge",)),
    (empty, ("judge", "--json")),
    (empty, ("judge", "--release", "9.9.9")),
    (empty, ("judge", "--as-of", "yesterday")),
    (empty, ("notify", "--dry-run")),
    (empty, ("artefact",)),
    (empty, ("collect",)),
    (empty, ("collect", "--junit", "gone.xml")),
    (empty, ("collect", "--junit", "gone.xml", "--release", "9.9.9")),
    (empty, ("watch", "--sdk", "./nowhere/")),
    (empty, ("watch", "--release", "9.9.9", "--sdk", "./nowhere/")),
    (empty, ("smoke", "--release", "9.9.9")),
    (empty, ("check", "--promise", "no.such")),
    (empty, ("check", "--report", "watch.toml/report.json")),
    (watched, ("smoke", "--release", "1.1.1", "--report", "watch.toml/report.json")),
    (watched, ("smoke", "--release", "1.1.1", "--log", "docs")),
    (watched, ("collect", "--log", "watch.toml", "--release", "1.1.1", "--report", "watch.toml/report.json")),
    (empty, ("release", "checkpoint")),
    (empty, ("release", "record", "--why", "x")),
    (empty, ("release", "extend", "--why", "x")),
    (empty, ("release", "decide", "go-on", "--why", "x")),
    (empty, ("release", "withdraw", "1.1.1")),
    (empty, ("release", "verify", "1.1.1")),
    (empty, ("evidence", "compact")),
    (empty, ("evidence", "export", "--ctrf", "out.json")),
    (empty, ("sync", "pull")),
    (empty, ("sync", "push")),
    (empty, ("sync", "propose")),
    (empty, ("release", "open", "es", "--commit", "0123abc", "--by", "Ana")),
    (empty, ("release", "open", "1.1.1", "--commit", "zzzz", "--by", "Ana")),
    (empty, ("release", "open", "1.1.1", "--commit", "0123abc", "--by", "ana@example.org")),
    (empty, ("release", "open", "1.1.1", "--commit", "0123abc", "--at", "2126-01-05")),
    # while a watch runs
    (watched, CLOSE),
    (watched, (*CLOSE, "--early")),
    (watched, (*CLOSE, "--carry", "INC-9")),
    (watched, (*INCIDENT, "new", "--impact", "x")),
    (watched, (*INCIDENT, "new", "--impact", "x", "--severity", "minor", "--state", "resolved", "--by", "Ana")),
    (watched, (*INCIDENT, "INC-9", "--state", "resolved", "--why", "x")),
    (watched, (*SIGN, "no-such-duty")),
    (watched, (*SIGN, "review-pass-rate", "--by", "ana@example.org")),
    (watched, ("release", "withdraw", "1.1.1")),
    (watched, ("release", "open", "1.1.1", "--commit", "0123abc", "--by", "Ana")),
    (watched, ("release", "decide", "go-on", "--why", "x", "--verdict", "0000000000")),
    (watched, ("judge", "--explain", "no-such")),
    (watched, ("judge", "--explain", "pass-rate", "--json")),
    (watched, ("collect", "--junit", "gone.xml")),
    (watched, ("watch", "--sdk", "./nowhere/")),
    # at its end
    (over, CLOSE),
    (over, (*CLOSE, "--early")),
    (twice_over, CLOSE),
    (twice_over, ("release", "close", "--why", "x", "--by", "Ana")),
    (sealed, CLOSE),
    (sealed, ("release", "withdraw", "1.1.1")),
    (sealed, (*SIGN, "review-pass-rate", "--release", "1.1.1")),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project of each kind, made once and copied for each case."""
    projects = {}
    for make in (empty, watched, over, twice_over, sealed):
        root = tmp_path_factory.mktemp(make.__name__)
        make(root)
        projects[make.__name__] = root
    return projects


def test_a_refused_command_changes_nothing(made: dict[str, Path], tmp_path: Path) -> None:
    wrong = []
    for number, (make, arguments) in enumerate(REFUSED):
        root = shutil.copytree(made[make.__name__], tmp_path / str(number))
        before = tree(root)
        done = run(*arguments, root=root, cwd=root)
        changed = {name for name in before.keys() | tree(root).keys() if before.get(name) != tree(root).get(name)}
        if done.returncode != 2 or changed or "error: " not in done.stderr:
            wrong.append((make.__name__, " ".join(arguments), done.returncode, sorted(changed), done.stderr[-300:]))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_a_close_waits_for_is_done_by_the_command_that_it_names(made: dict[str, Path], tmp_path: Path) -> None:
    root = shutil.copytree(made["over"], tmp_path / "project")
    done = run(*CLOSE, root=root)
    assert "atalaya release extend --release 1.1.1 --why TEXT" in done.stderr
    assert run("release", "extend", *CLOSE[2:], root=root).returncode == 0
    (step,) = ledger.read(root / "docs" / "releases" / "1.1.1" / "evidence", IncidentStep)
    after = run(*CLOSE, "--carry", step.incident, root=root)
    assert "its window lasts until" in after.stderr


@pytest.mark.parametrize("command", [("judge",), ("publish",)])
def test_what_only_reads_opens_no_release(command: tuple[str, ...], root: Path) -> None:
    run(*command, root=root)

    assert list((root / "docs" / "releases").iterdir()) == []


@pytest.mark.parametrize("option", ["--root", "--settings"])
def test_a_folder_or_settings_that_are_not_there_are_a_mistake(option: str, root: Path) -> None:
    gone = root / "gone"
    for command in (("judge",), ("publish",), ("release", "verify"), ("watch", "--scheduled")):
        done = run(option, str(gone), *command, root=root)
        assert (done.returncode, f"{option} {gone}: there is no such" in done.stderr) == (2, True), done.stderr
    assert not gone.exists()


def test_where_nothing_is_open_the_first_evidence_opens_a_watch_of_this_machine(root: Path) -> None:
    (root / "x.log").write_text("2026-01-05T10:00:00Z INFO all is well\n")
    for _ in range(2):
        done = run("collect", "--log", root / "x.log", root=root)

    assert [one.name for one in (root / "docs" / "releases").iterdir()] == ["local-unknown"], done.stderr
    assert run("judge", root=root).returncode in (0, 1, 3)
