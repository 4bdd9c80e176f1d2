"""Stand in for the minutes of a watch: evidence of one run, kept as the watch keeps it, in this folder's release."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.recording import append_evidence
from atalaya.cli.which_release import named_or_open
from atalaya.core.settings import load
from atalaya.records.stored import Conclusion, Environment, JobAttempt

if __name__ == "__main__":
    root, now = Path.cwd(), datetime.now(UTC)
    place = Context(root, load(root / "watch.toml"), Console())
    job = JobAttempt(
        run_id=uuid.uuid4().hex,
        environment=Environment.LOOPBACK,
        occurred_at=now,
        recorded_at=now,
        workflow="smoke",
        job="smoke",
        variant="3.12",
        attempt=1,
        commit="",
        conclusion=Conclusion.SUCCESS,
        origin="x",
        requests=40,
        polls=15,
        waits=6,
        stale_trials=6,
    )
    append_evidence(place, named_or_open(place, None, "watch", to_write=True), [job])
