"""Installs packages for the checks, with uv or with pip.

uv is taken where it can be found, since it is some ten times faster; pip otherwise. Both are asked the same
two things: make an empty environment, and install into one. What they say when they fail is told apart here:
an index out of reach is the network's fault, anything else that of what was asked for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from atalaya.core import environment
from atalaya.core.errors import NetworkError, NoPython, SubjectError, UsageError
from atalaya.sdk import pip_settings
from atalaya.sdk.interpreter_probe import wait_for

# Variables that would send an install elsewhere, or another Python's modules into it.
_MISLEADING = frozenset(
    (
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_USER",
        "PIP_PYTHON",
        "PIP_REQUIRE_VIRTUALENV",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
    )
)

# Signs of an index that cannot be reached, in the words of uv, pip, git and the systems below them.
_REASONS = ("ERROR:", "error:", "cause:", "Caused by:", "Because")
_NETWORK = re.compile(
    r"error sending request|dns error|tcp connect error|failed to lookup address|network was disabled|"
    r"network connectivity is disabled|connection (refused|reset|aborted|timed out)|operation timed out|"
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ConnectionResetError|ProxyError|ProtocolError\(|"
    r"SSLError|invalid peer certificate|certificate verify failed|could not resolve (host|proxy)|"
    r"temporary failure in name resolution|name or service not known|network is unreachable|"
    r"(401|403|407|429|50\d) (client|server)? ?error|status (client|server) error \((401|403|407|429|50\d)|"
    r"lack of valid authentication credentials|\((401 Unauthorized|403 Forbidden)\)",
    re.IGNORECASE,
)
_WHO_ASKS = re.compile(
    r"(401|403) (client|server)? ?error|error \((401|403)|valid authentication|\((401|403) ", re.IGNORECASE
)
_ERRNO = re.compile(r"\[Errno -?\d+\] ([\w ]+)")
# What it was in particular, in words of ours, and what to do. The first that fits.
_MENDS = (
    (
        re.compile(r"certificate verify failed|invalid peer certificate", re.IGNORECASE),
        "its certificate is not known here",
        "Name the file of the authority that signed it in SSL_CERT_FILE for uv, in PIP_CERT for pip.",
    ),
    (
        re.compile(r"\b407\b|proxyerror|resolve proxy|tunnel|proxy auth", re.IGNORECASE),
        "the proxy does not answer or does not let it through",
        "Mend HTTPS_PROXY or HTTP_PROXY, or name the index in NO_PROXY.",
    ),
    (
        _WHO_ASKS,
        "the index does not know who asks",
        "Give the user and the password to the installer that asks: in the address of the index, or in a .netrc file.",
    ),
)
# Which of the versions that are allowed, and what uv calls them: the lowest of what is named, not of all below it.
LOWEST, HIGHEST = "lowest", "highest"
RESOLUTIONS = {LOWEST: "lowest-direct", HIGHEST: "highest"}

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class Installer(ABC):
    """Makes environments and installs into them. ``scratch`` holds its logs, and is its working folder.

    That the working folder is an empty one matters: a stranger's ``uv.toml`` next to us must not be read.
    """

    def __init__(self, scratch: Path, echo: Callable[[str], None]) -> None:
        self.scratch = scratch
        self.echo = echo
        self.environ = {name: value for name, value in environment.everything().items() if name not in _MISLEADING}
        self.environ |= {"NO_COLOR": "1"} | environment.way_out()
        self.patience_s: float | None = None  # of each command that is given no time of its own

    @abstractmethod
    def create(self, folder: Path, asked: str = "") -> Path:
        """Make an empty environment, and return its interpreter.

        :param asked: the Python that it is for, by version or path (default: the one that runs us).
        :raises NoPython: that Python cannot be had.
        """

    @abstractmethod
    def install(
        self,
        python: Path,
        what: Sequence[str],
        *,
        called: str,
        constraints: Iterable[str] = (),
        target: Path | None = None,
        mend: str = "",
        dependencies: str = "",
    ) -> None:
        """Install into the interpreter's environment, or into the folder ``target`` for that interpreter.

        :param dependencies: ``lowest`` or ``highest``: which of the versions that are allowed of what ``what`` needs.
        :raises NetworkError: no package index could be reached.
        :raises SubjectError: it cannot be installed; ``called`` and ``mend`` say what, and what to do.
        """

    @abstractmethod
    def resolve(self, requirement: str, *, index: str, within_s: float) -> tuple[str, ...]:
        """What would be installed from an index now, without installing it: ``name==version``, sorted.

        :param within_s: when it is stopped: an index can answer so slowly that no time-out of a read is met.
        :raises NetworkError: the index cannot be reached, or not in time.
        :raises SubjectError: there is no such set of versions.
        """

    def run(self, argv: Sequence[str | Path], *, within_s: float | None = None) -> tuple[int, str]:
        """Run a command to its end: its exit code, and all that it said.

        :raises NetworkError: it took longer than ``within_s``, and was stopped with all that it had started.
        """
        within_s = self.patience_s if within_s is None else within_s
        log = self.scratch / "installer.log"
        words = [str(part) for part in argv]
        code: int | None
        with log.open("wb") as out:
            how: dict[str, Any] = {
                "stdin": subprocess.DEVNULL,
                "stdout": out,
                "stderr": subprocess.STDOUT,
                "env": self.environ,
                "cwd": self.scratch,
            }
            if within_s is None:  # in our session: a key of who sits there may have to be asked for
                code = subprocess.run(words, check=False, **how).returncode
            else:
                code = wait_for(subprocess.Popen(words, start_new_session=os.name != "nt", **how), within_s)
        if code is None:
            raise NetworkError(
                f"{Path(argv[0]).name} was stopped after {within_s:.1f} s: the index answers too slowly. "
                f"Ask another one, or give it more time."
            )
        return code, log.read_text(encoding="utf-8", errors="replace")

    def constraints_file(self, constraints: Iterable[str]) -> list[str]:
        """The arguments that hold an install to these versions."""
        file = self.scratch / "constraints.txt"
        file.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
        return ["--constraint", str(file)]


class Uv(Installer):
    """uv, by its path."""

    def __init__(self, uv: Path, scratch: Path, echo: Callable[[str], None]) -> None:
        super().__init__(scratch, echo)
        self.uv = uv
        self.environ |= pip_settings.for_uv(self.environ)

    def create(self, folder: Path, asked: str = "") -> Path:
        python = asked or sys.executable
        if asked:
            self.environ["PATH"] = os.pathsep.join(filter(None, [self.environ.get("PATH"), *map(str, _of_pyenv())]))
        code, said = self.run([self.uv, "venv", "--quiet", "--no-project", "--python", python, folder])
        if code and asked:
            raise NoPython(f"It cannot be had here: {last_words(said)}")
        if code:
            raise SubjectError(
                f"uv could not make an environment for {python}: {last_words(said)} "
                f"Mend that Python, or set {environment.UV} to nothing to use pip."
            )
        return interpreter_in(folder)

    def install(
        self,
        python: Path,
        what: Sequence[str],
        *,
        called: str,
        constraints: Iterable[str] = (),
        target: Path | None = None,
        mend: str = "",
        dependencies: str = "",
    ) -> None:
        # Copied, not hard-linked: an SDK that rewrites its own files must not reach uv's cache.
        argv: list[str | Path] = [self.uv, "pip", "install", "--python", python, "--link-mode", "copy", "--no-progress"]
        argv += ["--target", target] if target else []
        argv += ["--resolution", RESOLUTIONS[dependencies]] if dependencies else []
        argv += [*self.constraints_file(constraints), *what]
        code, said = self.run(argv)
        if code and is_about_the_network(said) and not _WHO_ASKS.search(said):
            # A machine that was on-line before has what it needs in uv's cache.
            code, _ = self.run([*argv, "--offline"])
            if not code:
                self.echo("No package index could be reached: installed from what uv had kept.")
        if code:
            raise failure(said, called, mend)

    def resolve(self, requirement: str, *, index: str, within_s: float) -> tuple[str, ...]:
        asked = self.scratch / "asked.in"
        asked.write_text(requirement + "\n", encoding="utf-8")
        # This index is asked, and no other that the machine is set up with.
        self.environ = {name: value for name, value in self.environ.items() if name not in pip_settings.OF_UV}
        # What is in its cache may be older than the question.
        code, said = self.run(
            [
                self.uv,
                "pip",
                "compile",
                "--quiet",
                "--no-header",
                "--no-annotate",
                "--refresh",
                "--no-config",
                "--python",
                sys.executable,
                "--index-url",
                index,
                asked,
            ],
            within_s=within_s,
        )
        if code:
            raise failure(said, requirement, "")
        return tuple(sorted(line.partition(" ;")[0].strip() for line in said.splitlines() if "==" in line))


class Pip(Installer):
    """pip, out of a Python that has it, working on other environments by its ``--python``.

    The environments themselves hold no pip, so that their lists of packages are the same as with uv.
    """

    def __init__(self, home: str | Path, scratch: Path, echo: Callable[[str], None]) -> None:
        super().__init__(scratch, echo)
        self.home = home

    def create(self, folder: Path, asked: str = "") -> Path:
        python = _python_here(asked) if asked else sys.executable
        code, said = self.run([python, "-m", "venv", "--without-pip", folder])
        if code and asked:
            raise NoPython(f"{python} makes no environment: {last_words(said)}")
        if code:
            raise no_environment(said)
        return interpreter_in(folder)

    def install(
        self,
        python: Path,
        what: Sequence[str],
        *,
        called: str,
        constraints: Iterable[str] = (),
        target: Path | None = None,
        mend: str = "",
        dependencies: str = "",
    ) -> None:
        if dependencies == LOWEST:
            raise UsageError("pip takes the highest versions only. Install uv to try the lowest.")
        log = self.scratch / "pip.log"
        log.unlink(missing_ok=True)
        self.environ["PIP_RETRIES"] = "2"  # of a build's own pip, which takes no options: without one it says nothing
        argv: list[str | Path] = [self.home, "-m", "pip", "--python", python, "--no-input"]
        argv += [
            "--disable-pip-version-check",
            "--retries",
            "2",
            "--log",
            log,
            "install",
            "--quiet",
            "--no-compile",
            "--no-warn-script-location",
        ]
        argv += ["--target", target] if target else []
        argv += [*self.constraints_file(constraints), *what]
        code, said = self.run(argv)
        if code:
            raise failure(said if is_about_the_network(said) else f"{_unasked(log)}\n{said}", called, mend)

    def resolve(self, requirement: str, *, index: str, within_s: float) -> tuple[str, ...]:
        report = self.scratch / "resolved.json"
        code, said = self.run(
            [
                self.home,
                "-m",
                "pip",
                "--isolated",
                "--no-input",
                "--disable-pip-version-check",
                "--retries",
                "2",
                "install",
                "--dry-run",
                "--ignore-installed",
                "--quiet",
                "--no-cache-dir",
                "--index-url",
                index,
                "--report",
                report,
                requirement,
            ],
            within_s=within_s,
        )
        if code:
            raise failure(said, requirement, "")
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
        return tuple(sorted(f"{one['metadata']['name']}=={one['metadata']['version']}" for one in found))


def find_installer(scratch: Path, echo: Callable[[str], None]) -> Installer:
    """uv where there is one, else pip from this Python, else pip from a helper environment.

    :raises SubjectError: there is no way to install anything.
    """
    if uv := find_uv():
        return Uv(uv, scratch, echo)
    if importlib.util.find_spec("pip") is not None:
        return Pip(sys.executable, scratch, echo)
    if importlib.util.find_spec("ensurepip") is None:
        raise no_environment("there is neither uv nor pip, and this Python lacks ensurepip.")
    helper = Pip(sys.executable, scratch, echo)
    folder = scratch / "pip"
    code, said = helper.run([sys.executable, "-m", "venv", folder])
    if code:
        raise no_environment(last_words(said))
    return Pip(interpreter_in(folder), scratch, echo)


def find_uv() -> Path | None:
    """The first uv that runs. ``ATALAYA_UV`` names one; set to nothing, it says to do without."""
    asked = environment.uv()
    if asked is not None:
        if asked and not _runs(asked):
            raise SubjectError(
                f"{environment.UV}: {asked!r} is no uv that runs. Give the path of one, or set it to nothing for pip."
            )
        return Path(asked) if asked else None
    return next((Path(place) for place in _places_of_uv() if _runs(place)), None)


def interpreter_in(folder: Path) -> Path:
    """Where an environment that we made ourselves has its interpreter."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages_in(folder: Path) -> Path:
    """Where an environment that we made ourselves has its packages."""
    base = str(folder)
    return Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base}))


