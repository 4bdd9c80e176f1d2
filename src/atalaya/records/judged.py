"""What is computed from evidence as of an instant: metrics, verdict, checkpoints, incidents, all that pages show."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from atalaya.core.settings import Settings
from atalaya.core.words import Record, StrictEnum, Text
from atalaya.records.results import Limitation, Promise, SegmentInfo, UnreadableFile
from atalaya.records.stored import (
    Artefact,
    Built,
    CaseOutcome,
    Compatibility,
    Decision,
    Dispatch,
    Environment,
    Evidence,
    Finding,
    IncidentNote,
    IncidentStep,
    Notice,
    Outcome,
    PublicApi,
    Reading,
    Redaction,
    Release,
    RunContext,
    SettingsSnapshot,
    Severity,
    VerdictRecord,
    VerdictStatus,
    WatchTransition,
)


class State(StrictEnum):
    """What a metric shows."""

    PROVEN = "PROVEN"
    MEETS = "MEETS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT APPLICABLE"  # the check pack feeds no such metric


class DutyState(StrictEnum):
    """Where one duty of a checkpoint stands."""

    MET = "met"
    FAILED = "failed"
    MISSING = "missing"  # due, and there is no evidence for it
    NOT_YET_DUE = "not yet due"
    SIGNED = "signed"
    PERSON_SIGNS = "a person signs this"
    NOT_APPLICABLE = "not applicable"  # the check pack feeds no metric that it is about


class Priority(StrictEnum):
    """How soon an item of the backlog is wanted: P0 comes first."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


class Level(StrictEnum):
    """How much: of an impact, or of an effort."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class BacklogPart(Record, frozen=True, kw_only=True):
    """One thing that an item of the backlog holds, and the check or metric that will prove it done."""

    id: str
    says: Text
    proven_by: str


class BacklogItem(Record, frozen=True, kw_only=True):
    """Something the next version begins with: one cause, with all that comes of it.

    ``accepts`` says how it will be shown to be done. ``effort`` is None where nobody has estimated it.
    ``parts`` are what it holds; the first of them is the item itself where it is one.
    """

    id: str
    says: Text
    why: Text
    accepts: Text
    priority: Priority
    impact: Level
    effort: Level | None = None
    parts: tuple[BacklogPart, ...]

    @property
    def beneath(self) -> tuple[BacklogPart, ...]:
        """What it holds beside what it says itself."""
        return self.parts[1:] if self.says == self.parts[0].says else self.parts

    @property
    def names_itself(self) -> bool:
        """Whether its id stands in its sentence, or with the first of what it holds."""
        return self.beneath == self.parts or self.id in self.says.values.values()


# ── what is computed ─────────────────────────────────────────────────────────


class Compared(StrictEnum):
    """What a metric shows beside the last accepted release."""

    REGRESSED = "regressed"
    NOT_SHOWN = "no regression shown"
    TOO_FEW = "too few to tell"
    NO_BASIS = "missing basis"


class Acts(StrictEnum):
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
    After a fix that counts, ``value``, ``k`` and ``n`` are what came since, and ``before_fix`` is what was counted
    before it; ``by_day`` is all of it in each 24 hours, where a metric counts so. ``value`` may be more than ``k``, by
    the events of runs that tell no trials. ``against`` is the figure beside the last accepted release.
    ``fix_runs_needed`` are the further clean runs that would show the fix; None where there is none that counts.
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
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    before_fix: Tally = Tally()
    by_day: tuple[Tally, ...] = ()
    settles: Text | None = None
    derivation: tuple[Text, ...] = ()
    compared: Compared = Compared.NO_BASIS
    against: Text = Text(template="")
    fix_runs_needed: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """What was counted, of all that went into it."""
        return {name: value for name, value in self.inputs.items() if type(value) is int}


class Fired(Record, frozen=True, kw_only=True):
    """A rule of the verdict that applied, and what made it apply."""

    rule: str
    word: VerdictStatus
    because: tuple[Text, ...]


class Verdict(Record, frozen=True, kw_only=True):
    """The verdict as of one instant, and until when it may be believed."""

    word: VerdictStatus
    rule: str
    because: tuple[Text, ...]
    as_of: datetime
    valid_until: datetime
    window: str  # open, ended, extended
    fired: tuple[Fired, ...]
    unknowns: tuple[Text, ...]
    next_steps: tuple[Text, ...]
    would_change: tuple[Text, ...] = ()


class Burning(StrictEnum):
    """Whether a budget burns faster than its alert allows. Unknown where nothing was tried: that is not quiet."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"


