"""What a metric's checks see, from the seeded defects that they were shown."""

from __future__ import annotations

from atalaya.metrics.detector_power import sensitivity
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.stored import Environment, Proof
from tests.metrics.conftest import T0
from tests.ours import PACK

FRESH, BYPASS, TIMEOUT = "polling.fresh-status", "cache.bypass-per-request", "polling.timeout-is-timeout-error"


def proof(defect: str, expected: tuple[str, ...], caught_by: tuple[str, ...]) -> Proof:
    return Proof(
        run_id="r",
        environment=Environment.LOOPBACK,
        occurred_at=T0,
        recorded_at=T0,
        defect=defect,
        expected=expected,
        caught_by=caught_by,
    )


def test_a_defect_is_of_each_metric_whose_promises_it_should_break() -> None:
    found = sensitivity(PACK, [proof("one", (FRESH, TIMEOUT), (FRESH, TIMEOUT))])
    assert {id: (it.shown, it.caught) for id, it in found.items()} == {
        "network-errors": (0, 0),
        "polling-timeouts": (1, 1),
        "stale-cache": (1, 1),
    }
    assert found["network-errors"] == DetectorPower(shown=0, caught=0)


def test_a_defect_counts_once_and_as_caught_only_if_it_was_caught_each_time() -> None:
    caught, missed = proof("one", (BYPASS,), (BYPASS,)), proof("one", (BYPASS,), ())
    other = proof("two", (BYPASS,), (BYPASS, TIMEOUT))
    for shown in ([caught, missed, other], [missed, caught, other]):
        once = sensitivity(PACK, iter(shown))["stale-cache"]
        assert (once.shown, once.caught) == (2, 1)


def test_a_defect_that_one_of_its_promises_misses_was_not_caught() -> None:
    assert sensitivity(PACK, [proof("one", (BYPASS, FRESH), (BYPASS,))])["stale-cache"].caught == 0
