"""The records of evidence, as segments hold them: a format that is read for ever.

A field may be added with a default. None is renamed or taken away, and the ``kind`` of a record never changes,
whatever its class is called. Times are aware and in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypedDict

import msgspec

from atalaya.core.window import WINDOW_H
from atalaya.core.words import Record, StrictEnum


class Severity(StrictEnum):
    """How much it matters that a promise is broken."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Outcome(StrictEnum):
    """What one check found."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not-applicable"  # the capability to be judged is absent
    UNKNOWN = "unknown"  # the check could not tell


class Environment(StrictEnum):
    """Where an observation was made. Published apart; rehearsal never enters a real release."""

    LOOPBACK = "loopback"
    CI = "ci"
    SERVICE = "service"
    REHEARSAL = "rehearsal"


class Conclusion(StrictEnum):
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


class CaseOutcome(StrictEnum):
    """How one test case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # the producer used another word


class ReadStatus(StrictEnum):
    """What became of a file of evidence."""

    READ = "read"
    UNREADABLE = "unreadable"  # broken: nothing is taken from it
    DECLINED = "declined"  # it could be read, but not safely
    UNSUPPORTED = "unsupported"  # well formed, in another dialect


class FileVerdict(StrictEnum):
    """What a file of test results says as a whole."""

    PASSED = "passed"
    FAILED = "failed"
    NOTHING_RAN = "nothing-ran"  # only skipped cases
    NO_EVIDENCE = "no-evidence"  # no case and no failure of a suite
    UNKNOWN = "unknown"  # the file was not read, or says something red that no case of it shows


class EventKind(StrictEnum):
    """What is counted by the three metrics that count events."""

    NETWORK_ERROR = "network-error"
    POLLING_TIMEOUT = "polling-timeout"
    STALE_READ = "stale-read"


class VerdictStatus(StrictEnum):
    """What the release is said to be: the first five at T+72, the last three before."""

    INVALID = "INVALID"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXTEND = "EXTEND"
    GO = "GO"
    OFF_TRACK = "OFF TRACK"
    WAITING = "WAITING"
    ON_TRACK = "ON TRACK"


class Presence(StrictEnum):
    """Whether a weakness was seen."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    UNKNOWN = "could not tell"

    @property
    def stored(self) -> bool | None:
        """As evidence and reports hold it."""
        return None if self is Presence.UNKNOWN else self is Presence.SEEN


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
    ``requests``, ``polls`` and ``waits`` are the exposure; None where it is not known. ``event`` is what started the
    run, in GitHub's words (``push``, ``pull_request``); empty where nothing tells. ``reported`` is the conclusion that
    CI gave, where what the job left behind shows another one: then this record stands over CI's own. ``workflow_file``
    is the file of the workflow in its repository, which stays what it is when its name is changed.
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
    event: str = ""
    reported: Conclusion | None = None
    workflow_file: str = ""


class TestAttempt(Evidence, frozen=True, kw_only=True, gc=False):
    """One execution of one test case. ``test`` is its identity within the report's producer.

    ``line`` is where it begins in the file that ``origin`` names. ``workflow`` and ``job`` are those of the job that
    ran it; empty where they are not known.
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
    workflow: str = ""
    job: str = ""


