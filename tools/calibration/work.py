"""The file that keeps what a calibration has found so far, so that one that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import atalaya
from atalaya.watch.calibration_record import Found

if TYPE_CHECKING:
    from tools.calibration.calibrate import Inputs

# What of the code a result depends on. A result of other code is not gone on with.
CODE = ("core", "records", "metrics", "verdict", "watch")


class Work:
    """A file of JSON lines: what the results depend on, then a result in each line.

    A line that was cut short, since the process was killed while it wrote, is dropped.
    """

    def __init__(self, path: Path | None, inputs: Inputs) -> None:
        self._path = path
        self._head = digest(inputs)

    def read(self) -> Iterator[Found]:
        """The results that were kept, if they are of the same inputs and code; otherwise the file begins anew."""
        if self._path is None:
            return
        lines = self._path.read_bytes().splitlines(keepends=True) if self._path.is_file() else []
        if lines[:1] != [self._head.encode() + b"\n"]:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(self._head + "\n", encoding="utf-8")
            return
        whole = [line for line in lines if line.endswith(b"\n")]
        if whole != lines:
            self._path.write_bytes(b"".join(whole))
        for line in whole[1:]:
            yield msgspec.json.decode(line, type=Found)

    def add(self, found: Found) -> None:
        """Keep one more result."""
        if self._path is not None:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(found) + b"\n")


def digest(inputs: Inputs) -> str:
    """The name of all that the results depend on: the inputs, and the code that draws and judges."""
    it = hashlib.sha256(msgspec.json.encode(inputs, order="deterministic"))
    package = Path(str(atalaya.__file__)).parent
    for root in (*(package / name for name in CODE), Path(__file__).parent):
        files = [root] if root.is_file() else sorted([*root.rglob("*.py"), *root.rglob("*.sql")])
        for file in files:
            it.update(file.read_bytes())
    return it.hexdigest()
