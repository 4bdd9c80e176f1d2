"""The commands that run the SDK: `check` runs the contract checks, `smoke` runs the smoke."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atalaya.cli.console import Console, plain
from atalaya.cli.context import Context, asked_sdk, prepared_sdk, told_version
from atalaya.cli.incident import incidents_by_rule
from atalaya.cli.instants import utc_now
from atalaya.cli.notify import annotate
from atalaya.cli.output import built, print_json, require_writable, write_json, write_text
from atalaya.cli.record_verdict import call_the_roll
from atalaya.cli.recording import append_evidence
from atalaya.cli.which_release import named_or_open
from atalaya.core import environment
from atalaya.core.environment import Secret
from atalaya.core.errors import BrokenSubject, HarnessError, NetworkError, NoPython, SubjectError, UsageError
from atalaya.records.results import REPORT_SCHEMA, Canary, CheckResult, CheckRun, FindingResult, SmokeRun, Subject
from atalaya.records.stored import Conclusion, Environment, Evidence, Outcome, Presence, Release

if TYPE_CHECKING:
    from atalaya.sdk.prepare import Prepared

# What is wrong with an SDK that is not there to be run, where that is found out and not merely an error: it is broken,
# or a Python or an index is out of reach, and nothing is known of it.
UNUSABLE = (BrokenSubject, NoPython, NetworkError)


def check(place: Context, args: argparse.Namespace) -> int:
    """Run the contract checks against an SDK."""
    from atalaya.harness.runner import known_ids

    require_writable(args.report)
    wanted = known_ids(place.pack, args.promise or ())
    release = named_or_open(place, args.release, "check", to_write=True) if args.release else None
    require_a_named_sdk(place, args, release)
    try:
        with prepared_sdk(place, args) as prepared:
            run = observed(
                place,
                prepared,
                wanted=wanted,
                seed=args.seed,
                canaries=not args.no_self_test,
                strict=release is not None,  # what is kept must be able to turn red
            )
    except UNUSABLE as why:
        run = without_sdk(place, args, why, wanted)
    say_if_not_as_released(place, args, release, run.subject.version)
    annotate(run, place.pack)
    if release is not None:
        _keep_checks(place, release, run)
    report = report_of(run)
    if args.report:
        write_json(Path(args.report), report)
        place.console.line(f"  report: {args.report}")
    if args.json:
        print_json(report)
    place.console.line(f"  {run.subject.name} {run.subject.version or '(version unknown)'}: {counts(run)}")
    for check in run.checks:
        if check.outcome is Outcome.BROKEN:
            seed = f" --seed {args.seed}" if args.seed else ""
            place.console.line(f"  again: atalaya check{_sdk(args)} --promise {check.id}{seed}")
    return exit_of_checks(run)


def without_sdk(
    place: Context, args: argparse.Namespace, why: SubjectError | NetworkError, wanted: tuple[str, ...] = ()
) -> CheckRun:
    """The run against an SDK that is not there to be run: what is wrong is shown once, and not for each promise.

    :param why: one of :data:`UNUSABLE`.
    """
    from atalaya.harness.unprepared import run_without_sdk
    from atalaya.sdk.source import BUNDLED_LABEL

    pack, sdk = place.pack, asked_sdk(place, args)
    subject = Subject(
        name=pack.distribution,
        version=told_version(place, sdk).version or None,
        digest="",
        source=sdk or pack.requirement or BUNDLED_LABEL,
    )
    run = run_without_sdk(pack, why, subject=subject, wanted=wanted)
    broken = [check for check in run.checks if check.outcome is Outcome.BROKEN]
    for check in broken:
        hear(place.console, check, asked_for=True)
    if not broken:
        place.console.row("broken" if run.start_error else "unknown", f"the SDK cannot be prepared: {why}")
    return run


def observed(
    place: Context,
    prepared: Prepared,
    *,
    wanted: Sequence[str] = (),
    seed: int = 0,
    canaries: bool,
    strict: bool = False,
) -> CheckRun:
    """One run of the checks, each result shown as it comes; after a whole run, its canaries.

    :param strict: whether a run that could have no canaries at all says nothing; else that is only shown.
    """
    from atalaya.harness.runner import run_checks
    from atalaya.selftest.canary import discount_by_canaries

    settings, console = place.loaded.settings, place.console
    many = len(wanted) or len(prepared.pack.promises) + len(prepared.pack.limitations)
    with console.bar("checks", many) as done:

        def hear_one(result: CheckResult | FindingResult) -> None:
            hear(console, result, asked_for=bool(wanted))
            done()

        run = run_checks(
            prepared,
            wanted=wanted,
            port=settings.service.port,
            deadline_s=settings.service.deadline_s,
            seed=seed,
            sides=1 if wanted else min(2, os.cpu_count() or 1),
            hear=hear_one,
        )
    sung: tuple[Canary, ...] = ()
    why_none = ""
    if canaries and not wanted:
        # After it, and not beside: whoever waits for a first defect does not wait for them.
        with console.bar("seeded defects"):
            sung, why_none = _run_canaries(prepared)
    for canary in sung:
        if not canary.caught:
            console.row(
                "unknown",
                f"{canary.family}: the seeded defect {canary.defect} was not caught: "
                f"what this run has called kept there says nothing",
            )
    if sung:
        console.line(
            f"  canaries: {sum(canary.caught for canary in sung)} of {len(sung)} seeded defects caught "
            f"({', '.join(canary.defect for canary in sung)})"
        )
    if why_none:
        console.line(f"  canaries: none could be run: {why_none}")
    return discount_by_canaries(prepared.pack, run, sung, why_none=why_none if strict else "")


def _run_canaries(prepared: Prepared) -> tuple[tuple[Canary, ...], str]:
    """The canaries of this hour, or why there are none. They need the reference SDK, whatever is watched."""
    from atalaya.sdk.prepare import prepare
    from atalaya.selftest.canary import run_canaries

    try:
        if prepared.is_reference:
            return run_canaries(prepared, at=utc_now()), ""
        with prepare("", pack=prepared.pack) as reference:
            return run_canaries(reference, at=utc_now()), ""
    except (NetworkError, SubjectError, HarnessError) as why:
        return (), str(why)


def report_of(run: CheckRun) -> dict[str, Any]:
    """The report that others read: see ``atalaya.report/1`` in the reference."""
    return {
        "schema": REPORT_SCHEMA,
        "subject": {
            "name": run.subject.name,
            "version": run.subject.version,
            "digest": run.subject.digest,
            "source": run.subject.source,
        },
        "environment": {
            "python": run.host.python,
            "implementation": run.host.implementation,
            "os": run.host.os,
            "freeze": list(run.host.freeze),
        },
        "started_at": run.started_at,
        "duration_s": run.duration_s,
        "checks": [
            {
                "id": check.id,
                "contract": check.contract,
                "severity": check.severity.value,
                "outcome": check.outcome.value,
                "reason": check.reason,
                "duration_s": check.duration_s,
                "trials": check.trials,
                "log": list(check.log),
                "script": list(check.script),
            }
            for check in run.checks
        ],
        "seed": run.seed,
        "canaries": [
            {"family": c.family, "defect": c.defect, "caught": c.caught, "caught_by": list(c.caught_by)}
            for c in run.canaries
        ],
        "findings": [{"id": found.id, "seen": found.seen.stored, "reason": found.reason} for found in run.findings],
    }


def exit_of(outcomes: Sequence[Outcome]) -> int:
    """0 when something was kept and nothing else is to be said, 1 broken, 3 unknown.

    >>> exit_of([Outcome.KEPT, Outcome.NOT_APPLICABLE]), exit_of([]), exit_of([Outcome.BROKEN, Outcome.UNKNOWN])
    (0, 3, 1)
    """
    from atalaya.evidence.from_runs import conclude

    return {Conclusion.SUCCESS: 0, Conclusion.FAILURE: 1}.get(conclude(outcomes), 3)


def exit_of_checks(run: CheckRun, *beside: Outcome) -> int:
    """As :func:`exit_of`. An SDK that cannot be imported, or no client of it be built, is broken for any pack."""
    return 1 if run.start_error else exit_of([*(check.outcome for check in run.checks), *beside])


def smoke(place: Context, args: argparse.Namespace) -> int:
    """Run the runbook's smoke."""
    from atalaya.evidence.from_runs import from_smoke

    require_writable(args.report, args.log)
    release = named_or_open(place, args.release, "smoke", to_write=True) if args.release else None
    require_a_named_sdk(place, args, release)
    try:
        run = _smoke(place, args)
    except UNUSABLE as why:
        found = without_sdk(place, args, why)
        if release is not None:
            _keep_checks(place, release, found)
        return exit_of_checks(found)
    say_if_not_as_released(place, args, release, run.subject.version)
    if release is not None:
        environment = Environment.SERVICE if run.base_url else Environment.LOOPBACK
        commit = place.loaded.settings.subject.commit
        _keep(place, release, from_smoke(run, environment=environment, commit=commit, recorded_at=utc_now()))
    report = built(run) | {"schema": "atalaya.smoke/1"}
    if args.report:
        write_json(Path(args.report), report)
    if args.log:
        write_text(Path(args.log), "".join(line + "\n" for line in _smoke_log(run)))
    if args.json:
        print_json(report)
    return exit_of([step.outcome for step in run.steps])


