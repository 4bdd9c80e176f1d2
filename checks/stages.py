"""What does each command do?

Each is one stage, or the whole way: it joins the rooms, says what it does, and answers with an exit code.
Nothing is decided here.
"""

from __future__ import annotations

import argparse
import os
import shlex
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from checks.console import Console, plain
from checks.errors import HarnessError, ReleaseError, UsageError
from checks.records import (
    REPORT_SCHEMA,
    CheckResult,
    CheckRun,
    Conclusion,
    Environment,
    Evidence,
    FindingResult,
    Judgement,
    Outcome,
    Reading,
    Release,
    SmokeRun,
    State,
    Text,
    VerdictWord,
)
from checks.settings import Loaded

if TYPE_CHECKING:
    from checks.evidence.collect import Collected
    from checks.proving.prove import Caught, Proven
    from checks.subject.environment import Prepared

# The exit code of each word. WAITING is 3 under --strict.
EXIT: dict[VerdictWord, int] = {
    VerdictWord.GO: 0,
    VerdictWord.ON_TRACK: 0,
    VerdictWord.WAITING: 0,
    VerdictWord.INVALID: 1,
    VerdictWord.NO_GO: 1,
    VerdictWord.EXTEND: 1,
    VerdictWord.OFF_TRACK: 1,
    VerdictWord.INCONCLUSIVE: 3,
}


class Place(NamedTuple):
    """Where the command works, and what it was told to do there."""

    root: Path
    loaded: Loaded
    console: Console

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    @property
    def releases(self) -> Path:
        return self.docs / "releases"


# ── observe ──────────────────────────────────────────────────────────────────


def observe(place: Place, args: argparse.Namespace) -> int:
    """Run the contract checks against an SDK."""
    from checks.contracts.run import known_ids, run_checks

    settings = place.loaded.settings
    wanted = known_ids(args.promise or ())
    with _prepared(place, args) as prepared:
        run = run_checks(
            prepared, wanted=wanted, port=settings.service.port, deadline_s=settings.service.deadline_s,
            hear=lambda result: _hear(place.console, result, asked_for=bool(wanted)),
        )  # fmt: skip
    report = report_of(run)
    if args.report:
        _write_json(Path(args.report), report)
        place.console.line(f"  report: {args.report}")
    if args.json:
        _print_json(report)
    place.console.line(f"  {run.subject.name} {run.subject.version or '(version unknown)'}: {_counts(run)}")
    for check in run.checks:
        if check.outcome is Outcome.BROKEN:
            place.console.line(f"  again: nox -s checks --{_sdk(args)} --promise {check.id}")
    return exit_of([check.outcome for check in run.checks])


def report_of(run: CheckRun) -> dict[str, Any]:
    """The report that others read: see ``atalaya.report/1`` in the reference."""
    return {
        "schema": REPORT_SCHEMA,
        "subject": {"name": run.subject.name, "version": run.subject.version, "digest": run.subject.digest,
                    "source": run.subject.source},
        "environment": {"python": run.host.python, "implementation": run.host.implementation, "os": run.host.os,
                        "freeze": list(run.host.freeze)},
        "started_at": run.started_at,
        "duration_s": run.duration_s,
        "checks": [
            {"id": check.id, "contract": check.contract, "severity": check.severity.value,
             "outcome": check.outcome.value, "reason": check.reason, "duration_s": check.duration_s,
             "trials": check.trials, "log": list(check.log)}
            for check in run.checks
        ],
        "findings": [{"id": found.id, "seen": found.seen, "reason": found.reason} for found in run.findings],
    }  # fmt: skip


def exit_of(outcomes: Sequence[Outcome]) -> int:
    """0 when something was kept and nothing else is to be said, 1 broken, 3 unknown.

    >>> exit_of([Outcome.KEPT, Outcome.NOT_APPLICABLE]), exit_of([]), exit_of([Outcome.BROKEN, Outcome.UNKNOWN])
    (0, 3, 1)
    """
    from checks.evidence.runs import conclude

    return {Conclusion.SUCCESS: 0, Conclusion.FAILURE: 1}.get(conclude(outcomes), 3)


