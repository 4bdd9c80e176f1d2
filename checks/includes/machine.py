"""What do machines read of a judgement?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from checks.records import Judgement, Record, Text
from checks.scrub import scrub

SCHEMA = "atalaya.metrics/1"


def as_json(judgement: Judgement) -> str:
    """The verdict and the metrics, with sorted keys: the same judgement gives the same bytes."""
    release, verdict = judgement.release, judgement.verdict
    document = {
        "schema": SCHEMA,
        "release": {
            "version": release.version,
            "commit": release.commit,
            "opened_at": release.opened_at,
            "window_h": release.window_h,
            "rehearsal": release.rehearsal,
            "made_by": release.made_by,
        },
        "as_of": judgement.as_of,
        "verdict": {
            "word": verdict.word.value,
            "rule": verdict.rule,
            "digest": judgement.digest,
            "because": list(verdict.because),
            "valid_until": verdict.valid_until,
            "window": verdict.window,
            "fired": [rule.rule for rule in verdict.fired],
            "unknowns": list(verdict.unknowns),
            "next_steps": list(verdict.next_steps),
        },
        "metrics": list(judgement.metrics),
        "promises": {
            status.promise.id: {"outcome": status.outcome.value, "severity": status.promise.severity.value}
            for status in judgement.promises
        },
    }
    return _written(document)


def closing_json(judgement: Judgement) -> str:
    """The end of a watch: all that its report says, for machines."""
    document = {
        "schema": "atalaya.closing/1",
        "report": json.loads(as_json(judgement)),
        "checkpoints": [
            {
                "hours": point.hours,
                "due_at": point.due_at,
                "duties": [
                    {"id": duty.id, "says": duty.says, "state": duty.state.value, "evidence": duty.evidence}
                    for duty in point.duties
                ],
            }
            for point in judgement.checkpoints
        ],
        "incidents": list(judgement.incidents),
        "decisions": list(judgement.decisions),
        "questions": list(judgement.questions),
        "backlog": list(judgement.backlog),
    }
    return _written(document)


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
            return _ready(msgspec.structs.asdict(value))
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
