"""Keeps what became of each mutant in a file of lines, so that a run that was interrupted goes on where it stopped.

An answer counts for the SDK, the pack and the machine that it was found with: the key is the digest of all three.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import msgspec

import atalaya
from atalaya.core.errors import UsageError
from atalaya.core.words import Record
from atalaya.harness.pack import Pack
from atalaya.sdk.source_hash import package_digest
from atalaya.selftest.coverage_map import Reach
from tools.mutation.results import MutantResult

MACHINE = Path(atalaya.__file__).parent
CODE = ("harness", "mock_server", "sdk", "selftest")  # of the machine, what runs the checks, and which of them


class Unchanged(Record, frozen=True, kw_only=True):
    """What the checks say of the SDK as it is.

    ``kept`` are the promises that it keeps, with the seconds that each took, and ``red`` those that it breaks.
    ``slowest_s`` is how long one of them took at the most.
    """

    kept: dict[str, float]
    red: tuple[str, ...]
    slowest_s: float


class _Line(Record, frozen=True, kw_only=True):
    """One line of the file; of the last three fields one is set."""

    key: str
    unchanged: Unchanged | None = None
    reach: Reach | None = None
    answer: MutantResult | None = None


def key_of(package: Path, pack: Pack) -> str:
    """What an answer counts for: this SDK, these checks, and what runs them."""
    parts = [package_digest(package), package_digest(pack.folder)]
    parts += [package_digest(MACHINE / room) for room in CODE]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Answers:
    """What was found before, and what is found now: each is written down at once."""

    def __init__(self, file: Path | None = None, key: str = "") -> None:
        """:param file: None keeps nothing.

        :raises UsageError: it is there, and cannot be read.
        """
        self.unchanged: Unchanged | None = None
        self.reach: Reach | None = None
        self.known: dict[str, MutantResult] = {}
        self._file, self._key, self._lock = file, key, threading.Lock()
        for line in self._lines():
            self._take(line)

    def keep(self, found: Unchanged | Reach | MutantResult) -> None:
        """Keep what was found: what the checks say of the SDK as it is, where they go, or what became of a mutant."""
        field = {Unchanged: "unchanged", Reach: "reach", MutantResult: "answer"}[type(found)]
        line = _Line(key=self._key, **{field: found})  # type: ignore[arg-type]
        with self._lock:
            self._take(line)
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with self._file.open("ab") as file:
                    file.write(msgspec.json.encode(line, enc_hook=str) + b"\n")

    def _take(self, line: _Line) -> None:
        self.unchanged = line.unchanged or self.unchanged
        self.reach = line.reach or self.reach
        if line.answer is not None:
            self.known[line.answer.id] = line.answer

    def _lines(self) -> list[_Line]:
        """The lines of this key. One that was cut short, or is of another time, is passed over."""
        try:
            raw = self._file.read_bytes() if self._file is not None and self._file.exists() else b""
        except OSError as why:
            raise UsageError(f"--answers {self._file}: cannot be read: {why}. Name another file.") from None
        found = []
        for text in raw.splitlines():
            try:
                line = msgspec.json.decode(text, type=_Line, dec_hook=lambda type, value: type(value))
            except msgspec.DecodeError:
                continue
            if line.key == self._key:
                found.append(line)
        if raw and not raw.endswith(b"\n") and self._file is not None:
            with self._file.open("ab") as file:
                file.write(b"\n")  # what comes next is a line of its own
        return found
