"""Writes progress and results to a terminal.

Colour only on a terminal that wants it, and no control character of a stranger's ever.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO, cast

from atalaya.cli.commands import COMMANDS
from atalaya.core import environment
from atalaya.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console as Terminal

COLOURS = {"good": "32", "bad": "31;1", "doubt": "33", "quiet": "2", "loud": "1"}
TONES = {
    "kept": "good",
    "PROVEN": "good",
    "MEETS": "good",
    "GO": "good",
    "ON TRACK": "good",
    "broken": "bad",
    "FAIL": "bad",
    "NO-GO": "bad",
    "OFF TRACK": "bad",
    "INVALID": "bad",
    "unknown": "doubt",
    "UNKNOWN": "doubt",
    "INCONCLUSIVE": "doubt",
    "WAITING": "doubt",
    "EXTEND": "doubt",
    "not-applicable": "quiet",
    "not applicable": "quiet",
    "NOT APPLICABLE": "quiet",
    "caught": "good",
    "SURVIVED": "bad",
    "killed": "good",
    "survived": "bad",
    "unsure": "doubt",
    "invalid": "quiet",
    "flaky": "doubt",
    "failing": "bad",
}


# The commands that text names are shown as they are run here.
_COMMAND = re.compile(rf"\batalaya ({'|'.join(COMMANDS)})\b(?: (?=[-\w]))?")


class _Lasting:
    """A stream that outlives its reader: where nobody reads any more, the command goes on, and what it finds does not
    hang on who looks."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self._stream = io.StringIO()
            return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class Console:
    """Lines on a stream. Progress goes to standard error, so that ``--json`` can own standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = cast(TextIO, _Lasting(stream or sys.stderr or io.StringIO()))
        self.terminal = self.stream.isatty()
        self.colour = self.terminal and environment.wants_colour()
        self._above: Terminal | None = None  # where lines go while a bar is shown
        self._said = False  # since the last quarter of something long

    def line(self, text: str = "") -> None:
        """One line, safe to show: in a workflow of GitHub, none of them is a command to the runner."""
        shown = pasteable(plain(text))
        self._write(f"· {shown}" if shown.lstrip().startswith(("::", "##[")) else shown)

    def stage(self, name: str) -> None:
        """A stage begins."""
        self.line()
        self._write(self.tint(f"── {plain(name)} ──", "loud"))

    def row(self, word: str, text: str, width: int = 14) -> None:
        """A word of the vocabulary, in its colour, and what it is about."""
        self._write(f"  {self.tint(word.ljust(width), TONES.get(word, 'loud'))} {pasteable(plain(text))}")

    @contextlib.contextmanager
    def bar(self, of: str, total: int | None = None, done: int = 0) -> Iterator[Callable[[], None]]:
        """Show how far something long has come: call what is given for each part that is done.

        On a terminal it is a bar, below the lines that are written meanwhile; elsewhere a line at each quarter in
        which nothing else was written.

        :param total: how many parts there are; None where nobody knows.
        """
        if not self.terminal:
            self._said = False
            parts = itertools.count(done + 1)
            yield lambda: self._quarter(of, next(parts), total or 0)
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        terminal = Terminal(file=self.stream, no_color=not self.colour, highlight=False, markup=False, emoji=False)
        count = (MofNCompleteColumn(),) if total else ()
        columns = (TextColumn(f"  {plain(of)}", markup=False), BarColumn(), *count, TimeElapsedColumn())
        with Progress(*columns, console=terminal, transient=True) as shown:
            self._above = terminal
            task = shown.add_task("", total=total, completed=min(done, total or 0))
            try:
                yield lambda: shown.advance(task)
            finally:
                self._above = None

    def _quarter(self, of: str, part: int, total: int) -> None:
        if part < total and part * 4 // total > (part - 1) * 4 // total:
            if not self._said:
                self.line(f"  {of}: {part} of {total}")
            self._said = False

    def _write(self, line: str) -> None:
        self._said = True
        shown = _encodable(line, self.stream)
        if self._above is None:
            print(shown, file=self.stream, flush=True)
        else:
            from rich.text import Text

            self._above.print(Text.from_ansi(shown), soft_wrap=True)

    def tint(self, text: str, tone: str) -> str:
        return f"\033[{COLOURS[tone]}m{text}\033[0m" if self.colour else text


def put_out(content: bytes, encoding: str = "utf-8") -> None:
    """Write bytes to standard output, whatever its encoding is. A reader that has left is no fault.

    :raises UsageError: it takes nothing: a full disk, for one.
    """
    stream = sys.stdout
    if stream is None:  # closed before we began
        return
    try:
        if (binary := getattr(stream, "buffer", None)) is None:
            stream.write(content.decode(encoding))
        else:
            stream.flush()
            binary.write(content)
        stream.flush()
    except BrokenPipeError:
        forget(stream)
    except (OSError, ValueError) as why:
        forget(stream)
        says = getattr(why, "strerror", None) or why
        raise UsageError(f"standard output cannot be written: {says}. Make room, or send it elsewhere.") from None


def put_line(line: str) -> None:
    """A line of what was asked for, on standard output, in the encoding of the terminal."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    put_out(f"{line}\n".encode(encoding, "backslashreplace"), encoding)


def _encodable(line: str, stream: TextIO | None) -> str:
    """The line with what the stream's encoding has not written as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def forget(stream: TextIO) -> None:
    """Lead a stream that takes nothing to nowhere, so that the interpreter's last flush does not fail on it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)


def pasteable(text: str) -> str:
    """Text whose commands can be pasted where they were printed: a clone has no ``atalaya`` on its path.

    >>> pasteable("Run `atalaya site`.")
    'Run `atalaya site`.'
    """
    if not environment.called_by_nox():
        return text
    return _COMMAND.sub(
        lambda found: f"python3 noxfile.py -s {found[1]}" + (" -- " if found[0].endswith(" ") else ""), text
    )


def plain(text: str) -> str:
    """Text without control characters, with line ends folded and marks that turn its direction shown.

    >>> plain("a\\x1b[31mb\\u202ec")
    'a\\\\x1b[31mb\\\\u202ec'
    """
    folded = " ".join(text.split("\n"))
    return "".join(
        character
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape").decode()
        for character in folded
    )