def require_a_named_sdk(place: Context, args: argparse.Namespace, release: Release | None) -> None:
    """Before anything is installed: the SDK that the check pack bundles is not what a team has released.

    :raises UsageError: a release is watched, and neither watch.toml nor the command names its SDK.
    """
    from atalaya.sdk.git_repository import is_ours
    from atalaya.watch.folder import LOCAL

    if release is None or release.version.startswith(LOCAL) or args.sdk is not None or is_ours(place.root):
        return
    if not (place.loaded.settings.subject.sdk or place.pack.requirement):
        raise UsageError(
            f"{release.version} is watched, and nothing names its SDK: the bundled one would stand in for it. Name it "
            f"as `sdk` in [subject] of {place.loaded.path.name}, or with --sdk."
        )


def say_if_not_as_released(
    place: Context, args: argparse.Namespace, release: Release | None, version: str | None
) -> None:
    """Say where the SDK that was run is not the one that was released: by its version, or by its code."""
    say_if_of_another_version(place, release, version)
    say_if_of_another_commit(place, args, release)


def say_if_of_another_version(place: Context, release: Release | None, version: str | None) -> None:
    """Say where the SDK that was run is not the one that was released; a local watch has no release."""
    from atalaya.sdk.source_version import differ

    if release is not None and version and differ(release.version, version):
        place.console.line(
            f"  the SDK says that it is {version}, and the release is {release.version}. Name what was released: `sdk` "
            f"in [subject] of {place.loaded.path.name}, or --sdk."
        )


