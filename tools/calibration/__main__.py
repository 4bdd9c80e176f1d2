"""The command of ``nox -s calibrate``: counts how often the verdict is wrong, over simulated watches."""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from atalaya.cli.context import Context
from atalaya.cli.main import execute, positive, where
from atalaya.cli.output import print_json, write_text
from atalaya.core.errors import UsageError
from atalaya.core.kept_record import encoded
from atalaya.metrics.detector_power import detectors
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.stored import VerdictStatus
from atalaya.selftest import last_run
from atalaya.watch.calibration_record import FILE, Calibration, Found, goals_of
from tools.calibration.calibrate import ENOUGH, Inputs
from tools.calibration.calibrate import calibrate as run_all
from tools.calibration.scenarios import SCENARIOS

WORK = Path("build") / "calibration"  # below the root: what was found so far


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    it = argparse.ArgumentParser(prog="nox -s calibrate --", parents=[where()], description=calibrate.__doc__)
    it.set_defaults(run=calibrate)
    it.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    it.add_argument("--report", metavar="FILE", help="write the result to this file, as JSON")
    it.add_argument(
        "--watches",
        type=positive,
        default=ENOUGH,
        metavar="N",
        help=f"how many watches of each scenario are simulated; what is published rests on {ENOUGH} (default)",
    )
    it.add_argument("--seed", type=int, default=1, metavar="N", help="what is drawn (default: 1)")
    return it


def calibrate(place: Context, args: argparse.Namespace) -> int:
    """Judge many simulated watches of known truth, and count how often the verdict is wrong.

    The result of each scenario is kept as soon as it is there: what was stopped goes on where it was.
    """
    console = place.console
    console.line(f"  {args.watches} watches of each of {len(SCENARIOS)} scenarios are drawn and judged")
    numbers = count(1)
    made = run_all(
        Inputs(args.watches, args.seed, place.loaded.settings, _detectors(place)),
        scenarios=SCENARIOS,
        made_by=f"nox -s calibrate -- --watches {args.watches} --seed {args.seed}",
        work=place.root / WORK / f"{args.watches}-{args.seed}.jsonl",
        hear=lambda found: console.line(f"  {next(numbers)}/{len(SCENARIOS)} {_in_words(found, args.watches)}"),
    )
    for line in _goals(made):
        console.line(f"  {line}")
    if args.report:
        write_text(Path(args.report), encoded(made))
    if args.json:
        print_json(made)
    if args.watches >= ENOUGH:
        write_text(place.docs / FILE, encoded(made))
        console.line(f"  kept: {place.docs / FILE}")
    else:
        console.line(f"  kept nowhere: what is published rests on {ENOUGH} watches of each scenario at the least")
    console.line(f"  {_cpu_s() / 60:.1f} minutes of CPU time")
    return 0


def _detectors(place: Context) -> Mapping[str, DetectorPower]:
    """How much of what was seeded the smoke sees, where the self-test in the tree lets a verdict be given.

    :raises UsageError: there is none, or a defect survived it: the rules would say one word of every watch.
    """
    file, kept = last_run.place(place.pack), last_run.read(place.pack)
    if kept is None:
        raise UsageError(f"{file}: there is no self-test, so no verdict could be GO. Make one: nox -s prove")
    survivors = [caught.id for caught in kept.defects if caught.survived]
    if survivors:
        raise UsageError(
            f"{file}: the defect {survivors[0]} survived, so each verdict would be INVALID. "
            f"Mend its check, and make it anew: nox -s prove"
        )
    return detectors(place.pack)


def _in_words(found: Found, watches: int) -> str:
    ended = ", ".join(f"{word} {found.ended_in(word) / watches:.1%}" for word in VerdictStatus if found.ended_in(word))
    return f"{found.scenario.id}: alarmed {found.alarmed / watches:.1%}; at T+72 {ended}"


def _goals(made: Calibration) -> Iterator[str]:
    """The goals that were missed, and how many were not."""
    held = [(goal.is_met(one, made.watches), one) for one in made.found for goal in goals_of(one.scenario)]
    yield from (f"goal not met: {one.scenario.id}" for is_met, one in held if not is_met)
    yield f"goals met: {sum(is_met for is_met, _ in held)} of {len(held)}"


def _cpu_s() -> float:
    """Seconds of CPU time of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return execute(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