def smoke(place: Place, args: argparse.Namespace) -> int:
    """Run the runbook's smoke: strict config, CREATED to READY, and a cache that stays out of polling."""
    run = _smoke(place, args)
    report = _built(run) | {"schema": "atalaya.smoke/1"}
    if args.report:
        _write_json(Path(args.report), report)
    if args.log:
        _write_text(Path(args.log), "".join(line + "\n" for line in _smoke_log(run)))
    if args.json:
        _print_json(report)
    return exit_of([step.outcome for step in run.steps])


def _smoke(place: Place, args: argparse.Namespace) -> SmokeRun:
    from checks.contracts.run import run_smoke

    settings = place.loaded.settings
    base_url = args.base_url if args.base_url is not None else settings.smoke.base_url
    names = ("access_token", "tenant_id", "app_id", "device_id", "store_id")
    credentials = {name: os.environ[f"ATALAYA_SERVICE_{name.upper()}"] for name in names
                   if f"ATALAYA_SERVICE_{name.upper()}" in os.environ}  # fmt: skip
    with _prepared(place, args) as prepared:
        run = run_smoke(
            prepared, waits=args.waits or settings.smoke.waits, base_url=base_url,
            credentials=credentials, port=settings.service.port,
        )  # fmt: skip
    _hear_smoke(place.console, run)
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


# ── collect ──────────────────────────────────────────────────────────────────


def collect(place: Place, args: argparse.Namespace) -> int:
    """Take in what CI wrote: JUnit files or folders."""
    from checks.evidence.collect import report

    settings = place.loaded.settings
    paths = [Path(path) for path in args.junit] or [place.root / path for path in settings.ci.junit]
    if not paths:
        raise UsageError("collect: no reports were named. Give files or folders with --junit, or list them as "
                         "`junit` in [ci] of watch.toml.")  # fmt: skip
    release = None if args.dry_run else _release(place, args.release, None, to_write=True)
    collected = _take_in(place, paths, release, workflow=args.workflow, commit=args.commit)
    table = report(collected)
    if args.report:
        _write_json(Path(args.report), table)
    if args.json:
        _print_json(table)
    if release is None:
        place.console.line("  dry run: nothing was kept")
    else:
        _keep(place, release, collected.evidence)
    return 3 if any(entry["status"] != "read" for entry in table.values()) else 0


def _take_in(
    place: Place,
    paths: Sequence[Path],
    release: Release | None,
    *,
    workflow: str | None = None,
    commit: str | None = None,
) -> Collected:
    """Read reports, beside what the release's ledger knows already, and say what became of each file."""
    from checks.evidence import ledger
    from checks.evidence.collect import collect as read_all
    from checks.includes.scrub import scrub

    settings = place.loaded.settings
    known: frozenset[str] = frozenset()
    if release is not None:
        segments = ledger.survey(place.releases / release.version / "evidence").segments
        known = frozenset(r.sha256 for s in segments for r in s.records if isinstance(r, Reading))
    collected = read_all(
        paths, workflow=workflow or next(iter(settings.ci.workflows), "ci"),
        commit=commit or settings.subject.commit, recorded_at=_now(), known=known, scrub=scrub,
    )  # fmt: skip
    for reading in collected.readings:
        counts = "" if reading.cases is None else (
            f"{reading.cases} cases, {reading.failed} failed, {reading.errored} errored. ")  # fmt: skip
        place.console.row(str(reading.status), f"{reading.file}: {counts}{reading.reason}")
    return collected


# ── judge, publish, site ─────────────────────────────────────────────────────


def judge(place: Place, args: argparse.Namespace) -> int:
    """Judge a release as of an instant."""
    release = _release(place, args.release, None)
    judgement = _judgement(place, release, _instant(args.as_of) if args.as_of else None)
    if args.json:
        _print_json(judgement_of(judgement))
    _summary(place.console, judgement)
    return _exit(judgement, strict=args.strict)


