"""The command of ``nox -s calibrate``: counts how often the verdict is wrong, over simulated watches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from atalaya.cli.context import Context, print_json, write_text
from atalaya.cli.main import execute, positive, where
from atalaya.core.errors import UsageError
from atalaya.metrics.detector_power import detectors
from atalaya.records.stored import VerdictStatus
from atalaya.selftest import last_run
from atalaya.watch.calibration_record import FILE, Found, encoded
from tools.calibration.calibrate import ENOUGH, Seen
from tools.calibration.calibrate import calibrate as run_all


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
    """Judge many simulated watches of known truth, and count how often the verdict is wrong."""
    console = place.console
    console.line(f"  {args.watches} watches of each scenario are drawn and judged")
    made = run_all(
        watches=args.watches,
        seed=args.seed,
        settings=place.loaded.settings,
        seen=_seen(place),
        made_by=f"nox -s calibrate -- --watches {args.watches} --seed {args.seed}",
        hear=lambda found: console.line(f"  {_in_words(found, args.watches)}"),
    )
    if args.report:
        write_text(Path(args.report), encoded(made))
    if args.json:
        print_json(made)
    if args.watches >= ENOUGH:
        write_text(place.docs / FILE, encoded(made))
        console.line(f"  kept: {place.docs / FILE}")
    else:
        console.line(f"  kept nowhere: what is published rests on {ENOUGH} watches of each scenario at the least")
    return 0


def _seen(place: Context) -> Seen:
    """What the self-test that lies in the tree says of the checks.

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
    defects = len(kept.defects)
    return Seen(detectors(place.pack), defects, defects, place.pack.duties)


def _in_words(found: Found, watches: int) -> str:
    ended = ", ".join(f"{word} {found.ended(word) / watches:.1%}" for word in VerdictStatus if found.ended(word))
    return f"{found.scenario.id}: alarmed {found.alarmed / watches:.1%}; at T+72 {ended}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return execute(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
