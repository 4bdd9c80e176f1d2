"""A judgement with everything in it, and strangers' strings that try to be more than text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.metrics.stats.intervals import Estimate, garwood, wilson
from atalaya.records.judged import (
    AcceptedBefore,
    BacklogItem,
    BacklogPart,
    Burning,
    BurnRate,
    BurnRateSign,
    Checkpoint,
    CheckpointVerdict,
    CheckpointWatch,
    CiGap,
    Coverage,
    DurationStats,
    Duty,
    DutyState,
    EnvironmentTotals,
    FailedTest,
    Figure,
    Fired,
    FlakyClass,
    FlakyTest,
    Gap,
    HealthSign,
    HealthState,
    Incident,
    IncidentFollowUp,
    Judgement,
    Level,
    Metric,
    Priority,
    PromiseStatus,
    Question,
    RateInBin,
    Score,
    SealState,
    State,
    TimeSeries,
    Trace,
    VariantAttempts,
    Verdict,
)
from atalaya.records.results import Promise, SegmentInfo, UnreadableFile
from atalaya.records.stored import (
    BacklogCarryover,
    CaseOutcome,
    Conclusion,
    Decision,
    Environment,
    Event,
    EventKind,
    FileVerdict,
    Finding,
    IncidentStep,
    JobAttempt,
    Outcome,
    Reading,
    ReadStatus,
    Release,
    RunContext,
    SettingsSnapshot,
    Severity,
    TestAttempt,
    VerdictRecord,
    VerdictStatus,
    WatchTransition,
    origin_of,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = T0 + timedelta(hours=50)
DIGEST = "3f1a" * 16

MARK = "strangers-were-here"
HOSTILE: tuple[str, ...] = (
    f"<script>alert('{MARK}')</script>",
    f"<img src=x onerror=alert('{MARK}')>",
    f"[{MARK}](javascript:alert(1))",
    f"<https://evil.example/{MARK}>",
    f"![{MARK}](https://evil.example/pixel.png)",
    f"| {MARK} | pipe |\n| --- | --- |",
    f"`{MARK}` ``two`` ```three``` ````four````",
    f"```{{raw}} html\n<script>alert('{MARK}')</script>\n```",
    f":::{{include}} /etc/passwd\n{MARK}\n:::",
    f"::::::::::{{div}} {MARK}\n::::::::::",
    f"{{include}}`{MARK}`",
    f"{{elsewhere}}`{MARK} <javascript:alert(1)>`",
    f"* - {MARK}\n  - cell",
    f"# {MARK}\n\n## heading",
    f"---\n{MARK}: front matter\n---",
    f"% {MARK}\n+++ block break",
    f"({MARK})=\ntarget",
    f"[^{MARK}]\n\n[^{MARK}]: footnote",
    f"&lt;b&gt;{MARK}&lt;/b&gt; &#x3c;script&#x3e;",
    f"\u202e{MARK}\u202c \u2066hidden\u2069 \u200bzero\u200fwidth\ufeff",
    f"\x00\x07\x1b[31m{MARK}\x1b[0m\x85\u2028\u2029",
    f"{MARK}{{.verdict-word .valid-until #x}} *_~^$$ \\ \\` $math$ {{{{ sub }}}}",
    f"{MARK} " + "a\u0301" + "\u0301" * 400,
    MARK + "x" * 10_000,
    f"`{MARK}",
    f"{MARK}`",
    f"    {MARK} four blanks",
    f"1. {MARK}",
    f"{{unclosed {MARK} %s %(x)s {{0}} {{reason}}",
    "",
    " ",
    "\n",
    "`",
    "\ud800 lone surrogate " + MARK,
)


def hostile(number: int) -> str:
    """One of the strings, round and round."""
    return HOSTILE[number % len(HOSTILE)]


def judgement(*, strangers: bool = False, rehearsal: bool = False, incidents: bool = False) -> Judgement:
    """A watch at T+50: on its way, one promise broken, one metric unknown."""

    def from_outside(number: int, calm: str) -> str:
        return hostile(number) if strangers else calm

    return Judgement(
        release=Release(
            version="1.1.0",
            commit="0123abcd0123abcd",
            opened_at=T0,
            rehearsal=rehearsal,
            made_by=from_outside(0, "atalaya rehearse --seed 7") if rehearsal else "",
        ),
        as_of=NOW,
        verdict=_verdict(from_outside(1, "polling.fresh-status")),
        metrics=tuple(
            replace(
                metric,
                settles=text("{k} more clean jobs would do.", k=24),
                derivation=(
                    text("Rate: p = {x} / {n} = {p:.6f}.", x=57, n=60, p=0.95),
                    text(
                        "{by} signed it on {at}. {note} {evidence}",
                        at=NOW,
                        by=from_outside(number, "ana"),
                        note=from_outside(number + 1, "read"),
                        evidence=metric.text,
                    ),
                ),
                against=text("It is not known on both sides: there is nothing to compare with."),
            )
            for number, metric in enumerate(_metrics(from_outside(2, "exports::test_ready")))
        ),
        checkpoints=_checkpoints(from_outside(3, "run 8812")),
        promises=_promises(strangers),
        findings=_findings(strangers),
        incidents=_incidents(strangers) if incidents or strangers else (),
        backlog=(
            BacklogItem(
                id="polling.fresh-status",
                priority=Priority.P0,
                impact=Level.HIGH,
                says=text("Mend the promise {promise}", promise=from_outside(4, "polling.fresh-status")),
                why=text("It was broken in {n} of {runs} runs", n=2, runs=9),
                accepts=text("Kept, by `{command}`.", command="atalaya check --promise polling.fresh-status"),
                parts=(
                    BacklogPart(
                        id="polling.fresh-status",
                        says=text("Mend the promise {promise}", promise=from_outside(4, "polling.fresh-status")),
                        proven_by="polling.fresh-status",
                    ),
                ),
            ),
            BacklogItem(
                id=from_outside(5, "more-trials"),
                priority=Priority.P1,
                impact=Level.MEDIUM,
                effort=Level.LOW,
                says=text("Raise the number of trials behind {metric}", metric="stale-cache"),
                why=text("A zero with {n} trials allows {upper:.2%}", n=120, upper=0.0246),
                accepts=text("{metric} is proven", metric=from_outside(6, "stale-cache")),
                parts=(
                    BacklogPart(
                        id=from_outside(5, "more-trials"),
                        says=text("Mend {test}", test=from_outside(5, "more-trials")),
                        proven_by=from_outside(6, "stale-cache"),
                    ),
                ),
            ),
        ),
        segments=_segments(strangers),
        readings=_readings(strangers),
        contexts=_contexts(strangers),
        coverage=_coverage(),
        traces=_traces(strangers),
        unreadable=tuple(_unreadable()) if strangers else (),
        looks=(
            CheckpointVerdict(
                hours=24, verdict=_verdict(from_outside(7, "polling.fresh-status")), late=0, figures=_figures(0.93)
            ),
            CheckpointVerdict(
                hours=48, verdict=_verdict(from_outside(8, "polling.fresh-status")), late=3, figures=_figures(0.96)
            ),
        ),
        course=_course(),
        environments=_environments(),
        health=tuple(_health(from_outside)),
        changes=_changes(strangers),
        pace=BurnRate(
            slo=0.999,
            bad=3,
            total=1200,
            used=1.7361,
            signs=(
                BurnRateSign(
                    long_h=1, short_h=5 / 60, limit=7.2, long_rate=None, short_rate=None, burns=Burning.UNKNOWN
                ),
                BurnRateSign(long_h=6, short_h=0.5, limit=3, long_rate=5.0, short_rate=4.0, burns=Burning.YES),
                BurnRateSign(long_h=24, short_h=2, limit=1.5, long_rate=0.5, short_rate=0.0, burns=Burning.NO),
            ),
        ),
        flaky=tuple(
            FlakyTest(
                test=from_outside(number, f"exports::test_{kind.name.lower()}"),
                critical=number == 0,
                kind=kind,
                keys=40,
                mixed_keys=3,
                attempts=45,
                failures=6,
                runs_per_day=15.0,
                cost_min=None,
                score=Score(keys=40, mean=0.0655, low=0.0188, high=0.1413, above_one_percent=0.99, bad_mean=0.0395)
                if number
                else Score(keys=0),
                impact=0.933,
                clean_runs=45,
                reason=text("Failed, and passed on the same commit: {mixed} of {keys} keys", mixed=3, keys=40),
            )
            for number, kind in enumerate(FlakyClass)
        ),
        failed_tests=_failed_tests(strangers),
        clean_tests={"exports::test_healthy": 45},
        defects_seeded=61,
        defects_caught=61,
        digest=DIGEST,
        questions=(Question(id=from_outside(9, "INC-1"), says=text("{who} waits", who=from_outside(10, "ana"))),),
        **(_lived(strangers) if incidents or strangers else {}),
    )


def _figures(rate: float) -> tuple[Figure, ...]:
    return (
        Figure(metric="pass-rate", value=rate, low=rate - 0.1, high=rate + 0.03, state=State.INCONCLUSIVE),
        Figure(metric="flaky-tests", value=1.0, low=None, high=None, state=State.MEETS),
        Figure(metric="network-errors", value=None, low=None, high=None, state=State.UNKNOWN),
    )


def _course() -> TimeSeries:
    """Fifty hours of jobs, errors and smokes; nothing was decided in one stretch, nor counted in one day."""
    jobs = [(6, 6), (5, 6), (6, 6), (0, 0), (6, 6), (4, 6), (6, 6), (6, 6), (2, 2)]
    sums = [tuple(map(sum, zip(*jobs[: n + 1], strict=True))) for n in range(len(jobs))]

    def part(begins_h: float, ends_h: float, events: int, trials: int, rate: Estimate) -> RateInBin:
        return RateInBin(
            begins_h=begins_h,
            ends_h=ends_h,
            events=events,
            trials=trials,
            value=rate.value,
            low=rate.low,
            high=rate.high,
        )

    def end(n: int) -> float:
        return min(6.0 * (n + 1), 50.0)

    return TimeSeries(
        target=0.95,
        jobs=tuple(part(6 * n, end(n), well, all_, wilson(well, all_)) for n, (well, all_) in enumerate(jobs)),
        so_far=tuple(part(0, end(n), well, all_, wilson(well, all_)) for n, (well, all_) in enumerate(sums)),
        errors=tuple(
            part(24 * n, min(24.0 * (n + 1), 50.0), seen, sent, garwood(seen, float(sent)))
            for n, (seen, sent) in enumerate([(6, 393), (3, 0), (0, 12_345)])
        ),
        smoke=tuple(
            DurationStats(begins_h=6 * n, ends_h=end(n), n=6, median_s=1.2 + n / 10, least_s=0.9, most_s=2.5 + n / 5)
            for n in range(len(jobs))
            if n != 3
        ),
    )


def _lived(strangers: bool) -> dict[str, Any]:
    """What rules and people wrote down: incidents' steps, decisions, verdicts that were said, the seal."""
    words = HOSTILE if strangers else ("ana",)
    stamp: dict[str, Any] = {"environment": Environment.LOOPBACK, "occurred_at": T0, "recorded_at": T0}
    ids = [incident.id for incident in _incidents(strangers)]
    return {
        "pages": {},
        "transitions": tuple(
            IncidentStep(
                **stamp,
                run_id=f"t{n}",
                incident=ids[n % len(ids)],
                opened_at=T0,
                state="open",
                impact=word,
                severity=Severity.MAJOR,
                root_cause=word,
                fix=word,
                metric="",
                by=word,
                why=word,
                rule=word,
            )
            for n, word in enumerate(words)
        ),
        "followed": tuple(
            IncidentFollowUp(
                incident=id,
                rule=word,
                fingerprints=(word,),
                blocks=(word,),
                shows=(word,),
                seen=7,
                first_at=T0,
                last_at=NOW,
                landed_at=T0,
                shown=False,
                proof=text("{why} is missing", why=word),
            )
            for id, word in zip(ids, words, strict=False)
        ),
        "said": tuple(
            VerdictRecord(
                **stamp, run_id=f"s{n}", word=VerdictStatus.WAITING, rule=word, verdict=DIGEST, because=(word,)
            )
            for n, word in enumerate(words)
        ),
        "decisions": tuple(
            Decision(
                **stamp,
                run_id=f"d{n}",
                action=word,
                word=VerdictStatus.NO_GO,
                verdict=word,
                verdict_as_of=NOW,
                by=word,
                why=word,
            )
            for n, word in enumerate(words)
        ),
        "steps": tuple(
            WatchTransition(
                **stamp,
                run_id=f"w{n}",
                state="open",
                window_h=72,
                by=word,
                why=word,
                previous=word,
                asked=(BacklogCarryover(id=word, says=word, proven_by=word, priority=2),),
            )
            for n, word in enumerate(words)
        ),
        "seal": SealState(
            closed_at=NOW,
            by=words[0],
            why=words[0],
            word="GO",
            files=7,
            digest=DIGEST,
            differs=tuple(text("{file} was changed.", file=word) for word in words if strangers),
        ),
    }


