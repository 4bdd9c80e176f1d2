"""Makes the row of one release: from its sealed report, its published page, its records, or by judging it.

What was sealed or published is shown as it was said. A watch that goes on is judged anew where evidence came since,
since nobody said what that comes to; where that cannot be done here, the row says so. A folder that cannot be read is
a row too.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from atalaya.core import plain_file
from atalaya.core.engines import DUCKDB
from atalaya.core.errors import AtalayaError, NetworkError, ReleaseError, interrupted
from atalaya.core.kept_text import KeptText, to_keep
from atalaya.core.settings import Settings
from atalaya.core.window import ends_at
from atalaya.evidence.apart import counts, is_of
from atalaya.evidence.commits import same_tree
from atalaya.evidence.ledger import ledger, manifest
from atalaya.fleet.sources import TOML, ReleasePlace, shown
from atalaya.harness.pack import Pack
from atalaya.metrics.definitions import counting
from atalaya.metrics.window_query import OUR_WORKFLOWS
from atalaya.records.fleet import (
    Basis,
    FleetCause,
    FleetIncident,
    FleetMetric,
    FleetTest,
    FleetWord,
    NotJudged,
    ReleaseRow,
)
from atalaya.records.judged import Incident, Judgement, State
from atalaya.records.stored import (
    CaseOutcome,
    CommitTree,
    Environment,
    Event,
    Evidence,
    IncidentStep,
    JobAttempt,
    Observation,
    Release,
    SettingsSnapshot,
    TestAttempt,
    VerdictRecord,
    WatchTransition,
)
from atalaya.watch import folder as watch_folder
from atalaya.watch.incidents.fingerprint import cause_of_event, error_type, place_of
from atalaya.watch.judgement import judge_release
from atalaya.watch.seal import NAME as SEAL
from atalaya.watch.seal import Seal, state_of
from atalaya.watch.state_at import (
    NOT_EVIDENCE_KINDS,
    evidence_digest,
    evidence_recorded_at,
    in_order,
    incident_steps,
    restored,
)
from atalaya.watch.states import CLOSED, INVALID, OVER
from atalaya.watch.window import is_recorded

REPORT = "report.json"
REASONS = 3
MOST = 200  # incidents, tests or causes that a row keeps
LONGEST = 300  # signs of a text
A_MOMENT = timedelta(seconds=10)  # after the evidence of a page that does not name it: the roll is called by then
FOREVER = datetime.max.replace(tzinfo=UTC)
OPENED_BY = "opening-"  # what the first records of a watch call their run, before its version
DECIDED = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED)
LARGEST_BYTES = 64 * 1024 * 1024  # of a report that is read


Kind = TypeVar("Kind", bound=Evidence)


class Judging(NamedTuple):
    """What releases are judged by, and when.

    ``own`` are the settings of their repository, where it has any; ``not_judged`` is why none of them is judged;
    ``engine`` counts their evidence. Where nobody asks for ``rehearsals``, none of those is judged.
    """

    pack: Pack
    now: datetime
    own: Settings | None = None
    not_judged: NotJudged | None = None
    engine: str = DUCKDB
    rehearsals: bool = True

    def why_not(self, release: Release | ReleaseRow) -> NotJudged | None:
        """Why a release is not judged, whatever is in it."""
        is_asked = self.rehearsals or not release.rehearsal
        return self.not_judged if is_asked or self.not_judged is not None else NotJudged.ASKED


class Made(NamedTuple):
    """A row, and until when it may be used again: None is for ever. ``to_judge`` is what has yet to be judged."""

    row: ReleaseRow
    until: datetime | None = None
    to_judge: Release | None = None


class Records:
    """The records of one release, each kind read once.

    ``ahead`` are the instants at which records that were asked for by an earlier one are written down.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ahead: set[datetime] = set()
        self._known: dict[str, list[Any]] = {}

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All of one kind, in the order in which they came into force.

        :raises EvidenceError: a segment of that kind cannot be read, or a newer Atalaya wrote one of any kind.
        """
        if kind.kind not in self._known:
            self._known[kind.kind] = in_order(ledger.read(self.folder, kind), kind)
        return self._known[kind.kind]

    def by(self, now: datetime, kind: type[Kind], release: Release) -> list[Kind]:
        """Those of one kind that a judgement knows: written down by now, and of a rehearsal where it is one and only
        there. The calendar of a rehearsal is made up, and all of it has come."""
        of_watch = [one for one in self.of(kind) if is_recorded(one, release, FOREVER)]
        if release.rehearsal:
            return of_watch
        self.ahead |= {one.recorded_at for one in of_watch if one.recorded_at > now}
        return [one for one in of_watch if one.recorded_at <= now]


def read(subject: str, place: ReleasePlace, judging: Judging) -> Made:
    """The row of one release. Whatever its folder holds, it is a row."""
    row = ReleaseRow(subject=subject, release=_cut(place.name))
    records = Records(place.evidence)
    try:
        release = _release(place, records, judging.now)
        row = replace(
            row,
            release=_cut(release.version),
            opened_at=release.opened_at,
            ends_at=ends_at(release),
            rehearsal=release.rehearsal,
        )
        return _read(row, release, place, records, judging)
    except AtalayaError as why:
        return Made(_unreadable(row, place, judging.now, why))
    except Exception as why:  # of a stranger's files anything may be wrong, and the other releases are shown
        if interrupted(why):
            raise
        return Made(_unreadable(row, place, judging.now, f"it cannot be read: {type(why).__name__}: {why}"))


def _unreadable(row: ReleaseRow, place: ReleasePlace, now: datetime, why: object) -> ReleaseRow:
    """The row of a release of which something cannot be read: by the rest of it what is open stays open, and the seal
    that it began from is still known."""
    row = replace(row, problem=_told(why, place.folder.parent), evidence_alone=place.evidence_alone)
    if plain_file.is_link(place.folder) or plain_file.is_link(place.evidence):
        return row

    def known(kind: type[Kind]) -> list[Kind]:
        found = in_order(ledger.readable(place.evidence, kind), kind)
        is_of = [one for one in found if (one.environment is Environment.REHEARSAL) == row.rehearsal]
        return [one for one in is_of if row.rehearsal or one.recorded_at <= now]

    with suppress(Exception):
        row = _began_from(row, known(WatchTransition))
    with suppress(Exception):
        row = replace(row, incidents=_most(_incidents_of(known(IncidentStep))))
    return row


def _began_from(row: ReleaseRow, steps: Iterable[WatchTransition]) -> ReleaseRow:
    """The row with the seal of the release that its watch began from."""
    began = next((one for one in steps if one.previous_seal), None)
    if began is None:
        return row
    return replace(row, previous=_cut(began.previous), previous_seal=_cut(began.previous_seal))


def _read(row: ReleaseRow, release: Release, place: ReleasePlace, records: Records, judging: Judging) -> Made:
    now = judging.now
    steps = records.by(now, WatchTransition, release)
    state, window_h = watch_folder.steps_taken(steps, release)
    counts_for = _counts_for(records, release, ends_at(release, window_h))
    incidents = tuple(_incidents_of(records.by(now, IncidentStep, release)))
    row = replace(
        _began_from(row, steps),
        ends_at=ends_at(release, window_h),
        closed=state in (CLOSED, INVALID),
        evidence_alone=place.evidence_alone,
        evidence_at=_evidence_at(place.evidence),
        incidents=_most(incidents),
        tests=tuple(_flaky(records, release, counts_for))[:MOST],
        causes=tuple(_causes(records, release, counts_for, incidents))[:MOST],
    )
    if os.path.lexists(place.folder / SEAL):
        return Made(_sealed(row, release, place), until=_earliest(*records.ahead))
    if row.closed and not place.evidence_alone:
        return Made(replace(row, problem=f"It is closed, and its {SEAL} is gone. Restore it from git."))
    said, until = _last_said(row, release, place, records, now)
    if state == INVALID:
        closing = next(one for one in steps if one.state == state)
        said = Said(Basis.RECORDED, FleetWord.INVALID, closing.occurred_at, because=(_cut(closing.why),))
        return Made(said.over(row), until)
    why = judging.why_not(release)
    if why is None and not {one.promise for one in records.of(Observation)} <= set(judging.pack.promise):
        why = NotJudged.OTHER_PACK
    # What a closed watch was closed with is in its seal alone: without that, it is judged.
    stands = said is not None and not row.closed and not _is_newer(said, row, now)
    # What was said rests on all of the evidence. Where it is judged anyway, the judgement looks at that, and says so.
    if said is not None and (stands or why is not None):
        survey = ledger.survey(place.evidence, sieve=manifest.rolls_and_redactions)
        if problem := next(_problems(survey), ""):
            if why is not None or not _has_evidence(survey):  # nobody knows what it comes to
                return Made(replace(row, not_judged=why, problem=_told(problem, place.folder.parent)), until)
            said, stands = None, False
        elif _may_rest_on_less(said, survey):
            stands = False
    row = said.over(row) if said is not None else row
    if stands:
        return Made(row, until)
    return Made(replace(row, not_judged=why), until, to_judge=release if why is None else None)


def _problems(survey: ledger.Survey) -> Iterator[str]:
    """Why what was said of some evidence cannot be believed: it is not all there as it was."""
    yield from survey.problems
    yield from map(str, manifest.differs(survey))
    if not _has_evidence(survey):
        yield "There is no evidence for what was said of it. Restore it from git."


def _has_evidence(survey: ledger.Survey) -> bool:
    return any(segment.info.kind not in NOT_EVIDENCE_KINDS for segment in survey.segments)


def _may_rest_on_less(said: Said, survey: ledger.Survey) -> bool:
    """Whether what was said rests on other evidence than there is, or nobody can say that it does not: some was written
    down later, or may have come to this ledger later."""
    if any(at > said.as_of for at in evidence_recorded_at(survey.segments)):
        return True
    if said.evidence:
        return said.evidence != evidence_digest(segment.info for segment in survey.segments)
    at = said.recorded_at or said.as_of + A_MOMENT
    return any(one.kind not in NOT_EVIDENCE_KINDS for one in manifest.unknown_at(survey, at, said.run_id))


def _earliest(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _end_of_window(row: ReleaseRow, now: datetime) -> datetime | None:
    """When what was said has to be looked at again though nothing was recorded: the window ends then."""
    ends = row.ends_at
    return ends if ends is not None and now < ends and not (row.rehearsal or row.closed) else None


# ── what it is ───────────────────────────────────────────────────────────────


def _release(place: ReleasePlace, records: Records, now: datetime) -> Release:
    """What ``release.toml`` says; of evidence that came without one, what its first records say."""
    if any(map(plain_file.is_link, (place.folder, place.evidence, place.folder / TOML))):
        raise ReleaseError(
            f"{place.name}: it is a link, or one is in its folder, and links are not followed. Put the files there."
        )
    if (place.folder / TOML).exists():
        return watch_folder.load(place.folder)
    if not place.evidence_alone:
        raise ReleaseError(f"{place.name}: its {TOML} is gone. Restore it from git.")
    told = [*records.of(WatchTransition), *records.of(SettingsSnapshot)]
    # A rehearsal is one where nothing else is told: no record of one hides a release.
    real = [one for one in told if one.environment is not Environment.REHEARSAL and one.recorded_at <= now]
    first = real or [one for one in told if one.environment is Environment.REHEARSAL]
    if not first:
        raise ReleaseError(
            f"{place.name}: no record says when its watch was opened: the file with its settings is not there. "
            f"Hand over all of its evidence, or name the folder of the release."
        )
    named = [one.run_id.removeprefix(OPENED_BY) for one in first if one.run_id.startswith(OPENED_BY)]
    return Release(
        version=next(iter(named), place.name),
        commit="",
        opened_at=min(one.occurred_at for one in first),
        rehearsal=first[0].environment is Environment.REHEARSAL,
    )


def _evidence_at(evidence: Path) -> datetime | None:
    """When the newest segment that a verdict rests on was begun, as the names say."""
    names = (name for path in ledger.files(evidence) for name in ledger.names_in(path))
    found = [match for name in names if (match := ledger.NAME.fullmatch(name))]
    at = max((one["at"] for one in found if one["at"] and one["kind"] not in NOT_EVIDENCE_KINDS), default=None)
    return datetime.strptime(at, ledger.AT).replace(tzinfo=UTC) if at else None


# ── what was said of it ──────────────────────────────────────────────────────


class Said(NamedTuple):
    """A verdict as somebody said it."""

    basis: Basis
    word: FleetWord
    as_of: datetime
    rule: str = ""
    digest: str = ""
    because: tuple[str, ...] = ()
    reason: KeptText | None = None
    valid_until: datetime | None = None
    metrics: tuple[FleetMetric, ...] = ()
    recorded_at: datetime | None = None  # of what was recorded, when that was, and in which run
    run_id: str = ""
    evidence: str = ""  # what a page says that it rests on

    def over(self, row: ReleaseRow) -> ReleaseRow:
        """The row with this verdict."""
        return replace(
            row,
            basis=self.basis,
            word=self.word,
            as_of=self.as_of,
            rule=self.rule,
            digest=self.digest,
            because=self.because,
            reason=self.reason,
            valid_until=self.valid_until,
            metrics=self.metrics,
        )


def _sealed(row: ReleaseRow, release: Release, place: ReleasePlace) -> ReleaseRow:
    """What the report of a closed watch says, where all is as it was sealed."""
    contents = []
    for name in (SEAL, REPORT):
        try:
            contents.append(plain_file.content(place.folder / name, LARGEST_BYTES))
        except OSError as why:
            raise ReleaseError(f"{name}: cannot be read: {why.strerror or why}. Restore it from git.") from None
    seal, content = msgspec.json.decode(contents[0], type=Seal), contents[1]
    row = replace(row, seal=hashlib.sha256(contents[0]).hexdigest())
    sealed = next((file.sha256 for file in seal.files if file.path == REPORT), "")
    if hashlib.sha256(content).hexdigest() != sealed:
        return _not_as_sealed(row, f"{REPORT} is not what was sealed. Restore it from git.")
    said = _of_document(msgspec.json.decode(content)["report"], release.version, Basis.SEALED)
    if differs := state_of(place.folder).differs:
        return _not_as_sealed(row, _told(f"It is not as it was sealed: {differs[0]}", place.folder))
    return said._replace(valid_until=None).over(replace(row, closed=True))


def _not_as_sealed(row: ReleaseRow, problem: str) -> ReleaseRow:
    return replace(row, closed=True, problem=problem, seal_broken=True)


def _published(place: ReleasePlace, release: Release) -> Said | None:
    """The verdict that was published beside the folder; none where there is none, or another Atalaya wrote it."""
    if place.published is None or not place.published.is_file():
        return None
    try:
        said = msgspec.json.decode(plain_file.content(place.published, LARGEST_BYTES))
        return _of_document(said, release.version, Basis.PUBLISHED)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _of_document(document: Any, version: str, basis: Basis) -> Said:
    """What a document of the schema ``atalaya.metrics/1`` says."""
    if str(document["release"]["version"]) != version:
        raise ValueError(f"it is of {document['release']['version']!r}")
    verdict = document["verdict"]
    return Said(
        basis=basis,
        word=FleetWord(verdict["word"]),
        as_of=_instant(document["as_of"]),
        rule=_cut(verdict["rule"]),
        digest=_cut(verdict["digest"]),
        evidence=_cut(document.get("evidence", "")),
        because=tuple(_cut(one) for one in verdict["because"][:REASONS]),
        valid_until=_instant(verdict["valid_until"]),
        metrics=tuple(
            FleetMetric(
                id=_cut(one["id"]),
                state=State(one["state"]),
                value=_number(one["value"]),
                low=_number(one["low"]),
                high=_number(one["high"]),
                n=int(one["n"]),
                unit=_cut(one["unit"]),
            )
            for one in document["metrics"][:MOST]
        ),
    )


def _last_said(
    row: ReleaseRow, release: Release, place: ReleasePlace, records: Records, now: datetime
) -> tuple[Said | None, datetime | None]:
    """What was published or recorded last by now, and until when it is that: a record of a clock that is ahead waits
    until its time has come."""
    on_a_page = _published(place, release)
    recorded = _recorded(records, release, now)
    ahead = {one.as_of for one in (on_a_page, *recorded) if one is not None and one.as_of > now}
    if release.rehearsal:  # whose calendar is made up
        ahead = set()
    if on_a_page is not None and on_a_page.as_of in ahead:
        on_a_page = None
    said = _later(on_a_page, next((one for one in recorded if one.as_of not in ahead), None))
    return said, _earliest(*ahead, *records.ahead, _end_of_window(row, now))


def _recorded(records: Records, release: Release, now: datetime) -> list[Said]:
    """The verdicts that were recorded as said to people, the last one first."""
    valid_h = _settings(records.by(now, SettingsSnapshot, release), Settings()).watch.valid_h
    return [
        Said(
            basis=Basis.RECORDED,
            word=FleetWord(one.word.value),
            as_of=one.occurred_at,
            rule=_cut(one.rule),
            digest=one.verdict,
            because=tuple(map(_cut, one.because[:REASONS])),
            valid_until=one.occurred_at + timedelta(hours=valid_h),
            recorded_at=one.recorded_at,
            run_id=one.run_id,
        )
        for one in reversed(records.by(now, VerdictRecord, release))
    ]


def _later(published: Said | None, said: Said | None) -> Said | None:
    """The one that was said later; of one instant that of the page, which holds the figures too."""
    if published is None or said is None:
        return published or said
    return published if published.as_of >= said.as_of else said


def _is_newer(said: Said, row: ReleaseRow, now: datetime) -> bool:
    """Whether something was recorded, or the window ended, after what was said."""
    ended = row.ends_at is not None and not row.rehearsal and said.as_of < row.ends_at <= now
    return ended or (row.evidence_at is not None and row.evidence_at > said.as_of)


# ── judged here ──────────────────────────────────────────────────────────────


def _settings(snapshots: Sequence[SettingsSnapshot], base: Settings) -> Settings:
    """The settings in force by the records, over those of ``watch.toml``."""
    return restored(snapshots[-1], base) if snapshots else base


def judge(made: Made, release: Release, place: ReleasePlace, beside: Sequence[Path], judging: Judging) -> Made:
    """The row with the verdict of now.

    It is judged in a folder of links to it and to what it is compared with: one release that cannot be read keeps no
    other from being judged.

    :param beside: the folders of other releases of the same subject that it is compared with.
    :raises NetworkError: the engine is on another machine, and does not answer any more.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-fleet-") as scratch:
        try:
            folder = _linked(Path(scratch), release, place, beside)
            judged = _judged(made.row, release, folder, judging)
            return judged._replace(until=_earliest(made.until, judged.until))
        except NetworkError:  # which says nothing of the release
            raise
        except AtalayaError as why:
            return Made(replace(made.row, problem=_told(why, Path(scratch))))
        except Exception as why:
            if interrupted(why):
                raise
            problem = _told(f"it cannot be judged: {type(why).__name__}: {why}", Path(scratch))
            passes = isinstance(why, OSError | MemoryError)  # a full disk says nothing of the release
            return Made(replace(made.row, problem=problem), until=judging.now if passes else None)


