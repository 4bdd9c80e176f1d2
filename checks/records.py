"""What crosses from one stage to the next?

Every record is frozen and keyword-only, and names its units. Times are aware and in UTC.
What is stored as evidence derives from :class:`Evidence`; what is computed from it does not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from string import Formatter
from typing import Any, ClassVar, TypedDict

import msgspec

from checks.window import WINDOW_H

REPORT_SCHEMA = "atalaya.report/1"


class Word(Enum):
    """A closed set of words that must never be read as true or false.

    ``if outcome:`` would make "unknown" look like a success, so it raises.

    >>> bool(Word("Light", "ON OFF").OFF)
    Traceback (most recent call last):
    ...
    TypeError: Light has no truth value: compare it by name, as in `is Light.ON`
    """

    def __bool__(self) -> bool:
        name = type(self).__name__
        first = next(iter(type(self))).name
        raise TypeError(f"{name} has no truth value: compare it by name, as in `is {name}.{first}`")

    def __str__(self) -> str:
        return str(self.value)


class Severity(Word):
    """How much it matters that a promise is broken."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Outcome(Word):
    """What one check found."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not-applicable"  # the capability to be judged is absent
    UNKNOWN = "unknown"  # the check could not tell


class Environment(Word):
    """Where an observation was made. Published apart; rehearsal never enters a real release."""

    LOOPBACK = "loopback"
    CI = "ci"
    SERVICE = "service"
    REHEARSAL = "rehearsal"


class Conclusion(Word):
    """How a CI job attempt ended, in GitHub's words, with ``nothing-ran`` beside them."""

    SUCCESS = "success"
    FAILURE = "failure"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    STALE = "stale"
    ACTION_REQUIRED = "action_required"
    STARTUP_FAILURE = "startup_failure"
    PENDING = "pending"
    NOTHING_RAN = "nothing-ran"
    UNKNOWN = "unknown"


class CaseOutcome(Word):
    """How one test case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # the producer used another word


class ReadStatus(Word):
    """What became of a file of evidence."""

    READ = "read"
    UNREADABLE = "unreadable"  # broken: nothing is taken from it
    DECLINED = "declined"  # it could be read, but not safely
    UNSUPPORTED = "unsupported"  # well formed, in another dialect


class FileVerdict(Word):
    """What a file of test results says as a whole."""

    PASSED = "passed"
    FAILED = "failed"
    NOTHING_RAN = "nothing-ran"  # only skipped cases
    NO_EVIDENCE = "no-evidence"  # no case and no failure of a suite
    UNKNOWN = "unknown"  # the file was not read


class EventKind(Word):
    """What is counted by the three metrics that count events."""

    NETWORK_ERROR = "network-error"
    POLLING_TIMEOUT = "polling-timeout"
    STALE_READ = "stale-read"


class State(Word):
    """What a metric shows."""

    PROVEN = "PROVEN"
    MEETS = "MEETS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT APPLICABLE"  # the check pack feeds no such metric


class VerdictWord(Word):
    """What the release is said to be: the first five at T+72, the last three before."""

    INVALID = "INVALID"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXTEND = "EXTEND"
    GO = "GO"
    OFF_TRACK = "OFF TRACK"
    WAITING = "WAITING"
    ON_TRACK = "ON TRACK"


class DutyState(Word):
    """Where one duty of a checkpoint stands."""

    MET = "met"
    FAILED = "failed"
    MISSING = "missing"  # due, and there is no evidence for it
    NOT_YET_DUE = "not yet due"
    SIGNED = "signed"
    PERSON_SIGNS = "a person signs this"
    NOT_APPLICABLE = "not applicable"  # the check pack feeds no metric that it is about


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that crosses a stage."""


class Text(Record, frozen=True, kw_only=True):
    """A sentence that will be shown: an English template and the values that fill it.

    The template is what translators see; values are formatted for the reader's language at the very end.

    >>> str(Text(template="{passed} of {n} jobs, {share:.1%}", values={"passed": 57, "n": 60, "share": 0.95}))
    '57 of 60 jobs, 95.0%'

    :raises ValueError: a value is missing.
    """

    template: str
    values: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if missing := sorted(placeholders(self.template) - self.values.keys()):
            raise ValueError(f"the sentence {self.template!r} has no value for {', '.join(missing)}. Give it one.")

    def __str__(self) -> str:
        shown = {name: instant(value) if isinstance(value, datetime) else value for name, value in self.values.items()}
        return self.template.format(**shown)


