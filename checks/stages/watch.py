"""What does the whole way do: observe, collect, judge, publish, build?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from checks.errors import HarnessError
from checks.records import Environment, Outcome, SmokeRun
from checks.stages.artefact import look
from checks.stages.close import extend_what_needs_it
from checks.stages.collect import all_that_is_named
from checks.stages.incidents import open_by_rule, recorded_pages
from checks.stages.observe import counts, exit_of, hear_smoke, observed
from checks.stages.place import Place, exit_code, judged, keep, prepared_sdk, summarise, the_release, utc_now
from checks.stages.publish import build_site, write_pages
from checks.stages.saying import say
from checks.stages.telling import annotate, summarise_run, tell

if TYPE_CHECKING:
    from checks.subject.environment import Prepared


def watch(place: Place, args: argparse.Namespace) -> int:
    """Observe, collect, judge, publish, build the site; then say where to read it."""
    from checks.evidence.runs import from_checks, from_smoke
    from checks.includes import sphinxes

    settings, console = place.loaded.settings, place.console
    extend_what_needs_it(place)
    if args.scheduled and not args.release and not _is_due(place):
        console.line("  no release is open: there is nothing to watch")
        return 0
    console.stage("observe")
    with prepared_sdk(place, args) as prepared:
        release = the_release(place, args.release, prepared.subject.version, to_write=True)
        seed = int(utc_now().timestamp() // 3600)  # each hour draws anew, and what it drew can be drawn again
        run = observed(place, prepared, seed=seed, canaries=True, strict=True)
        annotate(run, place.pack)
        console.line(f"  {run.subject.name} {run.subject.version or '(version unknown)'}: {counts(run)}")
        smoked = _smoke_or_why_not(place, prepared)
    stamp: dict[str, Any] = {"environment": Environment.LOOPBACK, "recorded_at": utc_now()}
    stamp["commit"] = settings.subject.commit
    keep(place, release, [*from_checks(run, **stamp), *(from_smoke(smoked, **stamp) if smoked else ())])
    # What a person found is taken down at once. That it is over, or was less than it seemed, they sign themselves.
    pages = recorded_pages(place, release, by="watch", why="as its page says", only_worse=True)
    if pages:
        keep(place, release, pages)
    if settings.artefact.project:
        console.stage("artefact")
        keep(place, release, look(place, release))
    console.stage("collect")
    taken_in = all_that_is_named(place, release)
    console.stage("judge")
    sphinxes.begin_early()
    judgement = judged(place, release, None)
    if open_by_rule(place, release, judgement):
        judgement = judged(place, release, None)
    judgement = say(place, release, judgement)
    console.line(f"  {judgement.verdict.word}: rule {judgement.verdict.rule}")
    console.stage("publish")
    write_pages(place, judgement)
    page = build_site(place, None)
    console.stage("summary")
    summarise(console, judgement)
    summarise_run(place, judgement, args.summary)
    tell(place, release, judgement)
    own = page.parent / release.version / "index.html"
    console.line(f"  read it: {own if own.exists() else page}")
    steps = [step.outcome for step in smoked.steps] if smoked else [Outcome.UNKNOWN]
    checked = exit_of([check.outcome for check in run.checks] + steps)
    codes = (checked, taken_in, exit_code(judgement, strict=args.strict))
    return 1 if 1 in codes else 2 if 2 in codes else max(codes)


def _is_due(place: Place) -> bool:
    """Whether the window of a release is open: a schedule opens none for itself, and goes on with no machine's own."""
    from checks.release import folder

    found = folder.to_write(place.releases, now=utc_now())
    return found is not None and not found.version.startswith(folder.LOCAL)


def _smoke_or_why_not(place: Place, prepared: Prepared) -> SmokeRun | None:
    """The smoke of a watch. One that ends without a result is unknown, and the watch goes on."""
    from checks.contracts.run import run_smoke

    settings = place.loaded.settings
    try:
        run = run_smoke(prepared, waits=settings.smoke.waits, port=settings.service.port)
    except HarnessError as why:
        place.console.row("unknown", f"smoke: {why}")
        return None
    hear_smoke(place.console, run)
    return run
