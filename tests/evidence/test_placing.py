"""Tests that a time without a zone is placed by when its file was written, and only where one zone fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from atalaya.evidence.readers import reports
from atalaya.evidence.readers.collector import Job, collect
from atalaya.evidence.readers.placing import placed
from tests.tables import each_row

WRITTEN = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)


def report(began: str, *durations_s: float) -> bytes:
    cases = "".join(f'<testcase name="t{n}" time="{each}"/>' for n, each in enumerate(durations_s))
    return f'<testsuite name="s" timestamp="{began}">{cases}</testsuite>'.encode()


@each_row(
    ("began", "durations_s", "expected"),
    [
        ("2026-03-02T03:11:00", (55.0,), "2026-03-02T09:11:00+00:00"),  # UTC-06:00
        ("2026-03-02T10:11:30", (1.0,), "2026-03-02T09:11:30+00:00"),  # UTC+01:00, and after the file by its own word
        ("2026-03-02T14:41:30", (1.0,), "2026-03-02T09:11:30+00:00"),  # UTC+05:30
        ("2026-03-02T09:11:30", (1.0,), "2026-03-02T09:11:30+00:00"),
        ("2026-03-02T09:02:00", (300.0, 290.0), "2026-03-02T09:02:00+00:00"),
        ("2026-03-02T10:06:00", (1.0,), None),  # a copy: no zone fits
        ("2026-03-02T08:56:30", (1.0,), None),  # a quarter of an hour away is none that is in use
        ("2026-03-02T03:00:00", (7200.0,), None),  # it ran for longer than zones are apart
        ("2026-03-01T10:11:30", (1.0,), None),  # no zone is a day away
        ("2026-03-02T10:11:30+05:00", (1.0,), None),
        ("", (1.0,), None),
    ],
)
def test_a_time_is_placed_where_one_zone_alone_lets_the_tests_end_as_the_file_is_written(
    began: str, durations_s: tuple[float, ...], expected: str | None
) -> None:
    before = reports.read(report(began, *durations_s))
    after = placed(before, WRITTEN)
    if expected is None:
        assert after is before
        return
    stamps = {stamp for stamp in (after.timestamp, *(case.timestamp for case in after.cases)) if stamp is not None}
    assert [(stamp.at.isoformat(), stamp.zoned) for stamp in stamps] == [(expected, True)]
    assert "name no zone" in after.reason


def test_without_the_instant_of_writing_a_time_is_taken_as_utc(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_bytes(report("2026-03-02T03:11:00", 55.0))
    later = WRITTEN + timedelta(hours=1)
    known: list[datetime | None] = [None, WRITTEN]
    taken = []
    for at in known:
        found = collect([path], job=Job("unit", ""), recorded_at=later, written_at={path: at}.get)
        taken.append(found.jobs[0].occurred_at)
    assert taken == [datetime(2026, 3, 2, 3, 11, tzinfo=UTC), datetime(2026, 3, 2, 9, 11, tzinfo=UTC)]