def judgement_of(judgement: Judgement) -> dict[str, Any]:
    """A judgement as ``judge --json`` prints it, with each sentence in English."""
    verdict, fields = judgement.verdict, ("value", "low", "high", "n", "state", "method", "unit", "threshold",
                                          "exposure", "source", "text", "reason", "critical", "inputs")  # fmt: skip
    return {
        "schema": "atalaya.judgement/1",
        "release": judgement.release.version,
        "as_of": judgement.as_of,
        "verdict": {"word": verdict.word.value, "rule": verdict.rule, "window": verdict.window,
                    "valid_until": verdict.valid_until, "because": [str(text) for text in verdict.because]},
        "metrics": {metric.id: {name: _shown(getattr(metric, name)) for name in fields}
                    for metric in judgement.metrics},
        "rules": [{"rule": fired.rule, "word": fired.word.value, "because": [str(text) for text in fired.because]}
                  for fired in verdict.fired],
        "unknowns": [str(text) for text in verdict.unknowns],
        "next_steps": [str(text) for text in verdict.next_steps],
    }  # fmt: skip


def publish(place: Place, args: argparse.Namespace) -> int:
    """Write the includes of every release, in each language."""
    _publish(place)
    return 0


def site(place: Place, args: argparse.Namespace) -> int:
    """Build the versioned site from what is in the tree: offline, and with no SDK."""
    _publish(place)
    page = _site(place, Path(args.out) if args.out else None)
    place.console.line(f"  read it: {page}")
    return 0


def serve(place: Place, args: argparse.Namespace) -> int:
    """Build the site, serve it on loopback, and build it again when something changes."""
    from checks.includes.serve import serve as serve_forever

    def rebuild() -> None:
        _publish(place)
        _site(place, None)

    rebuild()
    serve_forever(
        _out(place), port=args.port, watched=(place.docs, place.root / "watch.toml"), echo=place.console.line,
        rebuild=rebuild,
    )  # fmt: skip
    return 0


# ── the whole way ────────────────────────────────────────────────────────────


def watch(place: Place, args: argparse.Namespace) -> int:
    """Observe, collect, judge, publish, build the site; then say where to read it."""
    from checks.contracts.run import run_checks
    from checks.evidence.runs import from_checks, from_smoke

    settings, console = place.loaded.settings, place.console
    console.stage("observe")
    with _prepared(place, args) as prepared:
        release = _release(place, args.release, prepared.subject.version, to_write=True)
        run = run_checks(
            prepared, port=settings.service.port, deadline_s=settings.service.deadline_s,
            hear=lambda result: _hear(console, result, asked_for=False),
        )  # fmt: skip
        console.line(f"  {run.subject.name} {run.subject.version or '(version unknown)'}: {_counts(run)}")
        smoked = _smoke_or_why_not(place, prepared)
    stamp: dict[str, Any] = {"environment": Environment.LOOPBACK, "recorded_at": _now()}
    stamp["commit"] = settings.subject.commit
    _keep(place, release, [*from_checks(run, **stamp), *(from_smoke(smoked, **stamp) if smoked else ())])
    console.stage("collect")
    taken_in = _take_in_or_why_not(place, release)
    console.stage("judge")
    judgement = _judgement(place, release, None)
    console.line(f"  {judgement.verdict.word}: rule {judgement.verdict.rule}")
    console.stage("publish")
    _publish(place, judgement)
    page = _site(place, None)
    console.stage("summary")
    _summary(console, judgement)
    own = page.parent / release.version / "index.html"
    console.line(f"  read it: {own if own.exists() else page}")
    steps = [step.outcome for step in smoked.steps] if smoked else [Outcome.UNKNOWN]
    checked = exit_of([check.outcome for check in run.checks] + steps)
    codes = (checked, taken_in, _exit(judgement, strict=args.strict))
    return 1 if 1 in codes else 2 if 2 in codes else max(codes)


def _take_in_or_why_not(place: Place, release: Release) -> int:
    """The reports that watch.toml names. Where they are not there, that is said, and the watch goes on."""
    named = place.loaded.settings.ci.junit
    if not named:
        place.console.line("  no reports of CI are named in watch.toml: what CI said stays unknown")
        return 0
    try:
        collected = _take_in(place, [place.root / path for path in named], release)
    except UsageError as why:
        place.console.row("unknown", str(why))
        return why.exit_code
    _keep(place, release, collected.evidence)
    return 0