def _verdict(name: str) -> Verdict:
    because = (
        text("The promise {promise} is broken, and it is critical", promise=name),
        text("{share:.1%} of {n} jobs ended well", share=0.9667, n=60),
    )
    return Verdict(
        word=VerdictStatus.OFF_TRACK,
        rule="critical-promise-broken",
        because=because,
        as_of=NOW,
        valid_until=NOW + timedelta(hours=25),
        window="open",
        fired=(Fired(rule="critical-promise-broken", word=VerdictStatus.OFF_TRACK, because=because),),
        unknowns=(text("No run of CI has been collected since {at}", at=T0 + timedelta(hours=20)),),
        next_steps=(
            text("Run `atalaya check --promise {promise}` and read the request log", promise=name),
            text("Collect the runs of CI: {command}", command="atalaya collect"),
        ),
    )


def _metrics(test: str) -> tuple[Metric, ...]:
    actions = text("GitHub Actions ({workflows})", workflows=("clients-python-sdk", "sdk-post-release-smoke"))
    wald = text("Wilson interval at {level:.0%}", level=0.95)
    bound = text("Exact upper bound for {n} trials without an event", n=120)
    return (
        Metric(
            id="pass-rate",
            value=0.9667,
            low=0.8864,
            high=0.9908,
            n=60,
            unit="share",
            exposure=text("job attempts"),
            source=actions,
            state=State.MEETS,
            threshold=text(">= {share:.0%}", share=0.95),
            method=wald,
            text=text("{passed} of {n} jobs ended well, {share:.1%}", passed=58, n=60, share=0.9667),
            reason=text("The rate meets the threshold"),
            critical=True,
            inputs={"passed": 58, "failed": 2, "level": 0.95, "jobs": [f"job-{number}" for number in range(30)]},
        ),
        Metric(
            id="flaky-tests",
            value=1.0,
            low=None,
            high=None,
            n=412,
            unit="tests",
            exposure=text("tests"),
            source=actions,
            state=State.MEETS,
            threshold=text("{critical} critical, at most {other} others", critical=0, other=2),
            method=text("Tests with both outcomes on the same commit"),
            text=text("{n} flaky test: {test}", n=1, test=test),
            reason=text("{n} flaky, none of them critical", n=1),
            critical=False,
            inputs={"tests": [test], "since": T0},
        ),
        Metric(
            id="network-errors",
            value=0.0,
            low=0.0,
            high=0.00249,
            n=1201,
            unit="events",
            exposure=text("requests"),
            source=text("Logs of tests and smoke"),
            state=State.PROVEN,
            threshold=text("Decreasing, none that blocks"),
            method=bound,
            text=text("None in {n} requests", n=1201),
            reason=text("The bound {upper:.2%} is under the threshold", upper=0.00249),
            critical=False,
            inputs={"trend": "NO EVENTS"},
        ),
        Metric(
            id="polling-timeouts",
            value=3.0,
            low=0.6,
            high=8.8,
            n=180,
            unit="events",
            exposure=text("waits"),
            source=text("Tests of exports and smoke"),
            state=State.FAIL,
            threshold=text("{n} unexpected", n=0),
            method=bound,
            text=text("{n} timeouts in {waits} waits", n=3, waits=180),
            reason=text("{n} is more than {allowed}", n=3, allowed=0),
            critical=True,
            inputs={"by checkpoint": {"T+24": 1, "T+48": 2}},
        ),
        Metric(
            id="stale-cache",
            value=None,
            low=None,
            high=None,
            n=0,
            unit="events",
            exposure=text("trials"),
            source=text("Tests of exports and cache, incidents"),
            state=State.UNKNOWN,
            threshold=text("{n}", n=0),
            method=bound,
            text=text("Not known"),
            reason=text("No wait began beside a cached status"),
            critical=True,
        ),
    )


