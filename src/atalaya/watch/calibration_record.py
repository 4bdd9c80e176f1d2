"""The stored result of a calibration: its records, the sentences for what is in them, and the file that holds it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace
from scipy import stats

from atalaya.core.errors import UsageError
from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, LOOKS_H, WINDOW_H
from atalaya.core.words import N_, Record, StrictEnum
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.stored import VerdictStatus

SCHEMA = "atalaya.calibration/1"
FILE = Path("reference") / "calibration.json"  # below docs/
MOST_JOBS = 2000  # beyond it, no number of jobs is looked for that would settle a rate


# ── what was simulated ───────────────────────────────────────────────────────


class Truth(StrictEnum):
    """What a verdict on a scenario ought to say."""

    HEALTHY = "healthy"  # an alarm is false
    SICK = "sick"  # GO is a miss
    UNSEEN = "unseen"  # nobody looked, so GO is a claim without evidence


class World(Record, frozen=True, kw_only=True):
    """What every simulated watch has in common.

    Each hour has one run of the checks and one smoke, which are two jobs. CI adds runs at equal distances; a job of
    theirs is decided once. Each wait of a smoke is a trial for a timeout, and one for a stale read.
    """

    hours: int = WINDOW_H
    requests_per_smoke: int = 16
    waits_per_smoke: int = 5
    ci_runs: int = 12
    jobs_per_ci_run: int = 5

    @property
    def days(self) -> int:
        return self.hours // DAY_H

    @property
    def own_jobs_a_day(self) -> int:
        return 2 * DAY_H

    @property
    def ci_runs_a_day(self) -> int:
        return self.ci_runs // self.days

    @property
    def jobs_a_day(self) -> int:
        return self.own_jobs_a_day + self.ci_runs_a_day * self.jobs_per_ci_run

    @property
    def jobs(self) -> int:
        return self.days * self.jobs_a_day

    @property
    def requests_a_day(self) -> int:
        return DAY_H * self.requests_per_smoke

    @property
    def waits(self) -> int:
        return self.hours * self.waits_per_smoke

    def ci_hour(self, run: int) -> int:
        """The hour in which a run of CI ends."""
        return self.hours * run // self.ci_runs


class Scenario(Record, frozen=True, kw_only=True):
    """One kind of watch, and what is true of it.

    ``icc`` is the correlation of two jobs of one run of CI. ``errors_per_request`` has a rate for each day.
    ``flaky_failure`` is how often one critical test fails in a run of CI; it is run once more when it does.
    From the first hour of ``asleep`` until the second nothing runs. ``rate_before`` is the job pass rate of the
    release that was accepted before, where there is one to compare with.
    """

    id: str
    truth: Truth
    says: str
    job_pass_rate: float = 0.99
    icc: float = 0.0
    errors_per_request: tuple[float, float, float] = (0.0, 0.0, 0.0)
    stale_per_wait: float = 0.0
    timeouts_per_wait: float = 0.0
    flaky_failure: float = 0.0
    asleep: tuple[int, int] = (0, 0)
    ci_delivers: bool = True
    rate_before: float | None = None

    @property
    def before(self) -> Scenario | None:
        """What the release before was; it was accepted, so of its watches those count that ended in GO."""
        if self.rate_before is None:
            return None
        return replace(self, id=f"{self.id}, before", job_pass_rate=self.rate_before, rate_before=None)

    @property
    def whole(self) -> bool:
        """Whether everything ran that should."""
        return self.ci_delivers and self.asleep[0] == self.asleep[1]

    @property
    def without_events(self) -> bool:
        """Whether nothing but jobs can go wrong."""
        events = (*self.errors_per_request, self.stale_per_wait, self.timeouts_per_wait, self.flaky_failure)
        return not any(events)


# ── what was found ───────────────────────────────────────────────────────────


class Beside(Record, frozen=True, kw_only=True):
    """In how many watches something happened, beside the probability that theory gives it."""

    id: str
    expected: float
    seen: int

    def p(self, watches: int) -> float:
        """How likely a count at least as far off would be: the exact binomial test, two-sided."""
        chance = min(1.0, max(0.0, self.expected))  # sums of floats may be beyond by a hair
        return float(stats.binomtest(self.seen, watches, chance).pvalue)


class Simple(Record, frozen=True, kw_only=True):
    """How a naive rule did: the watches that it alarmed at any look, and those that it was content with at T+72."""

    id: str
    alarmed: int
    go: int


class Wanting(Record, frozen=True, kw_only=True):
    """The watches that stay INCONCLUSIVE since the pass rate is not proven.

    ``more_jobs`` is the median of the clean jobs that each still needs. ``settle`` is the number of jobs from which
    on 80 % of watches at this true rate meet their threshold; None where that takes too many to tell.
    """

    watches: int
    more_jobs: int | None
    settle: int | None


class Found(Record, frozen=True, kw_only=True):
    """What became of all watches of one scenario, each a count of watches.

    ``words`` has the verdict's at each look, by its hours. ``off_track`` are those that were so at T+24 or T+48;
    ``alarmed`` were, or ended in NO-GO, EXTEND or INVALID at T+72, with every duty met that can be, and
    ``alarmed_by_any`` where the three duties that look at one run each are drawn too. ``alarmed_by_rate`` are those
    whose pass rate failed at any look, ``mended`` those in which it would have
    by a stricter rule of :data:`STRICTER_RULE_TEXTS`.
    """

    scenario: Scenario
    words: dict[str, dict[str, int]]
    off_track: int
    alarmed: int
    alarmed_by_any: int
    alarmed_by_rate: int
    mended: dict[str, int]
    theory: tuple[Beside, ...]
    naive: tuple[Simple, ...]
    wanting: Wanting

    def ended(self, word: VerdictStatus) -> int:
        """The watches that had this verdict at T+72."""
        return self.words[str(LOOKS_H[-1])].get(str(word), 0)


class Calibration(Record, frozen=True, kw_only=True):
    """One whole calibration: what was simulated, and what came of it."""

    made_by: str
    seed: int
    watches: int
    world: World
    thresholds: Thresholds
    detectors: dict[str, DetectorPower]
    found: tuple[Found, ...]
    schema: str = SCHEMA


def read(docs: Path) -> Calibration | None:
    """The calibration that lies in the tree; None where there is none yet.

    :raises UsageError: the file is there, and is not what ``calibrate`` writes.
    """
    path = docs / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as why:
        raise UsageError(f"{path}: this is no calibration: {why}. Make it again: nox -s calibrate") from None


def encoded(calibration: Calibration) -> str:
    """The file's text. It holds no time, so that the same command gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(calibration), indent=1).decode() + "\n"