def _python_here(asked: str) -> str:
    """The interpreter that a version or a path means, where uv does not look for it.

    :raises NoPython: there is none.
    """
    if os.sep in asked:
        if not os.access(asked, os.X_OK) or Path(asked).is_dir():
            raise NoPython(f"{asked} is no Python: there is no such program.")
        return str(Path(asked).absolute())  # not where a link leads: in an environment it is that one's Python
    asked = asked.removeprefix("python")
    if platform.python_version() == asked or platform.python_version().startswith(f"{asked}."):
        return sys.executable
    found = shutil.which(f"python{asked}")
    if found is None:
        raise NoPython(
            f"It cannot be had here: there is no python{asked} on PATH, and only uv finds others. Install uv."
        )
    return found


def _of_pyenv() -> list[Path]:
    """The folders of the Pythons that pyenv has: its shims show uv those alone that are switched on."""
    home = environment.everything().get("PYENV_ROOT") or Path.home() / ".pyenv"
    return sorted(Path(home).glob("versions/*/bin"))


def is_about_the_network(said: str) -> bool:
    """Whether an installer failed because it could not reach an index.

    >>> is_about_the_network("ERROR: No matching distribution found for no-such-package")
    False
    """
    return _NETWORK.search(said) is not None


def last_words(said: str) -> str:
    """The sentence in which an installer gives its reason, without credentials.

    >>> last_words("error: Failed\\n  Caused by: dns error\\nhint: try --offline")
    'dns error.'
    >>> last_words("error: No solution found\\n  cause: Because there is no a==1 and\\n         you require it")
    'Because there is no a==1 and you require it.'
    """
    lines = [line.strip(" │╰├─▶×").strip() for line in said.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("hint:", "[notice]", "WARNING:"))]
    if not lines:
        return "it gave no reason."
    # pip's reason is its last ERROR line; uv's is the last of its causes, and may be wrapped over several lines.
    start = max((at for at, line in enumerate(lines) if line.startswith(_REASONS)), default=-1)
    reason = re.sub(r"^(ERROR|error|cause|Caused by): ", "", " ".join(lines[start:]))[:600]
    return _CREDENTIALS.sub("***@", reason).rstrip(".") + "."


