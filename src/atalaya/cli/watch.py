"""The `watch` command: check, smoke, collect, judge, publish and build the site."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atalaya.cli.as_of import judged
from atalaya.cli.check import (
    UNUSABLE,
    counts,
    exit_of_checks,
    hear_smoke,
    observed,
    require_a_named_sdk,
    say_if_not_as_released,
    without_sdk,
)
from atalaya.cli.close import extend_what_needs_it
from atalaya.cli.closing_screen import close_with
from atalaya.cli.collect import all_that_is_named
from atalaya.cli.compat import seen_beside
from atalaya.cli.context import Context, prepared_sdk
from atalaya.cli.dispatch import start_what_is_missing
from atalaya.cli.exit_codes import exit_code
from atalaya.cli.incident import open_by_rule
from atalaya.cli.instants import utc_now
from atalaya.cli.issues import keep_issues
from atalaya.cli.notify import annotate, summarise_run, tell
from atalaya.cli.publish import build_site, write_pages
from atalaya.cli.published import look
from atalaya.cli.record_verdict import say
from atalaya.cli.recording import append_evidence
from atalaya.cli.terminal_summary import say_what_is_not_recorded
from atalaya.cli.which_release import named_or_open, resolve_release
from atalaya.core.errors import HarnessError, UsageError
from atalaya.records.judged import Judgement
from atalaya.records.results import CheckRun, SmokeRun
from atalaya.records.stored import Environment, Evidence, Outcome, Release

if TYPE_CHECKING:
    from atalaya.sdk.prepare import Prepared


def watch(place: Context, args: argparse.Namespace) -> int:
    """Observe, collect, judge, publish, build the site; then say where to read it."""
    from atalaya.site.build import build_workers

    console = place.console
    extend_what_needs_it(place)
    if args.scheduled and not args.release and not _is_due(place):
        console.line("  no release is open: there is nothing to watch")
        return 0
    release, checked = _already_observed(place, args) if args.no_checks else _observed(place, args)
    if place.loaded.settings.artefact.project:
        console.stage("artefact")
        append_evidence(place, release, look(place, release))
    console.stage("collect")
    taken_in = all_that_is_named(place, release)
    console.stage("judge")
    build_workers.begin_early()
    judgement = judged(place, release, None)
    if open_by_rule(place, release, judgement):
        judgement = judged(place, release, None)
    judgement = dispatched(place, release, judgement, args)
    judgement = say(place, release, judgement)
    console.stage("publish")
    write_pages(place, judgement)
    page = build_site(place, None)
    summarise_run(place, judgement, args.summary)
    tell(place, release, judgement)
    if not args.no_issues:
        keep_issues(place, release, judgement)
    say_what_is_not_recorded(console, judgement)
    console.stage("the watch")
    own = page.parent / release.version / "index.html"
    close_with(console, judgement, own if own.exists() else page)
    codes = (checked, taken_in, exit_code(judgement, strict=args.strict))
    return 1 if 1 in codes else 2 if 2 in codes else max(codes)


def _already_observed(place: Context, args: argparse.Namespace) -> tuple[Release, int]:
    """The release whose checks and smoke another job has run and kept; what they found is in the verdict."""
    if args.sdk is not None or args.adapter:
        raise UsageError("watch: --no-checks runs no SDK, and --sdk or --adapter name one. Leave one of them out.")
    return named_or_open(place, args.release, "watch", to_write=True), 0


def _observed(place: Context, args: argparse.Namespace) -> tuple[Release, int]:
    """Run the checks and the smoke, and keep what they found; the release that it is evidence of, and the exit code."""
    from atalaya.evidence.from_runs import from_checks, from_smoke

    require_a_named_sdk(place, args, watched_now(place, args.release))
    commit, here = place.loaded.settings.subject.commit, Environment.LOOPBACK
    place.console.stage("observe")
    release, run, smoked, beside = _run_all(place, args)
    say_if_not_as_released(place, args, release, run.subject.version)
    at = utc_now()
    records = from_checks(run, environment=here, commit=commit, recorded_at=at)
    if smoked:
        records += from_smoke(smoked, environment=here, commit=commit, recorded_at=at)
    append_evidence(place, release, [*records, *beside])
    steps = [step.outcome for step in smoked.steps] if smoked else [Outcome.UNKNOWN]
    return release, exit_of_checks(run, *steps)


def _run_all(place: Context, args: argparse.Namespace) -> tuple[Release, CheckRun, SmokeRun | None, list[Evidence]]:
    """Run the checks and the smoke, and look at what is beside. An SDK that cannot be used is evidence too."""
    try:
        with prepared_sdk(place, args) as prepared:
            release = resolve_release(place, args.release, prepared.subject.version)
            seed = int(utc_now().timestamp() // 3600)  # each hour draws anew, and what it drew can be drawn again
            run = observed(place, prepared, seed=seed, canaries=True, strict=True)
            _tell_of_checks(place, run)
            return release, run, _smoke_or_why_not(place, prepared), seen_beside(place, prepared, release)
    except UNUSABLE as why:
        run = without_sdk(place, args, why)
        release = resolve_release(place, args.release, run.subject.version)
        _tell_of_checks(place, run)
        return release, run, None, []


def _tell_of_checks(place: Context, run: CheckRun) -> None:
    annotate(run, place.pack)
    place.console.line(f"  {run.subject.name} {run.subject.version or '(version unknown)'}: {counts(run)}")


def dispatched(place: Context, release: Release, judgement: Judgement, args: argparse.Namespace) -> Judgement:
    """Start the runs of CI that are missing, where watch.toml and the command allow it: what is known after that."""
    if not place.loaded.settings.ci.dispatch or args.no_dispatch:
        return judgement
    place.console.stage("dispatch")
    if not start_what_is_missing(place, release, judgement.dispatch, echo=place.console.line):
        return judgement
    return judged(place, release, None)


def watched_now(place: Context, named: str | None) -> Release | None:
    """The release that a watch would write to; None where it is to open one for this machine alone."""
    from atalaya.watch import folder

    return folder.load(place.releases / named) if named else folder.to_write(place.releases, now=utc_now())


def _is_due(place: Context) -> bool:
    """Whether the window of a release is open: a schedule opens none for itself, and goes on with no machine's own."""
    from atalaya.watch import folder

    found = watched_now(place, None)
    return found is not None and not found.version.startswith(folder.LOCAL)


def _smoke_or_why_not(place: Context, prepared: Prepared) -> SmokeRun | None:
    """The smoke of a watch. One that ends without a result is unknown, and the watch goes on."""
    from atalaya.harness.runner import run_smoke

    settings = place.loaded.settings
    try:
        run = run_smoke(prepared, waits=settings.smoke.waits, port=settings.service.port)
    except HarnessError as why:
        place.console.row("unknown", f"smoke: {why}")
        return None
    hear_smoke(place.console, run)
    return run