def _checkpoints(run: str) -> tuple[Checkpoint, ...]:
    def duty(id: str, state: DutyState) -> Duty:
        return Duty(
            id=id,
            says=text("The main pipeline of the SDK is green"),
            state=state,
            evidence=text("Seen in {run} at {at}", run=run, at=T0),
        )

    return (
        Checkpoint(
            hours=0,
            title=text("Release and first validation"),
            due_at=T0,
            duties=(duty("pipeline", DutyState.MET), duty("smoke", DutyState.FAILED)),
        ),
        Checkpoint(
            hours=24,
            title=text("First productive cycle"),
            due_at=T0 + timedelta(hours=24),
            duties=(duty("pass-rate", DutyState.MISSING), duty("read-errors", DutyState.PERSON_SIGNS)),
        ),
        Checkpoint(hours=48, title=text("Stability on the way"), due_at=T0 + timedelta(hours=48), duties=()),
        Checkpoint(
            hours=72,
            title=text("End of the watch"),
            due_at=T0 + timedelta(hours=72),
            duties=(duty("final", DutyState.NOT_YET_DUE),),
        ),
    )


def _promises(strangers: bool) -> tuple[PromiseStatus, ...]:
    rows = (
        ("config.no-fallback", Severity.CRITICAL, Outcome.KEPT, ""),
        ("config.defaults", Severity.MINOR, Outcome.NOT_APPLICABLE, "this SDK has no such setting"),
        ("polling.fresh-status", Severity.CRITICAL, Outcome.BROKEN, "the second poll answered CREATED, 3 s old"),
        ("polling.created-to-ready", Severity.MAJOR, Outcome.UNKNOWN, "stopped after 20 s of real time"),
        ("cache.bypass-per-request", Severity.MAJOR, Outcome.KEPT, ""),
    )
    return tuple(
        PromiseStatus(
            promise=Promise(
                id=id,
                severity=severity,
                checkpoint_h=0,
                says="load_config refuses an empty __address__ {always}.",
                why="A hidden default sends traffic to a host nobody chose.",
                how="`load_config` with nothing set.",
            ),
            outcome=outcome,
            reason=hostile(number) if strangers else reason,
            at=T0 + timedelta(hours=number),
            kept=7 - number,
            broken=2 if outcome is Outcome.BROKEN else 0,
            unknown=number % 2,
            last_seen_red_at=T0 - timedelta(days=1) if number != 4 else None,
            latest=(*[Outcome.KEPT] * (7 - number), *[outcome] * (2 if outcome is Outcome.BROKEN else number % 2)),
            log=HOSTILE if strangers else ("GET /aris3/exports/e1 200 CREATED", "GET /aris3/exports/e1 200 READY"),
        )
        for number, (id, severity, outcome, reason) in enumerate(rows)
    )