def _linked(scratch: Path, release: Release, place: ReleasePlace, beside: Sequence[Path]) -> Path:
    """A folder with the release in it, whatever its own layout is."""
    for other in beside:
        (scratch / other.name).symlink_to(other, target_is_directory=True)
    folder = scratch / release.version
    if (place.folder / TOML).exists():
        folder.symlink_to(place.folder, target_is_directory=True)
    else:
        folder.mkdir()
        (folder / "evidence").symlink_to(place.evidence, target_is_directory=True)
    return folder


def _judged(row: ReleaseRow, release: Release, folder: Path, judging: Judging) -> Made:
    clock = None if release.rehearsal or row.closed else max(judging.now, release.opened_at)
    # Where nobody says what watch.toml holds there, it holds what was recorded.
    recorded = Records(folder / "evidence").by(judging.now, SettingsSnapshot, release)
    settings = judging.own or _settings(recorded, Settings())
    judgement = judge_release(
        folder, release, as_of=None, now=clock, settings=settings, pack=judging.pack, engine=judging.engine
    )
    verdict = judgement.verdict
    said = Said(
        basis=Basis.JUDGED,
        word=FleetWord(verdict.word.value),
        as_of=verdict.as_of,
        rule=verdict.rule,
        digest=judgement.digest,
        because=tuple(_told(one, folder.parent) for one in verdict.because[:REASONS]),
        reason=next((to_keep(one, lambda words: _told(words, folder.parent)) for one in verdict.because), None),
        valid_until=verdict.valid_until,
        metrics=tuple(
            FleetMetric(id=one.id, state=one.state, value=one.value, low=one.low, high=one.high, n=one.n, unit=one.unit)
            for one in judgement.metrics
        ),
    )
    incidents = _most(_judged_incidents(row, judgement))
    return Made(said.over(replace(row, incidents=incidents)), until=_until(row, judgement, judging.now))