def _smoke_or_why_not(place: Place, prepared: Prepared) -> SmokeRun | None:
    """The smoke of a watch. One that ends without a result is unknown, and the watch goes on."""
    from checks.contracts.run import run_smoke

    settings = place.loaded.settings
    try:
        run = run_smoke(prepared, waits=settings.smoke.waits, port=settings.service.port)
    except HarnessError as why:
        place.console.row("unknown", f"smoke: {why}")
        return None
    _hear_smoke(place.console, run)
    return run


# ── prove, rehearse ──────────────────────────────────────────────────────────


def prove(place: Place, args: argparse.Namespace) -> int:
    """Run every check against every seeded defect; fails when one survives."""
    from checks.proving.defects import BY_ID, DEFECTS
    from checks.proving.prove import prove as run_all
    from checks.subject.environment import prepare

    for id in args.defect or ():
        if id not in BY_ID:
            raise UsageError(f"--defect {id}: there is no such defect. There are: {', '.join(BY_ID)}.")
    chosen = [BY_ID[id] for id in args.defect] if args.defect else list(DEFECTS)
    with prepare("", echo=place.console.line) as prepared:
        proven = run_all(
            prepared, defects=chosen,
            hear=lambda caught: _hear_caught(place.console, caught),
        )  # fmt: skip
    never = () if args.defect else proven.promises_never_red
    report = {
        "schema": "atalaya.prove/1",
        "defects": _built(proven.defects),
        "promises_never_red": list(never),
    }
    if args.report:
        _write_json(Path(args.report), report)
    if args.json:
        _print_json(report)
    _keep_proof(place, proven, whole=not args.defect)
    survivors = [caught.id for caught in proven.defects if caught.survived]
    place.console.line(f"  {len(chosen) - len(survivors)} of {len(chosen)} defects caught"
                       + (f"; survived: {', '.join(survivors)}" if survivors else "")
                       + (f"; never red: {', '.join(never)}" if never else ""))  # fmt: skip
    return 1 if survivors or never else 0


def _keep_proof(place: Place, proven: Proven, *, whole: bool) -> None:
    """Write a whole self-test into the watch that is open, since a verdict rests on it; a part proves nothing."""
    from checks.evidence.runs import from_proof
    from checks.release.folder import to_write

    now = _now()
    release = to_write(place.releases, now=now)
    if whole and release is not None:
        records = from_proof(
            proven,
            run_id=uuid.uuid4().hex,
            environment=Environment.LOOPBACK,
            recorded_at=now,
            occurred_at=now,
        )
        _keep(place, release, records)


def rehearse(place: Place, args: argparse.Namespace) -> int:
    """Run a whole 72-hour watch in virtual time, labelled a rehearsal on every page."""
    from checks.includes.skeleton import pages
    from checks.release.folder import open_release
    from checks.subject.environment import prepare

    if (place.releases / args.name).exists():
        raise ReleaseError(
            f"{place.releases / args.name}: there is such a release. Give another name with --as."
        )
    opened_at = _instant(args.at)
    with prepare("", echo=place.console.line) as prepared:
        kept = list(_rehearsed(place, args, prepared, opened_at))
    made_by = (
        f"nox -s rehearse -- --scenario {args.scenario} --seed {args.seed} --at {args.at} --as {args.name}"
    )
    commit = prepared.subject.digest
    release = Release(version=args.name, commit=commit, opened_at=opened_at, rehearsal=True, made_by=made_by)
    open_release(place.releases, release, pages())
    _keep(place, release, kept)
    _summary(place.console, _judgement(place, release, None))
    return 0