def _failed_tests(strangers: bool) -> tuple[FailedTest, ...]:
    """Two tests that failed, one of them to the end; or one for each hostile string, in variants of that name."""
    passed, failed = CaseOutcome.PASSED, CaseOutcome.FAILED
    calm = (("exports::test_broken", "py3.11", failed), ("exports::test_confirmed", "py3.12", passed))
    rows = tuple((said, said, failed) for said in HOSTILE) if strangers else calm
    return tuple(
        FailedTest(
            test=test,
            critical=number == 0,
            variants=(
                VariantAttempts(
                    variant=variant,
                    passed=3,
                    failed=2,
                    skipped=1,
                    latest=(passed, CaseOutcome.SKIPPED, passed, failed, failed, last),
                    first_failed_at=T0 + timedelta(hours=20),
                    last_failed_at=T0 + timedelta(hours=30 + number),
                ),
                VariantAttempts(variant=f"{variant} too", passed=9, failed=0, skipped=0, latest=(passed,) * 9),
            ),
        )
        for number, (test, variant, last) in enumerate(rows)
    )


def accepted(version: str, *, strangers: bool = False) -> AcceptedBefore:
    """A release that was accepted: a promise was kept that is broken in :func:`judgement`, and a test was steady."""
    return AcceptedBefore(
        version=version,
        outcomes={"polling.fresh-status": Outcome.KEPT, "config.no-fallback": Outcome.KEPT},
        unsteady=dict.fromkeys(HOSTILE if strangers else ["exports::test_gone"], FlakyClass.CONFIRMED),
        incidents=_incidents(strangers),
    )