def sentence(words: str) -> Text:
    """One of our sentences that is stored as it is, such as a promise: braces in it are braces.

    >>> str(sentence("It answers {}."))
    'It answers {}.'
    """
    return Text(template=with_braces(words))


def with_braces(words: str) -> str:
    """A template that says just these words."""
    return words.replace("{", "{{").replace("}", "}}")


@lru_cache(maxsize=4096)
def placeholders(template: str) -> frozenset[str]:
    """The names of the values that a sentence is filled with.

    >>> sorted(placeholders("{passed} of {n} jobs, {share:.1%}"))
    ['n', 'passed', 'share']
    """
    fields = (field for _, field, _, _ in Formatter().parse(template) if field is not None)
    return frozenset(re.split(r"[.\[]", field)[0] for field in fields)


def instant(at: datetime) -> str:
    """An instant to the minute, in UTC, the same in each language.

    >>> instant(datetime.fromisoformat("2026-03-02T10:05:07+01:00"))
    '2026-03-02 09:05 UTC'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def text(template: str, **values: Any) -> Text:
    """A sentence to be shown. The template must be a literal: the translators' tool reads the source."""
    return Text(template=template, values=values)


def N_(template: str) -> str:
    """Mark a sentence that is stored as it is and translated when it is shown: gettext's own name for it."""
    return template


# ── what is promised ─────────────────────────────────────────────────────────


class Promise(Record, frozen=True, kw_only=True):
    """One sentence of the contract that the SDK must keep.

    ``id`` is stable and published. ``checkpoint_h`` is the checkpoint that needs it (0, 24, 48 or 72).
    """

    id: str
    severity: Severity
    checkpoint_h: int
    says: str
    why: str
    how: str

    @property
    def contract(self) -> str:
        """The family: the part of the id before the dot."""
        return self.id.partition(".")[0]


class Statement(Record, frozen=True, kw_only=True):
    """One sentence of the contract in our words, and the promises that test it, or the reason why none does."""

    section: str
    says: str
    promises: tuple[str, ...] = ()
    reason: str = ""


class Limitation(Record, frozen=True, kw_only=True):
    """A finding that can be looked for: it lies beyond the contract, and never counts against it."""

    id: str
    says: str
    proposal: str


class BacklogItem(Record, frozen=True, kw_only=True):
    """Something the next version begins with, and the check or metric that will prove it done.

    ``priority`` is 1 for what comes first. It follows from ``impact`` x ``frequency`` x ``cost``, each from 1 to 3:
    whom it hurts, how often it was met, and what it costs to leave it; ``why`` says each in words.
    """

    id: str
    says: Text
    why: Text
    proven_by: str
    priority: int
    impact: int = 1
    frequency: int = 1
    cost: int = 1


# ── what is observed ─────────────────────────────────────────────────────────


class Subject(Record, frozen=True, kw_only=True):
    """The SDK under watch. ``digest`` is over its installed source files; ``version`` may be unknown."""

    name: str
    version: str | None
    digest: str
    source: str  # bundled, or what was asked for


class Host(Record, frozen=True, kw_only=True):
    """What the checks ran on. It can't be recovered later, so each run keeps it."""

    python: str
    implementation: str
    os: str
    freeze: tuple[str, ...]


class CheckResult(Record, frozen=True, kw_only=True):
    """One promise's outcome in one run.

    ``trials`` is how many cases stand behind it. ``request_log_digest`` is over what the service saw, and
    ``log`` is that, one line for each request, for the reader of a red check. ``script`` is the shortest way
    to the failure, a step a line, where the check went looking for one.
    """

    id: str
    severity: Severity
    outcome: Outcome
    reason: str
    duration_s: float
    trials: int = 0
    request_log_digest: str = ""
    log: tuple[str, ...] = ()
    script: tuple[str, ...] = ()

    @property
    def contract(self) -> str:
        """The family: the part of the id before the dot."""
        return self.id.partition(".")[0]


class Presence(Word):
    """Whether a weakness was seen."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    UNKNOWN = "could not tell"

    @property
    def stored(self) -> bool | None:
        """As evidence and reports hold it."""
        return None if self is Presence.UNKNOWN else self is Presence.SEEN


class FindingResult(Record, frozen=True, kw_only=True):
    """Whether one limitation was seen in one run."""

    id: str
    seen: Presence
    reason: str


class Canary(Record, frozen=True, kw_only=True):
    """One seeded defect that was run beside the real checks, to see that its family of checks is awake."""

    family: str
    defect: str
    expected: tuple[str, ...]
    caught_by: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether every promise that should have turned red did."""
        return set(self.expected) <= set(self.caught_by)


