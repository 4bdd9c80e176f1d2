"""Tests that the reference SDK keeps what the contract states, against a real socket."""

# The expected value stands first in every assertion of this project.
# ruff: noqa: SIM300

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

STATUS = {
    "export_id": "e1",
    "tenant_id": "t",
    "store_id": "s",
    "source_type": "reports_daily",
    "format": "csv",
    "filters_snapshot": {},
    "status": "CREATED",
    "row_count": 0,
    "created_at": "2030-01-01T00:00:00Z",
}
REQUEST = {"source_type": "reports_daily", "format": "csv", "filters": {}, "transaction_id": "tx"}
EXPORT = "/aris3/exports/e1"
REPORT = "/aris3/reports/overview"
DROP = object()  # close the connection without an answer


def status(state: str, **more: object) -> dict[str, object]:
    return {**STATUS, "status": state, **more}


# A loopback service of a few lines -----------------------------------------------------------------


class Service(ThreadingHTTPServer):
    """Answers what was scripted for a path, the last answer for ever; otherwise a count."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, Any]] = []
        self.script: dict[str, list[Any]] = {}
        self.before_answer: Callable[[], object] = lambda: None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answers(self, path: str, *answers: Any) -> None:
        """Each answer is a JSON value, a pair (status code, value), a triple with headers, or ``DROP``."""
        self.script[path] = list(answers)

    def next_answer(self, path: str) -> Any:
        left = self.script.get(path.split("?")[0], [{"count": len(self.seen)}])
        return left.pop(0) if len(left) > 1 else left[0]

    @property
    def targets(self) -> list[str]:
        return [f"{request['method']} {request['path']}" for request in self.seen]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    server: Service

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = {"method": self.command, "path": self.path, "headers": self.headers, "body": body}
        self.server.seen.append({**request, "at": time.monotonic()})
        self.server.before_answer()
        answer = self.server.next_answer(self.path)
        if answer is DROP:
            self.close_connection = True
            return
        code, value, *rest = answer if isinstance(answer, tuple) else (200, answer)
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(code)
        for name, text in {"Content-Length": str(len(content)), **(rest[0] if rest else {})}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def environment(tmp_path: Path) -> Iterator[None]:
    """No proxy, no ``ARIS3_*``, an empty home; what a test loads into the environment goes with it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("ARIS3_") or "proxy" in name.lower()]:
        del os.environ[name]
    os.environ.update(HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "data"))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def client(sdk: ModuleType, service: Service) -> Callable[..., Any]:
    """Make an ``HttpClient``: no retries unless the test is about them."""

    def make(*, trace: object = None, cache_ttl_seconds: float = 3.0, **config: Any) -> Any:
        settings = {"api_base_url": service.url, "retries": 0, "retry_backoff_seconds": 0.0, **config}
        return sdk.HttpClient(
            sdk.ClientConfig(env_name="dev", **settings), trace=trace, cache_ttl_seconds=cache_ttl_seconds
        )

    return make


@pytest.fixture
def exports(sdk: ModuleType, client: Callable[..., Any]) -> Any:
    return sdk.clients.exports_client.ExportsClient(http=client(), access_token="secret")


