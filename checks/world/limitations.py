"""Limitations in the world round the SDK that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("world")


@LIMITATIONS.add()
def token_in_repr() -> None:
    """The token stands in the repr of clients and sessions, and so in each log that prints one.

    Proposal: Leave it out of the repr.
    """


@LIMITATIONS.add()
def unlisted_variables_are_read() -> None:
    """The SDK reads variables of the environment that its documentation does not name.

    Proposal: Name them, or read them no more.
    """


@LIMITATIONS.add()
def speaks_unasked() -> None:
    """The SDK logs, prints or warns in calls that succeed.

    Proposal: Leave what is said to its callers, or document the logger.
    """


@LIMITATIONS.add()
def star_import_fails() -> None:
    """A star import of the package raises an error, since it lists a name that it does not have.

    Proposal: List the names that are there.
    """
