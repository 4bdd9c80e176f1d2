"""Limitations of the client that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

LIMITATIONS = Limitations("weather")


@LIMITATIONS.add()
def names_are_not_quoted() -> None:
    """A town with a question mark in its name is cut short.

    Proposal: Quote the name.
    """
