"""What do the commands that judge, write and build do?"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from checks.console import plain
from checks.errors import UsageError
from checks.metrics.definitions import METRICS
from checks.records import Judgement, Release, TestAttempt, Text, Tried, Word
from checks.stages.place import Place, exit_code, instant, judged, print_json, summarise, the_release

# The fields of a metric that `judge --json` prints.
SHOWN = (
    "value",
    "low",
    "high",
    "k",
    "n",
    "state",
    "method",
    "unit",
    "threshold",
    "exposure",
    "source",
    "text",
    "reason",
    "critical",
    "acts",
    "counts",
    "inputs",
    "settles",
    "compared",
    "against",
    "derivation",
)
EXPOSURE = tuple(field.name for field in msgspec.structs.fields(Tried) if field.name != "environment")


def judge(place: Place, args: argparse.Namespace) -> int:
    """Judge a release as of an instant."""
    if args.json and args.explain:
        raise UsageError("judge: --json holds every derivation; give --explain for people, or --json for programs.")
    release = the_release(place, args.release, None)
    judgement = judged(place, release, instant(args.as_of) if args.as_of else None)
    if args.json:
        print_json(judgement_of(judgement))
    if args.explain:
        explain(judgement, args.explain)
    else:
        summarise(place.console, judgement)
    return exit_code(judgement, strict=args.strict)


def explain(judgement: Judgement, id: str) -> None:
    """Print the whole derivation of one metric: what is counted, each step with its numbers, and the evidence."""
    from checks.metrics.engine import in_words

    metric = next((metric for metric in judgement.metrics if metric.id == id), None)
    if metric is None:
        raise UsageError(f"--explain {id}: no such metric. There are: {', '.join(METRICS)}.")
    say = print  # what was asked for goes to the output, as JSON does
    say(f"{metric.id} of {judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC")
    for title, lines in (
        ("what is counted", in_words(METRICS[id].question).splitlines()),
        ("method", [str(metric.method)]),
        ("derivation", [f"{number}. {step}" for number, step in enumerate(metric.derivation, 1)]),
        ("threshold", [str(metric.threshold)]),
        ("result", [f"{metric.state}: {metric.reason}", *([str(metric.settles)] if metric.settles else [])]),
        ("beside the last accepted release", [str(metric.against)]),
        *((("tests, the costliest first", _tests(judgement)),) if TestAttempt in METRICS[id].evidence else ()),
        ("evidence", _evidence(judgement, id)),
    ):
        say(f"  {title}")
        for line in lines:
            say(f"    {plain(line)}")


def _tests(judgement: Judgement) -> list[str]:
    """Each test that did not just pass: its class, why, and how flaky it is."""
    return [
        f"{plain(one.test)}: {one.kind}. {one.reason}. q {one.score.mean:.4f} "
        f"({one.score.low:.4f} to {one.score.high:.4f})"
        for one in judgement.flaky
        if one.score.mean is not None
    ] or ["none"]


def _evidence(judgement: Judgement, id: str) -> list[str]:
    """The segments that hold the records which a metric counts."""
    from checks.includes.segments import behind

    return [
        f"{segment.name}: {segment.records} records, {segment.first_at:%Y-%m-%d %H:%M} to "
        f"{segment.last_at:%Y-%m-%d %H:%M} UTC"
        for segment in behind(id, judgement)
    ] or ["none"]


def judgement_of(judgement: Judgement) -> dict[str, Any]:
    """A judgement as ``judge --json`` prints it, with each sentence in English."""
    verdict = judgement.verdict
    return {
        "schema": "atalaya.judgement/1",
        "release": judgement.release.version,
        "as_of": judgement.as_of,
        "verdict": {
            "word": verdict.word.value,
            "rule": verdict.rule,
            "window": verdict.window,
            "digest": judgement.digest,
            "valid_until": verdict.valid_until,
            "because": [str(text) for text in verdict.because],
            "would_change": [str(text) for text in verdict.would_change],
        },
        "metrics": {metric.id: {name: _shown(getattr(metric, name)) for name in SHOWN} for metric in judgement.metrics},
        "rules": [
            {"rule": fired.rule, "word": fired.word.value, "because": [str(text) for text in fired.because]}
            for fired in verdict.fired
        ],
        "checkpoints": [
            {
                "hours": look.hours,
                "word": look.verdict.word.value,
                "rule": look.verdict.rule,
                "because": [str(text) for text in look.verdict.because],
                "late_records": look.late,
            }
            for look in judgement.looks
        ],
        "environments": {
            tried.environment.value: {name: getattr(tried, name) for name in EXPOSURE}
            for tried in judgement.environments
        },
        "baseline": judgement.baseline or None,
        "tests": [
            {
                "test": one.test,
                "class": one.kind.value,
                "critical": one.critical,
                "keys": one.keys,
                "mixed_keys": one.mixed_keys,
                "attempts": one.attempts,
                "failures": one.failures,
                "score": one.score.mean,
                "low": one.score.low,
                "high": one.score.high,
                "impact": one.impact,
                "clean_runs": one.clean_runs,
                "reason": str(one.reason),
            }
            for one in judgement.flaky
        ],
        "unknowns": [str(text) for text in verdict.unknowns],
        "next_steps": [str(text) for text in verdict.next_steps],
    }


def publish(place: Place, args: argparse.Namespace) -> int:
    """Write the includes of every release, in each language."""
    write_pages(place)
    return 0


def site(place: Place, args: argparse.Namespace) -> int:
    """Build the versioned site from what is in the tree: offline, and with no SDK."""
    from checks.includes import sphinxes

    sphinxes.begin_early()
    write_pages(place)
    page = build_site(place, Path(args.out) if args.out else None)
    place.console.line(f"  read it: {page}")
    return 0


def serve(place: Place, args: argparse.Namespace) -> int:
    """Build the site, serve it on loopback, and build it again when a page or evidence changes."""
    from checks.includes import serve as server

    write_pages(place)
    build_site(place, None)
    server.serve(
        _out(place),
        port=args.port,
        docs=place.docs,
        rebuild=[sys.executable, "-m", "checks", f"--root={place.root}", f"--settings={place.loaded.path}", "site"],
        echo=place.console.line,
    )
    raise KeyboardInterrupt  # nothing else ends it


def write_pages(place: Place, known: Judgement | None = None) -> None:
    """Write every release's includes; the one that has been judged already is not judged again."""
    from checks.includes.language import LANGUAGES
    from checks.includes.reference import inputs, publish_reference
    from checks.includes.site import publish_releases
    from checks.includes.store import Store
    from checks.release import folder

    store = Store(place.docs, place.loaded.settings, place.pack.folder)
    releases = folder.find(place.releases)

    def published(release: Release) -> Judgement:
        if known is not None and known.release.version == release.version:
            return _written(place, known)
        return store.release(release, releases, lambda: _written(place, judged(place, release, None)))

    judgements = [published(release) for release in releases]
    publish_releases(place.docs, judgements, place.loaded.settings.watch.language)
    store.reference(inputs(place.docs, place.pack), lambda: publish_reference(place.docs, place.pack))
    place.console.line(f"  includes: {len(judgements)} releases, in {' and '.join(LANGUAGES)}")


def _written(place: Place, judgement: Judgement) -> Judgement:
    """The same judgement, once its fragments are written in each language."""
    from checks.evidence import ledger
    from checks.includes import segments
    from checks.includes.language import LANGUAGES, Language
    from checks.includes.pages import publish as write_fragments
    from checks.includes.voice import Voice

    evidence = ledger.survey(place.releases / judgement.release.version / "evidence").segments
    for code in LANGUAGES:
        out = place.docs / "_generated" / judgement.release.version / code
        write_fragments(judgement, out, Language(code))
        segments.write_pages(judgement, evidence, out, Voice(Language(code)))
    return judgement


def _out(place: Place) -> Path:
    """Where the pages go: Read the Docs names its own folder."""
    hosted = os.environ.get("READTHEDOCS_OUTPUT")
    return Path(hosted) / "html" if hosted else place.docs / "_build" / "html"


def build_site(place: Place, out: Path | None) -> Path:
    from checks.includes.site import build

    return build(place.docs, out or _out(place), language=place.loaded.settings.watch.language, echo=place.console.line)


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_shown(one) for one in value]
    if isinstance(value, Text):
        return str(value)
    return value.value if isinstance(value, Word) else value
