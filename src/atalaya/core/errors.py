"""The error tree, and who can fix each kind of error.

::

    AtalayaError
    ├── UsageError           the person at the keyboard: exit code 2
    │   ├── SettingsError    watch.toml or the environment says what cannot be
    │   ├── SubjectError     the SDK cannot be found, installed or imported
    │   │   └── ImportFailed it is installed, and its own import fails
    │   ├── ReleaseError     a release folder is not what the command needs
    │   └── PortTaken        the port asked for belongs to another program
    ├── NetworkError         a package index or a service that cannot be reached: exit code 2
    ├── EvidenceError        a segment is not what its name says: somebody changed it
    └── HarnessError         us: the checks' own machinery failed; never the SDK's fault

Each message says where, what, and what to do now. None of them is shown with a traceback.
"""

from __future__ import annotations


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
    """The SDK under watch cannot be found, installed or imported."""


class ImportFailed(SubjectError):
    """The SDK is installed, and its import fails: that tells of the SDK, and is kept where a release is watched."""

    def __init__(self, message: str, *, why: str, python: str) -> None:
        """:param why: what the import raised. :param python: the version of Python that it was imported with."""
        super().__init__(message)
        self.why = why
        self.python = python


class ReleaseError(UsageError):
    """A release folder is missing, from a newer format, or not in the state that a command needs."""


class PortTaken(UsageError):
    """The port asked for belongs to another program."""


class NetworkError(AtalayaError):
    """A package index or a service cannot be reached. Mended by the network, or by trying again."""


class EvidenceError(AtalayaError):
    """A segment's content is not what its name says, or cannot be decoded."""

    exit_code = 1


class HarnessError(AtalayaError):
    """The checks' own machinery failed. Never counted for or against the SDK."""

    exit_code = 3


def interrupted(why: BaseException) -> bool:
    """Whether Ctrl-C is behind an error: a compiled module that is stopped while it starts raises one of its own.

    >>> fault = ImportError("initialization failed")
    >>> fault.__cause__ = KeyboardInterrupt()
    >>> interrupted(fault), interrupted(ImportError("no such module"))
    (True, False)
    """
    behind: BaseException | None = why
    while behind is not None and not isinstance(behind, KeyboardInterrupt):
        behind = behind.__cause__ or behind.__context__
    return behind is not None
