"""The row of a release as it was made, and until when it holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import AtalayaError, EngineError
from atalaya.fleet.strangers import told
from atalaya.records.fleet import ReleaseRow
from atalaya.records.stored import Release

MOST = 200  # incidents, tests, causes or metrics that a row keeps
OF_THIS_MACHINE = (EngineError, MemoryError, OSError)  # too little memory, a full disk, too many open files


class Made(NamedTuple):
    """A row, and until when it may be used again: None is for ever. ``to_judge`` is what has yet to be judged."""

    row: ReleaseRow
    until: datetime | None = None
    to_judge: Release | None = None


def failed(row: ReleaseRow, what: str, why: Exception, now: datetime, base: Path) -> Made:
    """The row with what went wrong. What says nothing of the release is tried again by the next run.

    :param what: what could not be done, where the error does not say it.
    :param base: the folder that paths are told from.
    """
    problem = why if isinstance(why, AtalayaError) else f"{what}: {type(why).__name__}: {why}"
    return Made(replace(row, problem=told(problem, base)), until=now if isinstance(why, OF_THIS_MACHINE) else None)


def earliest(*times: datetime | None) -> datetime | None:
    """The first of some instants; None, which is for ever, where there is none."""
    return min((at for at in times if at is not None), default=None)


def end_of_window(row: ReleaseRow, now: datetime) -> datetime | None:
    """When what was said has to be looked at again though nothing was recorded: the window ends then."""
    ends = row.ends_at
    return ends if ends is not None and now < ends and not (row.rehearsal or row.closed) else None
