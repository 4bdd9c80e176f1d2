"""No command ends with a code but 0, 1, 2, 3 and 130, however it is abused, and JSON is UTF-8 on each terminal."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atalaya.cli import publish
from atalaya.cli.main import parser
from tests.commands import LONG_AGO, ROOT, command, opened, run

CODES = {0, 1, 2, 3, 130}
STRANGE = "→ 日本語 ñ"
ASCII = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CP1252 = {"PYTHONIOENCODING": "cp1252"}


@pytest.fixture(scope="module")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A watch with an incident that is told of in strangers' letters."""
    root = tmp_path_factory.mktemp("hurt")
    (root / "docs" / "releases").mkdir(parents=True)
    opened(root, at=datetime.now(UTC).isoformat())
    done = run("release", "incident", "new", "--impact", STRANGE, "--severity", "critical", "--by", "Ana", root=root)
    assert done.returncode == 0, done.stderr
    return root


def started(*arguments: str | Path, root: Path, shell: str = "", **environ: str) -> subprocess.CompletedProcess[bytes]:
    """The process itself, with what a shell does to its streams behind it."""
    argv = command(*arguments, root=root)
    line = ["bash", "-c", f'"$@" {shell}', "bash", *argv]
    return subprocess.run(line, cwd=ROOT, capture_output=True, check=False, env={**os.environ, **environ})


@pytest.mark.parametrize("environ", [CP1252, ASCII, {"PYTHONIOENCODING": "utf-16"}], ids=["cp1252", "ascii", "utf-16"])
def test_json_is_utf8_whatever_the_terminal_is(environ: dict[str, str], hurt: Path) -> None:
    done = started("release", "incident", "--json", root=hurt, **environ)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("utf-8"))["incidents"][0]["impact"] == STRANGE
    assert STRANGE.encode() in done.stdout


def test_the_code_is_the_verdicts_on_each_terminal(hurt: Path) -> None:
    codes = [started("judge", *more, root=hurt, **CP1252).returncode for more in ((), ("--json",))]
    explained = started("judge", "--explain", "pass-rate", root=hurt, **ASCII)

    assert (codes, explained.returncode, b"derivation" in explained.stdout) == ([1, 1], 1, True)