class Event(Evidence, frozen=True, kw_only=True):
    """A transport error, a polling timeout or a stale read. Expected ones are kept and not counted.

    ``line`` counts from 1 in the file that ``origin`` names, and ``quote`` is what stands there, scrubbed.
    ``commit``, ``workflow``, ``job`` and ``attempt`` are those of the job that it happened in; empty, and 1, where
    they are not known.
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
    commit: str = ""
    workflow: str = ""
    job: str = ""
    attempt: int = 1


class Health(Evidence, frozen=True, kw_only=True):
    """What one run of Atalaya's own checks or smoke tells of the SDK's health, beside what the metrics count.

    ``start_error`` says why the SDK could not be imported or a client of it not be built; empty where both went well,
    None where it is not known. ``states``, ``took_ms`` and ``polls`` are those of the run's waits, in their order:
    the state that the service last told, the milliseconds from CREATED to it as the smoke saw them on its ``clock``
    (``virtual`` or ``real``), None where it did not end, and how often it was asked.
    ``retries`` are among ``requests``; both are None where nobody counted.
    """

    kind = "health"
    producer: str  # checks, smoke, or prepare where the SDK did not come so far
    python: str
    attempt: int = 1
    start_error: str | None = None
    clock: str = ""
    requests: int | None = None
    retries: int | None = None
    states: tuple[str, ...] = ()
    took_ms: tuple[float | None, ...] = ()
    polls: tuple[int, ...] = ()


class CommitTree(Evidence, frozen=True, kw_only=True):
    """The git tree of the SDK's path in one commit: two commits of one tree hold the same SDK.

    ``path`` is relative to the repository, and empty for the whole of it. ``asked_of`` is ``git`` or ``github``.
    """

    kind = "tree"
    commit: str
    path: str
    tree: str
    asked_of: str


class Reading(Evidence, frozen=True, kw_only=True):
    """What became of one file: read, or why not. Counts are None unless it was read.

    ``at_byte`` is where an unreadable file breaks. ``place`` is its path below the project's folder, where that says
    more than ``file``. ``unclassified`` are the lines of a log with words of an error that nobody could classify.
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
    place: str = ""
    unclassified: int = 0

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


class SettingsSnapshot(Evidence, frozen=True, kw_only=True):
    """The settings that a verdict rests on, from this instant on: those at T+0, and each change since.

    ``settings`` holds every key that judges, a line of TOML each; ``digest`` is over them. ``set_here`` are the keys
    that a file or a variable had set; the others are defaults. None: that was not written down.
    """

    kind = "settings"
    digest: str
    settings: tuple[str, ...]
    by: str
    why: str
    set_here: tuple[str, ...] | None = None


class IncidentStep(Evidence, frozen=True, kw_only=True):
    """How an incident stood from this instant on: the incident itself, whose page holds free text only.

    ``metric`` is the one of the five that it spoils, where it spoils one: with the state ``monitoring`` a fix
    has landed, and what that metric counts from then on has to show that it holds. ``rule`` opened it, or nobody's
    rule did; ``fingerprints`` are the causes that it stands for, ``blocks`` the duties that it stands in the way of,
    and ``shows`` where the evidence is. ``about`` are the metrics and the families of promises that it hurts.
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
    about: tuple[str, ...] = ()


class IncidentNote(Evidence, frozen=True, kw_only=True):
    """What somebody of the team wrote under an incident's issue, scrubbed: shown, and never evidence.

    ``comment`` is GitHub's number of it; a later note of the same number is the same comment, edited. ``by`` is what
    its writer is to the repository (``member``, ``collaborator``, ``owner``), and no name.
    """

    kind = "note"
    incident: str
    comment: int
    by: str
    text: str


class RedactedFile(Record, frozen=True, kw_only=True):
    """One file of a release that stands there since a redaction; ``path`` is relative, with slashes."""

    path: str
    sha256: str


class Redaction(Evidence, frozen=True, kw_only=True):
    """A text was taken out of what is recorded of an incident. Which one stands nowhere.

    So many ``records`` are other ones now. ``removed`` are the segments, and the files of them, that held it; ``files``
    stand in their place, or are pages that were changed. ``comments`` are the notes among them: none is taken again.
    """

    kind = "redaction"
    incident: str
    by: str
    why: str
    records: int
    removed: tuple[str, ...] = ()
    files: tuple[RedactedFile, ...] = ()
    comments: tuple[int, ...] = ()


class Signature(Evidence, frozen=True, kw_only=True):
    """A person's word for a duty that no machine can see."""

    kind = "signature"
    checkpoint_h: int
    duty: str
    by: str
    note: str


