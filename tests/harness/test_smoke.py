"""Tests of the smoke: its three steps on loopback and on a real service, and its counts."""

import json
from pathlib import Path

import pytest

from atalaya.cli.main import main
from atalaya.core.environment import Secret
from atalaya.harness.runner import run_smoke
from atalaya.mock_server.control import Control
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.records.results import SmokeRun
from atalaya.records.stored import EventKind, Outcome
from atalaya.sdk.prepare import Prepared
from tests.ours import PACK

WAIT = "        start = time.monotonic()\n"
POLL = "status = self.get_export_status(export_id, use_get_cache=False)"
EXPORTS = "clients/exports_client.py"


def outcomes(run: SmokeRun) -> dict[str, Outcome]:
    return {step.id: step.outcome for step in run.steps}


def test_a_healthy_sdk_passes_on_loopback_and_says_how_much_it_tried(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=3)
    assert set(outcomes(run).values()) == {Outcome.KEPT}
    assert (run.waits, run.trials, run.polls) == (3, 3, 6)
    assert run.events == ()


def test_a_healthy_sdk_passes_against_a_service_in_real_time(prepared: Prepared) -> None:
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        scope.default_life("CREATED", "READY")
        credentials = {"access_token": Secret("tok"), "store_id": Secret("s-1")}
        run = run_smoke(prepared, base_url=scope.base_url, credentials=credentials)
        seen = scope.log()
    assert set(outcomes(run).values()) == {Outcome.KEPT}, run.steps
    assert run.trials == 0
    assert run.requests == len(seen)
    assert {request.headers["authorization"] for request in seen} == {"Bearer tok"}


def test_a_service_that_is_not_there_is_a_network_error_and_tells_nothing_of_the_sdk(prepared: Prepared) -> None:
    with ServiceProcess(pack=PACK.folder) as service, Control(service.control_port) as control:
        scope = control.open_scope()
        gone = scope.base_url
        scope.close()
        run = run_smoke(prepared, base_url=gone)
    assert outcomes(run)["created-to-ready"] is Outcome.UNKNOWN
    assert outcomes(run)["strict-config"] is Outcome.KEPT
    assert f"nothing answers at {gone} (Connection refused)" in next(
        step.reason for step in run.steps if step.id == "created-to-ready"
    )
    assert {event.kind for event in run.events} == {EventKind.NETWORK_ERROR}


def test_an_sdk_that_does_not_reach_a_service_that_is_there_is_broken(sdk_with) -> None:
    asks = "    def url(self, path: str) -> str:\n"
    sick = sdk_with("http_client.py", asks, asks + '        return "http://127.0.0.1:9" + path\n')
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        run = run_smoke(sick, base_url=scope.base_url)
    assert outcomes(run)["created-to-ready"] is Outcome.BROKEN


def test_a_poll_that_reads_the_cache_is_a_stale_read(sdk_with) -> None:
    run = run_smoke(sdk_with(EXPORTS, POLL, "status = self.get_export_status(export_id)"), waits=2)
    assert outcomes(run)["created-to-ready"] is Outcome.BROKEN
    assert [event.kind for event in run.events] == [EventKind.STALE_READ] * 2


def test_a_wait_that_fails_before_its_first_poll_is_no_stale_read(sdk_with) -> None:
    run = run_smoke(sdk_with(EXPORTS, WAIT, WAIT + "        raise RuntimeError('no')\n"), waits=2)
    assert outcomes(run)["created-to-ready"] is Outcome.BROKEN
    assert run.events == ()


def test_a_fallback_address_breaks_its_own_step_only(sdk_with) -> None:
    sick = sdk_with("config.py", '_text("ARIS3_API_BASE_URL")\n', '_text("ARIS3_API_BASE_URL") or "http://x"\n')
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        scope.default_life("READY")
        run = run_smoke(sick, base_url=scope.base_url)
    assert outcomes(run) == {
        "strict-config": Outcome.BROKEN,
        "created-to-ready": Outcome.KEPT,
        "cache-outside-polling": Outcome.KEPT,
    }


def test_the_command_writes_json_and_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, log = tmp_path / "smoke.json", tmp_path / "smoke.log"
    code = main(["--root", str(tmp_path), "smoke", "--waits", "2", "--report", str(report), "--log", str(log)])
    assert code == 0, capsys.readouterr().err
    assert json.loads(report.read_text())["waits"] == 2
    assert "waits=2 stale_trials=2" in log.read_text()