def _rehearsed(
    place: Place, args: argparse.Namespace, prepared: Prepared, opened_at: datetime
) -> Iterator[Evidence]:
    """The evidence of a rehearsal: first the proof that the checks can see, then the watch itself."""
    from checks.evidence.runs import from_checks, from_proof, from_smoke
    from checks.proving.defects import DEFECTS
    from checks.proving.prove import prove as run_all
    from checks.proving.rehearsal import SCENARIOS
    from checks.proving.rehearsal import rehearse as run_it

    console = place.console
    if not args.no_proof:
        console.line(f"  first, {len(DEFECTS)} seeded defects are shown to the checks")
        proven = run_all(prepared, hear=lambda caught: _hear_caught(console, caught))
        yield from from_proof(
            proven, run_id=f"proof-{args.seed}",
            environment=Environment.REHEARSAL, recorded_at=opened_at, occurred_at=opened_at,
        )  # fmt: skip
    for slot in run_it(prepared, SCENARIOS[args.scenario], seed=args.seed, opened_at=opened_at):
        stamp: dict[str, Any] = {"environment": Environment.REHEARSAL, "commit": prepared.subject.digest}
        stamp |= {"occurred_at": slot.at, "recorded_at": slot.at}
        if isinstance(slot.run, CheckRun):
            console.line(f"  T+{slot.hour:02} checks: {_counts(slot.run)}")
            yield from from_checks(slot.run, **stamp)
        else:
            console.line(f"  T+{slot.hour:02} smoke: {slot.run.waits} waits, {len(slot.run.events)} events")
            yield from from_smoke(slot.run, **stamp)


# ── the release and its evidence ─────────────────────────────────────────────


