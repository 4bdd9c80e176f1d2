"""Computes a digest of what readers see of a judgement, so that pages are built only when it changes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

from atalaya.records.judged import Judgement

STEP = timedelta(hours=6)  # figures that only grow are shown anew so often
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def visible_digest(judgement: Judgement) -> str:
    """A digest over the verdict, states and reasons, duties, incidents, decisions and the backlog.

    Of a reason, its sentence counts and not the figures in it, which grow with each run; they come with the next
    step of six hours.
    """
    verdict = judgement.verdict
    seen = {
        "release": judgement.release,
        "as_of": (judgement.as_of - _EPOCH) // STEP,
        "verdict": (verdict.word, verdict.rule),
        "state": judgement.state,
        "metrics": [(one.id, one.state, one.reason.template, one.compared) for one in judgement.metrics],
        "duties": [(duty.id, duty.state) for point in judgement.checkpoints for duty in point.duties],
        "incidents": judgement.incidents,
        "notes": judgement.notes,
        "decisions": judgement.decisions,
        "backlog": [item.id for item in judgement.backlog],
    }
    return hashlib.sha256(msgspec.json.encode(seen, order="deterministic")).hexdigest()