def _until(row: ReleaseRow, judgement: Judgement, now: datetime) -> datetime | None:
    """Until when the same folder is judged as of the same instant; None is for ever."""
    is_ahead = judgement.as_of >= now and not (row.rehearsal or row.closed)
    return now if is_ahead else _end_of_window(row, now)  # the time of a record ahead of the clock is still to come


def _judged_incidents(row: ReleaseRow, judgement: Judgement) -> Iterator[FleetIncident]:
    """As the judgement has them: one whose fix is not shown is not over, whatever its last record says."""
    recorded = {one.id: one for one in row.incidents}
    for one in judgement.incidents:
        made = _incident(one, one.id, one.at)
        before = recorded.get(made.id, made)
        yield replace(made, rule=before.rule, causes=before.causes)


def _most(incidents: Iterable[FleetIncident]) -> tuple[FleetIncident, ...]:
    """As many as a row keeps, in their order: where there are more, those that are open."""
    found = tuple(incidents)
    return found if len(found) <= MOST else tuple(sorted(found, key=lambda one: not one.is_open))[:MOST]


def _incident(one: Incident | IncidentStep, id: str, opened_at: datetime) -> FleetIncident:
    return FleetIncident(
        id=_cut(id),
        state=_cut(one.state),
        is_open=one.state.lower() not in OVER,
        severity=one.severity,
        opened_at=opened_at,
        impact=_cut(one.impact),
        metric=_cut(one.metric),
    )


