"""Tests that the noxfile runs where only Python is installed, and explains why where it cannot."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atalaya.sdk.installer import interpreter_in

ROOT = Path(__file__).resolve().parents[1]

# In the order of --list: first what a release engineer does, then what is for those who work on it.
SESSIONS = (
    "init watch status check checks smoke collect repeat compat artefact judge release publish site serve prove "
    "rehearse evidence sync notify fleet tests long pages spark lint types bench package publish_package mutate "
    "calibrate at_scale catalogue lock"
)


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """The noxfile in a folder of its own, so that what it makes is its own too."""
    (tmp_path / "project").mkdir()
    shutil.copy2(ROOT / "pyproject.toml", tmp_path / "project")
    return Path(shutil.copy2(ROOT / "noxfile.py", tmp_path / "project"))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A Python with neither nox nor pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    return interpreter_in(tmp_path / "bare")


def opened(python: Path | str, door: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The door as a person opens it, from a folder that is not the project's."""
    return subprocess.run(
        [str(python), str(door), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=door.parents[1],
        env={**plain(), **variables},
    )


def plain() -> dict[str, str]:
    """Our variables, with no uv on the path and nothing of this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "NOX"))}
    folders = kept["PATH"].split(os.pathsep)
    return {**kept, "PATH": os.pathsep.join(f for f in folders if not (Path(f) / "uv").exists())}


def test_each_session_says_in_one_line_what_it_does() -> None:
    done = opened(sys.executable, ROOT / "noxfile.py", "--list")
    listed = re.findall(r"^[*-] (\w+) -> (.*)$", done.stdout, re.MULTILINE)
    assert SESSIONS.split() == [name for name, _ in listed]
    assert [line for _, line in listed if not re.fullmatch(r"[A-Z].{10,110}\.", line)] == []


BEFORE_NOX = (ROOT / "noxfile.py").read_text(encoding="utf-8").partition("\nif sys.version_info")[0]
# An environment that is made as fast as can be, in place of one into which nox is installed.
QUICK = """
import venv


def fill(folder):
    venv.create(str(folder))
    next(folder.glob("**/site-packages")).joinpath("nox.py").touch()


make(Path(sys.argv[1]))
"""


def test_of_two_that_make_the_environment_at_once_either_serves_and_nothing_else_is_left(tmp_path: Path) -> None:
    program, home = tmp_path / "program.py", tmp_path / "made" / "home"
    program.write_text(f"{BEFORE_NOX}\n{QUICK}", encoding="utf-8")
    both = [subprocess.Popen([sys.executable, str(program), str(home)]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert [path.name for path in home.parent.iterdir()] == ["home"]
    assert subprocess.run([interpreter_in(home), "-c", "import nox"], check=False).returncode == 0


@pytest.mark.long
def test_of_two_first_starts_at_once_both_open_and_later_ones_need_no_index(door: Path, bare: Path) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: opened(bare, door, "--list"), range(2)))
    assert [(one.returncode, "- checks -> " in one.stdout) for one in done] == [(0, True), (0, True)], done
    assert [path.name for path in (door.parent / ".nox").iterdir()] == [".bootstrap"]
    later = opened(bare, door, "--list", PIP_NO_INDEX="1")
    assert (later.returncode, later.stderr) == (0, "")


def test_an_environment_whose_python_has_gone_is_made_again(door: Path, bare: Path) -> None:
    left = interpreter_in(door.parent / ".nox" / ".bootstrap")
    left.parent.mkdir(parents=True)
    left.symlink_to("/no/such/python")
    assert opened(bare, door, "--list", PATH=os.environ["PATH"]).returncode == 0


def test_without_an_index_there_is_one_message(door: Path, bare: Path) -> None:
    done = opened(bare, door, "--list", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(door.parent))
    assert done.returncode == 2
    assert re.fullmatch(r"First start: [^\n]+\nAtalaya cannot start: nox could not be installed [^\n]+\n", done.stderr)
    assert list((door.parent / ".nox").iterdir()) == []


def test_without_ensurepip_there_is_one_message(door: Path, bare: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None\n")
    done = opened(bare, door, "--list", PYTHONPATH=str(tmp_path))
    assert (done.returncode, "apt install python3-venv" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


FAKE_PIP = """
import sys
from pathlib import Path

into = Path(sys.argv[sys.argv.index("--python") + 1]).parents[1]
next(into.glob("**/site-packages")).joinpath("nox.py").touch()
"""


@pytest.mark.parametrize(("version", "code"), [("22.3.1", 0), ("22.2", 2), ("one", 2)])
def test_a_pip_that_fills_other_environments_need_not_be_installed_again(
    bare: Path, tmp_path: Path, version: str, code: int
) -> None:
    program, home, there = tmp_path / "program.py", tmp_path / "made", tmp_path / "there"
    program.write_text(f"{BEFORE_NOX}\nmake(Path(sys.argv[1]))\n", encoding="utf-8")
    (there / "pip").mkdir(parents=True)
    (there / "pip" / "__main__.py").write_text(FAKE_PIP)
    (there / "pip-1.dist-info").mkdir()
    (there / "pip-1.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pip\nVersion: {version}\n")
    (there / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None\n")
    done = subprocess.run(
        [bare, str(program), str(home)], check=False, env={**plain(), "PYTHONPATH": str(there)}, capture_output=True
    )
    assert done.returncode == code, done.stderr
    assert home.exists() is (code == 0)
    assert code or subprocess.run([interpreter_in(home), "-c", "import nox"], check=False).returncode == 0


def test_ctrl_c_in_the_first_start_leaves_nothing_behind(door: Path, bare: Path) -> None:
    child = subprocess.Popen(
        [str(bare), str(door), "--list"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=plain(),
        start_new_session=True,
    )
    assert child.stderr is not None
    with child.stderr:
        child.stderr.readline()
        until = time.monotonic() + 120
        while not list(door.parent.glob(".nox/.bootstrap-*/bin")) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(child.pid, signal.SIGINT)
        assert child.stderr.read() == "Stopped. Nothing was left behind.\n"
        assert child.wait(120) == 130
    assert list((door.parent / ".nox").iterdir()) == []


def test_a_python_that_is_too_old_is_told_so(door: Path) -> None:
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 18); sys.version = '3.9.18 (x)'; "
        f"runpy.run_path({str(door)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "needs Python 3.11 or newer, and this is 3.9.18" in done.stderr) == (2, True)


def test_the_lock_names_no_host() -> None:
    lock = (ROOT / "requirements" / "constraints.txt").read_text()
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.!+]+( ; .+)?", line)] == []
    assert "://" not in lock