class BurnRateSign(Record, frozen=True, kw_only=True):
    """How fast the budget burns in the last ``long_h`` hours and the last ``short_h``."""

    long_h: float
    short_h: float
    limit: float
    long_rate: float | None
    short_rate: float | None
    burns: Burning


class BurnRate(Record, frozen=True, kw_only=True):
    """How much of the window's budget of errors is spent: ``used`` is its share, None where nothing was tried."""

    slo: float
    bad: int
    total: int
    used: float | None
    signs: tuple[BurnRateSign, ...]


class FlakyClass(StrictEnum):
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


class RateInBin(Record, frozen=True, kw_only=True):
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


class DurationStats(Record, frozen=True, kw_only=True):
    """How long ``n`` runs took that ended in one stretch of the window."""

    begins_h: float
    ends_h: float
    n: int
    median_s: float
    least_s: float
    most_s: float


class TimeSeries(Record, frozen=True, kw_only=True):
    """How it went through the window: what charts are drawn from.

    ``jobs`` are those decided in each 6 h and ended well, ``so_far`` those from T+0 to the end of each; ``errors`` are
    network errors among requests in each 24 h, and ``smoke`` the durations of the smoke in each 6 h that had one.
    ``events`` are, for each metric that counts events, all of them in each 6 h beside what was tried; the rate is None
    where more happened than was tried, since runs that tell no trials have events too.
    """

    target: float
    jobs: tuple[RateInBin, ...] = ()
    so_far: tuple[RateInBin, ...] = ()
    errors: tuple[RateInBin, ...] = ()
    smoke: tuple[DurationStats, ...] = ()
    events: dict[str, tuple[RateInBin, ...]] = msgspec.field(default_factory=dict)


class CellState(StrictEnum):
    """What the runs of one job of CI show, for one variant."""

    GREEN = "green"
    RED_NOW = "red now"  # its latest decided run is red
    BROKEN = "broken"  # its last three runs are red
    WORSE = "fails more than the others"  # by a test, at the last checkpoint
    TOO_OLD = "not run lately"  # its latest run is too old to tell how it is now


class CiCell(Record, frozen=True, kw_only=True):
    """One (workflow, job, variant) of CI: how its runs ended, and how it is now.

    ``runs`` are its decided runs, ``succeeded`` those that ended well at their last attempt. ``failures`` is how many
    in a row failed at the end, and ``since`` when the first of them ended; None where the latest is green.
    """

    workflow: str
    job: str
    variant: str
    state: CellState
    runs: int
    succeeded: int
    last_at: datetime
    failures: int = 0
    since: datetime | None = None
    reason: Text


class CiRun(NamedTuple):
    """A run of CI that counts: when its last job ended, and how many of its decided jobs ended well."""

    ended_at: datetime
    succeeded: int
    decided: int


class OwnRuns(Record, frozen=True, kw_only=True):
    """The runs of one of Atalaya's own workflows: no jobs of CI, and in no rate of them.

    ``decided`` ended as a success or a failure, ``succeeded`` of them well, by their last attempt; the rate is None
    where none was decided.
    """

    workflow: str
    decided: int
    succeeded: int
    undecided: int
    value: float | None
    low: float | None
    high: float | None
    last_at: datetime


class HealthState(StrictEnum):
    """How one sign of the SDK's health stands against its limit."""

    OVER = "over its limit"
    WITHIN = "within its limit"
    TOO_FEW = "too few to tell"
    NO_BASIS = "nothing to compare with"
    NOTHING = "nothing recorded"
    UNKNOWN = "unknown"
    SHOWN = "shown only"  # it decides nothing: of a real service, for one


class SeenRun(NamedTuple):
    """One run of a kind that something is looked for in: when, and whether it was well."""

    at: datetime
    well: bool


