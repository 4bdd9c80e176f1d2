"""Makes the row of one release from its sealed report, its published page or its records, or says that it has to be
judged.

What was sealed or published is shown as it was said. A watch that goes on is judged anew where evidence came since,
since nobody said what that comes to; where that cannot be done here, the row says so. A folder that cannot be read is
a row too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec.structs import replace

from atalaya.core import plain_file
from atalaya.core.errors import EvidenceError, ReleaseError, interrupted, passes, short_of_something
from atalaya.core.settings import Settings
from atalaya.core.window import ends_at
from atalaya.evidence.ledger import ledger, manifest
from atalaya.fleet.incidents import incidents_of, most
from atalaya.fleet.last_verdict import (
    LARGEST_BYTES,
    Named,
    StatedVerdict,
    has_evidence,
    is_newer,
    last_stated,
    may_rest_on_less,
    more_than_there_is,
    of_document,
    problems,
)
from atalaya.fleet.release_records import Records, RecordsByNow
from atalaya.fleet.row import OF_THIS_MACHINE, Made, earliest, failed
from atalaya.fleet.sources import REPORT, TOML, ReleasePlace
from atalaya.fleet.strangers import cut, told
from atalaya.records.fleet import Basis, FleetIncident, FleetWord, NotJudged, ReleaseRow
from atalaya.records.stored import Environment, IncidentStep, Observation, Release, SettingsSnapshot, WatchTransition
from atalaya.watch.folder import NAME, load, steps_taken
from atalaya.watch.seal import NAME as SEAL
from atalaya.watch.seal import Seal, state_of
from atalaya.watch.state_at import differing
from atalaya.watch.states import CLOSED, INVALID

OPENED_BY = "opening-"  # what the first records of a watch call their run, before its version


class Judges(Protocol):
    """Who says whether and by what a release is judged where what was said of it is not enough, and the instant."""

    @property
    def now(self) -> datetime: ...

    @property
    def own(self) -> Settings | None: ...

    @property
    def promises(self) -> AbstractSet[str]: ...

    def why_not(self, release: Release) -> NotJudged | None:
        """Why it is not judged."""


# Adds what the records tell beside the verdict, given the end of the window and all incidents.
Tally = Callable[[ReleaseRow, RecordsByNow, datetime, Sequence[FleetIncident]], ReleaseRow]


def read(subject: str, place: ReleasePlace, judging: Judges, tally: Tally = lambda row, *_: row) -> Made:
    """The row of one release. Whatever its folder holds, it is a row."""
    row = ReleaseRow(subject=subject, release=cut(place.name), evidence_alone=place.evidence_alone)
    records = Records(place.evidence)
    release = None
    try:
        release = _release(place, records, judging.now)
        row = replace(
            row,
            release=cut(release.version),
            opened_at=release.opened_at,
            window_h=release.window_h,
            ends_at=ends_at(release),
            rehearsal=release.rehearsal,
        )
        try:
            return _read(row, place, RecordsByNow(records, release, judging.now), judging, tally)
        except EvidenceError as why:  # the judgement says what that comes to
            readable = RecordsByNow(Records(place.evidence, ledger.readable), release, judging.now)
            return _read(row, place, readable, judging, tally, damage=told(why, place.folder.parent))
    except Exception as why:  # of a stranger's files anything may be wrong, and the other releases are shown
        if interrupted(why):
            raise
        made = failed(row, "it cannot be read", why, judging.now, place.folder.parent)
        return _with_the_rest(made, release, place, judging.now)


def _with_the_rest(made: Made, release: Release | None, place: ReleasePlace, now: datetime) -> Made:
    """The row of a release of which something cannot be read, with what the rest says: of its seal, its window, its
    incidents and the seal that it began from."""
    row = made.row
    if plain_file.is_link(place.folder) or plain_file.is_link(place.evidence):
        return made
    of_any = Release(version=place.name, commit="", opened_at=now)
    known = RecordsByNow(Records(place.evidence, ledger.readable), release or of_any, now)
    until = made.until
    try:
        steps = known.of(WatchTransition)
        row = _began_from(row, steps)
        row = _as_watched(row, release, *steps_taken(steps, release)) if release is not None else row
        row = replace(row, incidents=most(incidents_of(known.of(IncidentStep))))
        known.of(SettingsSnapshot)  # of evidence alone they too say when its watch was opened
        if until is None and (differs := state_of(place.folder).differs):
            row = _not_as_sealed(row, told(f"It is not as it was sealed: {differs[0]}", place.folder))
    except Exception as why:  # then that is not known either
        if interrupted(why):
            raise
        until = now if isinstance(why, OF_THIS_MACHINE) else until
    return made._replace(row=row, until=earliest(until, *known.ahead))


def _began_from(row: ReleaseRow, steps: Iterable[WatchTransition]) -> ReleaseRow:
    """The row with the seal of the release that its watch began from."""
    began = next((one for one in steps if one.previous_seal), None)
    if began is None:
        return row
    return replace(row, previous=cut(began.previous), previous_seal=cut(began.previous_seal))


def _as_watched(row: ReleaseRow, release: Release, state: str, window_h: int) -> ReleaseRow:
    """The row with how long its watch lasts, and whether it is over."""
    return replace(row, ends_at=ends_at(release, window_h), closed=state in (CLOSED, INVALID))


def _read(
    row: ReleaseRow, place: ReleasePlace, known: RecordsByNow, judging: Judges, tally: Tally, damage: str = ""
) -> Made:
    """
    :param damage: why not all of the records are known.
    """
    release, steps = known.release, known.of(WatchTransition)
    state, window_h = steps_taken(steps, release)
    incidents = tuple(incidents_of(known.of(IncidentStep)))
    named = Named.in_folder(place.evidence)
    row = replace(
        _as_watched(_began_from(row, steps), release, state, window_h),
        evidence_at=named.newest_at,
        incidents=most(incidents),
    )
    row = tally(row, known, ends_at(release, window_h), incidents)
    if os.path.lexists(place.folder / SEAL):
        row, said = _sealed(row, release, place)
        return Made(row, until=earliest(*known.ahead), said=said)
    row = replace(row, seal="")
    if row.closed and not place.evidence_alone:
        problem = f"It is closed, and its {SEAL} is gone. Restore it from git."
        return Made(replace(row, problem=problem), until=earliest(*known.ahead))
    said, until = last_stated(row, place, known, window_h)
    if state == INVALID:
        closing = next(one for one in steps if one.state == state)
        said = StatedVerdict(Basis.RECORDED, FleetWord.INVALID, closing.occurred_at, because=(cut(closing.why),))
        return Made(said.over(row), until, said=said)
    why = judging.why_not(release)
    if why is None and not {one.promise for one in known.of(Observation)} <= judging.promises:
        why = NotJudged.OTHER_PACK
    if damage:
        row = replace(row, not_judged=why, problem=damage if why is not None else "")
        return Made(row, until, to_judge=release if why is None else None)
    if said is not None and (gone := more_than_there_is(said, named, known)):
        return Made(replace(row, not_judged=why, problem=gone), until)  # a judgement would not know of it
    # What a closed watch was closed with is in its seal alone: without that, it is judged.
    is_outdated = said is None or row.closed or is_newer(said, row, known.now)
    stands = not is_outdated and not _has_other_settings(known, judging)
    # What was said rests on all of the evidence. Where it is judged anyway, the judgement looks at that, and says so.
    if said is not None and (stands or why is not None):
        survey = ledger.survey(place.evidence, sieve=manifest.rolls_and_redactions)
        if problem := next(problems(survey), ""):
            if why is not None or not has_evidence(survey):  # nobody knows what it comes to
                return Made(replace(row, not_judged=why, problem=told(problem, place.folder.parent)), until)
            said, stands = None, False
        elif may_rest_on_less(said, survey):
            stands = False
    row = said.over(row) if said is not None else row
    if stands:
        return Made(row, until, said=said)
    return Made(replace(row, not_judged=why), until, to_judge=release if why is None else None, said=said)


def _has_other_settings(known: RecordsByNow, judging: Judges) -> bool:
    """Whether the ``watch.toml`` of its repository says another thing than what was recorded of it."""
    recorded = known.of(SettingsSnapshot)
    if judging.own is None or not recorded or known.release.rehearsal:
        return False
    return bool(differing(recorded[-1], judging.own))


# ── what it is ───────────────────────────────────────────────────────────────


def _release(place: ReleasePlace, records: Records, now: datetime) -> Release:
    """What ``release.toml`` says; of evidence that came without one, what its first records say."""
    if any(map(plain_file.is_link, (place.folder, place.evidence, place.folder / TOML))):
        raise ReleaseError(
            f"{place.name}: it is a link, or one is in its folder, and links are not followed. Put the files there."
        )
    if (place.folder / TOML).exists():
        return load(place.folder)
    if not place.evidence_alone:
        raise ReleaseError(f"{place.name}: its {TOML} is gone. Restore it from git.")
    opened = [*records.of(WatchTransition), *records.of(SettingsSnapshot)]
    # A rehearsal is one where nothing else is told: no record of one hides a release.
    real = [one for one in opened if one.environment is not Environment.REHEARSAL and one.recorded_at <= now]
    first = real or [one for one in opened if one.environment is Environment.REHEARSAL]
    if not first:
        raise ReleaseError(
            f"{place.name}: no record says when its watch was opened: the file with its settings is not there. "
            f"Hand over all of its evidence, or name the folder of the release."
        )
    named = [one.run_id.removeprefix(OPENED_BY) for one in first if one.run_id.startswith(OPENED_BY)]
    return Release(
        version=next(filter(NAME.fullmatch, named), place.name),  # it is to name a folder
        commit="",
        opened_at=min(one.occurred_at for one in first),
        rehearsal=first[0].environment is Environment.REHEARSAL,
    )


def _sealed(row: ReleaseRow, release: Release, place: ReleasePlace) -> tuple[ReleaseRow, StatedVerdict | None]:
    """What the report of a closed watch says, where all is as it was sealed."""
    contents = []
    for name in (SEAL, REPORT):
        try:
            contents.append(plain_file.content(place.folder / name, LARGEST_BYTES))
        except OSError as why:
            if passes(why):
                raise short_of_something(name, why) from None
            raise ReleaseError(f"{name}: cannot be read: {why.strerror or why}. Restore it from git.") from None
    seal, content = msgspec.json.decode(contents[0], type=Seal), contents[1]
    row = replace(row, seal=hashlib.sha256(contents[0]).hexdigest())
    sealed = next((file.sha256 for file in seal.files if file.path == REPORT), "")
    if hashlib.sha256(content).hexdigest() != sealed:
        return _not_as_sealed(row, f"{REPORT} is not what was sealed. Restore it from git."), None
    said = of_document(msgspec.json.decode(content)["report"], release.version, Basis.SEALED)
    if differs := state_of(place.folder).differs:
        return _not_as_sealed(row, told(f"It is not as it was sealed: {differs[0]}", place.folder)), None
    return said._replace(valid_until=None).over(replace(row, closed=True)), said


def _not_as_sealed(row: ReleaseRow, problem: str) -> ReleaseRow:
    return replace(row, closed=True, problem=problem, seal_broken=True)