def say_if_of_another_commit(place: Context, args: argparse.Namespace, release: Release | None) -> None:
    """Say where the SDK that was run lies here with other code than the commit that was released has."""
    from atalaya.sdk import git_repository as git
    from atalaya.sdk.source import folder_of, local_path

    sdk = local_path(asked_sdk(place, args), place.root)
    if release is None or not release.commit or sdk is None or not sdk.is_dir():
        return
    inner = f"/{folder_of(place.pack.package)}/"
    changed = [name for name in git.changed_since(sdk, release.commit) if inner in f"/{name}"]
    if changed:
        place.console.line(
            f"  the SDK here is not that of {release.commit[:12]}, which {release.version} was released from: "
            f"{changed[0]}{f' and {len(changed) - 1} more' if changed[1:] else ''} changed since. What it does is kept "
            f"as evidence of {release.version} all the same. Check out the released commit, or name what was released "
            f"by --sdk."
        )


def _keep_checks(place: Context, release: Release, run: CheckRun) -> None:
    from atalaya.evidence.from_runs import from_checks

    commit = place.loaded.settings.subject.commit
    _keep(place, release, from_checks(run, environment=Environment.LOOPBACK, commit=commit, recorded_at=utc_now()))


def _keep(place: Context, release: Release, evidence: Sequence[Evidence]) -> None:
    """Add to a release's ledger, open what the rules say of it, and name what is there."""
    append_evidence(place, release, evidence)
    incidents_by_rule(place, release)
    call_the_roll(place, release)


