"""Says what it means that a check has left no result: whose doing that is, and what is known of its promise."""

from __future__ import annotations

import signal

import msgspec

from atalaya.harness import process_group
from atalaya.harness.pack import Pack
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome, Presence

# Of the time that a check has, what it has worked for at the least where it is the SDK that does not end. All that a
# check needs is a tenth of this; a machine that is so busy that a check comes to nothing gives it less.
BUSY = 0.25
# By these a process is ended from outside: by a machine that is out of memory, say.
FOREIGN = tuple(getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


def unknown(pack: Pack, id: str, reason: str) -> CheckResult | FindingResult:
    """A promise, or a limitation, of which this run can say nothing."""
    if id not in pack.promise:
        return FindingResult(id=id, seen=Presence.UNKNOWN, reason=reason)
    return CheckResult(
        id=id, severity=pack.promise[id].severity, outcome=Outcome.UNKNOWN, reason=reason, duration_s=0.0
    )


def without_sdk(pack: Pack, id: str, reason: str, *, broken: str) -> CheckResult | FindingResult:
    """What is known of a promise, or a limitation, where the SDK cannot even be installed or imported.

    :param broken: the promise that this breaks; of the others nothing is known.
    """
    result = unknown(pack, id, reason if id == broken or not broken else f"{reason}: see {broken}")
    if isinstance(result, CheckResult) and id == broken:
        return msgspec.structs.replace(result, outcome=Outcome.BROKEN)
    return result


def without_result(code: int | None, worked_s: float, deadline_s: float, *, long: bool = False) -> tuple[Outcome, str]:
    """What it means that a check has left no result, and in words: the SDK's doing, or perhaps the machine's.

    >>> [without_result(code, worked_s, 20.0)[0].name for code, worked_s in ((3, 0), (-11, 0), (-9, 0))]
    ['BROKEN', 'BROKEN', 'UNKNOWN']
    >>> [without_result(None, worked_s, 20.0)[0].name for worked_s in (19.9, 0.1)]
    ['BROKEN', 'UNKNOWN']

    :param code: its exit code, None where it was stopped at its deadline.
    :param worked_s: for how long it had worked by then.
    :param long: whether it takes long to look for a fault, so that nothing follows from how long it worked.
    """
    if code is None:
        why = f"the SDK gave no answer within {deadline_s:g} real seconds, and was stopped"
        own = worked_s >= BUSY * deadline_s and not long
    else:
        why = f"the process ended in the middle of the check ({process_group.how_it_ended(code)})"
        own = -code not in FOREIGN
    return (Outcome.BROKEN if own else Outcome.UNKNOWN), why
