"""What a check pack adds to the duties of a checkpoint: data, judged by :mod:`atalaya.watch.checkpoints`."""

from __future__ import annotations

from typing import NamedTuple


class PromisesKept(NamedTuple):
    """Met where each of these promises was kept by T+``by_h``. The worst of them gives the duty's state.

    ``smoke_steps`` are the steps of the smoke that see it fail, and ``metrics`` the counts of events that do: they
    meet no duty, and it is not met while one of them says otherwise.
    """

    promises: tuple[str, ...]
    by_h: int
    smoke_steps: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


class NoneSeen(NamedTuple):
    """Met where a metric that counts events is known, and does not fail."""

    metric: str


class PackDuty(NamedTuple):
    """One duty that is this SDK's: when it is due, what it says, and what meets it.

    ``blocked_by`` are the metrics and the families of promises whose incidents stand in its way.
    """

    id: str
    hours: int
    says: str
    met_by: PromisesKept | NoneSeen
    blocked_by: tuple[str, ...] = ()