class CheckRun(Record, frozen=True, kw_only=True):
    """All that one run of the checks found. ``seed`` is what its random draws began from."""

    run_id: str
    subject: Subject
    host: Host
    started_at: datetime
    duration_s: float
    checks: tuple[CheckResult, ...]
    findings: tuple[FindingResult, ...] = ()
    canaries: tuple[Canary, ...] = ()
    seed: int = 0


class SmokeStep(Record, frozen=True, kw_only=True):
    """One step of the smoke: strict config, CREATED to READY, or the GET cache."""

    id: str
    outcome: Outcome
    reason: str
    duration_s: float


class SmokeEvent(Record, frozen=True, kw_only=True):
    """Something that the smoke saw and that a metric counts."""

    kind: EventKind
    place: str
    message: str
    blocking: bool


class SmokeRun(Record, frozen=True, kw_only=True):
    """The runbook's smoke, run once. The counts are the exposure that stands behind its events.

    ``trials`` are the waits that began beside a cached, older status: those that could have read stale.
    """

    run_id: str
    subject: Subject
    host: Host
    base_url: str
    started_at: datetime
    duration_s: float
    steps: tuple[SmokeStep, ...]
    events: tuple[SmokeEvent, ...]
    requests: int
    polls: int
    waits: int
    trials: int


# ── what is stored ───────────────────────────────────────────────────────────


FORMAT = 1  # of what is stored; it rises when an older Atalaya would misread a new record


class Evidence(Record, frozen=True, kw_only=True):
    """Base of what is stored: where it was made, when it happened, and when it was written down.

    ``recorded_at`` takes no part in a segment's name, so the same evidence twice is one. ``format`` is the
    version of what is stored: an older one is read for ever, a newer one is refused.
    """

    kind: ClassVar[str]
    run_id: str
    environment: Environment
    occurred_at: datetime
    recorded_at: datetime
    format: int = FORMAT


class Metadata(TypedDict):
    """What every record says of where it was made, when it happened, and when it was written down."""

    run_id: str
    environment: Environment
    occurred_at: datetime
    recorded_at: datetime


def record_metadata(
    run_id: str, environment: Environment, recorded_at: datetime, occurred_at: datetime | None = None
) -> Metadata:
    """The metadata of a record. Without ``occurred_at``, it happened when it was written down."""
    return {
        "run_id": run_id,
        "environment": environment,
        "occurred_at": recorded_at if occurred_at is None else occurred_at,
        "recorded_at": recorded_at,
    }


def happened_at(metadata: Metadata, occurred_at: datetime) -> Metadata:
    """The same metadata, of something that happened at another instant."""
    return {**metadata, "occurred_at": occurred_at}


class RunContext(Evidence, frozen=True, kw_only=True):
    """What a run was made with, so that "what changed at T+29?" has an answer."""

    kind = "context"
    producer: str  # checks, smoke, prove, collect
    subject_name: str
    subject_version: str | None
    subject_digest: str
    subject_source: str
    python: str
    implementation: str
    os: str
    freeze: tuple[str, ...] = ()


class Observation(Evidence, frozen=True, kw_only=True):
    """One check's outcome in one run."""

    kind = "observation"
    promise: str
    severity: Severity
    outcome: Outcome
    reason: str
    duration_s: float
    trials: int
    subject_digest: str
    request_log_digest: str = ""
    log: tuple[str, ...] = ()
    script: tuple[str, ...] = ()


class Finding(Evidence, frozen=True, kw_only=True):
    """Whether one weakness was seen in one run."""

    kind = "finding"
    weakness: str
    stored_seen: bool | None = msgspec.field(name="seen")
    reason: str

    @property
    def seen(self) -> Presence:
        """What the record's ``seen`` says, as a word that cannot be taken for true."""
        return next(word for word in Presence if word.stored is self.stored_seen)


class JobAttempt(Evidence, frozen=True, kw_only=True):
    """One execution of one CI job, never collapsed into its last re-run.

    A run of the checks and a run of the smoke are attempts too. Where ``origin`` is a test report, the
    conclusion is what that report shows, since the job's own conclusion did not come with it.
    ``requests``, ``polls`` and ``waits`` are the exposure; None where it is not known.
    """

    kind = "job"
    workflow: str
    job: str
    variant: str
    attempt: int
    commit: str
    conclusion: Conclusion
    origin: str
    duration_s: float | None = None
    requests: int | None = None
    polls: int | None = None
    waits: int | None = None
    stale_trials: int | None = None


