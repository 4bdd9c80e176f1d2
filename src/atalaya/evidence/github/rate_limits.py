"""Reads from a GitHub answer whether to wait, and for how long.

GitHub has two kinds of limits and says them in many ways: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

FIRST_WAIT_S = 60.0  # where it does not say how long; then double
LEAST_WAIT_S = 1.0
SECONDARY = re.compile(rb"(?i)secondary rate limit|abuse detection")


class Limit(NamedTuple):
    """How long to wait, and why."""

    wait_s: float
    says: str


def asked_to_wait(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, unsaid_s: float = FIRST_WAIT_S
) -> Limit | None:
    """The wait that an answer asks for; None where it asks for none, as a refusal for want of a right does.

    :param headers: with names in small letters, or a mapping that does not mind.
    :param unsaid_s: how long to wait where the answer does not say.
    """
    if status not in (403, 429):
        return None
    now = _http_date(headers.get("date", "")) or now  # its own clock, where it tells: ours may be wrong
    after_s = _seconds(headers.get("retry-after", ""), now)
    if after_s is not None:
        return Limit(max(after_s, LEAST_WAIT_S), "it asks to be left alone for a while")
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(r"[0-9]{1,11}", reset):
        # A second more than it says: at the very instant, it may still refuse.
        return Limit(max(int(reset) - now.timestamp() + 1, LEAST_WAIT_S), "the hour's requests are used up")
    if status == 429 or "gh-limited-by" in headers or SECONDARY.search(body):
        return Limit(unsaid_s, "it limits us, and does not say for how long")
    return None


def _seconds(value: str, now: datetime) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    at = _http_date(value)
    return None if at is None else (at - now).total_seconds()


def _http_date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