class HealthSign(Record, frozen=True, kw_only=True):
    """One sign of the SDK's health: no metric, and in none of them.

    ``about`` is the Python version, ``service`` for what a real service showed, or ``lowest`` and ``highest`` for the
    versions of dependencies; empty otherwise. ``k`` are what it
    counts among ``n``, ``value``, ``low`` and ``high`` the share or the rate; None where there is none. Times have
    their percentiles, and ``clock`` says what they were read from: ``virtual`` or ``real``. ``p`` is the probability
    that the state rests on. ``runs`` are those that could have shown it, oldest first. ``says`` are the sentences
    of which ``text`` holds the first.
    """

    id: str
    title: Text
    state: HealthState
    text: Text
    limit: Text
    reason: Text
    about: str = ""
    n: int = 0
    k: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    clock: str = ""
    runs: tuple[SeenRun, ...] = ()
    says: tuple[Text, ...] = ()


class BrokenTest(Record, frozen=True, kw_only=True):
    """A test whose last attempts all failed: three or more in a row, over two runs or more.

    ``since`` is when the first of them ended, and ``last_at`` when the last one did, where that is told apart.
    """

    test: str
    variant: str
    critical: bool
    failures: int
    runs: int
    since: datetime
    reason: Text
    last_at: datetime | None = None


class CourseOfTest(StrictEnum):
    """How a test of CI did in one release."""

    PASSED = "passed each time"
    MIXED = "failed and passed in the end"
    FAILED = "failed in the end"
    NOT_RUN = "not run"


class VariantAttempts(Record, frozen=True, kw_only=True):
    """The attempts of a test in one variant: how many ended how, and the outcomes of the latest 40, oldest first."""

    variant: str
    passed: int
    failed: int
    skipped: int
    latest: tuple[CaseOutcome, ...]
    first_failed_at: datetime | None = None
    last_failed_at: datetime | None = None

    @property
    def decided(self) -> tuple[CaseOutcome, ...]:
        """The latest attempts without those that were skipped."""
        return tuple(one for one in self.latest if one is not CaseOutcome.SKIPPED)


class FailedTest(Record, frozen=True, kw_only=True):
    """A test of CI that failed at least once, in the variants in which it was run."""

    test: str
    critical: bool
    variants: tuple[VariantAttempts, ...]

    @property
    def course(self) -> CourseOfTest:
        """FAILED where the last attempt of a variant failed; what was skipped after it says nothing."""
        last = [decided[-1] for one in self.variants if (decided := one.decided)]
        return CourseOfTest.FAILED if CaseOutcome.FAILED in last else CourseOfTest.MIXED

    @property
    def first_failed_at(self) -> datetime | None:
        """When it failed first, in any variant."""
        return min((one.first_failed_at for one in self.variants if one.first_failed_at), default=None)

    @property
    def last_failed_at(self) -> datetime | None:
        """When it failed last, in any variant."""
        return max((one.last_failed_at for one in self.variants if one.last_failed_at), default=None)


class AcceptedBefore(Record, frozen=True, kw_only=True):
    """What the last accepted release came to, as far as another one is held against it beside the metrics.

    ``outcomes`` are those of its promises, and ``unsteady`` the class of each of its tests that was flaky or broken.
    """

    version: str
    outcomes: dict[str, Outcome] = msgspec.field(default_factory=dict)
    unsteady: dict[str, FlakyClass] = msgspec.field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()


