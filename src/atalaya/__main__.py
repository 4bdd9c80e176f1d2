"""The command line as a process of its own: `atalaya`, and `python -m atalaya`."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # nothing is imported before Ctrl-C can be heard
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> NoReturn:
    """Run the command line, and leave with a code that it documents, however early or late something goes wrong."""
    code = 130  # where Ctrl-C comes before there is anything to run
    try:
        _open_what_is_closed()
        try:
            from atalaya.cli.main import main
        except ImportError as why:
            sys.exit(_missing(why))
        code = main()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0 if left.code is None else 2
    _leave(code)


def _open_what_is_closed() -> None:
    """Give each standard stream that was closed an end, lest a file that is opened later takes its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # Python has none then, and not every version of its libraries knows that.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it lasts as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _missing(why: ImportError) -> int:
    from atalaya.core.errors import interrupted

    if interrupted(why):
        return 130
    if sys.stderr is not None:
        sys.stderr.write(f"error: {why}. Install Atalaya with all that it needs, and run again.\n")
    return 2


def _leave(code: int) -> NoReturn:
    """End the process. From here on Ctrl-C is too late, and what cannot be written any more changes no code."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                _flush(stream)
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _flush(stream: object) -> None:
    from atalaya.cli.console import forget

    try:
        stream.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        forget(stream)  # type: ignore[arg-type]


if __name__ == "__main__":
    run()