class TestAttempt(Evidence, frozen=True, kw_only=True):
    """One execution of one test case. ``test`` is its identity within the report's producer.

    ``line`` is where it begins in the file that ``origin`` names.
    """

    __test__: ClassVar[bool] = False  # not a test class, whatever pytest thinks of its name
    kind = "test"
    test: str
    variant: str
    attempt: int
    commit: str
    outcome: CaseOutcome
    critical: bool
    origin: str
    duration_s: float | None = None
    message: str = ""
    line: int | None = None


class Event(Evidence, frozen=True, kw_only=True):
    """A transport error, a polling timeout or a stale read. Expected ones are kept and not counted.

    ``line`` counts from 1 in the file that ``origin`` names, and ``quote`` is what stands there, scrubbed.
    """

    kind = "event"
    event: EventKind
    expected: bool
    blocking: bool
    place: str
    message: str
    origin: str
    line: int | None = None
    quote: str = ""


class Reading(Evidence, frozen=True, kw_only=True):
    """What became of one file: read, or why not. Counts are None unless it was read.

    ``at_byte`` is where an unreadable file breaks.
    """

    kind = "reading"
    file: str
    sha256: str
    size_bytes: int
    status: ReadStatus
    verdict: FileVerdict
    reason: str
    cases: int | None = None
    passed: int | None = None
    failed: int | None = None
    errored: int | None = None
    skipped: int | None = None
    suite_failures: int | None = None
    at_byte: int | None = None

    @property
    def origin(self) -> str:
        """What the records that were taken from this file call it."""
        return origin_of(self.file, self.sha256)


def origin_of(file: str, sha256: str) -> str:
    """A file and its bytes: a name may come back with another content.

    >>> origin_of("report.xml", "9f86d081884c7d659a2feaa0c55ad015")
    'report.xml@9f86d081884c'
    """
    return f"{file}@{sha256[:12]}"


class Proof(Evidence, frozen=True, kw_only=True):
    """One seeded defect, and which promises turned red for it.

    A ``canary`` was run beside the real checks of an observation; the others are a self-test's.
    """

    kind = "proof"
    defect: str
    expected: tuple[str, ...]
    caught_by: tuple[str, ...]
    canary: bool = False


class InForce(Evidence, frozen=True, kw_only=True):
    """The settings that a verdict rests on, from this instant on: those at T+0, and each change since.

    ``settings`` holds every key that judges, a line of TOML each; ``digest`` is over them.
    """

    kind = "settings"
    digest: str
    settings: tuple[str, ...]
    by: str
    why: str


class Transition(Evidence, frozen=True, kw_only=True):
    """How an incident stood from this instant on: the incident itself, whose page holds free text only.

    ``metric`` is the one of the five that it spoils, where it spoils one: with the state ``monitoring`` a fix
    has landed, and what that metric counts from then on has to show that it holds. ``rule`` opened it, or nobody's
    rule did; ``fingerprints`` are the causes that it stands for, ``blocks`` the duties that it stands in the way of,
    and ``shows`` where the evidence is.
    """

    kind = "transition"
    incident: str
    opened_at: datetime
    state: str
    severity: Severity
    impact: str
    root_cause: str
    fix: str
    metric: str
    by: str
    why: str
    rule: str = ""
    fingerprints: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()


class Signature(Evidence, frozen=True, kw_only=True):
    """A person's word for a duty that no machine can see."""

    kind = "signature"
    checkpoint_h: int
    duty: str
    by: str
    note: str


class Asked(Record, frozen=True, kw_only=True):
    """An item of the last release's backlog, as a watch began with it. ``says`` is in English."""

    id: str
    says: str
    proven_by: str
    priority: int


class WatchStep(Evidence, frozen=True, kw_only=True):
    """The state of a watch from this instant on, and how long it lasts.

    With ``open`` comes what the watch began from: the release before it (``previous``), the digest of that one's
    seal, and the items of its backlog. ``verdict`` is the digest of the verdict that the step rests on.
    """

    kind = "watch"
    state: str
    window_h: int
    by: str
    why: str
    verdict: str = ""
    previous: str = ""
    previous_seal: str = ""
    asked: tuple[Asked, ...] = ()