def _findings(strangers: bool) -> tuple[Finding, ...]:
    seen: tuple[bool | None, ...] = (True, False, None)
    known = ("config.infinity-is-accepted", "errors.cannot-be-pickled", "polling.deadline-overshoot")
    calm = tuple(
        Finding(
            run_id="r1",
            environment=Environment.LOOPBACK,
            occurred_at=T0,
            recorded_at=T0,
            weakness=weakness,
            stored_seen=was,
            reason="load_config took inf",
        )
        for weakness, was in zip(known, seen, strict=True)
    )
    strange = tuple(
        Finding(
            run_id="r1",
            environment=Environment.LOOPBACK,
            occurred_at=T0,
            recorded_at=T0,
            weakness=string,
            stored_seen=True,
            reason=string,
        )
        for string in HOSTILE
    )
    return calm + (strange if strangers else ())


def _incidents(strangers: bool) -> tuple[Incident, ...]:
    calm = Incident(
        id="i1",
        at=T0 + timedelta(hours=29),
        impact="Exports of two stores stayed at CREATED for 40 minutes.",
        root_cause="The queue was paused.",
        fix="Resumed; an alarm was added.",
        state="resolved",
        severity=Severity.MAJOR,
    )
    strange = tuple(
        Incident(
            id=f"s{number}", at=T0, impact=string, root_cause=string, fix=string, state=string, severity=Severity.MINOR
        )
        for number, string in enumerate(HOSTILE)
    )
    return (calm, *strange) if strangers else (calm,)