def test_a_report_holds_a_name_that_is_no_text(root: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    odd = os.fsdecode(b"odd-\xff.log")
    (root / odd).write_text("2026-01-05T10:00:00Z INFO all is well\n")
    done = started("collect", "--log", root / odd, "--dry-run", "--json", "--report", report, root=root)

    assert done.returncode in (0, 3), done.stderr
    assert json.loads(done.stdout) == json.loads(report.read_bytes())


# How a shell can take the streams away from a command that has something to say: the verdict's code stays.
STREAMS = {
    "nobody reads": "| true; exit ${PIPESTATUS[0]}",
    "nobody reads, and errors go there too": "2>&1 | true; exit ${PIPESTATUS[0]}",
    "output is closed": ">&-",
    "errors are closed": "2>&-",
    "both are closed": ">&- 2>&-",
    "all are closed": "<&- >&- 2>&-",
    "errors go to a full disk": "2>/dev/full",
}


SPOKEN = (("judge", "--json"), ("judge",), ("judge", "--explain", "pass-rate"))


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("number", range(len(STREAMS)), ids=STREAMS)
def test_a_stream_that_is_gone_changes_no_verdict(number: int, every: int, hurt: Path) -> None:
    shell = [*STREAMS.values()][number]
    for arguments in SPOKEN[number % every :: every]:
        assert started(*arguments, root=hurt, shell=shell).returncode == 1, arguments


def test_an_output_that_takes_nothing_is_a_mistake_that_is_told(hurt: Path) -> None:
    done = started("judge", "--json", root=hurt, shell=">/dev/full")

    assert (done.returncode, b"standard output cannot be written" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("shell", STREAMS.values(), ids=STREAMS)
def test_help_ends_well_whoever_reads_it(shell: str, hurt: Path) -> None:
    assert started("release", "open", "--help", root=hurt, shell=shell).returncode == 0


def test_what_nobody_foresaw_ends_with_3_and_a_line(hurt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(publish, "judged", fails)
    done = run("judge", root=hurt)

    assert done.returncode == 3
    assert "error: this is a fault of Atalaya (ZeroDivisionError: by nothing, test_exit_codes.py:" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_system_refuses_ends_with_2_and_a_line(hurt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(publish, "judged", fails)
    done = run("judge", root=hurt)

    assert (done.returncode, "/somewhere: Permission denied. Give access" in done.stderr) == (2, True), done.stderr


def test_files_in_the_way_end_with_2(root: Path, tmp_path: Path) -> None:
    """What a permission would do: those who run the tests may be root, whom none holds back."""
    opened(root)
    file = tmp_path / "file"
    file.touch()
    nowhere = tmp_path / ("x" * 300)
    for arguments in (
        ("evidence", "schema", "--out", f"{file}/schema.json"),
        ("evidence", "schema", "--out", str(tmp_path)),
        ("evidence", "schema", "--out", f"{nowhere}.json"),
        ("evidence", "schema", "--out", "/proc/schema.json"),
        ("evidence", "export", "--release", "1.1.1", "--ctrf", f"{file}/out.json"),
        ("collect", "--log", str(tmp_path), "--release", "1.1.1", "--report", f"{file}/report.json"),
        ("--settings", str(tmp_path), "judge"),
        ("--root", str(file), "judge"),
    ):
        done = run(*arguments, root=root)
        assert (done.returncode, "error: " in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_without_git_every_command_still_has_a_code(root: Path, tmp_path: Path) -> None:
    opened(root, LONG_AGO)
    commands = (("sync", "pull"), ("judge", "--release", "1.1.1"), ("sync", "propose"), ("release", "open", "1.1.2"))
    codes = [run(*arguments, root=root, PATH=str(tmp_path)).returncode for arguments in commands]

    assert codes == [2, 3, 2, 2]


def every_command(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command that there is."""
    inner = [one for one in of._actions if isinstance(one, argparse._SubParsersAction)]
    if not inner:
        yield path
    for group in inner:
        for name, one in group.choices.items():
            yield from every_command(one, (*path, name))


# What anybody may type behind any command.
ABUSES: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("--no-such-option",),
    ("--release",),
    ("--release", ""),
    ("--release", "../../etc"),
    ("--release", "\x00"),
    ("--release", "\udcff"),
    ("--release", "a" * 5000),
    ("--by", "", "--why", ""),
    ("--as-of", "0001-01-01"),
    ("--as-of", "9999-12-31T23:59:59.999999+00:00"),
    ("--at", "9999-12-31"),
    ("--port", "-1"),
    ("--seed", "x"),
    ("surplus", "words", "here"),
)
# These run the SDK or tests, build or serve: they are given what does not let them begin.
QUIET = {
    (name,) for name in ("serve", "watch", "check", "checks", "smoke", "repeat", "compat", "prove", "rehearse", "site")
}


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_no_argument_has_another_code(every: int, root: Path) -> None:
    """Each command is abused in some ways, and each way is tried on some of the commands."""
    wrong = []
    for number, words in enumerate(every_command(parser())):
        for abuse in ((), *ABUSES[number % every :: every]):
            if words in QUIET and abuse[:1] not in (("--help",), ("--no-such-option",), ("surplus",)):
                continue
            done = run(*words, *abuse, root=root, cwd=root)  # some write where they are called
            if done.returncode not in CODES or "a fault of Atalaya" in done.stderr or "Traceback" in done.stderr:
                wrong.append((words, abuse, done.returncode, done.stderr[-400:]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("wait_s", [0.1, 0.3, 0.7, 1.2, 2.0])
def test_ctrl_c_ends_with_130_at_any_moment(wait_s: float, hurt: Path) -> None:
    process = subprocess.Popen(
        command("judge", "--json", root=hurt), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    time.sleep(wait_s)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()

    if b"Traceback" in said:  # Python itself was starting: no line of ours had run
        assert b"__main__.py" not in said, said.decode()
    else:  # at the very end, the verdict has the word
        assert process.returncode in {130, 1, -signal.SIGINT}, said.decode()


def test_ctrl_c_while_the_command_line_is_imported_ends_with_130(tmp_path: Path) -> None:
    """The moment is held open: a module that is imported early sends the signal to its own process."""
    (tmp_path / "duckdb.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    (tmp_path / "msgspec.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    path = f"{tmp_path}{os.pathsep}{ROOT / 'src'}"
    done = subprocess.run(
        [sys.executable, "-m", "atalaya", "judge"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )

    assert (done.returncode, b"Traceback" in done.stderr) == (130, False), done.stderr


def test_ctrl_c_while_a_compiled_part_starts_is_no_fault_of_ours(tmp_path: Path) -> None:
    """Such a part turns the interrupt into an ImportError of its own."""
    (tmp_path / "msgspec.py").write_text("raise ImportError('initialization failed') from KeyboardInterrupt()\n")
    done = subprocess.run(
        [sys.executable, "-m", "atalaya", "judge"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'src'}"},
    )

    assert (done.returncode, done.stderr[:9]) == (130, b"Stopped. ")


def test_a_part_that_is_not_installed_is_named_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("raise ImportError('No module named msgspec')\n")
    path = f"{tmp_path}{os.pathsep}{ROOT / 'src'}"
    done = subprocess.run(
        [sys.executable, "-m", "atalaya", "judge"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )

    assert (done.returncode, done.stderr[:39]) == (2, b"error: No module named msgspec. Install"), done.stderr