class Figure(Record, frozen=True, kw_only=True):
    """What one metric said at one look."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    state: State


class CheckpointVerdict(Record, frozen=True, kw_only=True):
    """The verdict as it was at one checkpoint. ``late`` records tell of before it and were written down after it."""

    hours: int
    verdict: Verdict
    late: int
    failing: tuple[str, ...] = ()  # the metrics that failed then
    unwell: tuple[tuple[str, str], ...] = ()  # the signs of health that were over their limit, by id and about
    figures: tuple[Figure, ...] = ()


class EnvironmentTotals(Record, frozen=True, kw_only=True):
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


class CheckpointWatch(Record, frozen=True, kw_only=True):
    """Whether something was observed about one checkpoint: at any time from ``begins`` to ``ends``.

    ``hours`` is where the checkpoint is, since T+0; the last one is the end of the window.
    """

    hours: int
    begins: datetime
    ends: datetime
    seen: bool


class CiGap(Record, frozen=True, kw_only=True):
    """No run of CI ended from one checkpoint to the next, nor shortly before the one and after the other."""

    from_h: int
    to_h: int
    begins: datetime
    ends: datetime


class Coverage(Record, frozen=True, kw_only=True):
    """What should have been observed by now, and what was: the checkpoints, CI between them, and a schedule's slots.

    ``points`` are the checkpoints whose time is over, ``ci_gaps`` the stretches between two of them without CI.
    ``largest`` is the longest stretch without any observation: shown, and judged only where a schedule is in use.
    Then ``every_h`` is more than 0: ``slots`` are those of so many hours that are over, ``seen`` those with an
    observation, ``least`` the share that must be seen, ``gaps`` the stretches above ``most_gap_h``, and ``latest_h``
    how late, at worst, the observation of a slot came.
    """

    points: tuple[CheckpointWatch, ...] = ()
    ci_gaps: tuple[CiGap, ...] = ()
    largest: Gap
    every_h: float = 0.0
    slots: int = 0
    seen: int = 0
    least: float = 0.0
    most_gap_h: float = 0.0
    gaps: tuple[Gap, ...] = ()
    latest_h: float = 0.0

    @property
    def scheduled(self) -> bool:
        """Whether a schedule is in use."""
        return self.every_h > 0

    @property
    def missed(self) -> tuple[CheckpointWatch, ...]:
        """The checkpoints about which nothing was observed."""
        return tuple(point for point in self.points if not point.seen)

    @property
    def unseen(self) -> tuple[Gap, ...]:
        """Every stretch in which something should have been observed and nothing was, in order."""
        about = (
            Gap(begins=one.begins, ends=one.ends, hours=(one.ends - one.begins).total_seconds() / 3600)
            for one in self.missed
        )
        return tuple(sorted((*self.gaps, *about), key=lambda gap: (gap.begins, gap.ends)))

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
        return not self.missed and not self.ci_gaps and self.share >= self.least and not self.gaps


class DispatchPlan(Record, frozen=True, kw_only=True):
    """The runs of CI that are asked for at one checkpoint, with so many jobs in all, of which some have run already.

    ``runs_started`` are those that the watch dispatched itself: they are not asked for again, however they end.
    """

    hours: int  # of the checkpoint, since T+0
    runs: int
    jobs: int
    jobs_done: int
    runs_started: int = 0

    @property
    def runs_left(self) -> int:
        """How many runs are still to be dispatched."""
        return -(-self.runs * self.jobs_left // self.jobs) if self.jobs else 0

    @property
    def jobs_left(self) -> int:
        """How many jobs are still to be run by runs that nobody has dispatched."""
        started = -(-self.runs_started * self.jobs // self.runs) if self.runs else 0
        return max(0, self.jobs - max(self.jobs_done, started))


class Incident(Record, frozen=True, kw_only=True):
    """One row of the runbook's table of incidents.

    ``metric`` is the one of the five that it spoils, or none; ``about`` are the metrics and the families of promises
    that it hurts.
    """

    id: str
    at: datetime
    impact: str
    root_cause: str
    fix: str
    state: str
    severity: Severity
    metric: str = ""
    about: tuple[str, ...] = ()


class CauseCount(Record, frozen=True, kw_only=True):
    """How often one kind of record showed an incident, among so many ``trials`` of what ``what`` says.

    None where nothing counts them.
    """

    what: Text
    seen: int
    trials: int | None = None


class IncidentFollowUp(Record, frozen=True, kw_only=True):
    """What the evidence says of one incident: how often its causes were seen, and whether its fix is shown.

    ``seen_at`` is each time that its causes were seen, oldest first, ``seen`` how often that was, also before it was
    opened, and ``counts`` say among how many trials.
    ``landed_at`` is when a fix landed; ``proof`` says in words what came since, and what is missing. ``runs_needed``
    are the further clean runs that it takes; None where no number of runs shows it. ``fails_still`` says that more than
    the proof is missing: no fix has landed, or what it was for is there still, or was seen again. Where nothing that is
    ``measured`` can show the fix, it is a person's word.
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
    runs_needed: int | None = None  # further clean runs that would show it; None where no number is known
    fails_still: bool = False
    measured: bool = True
    seen_at: tuple[datetime, ...] = ()
    counts: tuple[CauseCount, ...] = ()