def _segments(strangers: bool) -> tuple[SegmentInfo, ...]:
    names = HOSTILE if strangers else (f"observation-{DIGEST[:12]}.jsonl", f"job-{DIGEST[4:16]}.jsonl")
    return tuple(
        SegmentInfo(
            name=name,
            kind="observation",
            records=46 + number,
            size_bytes=18_210 * (number + 1),
            digest=f"{number:04x}{DIGEST[4:]}",
            environments=("loopback", name) if strangers else ("loopback",),
            first_at=T0,
            last_at=T0 + timedelta(hours=number),
        )
        for number, name in enumerate(names)
    )


def _unreadable() -> Iterator[UnreadableFile]:
    """A file of each name that a file can have, and of what cannot be one no bytes."""
    for string in HOSTILE:
        name = f"{string}.jsonl"
        is_file = string.isprintable() and "/" not in name and len(name.encode()) <= 255
        yield UnreadableFile(
            name=name, size_bytes=7 if is_file else None, sha256=DIGEST if is_file else "", reason=string
        )


def _health(from_outside: Callable[[int, str], str]) -> Iterator[HealthSign]:
    """A sign in each state, about a Python and with an error that a stranger named."""
    for number, state in enumerate(HealthState):
        error = from_outside(number, "ImportError: no")
        yield HealthSign(
            id="start-failures",
            title=text("Import and first client"),
            state=state,
            text=text("{failed} of {n} runs, {share} ({low} to {high})", failed=1, n=9, share="", low="", high=""),
            limit=text("at most {share} on each Python version", share="1%"),
            reason=text("The last failure: {error}. p = {p}, limit {limit}.", error=error, p="0.0865", limit="0.0451"),
            about=from_outside(number + 1, "3.11"),
        )


def _environments() -> tuple[EnvironmentTotals, ...]:
    return tuple(
        EnvironmentTotals(
            environment=environment,
            decided=60,
            lost=3,
            requests=1200,
            waits=180,
            stale_trials=180,
            network_errors=3,
            polling_timeouts=0,
            stale_reads=1,
        )
        for environment in (Environment.CI, Environment.LOOPBACK)
    )


def _changes(strangers: bool) -> tuple[SettingsSnapshot, ...]:
    """The settings at T+0, and a change for each string."""
    calm = ("thresholds.pass_rate = 0.95", "the first record of this watch", "atalaya")
    changed = (
        [(string, string, string) for string in HOSTILE]
        if strangers
        else [("thresholds.pass_rate = 0.9", "we agreed on less", "ana")]
    )
    return tuple(
        SettingsSnapshot(
            run_id="r",
            environment=Environment.LOOPBACK,
            occurred_at=T0,
            recorded_at=T0,
            digest=DIGEST,
            settings=(line,),
            why=why,
            by=by,
        )
        for line, why, by in (calm, *changed)
    )


