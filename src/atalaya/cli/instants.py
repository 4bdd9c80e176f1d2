"""Reads the clock, and the instants that people write down."""

from __future__ import annotations

from datetime import UTC, datetime

from atalaya.core.errors import UsageError

YEARS = range(1970, 9000)  # a window before an instant, and one after it, have to be instants too


def utc_now() -> datetime:
    return datetime.now(UTC)


def instant(text: str) -> datetime:
    """An instant that was written down, in UTC.

    :raises UsageError: it is none, or lies where no calendar of a release does.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if at.year not in YEARS:
            raise ValueError
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no instant. Write it in UTC, as 2026-01-31T09:00:00Z.") from None
    return at