# ── sentences, by the ids that the file holds ────────────────────────────────
# They lie here and not beside the simulation: the site prints and translates them, and has no simulation.

SCENARIO_TEXTS: dict[str, str] = {
    "healthy-99": N_("Healthy: 99 of 100 jobs end well, and nothing else happens"),
    "healthy-97": N_("Healthy: 97 of 100 jobs end well, and nothing else happens"),
    "healthy-96": N_("Healthy: 96 of 100 jobs end well, and nothing else happens"),
    "healthy-95": N_("Just healthy: 95 of 100 jobs end well, which is the threshold itself"),
    "healthy-97-together": N_(
        "Healthy: 97 of 100 jobs end well, and jobs of one run of CI fail together (correlation 0.3)"
    ),
    "healthy-96-together": N_(
        "Healthy: 96 of 100 jobs end well, and jobs of one run of CI fail together (correlation 0.3)"
    ),
    "steady-errors": N_("Healthy: 8 of 1000 requests meet a network error, on each day alike"),
    "healthy-97-compared": N_("Healthy: 97 of 100 jobs end well, as in the release that was accepted before"),
    "bad-90": N_("Sick: 90 of 100 jobs end well"),
    "bad-85": N_("Sick: 85 of 100 jobs end well"),
    "worse-90-compared": N_("Sick: 90 of 100 jobs end well, and 97 did in the release that was accepted before"),
    "flaky-test": N_("Sick: one critical test fails in 1 of 10 runs of CI, and is run once more when it does"),
    "rising-errors": N_("Sick: network errors double each day"),
    "stale-reads": N_("Sick: 1 of 200 waits reads a stale status from the cache"),
    "polling-timeouts": N_("Sick: 1 of 500 waits times out"),
    "slept": N_("Not seen: the watch slept for 14 hours, from T+20 to T+34"),
    "ci-silent": N_("Not seen: CI delivered nothing; the checks and the smoke ran"),
    "nothing-ran": N_("Not seen: nothing ran at all"),
}

STRICTER_RULE_TEXTS: dict[str, str] = {
    "clustered": N_("with the interval that allows for jobs of one run that fail together"),
    "spent": N_("with the 5 % spent over the three looks, as it is for trends"),
    "both": N_("with both"),
}

BASELINE_RULE_TEXTS: dict[str, str] = {
    "percentage": N_("Plain percentage: fewer jobs end well than the threshold asks for"),
    "rank-test": N_("Rank test: Mann and Whitney's on hourly counts of errors, the last day against the first"),
    "no-failures": N_("No failures seen: anything above zero is bad, and zero is good, whatever was tried"),
}

BASELINE_RULE_NAMES: dict[str, str] = {
    "percentage": N_("plain percentage"),
    "rank-test": N_("rank test"),
    "no-failures": N_("no failures seen"),
}

COMPUTED_TEXTS: dict[str, str] = {
    "rate-fails": N_("The pass rate fails at T+72"),
    "rate-ever-fails": N_("The pass rate fails at T+24, T+48 or T+72"),
    "rate-met": N_("The pass rate is met or proven at T+72"),
    "errors-rise": N_("The errors are shown to rise at T+72"),
    "errors-fall": N_("The errors are shown to fall at T+72"),
    "flaky-seen": N_("The flaky test both passes and fails by T+72"),
    "stale-seen": N_("A stale read happens by T+72"),
    "timeout-seen": N_("A timeout happens by T+72"),
}