class Decision(Evidence, frozen=True, kw_only=True):
    """Who read which verdict, and what they did: went on, stopped, rolled back or yanked."""

    kind = "decision"
    action: str
    word: VerdictWord
    verdict: str  # its digest
    verdict_as_of: datetime
    by: str
    why: str


class Said(Evidence, frozen=True, kw_only=True):
    """A verdict that was said to people: kept when its word or its rule is another one than before.

    ``because`` are its reasons in English.
    """

    kind = "said"
    word: VerdictWord
    rule: str
    verdict: str  # its digest
    because: tuple[str, ...] = ()


class RollCall(Evidence, frozen=True, kw_only=True):
    """The segments that lay in the ledger when this was written, and that no roll call before it had named.

    A segment that is named and is not there was taken away.
    """

    kind = "roll"
    segments: tuple[str, ...]


class PublishedFile(Record, frozen=True, kw_only=True):
    """One file of a release, as an index served it.

    ``claimed`` is the digest that the index names, ``sha256`` the one that was computed over the bytes; empty where
    they were not fetched, and ``problem`` says why.
    """

    name: str
    claimed: str
    sha256: str
    size_bytes: int | None
    yanked: bool
    yanked_reason: str
    requires_python: str
    metadata: str
    problem: str = ""


class Artefact(Evidence, frozen=True, kw_only=True):
    """What an index served of one version at one instant, and what installing it would have brought along.

    ``problem`` says why nothing is known of the files, ``unresolved`` why nothing is known of the dependencies.
    ``not_looked_at`` is how many more files were listed: those whose names sort behind the last of ``files``.
    """

    kind = "artefact"
    project: str
    version: str
    index: str
    files: tuple[PublishedFile, ...]
    resolved: tuple[str, ...]
    problem: str = ""
    unresolved: str = ""
    not_looked_at: int = 0

    @property
    def not_known(self) -> int:
        """How many files it lists whose bytes nobody has seen."""
        return self.not_looked_at + sum(not file.sha256 for file in self.files)


class BuiltFile(Record, frozen=True, kw_only=True):
    """One file that CI built."""

    name: str
    sha256: str
    size_bytes: int


class Built(Evidence, frozen=True, kw_only=True):
    """What CI built, to be held against what is published."""

    kind = "built"
    origin: str
    files: tuple[BuiltFile, ...]


class Notice(Evidence, frozen=True, kw_only=True):
    """What was told, and where: the names of the happenings, and the host of the webhook."""

    kind = "notice"
    channel: str
    told: tuple[str, ...]


STORED: dict[str, type[Evidence]] = {
    record.kind: record
    for record in (
        RunContext,
        Observation,
        Finding,
        JobAttempt,
        TestAttempt,
        Event,
        Reading,
        Proof,
        InForce,
        Transition,
        Signature,
        WatchStep,
        Decision,
        Said,
        RollCall,
        Notice,
        Artefact,
        Built,
    )
}


# ── what is computed ─────────────────────────────────────────────────────────


class Compared(Word):
    """What a metric shows beside the last accepted release."""

    REGRESSED = "regressed"
    NOT_SHOWN = "no regression shown"
    TOO_FEW = "too few to tell"
    NO_BASIS = "missing basis"


class Acts(Word):
    """When the state of a metric may act.

    What rests on an interval or on a test acts at a checkpoint only: looked at each hour, it would raise false alarms.
    """

    AT_ONCE = "at once"  # a count over its limit
    AT_CHECKPOINTS = "at checkpoints"
    AS_DECIDED = "as it was decided"  # in a definition: what decides the state says which of the two


class Tally(Record, frozen=True, kw_only=True):
    """Events, and the trials among which they happened."""

    events: int = 0
    trials: int = 0