def release_open(place: Place, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from checks.includes.skeleton import pages
    from checks.release.folder import open_release

    opened_at = _instant(args.at) if args.at else _now()
    folder = open_release(
        place.releases, Release(version=args.version, commit=args.commit, opened_at=opened_at), pages()
    )
    place.console.line(
        f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: python3 noxfile.py"
    )
    return 0


def evidence_verify(place: Place, args: argparse.Namespace) -> int:
    """Recompute every digest of a release's evidence, and say what differs."""
    from checks.evidence import ledger

    release = _release(place, args.release, None)
    problems = ledger.verify(place.releases / release.version / "evidence")
    for problem in problems:
        place.console.row("broken", problem)
    if not problems:
        place.console.line(f"  {release.version}: every segment is what its name says")
    return 1 if problems else 0


# ── what the commands share ──────────────────────────────────────────────────


def _prepared(place: Place, args: argparse.Namespace) -> AbstractContextManager[Prepared]:
    """The SDK that was asked for, here or in watch.toml, in an environment of its own."""
    from checks.subject.environment import prepare

    asked = args.sdk if args.sdk is not None else place.loaded.settings.subject.sdk
    return prepare(asked, echo=place.console.line)


def _release(place: Place, named: str | None, version: str | None, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open, else a new local one."""
    from checks.includes.skeleton import pages
    from checks.release import folder

    if named:
        release = folder.load(place.releases / named)
        if to_write and release.rehearsal:
            raise ReleaseError(
                f"{named}: a rehearsal takes no evidence but its own. Name another release, or none."
            )
        return release
    now = _now()
    found = folder.to_write(place.releases, now=now)
    if found is not None:
        place.console.line(f"  release: {found.version}, since {found.opened_at:%Y-%m-%d %H:%M} UTC")
        return found
    name = folder.local_name(place.releases, version)
    release = Release(version=name, commit=place.loaded.settings.subject.commit, opened_at=now)
    folder.open_release(place.releases, release, pages())
    place.console.line(f"  no release is open: {name} was opened for this machine, T+0 is now")
    return release


def _keep(place: Place, release: Release, records: Sequence[Evidence]) -> None:
    from checks.evidence import ledger

    written = ledger.write(place.releases / release.version / "evidence", records)
    place.console.line(f"  kept: {len(records)} records in {len(written)} segments of {release.version}")


def _judgement(place: Place, release: Release, as_of: datetime | None) -> Judgement:
    from checks.release.judgement import judge_release

    return judge_release(
        place.releases / release.version, release, as_of=as_of, settings=place.loaded.settings
    )


def _publish(place: Place, judged: Judgement | None = None) -> None:
    """Write every release's includes; the one that has been judged already is not judged again."""
    from checks.includes.language import LANGUAGES, Language
    from checks.includes.pages import publish as write_pages
    from checks.includes.reference import publish_reference
    from checks.includes.site import publish_releases
    from checks.release import folder

    judgements = [
        judged if judged is not None and judged.release == release else _judgement(place, release, None)
        for release in folder.find(place.releases)
    ]
    for judgement in judgements:
        for code in LANGUAGES:
            out = place.docs / "_generated" / judgement.release.version / code
            write_pages(judgement, out, Language(code))
    publish_reference(place.docs)
    publish_releases(place.docs, judgements)
    place.console.line(f"  includes: {len(judgements)} releases, in {' and '.join(LANGUAGES)}")


def _out(place: Place) -> Path:
    """Where the pages go: Read the Docs names its own folder."""
    hosted = os.environ.get("READTHEDOCS_OUTPUT")
    return Path(hosted) / "html" if hosted else place.docs / "_build" / "html"


def _site(place: Place, out: Path | None) -> Path:
    from checks.includes.site import build

    return build(
        place.docs, out or _out(place), language=place.loaded.settings.watch.language, echo=place.console.line
    )


def _summary(console: Console, judgement: Judgement) -> None:
    verdict = judgement.verdict
    console.row(str(verdict.word), f"{judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC, "
                                   f"valid until {verdict.valid_until:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    for text in verdict.because:
        console.line(f"    {text}")
    for metric in judgement.metrics:
        console.row(str(metric.state), f"{metric.id}: {metric.text}")
    if verdict.unknowns:
        console.line("  still unknown:")
        for text in verdict.unknowns:
            console.line(f"    {text}")
    if verdict.next_steps:
        console.line("  what to do:")
        for text in verdict.next_steps:
            console.line(f"    {text}")


def _exit(judgement: Judgement, *, strict: bool) -> int:
    word = judgement.verdict.word
    return 3 if strict and word is VerdictWord.WAITING else EXIT[word]


def _hear(console: Console, result: CheckResult | FindingResult, *, asked_for: bool) -> None:
    """Show a result as it comes; what is kept is a line only where it was asked for."""
    if isinstance(result, FindingResult):
        if result.seen or asked_for:
            console.row("finding", f"{result.id}: {result.reason or 'not seen'}")
        return
    if result.outcome is Outcome.KEPT and not asked_for:
        return
    console.row(str(result.outcome), f"{result.id}{': ' + result.reason if result.reason else ''}")
    if result.outcome is Outcome.BROKEN:
        for line in (*result.script, *_last_case(result.log)):
            console.line(f"      {line}")


def _hear_caught(console: Console, caught: Caught) -> None:
    """Show what became of one seeded defect."""
    word = "SURVIVED" if caught.survived else "caught"
    console.row(word, f"{caught.id}: {', '.join(caught.caught_by) or 'by nothing'}")


def _hear_smoke(console: Console, run: SmokeRun) -> None:
    for step in run.steps:
        console.row(str(step.outcome), f"smoke: {step.id}{': ' + step.reason if step.reason else ''}")
    for event in run.events[:5]:
        console.row(str(event.kind), f"{event.place}: {event.message}")
    console.line(f"  smoke: {run.waits} waits, {run.polls} polls, {run.requests} requests, "
                 f"{run.trials} that could have read stale")  # fmt: skip


def _counts(run: CheckRun) -> str:
    counts = {outcome: sum(check.outcome is outcome for check in run.checks) for outcome in Outcome}
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        + f" in {run.duration_s:.1f} s"
    )


def _sdk(args: argparse.Namespace) -> str:
    return f" --sdk {shlex.quote(args.sdk)}" if args.sdk else ""


def _now() -> datetime:
    return datetime.now(UTC)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no instant. Write it in UTC, as 2026-01-31T09:00:00Z.") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(value: Any) -> Any:
    if isinstance(value, Text):
        return str(value)
    return value.value if isinstance(value, State) else value


def _built(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _write_json(path: Path, content: Any) -> None:
    _write_text(path, msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")


def _write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    half = path.with_name(f".{path.name}.half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as why:
        raise UsageError(f"{path}: cannot be written: {why.strerror or why}. Name another file.") from None


def _print_json(content: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(content), indent=2).decode())
