"""Says how each promise stands after the checks of a watch, and what its self-test showed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from atalaya.records.judged import PromiseStatus
from atalaya.records.results import Promise
from atalaya.records.stored import Observation, Outcome, Proof, Severity

LATEST = 40  # runs of a promise whose outcomes are shown one by one


def statuses(
    promises: Sequence[Promise], observations: Sequence[Observation], proofs: Sequence[Proof]
) -> tuple[PromiseStatus, ...]:
    """How each promise of the pack stands, in the order of the pack."""
    of_promise = defaultdict[str, list[Observation]](list)
    for observation in observations:
        of_promise[observation.promise].append(observation)
    red_at = {id: proof.occurred_at for proof in proofs for id in proof.caught_by}  # the newest proof comes last
    return tuple(_status(promise, of_promise[promise.id], red_at.get(promise.id)) for promise in promises)


def _status(promise: Promise, seen: Sequence[Observation], last_red_at: datetime | None) -> PromiseStatus:
    counts = Counter(observation.outcome for observation in seen)
    last = seen[-1] if seen else None
    return PromiseStatus(
        promise=promise,
        outcome=last.outcome if last else Outcome.UNKNOWN,
        reason=last.reason if last else "",
        at=last.occurred_at if last else None,
        kept=counts[Outcome.KEPT],
        broken=counts[Outcome.BROKEN],
        unknown=counts[Outcome.UNKNOWN],
        last_seen_red_at=last_red_at,
        log=last.log if last else (),
        script=last.script if last else (),
        latest=tuple(observation.outcome for observation in seen[-LATEST:]),
    )


def broken(statuses: Sequence[PromiseStatus], *, critical: bool) -> tuple[str, ...]:
    """The promises whose latest outcome is broken."""
    return tuple(
        status.promise.id
        for status in statuses
        if status.outcome is Outcome.BROKEN and (status.promise.severity is Severity.CRITICAL) is critical
    )


def self_test(proofs: Sequence[Proof]) -> tuple[int, int] | None:
    """How many defects were seeded at the last self-test, and how many the promises that should caught.

    None where the watch has none: then the one that comes with the check pack stands, so that a first run has it.
    """
    newest = {proof.defect: proof for proof in proofs if not proof.canary}
    if not newest:
        return None
    caught = [proof for proof in newest.values() if set(proof.expected) <= set(proof.caught_by)]
    return len(newest), len(caught)
