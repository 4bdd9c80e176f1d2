"""The row of a release as it was made, until when it holds, and whether its word can be believed at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import AtalayaError, EngineError
from atalaya.fleet.strangers import told
from atalaya.records.fleet import FINE, Basis, FleetWord, ReleaseRow, Why
from atalaya.records.stored import Release

if TYPE_CHECKING:
    from atalaya.fleet.last_verdict import StatedVerdict

MOST = 200  # incidents, tests, causes or metrics that a row keeps
OF_THIS_MACHINE = (EngineError, MemoryError, OSError)  # too little memory, a full disk, too many open files


# The word where the last one cannot be believed.
INSTEAD = dict.fromkeys(Why, FleetWord.UNKNOWN) | {Why.SEAL_BROKEN: FleetWord.INVALID}


class Made(NamedTuple):
    """A row, and until when it may be used again: None is for ever. ``to_judge`` is what has yet to be judged, and
    ``said`` the verdict that the row has, with all that was said, where it was read just now."""

    row: ReleaseRow
    until: datetime | None = None
    to_judge: Release | None = None
    said: StatedVerdict | None = None


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


def why_not(row: ReleaseRow, now: datetime) -> Why | None:
    """Why the word of a row cannot be believed at an instant; None where it can."""
    if row.problem:
        return Why.SEAL_BROKEN if row.seal_broken else Why.UNREADABLE
    if row.basis is Basis.NOTHING:
        return Why.NOTHING
    # The calendar of a rehearsal is made up, and what a closed watch came to stays as it is.
    stays = row.rehearsal or (row.closed and row.basis in (Basis.SEALED, Basis.JUDGED))
    is_over = row.valid_until is not None and now >= row.valid_until
    if is_over and not stays:
        return Why.EXPIRED
    return Why.NOT_JUDGED if row.not_judged is not None and row.word in FINE else None


def word_now(row: ReleaseRow, now: datetime) -> FleetWord:
    """The word of a row, or what stands there at an instant where that cannot be believed."""
    why = why_not(row, now)
    return row.word if why is None else INSTEAD[why]


def with_its_seal(row: ReleaseRow, began: Iterable[tuple[str, str]]) -> ReleaseRow:
    """The same row, or one that cannot be believed, where a later release began from another seal than it has.

    :param began: the releases that began from it, each with the seal that it began from.
    """
    other = next((release for release, seal in began if seal != row.seal), None)
    if other is None or row.seal is None or row.seal_broken or (row.evidence_alone and not row.seal):
        return row
    what = "made anew" if row.seal else "taken away"
    problem = f"Its seal was {what}: {other} began from another one. Restore it from git."
    return replace(row, problem=problem, seal_broken=True)