def _coverage() -> Coverage:
    gap = Gap(begins=T0 + timedelta(hours=30), ends=T0 + timedelta(hours=37.5), hours=7.5)
    about = {0: (0, 3), 24: (21, 27)}
    return Coverage(
        points=tuple(
            CheckpointWatch(hours=at, begins=begins, ends=ends, seen=at == 0)
            for at, hours in about.items()
            for begins, ends in [(T0 + timedelta(hours=hours[0]), T0 + timedelta(hours=hours[1]))]
        ),
        ci_gaps=(CiGap(from_h=0, to_h=24, begins=T0, ends=T0 + timedelta(hours=27)),),
        every_h=1,
        slots=50,
        seen=43,
        least=0.9,
        most_gap_h=6,
        largest=gap,
        gaps=(gap,),
        latest_h=0.4,
    )


def _traces(strangers: bool) -> tuple[Trace, ...]:
    """One record of each kind that is traced, for each hostile string in each place where one can stand."""
    traces: list[Trace] = []
    for number, (file, said) in enumerate([(s, s) for s in HOSTILE] if strangers else [("reports/unit.xml", "gone")]):
        stamp: dict[str, Any] = {
            "run_id": said,
            "environment": Environment.CI,
            "occurred_at": T0,
            "recorded_at": T0,
            "origin": origin_of(file, DIGEST),
        }
        segment = _segments(strangers)[number].name
        records = (
            JobAttempt(
                **stamp, workflow=said, job=said, variant=said, attempt=2, commit=said, conclusion=Conclusion.FAILURE
            ),
            TestAttempt(
                **stamp,
                test=said,
                variant=said,
                attempt=1,
                commit=said,
                outcome=CaseOutcome.FAILED,
                critical=True,
                message=said,
                line=7,
            ),
            *(
                Event(**stamp, event=kind, expected=True, blocking=True, place=said, message=said, line=12, quote=said)
                for kind in EventKind
            ),
        )
        traces += [Trace(record=record, segment=segment, line=line) for line, record in enumerate(records, start=1)]
    return tuple(traces)


def _readings(strangers: bool) -> tuple[Reading, ...]:
    calm = (
        Reading(
            run_id="c1",
            environment=Environment.CI,
            occurred_at=T0,
            recorded_at=T0,
            file="reports/unit.xml",
            sha256=DIGEST,
            size_bytes=9120,
            status=ReadStatus.READ,
            verdict=FileVerdict.PASSED,
            reason="",
            cases=412,
            passed=409,
            failed=0,
            errored=0,
            skipped=3,
            suite_failures=0,
        ),
        Reading(
            run_id="c1",
            environment=Environment.CI,
            occurred_at=T0,
            recorded_at=T0,
            file="reports/cut.xml",
            sha256=DIGEST[::-1],
            size_bytes=2048,
            status=ReadStatus.UNREADABLE,
            verdict=FileVerdict.UNKNOWN,
            reason="ends in the middle of an element",
            at_byte=2048,
        ),
    )
    strange = tuple(
        Reading(
            run_id="c2",
            environment=Environment.CI,
            occurred_at=T0,
            recorded_at=T0,
            file=string,
            sha256=DIGEST,
            size_bytes=1,
            status=ReadStatus.DECLINED,
            verdict=FileVerdict.UNKNOWN,
            reason=string,
        )
        for string in HOSTILE
    )
    return calm + (strange if strangers else ())


def _contexts(strangers: bool) -> tuple[RunContext, ...]:
    def made(hours: int, python: str, name: str) -> RunContext:
        return RunContext(
            run_id=f"run-{hours}",
            environment=Environment.LOOPBACK,
            occurred_at=T0 + timedelta(hours=hours),
            recorded_at=T0 + timedelta(hours=hours),
            producer="checks",
            subject_name=name,
            subject_version="1.1.0",
            subject_digest=DIGEST,
            subject_source="bundled",
            python=python,
            implementation="CPython",
            os="Linux 6.1 x86_64",
            freeze=("pydantic==2.14.0", "requests==2.34.0"),
        )

    calm = tuple(made(hours, "3.11.9" if hours < 30 else "3.12.4", "aris3-client-sdk") for hours in range(0, 49, 6))
    return calm + (tuple(made(49, string, string) for string in HOSTILE) if strangers else ())
