"""Replays the records of a watch: its thresholds, length, incidents and signatures at an instant.

People edit ``watch.toml``; what counts is what was recorded of it, from the instant of the record on. So a verdict of
the past stays what it was, whatever is edited today, and what differs is said. An incident is its records alone.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from atalaya.core.errors import EvidenceError
from atalaya.core.settings import Settings, every_key
from atalaya.core.window import ends_at
from atalaya.core.words import Prose, Record, Text, text
from atalaya.evidence.ledger.naming import identity
from atalaya.evidence.ledger.opening import Segment
from atalaya.records.judged import Incident
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import (
    Decision,
    Evidence,
    IncidentNote,
    IncidentStep,
    Metadata,
    Notice,
    Redaction,
    Release,
    SegmentManifest,
    SettingsSnapshot,
    Signature,
    VerdictRecord,
    WatchTransition,
)
from atalaya.watch.folder import steps_taken
from atalaya.watch.states import FIXED, INCIDENT, NEW, OPEN, in_words, is_allowed
from atalaya.watch.window import is_recorded

# What a verdict rests on, and what opens incidents: every limit, the schedule, and whose jobs count. Not what only
# changes a look.
JUDGING_SECTIONS = ("thresholds", "health")
JUDGING_KEYS = ("ci.workflows", "watch.valid_h", "watch.every_h", "watch.coverage", "watch.gap_h")

# What a record that does not say which keys were set holds where none was: the defaults of the versions that wrote it.
DEFAULTS_THEN = (
    'ci.workflows = ["clients-python-sdk", "sdk-post-release-smoke"]',
    "watch.valid_h = 25.0",
    "watch.every_h = 1.0",
    "watch.coverage = 0.9",
    "watch.gap_h = 6.0",
    "thresholds.pass_rate = 0.95",
    "thresholds.pass_rate_tolerance = 0.05",
    "thresholds.flaky_critical = 0",
    "thresholds.flaky_other = 2",
    "thresholds.network_blocking = 0",
    "thresholds.network_proven_upper = 0.005",
    "thresholds.requests_slo = 0.999",
    "thresholds.polling_timeouts = 0",
    "thresholds.polling_proven_upper = 0.01",
    "thresholds.stale_reads = 0",
    "thresholds.stale_proven_upper = 0.01",
)

# What tells of a verdict, and is no reason for one: nothing is judged anew for it.
NOT_EVIDENCE = (VerdictRecord, Decision, SegmentManifest, Notice, IncidentNote, Redaction)
NOT_EVIDENCE_KINDS = frozenset(kind.kind for kind in NOT_EVIDENCE)

Kind = TypeVar("Kind", bound=Evidence)


class Standing(Record, frozen=True, kw_only=True):
    """What the records say as of one instant.

    ``transitions`` are the steps that each incident took, in order. ``fixed_at`` is, for each metric that an
    incident spoiled, when its last fix landed. ``changes`` are the settings
    in the order in which they came into force. ``tampered`` are changes that were not recorded, and that nobody may
    make; ``disputed`` say which incident's last record is no step from where it stood. ``moved`` are defaults that are
    others in this version of Atalaya: what was recorded counts, and nobody changed it.
    """

    release: Release
    state: str
    settings: Settings
    incidents: tuple[Incident, ...]
    transitions: tuple[IncidentStep, ...]
    signatures: Mapping[tuple[int, str], Signature]
    changes: tuple[SettingsSnapshot, ...]
    fixed_at: Mapping[str, datetime]
    tampered: tuple[Text, ...]
    disputed: tuple[Text, ...]
    moved: tuple[Text, ...] = ()


def evidence_recorded_at(segments: Iterable[Segment]) -> frozenset[datetime]:
    """When the evidence in some segments was written down, whether its records are kept in memory or not."""
    return frozenset(at for one in segments if one.info.kind not in NOT_EVIDENCE_KINDS for at in one.recorded_at)


class RestsOn(Record, frozen=True):
    """The evidence that a verdict rests on: how many segments those are, and the SHA-256 of their identities, in their
    order, a line each."""

    segments: int
    sha256: str


def rests_on(segments: Iterable[SegmentInfo]) -> RestsOn:
    """What a verdict rests on, of some segments."""
    names = sorted({identity(one.name) for one in segments if one.kind not in NOT_EVIDENCE_KINDS})
    lines = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogatepass")
    return RestsOn(len(names), hashlib.sha256(lines).hexdigest())


def standing(
    records: Sequence[Evidence],
    release: Release,
    *,
    as_of: datetime,
    settings: Settings,
    superseded: bool = False,
    now: datetime | None = None,
    recorded_at: Collection[datetime] = (),
) -> Standing:
    """How the watch stood at ``as_of``.

    :param records: what the ledger holds, of any time; all of the kinds that say how a watch stands.
    :param recorded_at: when the evidence that is not among the records was written down.
    :param settings: those of ``watch.toml`` now. They are held against the records where it is asked how the watch
        stands now; how it stood in the past is told by the records alone.
    :param superseded: whether another release has been opened since, or this one is a rehearsal: then ``watch.toml``
        is not about it any more.
    :param now: what a clock says, where one was read: a record of later was written by a clock that is ahead.
    """
    of_records = (record.recorded_at for record in records if not isinstance(record, NOT_EVIDENCE))
    is_now = not any(as_of < at and (now is None or at <= now) for at in chain(recorded_at, of_records))
    known = [record for record in records if is_recorded(record, release, as_of)]
    state, window_h = steps_taken(in_order(known, WatchTransition), release)
    release = replace(release, window_h=window_h)
    # Who knows how it ended does not choose the thresholds any more.
    changes = [change for change in in_order(known, SettingsSnapshot) if change.occurred_at < ends_at(release)]
    first = in_order(records, SettingsSnapshot)[:1]
    transitions, refused = incident_steps(in_order(known, IncidentStep))
    latest = {one.incident: one for one in transitions}
    return Standing(
        release=release,
        state=state,
        settings=restored((changes or first)[-1], settings) if changes or first else settings,
        incidents=tuple(sorted(map(incident_of, latest.values()), key=lambda one: (one.at, one.id))),
        signatures={(one.checkpoint_h, one.duty): one for one in in_order(known, Signature)},
        changes=tuple(changes),
        transitions=transitions,
        fixed_at=_fixed_at(transitions),
        tampered=(
            *_broken_digests(in_order(known, SettingsSnapshot)),
            *(_changed_settings(in_order(known, SettingsSnapshot), settings) if is_now and not superseded else ()),
        ),
        disputed=tuple(refused.values()),
        moved=tuple(_moved_defaults(changes[-1], settings)) if changes and not superseded else (),
    )


def in_order(records: Sequence[Evidence], kind: type[Kind]) -> list[Kind]:
    """The records of one kind, in the order in which they came into force."""
    of_kind = [record for record in records if isinstance(record, kind)]
    return sorted(of_kind, key=lambda record: (record.occurred_at, record.recorded_at, record.run_id))


# ── settings ─────────────────────────────────────────────────────────────────


def judging_lines(settings: Settings) -> tuple[str, ...]:
    """Every key that a verdict rests on, a line of TOML each.

    >>> [line for line in judging_lines(Settings()) if "pass_rate" in line]
    ['thresholds.pass_rate = 0.95', 'thresholds.pass_rate_tolerance = 0.065']
    """
    names = ((key.section, key.name) for key in every_key())
    return tuple(
        f"{section}.{name} = {json.dumps(getattr(getattr(settings, section), name), ensure_ascii=False)}"
        for section, name in names
        if section in JUDGING_SECTIONS or f"{section}.{name}" in JUDGING_KEYS
    )


def in_force_record(
    settings: Settings, metadata: Metadata, *, by: str, why: str, set_here: Iterable[str] | None = None
) -> SettingsSnapshot:
    """The record that makes these settings count from its instant on.

    :param set_here: the keys that a file or a variable set, as ``thresholds.pass_rate``; None where that is not known.
    """
    lines = judging_lines(settings)
    keys = None if set_here is None else tuple(sorted(_by_key(lines).keys() & set(set_here)))
    return SettingsSnapshot(**metadata, digest=_digest(lines), settings=lines, by=by, why=why, set_here=keys)


def restored(record: SettingsSnapshot, settings: Settings) -> Settings:
    """The settings with those of the record over them. A key that is new since then has its default.

    :raises EvidenceError: the record is none that a settings file could say.
    """
    merged: dict[str, Any] = msgspec.to_builtins(settings)
    lines = _by_key(judging_lines(Settings())) | _by_key(record.settings)
    try:
        for section, keys in tomllib.loads("\n".join(lines.values())).items():
            known = {key.name for key in every_key() if key.section == section}
            if known:
                merged[section] |= {name: value for name, value in keys.items() if name in known}
        return msgspec.convert(merged, Settings)
    except (ValueError, AttributeError) as why:
        raise EvidenceError(
            f"The settings recorded on {record.occurred_at:%Y-%m-%d %H:%M} UTC cannot be read: {why}. "
            f"Restore the segment from git."
        ) from None


def differing(record: SettingsSnapshot, settings: Settings, set_now: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Each line of the record that somebody has made another one since, and what it is now.

    A default that is another one in this version of Atalaya was changed by nobody.

    :param set_now: the keys that are set now, though perhaps to their default.
    """
    now = _by_key(judging_lines(settings))
    then = _by_key(judging_lines(Settings())) | _by_key(record.settings)
    moved = _moved(record, settings) - set(set_now)
    return tuple((then[key], now[key]) for key in now if then[key] != now[key] and key not in moved)


