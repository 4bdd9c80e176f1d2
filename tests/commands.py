"""The command line as its users run it, in a project's folder.

``run`` calls what the process calls, without paying for an interpreter each time; ``command`` is for tests that
need the process itself.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from atalaya.cli.main import main

ROOT = Path(__file__).parents[1]


def command(*arguments: str | Path, root: Path) -> list[str]:
    return [sys.executable, "-m", "atalaya", "--root", str(root), *map(str, arguments)]


def run(*arguments: str | Path, root: Path, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    argv = command(*arguments, root=root)
    with _as_a_process(environ, cwd) as (out, err):
        try:
            code = main(argv[3:])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 0 if left.code is None else 1
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


def in_processes(root: Path) -> Callable[..., str]:
    """Runs commands in a project, each as a process that must end with ``code``, and gives what it printed."""

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(command(*arguments, root=root), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


@contextlib.contextmanager
def _as_a_process(environ: dict[str, str], cwd: Path) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environ),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        yield out, err


def unreachable(root: Path) -> dict[str, str]:
    """The variables of a machine that reaches no package index."""
    nowhere = "http://127.0.0.1:9/simple"
    indexes = dict.fromkeys(("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"), nowhere)
    return indexes | {"UV_HTTP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": str(root / "cache")}


LONG_AGO = "2026-01-05T09:00:00Z"  # of a release whose watch is over


def opened(root: Path, at: str = "") -> Path:
    """The folder of a release that was opened at an instant: an hour ago, since what is not over is judged sooner."""
    at = at or (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    done = run("release", "open", "1.1.1", "--commit", "abc", "--unverified", "--at", at, root=root)
    assert done.returncode == 0, done.stderr
    return root / "docs" / "releases" / "1.1.1"
