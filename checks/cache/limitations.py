"""Limitations of its cache of GETs that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("cache")


@LIMITATIONS.add()
def hits_share_one_object() -> None:
    """Callers share one cached object: who changes a result changes the next caller's.

    Proposal: Store text, or hand out copies.
    """


@LIMITATIONS.add()
def header_case_mixes_identities() -> None:
    """Two identities given in small-letter header names share one cached answer.

    Proposal: Compare header names without regard to case.
    """


@LIMITATIONS.add()
def other_headers_are_ignored() -> None:
    """A GET that accepts another format or language gets the answer that was cached for the first.

    Proposal: Make Accept and Accept-Language part of the key.
    """


@LIMITATIONS.add()
def expired_answers_stay() -> None:
    """Answers that nobody asks for again stay in memory for as long as their client lives.

    Proposal: Drop what has expired whenever an answer is stored, and bound their number.
    """


@LIMITATIONS.add()
def odd_queries_are_refused() -> None:
    """A date in a query raises TypeError before anything is sent, even past the cache.

    Proposal: Make the key from the query as it will be sent.
    """


@LIMITATIONS.add()
def invalidation_races() -> None:
    """A mutation that invalidates while another thread stores an answer can end in a RuntimeError.

    Proposal: Go over a copy of the keys, or hold a lock.
    """


@LIMITATIONS.add()
def invalidation_takes_neighbours() -> None:
    """A mutation that names /aris3/stores also removes what is cached for /aris3/stores-archive.

    Proposal: Compare paths segment by segment.
    """


@LIMITATIONS.add()
def late_answers_outlive_a_clear() -> None:
    """An answer that was on its way when the cache was emptied is stored after it.

    Proposal: Count how often the cache was emptied, and store only what was asked for since.
    """
