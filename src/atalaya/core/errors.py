"""The error tree, and who can fix each kind of error.

::

    AtalayaError
    ├── UsageError           the person at the keyboard: exit code 2
    │   ├── SettingsError    watch.toml or the environment says what cannot be
    │   ├── SubjectError     the SDK cannot be found, or is not what was meant
    │   │   ├── BrokenSubject    it was found, and cannot be installed or imported: mended by who makes it, exit code 1
    │   │   └── NoPython         there is no Python here that it is for: exit code 3
    │   ├── ReleaseError     a release folder is not what the command needs
    │   └── PortTaken        the port asked for belongs to another program
    ├── NetworkError         a package index or a service that cannot be reached: exit code 3
    ├── EvidenceError        a segment is not what its name says: somebody changed it
    ├── EngineError          what reads the evidence has too little memory, or no room on its disk: exit code 3
    └── HarnessError         us: the checks' own machinery failed; never the SDK's fault

Each message says where, what, and what to do now. None of them is shown with a traceback.
"""

from __future__ import annotations

import errno
from typing import TypeGuard


class AtalayaError(Exception):
    """Base of all errors that Atalaya raises on purpose.

    ``str(error)`` is written for the person who reads it: where, what, and what to do now.
    """

    exit_code = 2


class UsageError(AtalayaError):
    """Something that was asked for cannot be done as asked. Mended by who asked."""


class SettingsError(UsageError):
    """``watch.toml`` or an ``ATALAYA_*`` variable is unreadable, unknown or out of range."""


class SubjectError(UsageError):
    """The SDK under watch cannot be found, or is not what was meant."""


class BrokenSubject(SubjectError):
    """The SDK under watch was found, and cannot be installed or imported. Mended by who makes it.

    :param imports: whether it was installed, and cannot be imported.
    :param python: the version of the Python that it was tried with; empty where that is ours.
    """

    exit_code = 1

    def __init__(self, message: str, *, imports: bool, python: str = "") -> None:
        super().__init__(message)
        self.imports = imports
        self.python = python


class NoPython(SubjectError):
    """The Python that the SDK under watch is for is not there, so nothing is known of it."""

    exit_code = 3


class ReleaseError(UsageError):
    """A release folder is missing, from a newer format, or not in the state that a command needs."""


class PortTaken(UsageError):
    """The port asked for belongs to another program."""


class NetworkError(AtalayaError):
    """A package index or a service cannot be reached: nothing is known. Mended by the network, or by trying again."""

    exit_code = 3


class EvidenceError(AtalayaError):
    """A segment's content is not what its name says, or cannot be decoded."""

    exit_code = 1


class EngineError(AtalayaError):
    """What reads and counts the evidence has too little memory, no room on its disk, or too many open files: nothing is
    known.

    No record is at fault, and to run again may be enough: never to be kept as a fault of a release. Mended by who runs
    it.
    """

    exit_code = 3


# A program or a machine holds too many files, has no memory, or no room.
PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT})


def passes(why: BaseException) -> TypeGuard[OSError]:
    """Whether an error says something of this machine, and nothing of the file that was read.

    >>> passes(OSError(errno.EMFILE, "Too many open files")), passes(PermissionError(errno.EACCES, "Permission denied"))
    (True, False)
    """
    return isinstance(why, OSError) and why.errno in PASSING


def short_of_something(what: object, why: OSError) -> EngineError:
    """The error of what could not be read here and now, where :func:`passes` says so.

    >>> print(short_of_something("seal.json", OSError(errno.EMFILE, "Too many open files")))
    seal.json: cannot be read: Too many open files. Nothing is known of it: see to that, and run again.
    """
    says = f"{what}: cannot be read: {why.strerror or why}."
    return EngineError(f"{says} Nothing is known of it: see to that, and run again.")


class HarnessError(AtalayaError):
    """The checks' own machinery failed. Never counted for or against the SDK."""

    exit_code = 3


STOPPED_QUERY = ("Query interrupted", "INTERRUPT Error: Interrupted!")  # as DuckDB says it, and no more


def interrupted(why: BaseException) -> bool:
    """Whether Ctrl-C is behind an error: a compiled module that is stopped raises one of its own.

    >>> fault = ImportError("initialization failed")
    >>> fault.__cause__ = KeyboardInterrupt()
    >>> interrupted(fault), interrupted(ImportError("no such module"))
    (True, False)
    >>> interrupted(RuntimeError("Query interrupted"))
    True
    """
    behind: BaseException | None = why
    while behind is not None and not isinstance(behind, KeyboardInterrupt) and str(behind) not in STOPPED_QUERY:
        behind = behind.__cause__ or behind.__context__
    return behind is not None
