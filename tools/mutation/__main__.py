"""The command of ``nox -s mutate``: changes the bundled SDK or the machine by rule, and says what nobody notices."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from atalaya.cli.console import Console
from atalaya.cli.context import Context, built, print_json, write_json
from atalaya.cli.main import execute, positive, where
from atalaya.core.errors import UsageError
from atalaya.sdk.prepare import prepare
from tools.mutation import own
from tools.mutation.mutate import MutantResult, Mutated, choose, explanations, summary
from tools.mutation.mutate import mutate as run_all


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    it = argparse.ArgumentParser(prog="nox -s mutate --", parents=[where()], description=mutate.__doc__)
    it.set_defaults(run=mutate)
    it.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    it.add_argument("--report", metavar="FILE", help="write the result to this file, as JSON")
    it.add_argument("--file", action="append", metavar="FILE", help="only changes of this file, as config.py")
    it.add_argument("--id", action="append", metavar="ID", help="only this mutant; may be given again")
    it.add_argument("--jobs", type=positive, default=0, metavar="N", help="how many at once (default: one a processor)")
    it.add_argument("--own", action="store_true", help="change the machine's own modules, and run their tests")
    it.add_argument("--module", action="append", metavar="NAME", help="with --own: only this one, as verdict/rules.py")
    it.add_argument(
        "--sample",
        type=positive,
        default=own.SAMPLE,
        metavar="N",
        help=f"with --own: how many mutants of each module (default: {own.SAMPLE})",
    )
    it.add_argument("--seed", type=int, default=1, metavar="N", help="with --own: which are drawn (default: 1)")
    return it


def mutate(place: Context, args: argparse.Namespace) -> int:
    """Change the bundled SDK by rule, a change at a time, and fail when the checks do not notice one."""
    if not args.own and args.module:
        raise UsageError("--module is for --own. Give both, or --file for a file of the bundled SDK.")
    mutated = _of_the_machine(place, args) if args.own else _of_the_sdk(place, args)
    report = {
        "schema": "atalaya.mutate/1",
        **built(mutated),
        "unexplained": [one.id for one in mutated.unexplained],
        "mistaken": [one.id for one in mutated.mistaken],
    }
    if args.report:
        write_json(Path(args.report), report)
    if args.json:
        print_json(report)
    for line in summary(mutated):
        place.console.line(line)
    too_few = args.own and own.share_killed(mutated) < own.AT_LEAST
    if too_few:
        place.console.line(f"  fewer than {own.AT_LEAST:.0%} were killed: {own.share_killed(mutated):.1%}")
    return 1 if mutated.unexplained or mutated.mistaken or too_few else 0


def _of_the_sdk(place: Context, args: argparse.Namespace) -> Mutated:
    mutants = choose(place.pack, args.file or (), args.id or ())
    with prepare("", pack=place.pack, echo=place.console.line) as prepared:
        place.console.line(f"  {len(mutants)} mutants are shown to the checks")
        return run_all(
            prepared,
            mutants,
            explained=explanations(place.pack.survivors),
            jobs=args.jobs,
            hear=lambda one: _hear(place.console, one),
        )


def _of_the_machine(place: Context, args: argparse.Namespace) -> Mutated:
    mutants = own.choose_own(args.module or (), args.id or (), sample=args.sample, seed=args.seed)
    place.console.line(f"  {len(mutants)} mutants are shown to the tests")
    return own.mutate_own(
        mutants, explained=explanations(own.OWN_SURVIVORS), jobs=args.jobs, hear=lambda one: _hear(place.console, one)
    )


def _hear(console: Console, one: MutantResult) -> None:
    console.row(str(one.fate), f"{one.id}: {', '.join(one.by[:2]) or 'by nothing'}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return execute(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