class Metric(Record, frozen=True, kw_only=True):
    """One of the metrics, judged. ``value``, ``low`` and ``high`` are None where nothing is known.

    ``unit`` says what ``value`` is (``share``, ``tests``, ``events``); ``k`` are what it counts among the ``n`` trials
    behind it, which ``exposure`` names. ``text`` is the figure in words, ``reason`` why the state is what it is.
    ``inputs`` are what a reader needs to compute it again, to be shown and for no code to rest on; ``derivation``
    computes it, a step at a time. ``settles`` is what would give a better state, where that can be said.
    ``before_fix`` is what was counted before a fix landed, ``by_day`` all of it in each 24 hours, where a metric counts
    so. ``against`` is the figure beside the last accepted release.
    """

    id: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    k: int | None = None
    unit: str
    exposure: Text
    source: Text
    state: State
    threshold: Text
    method: Text
    text: Text
    reason: Text
    critical: bool
    acts: Acts = Acts.AT_ONCE
    inputs: dict[str, Any] = {}
    before_fix: Tally = Tally()
    by_day: tuple[Tally, ...] = ()
    settles: Text | None = None
    derivation: tuple[Text, ...] = ()
    compared: Compared = Compared.NO_BASIS
    against: Text = Text(template="")

    @property
    def counts(self) -> dict[str, int]:
        """What was counted, of all that went into it."""
        return {name: value for name, value in self.inputs.items() if type(value) is int}


class Fired(Record, frozen=True, kw_only=True):
    """A rule of the verdict that applied, and what made it apply."""

    rule: str
    word: VerdictWord
    because: tuple[Text, ...]


class Verdict(Record, frozen=True, kw_only=True):
    """The verdict as of one instant, and until when it may be believed."""

    word: VerdictWord
    rule: str
    because: tuple[Text, ...]
    as_of: datetime
    valid_until: datetime
    window: str  # open, ended, extended
    fired: tuple[Fired, ...]
    unknowns: tuple[Text, ...]
    next_steps: tuple[Text, ...]
    would_change: tuple[Text, ...] = ()


class Burning(Word):
    """Whether a budget burns faster than its alert allows. Unknown where nothing was tried: that is not quiet."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"


class PaceSign(Record, frozen=True, kw_only=True):
    """How fast the budget burns in the last ``long_h`` hours and the last ``short_h``."""

    long_h: float
    short_h: float
    limit: float
    long_rate: float | None
    short_rate: float | None
    burns: Burning


class Pace(Record, frozen=True, kw_only=True):
    """How much of the window's budget of errors is spent: ``used`` is its share, None where nothing was tried."""

    slo: float
    bad: int
    total: int
    used: float | None
    signs: tuple[PaceSign, ...]


class FlakyClass(Word):
    """What the attempts of one test show."""

    CONFIRMED = "confirmed flaky"  # passed and failed while nothing changed
    REGRESSION = "regression suspect"  # broken since one commit, or in many variants at one
    BROKEN = "broken"  # failed at every attempt, to the latest
    SUSPECT = "suspect"  # failed, and no attempt told why
    HEALTHY = "healthy"
    UNOBSERVED = "unobserved"  # nothing was decided


class Score(Record, frozen=True, kw_only=True):
    """The probability that an attempt fails on a version that is good, from ``keys`` keys with an attempt.

    ``low`` and ``high`` are a 95 % credible interval, ``above_one_percent`` is the probability that it is more
    than 1 %, and ``bad_mean`` is how likely a version is broken, so that all attempts fail. All five are None
    where there was no attempt: what the prior says of a test that nobody saw is no finding.
    """

    keys: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    above_one_percent: float | None = None
    bad_mean: float | None = None


class FlakyTest(Record, frozen=True, kw_only=True):
    """One test of the watch, its class, and what it costs.

    A key is one (test, commit, variant). ``cost_min`` is its mean duration in minutes, None where no report says;
    ``runs_per_day`` are decided attempts. ``impact`` is the probability that it turns at least one of the next
    40 runs red, and ``clean_runs`` how many in a row would show that it is mended; both rest on the
    score's mean, and are None where nothing was decided.
    """

    test: str
    critical: bool
    kind: FlakyClass
    keys: int
    mixed_keys: int
    attempts: int
    failures: int
    runs_per_day: float
    cost_min: float | None
    score: Score
    impact: float | None
    clean_runs: int | None
    reason: Text


class Part(Record, frozen=True, kw_only=True):
    """What one stretch of the window showed: ``events`` among ``trials``, and the rate with its 95 % interval.

    Hours are since T+0. The rate is None where nothing was tried.
    """

    begins_h: float
    ends_h: float
    events: int
    trials: int
    value: float | None
    low: float | None
    high: float | None


class Took(Record, frozen=True, kw_only=True):
    """How long ``n`` runs took that ended in one stretch of the window."""

    begins_h: float
    ends_h: float
    n: int
    median_s: float
    least_s: float
    most_s: float


