"""Proves that each check turns red for the seeded defects that it must catch, and for no other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from atalaya.core.words import Record
from atalaya.harness.declare import Defect
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.coverage_map import Reach, survey
from atalaya.selftest.group_test import grouped
from atalaya.selftest.seeded_faults import inject, inject_together

# Real seconds for a check that is shown a defect. More than in a watch: that none was caught must not be the machine's
# doing, and hardly a defect hangs.
PATIENCE_S = 60.0
FEW = 5  # defects: for no more than these, to find out where the checks go takes longer than it saves
ALPHA = 0.05  # one-sided: only "it sees too little" is a worry

Item = TypeVar("Item")
Result = TypeVar("Result")


class Caught(Record, frozen=True, kw_only=True):
    """One seeded defect, the promises that it breaks, and those that turned red."""

    id: str
    expected: tuple[str, ...]
    caught_by: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Whether a promise that should have turned red did not."""
        return bool(self.missed)

    @property
    def missed(self) -> tuple[str, ...]:
        """The promises that should have turned red and did not."""
        return tuple(id for id in self.expected if id not in self.caught_by)

    @property
    def besides(self) -> tuple[str, ...]:
        """The promises that turned red though the defect does not break them: false alarms."""
        return tuple(id for id in self.caught_by if id not in self.expected)


class Sensitivity(Record, frozen=True, kw_only=True):
    """What one promise's check sees: of ``n`` defects that break the promise it caught ``caught``.

    ``low`` is the share that it sees at the least, with 95 % confidence; None where no defect was shown to it.
    """

    promise: str
    n: int
    caught: int
    low: float | None


class FalseAlarm(Record, frozen=True, kw_only=True):
    """A promise that turned red for a defect that does not break it."""

    defect: str
    promise: str


class Proven(Record, frozen=True, kw_only=True):
    """All that one ``prove`` found, as its report is written."""

    defects: tuple[Caught, ...]
    promises_never_red: tuple[str, ...]
    sensitivity: tuple[Sensitivity, ...] = ()
    unexpected: tuple[FalseAlarm, ...] = ()


def catch(defect: Defect, prepared: Prepared, *, wanted: Sequence[str] = ()) -> Caught:
    """Run the checks against the reference SDK with one defect in it.

    :param prepared: an environment that has what the reference SDK needs.
    :param wanted: the promises to test; none means all that say something about any defect, and its own.
    """
    asked = tuple(wanted) or tuple(dict.fromkeys((*_quick(prepared.pack, prepared.pack.promise), *defect.expected)))
    return Caught(id=defect.id, expected=defect.expected, caught_by=_red(prepared, (defect,), asked))


def _quick(pack: Pack, near: Iterable[str]) -> tuple[str, ...]:
    """Those that any defect is shown to.

    The promises that explore take longer than all others together, and those that overlap turn red for what others
    are about, as they should: they are shown the defects that are their own, and no others.
    """
    return tuple(id for id in near if id not in pack.exploring and pack.promise[id].contract not in pack.overlapping)


def _red(prepared: Prepared, defects: Sequence[Defect], asked: Sequence[str]) -> tuple[str, ...]:
    """Which of the promises turn red with these defects in the SDK."""
    if not asked:  # to run_checks that would mean all, the probes among them, which judge nothing
        return ()
    with tempfile.TemporaryDirectory(prefix="atalaya-defect-") as folder:
        sick = msgspec.structs.replace(prepared, paths=(inject_together(prepared.pack, defects, Path(folder) / "src"),))
        run = run_checks(sick, wanted=asked, deadline_s=PATIENCE_S)
    return tuple(check.id for check in run.checks if check.outcome is Outcome.BROKEN)


