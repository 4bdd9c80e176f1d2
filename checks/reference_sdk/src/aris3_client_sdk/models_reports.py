"""Which part of the books does a report, or an export of one, cover?"""

from __future__ import annotations

from dataclasses import dataclass

from .models import Model, day_or_text, optional, text


@dataclass(kw_only=True)
class ReportFilter(Model):
    """What is None is not sent. ``from_`` (``from`` on the wire) and ``to`` are dates or ISO texts."""

    store_id: str | None = optional(text)
    from_: str | None = optional(day_or_text)
    to: str | None = optional(day_or_text)
    timezone: str | None = optional(text)
