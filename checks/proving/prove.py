"""Does each check turn red for the defect that it is there for?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from checks.contracts.promises import PROMISES
from checks.contracts.run import run_checks
from checks.proving.defects import DEFECTS, Defect, plant
from checks.records import Outcome, Record
from checks.subject.environment import Prepared

REFERENCE = Path(__file__).resolve().parents[1] / "subject" / "reference" / "src"


class Caught(Record, frozen=True, kw_only=True):
    """One seeded defect, the promises that it breaks, and those that turned red."""

    id: str
    expected: tuple[str, ...]
    caught_by: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Whether a promise that should have turned red did not."""
        return not set(self.expected) <= set(self.caught_by)


class Proven(Record, frozen=True, kw_only=True):
    """All that one ``prove`` found, as its report is written."""

    defects: tuple[Caught, ...]
    promises_never_red: tuple[str, ...]


def catch(defect: Defect, prepared: Prepared, *, wanted: Sequence[str] = ()) -> Caught:
    """Run the checks against the reference SDK with one defect in it.

    :param prepared: an environment that has what the reference SDK needs.
    :param wanted: the promises to test; none means all.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-defect-") as folder:
        source = plant(defect, REFERENCE, Path(folder))
        run = run_checks(msgspec.structs.replace(prepared, paths=(source,)), wanted=wanted)
    red = tuple(check.id for check in run.checks if check.outcome is Outcome.BROKEN)
    return Caught(id=defect.id, expected=defect.expected, caught_by=red)


def prove(
    prepared: Prepared,
    *,
    defects: Sequence[Defect] = DEFECTS,
    jobs: int = 2,
    hear: Callable[[Caught], None] = lambda caught: None,
) -> Proven:
    """Run every check against every defect, some at once."""
    with ThreadPoolExecutor(jobs) as pool:
        caught = []
        for result in pool.map(lambda defect: catch(defect, prepared), defects):
            hear(result)
            caught.append(result)
    red = {id for result in caught for id in result.caught_by}
    return Proven(
        defects=tuple(caught),
        promises_never_red=tuple(promise.id for promise in PROMISES if promise.id not in red),
    )
