"""What is shown of many releases together: a row for each, and what several of them share.

A row is made from a release's folder and kept as long as that does not change. What hangs on the clock is said when
it is shown, in :class:`FleetRelease`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from atalaya.core.kept_text import KeptText
from atalaya.core.window import WINDOW_H
from atalaya.core.words import Record, StrictEnum
from atalaya.records.judged import State
from atalaya.records.stored import Severity

SCHEMA = "atalaya.fleet/1"


class FleetWord(StrictEnum):
    """The word of a release, or UNKNOWN where none can be believed now. The worst comes first."""

    INVALID = "INVALID"
    NO_GO = "NO-GO"
    OFF_TRACK = "OFF TRACK"
    EXTEND = "EXTEND"
    UNKNOWN = "UNKNOWN"
    INCONCLUSIVE = "INCONCLUSIVE"
    WAITING = "WAITING"
    ON_TRACK = "ON TRACK"
    GO = "GO"


WORST_FIRST = tuple(FleetWord)
FINE = (FleetWord.GO, FleetWord.ON_TRACK, FleetWord.WAITING)


class Basis(StrictEnum):
    """Where the word of a release comes from."""

    SEALED = "its sealed report"
    PUBLISHED = "its published page"
    RECORDED = "its last recorded verdict"
    JUDGED = "judged here"
    NOTHING = "nothing"


class NotJudged(StrictEnum):
    """Why a release was not judged here, though what was said of it is older than its evidence, or nothing was."""

    OWN_PACK = "its repository has a check pack of its own"
    OTHER_PACK = "its checks are of another check pack"
    SETTINGS = "the watch.toml of its repository cannot be read"
    ASKED = "--no-judge was given"


class Why(StrictEnum):
    """Why the word of a release is not the one that was said last: it is not known now, or INVALID, as its seal does
    not hold."""

    SEAL_BROKEN = "it is not as it was sealed"
    UNREADABLE = "it cannot be read"
    NOTHING = "no verdict of it was recorded"
    NOT_JUDGED = "it was not judged here since its verdict"
    EXPIRED = "its verdict has expired"


class FleetMetric(Record, frozen=True, kw_only=True):
    """One metric of a release with its 95 % interval; numbers are None where nothing is known."""

    id: str
    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    unit: str = ""


class FleetIncident(Record, frozen=True, kw_only=True):
    """One incident as its records say. ``causes`` are the fingerprints that it stands for."""

    id: str
    state: str
    is_open: bool
    severity: Severity
    opened_at: datetime
    impact: str = ""
    metric: str = ""
    rule: str = ""
    causes: tuple[str, ...] = ()


class FleetTest(Record, frozen=True, kw_only=True):
    """A test of CI that passed and failed on one commit and variant, in ``keys`` of them.

    ``id`` stands for its whole name, of which ``test`` is what may be shown.
    """

    id: str
    test: str
    critical: bool
    keys: int


class FleetCause(Record, frozen=True, kw_only=True):
    """What went wrong in a release: an event by its kind, the type of its error and its place, or an incident's cause.

    ``what`` is the kind of the event or the rule that opened the incident. ``cause`` is its fingerprint.
    """

    cause: str
    what: str
    error: str = ""
    place: str = ""
    incident: str = ""
    blocking: bool = False


class ReleaseRow(Record, frozen=True, kw_only=True):
    """One release as its folder says, whatever the time is. ``problem`` says why it cannot be read, or not all of it.

    Its watch was opened for ``window_h`` hours and goes on until ``ends_at``. ``word`` was said as of ``as_of`` and may
    be believed until ``valid_until``, for ever where that is None and the watch is ``closed``. ``because`` are its
    reasons in English, and ``reason`` is the first of them for all languages, where it was judged here. ``evidence_at``
    is when the newest segment was begun, and ``not_judged`` why a newer word than that was not looked for. ``seal`` is
    the digest of its seal, empty where it has none and None where nobody knows, and ``previous_seal`` that of the seal
    of ``previous``, the release that it began from; ``evidence_alone`` says that it was handed over without such files.
    ``seal_broken`` says that ``problem`` is one of its seal: it is not as it was sealed.
    """

    subject: str
    release: str
    opened_at: datetime | None = None
    window_h: int = WINDOW_H
    ends_at: datetime | None = None
    rehearsal: bool = False
    closed: bool = False
    word: FleetWord = FleetWord.UNKNOWN
    rule: str = ""
    because: tuple[str, ...] = ()
    reason: KeptText | None = None
    basis: Basis = Basis.NOTHING
    as_of: datetime | None = None
    valid_until: datetime | None = None
    evidence_at: datetime | None = None
    digest: str = ""
    metrics: tuple[FleetMetric, ...] = ()
    incidents: tuple[FleetIncident, ...] = ()
    tests: tuple[FleetTest, ...] = ()
    causes: tuple[FleetCause, ...] = ()
    problem: str = ""
    not_judged: NotJudged | None = None
    seal: str | None = None
    previous: str = ""
    previous_seal: str = ""
    evidence_alone: bool = False
    seal_broken: bool = False


class FleetRelease(Record, frozen=True, kw_only=True):
    """One release as it stands now. ``word`` is UNKNOWN where ``last_word`` cannot be believed, INVALID where it is not
    as it was sealed, and ``why`` says which.

    ``current`` is what is watched now, or the newest of its subject. ``link`` leads to its page; empty: none is known.
    ``flaky_tests`` passed and failed on one commit and variant. The other fields are those of :class:`ReleaseRow`.
    """

    subject: str
    release: str
    word: FleetWord
    last_word: FleetWord
    why: Why | None
    current: bool
    link: str
    opened_at: datetime | None
    ends_at: datetime | None
    rehearsal: bool
    closed: bool
    basis: Basis
    rule: str
    because: tuple[str, ...]
    as_of: datetime | None
    valid_until: datetime | None
    evidence_at: datetime | None
    verdict: str
    worst_metric: FleetMetric | None
    metrics: tuple[FleetMetric, ...]
    open_incidents: tuple[FleetIncident, ...]
    incidents: int
    flaky_tests: tuple[str, ...]
    problem: str
    not_judged: NotJudged | None

    @property
    def is_fine(self) -> bool:
        """Whether its word is a fine one, it can be read, and none of its incidents is open."""
        return self.word in FINE and not self.problem and not self.open_incidents

    @property
    def is_shown_first(self) -> bool:
        """Whether somebody has to look at it now: it cannot be read or is invalid, or it is current and not fine."""
        return bool(self.problem) or self.word is FleetWord.INVALID or (self.current and not self.is_fine)

    def worst_first(self) -> tuple[int, str, float, str]:
        """What to sort by: what is worse comes first; of one word the subjects in order, the newest release first."""
        at = self.opened_at.timestamp() if self.opened_at else 0.0
        return WORST_FIRST.index(self.word), self.subject, -at, self.release


class FleetSource(Record, frozen=True, kw_only=True):
    """One source, and how it was found. ``problem`` says why it cannot be reached or read: then all of it is unknown.

    ``left_out`` are rehearsals and watches of one machine, which are not shown.
    """

    subject: str
    kind: str
    place: str
    revision: str = ""
    releases: int = 0
    left_out: int = 0
    problem: str = ""


class FleetSubject(Record, frozen=True, kw_only=True):
    """One subject: its newest release, and how many of its releases there are of each word."""

    subject: str
    word: FleetWord
    newest: str
    releases: int
    words: dict[str, int] = msgspec.field(default_factory=dict)
    open_incidents: int = 0
    flaky_tests: int = 0
    problem: str = ""


class SharedTest(Record, frozen=True, kw_only=True):
    """A test that is flaky in several releases, and in how many of each subject."""

    test: str
    critical: bool
    releases: int
    subjects: dict[str, int]


class SharedCause(Record, frozen=True, kw_only=True):
    """A cause that several releases share, and how many of each subject."""

    cause: str
    what: str
    error: str
    place: str
    incident: str
    blocking: bool
    releases: int
    subjects: dict[str, int]


class Fleet(Record, frozen=True, kw_only=True):
    """All that ``atalaya fleet --json`` prints. ``word`` is the worst of what is current; UNKNOWN where nothing is."""

    schema: str = SCHEMA
    as_of: datetime
    word: FleetWord
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    sources: tuple[FleetSource, ...] = ()
    subjects: tuple[FleetSubject, ...] = ()
    releases: tuple[FleetRelease, ...] = ()
    shared_tests: tuple[SharedTest, ...] = ()
    shared_causes: tuple[SharedCause, ...] = ()