def failure(said: str, called: str, mend: str) -> SubjectError | NetworkError:
    """The error for an install that failed, by what the installer said."""
    if is_about_the_network(said):
        for signs, what, todo in _MENDS:
            if signs.search(said):
                return NetworkError(f"No package index could be asked to install {called}: {what}. {todo}")
        system = _ERRNO.search(said)  # pip's last words are that there is no such package
        reason = f"{system[1]}." if system else last_words(said)
        return NetworkError(
            f"No package index could be reached to install {called}: {reason} "
            f"Check the network, the proxy or the index that is set up, and try again."
        )
    return SubjectError(f"{called} cannot be installed: {last_words(said)} {mend}".rstrip())


def _unasked(log: Path) -> str:
    """The indexes that pip could not ask, which it tells its log alone: to it, one that refuses has no package.

    So has one that nobody reaches, to the pip that a build runs for what it needs itself.
    """
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(line for line in lines if "Could not fetch URL" in line or "Retrying (Retry(total=0" in line)


def no_environment(said: str) -> SubjectError:
    """The error for a Python that cannot make environments."""
    return SubjectError(
        f"No environment can be made for the SDK with {sys.executable}: {last_words(said)} "
        f"Install uv, or the venv module (Debian and Ubuntu: apt install python3-venv), and try again."
    )


def _places_of_uv() -> Iterator[str]:
    if on_path := shutil.which("uv"):
        yield on_path
    if beside := shutil.which("uv", path=str(Path(sys.executable).parent)):
        yield beside
    if importlib.util.find_spec("uv") is not None:
        try:
            yield str(importlib.import_module("uv").find_uv_bin())
        except FileNotFoundError:
            return


def _runs(uv: str) -> bool:
    """A shim on PATH may stand for a uv that is not there."""
    try:
        done = subprocess.run([uv, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