class BacklogCarryover(Record, frozen=True, kw_only=True):
    """An item of the last release's backlog, as a watch began with it. ``says`` is in English.

    ``priority`` is 1 for what comes first. Records of before there were three have a fourth.
    """

    id: str
    says: str
    proven_by: str
    priority: int


class WatchTransition(Evidence, frozen=True, kw_only=True):
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
    asked: tuple[BacklogCarryover, ...] = ()


class Dispatch(Evidence, frozen=True, kw_only=True):
    """A run of CI that the watch started: of a workflow, on a branch or tag, for a checkpoint.

    ``ref`` pointed at ``commit`` then. ``runs`` and ``jobs`` are what the checkpoint asked for in all: those of the
    first record of a checkpoint hold for it, whatever the figure looks like since. One of another workflow than the
    main pipeline is started ``beside`` them, once a checkpoint.
    """

    kind = "dispatch"
    checkpoint_h: int
    workflow: str
    workflow_file: str
    ref: str
    commit: str
    runs: int
    jobs: int
    beside: bool = False


class Decision(Evidence, frozen=True, kw_only=True):
    """Who read which verdict, and what they did: went on, stopped, rolled back or yanked."""

    kind = "decision"
    action: str
    word: VerdictStatus
    verdict: str  # its digest
    verdict_as_of: datetime
    by: str
    why: str


class VerdictRecord(Evidence, frozen=True, kw_only=True):
    """A verdict that was said to people: kept when its word or its rule is another one than before.

    ``because`` are its reasons in English.
    """

    kind = "said"
    word: VerdictStatus
    rule: str
    verdict: str  # its digest
    because: tuple[str, ...] = ()


class SegmentManifest(Evidence, frozen=True, kw_only=True):
    """The segments that lay in the ledger when this was written, and that no roll call before it had named.

    A segment that is named and is not there was taken away. ``digests`` has the SHA-256 of the whole content of each,
    unpacked, which the digest in its name leaves the time of recording out of; the first versions kept none.
    """

    kind = "roll"
    segments: tuple[str, ...]
    digests: tuple[str, ...] = ()


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


class Compatibility(Evidence, frozen=True, kw_only=True):
    """Whether the SDK could be installed, imported and a client of it be built in a fresh environment of its own.

    ``python`` is the one that was asked for and ``ran_on`` the whole version of the one that ran, empty where none did.
    ``dependencies`` are ``lowest`` or ``highest`` where those versions were asked for, and empty where the installer
    chose. The outcome is ``not-applicable`` where the SDK says that it is for other Pythons, and ``unknown`` where that
    Python could not be had. Times are None where it did not come so far.
    """

    kind = "compat"
    subject_version: str | None
    subject_digest: str
    python: str
    dependencies: str
    outcome: Outcome
    reason: str = ""
    ran_on: str = ""
    import_ms: float | None = None
    client_ms: float | None = None
    freeze: tuple[str, ...] = ()


class ApiModule(Record, frozen=True, kw_only=True):
    """One module of an SDK: its dotted name, and its source without what its functions do."""

    name: str
    source: str


class PublicApi(Evidence, frozen=True, kw_only=True):
    """What an SDK offers, as its source says, so that another version can be compared with it.

    ``origin`` is ``installed``, or the commit that it was read from. ``problem`` says why ``modules`` are not all.
    """

    kind = "api"
    package: str
    version: str
    subject_digest: str
    origin: str
    modules: tuple[ApiModule, ...]
    problem: str = ""


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
        Health,
        CommitTree,
        Reading,
        Proof,
        SettingsSnapshot,
        IncidentStep,
        IncidentNote,
        Redaction,
        Signature,
        WatchTransition,
        Dispatch,
        Decision,
        VerdictRecord,
        SegmentManifest,
        Notice,
        Artefact,
        Built,
        Compatibility,
        PublicApi,
    )
}


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