def prove(
    prepared: Prepared,
    *,
    defects: Sequence[Defect] | None = None,
    expected_only: bool = False,
    jobs: int = 0,
    hear: Callable[[Caught], None] = lambda caught: None,
    hear_group: Callable[[int, int], None] = lambda number, of: None,
) -> Proven:
    """Show every defect to every check that comes by it, some at once; the answers keep the order of the defects.

    Each is shown alone to the promises that it should turn red, and in a group to the others.

    :param defects: some of the pack's; None means all of them.
    :param expected_only: show each defect only to the promises that it should turn red: quick, and blind to
        false alarms.
    :param jobs: how many at once; 0 means one more than there are processors, since many a check waits for a time-out.
    :param hear: called with each answer, in that order.
    :param hear_group: called after each group with how many are done, and of how many.
    """
    defects = prepared.pack.defects if defects is None else defects
    jobs = jobs or (os.cpu_count() or 1) + 1
    if expected_only:
        alone = {defect.id: defect.expected for defect in defects}
    elif len(defects) <= FEW:
        alone = {defect.id: () for defect in defects}
    else:
        alone = _left_for_each(prepared, defects, jobs=jobs, hear_group=hear_group)
    caught = []
    for result in in_order(lambda defect: catch(defect, prepared, wanted=alone[defect.id]), defects, jobs=jobs):
        hear(result)
        caught.append(result)
    return proven(caught, tuple(prepared.pack.promise))


def _left_for_each(
    prepared: Prepared, defects: Sequence[Defect], *, jobs: int, hear_group: Callable[[int, int], None]
) -> dict[str, tuple[str, ...]]:
    """The promises that each defect has to be shown to alone, once the groups are through.

    Its own; those that can notice it and are another's of its group; and those that its group turned red.
    """
    pack = prepared.pack
    reach = survey(prepared)
    near = {defect.id: _quick(pack, _near(prepared, defect, reach)) for defect in defects}
    groups = grouped(pack, defects, near)
    alone: dict[str, tuple[str, ...]] = {}
    results = in_order(lambda group: _red(prepared, group.defects, group.asked), groups, jobs=jobs)
    for number, (group, red) in enumerate(zip(groups, results, strict=True), 1):
        cleared = set(group.asked) - set(red)
        for one in group.defects:
            alone[one.id] = tuple(dict.fromkeys((*one.expected, *(id for id in near[one.id] if id not in cleared))))
        hear_group(number, len(groups))
    return alone


def _near(prepared: Prepared, defect: Defect, reach: Reach) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory(prefix="atalaya-defect-") as folder:
        return reach.of(inject(prepared.pack, defect, Path(folder)))


def in_order(work: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
    """What the work makes of each item, some at once, in the order of the items."""
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(work, items)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C waits for what runs, and for no more


def proven(caught: Sequence[Caught], ids: Sequence[str]) -> Proven:
    """What follows from so many defects, each shown to every check.

    :param ids: the promises, in the order of the report.
    """
    red = {id for one in caught for id in one.caught_by}
    return Proven(
        defects=tuple(caught),
        promises_never_red=tuple(id for id in ids if id not in red),
        sensitivity=tuple(_sensitivity(id, caught) for id in ids),
        unexpected=tuple(FalseAlarm(defect=one.id, promise=id) for one in caught for id in one.besides),
    )


def _sensitivity(promise: str, caught: Sequence[Caught]) -> Sensitivity:
    shown = [one for one in caught if promise in one.expected]
    seen = sum(promise in one.caught_by for one in shown)
    return Sensitivity(promise=promise, n=len(shown), caught=seen, low=at_the_least(seen, len(shown)))


def at_the_least(caught: int, shown: int) -> float | None:
    """The share of defects that a check sees at the least, from those it caught of those it was shown.

    One-sided lower bound of C. J. Clopper and E. S. Pearson, "The Use of Confidence or Fiducial Limits
    Illustrated in the Case of the Binomial", Biometrika 26 (1934). Of 20 caught out of 20, that is 0.05 ** (1 / 20).

    >>> f"{at_the_least(20, 20):.4f} {at_the_least(19, 20):.4f} {at_the_least(2, 2):.4f}"
    '0.8609 0.7839 0.2236'
    >>> at_the_least(0, 3), at_the_least(0, 0) is None
    (0.0, True)
    """
    # Imported here, since a run of the checks needs this module and no distribution.
    from scipy import special

    if not 0 <= caught <= shown:
        raise ValueError(f"{caught} of {shown}: counts cannot be negative, nor a part more than its whole")
    if shown == 0:
        return None
    return 0.0 if caught == 0 else float(special.betaincinv(caught, shown - caught + 1, ALPHA))