# ── what its records tell beside the verdict ─────────────────────────────────


def _incidents_of(recorded: Sequence[IncidentStep]) -> Iterator[FleetIncident]:
    steps, _ = incident_steps(recorded)
    latest = {one.incident: one for one in steps}
    for one in sorted(latest.values(), key=lambda step: (step.opened_at, step.incident)):
        made = _incident(one, one.incident, one.opened_at)
        yield replace(made, rule=_cut(one.rule), causes=tuple(map(_cut, one.fingerprints[:MOST])))


def _counts_for(records: Records, release: Release, until: datetime) -> Callable[[TestAttempt | Event], bool]:
    """Says of a record whether it is of a release's window, of its commit or one of the same tree, and of no run that
    tests another tree: as its metrics ask it."""
    elsewhere = {job.run_id for job in records.of(JobAttempt) if not counts(job.event)}
    trees = same_tree(release.commit, records.of(CommitTree))

    def does_count(one: TestAttempt | Event) -> bool:
        is_inside = release.opened_at <= one.occurred_at <= until
        return is_inside and one.run_id not in elsewhere and is_of(one.commit, release, trees)

    return does_count


def _flaky(records: Records, release: Release, counts_for: Callable[[TestAttempt], bool]) -> Iterator[FleetTest]:
    """The tests of CI that passed and failed on one commit and variant; the smoke's own steps are none."""
    wanted = Environment.REHEARSAL if release.rehearsal else Environment.CI
    keys: dict[tuple[str, str, str], set[bool]] = {}
    critical: dict[str, bool] = {}
    for one in records.of(TestAttempt):
        is_a_test = one.environment is wanted and one.outcome in DECIDED and one.workflow not in OUR_WORKFLOWS
        if is_a_test and counts_for(one):
            # What is counted is of one version: its commits with the same tree are no others.
            version = one.run_id if not one.commit else release.commit or one.commit
            keys.setdefault((one.test, one.variant, version), set()).add(one.outcome is CaseOutcome.PASSED)
            critical[one.test] = critical.get(one.test, False) or one.critical
    mixed: dict[str, int] = {}
    for (test, _, _), ended in keys.items():
        if len(ended) == 2:
            mixed[test] = mixed.get(test, 0) + 1
    for test in sorted(mixed, key=lambda name: (-mixed[name], name)):
        # Names that are shown alike, cut short or without what is private, are still of two tests.
        id = hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        yield FleetTest(id=id, test=_cut(test), critical=critical[test], keys=mixed[test])