class Trace(Record, frozen=True, kw_only=True):
    """One record that a figure rests on, the segment that holds it, and its line there, from 1."""

    record: Evidence
    segment: str
    line: int


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
    latest: tuple[Outcome, ...] = ()  # of the latest 40 runs, oldest first


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


class EnvironmentChange(Record, frozen=True, kw_only=True):
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
    redacted: tuple[Text, ...] = ()  # what a redaction changed since: it says so itself, and nothing else differs

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

    ``incident`` is the id of the recorded incident that it is about, empty where there is none. ``title`` is its first
    heading, in one line. ``not_recorded`` are the lines of its front matter that no record says, cut to what a page
    can show. ``problem`` says why the page cannot be shown.
    """

    name: str
    incident: str = ""
    title: str = ""
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
    unreadable: tuple[UnreadableFile, ...] = ()  # files of the ledger, as they lie there now
    looks: tuple[CheckpointVerdict, ...] = ()
    course: TimeSeries | None = None
    environments: tuple[EnvironmentTotals, ...] = ()
    changes: tuple[SettingsSnapshot, ...] = ()
    moved_defaults: tuple[Text, ...] = ()  # of Atalaya, since the settings were recorded
    pace: BurnRate | None = None
    flaky: tuple[FlakyTest, ...] = ()  # what did not just pass, the costliest first
    baseline: str = ""
    accepted: AcceptedBefore | None = None  # the release that is the baseline
    failed_tests: tuple[FailedTest, ...] = ()
    clean_tests: dict[str, int] = msgspec.field(default_factory=dict)  # the attempts of each test that only passed
    # what was seen of a limitation, as a sentence of the pack that can be translated
    worded: dict[str, Text] = msgspec.field(default_factory=dict)
    cells: tuple[CiCell, ...] = ()  # of CI, in the order of their names
    own_runs: tuple[OwnRuns, ...] = ()
    health: tuple[HealthSign, ...] = ()
    apart: tuple[Text, ...] = ()  # what CI told of and counts in nothing, a line for each reason
    broken_tests: tuple[BrokenTest, ...] = ()
    ci_runs: tuple[CiRun, ...] = ()  # in the order in which they ended
    settings: Settings = Settings()  # in force
    fixed_at: dict[str, datetime] = msgspec.field(default_factory=dict)
    defects_seeded: int = 0
    defects_caught: int = 0
    sees: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)  # the promises that see a metric's events
    state: str = "open"  # of the watch
    transitions: tuple[IncidentStep, ...] = ()
    followed: tuple[IncidentFollowUp, ...] = ()
    pages: tuple[IncidentPage, ...] = ()  # as they lie in incidents/ now
    said: tuple[VerdictRecord, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notices: tuple[Notice, ...] = ()
    notes: tuple[IncidentNote, ...] = ()  # the latest of each comment
    redactions: tuple[Redaction, ...] = ()
    artefacts: tuple[Artefact, ...] = ()  # newest last
    rooms: tuple[Compatibility, ...] = ()  # newest last
    apis: tuple[PublicApi, ...] = ()  # newest last
    built: tuple[Built, ...] = ()
    published: tuple[ArtefactFinding, ...] = ()  # what is wrong with what is served
    moves: tuple[EnvironmentChange, ...] = ()
    dispatch: DispatchPlan | None = None  # what is asked for at the checkpoint of now
    dispatches: tuple[Dispatch, ...] = ()  # the runs of CI that the watch started
    steps: tuple[WatchTransition, ...] = ()
    seal: SealState = SealState()
    questions: tuple[Question, ...] = ()
    disputed: tuple[Text, ...] = ()  # why the last record of an incident does not count as it was written
    digest: str = ""  # of the verdict and the metrics: what a decision names
