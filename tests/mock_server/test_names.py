"""Tests that the service speaks the client's names on the wire, and the contract's to a check."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from atalaya.mock_server.control import Control, Scope, Step
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.sdk.wire_names import WireNames
from tests.ours import PACK

NAMES = WireNames(
    paths={"/aris3/exports": "/v2/jobs", "/aris3/exports/{export_id}/download": "/v2/jobs/{export_id}/content"},
    headers={"X-Trace-ID": "X-Acme-Trace"},
    bodies={"status": "phase", "rows": "jobs", "code": "error_code", "format": "kind"},
)


@pytest.fixture(scope="module")
def control() -> Iterator[Control]:
    with ServiceProcess(pack=PACK.folder, names=NAMES) as running, Control(running.control_port) as control:
        yield control


@pytest.fixture
def scope(control: Control) -> Iterator[Scope]:
    with control.open_scope() as scope:
        scope.script("e1", "CREATED")
        yield scope


@pytest.fixture
def http(scope: Scope) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=scope.base_url, timeout=10, trust_env=False) as client:
        yield client


def test_a_path_and_the_keys_of_its_answer_are_the_clients(scope: Scope, http: httpx.Client) -> None:
    answer = http.get("/v2/jobs/e1").json()
    assert (answer["phase"], "status" in answer) == ("CREATED", False)
    assert [seen.path for seen in scope.log()] == ["/aris3/exports/e1"]


def test_the_longest_path_goes_first_and_keeps_the_query_and_a_folder(scope: Scope, http: httpx.Client) -> None:
    assert http.get("/v2/jobs/e1/content?a=1").headers["Content-Type"] == "text/csv"
    http.get("/gateway/v2/jobs/e1")
    assert [seen.path for seen in scope.log()] == ["/aris3/exports/e1/download?a=1", "/gateway/aris3/exports/e1"]


def test_the_objects_in_a_list_are_renamed_too(http: httpx.Client) -> None:
    assert [row["phase"] for row in http.get("/v2/jobs").json()["jobs"]] == ["CREATED"]


def test_what_comes_in_is_logged_by_the_contracts_names(scope: Scope, http: httpx.Client) -> None:
    http.post("/v2/jobs", json={"kind": "csv", "filters": {"kind": 1}}, headers={"x-acme-trace": "t"})
    (seen,) = scope.log()
    assert seen.json() == {"format": "csv", "filters": {"kind": 1}}
    assert (seen.headers["x-trace-id"], "x-acme-trace" in seen.headers) == ("t", False)


def test_the_headers_and_the_places_of_an_answer_are_the_clients(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/aris3/exports/e1", Step(status=307, headers={"Location": "/aris3/exports/e2"}, trace_id="t"))
    answer = http.get("/v2/jobs/e1")
    assert (answer.headers["X-Acme-Trace"], answer.headers["Location"]) == ("t", "/v2/jobs/e2")
    assert "X-Trace-ID" not in answer.headers


def test_an_error_object_is_renamed(http: httpx.Client) -> None:
    assert http.get("/v2/jobs/none").json()["error_code"] == "NOT_FOUND"


def test_a_body_is_renamed_in_its_coding_and_its_charset(scope: Scope, http: httpx.Client) -> None:
    packed = Step(raw=gzip.compress(b'{"status": "READY"}'), headers={"Content-Encoding": "gzip"})
    latin = '{"status": "año"}'.encode("iso-8859-1")
    scope.answer(
        "GET", "/aris3/a", packed, Step(raw=latin, headers={"Content-Type": "application/json; charset=iso-8859-1"})
    )
    assert http.get("/aris3/a").json() == {"phase": "READY"}
    assert json.loads(http.get("/aris3/a").content.decode("iso-8859-1")) == {"phase": "año"}


def test_what_is_no_json_or_has_nothing_to_rename_stays_as_it_is(scope: Scope, http: httpx.Client) -> None:
    bodies = [b'{"status":', b'{ "a" : 1 }', b"\xef\xbb\xbf", b""]
    scope.answer("GET", "/aris3/a", *(Step(raw=body) for body in bodies))
    assert [http.get("/aris3/a").content for _ in bodies] == bodies
    scope.answer("GET", "/aris3/b", Step(raw=b'{"status": 1}', headers={"Content-Type": "text/csv"}))
    assert http.get("/aris3/b").content == b'{"status": 1}'
