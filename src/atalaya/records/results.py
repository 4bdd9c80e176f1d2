"""What a run of the checks, or of the smoke, returns: it crosses stages and is not stored."""

from __future__ import annotations

from datetime import datetime

from atalaya.core.words import Record
from atalaya.records.stored import EventKind, Outcome, Presence, Severity

REPORT_SCHEMA = "atalaya.report/1"


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
    """A finding that can be looked for: it lies beyond the contract, and never counts against it.

    ``against`` is the promise that says that it must be so: to mend it breaks that. Mostly there is none.
    """

    id: str
    says: str
    proposal: str
    against: str = ""


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
    """All that one run of the checks found. ``seed`` is what its random draws began from.

    ``start_error`` says why the SDK could not be imported or a client of it not be built; empty where both went well,
    None where it is not known.
    """

    run_id: str
    subject: Subject
    host: Host
    started_at: datetime
    duration_s: float
    checks: tuple[CheckResult, ...]
    findings: tuple[FindingResult, ...] = ()
    canaries: tuple[Canary, ...] = ()
    seed: int = 0
    start_error: str | None = None


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


class SmokeExport(Record, frozen=True, kw_only=True):
    """One wait of a smoke: the ``state`` that the service last told, and how many polls it took.

    ``took_ms`` is the time from CREATED to that state as the smoke saw it; None where it did not end.
    """

    state: str
    took_ms: float | None
    polls: int


class SmokeRun(Record, frozen=True, kw_only=True):
    """The runbook's smoke, run once. The counts are the exposure that stands behind its events.

    ``trials`` are the waits that began beside a cached, older status: those that could have read stale. ``retries``
    are requests that were sent again, since the one before was not answered or failed at the service; None where
    nobody counted them. ``clock`` is ``virtual`` or ``real``: what the times of ``exports`` were read from.
    ``start_error`` says why the SDK could not be imported or a client of it not be built; empty where both went well,
    None where it is not known.
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
    retries: int | None = None
    exports: tuple[SmokeExport, ...] = ()
    clock: str = ""
    start_error: str | None = None


class SegmentInfo(Record, frozen=True, kw_only=True):
    """One file of the ledger, as the evidence page lists it.

    ``digest`` is over what its records say, without when they were recorded; ``sha256`` over its whole content.
    """

    name: str
    kind: str
    records: int
    size_bytes: int
    digest: str
    environments: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    sha256: str = ""


class UnreadableFile(Record, frozen=True, kw_only=True):
    """One file of the ledger that is not what its name says, or cannot be opened: nothing was taken from it.

    ``sha256`` is over its bytes. Both it and the size are empty where it is no regular file.
    """

    name: str
    size_bytes: int | None
    sha256: str
    reason: str
