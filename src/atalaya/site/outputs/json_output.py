"""Writes a judgement as JSON: for ``judge --json``, beside the pages, and with the report of a closed release.

All three are made from the same parts, each published under a schema of its own.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict

from atalaya.core.scrub import scrub
from atalaya.core.words import Record, Text
from atalaya.records.judged import FlakyTest, Judgement, Metric
from atalaya.watch.state_at import rests_on


def judgement_document(judgement: Judgement) -> dict[str, Any]:
    """What ``judge --json`` prints."""
    verdict = judgement.verdict
    document = {
        "schema": "atalaya.judgement/1",
        "release": judgement.release.version,
        "as_of": judgement.as_of,
        "verdict": _verdict(judgement) | {"would_change": verdict.would_change},
        "metrics": {metric.id: _metric(metric) for metric in judgement.metrics},
        "rules": [asdict(fired) for fired in verdict.fired],
        "checkpoints": [
            {
                "hours": look.hours,
                "word": look.verdict.word,
                "rule": look.verdict.rule,
                "because": look.verdict.because,
                "late_records": look.late,
            }
            for look in judgement.looks
        ],
        "environments": {
            str(tried.environment): _without(asdict(tried), "environment") for tried in judgement.environments
        },
        "baseline": judgement.baseline or None,
        "cells": [asdict(cell) for cell in judgement.cells],
        "own_runs": [asdict(own) for own in judgement.own_runs],
        "health": [_without(asdict(sign), "runs") for sign in judgement.health],
        "apart": judgement.apart,
        "tests": [_test(test) for test in judgement.flaky],
        "unknowns": verdict.unknowns,
        "next_steps": verdict.next_steps,
    }
    ready: dict[str, Any] = _ready(document)
    return ready


def as_json(judgement: Judgement) -> str:
    """``metrics.json``, with sorted keys: the same judgement gives the same bytes."""
    return _written(_metrics_document(judgement))


def closing_json(judgement: Judgement) -> str:
    """The end of a watch: all that its report says, for machines."""
    document = {
        "schema": "atalaya.closing/1",
        "report": _metrics_document(judgement),
        "checkpoints": checkpoints(judgement),
        "incidents": [asdict(one) for one in judgement.incidents],
        "decisions": [asdict(one) for one in judgement.decisions],
        "questions": [asdict(one) for one in judgement.questions],
        "backlog": [asdict(one) for one in judgement.backlog],
    }
    return _written(document)


def checkpoints(judgement: Judgement) -> list[dict[str, Any]]:
    """The checkpoints with their duties, and how each stands."""
    ready: list[dict[str, Any]] = _ready(
        [
            {"hours": point.hours, "due_at": point.due_at, "duties": [asdict(duty) for duty in point.duties]}
            for point in judgement.checkpoints
        ]
    )
    return ready


def _metrics_document(judgement: Judgement) -> dict[str, Any]:
    release, verdict = judgement.release, judgement.verdict
    return {
        "schema": "atalaya.metrics/1",
        "release": _without(asdict(release), "format"),
        "as_of": judgement.as_of,
        "evidence": rests_on(judgement.segments),
        "verdict": _verdict(judgement)
        | {
            "fired": [rule.rule for rule in verdict.fired],
            "unknowns": verdict.unknowns,
            "next_steps": verdict.next_steps,
        },
        "metrics": [{"id": metric.id} | _metric(metric) for metric in judgement.metrics],
        "promises": {
            status.promise.id: {"outcome": status.outcome, "severity": status.promise.severity}
            for status in judgement.promises
        },
    }


def _verdict(judgement: Judgement) -> dict[str, Any]:
    verdict = judgement.verdict
    return {
        "word": verdict.word,
        "rule": verdict.rule,
        "window": verdict.window,
        "digest": judgement.digest,
        "valid_until": verdict.valid_until,
        "because": verdict.because,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return _without(asdict(metric), "id") | {"counts": metric.counts}


def _test(test: FlakyTest) -> dict[str, Any]:
    score = test.score
    same = ("test", "critical", "keys", "mixed_keys", "attempts", "failures", "impact", "clean_runs", "reason")
    return {
        **{name: getattr(test, name) for name in same},
        "class": test.kind,
        "score": score.mean,
        "low": score.low,
        "high": score.high,
    }


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def _written(document: dict[str, Any]) -> str:
    """In ASCII: what cannot be seen in a terminal, or is no UTF-8, stands there as an escape."""
    return json.dumps(_ready(document), indent=2, sort_keys=True) + "\n"


def _ready(value: Any) -> Any:
    """The value in JSON's own types: sentences in English, times in UTC, nothing that must not be published."""
    match value:
        case dict():
            return {str(key): _ready(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_ready(inner) for inner in value]
        case Text():
            return scrub(str(value))
        case Record():
            return _ready(asdict(value))
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return scrub(value)
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None  # JSON has no such numbers
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)
