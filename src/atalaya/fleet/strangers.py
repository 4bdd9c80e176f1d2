"""What strangers wrote, as text and numbers that a page may show."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from atalaya.core.scrub import scrub

LONGEST = 300  # signs of a text
# A version of four numbers looks like an address of a private network, and is none.
VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}(?:[-.+]?[a-z]{1,5}\.?[0-9]{0,6})?")


def encodable(text: object) -> str:
    """A text of any origin that can be written as UTF-8: a file's name may be no text.

    >>> encodable("odd-\\udcff")
    'odd-\\\\udcff'
    """
    return str(text).encode("utf-8", "backslashreplace").decode()


def shown(text: object) -> str:
    """A text of any origin as a page may show it: without secrets, and as UTF-8 can write it.

    >>> shown("10.0.0.1"), shown("of 10.0.0.1")
    ('10.0.0.1', 'of [private address]')
    """
    words = str(text)
    return encodable(words if VERSION.fullmatch(words) else scrub(words))


def cut(text: object) -> str:
    """A text without secrets, and no longer than a table can show."""
    words = shown(str(text)[: LONGEST * 4])
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def told(why: object, base: Path) -> str:
    """What went wrong, with paths from the folder of the releases on: where that lies here is nobody's business."""
    return cut(str(why).replace(f"{base}{os.sep}", ""))


def number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def instant(text: object) -> datetime:
    at = msgspec.convert(text, datetime)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at.astimezone(UTC)
