"""Places times that name no zone by the instant at which their file was written."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from atalaya.evidence.readers.model import Report, Timestamp

# From local time to UTC, in minutes: whole hours, and the zones in use that are none. Fewer zones are fewer chances
# that the time of a copy fits one of them.
SHIFTS = tuple(
    timedelta(minutes=minutes)
    for minutes in (*range(-14 * 60, 12 * 60 + 1, 60), 570, 210, 150, -210, -270, -330, -345, -390, -570, -630)
)
# A report is written when its tests are done, or a little later; clocks differ a little.
EARLY, LATE = timedelta(seconds=30), timedelta(seconds=90)


def placed(report: Report, written_at: datetime | None) -> Report:
    """The report with its times in the one zone in which it was written as its tests ended; the same where none fits.

    :param written_at: when the file was written, or its run ended; None where that is not known, as of a copy.
    """
    if written_at is None or report.timestamp is None or report.timestamp.zoned:
        return report
    shift = _shift(report, report.timestamp, written_at)
    if shift is None:
        return report
    moved: dict[Timestamp | None, Timestamp | None] = {}
    for case in report.cases:
        at = case.timestamp
        if at not in moved:
            moved[at] = _moved(at, shift) if at is not None and not at.zoned else at
    return replace(
        report,
        timestamp=_moved(report.timestamp, shift),
        cases=tuple(replace(case, timestamp=moved[case.timestamp]) for case in report.cases),
        notes=(*report.notes, f"Its times name no zone: by when it was written, they are {_named(shift)}."),
    )


def _shift(report: Report, began: Timestamp, written_at: datetime) -> timedelta | None:
    """What takes a local time to UTC: the only one by which the tests end as the file is written."""
    unzoned = [case.timestamp.at for case in report.cases if case.timestamp is not None and not case.timestamp.zoned]
    least = max(unzoned, default=began.at) - began.at
    most = max(least, timedelta(seconds=min(sum(case.duration_s or 0.0 for case in report.cases), 1e6)))
    # Beside each other, tests end sooner than one after the other.
    fits = [shift for shift in SHIFTS if least - EARLY <= written_at - began.at - shift <= most + LATE]
    return fits[0] if len(fits) == 1 else None


def _moved(timestamp: Timestamp, shift: timedelta) -> Timestamp:
    return Timestamp(at=timestamp.at + shift, zoned=True)


def _named(shift: timedelta) -> str:
    minutes = round(-shift / timedelta(minutes=1))
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
