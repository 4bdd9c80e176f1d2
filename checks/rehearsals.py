"""The watches that a team can train with: what happens to the release in each."""

from __future__ import annotations

from collections.abc import Mapping

from atalaya.harness.declare import Severity
from atalaya.harness.scenarios import (
    Build,
    Dispatch,
    Extend,
    Network,
    PullRequest,
    Repeat,
    Report,
    Scenario,
    Schedule,
    Sign,
    Squash,
    Visit,
)

JOBS = (
    "ubuntu-latest / py3.10 / full",
    "ubuntu-latest / py3.11 / full",
    "ubuntu-latest / py3.12 / full",
    "windows-latest / py3.11 / smoke",
)
FIVE = (*JOBS, "macos-latest / py3.12 / smoke")
CI = (Dispatch(0.5, FIVE, event="schedule", every_h=6),)  # twelve runs in 72 hours

SIGNED_ON_THE_WAY = (
    Sign(24.5, 24, "review-pass-rate", "Read the day's jobs; none that failed."),
    Sign(24.5, 24, "review-network", "Read the network's errors one by one; none that stopped a run."),
)
SIGNED_AT_THE_END = (
    Sign(72.5, 72, "incidents-updated", "No incident is open."),
    Sign(72.5, 72, "backlog-published", "The backlog is handed over in this order."),
)

SCENARIOS: Mapping[str, Scenario] = {
    "healthy": Scenario(
        "Nothing happens: the SDK keeps its promises for 72 hours, each of twelve runs of CI is green, and "
        "people sign what they have read.",
        (*CI, *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "stale-cache": Scenario(
        "From T+30 the polls of every eighth hour's smoke read the cache, as if one worker in eight had a sick build. "
        "CI's own runs miss it; one job that on-call dispatches at T+30 meets it, and its re-run does not. The network "
        "gets worse at the same time, is worst around T+44, and is mended at T+58. Two incidents are opened; the fix "
        "of the critical one lands at T+55. What came in four smokes of 55 takes 40 clean ones to be rejected, so the "
        "fix is not proven by T+72, when the word is NO-GO. The watch is extended to T+96, the fix proves itself, and "
        "the watch ends in GO.",
        (
            *SIGNED_ON_THE_WAY,
            Dispatch(3.5, FIVE, event="schedule", every_h=6),
            Dispatch(30.2, JOBS[1:2]),
            Dispatch(32.2, JOBS[1:2], again_of=30.2),
            Network(8, 0.05),
            Network(30, 1.0),
            Network(36, 1.6),
            Network(42, 2.2),
            Network(48, 0.3),
            Network(58, 0.0),
            Build(30, "polls-read-the-cache", every=8),
            Build(55),
            Report(
                31,
                "INC-1",
                "open",
                "The smoke of T+30 saw polls answered from the cache.",
                severity=Severity.CRITICAL,
                metric="stale-cache",
                impact="Some exports show as unfinished up to three seconds after they are ready.",
            ),
            Report(31.5, "INC-1", "acknowledged", "On-call has it: one smoke in eight meets it."),
            Report(
                34,
                "INC-2",
                "open",
                "Every smoke since T+30 has lost requests to the network.",
                metric="network-errors",
                impact="Waits for an export need a second try.",
            ),
            Report(34.5, "INC-2", "acknowledged", "Handed to those who run the proxy."),
            Report(
                58,
                "INC-2",
                "monitoring",
                "The proxy is mended.",
                root_cause="A proxy in front of the service closed connections under load.",
                fix="The proxy keeps connections open for as long as the service does.",
            ),
            Report(59, "INC-2", "resolved", "Enough requests without an error since the fix.", once_proven=True),
            Report(
                55,
                "INC-1",
                "monitoring",
                "The fix is on every worker.",
                root_cause="One worker in eight ran a build whose polls went through the cache of GETs.",
                fix="The build was withdrawn; every worker polls with use_get_cache=False.",
            ),
            Report(56, "INC-1", "resolved", "Enough smokes without a stale read since the fix.", once_proven=True),
            Extend(72.5, 96, "The fix of INC-1 is not proven yet: it takes more clean smokes."),
            Sign(72.5, 72, "incidents-updated", "INC-2 is resolved; INC-1 is watched for another day."),
            Sign(96.5, 72, "backlog-published", "The backlog is handed over in this order."),
        ),
    ),
    "team": Scenario(
        "A team follows the runbook by hand, and nothing fires by itself. Somebody comes by four times and runs the "
        "checks and the smoke, and two runs of CI are dispatched each time; one of the first two is of the branch that "
        "the release was squashed from. Three pull requests run CI as well, one of them with a defect: they test "
        "something else, and count in nothing. The SDK's own tests are repeated once.",
        (
            Schedule(0, False),
            Squash(0.2, "release/1.1.0"),
            Dispatch(0.3, JOBS),
            Dispatch(0.4, JOBS, commit="release/1.1.0"),
            Visit(0.5),
            PullRequest(9.4, JOBS, "refs/pull/41/merge"),
            Dispatch(23.8, JOBS),
            Dispatch(23.9, JOBS),
            Visit(24),
            *SIGNED_ON_THE_WAY,
            PullRequest(29.7, JOBS, "refs/pull/42/merge", defect="polls-read-the-cache"),
            Dispatch(47.8, JOBS),
            Dispatch(47.9, JOBS),
            Visit(48),
            Repeat(49, 10),
            PullRequest(53.1, JOBS, "refs/pull/43/merge"),
            Dispatch(71.7, JOBS),
            Dispatch(71.8, JOBS),
            Visit(71.9),
            *SIGNED_AT_THE_END,
        ),
    ),
    "slept": Scenario(
        "The schedule does not fire from T+20 to T+34, and nothing else happens: what was not seen is not known.",
        (*CI, Schedule(20, False), Schedule(34, True), *SIGNED_AT_THE_END),
    ),
    "rare-stale": Scenario(
        "From T+11 the first poll of a wait reads the cache in one hour of thirty, and nobody opens an incident.",
        (*CI, Build(11, "first-poll-reads-the-cache", every=30), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "worse-network": Scenario(
        "The network gets worse each day, though it stops no run, and nobody opens an incident.",
        (*CI, Network(0, 0.1), Network(24, 0.4), Network(48, 1.0), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
}