class Clock:
    """Virtual time, in place of the standard library's: nobody waits, and the pauses are exact."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return 1000.0 + sum(self.sleeps)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0, "time would stand still, and the test with it"
        self.sleeps.append(seconds)


@pytest.fixture
def clock(exports: Any, service: Service, monkeypatch: pytest.MonkeyPatch) -> Clock:
    virtual = Clock()
    monkeypatch.setattr(time, "monotonic", virtual.monotonic)
    monkeypatch.setattr(time, "sleep", virtual.sleep)
    return virtual


def dead_url() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


# Package -------------------------------------------------------------------------------------------


def test_version_is_that_of_the_project_file(sdk: ModuleType, reference_root: Path) -> None:
    project = tomllib.loads((reference_root / "pyproject.toml").read_text())["project"]
    assert sdk.__version__ == project["version"]


def test_every_public_name_exists(sdk: ModuleType) -> None:
    assert [] == [name for name in sdk.__all__ if not hasattr(sdk, name)]


@pytest.mark.parametrize("name", ["ExportsClient", "ExportWaitResult", "ExportTerminalState", "ConflictError"])
def test_a_name_that_is_not_promised_at_top_level_is_not_there(sdk: ModuleType, name: str) -> None:
    assert not hasattr(sdk, name)


def test_importing_loads_no_http_library(reference_root: Path) -> None:
    code = "import sys, aris3_client_sdk; print('httpx' in sys.modules, 'dotenv' in sys.modules)"
    environ = {**os.environ, "PYTHONPATH": str(reference_root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    assert "False False" == subprocess.check_output([sys.executable, "-c", code], env=environ, text=True).strip()


def test_signatures_are_those_of_the_contract(sdk: ModuleType) -> None:
    request = (
        "(self, method, path, *, headers=None, json_body=None, params=None, response_hook=None, "
        "retry_mutation=False, module='unknown', operation='unknown', use_get_cache=True, "
        "context_key=None, context_version=None, invalidate_paths=None)"
    )
    wait = "(self, export_id, *, timeout_sec=30.0, poll_interval_sec=2.0, cancel_check=None, telemetry_hook=None)"
    exports_client = sdk.clients.exports_client.ExportsClient
    assert request == bare_signature(sdk.HttpClient.request)
    assert wait == bare_signature(exports_client.wait_for_export_ready)
    assert "(self, export_id, *, use_get_cache=True)" == bare_signature(exports_client.get_export_status)


def bare_signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    plain = [item.replace(annotation=inspect.Parameter.empty) for item in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def test_http_client_has_the_fields_of_the_contract_in_order(sdk: ModuleType) -> None:
    expected = (
        "config trace session before_request after_response cache_ttl_seconds enable_get_cache "
        "_cache _context_versions last_operation"
    )
    assert expected.split() == [field.name for field in fields(sdk.HttpClient)]


# Configuration -------------------------------------------------------------------------------------


def load(sdk: ModuleType, **environ: str) -> Any:
    """``load_config`` without a file, from these variables and a valid address."""
    os.environ.update({"ARIS3_API_BASE_URL": "http://h", **environ})
    return sdk.load_config("")


def test_a_config_cannot_be_assigned_to(sdk: ModuleType) -> None:
    with pytest.raises(FrozenInstanceError):
        sdk.ClientConfig("dev", "http://h").retries = 1


def test_defaults_of_the_dataclass(sdk: ModuleType) -> None:
    expected = (5.0, 15.0, 3, 0.3, False, 0.0, 0.0, 20, True)
    config = sdk.ClientConfig("dev", "http://h")
    assert expected == tuple(getattr(config, field.name) for field in fields(config))[2:]


def test_defaults_of_the_environment(sdk: ModuleType) -> None:
    assert sdk.ClientConfig("dev", "http://h", read_timeout_seconds=10.0) == load(sdk)


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_address_is_a_config_error_that_names_the_variable(sdk: ModuleType, value: str | None) -> None:
    if value is not None:
        os.environ.update(ARIS3_API_BASE_URL=value, ARIS3_API_BASE_URL_DEV=value)
    with pytest.raises(sdk.ConfigError, match="ARIS3_API_BASE_URL"):
        sdk.load_config("")


def test_the_address_of_another_profile_is_not_taken(sdk: ModuleType) -> None:
    os.environ.update(ARIS3_ENV="staging", ARIS3_API_BASE_URL_PROD="http://prod")
    with pytest.raises(sdk.ConfigError, match="ARIS3_API_BASE_URL"):
        sdk.load_config("")


@pytest.mark.parametrize(("expected", "own"), [("http://own", " http://own// "), ("http://h", "  "), ("http://h", "")])
def test_the_address_of_the_profile_comes_first_if_it_is_not_empty(sdk: ModuleType, expected: str, own: str) -> None:
    assert expected == load(sdk, ARIS3_ENV="QA", ARIS3_API_BASE_URL_QA=own).api_base_url


@pytest.mark.parametrize(("expected", "value"), [("dev", ""), ("", "  "), ("QA", " QA ")])
def test_the_environment_keeps_its_case_and_loses_its_spaces(sdk: ModuleType, expected: str, value: str) -> None:
    assert expected == load(sdk, ARIS3_ENV=value).env_name


def test_the_normalized_environment_is_lower_case(sdk: ModuleType) -> None:
    assert "qa" == sdk.ClientConfig(" QA ", "http://h").normalized_env


@pytest.mark.parametrize(
    ("expected", "environ"),
    [
        ((2, 2), {"ARIS3_TIMEOUT_SECONDS": "2"}),
        ((5, 60), {"ARIS3_TIMEOUT_SECONDS": "60"}),
        ((30, 30), {"ARIS3_CONNECT_TIMEOUT_SECONDS": "30"}),
        ((5, 1000), {"ARIS3_READ_TIMEOUT_SECONDS": " 1e3 "}),
        ((5, float("inf")), {"ARIS3_READ_TIMEOUT_SECONDS": "inf"}),
    ],
)
def test_timeouts_follow_from_one_another(
    sdk: ModuleType, expected: tuple[float, float], environ: dict[str, str]
) -> None:
    config = load(sdk, **environ)
    assert expected == (config.connect_timeout_seconds, config.read_timeout_seconds)


@pytest.mark.parametrize(
    ("name", "out_of_range"),
    [
        ("ARIS3_TIMEOUT_SECONDS", "0"),
        ("ARIS3_CONNECT_TIMEOUT_SECONDS", "0"),
        ("ARIS3_READ_TIMEOUT_SECONDS", "-1"),
        ("ARIS3_RETRIES", "-1"),
        ("ARIS3_RETRY_BACKOFF_SECONDS", "-0.1"),
        ("ARIS3_RETRY_JITTER_MIN_SECONDS", "-0.1"),
        ("ARIS3_RETRY_JITTER_MAX_SECONDS", "-0.1"),
        ("ARIS3_MAX_CONNECTIONS", "0"),
    ],
)
def test_a_bad_number_is_a_config_error_that_names_its_variable(sdk: ModuleType, name: str, out_of_range: str) -> None:
    for value in ("abc", "", "nan", out_of_range):
        with pytest.raises(sdk.ConfigError, match=name):
            load(sdk, **{name: value})


def test_the_jitter_maximum_may_not_be_below_the_minimum(sdk: ModuleType) -> None:
    with pytest.raises(sdk.ConfigError, match="ARIS3_RETRY_JITTER_MAX_SECONDS"):
        load(sdk, ARIS3_RETRY_JITTER_MIN_SECONDS="2", ARIS3_RETRY_JITTER_MAX_SECONDS="1")


def test_a_whole_number_is_refused_with_a_point_and_read_with_an_underscore(sdk: ModuleType) -> None:
    assert 10 == load(sdk, ARIS3_RETRIES="1_0").retries
    with pytest.raises(sdk.ConfigError):
        load(sdk, ARIS3_RETRIES="3.0")


def test_a_bad_number_is_reported_before_a_missing_address(sdk: ModuleType) -> None:
    os.environ.update(ARIS3_RETRIES="abc")
    with pytest.raises(sdk.ConfigError, match="ARIS3_RETRIES"):
        sdk.load_config("")


@pytest.mark.parametrize(
    ("expected", "text"),
    [(True, " YES "), (True, "1"), (True, "true"), (True, "On"), (False, ""), (False, "ture"), (False, "0")],
)
def test_only_the_words_for_true_are_true(sdk: ModuleType, expected: bool, text: str) -> None:
    assert expected == load(sdk, ARIS3_VERIFY_SSL=text).verify_ssl


# .env files ----------------------------------------------------------------------------------------


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    pytest.importorskip("dotenv", reason="python-dotenv reads .env files")
    path = tmp_path / "some.env"
    path.write_text("ARIS3_API_BASE_URL=http://file\nARIS3_RETRIES=7\n")
    return path


def test_a_file_fills_in_what_the_environment_lacks_and_stays_there(sdk: ModuleType, env_file: Path) -> None:
    os.environ["ARIS3_RETRIES"] = "1"
    config = sdk.load_config(str(env_file))
    assert ("http://file", 1) == (config.api_base_url, config.retries)
    assert "http://file" == sdk.load_config("").api_base_url


def test_an_empty_variable_wins_over_the_file(sdk: ModuleType, env_file: Path) -> None:
    os.environ["ARIS3_API_BASE_URL"] = ""
    with pytest.raises(sdk.ConfigError):
        sdk.load_config(str(env_file))


def test_a_missing_file_and_a_folder_are_ignored(sdk: ModuleType, env_file: Path) -> None:
    os.environ["ARIS3_API_BASE_URL"] = "http://h"
    for path in (env_file.with_name("none.env"), env_file.parent):
        assert "http://h" == sdk.load_config(str(path)).api_base_url


def test_a_file_that_is_not_utf_8_is_a_config_error(sdk: ModuleType, env_file: Path) -> None:
    env_file.write_bytes(b"ARIS3_ENV=\xff\xfe\n")
    with pytest.raises(sdk.ConfigError, match="UTF-8"):
        sdk.load_config(str(env_file))


@pytest.mark.parametrize(("expected", "as_script"), [("http://beside-the-sdk", True), ("http://here", False)])
def test_discovery_starts_at_the_package_or_where_there_is_no_script_here(
    env_file: Path, reference_root: Path, tmp_path: Path, expected: str, as_script: bool
) -> None:
    shutil.copytree(reference_root / "src", tmp_path / "copy")
    here = tmp_path / "here"
    here.mkdir()
    (here / ".env").write_text("ARIS3_API_BASE_URL=http://here")
    (tmp_path / "copy" / ".env").write_text("ARIS3_API_BASE_URL=http://beside-the-sdk")
    program = "from aris3_client_sdk import load_config; print(load_config().api_base_url)"
    (here / "program.py").write_text(program)
    command = [sys.executable, *(["program.py"] if as_script else ["-c", program])]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "copy")}
    assert expected == subprocess.check_output(command, cwd=here, env=environ, text=True).strip()


# Tracing and idempotency ---------------------------------------------------------------------------


def test_without_a_context_each_request_has_an_id_of_its_own(client: Any, service: Service) -> None:
    http = client()
    http.request("POST", "/a")
    http.request("POST", "/a")
    assert 2 == len({request["headers"]["X-Trace-ID"] for request in service.seen})
    assert http.trace is None


def test_the_answered_id_is_sent_with_the_next_request(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/a", (200, {"trace_id": "body"}, {"x-trace-id": "answered"}))
    http = client(trace=sdk.TraceContext("first"))
    http.request("POST", "/a")
    http.request("POST", "/a")
    assert ["first", "answered"] == [request["headers"]["X-Trace-ID"] for request in service.seen]


def test_the_id_in_an_error_body_beats_the_header(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/a", (400, {"trace_id": "body"}, {"X-Trace-ID": "header"}))
    http = client(trace=sdk.TraceContext("first"))
    with pytest.raises(sdk.ValidationError) as caught:
        http.request("POST", "/a")
    assert ("body", "body") == (http.trace.trace_id, caught.value.trace_id)


@pytest.mark.parametrize("name", ["X-Trace-ID", "x-trace-id"])
def test_a_callers_trace_header_is_overwritten(sdk: ModuleType, client: Any, service: Service, name: str) -> None:
    client(trace=sdk.TraceContext("ours")).request("GET", "/a", headers={name: "theirs"})
    assert ["ours"] == service.seen[0]["headers"].get_all("X-Trace-ID")


def test_a_context_makes_one_id_and_keeps_it(sdk: ModuleType) -> None:
    trace = sdk.TraceContext()
    assert trace.ensure() == trace.ensure()
    trace.update_from_payload({"trace_id": ""})
    trace.update_from_payload(["trace_id"])
    assert trace.trace_id == trace.ensure()


def test_idempotency_keys_are_kept_if_given_and_new_if_not(sdk: ModuleType) -> None:
    keys = sdk.resolve_idempotency_keys(transaction_id="tx")
    assert "tx" == keys.transaction_id
    assert {"Idempotency-Key": keys.idempotency_key} == sdk.idempotency_headers(keys)
    assert sdk.new_idempotency_keys() != sdk.new_idempotency_keys()


# Requests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_prefix_of_the_address_is_kept(client: Any, service: Service, slash: str) -> None:
    client(api_base_url=f"{service.url}/base{slash}").request("GET", "/aris3/exports")
    assert ["GET /base/aris3/exports"] == service.targets


@pytest.mark.parametrize("form", ["{url}/x", "//{host}/x", "/{url}/x"])
def test_an_absolute_url_as_path_never_leaves_the_host(client: Any, service: Service, form: str) -> None:
    with Service() as other, contextlib.suppress(Exception):
        path = form.format(url=other.url, host=other.url.removeprefix("http://"))
        client().request("GET", path, headers={"Authorization": "Bearer secret"})
    assert ([], 1) == (other.seen, len(service.seen))


def test_headers_are_accept_then_the_callers_then_the_trace(client: Any, service: Service) -> None:
    client().request("GET", "/a")
    client().request("GET", "/a", headers={"accept": "text/csv"})
    assert [["application/json"], ["text/csv"]] == [r["headers"].get_all("Accept") for r in service.seen]


def test_a_json_body_says_that_it_is_json(client: Any, service: Service) -> None:
    client().request("POST", "/a", json_body={"x": 1})
    assert {"x": 1} == json.loads(service.seen[0]["body"])
    assert "application/json" == service.seen[0]["headers"]["Content-Type"]


def test_parameters_are_added_to_the_query_and_none_is_left_out(client: Any, service: Service) -> None:
    client().request("GET", "/a?b=1", params={"c": [2, 3], "d": None, "e": "x y", "f": date(2030, 1, 2)})
    assert ["GET /a?b=1&c=2&c=3&e=x+y&f=2030-01-02"] == service.targets


def test_a_redirect_turns_post_into_get(client: Any, service: Service) -> None:
    service.answers("/a", (302, b"", {"Location": "/b"}))
    client().request("POST", "/a", json_body={})
    assert ["POST /a", "GET /b"] == service.targets


def test_a_bare_redirect_counts_as_success(client: Any, service: Service) -> None:
    service.answers("/a", (304, b""))
    assert client().request("GET", "/a") is None


def test_an_entry_in_netrc_does_not_replace_the_token(client: Any, service: Service, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password p\n")
    client().request("GET", "/a", headers={"Authorization": "Bearer secret"})
    assert "Bearer secret" == service.seen[0]["headers"]["Authorization"]


def test_a_given_session_is_used_as_it_is(sdk: ModuleType, client: Any) -> None:
    first = client()
    assert first.session is sdk.HttpClient(first.config, session=first.session).session


def test_only_headers_changed_in_place_by_the_first_hook_take_effect(client: Any, service: Service) -> None:
    calls = []

    def hook(method: str, url: str, context: dict[str, Any]) -> None:
        calls.append((method, url, sorted(context)))
        context["headers"]["X-More"] = "yes"
        context["params"]["a"] = 2
        context["params"] = {"a": 3}

    http = client()
    http.before_request = hook
    http.request("get", "/a", params={"a": 1})
    assert [("GET", f"{service.url}/a", ["headers", "json_body", "params"])] == calls
    assert ["GET /a?a=1"] == service.targets
    assert "yes" == service.seen[0]["headers"]["X-More"]


def test_hooks_see_the_answer_in_order(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/a", (500, {}, {"X-Trace-ID": "answered"}))
    seen: list[tuple[str, str | None]] = []
    http = client(trace=sdk.TraceContext("first"))
    http.after_response = lambda response: seen.append((str(response.status_code), http.trace.trace_id))
    with pytest.raises(sdk.ServerError):
        http.request("GET", "/a", response_hook=lambda _: seen.append(("hook", http.trace.trace_id)))
    assert [("500", "first"), ("hook", "answered")] == seen


@pytest.mark.parametrize(("expected", "body"), [(None, b""), (None, b"null"), ([], b"[]"), (0, b"0")])
def test_a_success_is_its_decoded_body(client: Any, service: Service, expected: object, body: bytes) -> None:
    service.answers("/a", (200, body))
    assert expected == client().request("GET", "/a")


def test_a_success_that_is_not_json_is_an_api_error(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/a", (200, b"<html>"))
    with pytest.raises(sdk.ApiError) as caught:
        client().request("GET", "/a")
    assert ("INVALID_RESPONSE", 200) == (caught.value.code, caught.value.status_code)


# Retries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "method", "options"),
    [(3, "GET", {}), (3, "HEAD", {}), (1, "POST", {}), (3, "POST", {"retry_mutation": True})],
)
@pytest.mark.parametrize("failure", [(503, {}), DROP])
def test_reads_and_what_the_caller_allows_are_retried(
    sdk: ModuleType, client: Any, service: Service, expected: int, method: str, options: Any, failure: object
) -> None:
    service.answers("/a", failure)
    with pytest.raises(sdk.ApiError):
        client(retries=2).request(method, "/a", **options)
    assert expected == len(service.seen)


@pytest.mark.parametrize("code", [400, 404, 408, 429])
def test_nothing_below_500_is_retried(sdk: ModuleType, client: Any, service: Service, code: int) -> None:
    service.answers("/a", (code, {}, {"Retry-After": "0"}))
    with pytest.raises(sdk.ApiError):
        client(retries=2).request("GET", "/a")
    assert 1 == len(service.seen)


def test_a_retry_that_succeeds_is_a_success(client: Any, service: Service) -> None:
    service.answers("/a", DROP, (500, {}), {"at": "last"})
    assert {"at": "last"} == client(retries=2).request("GET", "/a")


@pytest.mark.parametrize(("expected", "jitter"), [([0.1, 0.2, 0.4], False), ([0.6, 0.7, 0.9], True)])
def test_the_delay_doubles_and_jitter_is_added(
    sdk: ModuleType, client: Any, service: Service, clock: Clock, expected: list[float], jitter: bool
) -> None:
    service.answers("/a", (500, {}))
    spread = {"retry_jitter_min_seconds": 0.5, "retry_jitter_max_seconds": 0.5}
    with pytest.raises(sdk.ServerError):
        client(retries=3, retry_backoff_seconds=0.1, retry_jitter_enabled=jitter, **spread).request("GET", "/a")
    assert expected == pytest.approx(clock.sleeps)


def test_jitter_is_drawn_between_its_bounds(sdk: ModuleType, client: Any, service: Service, clock: Clock) -> None:
    service.answers("/a", (500, {}))
    spread = {"retry_jitter_min_seconds": 1.0, "retry_jitter_max_seconds": 2.0}
    with pytest.raises(sdk.ServerError):
        client(retries=9, retry_jitter_enabled=True, **spread).request("GET", "/a")
    assert (9, 9) == (len(set(clock.sleeps)), sum(1.0 <= each <= 2.0 for each in clock.sleeps))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_negative_number_of_retries_is_a_runtime_error(client: Any, method: str) -> None:
    with pytest.raises(RuntimeError):
        client(retries=-1).request(method, "/a")


def test_an_endless_timeout_is_no_timeout(client: Any, service: Service) -> None:
    endless = float("inf")
    http = client(connect_timeout_seconds=endless, read_timeout_seconds=endless)
    assert {"count": 1} == http.request("GET", "/a")


# Context and last operation ------------------------------------------------------------------------


def test_an_outdated_context_is_cancelled_before_it_is_sent(sdk: ModuleType, client: Any, service: Service) -> None:
    http = client()
    assert (0, 1) == (http.get_context_version("k"), http.switch_context("k"))
    with pytest.raises(sdk.TransportError) as caught:
        http.request("GET", "/a", context_key="k", context_version=0)
    assert ("REQUEST_CANCELLED", 0) == (caught.value.code, len(service.seen))


@pytest.mark.parametrize("version", [0, None])
def test_a_context_switched_in_flight_cancels_and_caches_nothing(
    sdk: ModuleType, client: Any, service: Service, version: int | None
) -> None:
    http = client()
    service.before_answer = lambda: http.switch_context("k")
    with pytest.raises(sdk.TransportError, match="REQUEST_CANCELLED"):
        http.request("GET", "/a", context_key="k", context_version=version)
    http.request("GET", "/a")
    assert 2 == len(service.seen)


def test_the_last_operation_says_how_it_ended(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/bad", (400, {}))
    service.answers("/gone", DROP)
    http = client()
    results = []
    for path in ("/a", "/a", "/bad", "/gone"):
        with contextlib.suppress(sdk.ApiError):
            http.request("GET", path, module="m", operation="o")
        results.append(http.last_operation.result)
    assert ["success", "success(cache)", "error", "error"] == results


# GET cache -----------------------------------------------------------------------------------------


def test_a_hit_is_the_same_object_and_sends_nothing(client: Any, service: Service) -> None:
    http = client()
    assert http.request("GET", REPORT) is http.request("GET", REPORT)
    assert 1 == len(service.seen)


def test_a_hit_skips_all_hooks_but_the_first_and_the_context_check(client: Any) -> None:
    http, called = client(), []
    http.request("GET", REPORT)
    http.before_request = lambda *_: called.append("before")
    http.after_response = lambda _: called.append("after")
    http.request("GET", REPORT, response_hook=lambda _: called.append("hook"), context_key="k", context_version=9)
    assert ["before"] == called


def test_a_bypass_neither_reads_nor_writes_nor_removes(client: Any, service: Service) -> None:
    http = client()
    uses = (False, False, True, False, True)
    counts = [http.request("GET", REPORT, use_get_cache=use)["count"] for use in uses]
    assert [1, 2, 3, 4, 3] == counts
    assert 4 == len(service.seen)


def test_a_client_whose_cache_is_off_asks_each_time(client: Any) -> None:
    http = client()
    http.enable_get_cache = False
    assert [1, 2] == [http.request("GET", REPORT)["count"] for _ in range(2)]


def test_caches_are_not_shared_between_clients(client: Any) -> None:
    assert [1, 2] == [client().request("GET", REPORT)["count"] for _ in range(2)]


@pytest.mark.parametrize("ttl", [0.0, 0.05])
def test_an_entry_ends_with_its_time_to_live(client: Any, ttl: float) -> None:
    http = client(cache_ttl_seconds=ttl)
    http.request("GET", REPORT)
    time.sleep(ttl)
    assert 2 == http.request("GET", REPORT)["count"]


@pytest.mark.parametrize("name", ["Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID"])
def test_each_identity_has_its_own_entry(client: Any, name: str) -> None:
    http = client()
    assert [1, 2, 1] == [http.request("GET", REPORT, headers={name: who})["count"] for who in "aba"]


def test_other_headers_take_no_part_in_the_key(client: Any) -> None:
    http = client()
    headers = [{"Accept": "a"}, {"Accept": "b"}, {"authorization": "c"}]
    assert [1, 1, 1] == [http.request("GET", REPORT, headers=each)["count"] for each in headers]


def test_parameters_take_part_in_the_key(client: Any) -> None:
    http = client()
    counts = [http.request("GET", REPORT, params={"on": date(2030, 1, day)})["count"] for day in (1, 2, 1)]
    assert [1, 2, 1] == counts


@pytest.mark.parametrize(
    ("method", "answer"), [("GET", (404, {})), ("GET", (200, b"")), ("GET", (200, b"null")), ("POST", {})]
)
def test_errors_empty_bodies_null_and_mutations_are_never_hits(
    sdk: ModuleType, client: Any, service: Service, method: str, answer: Any
) -> None:
    service.answers("/a", answer)
    http = client()
    for _ in range(2):
        with contextlib.suppress(sdk.NotFoundError):
            http.request(method, "/a")
    assert 2 == len(service.seen)


def test_a_plain_post_invalidates_nothing_and_a_named_path_is_invalidated(client: Any, service: Service) -> None:
    http = client()
    service.answers("/bad", (400, {}))

    def report_after(**post: Any) -> int:
        with contextlib.suppress(Exception):
            http.request("POST", **post)
        return int(http.request("GET", REPORT)["count"])

    http.request("GET", REPORT)
    http.request("GET", "/other")
    assert 1 == report_after(path="/b")
    assert 1 == report_after(path="/bad", invalidate_paths=["/reports"])
    assert 6 == report_after(path="/b", invalidate_paths=["/reports"])
    assert 2 == http.request("GET", "/other")["count"]


@pytest.mark.parametrize(("method", "answer"), [("GET", (404, {})), ("GET", (200, b"")), ("HEAD", {}), ("POST", {})])
def test_errors_empty_bodies_and_mutations_are_not_written(
    sdk: ModuleType, client: Any, service: Service, method: str, answer: Any
) -> None:
    service.answers("/a", answer)
    http = client()
    with contextlib.suppress(sdk.NotFoundError):
        http.request(method, "/a")
    assert {} == http._cache


@pytest.mark.parametrize("empty", ["clear_cache", "switch_context"])
def test_clearing_and_switching_empty_the_cache(client: Any, empty: str) -> None:
    http = client()
    http.request("GET", REPORT)
    getattr(http, empty)(*(["k"] if empty == "switch_context" else []))
    assert 2 == http.request("GET", REPORT)["count"]


# Errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ("ValidationError", 400),
        ("AuthError", 401),
        ("PermissionError", 403),
        ("NotFoundError", 404),
        ("ConflictError", 409),
        ("ValidationError", 422),
        ("RateLimitError", 429),
        ("ServerError", 500),
        ("ServerError", 599),
        ("ApiError", 418),
    ],
)
def test_each_status_has_its_error(sdk: ModuleType, client: Any, service: Service, expected: str, code: int) -> None:
    body = {"code": "C", "message": "M", "details": [1], "trace_id": "T"}
    service.answers("/a", (code, body))
    with pytest.raises(sdk.ApiError) as caught:
        client().request("GET", "/a")
    error = caught.value
    assert expected == type(error).__name__
    assert ("C", "M", [1], "T", code, body) == tuple(getattr(error, field.name) for field in fields(error))
    assert f"[{code}] C: M trace_id=T" == str(error)


@pytest.mark.parametrize("body", [b"{}", b"null", b'["odd"]', b'"odd"', b"3"])
def test_an_error_body_of_any_shape_is_mapped(sdk: ModuleType, client: Any, service: Service, body: bytes) -> None:
    service.answers("/a", (400, body))
    with pytest.raises(sdk.ValidationError) as caught:
        client().request("GET", "/a")
    assert ("HTTP_ERROR", "Request failed") == (caught.value.code, caught.value.message)


def test_the_trace_id_of_an_error_body_beats_the_one_at_hand(sdk: ModuleType) -> None:
    map_error = sdk.error_mapper.map_error
    assert ["body", "at hand"] == [
        map_error(404, body, "at hand").trace_id for body in ({"trace_id": "body"}, {"trace_id": None})
    ]


def test_the_raw_payload_is_a_copy(sdk: ModuleType) -> None:
    body = {"code": "C"}
    error = sdk.error_mapper.map_error(404, body, None)
    body["code"] = "changed"
    assert {"code": "C"} == error.raw_payload


def test_an_error_body_that_is_not_json_is_the_message(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/a", (502, b"Bad gateway"))
    with pytest.raises(sdk.ServerError) as caught:
        client().request("GET", "/a")
    assert ("HTTP_ERROR", "Bad gateway") == (caught.value.code, caught.value.message)


def test_the_error_tree_is_that_of_the_contract(sdk: ModuleType) -> None:
    parents = {
        "UnauthorizedError": "ApiError",
        "AuthError": "UnauthorizedError",
        "MustChangePasswordError": "AuthError",
        "ForbiddenError": "ApiError",
        "PermissionError": "ForbiddenError",
        "ConflictError": "ApiError",
        "TransportError": "ApiError",
    }
    exceptions = importlib.import_module("aris3_client_sdk.exceptions")
    assert parents == {name: getattr(exceptions, name).__base__.__name__ for name in parents}
    assert all(is_dataclass(getattr(exceptions, name)) for name in parents)


def test_errors_can_be_pickled_copied_and_hashed(sdk: ModuleType) -> None:
    error = sdk.NotFoundError("C", "M", {"a": 1}, None, 404)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(error), "[404] C: M", error.args) == (type(twin), str(twin), twin.args)
    assert {error: 1}[error] == 1


@pytest.mark.parametrize(
    ("expected", "address"),
    [
        ("ConnectError", None),
        ("UnsupportedProtocol", "localhost:8000"),
        ("UnsupportedProtocol", "not a url"),
        ("InvalidURL", "http://h:port"),
    ],
)
def test_a_network_failure_is_a_transport_error_that_names_its_cause(
    sdk: ModuleType, client: Any, expected: str, address: str | None
) -> None:
    with pytest.raises(sdk.TransportError) as caught:
        client(api_base_url=address or dead_url()).request("GET", "/a")
    error = caught.value
    assert ("TRANSPORT_ERROR", {"type": expected}, 0) == (error.code, error.details, error.status_code)
    assert expected == type(error.__cause__).__name__


def test_a_read_timeout_is_a_transport_error_and_no_timeout_error(
    sdk: ModuleType, client: Any, service: Service
) -> None:
    service.before_answer = lambda: time.sleep(0.3)
    with pytest.raises(sdk.TransportError) as caught:
        client(read_timeout_seconds=0.05).request("GET", "/a")
    assert {"type": "ReadTimeout"} == caught.value.details
    assert not isinstance(caught.value, TimeoutError)


# Session and the small clients ---------------------------------------------------------------------


def test_a_session_makes_clients_with_a_cache_each_and_one_trace(
    sdk: ModuleType, client: Any, service: Service, tmp_path: Path
) -> None:
    session = sdk.ApiSession(client().config, token="secret")
    one, two = session.exports_client(), session.exports_client()
    assert one.http is not two.http
    assert one.http.trace is two.http.trace is session.trace
    assert ("secret", None) == (one.access_token, one.tenant_id)
    assert (tmp_path / "data" / "aris3").is_dir()


def test_a_saved_session_is_picked_up_by_the_next(sdk: ModuleType, client: Any) -> None:
    config = client().config
    sdk.ApiSession(config, token="secret", user=sdk.UserResponse(id="u1")).save()
    later = sdk.ApiSession(config)
    assert ("secret", "u1") == (later.token, later.user.id)
    later.logout()
    assert sdk.ApiSession(config).token is None


def test_a_login_that_needs_another_password_says_so(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/aris3/auth/login", {"access_token": "t"}, {"access_token": "t", "must_change_password": True})
    auth = sdk.ApiSession(client().config).auth_client()
    assert "t" == auth.login("ana", "pw").access_token
    with pytest.raises(sdk.MustChangePasswordError):
        auth.login("ana", "pw")


def test_small_clients_read_their_paths_through_the_cache(sdk: ModuleType, client: Any, service: Service) -> None:
    session = sdk.ApiSession(client().config)
    health, reports, auth = session.health_client(), session.reports_client(), session.auth_client()
    service.answers("/aris3/me", {"id": "u1", "surprise": 1})
    for _ in range(2):
        health.health()
        reports.daily(sdk.ReportFilter(from_=date(2030, 1, 1)))
        assert ("u1", 1) == (auth.me().id, auth.me().surprise)
    assert ["GET /health", "GET /aris3/reports/daily?from=2030-01-01", "GET /aris3/me"] == service.targets


# Exports -------------------------------------------------------------------------------------------


def test_an_export_request_sends_what_the_contract_lists(sdk: ModuleType, exports: Any, service: Service) -> None:
    service.answers("/aris3/exports", (201, STATUS))
    filters = {"store_id": "s", "from": date(2030, 1, 1), "timezone": None}
    answer = exports.request_export({**REQUEST, "filters": filters}, "given", "key")
    sent = service.seen[0]
    wanted = {**REQUEST, "transaction_id": "given", "filters": {"store_id": "s", "from": "2030-01-01"}}
    assert ("POST", "/aris3/exports", wanted) == (sent["method"], sent["path"], json.loads(sent["body"]))
    assert ("key", "Bearer secret") == (sent["headers"]["Idempotency-Key"], sent["headers"]["Authorization"])
    assert ("e1", "csv", datetime(2030, 1, 1, tzinfo=UTC)) == (answer.export_id, answer.format, answer.created_at)


def test_an_export_request_may_be_a_model(sdk: ModuleType, exports: Any, service: Service) -> None:
    service.answers("/aris3/exports", (201, STATUS))
    wanted = sdk.ExportRequest(**{**REQUEST, "filters": sdk.ReportFilter(store_id="s", from_="2030-01-01")})
    exports.request_export(wanted)
    assert {**REQUEST, "filters": {"store_id": "s", "from": "2030-01-01"}} == json.loads(service.seen[0]["body"])


@pytest.mark.parametrize("fault", [{"transaction_id": None}, {"format": "doc"}, {"filters": 3}])
def test_a_faulty_export_request_is_refused_before_it_is_sent(
    exports: Any, service: Service, fault: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=next(iter(fault))):
        exports.request_export({**REQUEST, **fault}, "given")
    without = {name: value for name, value in REQUEST.items() if name != "transaction_id"}
    with pytest.raises(ValueError, match="transaction_id"):
        exports.request_export(without, "given")
    assert [] == service.seen


def test_an_export_request_is_not_retried(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers("/aris3/exports", (500, {}))
    with pytest.raises(sdk.ServerError):
        sdk.clients.exports_client.ExportsClient(http=client(retries=2)).request_export(REQUEST)
    assert 1 == len(service.seen)


def test_a_list_read_before_a_request_is_not_what_is_read_after(exports: Any, service: Service) -> None:
    service.answers("/aris3/exports", {"rows": []}, (201, STATUS), {"rows": [STATUS]})
    assert [] == exports.list_exports().rows
    exports.request_export(REQUEST)
    assert ["e1"] == [row.export_id for row in exports.list_exports().rows]


def test_the_page_size_is_sent_if_there_is_one(exports: Any, service: Service) -> None:
    service.answers("/aris3/exports", {"rows": []})
    exports.list_recent_exports(5)
    exports.list_exports(0)
    assert ["GET /aris3/exports?page_size=5", "GET /aris3/exports"] == service.targets


def test_a_status_is_cached_and_can_bypass_the_cache(exports: Any, service: Service) -> None:
    service.answers(EXPORT, *(status(state) for state in ("ONE", "TWO", "THREE")))
    uses = (True, True, False, True)
    assert ["ONE", "ONE", "TWO", "ONE"] == [exports.get_export_status("e1", use_get_cache=use).status for use in uses]


def test_a_status_may_say_more_than_is_known(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("READY", file_size_bytes="12", updated_at=None, mood="good"))
    answer = exports.get_export_status("e1")
    assert (12, None, "good") == (answer.file_size_bytes, answer.updated_at, answer.mood)


@pytest.mark.parametrize("body", [b"[]", b"null", b"", b'"text"', b'{"export_id": "e1"}'])
def test_a_malformed_status_is_a_value_error_and_not_the_sdks(
    sdk: ModuleType, exports: Any, service: Service, body: bytes
) -> None:
    service.answers(EXPORT, (200, body))
    with pytest.raises(ValueError) as caught:
        exports.get_export_status("e1")
    assert ValueError is type(caught.value)


@pytest.mark.parametrize("name", [name for name, value in STATUS.items()])
def test_each_required_field_is_required_and_typed(exports: Any, service: Service, name: str) -> None:
    faulty = {**STATUS, name: None}
    service.answers(EXPORT, {key: value for key, value in STATUS.items() if key != name}, faulty)
    for _ in range(2):
        with pytest.raises(ValueError, match=name):
            exports.get_export_status("e1", use_get_cache=False)


@pytest.mark.parametrize(
    ("expected", "export_id"),
    [("..%2Fsecret", "../secret"), ("a%3Fb%3D1", "a?b=1"), ("%C3%B1%20%25", "ñ %"), ("a:b", "a:b")],
)
def test_an_id_is_one_segment_whatever_is_in_it(exports: Any, service: Service, expected: str, export_id: str) -> None:
    with contextlib.suppress(ValueError):
        exports.get_export_status(export_id)
    assert [f"GET /aris3/exports/{expected}".replace("a:b", "a%3Ab")] == service.targets


@pytest.mark.parametrize("export_id", ["", ".", ".."])
def test_what_names_a_folder_is_no_id(exports: Any, service: Service, export_id: str) -> None:
    with pytest.raises(ValueError):
        exports.get_export_status(export_id)
    assert [] == service.seen


@pytest.mark.parametrize(
    ("expected", "state"), [("/aris3/exports/e1/download", "ready"), (None, "COMPLETED"), (None, "CREATED")]
)
def test_only_a_ready_export_has_an_address(exports: Any, service: Service, expected: str | None, state: str) -> None:
    service.answers(EXPORT, status(state))
    url = exports.get_export_artifact("e1").url
    assert (expected and service.url + expected) == url


def test_a_download_has_no_trace_cache_retry_or_hook(exports: Any, service: Service) -> None:
    service.answers(f"{EXPORT}/download", (200, b"a,b\n"))
    exports.http.before_request = exports.http.after_response = lambda *_: pytest.fail("a hook was called")
    assert [b"a,b\n"] * 2 == [exports.download_export("e1") for _ in range(2)]
    headers = service.seen[1]["headers"]
    assert ("*/*", "Bearer secret", None) == (headers["Accept"], headers["Authorization"], headers["X-Trace-Id"])


def test_a_download_carries_the_trace_of_its_context(sdk: ModuleType, exports: Any, service: Service) -> None:
    exports.http.trace = sdk.TraceContext("mine")
    exports.download_export("e1")
    assert "mine" == service.seen[0]["headers"]["X-Trace-Id"]


@pytest.mark.parametrize(
    ("expected", "answer"), [("NotFoundError", (404, {})), ("TransportError", DROP), ("ServerError", (500, {}))]
)
def test_a_failed_download_is_mapped_and_not_retried(
    sdk: ModuleType, client: Any, service: Service, expected: str, answer: Any
) -> None:
    service.answers(f"{EXPORT}/download", answer)
    with pytest.raises(getattr(sdk, expected)):
        sdk.clients.exports_client.ExportsClient(http=client(retries=2)).download_export("e1")
    assert 1 == len(service.seen)


# Waiting -------------------------------------------------------------------------------------------


def wait(exports: Any, **options: Any) -> Any:
    return exports.wait_for_export_ready("e1", **{"timeout_sec": 10, "poll_interval_sec": 0.2, **options})


def test_created_becomes_ready_in_three_polls(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("CREATED"), status("CREATED"), status("READY"))
    result = wait(exports)
    assert ("e1", "COMPLETED", "READY") == (result.export_id, result.outcome.value, result.status.status)
    assert 3 == len(service.seen)
    assert service.seen[-1]["at"] - service.seen[0]["at"] >= 0.4


@pytest.mark.parametrize(
    ("expected", "state"),
    [
        ("COMPLETED", "ready"),
        ("COMPLETED", "Completed"),
        ("FAILED", "FAILED"),
        ("FAILED", "error"),
        ("EXPIRED", "EXPIRED"),
        ("NOT_FOUND", "NOT_FOUND"),
    ],
)
def test_each_terminal_state_is_returned(exports: Any, service: Service, expected: str, state: str) -> None:
    service.answers(EXPORT, status(state))
    assert expected == wait(exports).outcome


@pytest.mark.parametrize("timeout", [0, -5, float("nan")])
def test_without_a_budget_there_is_one_poll(exports: Any, service: Service, timeout: float) -> None:
    service.answers(EXPORT, status(" READY"))
    with pytest.raises(TimeoutError, match=r"e1.* READY"):
        wait(exports, timeout_sec=timeout, cancel_check=lambda: len(service.seen) > 2)
    assert 1 == len(service.seen)


@pytest.mark.parametrize("interval", [0.2, 0, -1, float("nan")])
def test_polls_are_never_closer_than_the_floor(exports: Any, service: Service, clock: Clock, interval: float) -> None:
    service.answers(EXPORT, status("CREATED"))
    with pytest.raises(TimeoutError):
        wait(exports, timeout_sec=0.9, poll_interval_sec=interval)
    assert (6, [0.2] * 5) == (len(service.seen), clock.sleeps)


def test_the_last_sleep_is_a_whole_interval(exports: Any, service: Service, clock: Clock) -> None:
    service.answers(EXPORT, status("CREATED"))
    with pytest.raises(TimeoutError):
        wait(exports, timeout_sec=0.1, poll_interval_sec=2.0)
    assert (2, [2.0]) == (len(service.seen), clock.sleeps)


def test_a_cancelled_wait_sends_nothing_and_says_why(exports: Any, service: Service) -> None:
    with pytest.raises(TimeoutError, match="e1 was cancelled"):
        wait(exports, cancel_check=lambda: True, telemetry_hook=lambda _: pytest.fail("an event"))
    assert [] == service.seen


def test_cancellation_is_asked_once_a_round(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("CREATED"))
    answers = iter([False, False, True])
    with pytest.raises(TimeoutError, match="cancelled"):
        wait(exports, cancel_check=lambda: next(answers))
    assert 2 == len(service.seen)


def test_a_404_at_first_propagates(sdk: ModuleType, exports: Any, service: Service) -> None:
    service.answers(EXPORT, (404, {}))
    with pytest.raises(sdk.NotFoundError):
        wait(exports)


def test_a_404_later_is_an_expired_export_without_an_event(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("CREATED"), (404, {}))
    events: list[Any] = []
    result = wait(exports, telemetry_hook=events.append)
    assert ("EXPIRED", "CREATED", 1) == (result.outcome, result.status.status, len(events))


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("TransportError", DROP),
        ("AuthError", (401, {})),
        ("RateLimitError", (429, {})),
        ("ServerError", (500, {})),
        ("ApiError", (200, b"<html>")),
        (None, (200, [])),
    ],
)
def test_any_other_error_ends_the_wait(
    sdk: ModuleType, exports: Any, service: Service, expected: str | None, answer: Any
) -> None:
    service.answers(EXPORT, status("CREATED"), answer)
    events: list[Any] = []
    with pytest.raises(getattr(sdk, expected) if expected else ValueError):
        wait(exports, telemetry_hook=events.append)
    assert (2, 1) == (len(service.seen), len(events))


def test_polls_have_the_ordinary_retries(sdk: ModuleType, client: Any, service: Service) -> None:
    service.answers(EXPORT, (503, {}), status("READY"))
    assert "COMPLETED" == wait(sdk.clients.exports_client.ExportsClient(http=client(retries=1))).outcome


def test_telemetry_tells_each_answered_poll(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("created"), status("READY"))
    events: list[dict[str, Any]] = []
    wait(exports, telemetry_hook=events.append)
    elapsed = [event.pop("elapsed_ms") for event in events]
    common = {"event": "export_poll_status", "export_id": "e1"}
    assert [
        {**common, "state": "CREATED", "attempt": 1, "is_terminal": False},
        {**common, "state": "READY", "attempt": 2, "is_terminal": True},
    ] == events
    assert [int, int] == [type(each) for each in elapsed]
    assert 200 <= elapsed[1] < 2000


def test_telemetry_tells_a_timeout(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("CREATED"))
    events: list[dict[str, Any]] = []
    with pytest.raises(TimeoutError):
        wait(exports, timeout_sec=0, telemetry_hook=events.append)
    seen = [(event["event"], event["state"], event["attempt"], event["is_terminal"]) for event in events]
    assert [("export_poll_status", "CREATED", 1, False), ("export_poll_timeout", "CREATED", 1, True)] == seen


def test_what_a_hook_raises_ends_the_wait(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("READY"))
    with pytest.raises(ZeroDivisionError):
        wait(exports, telemetry_hook=lambda _: 1 / 0)


def test_a_wait_asks_the_service_and_leaves_the_cache_as_it_was(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("CREATED"), status("READY"), status("LATER"))
    assert "CREATED" == exports.get_export_status("e1").status
    before = dict(exports.http._cache)
    assert "COMPLETED" == wait(exports).outcome
    assert before == exports.http._cache
    assert "CREATED" == exports.get_export_status("e1").status


@pytest.mark.parametrize("flag", [True, False])
def test_the_cache_flag_is_never_assigned_during_overlapping_waits(
    sdk: ModuleType, client: Any, service: Service, flag: bool
) -> None:
    assigned = []

    class Watched(sdk.HttpClient):  # type: ignore[misc, name-defined]
        def __setattr__(self, name: str, value: object) -> None:
            assigned.append(name)
            super().__setattr__(name, value)

    http = Watched(client().config, enable_get_cache=flag)
    assigned.clear()
    flags: list[bool] = []
    service.before_answer = lambda: flags.append(http.enable_get_cache)
    service.answers(EXPORT, status("CREATED"), status("CREATED"), status("CREATED"), status("READY"))
    exports = sdk.clients.exports_client.ExportsClient(http=http)
    threads = [threading.Thread(target=wait, args=[exports]) for _ in range(2)]
    for thread in threads:
        thread.start()
    counts = {http.request("GET", REPORT)["count"] for _ in range(2)}
    for thread in threads:
        thread.join()
    assert {flag} == {*flags, http.enable_get_cache}
    assert "enable_get_cache" not in assigned
    assert (1 if flag else 2) == len(counts)


def test_wait_until_ready_returns_the_status_whatever_the_outcome(exports: Any, service: Service) -> None:
    service.answers(EXPORT, status("FAILED"))
    assert "FAILED" == exports.wait_until_ready("e1", timeout_seconds=1.0, poll_interval_seconds=0.2).status


def test_a_wait_of_thirty_seconds_is_sixteen_polls(exports: Any, service: Service, clock: Clock) -> None:
    service.answers(EXPORT, status("CREATED"))
    with pytest.raises(TimeoutError):
        exports.wait_for_export_ready("e1")
    assert (16, 30.0) == (len(service.seen), sum(clock.sleeps))