def _moved(record: SettingsSnapshot, settings: Settings) -> frozenset[str]:
    """The keys that were left at their default then, are left there now, and whose default is another one now."""
    default, now = _by_key(judging_lines(Settings())), _by_key(judging_lines(settings))
    then, defaults_then = _by_key(record.settings), _by_key(DEFAULTS_THEN)

    def was_default(key: str) -> bool:
        return then[key] == defaults_then.get(key) if record.set_here is None else key not in record.set_here

    return frozenset(
        key for key in then.keys() & now.keys() if then[key] != now[key] == default[key] and was_default(key)
    )


def _moved_defaults(record: SettingsSnapshot, settings: Settings) -> Iterator[Text]:
    now, then = _by_key(judging_lines(settings)), _by_key(record.settings)
    moved = _moved(record, settings)
    for key in now:
        if key in moved:
            yield text(
                "A default of Atalaya is another one since: {now}. This watch is judged by what was recorded: {then}.",
                now=now[key],
                then=then[key],
            )


def _by_key(lines: Sequence[str]) -> dict[str, str]:
    return {line.partition(" = ")[0]: line for line in lines}


def _changed_settings(changes: Sequence[SettingsSnapshot], settings: Settings) -> Iterator[Text]:
    """What of ``watch.toml`` differs from what was recorded last."""
    for then, now in differing(changes[-1], settings) if changes else ():
        yield text(
            "A setting was changed after T+0, and the change was not recorded: {then} is {now} now.", then=then, now=now
        )