class Course(Record, frozen=True, kw_only=True):
    """How it went through the window: what charts are drawn from.

    ``jobs`` are those decided in each 6 h and ended well, ``so_far`` those from T+0 to the end of each; ``errors`` are
    network errors among requests in each 24 h, and ``smoke`` the durations of the smoke in each 6 h that had one.
    """

    target: float
    jobs: tuple[Part, ...] = ()
    so_far: tuple[Part, ...] = ()
    errors: tuple[Part, ...] = ()
    smoke: tuple[Took, ...] = ()


class Figure(Record, frozen=True, kw_only=True):
    """What one metric said at one look."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    state: State


class Look(Record, frozen=True, kw_only=True):
    """The verdict as it was at one checkpoint. ``late`` records tell of before it and were written down after it."""

    hours: int
    verdict: Verdict
    late: int
    failing: tuple[str, ...] = ()  # the metrics that failed then
    figures: tuple[Figure, ...] = ()


class Tried(Record, frozen=True, kw_only=True):
    """What was tried in one environment, and what went wrong there."""

    environment: Environment
    decided: int = 0
    lost: int = 0
    requests: int = 0
    waits: int = 0
    stale_trials: int = 0
    network_errors: int = 0
    polling_timeouts: int = 0
    stale_reads: int = 0


class Duty(Record, frozen=True, kw_only=True):
    """Something that a checkpoint asks for, and where it stands."""

    id: str
    says: Text
    state: DutyState
    evidence: Text
    blocked_by: tuple[str, ...] = ()  # the metrics and families of promises whose incidents stand in its way


class Checkpoint(Record, frozen=True, kw_only=True):
    """T+0, T+24, T+48 or T+72, with its duties."""

    hours: int
    title: Text
    due_at: datetime
    duties: tuple[Duty, ...]


class Gap(Record, frozen=True, kw_only=True):
    """A stretch of the window in which nothing was observed."""

    begins: datetime
    ends: datetime
    hours: float


class Coverage(Record, frozen=True, kw_only=True):
    """How much of the window so far was watched: slots of ``every_h`` hours that are over, and those seen.

    ``largest`` is the longest stretch without an observation, ``gaps`` are those above ``most_gap_h``, and
    ``latest_h`` is how late, at worst, the first observation of a slot came. ``least`` is the share that must be seen.
    """

    every_h: float
    slots: int
    seen: int
    least: float
    most_gap_h: float
    largest: Gap
    gaps: tuple[Gap, ...]
    latest_h: float

    @property
    def share(self) -> float:
        """Slots seen of those that are over; all of none."""
        return self.seen / self.slots if self.slots else 1.0

    @property
    def largest_gap_h(self) -> float:
        """Hours of the longest stretch without an observation."""
        return self.largest.hours

    @property
    def enough(self) -> bool:
        """Whether a verdict may rest on it."""
        return self.share >= self.least and not self.gaps


class Incident(Record, frozen=True, kw_only=True):
    """One row of the runbook's table of incidents. ``metric`` is the one of the five that it spoils, or none."""

    id: str
    at: datetime
    impact: str
    root_cause: str
    fix: str
    state: str
    severity: Severity
    metric: str = ""


class Followed(Record, frozen=True, kw_only=True):
    """What the evidence says of one incident: how often its causes were seen, and whether its fix is shown.

    ``landed_at`` is when a fix landed; ``proof`` says in words what came since, and what is missing.
    """

    incident: str
    rule: str
    fingerprints: tuple[str, ...]
    blocks: tuple[str, ...]
    shows: tuple[str, ...]
    seen: int
    first_at: datetime | None
    last_at: datetime | None
    landed_at: datetime | None
    shown: bool
    proof: Text
    promises: tuple[str, ...] = ()  # those that its causes broke


class SegmentInfo(Record, frozen=True, kw_only=True):
    """One file of the ledger, as the evidence page lists it."""

    name: str
    kind: str
    records: int
    size_bytes: int
    digest: str
    environments: tuple[str, ...]
    first_at: datetime
    last_at: datetime


class Trace(Record, frozen=True, kw_only=True):
    """One record that a figure rests on, and the segment that holds it."""

    record: Evidence
    segment: str


class Release(Record, frozen=True, kw_only=True):
    """A watch: what is watched, from when, for how long. Written to ``release.toml``."""

    version: str
    commit: str
    opened_at: datetime  # T+0
    window_h: int = WINDOW_H
    rehearsal: bool = False
    made_by: str = ""  # the command that made a rehearsal
    format: int = 1

    @property
    def own_environment(self) -> Environment:
        """The environment of what its people and its rules write down."""
        return Environment.REHEARSAL if self.rehearsal else Environment.LOOPBACK


