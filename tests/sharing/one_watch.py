"""Stand in for the minutes of a watch: evidence of one run, kept as the watch keeps it, in this folder's release."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from checks.console import Console
from checks.records import Conclusion, Environment, JobAttempt
from checks.settings import load
from checks.stages.place import Place, keep, named_or_open

if __name__ == "__main__":
    root, now = Path.cwd(), datetime.now(UTC)
    place = Place(root, load(root / "watch.toml"), Console())
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
    keep(place, named_or_open(place, None, "watch", to_write=True), [job])