def _broken_digests(changes: Sequence[SettingsSnapshot]) -> Iterator[Text]:
    for change in changes:
        if change.digest != _digest(change.settings):
            yield text(
                "The settings recorded on {at} are not those that their digest was taken over.", at=change.occurred_at
            )


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# ── incidents ────────────────────────────────────────────────────────────────


def transition_of(incident: Incident, metadata: Metadata, *, by: str, why: str) -> IncidentStep:
    """The record of how an incident stands."""
    return IncidentStep(
        **metadata,
        incident=incident.id,
        opened_at=incident.at,
        state=incident.state,
        severity=incident.severity,
        impact=incident.impact,
        root_cause=incident.root_cause,
        fix=incident.fix,
        metric=incident.metric,
        by=by,
        why=why,
    )


def incident_steps(transitions: Sequence[IncidentStep]) -> tuple[tuple[IncidentStep, ...], Mapping[str, Text]]:
    """The steps that each incident took, and what is to be said of an incident whose last step is none.

    A step that the table has not changes no state, whoever took it: of two people who write at once, the second
    may not know what the first one said. What it says beside the state counts.
    """
    taken: dict[str, IncidentStep] = {}
    counted: list[IncidentStep] = []
    refused: dict[str, Text] = {}
    for one in transitions:
        before = taken[one.incident].state if one.incident in taken else NEW
        if is_allowed(INCIDENT, before, one.state):
            refused.pop(one.incident, None)
        else:
            # What was seen already may be seen again by another runner.
            if one.state != OPEN:
                refused[one.incident] = text(
                    "{incident}: on {at}, {by} wrote that it is {after}. It was {before}, and that is no step from "
                    "there, so it counts as {before} still.",
                    incident=one.incident,
                    at=one.occurred_at,
                    by=Prose(words=one.by),
                    after=in_words(one.state),
                    before=in_words(before or OPEN),
                )
            one = replace(one, state=before or OPEN)
        before_it = taken.get(one.incident)
        taken[one.incident] = _with_causes(one, before_it) if before_it else one
        counted.append(taken[one.incident])
    return tuple(counted), refused


def _with_causes(one: IncidentStep, before: IncidentStep) -> IncidentStep:
    """A step of an incident stands for all that the incident stood for; a person who writes need not repeat it."""
    return replace(
        one,
        rule=one.rule or before.rule,
        fingerprints=tuple(dict.fromkeys((*before.fingerprints, *one.fingerprints))),
        blocks=tuple(dict.fromkeys((*before.blocks, *one.blocks))),
        shows=tuple(dict.fromkeys((*before.shows, *one.shows))),
        about=tuple(dict.fromkeys((*before.about, *one.about))),
    )


def incident_of(transition: IncidentStep) -> Incident:
    """The incident as one step left it."""
    return Incident(
        id=transition.incident,
        at=transition.opened_at,
        impact=transition.impact,
        state=transition.state,
        root_cause=transition.root_cause,
        fix=transition.fix,
        severity=transition.severity,
        metric=transition.metric,
        about=tuple(dict.fromkeys(filter(None, (transition.metric, *transition.about)))),
    )


def _fixed_at(transitions: Sequence[IncidentStep]) -> dict[str, datetime]:
    """When the last fix landed of an incident that spoils a metric. One that came back is not fixed."""
    by_incident: dict[str, tuple[str, datetime | None]] = {}
    for one in transitions:
        before = by_incident.get(one.incident, ("", None))[1]
        at = (before or one.occurred_at) if one.state in FIXED else None
        by_incident[one.incident] = (one.metric, at)
    fixed: dict[str, datetime] = {}
    open_still = {metric for metric, at in by_incident.values() if at is None}
    for metric, at in by_incident.values():
        if metric and at is not None and metric not in open_still:
            fixed[metric] = max(at, fixed.get(metric, at))
    return fixed