def _causes(
    records: Records, release: Release, counts_for: Callable[[Event], bool], incidents: Iterable[FleetIncident]
) -> Iterator[FleetCause]:
    """The causes of its unexpected events and of its incidents, each once: an event is of the cause that an incident
    of it would have."""
    wanted = (Environment.REHEARSAL,) if release.rehearsal else (Environment.CI, Environment.LOOPBACK)
    found: dict[str, FleetCause] = {}
    for one in records.of(Event):
        if one.expected or one.environment not in wanted or not counts_for(one):
            continue
        _, counted = counting(one.event)
        cause = cause_of_event(one, counted.opens.id)
        before = found.get(cause)
        found[cause] = FleetCause(
            cause=cause,
            what=one.event.value,
            error=_cut(error_type(one.message)),
            place=_cut(place_of(one.place)),
            blocking=one.blocking or (before is not None and before.blocking),
        )
    yield from found.values()
    for incident in incidents:
        for cause in incident.causes:
            if cause not in found:
                found[cause] = FleetCause(cause=cause, what=incident.rule, incident=incident.impact or incident.id)
                yield found[cause]


# ── text and numbers of strangers ────────────────────────────────────────────


def _cut(text: object) -> str:
    """A text without secrets, and no longer than a table can show."""
    words = shown(str(text)[: LONGEST * 4])
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def _told(why: object, base: Path) -> str:
    """What went wrong, with paths from the folder of the releases on: where that lies here is nobody's business."""
    return _cut(str(why).replace(f"{base}{os.sep}", ""))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _instant(text: object) -> datetime:
    at = msgspec.convert(text, datetime)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at.astimezone(UTC)


def worst_metric(metrics: Sequence[FleetMetric]) -> FleetMetric | None:
    """The metric in the worst state, the first of those; None where none is known or all are not applicable."""
    known = [one for one in metrics if one.state in WORST_FIRST]
    return min(known, key=lambda one: WORST_FIRST.index(one.state), default=None)


WORST_FIRST = (State.FAIL, State.UNKNOWN, State.INCONCLUSIVE, State.MEETS, State.PROVEN)
