"""Tests that the smoke distinguishes network errors that a retry overcomes from those that stop it."""

import pytest

from atalaya.harness.fault_plan import FaultInjection, FaultPlan
from atalaya.harness.runner import run_smoke
from atalaya.mock_server.control import Control, Step
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.records.results import SmokeRun
from atalaya.records.stored import EventKind, Outcome
from atalaya.sdk.prepare import Prepared
from tests.ours import PACK

POLL = "status = self.get_export_status(export_id, use_get_cache=False)"
NETWORK = EventKind.NETWORK_ERROR


def weather(*gusts: FaultInjection) -> FaultPlan:
    return FaultPlan(gusts=gusts)


def waiting(run: SmokeRun) -> Outcome:
    return next(step.outcome for step in run.steps if step.id == "created-to-ready")


@pytest.mark.parametrize("fault", ["close", "truncated-body", "reset"])
def test_what_a_second_try_overcomes_is_kept_and_blocks_nothing(prepared: Prepared, fault: str) -> None:
    each = [FaultInjection(wait=number, request=number, fault=fault) for number in range(3)]
    run = run_smoke(prepared, waits=3, weather=weather(*each))
    assert [(event.kind, event.blocking) for event in run.events] == [(NETWORK, False)] * 3
    assert waiting(run) is Outcome.KEPT


def test_what_is_lost_twice_in_a_row_blocks_the_wait(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=2, weather=weather(FaultInjection(wait=0, request=1, times=2)))
    assert [(event.kind, event.blocking) for event in run.events] == [(NETWORK, True)] * 2
    assert waiting(run) is Outcome.BROKEN


def test_a_lost_get_before_the_wait_blocks_it_when_it_is_lost_twice(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=2, weather=weather(FaultInjection(wait=1, request=0, times=2)))
    assert [event.place for event in run.events] == ["get_export_status(smoke-0001)"] * 2
    assert (waiting(run), run.waits) == (Outcome.BROKEN, 1)


def test_the_place_of_an_error_is_the_wait_that_it_struck(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=3, weather=weather(FaultInjection(wait=2, request=2)))
    assert [event.place for event in run.events] == ["wait_for_export_ready(smoke-0002)"]


def test_a_second_try_is_one_wait_and_more_polls(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=2, weather=weather(FaultInjection(wait=0, request=1)))
    assert (run.waits, run.trials, run.polls) == (2, 2, 5)
    assert run.requests == 2 * 3 + 1 + 1  # the waits with the GET before each, the lost poll, the GET of the cache


def test_an_answer_that_is_only_slow_is_no_error(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=1, weather=weather(FaultInjection(wait=0, request=1, fault="drip")))
    assert run.events == ()


def test_a_lost_request_hides_no_stale_read(sdk_with) -> None:
    sick = sdk_with("clients/exports_client.py", POLL, "status = self.get_export_status(export_id)")
    run = run_smoke(sick, waits=1, weather=weather(FaultInjection(wait=0, request=1)))
    assert [event.kind for event in run.events] == [NETWORK, EventKind.STALE_READ]
    assert waiting(run) is Outcome.BROKEN


def test_on_a_real_service_a_wait_is_tried_once_more_too(prepared: Prepared) -> None:
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        # A real service is asked through the SDK's own retries: only more faults than those reach the caller.
        scope.default_life("CREATED", *[Step(state="CREATED", fault="close")] * 4, "READY")
        run = run_smoke(prepared, base_url=scope.base_url)
        seen = scope.log()
    assert [(event.kind, event.blocking) for event in run.events] == [(NETWORK, False)]
    assert waiting(run) is Outcome.KEPT
    assert (len(seen), run.requests) == (8, 5)  # the three retries within the SDK are nobody's to count


# ── what it tells of health ──────────────────────────────────────────────────


def test_each_export_is_told_with_its_state_its_time_and_its_polls(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=2, weather=FaultPlan(slower=1, failed=(1,)))
    assert [(export.state, export.took_ms, export.polls) for export in run.exports] == [
        ("READY", 400.0, 3),
        ("FAILED", 400.0, 3),
    ]
    assert (run.clock, waiting(run)) == ("virtual", Outcome.BROKEN)


def test_an_export_that_does_not_end_has_no_time(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=1, weather=FaultPlan(slower=1000))
    assert [(export.state, export.took_ms) for export in run.exports] == [("CREATED", None)]


@pytest.mark.parametrize(("times", "retries"), [(0, 0), (1, 1), (2, 1)])
def test_what_is_sent_again_after_a_loss_is_a_retry(prepared: Prepared, times: int, retries: int) -> None:
    gusts = [FaultInjection(wait=0, request=1, times=times)] if times else []
    assert run_smoke(prepared, waits=2, weather=weather(*gusts)).retries == retries


def test_a_retry_within_the_sdk_is_one_too(sdk_with) -> None:
    eager = sdk_with("http_client.py", "range(self.config.retries + 1)", "(-1, 0)")
    run = run_smoke(eager, waits=2, weather=weather(FaultInjection(wait=0, request=1)))
    assert (run.retries, run.events) == (1, ())


def test_on_a_real_service_times_are_real_and_retries_within_the_sdk_are_not_known(prepared: Prepared) -> None:
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        scope.default_life("CREATED", "FAILED")
        run = run_smoke(prepared, base_url=scope.base_url)
    (export,) = run.exports
    assert (export.state, export.polls, run.clock, run.retries) == ("FAILED", 2, "real", None)
    assert export.took_ms is not None
