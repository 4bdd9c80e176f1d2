"""Limitations of its exports that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("exports")


@LIMITATIONS.add(against="roads.no-object-is-a-plain-value-error")
def malformed_status_leaks() -> None:
    """A status that cannot be read raises an error from outside the SDK's tree.

    Proposal: Raise an ApiError that is a ValueError too, and quote the field that is wrong.
    """


@LIMITATIONS.add()
def download_leaks_library_errors() -> None:
    """A download over a failing network raises an error of the HTTP library.

    Proposal: Raise TransportError, as every other request does.
    """


@LIMITATIONS.add()
def list_lags_behind() -> None:
    """A list that was cached before an export was asked for does not show it straight after.

    Proposal: Drop the cached lists when an export is asked for.
    """


@LIMITATIONS.add()
def ids_are_not_escaped() -> None:
    """An id goes into the path as it is: it can leave the folder, add a query, or ask for the list.

    Proposal: Escape ids as one segment of a path, and refuse an empty one.
    """


@LIMITATIONS.add()
def foreign_status_is_accepted() -> None:
    """A status that names another export is taken for the one that was asked for.

    Proposal: Compare the two ids, and raise where they differ.
    """


@LIMITATIONS.add(against="exports.idempotency-key")
def no_key_for_a_second_try() -> None:
    """A request that is made again after a failure has a new idempotency key, though its transaction is the same.

    Proposal: Derive the key from the transaction id where the caller gives none.
    """
