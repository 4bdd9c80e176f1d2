"""The watches that a team can train with: what happens to the release in each."""

from __future__ import annotations

from collections.abc import Mapping

from atalaya.harness.declare import Severity
from atalaya.harness.scenarios import Build, Extend, Network, Report, Scenario, Schedule, Sign

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
        "Nothing happens: the SDK keeps its promises for 72 hours, and people sign what they have read.",
        (*SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "stale-cache": Scenario(
        "From T+30 the polls of every eighth hour's smoke read the cache, as if one worker in eight had a sick build. "
        "The network gets worse at the same time, is worst around T+44, and is mended at T+58. Two incidents are "
        "opened; the fix of the critical one lands at T+55. What came in four smokes of 55 takes 40 clean ones to be "
        "rejected, so the fix is not proven by T+72. The watch is extended to T+96, the fix proves itself, and the "
        "watch closes.",
        (
            *SIGNED_ON_THE_WAY,
            Network(8, 0.15),
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
    "slept": Scenario(
        "The schedule does not fire from T+20 to T+34, and nothing else happens: what was not seen is not known.",
        (Schedule(20, False), Schedule(34, True), *SIGNED_AT_THE_END),
    ),
    "rare-stale": Scenario(
        "From T+11 the first poll of a wait reads the cache in one hour of thirty, and nobody opens an incident.",
        (Build(11, "first-poll-reads-the-cache", every=30), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "worse-network": Scenario(
        "The network gets worse each day, though it stops no run, and nobody opens an incident.",
        (Network(0, 0.1), Network(24, 0.4), Network(48, 1.0), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
}
