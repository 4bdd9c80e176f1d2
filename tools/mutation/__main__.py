"""The command of ``nox -s mutate``: changes an SDK or the machine by rule, and says what nobody notices."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.main import execute, positive, where
from atalaya.cli.output import built, print_json, write_json
from atalaya.core.errors import UsageError
from atalaya.sdk.adapter import read
from atalaya.sdk.prepare import prepare
from tools.mutation import own
from tools.mutation.answers import Answers, key_of
from tools.mutation.mutants import Mutant
from tools.mutation.mutate import Target, choose, lying_at, target_of
from tools.mutation.mutate import mutate as run_all
from tools.mutation.results import MutantResult, Mutated, explanations, summary

ANSWERS = ".atalaya/mutants.jsonl"  # below the project's folder


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    it = argparse.ArgumentParser(prog="nox -s mutate --", parents=[where()], description=mutate.__doc__)
    it.set_defaults(run=mutate)
    it.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    it.add_argument("--report", metavar="FILE", help="write the result to this file, as JSON")
    it.add_argument(
        "--sdk", metavar="PATH_OR_REQUIREMENT", default="", help="change a copy of this SDK (default: the bundled one)"
    )
    it.add_argument("--adapter", metavar="FILE", help="what an SDK of other names calls the contract's names")
    it.add_argument("--file", action="append", metavar="FILE", help="only changes of this file, as config.py")
    it.add_argument("--id", action="append", metavar="ID", help="only this mutant; may be given again")
    it.add_argument(
        "--sample",
        type=positive,
        metavar="N",
        help=f"how many mutants are drawn (default: all of the SDK; with --own, {own.SAMPLE} of each module)",
    )
    it.add_argument("--seed", type=int, default=1, metavar="N", help="which are drawn (default: 1)")
    it.add_argument("--dry-run", action="store_true", help="list the mutants with their changes, and run nothing")
    it.add_argument(
        "--answers",
        metavar="FILE",
        help=f"keep what became of each mutant here, and go on where a run stopped (default: {ANSWERS}); "
        "it counts for this SDK and these checks alone",
    )
    it.add_argument("--jobs", type=positive, default=0, metavar="N", help="how many at once (default: one a processor)")
    it.add_argument("--own", action="store_true", help="change the machine's own modules, and run their tests")
    it.add_argument("--module", action="append", metavar="NAME", help="with --own: only this one, as verdict/rules.py")
    return it


def mutate(place: Context, args: argparse.Namespace) -> int:
    """Change a copy of an SDK by rule, a change at a time, and fail when the checks do not notice one."""
    if not args.own and args.module:
        raise UsageError("--module is for --own. Give both, or --file for a file of the SDK.")
    if args.own and (args.sdk or args.adapter or args.answers):
        raise UsageError("--sdk, --adapter and --answers are for an SDK, and --own changes the machine. Leave one out.")
    mutated = _of_the_machine(place, args) if args.own else _of_the_sdk(place, args)
    if mutated is None:
        return 0
    # Another SDK may do with good reason what the list of the bundled one's survivors says of it.
    mistaken = () if args.sdk else mutated.mistaken
    report = {
        "schema": "atalaya.mutate/1",
        **built(mutated),
        "unexplained": [one.id for one in mutated.unexplained],
        "mistaken": [one.id for one in mistaken],
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
    return 1 if mutated.unexplained or mistaken or too_few else 0


def _of_the_sdk(place: Context, args: argparse.Namespace) -> Mutated | None:
    pack = place.pack
    adapter = read(Path(args.adapter), pack.load("capabilities").VOCABULARY) if args.adapter else None
    if args.dry_run and (lying := lying_at(args.sdk, pack, (adapter or pack).package)):
        _list(place.console, _chosen(lying, args))
        return None
    with prepare(args.sdk, pack=pack, adapter=adapter, echo=place.console.line) as prepared:
        target = target_of(prepared)
        chosen = _chosen(target, args)
        if args.dry_run:
            _list(place.console, chosen)
            return None
        answers = Answers(Path(args.answers or place.root / ANSWERS), key_of(target.folder, pack))
        known = sum(mutant.id in answers.known for mutant in chosen)
        place.console.line(f"  {len(chosen)} mutants are shown to the checks; of {known} it is known what came of it")
        return run_all(
            prepared,
            chosen,
            explained=explanations(pack.survivors),
            answers=answers,
            jobs=args.jobs,
            hear=lambda one: _hear(place.console, one),
        )


def _chosen(target: Target, args: argparse.Namespace) -> tuple[Mutant, ...]:
    return choose(target, args.file or (), args.id or (), sample=args.sample or 0, seed=args.seed)


def _of_the_machine(place: Context, args: argparse.Namespace) -> Mutated | None:
    mutants = own.choose_own(args.module or (), args.id or (), sample=args.sample or own.SAMPLE, seed=args.seed)
    if args.dry_run:
        _list(place.console, mutants)
        return None
    place.console.line(f"  {len(mutants)} mutants are shown to the tests")
    return own.mutate_own(
        mutants, explained=explanations(own.OWN_SURVIVORS), jobs=args.jobs, hear=lambda one: _hear(place.console, one)
    )


def _list(console: Console, mutants: Sequence[Mutant]) -> None:
    for mutant in mutants:
        console.line(f"{mutant.id}  (line {mutant.line})")
        console.line(f"    {mutant.change}")
    console.line(f"{len(mutants)} mutants")


def _hear(console: Console, one: MutantResult) -> None:
    console.row(str(one.fate), f"{one.id}: {', '.join(one.by[:2]) or 'by nothing'}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return execute(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