def _credentials(place: Context) -> dict[str, Secret]:
    """What a smoke against a real service signs in with, by the names that the check pack gives.

    :raises UsageError: a variable names a credential that the pack does not know.
    """
    found, known = environment.credentials(), place.pack.credentials
    if unknown := sorted(found.keys() - set(known)):
        near = get_close_matches(unknown[0], known, n=1, cutoff=0.0)
        hint = f" Nearest: {environment.SERVICE}{near[0].upper()}." if near else ""
        raise UsageError(f"{environment.SERVICE}{unknown[0].upper()}: this check pack has no such credential.{hint}")
    return found


def _smoke(place: Context, args: argparse.Namespace) -> SmokeRun:
    from atalaya.harness.runner import run_smoke

    settings = place.loaded.settings
    base_url = args.base_url if args.base_url is not None else settings.smoke.base_url
    with prepared_sdk(place, args) as prepared:
        run = run_smoke(
            prepared,
            waits=args.waits or settings.smoke.waits,
            base_url=base_url,
            credentials=_credentials(place),
            port=settings.service.port,
        )
    hear_smoke(place.console, run)
    return run


def _smoke_log(run: SmokeRun) -> Iterator[str]:
    at = run.started_at.isoformat(timespec="milliseconds")
    where = run.base_url or "loopback"
    yield f"{at} INFO smoke of {plain(run.subject.name)} {plain(run.subject.version or 'unknown')} on {plain(where)}"
    for step in run.steps:
        level = "ERROR" if step.outcome is Outcome.BROKEN else "INFO"
        yield plain(f"{at} {level} {step.id}: {step.outcome}{': ' + step.reason if step.reason else ''}")
    for event in run.events:
        yield plain(f"{at} ERROR {event.kind}: {event.place}: {event.message}")
    yield f"{at} INFO requests={run.requests} polls={run.polls} waits={run.waits} stale_trials={run.trials}"


def hear(console: Console, result: CheckResult | FindingResult, *, asked_for: bool) -> None:
    """Show a result as it comes; what is kept, and a limitation, is a line only where it was asked for."""
    if isinstance(result, FindingResult):
        if asked_for:
            console.row("finding", f"{result.id}: {result.reason or 'not seen'}")
        return
    if result.outcome is Outcome.KEPT and not asked_for:
        return
    console.row(str(result.outcome), f"{result.id}{': ' + result.reason if result.reason else ''}")
    if result.outcome is Outcome.BROKEN:
        from atalaya.harness.timeline import last_case

        for line in (*result.script, *last_case(result.log)):
            console.line(f"      {line}")


def hear_smoke(console: Console, run: SmokeRun) -> None:
    for step in run.steps:
        console.row(str(step.outcome), f"smoke: {step.id}{': ' + step.reason if step.reason else ''}")
    for event in run.events[:5]:
        console.row(str(event.kind), f"{event.place}: {event.message}")
    console.line(
        f"  smoke: {run.waits} waits, {run.polls} polls, {run.requests} requests, "
        f"{run.trials} that could have read stale"
    )


def counts(run: CheckRun) -> str:
    counts = {outcome: sum(check.outcome is outcome for check in run.checks) for outcome in Outcome}
    seen = sum(found.seen is Presence.SEEN for found in run.findings)
    told = [f"{count} {outcome}" for outcome, count in counts.items() if count]
    return ", ".join([*told, *([f"{seen} limitations seen"] if seen else [])]) + f" in {run.duration_s:.1f} s"


def _sdk(args: argparse.Namespace) -> str:
    named = (("--sdk", args.sdk), ("--adapter", args.adapter))
    return "".join(f" {option} {shlex.quote(value)}" for option, value in named if value)
