"""Runs git without prompts, and always in the same language."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from atalaya.core import environment
from atalaya.core.errors import NetworkError, UsageError
from atalaya.core.scrub import scrub

LONGEST_S = 600.0
# What git says where the way there is broken, and not what was asked.
WAYS = ("could not resolve", "unable to access", "connection", "timed out", "early eof", "hung up", "rpc failed")
KEPT_OUT = ("403", "401", "permission", "denied", "authentication", "not granted")


class Git:
    """The git of one working tree.

    :param env: what is set for each of its commands; None is taken away.
    """

    def __init__(self, root: Path, env: Mapping[str, str | None] | None = None) -> None:
        self.root = root
        self._env = dict(env or {})
        code, out, _ = self.tried("rev-parse", "--show-prefix")
        if code:
            raise UsageError(f"{root}: it is in no git repository. Run this in a clone of the project.")
        self.prefix = out.decode("utf-8", "replace").rstrip("\n")

    def line(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str | None] | None = None) -> str:
        """What git answers, without the end of its last line."""
        return self.output(*arguments, stdin=stdin, env=env).decode("utf-8", "replace").rstrip("\n")

    def output(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str | None] | None = None) -> bytes:
        """What git answers.

        :raises UsageError: it cannot do so. :raises NetworkError: the remote cannot be reached.
        """
        code, out, said = self.tried(*arguments, stdin=stdin, env=env)
        if code:
            raise failure(arguments[0], said)
        return out

    def tried(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str | None] | None = None
    ) -> tuple[int, bytes, str]:
        """The exit code, what git answers, and what it says of it."""
        return run(self.root, *arguments, stdin=stdin, env={**self._env, **(env or {})})


def run(
    where: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str | None] | None = None
) -> tuple[int, bytes, str]:
    """Run git in a folder, which need not be in a repository: the exit code, what it answers, and what it says of it.

    :raises UsageError: there is no git. :raises NetworkError: it does not end.
    """
    quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    told: dict[str, str | None] = {**environment.everything(), **quiet, **(env or {})}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=where,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=LONGEST_S,
            env={name: value for name, value in told.items() if value is not None},
        )
    except FileNotFoundError:
        raise UsageError("git: no such program. Install git, and run again.") from None
    except subprocess.TimeoutExpired:
        raise NetworkError(f"git {arguments[0]}: no end after {LONGEST_S:.0f} s. Run again later.") from None
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def failure(command: str, said: str) -> UsageError | NetworkError:
    """The error that git's own words amount to. They hold addresses, and an address may hold a password."""
    words = (scrub(" ".join(said.split()))[-500:] or "it gave no reason").rstrip(".") + "."
    low = said.lower()
    if any(way in low for way in WAYS) and not any(word in low for word in KEPT_OUT):
        return NetworkError(f"git {command}: {words} Run again later.")
    return UsageError(f"git {command}: {words} Mend that, and run again.")