class PromiseStatus(Record, frozen=True, kw_only=True):
    """Where one promise stands: its latest outcome, and when it was last seen red by a seeded defect.

    ``outcome`` is UNKNOWN, and ``at`` None, where no run has tested it. The counts are of runs.
    """

    promise: Promise
    outcome: Outcome
    reason: str
    at: datetime | None
    kept: int
    broken: int
    unknown: int
    last_seen_red_at: datetime | None = None
    log: tuple[str, ...] = ()
    script: tuple[str, ...] = ()


class ArtefactFinding(Record, frozen=True, kw_only=True):
    """Something that is, or was, wrong with a published file, by one rule.

    ``at`` is the look that saw it first, ``last_at`` the last one, and ``gone_at`` the first that saw it mended.
    """

    rule: str
    severity: Severity
    file: str
    says: Text
    at: datetime
    last_at: datetime | None = None
    gone_at: datetime | None = None


class Move(Record, frozen=True, kw_only=True):
    """Something that changed under the release: a package, Python, the system, the SDK. Empty: it was not there."""

    what: str
    before: str
    after: str
    at: datetime
    where: str


class SealState(Record, frozen=True, kw_only=True):
    """Whether a release is sealed, and whether its folder is what was sealed: ``differs`` says what is not.

    ``digest`` is that of ``seal.json`` itself, which the next release writes down when it opens.
    """

    closed_at: datetime | None = None
    by: str = ""
    why: str = ""
    word: str = ""
    files: int = 0
    digest: str = ""
    differs: tuple[Text, ...] = ()

    @property
    def is_sealed(self) -> bool:
        """Whether there is a seal at all, whole or broken."""
        return bool(self.digest)


class Question(Record, frozen=True, kw_only=True):
    """Something that the watch leaves open, by name, and the item of the backlog that takes it on, if one does."""

    id: str
    says: Text
    item: str = ""


class IncidentPage(Record, frozen=True, kw_only=True):
    """A page in ``incidents/``: shown, and never judged.

    ``incident`` is the id of the recorded incident that it is about, empty where there is none. ``not_recorded`` are
    the lines of its front matter that no record says, cut to what a page can show. ``problem`` says why the page
    cannot be shown.
    """

    name: str
    incident: str = ""
    not_recorded: tuple[str, ...] = ()
    problem: Text | None = None


class Judgement(Record, frozen=True, kw_only=True):
    """All that can be said of one release as of one instant: what the pages are made from."""

    release: Release
    as_of: datetime
    verdict: Verdict
    metrics: tuple[Metric, ...]
    checkpoints: tuple[Checkpoint, ...]
    coverage: Coverage
    promises: tuple[PromiseStatus, ...]
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    backlog: tuple[BacklogItem, ...]
    segments: tuple[SegmentInfo, ...]
    readings: tuple[Reading, ...]
    contexts: tuple[RunContext, ...]  # newest last
    limitations: tuple[Limitation, ...] = ()  # those that are looked for
    traces: tuple[Trace, ...] = ()
    looks: tuple[Look, ...] = ()
    course: Course | None = None
    environments: tuple[Tried, ...] = ()
    changes: tuple[InForce, ...] = ()
    pace: Pace | None = None
    flaky: tuple[FlakyTest, ...] = ()  # what did not just pass, the costliest first
    baseline: str = ""
    fixed_at: dict[str, datetime] = {}
    defects_seeded: int = 0
    defects_caught: int = 0
    state: str = "open"  # of the watch
    transitions: tuple[Transition, ...] = ()
    followed: tuple[Followed, ...] = ()
    pages: tuple[IncidentPage, ...] = ()  # as they lie in incidents/ now
    said: tuple[Said, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notices: tuple[Notice, ...] = ()
    artefacts: tuple[Artefact, ...] = ()  # newest last
    built: tuple[Built, ...] = ()
    published: tuple[ArtefactFinding, ...] = ()  # what is wrong with what is served
    moves: tuple[Move, ...] = ()
    steps: tuple[WatchStep, ...] = ()
    seal: SealState = SealState()
    questions: tuple[Question, ...] = ()
    disputed: tuple[Text, ...] = ()  # why the last record of an incident does not count as it was written
    digest: str = ""  # of the verdict and the metrics: what a decision names
