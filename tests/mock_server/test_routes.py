"""Tests that each route answers as the contract says, and as it was scripted."""

from __future__ import annotations

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from atalaya.core.errors import HarnessError
from atalaya.mock_server.control import Control, Scope, Step
from atalaya.mock_server.scenario import TOGETHER_S
from tests.tables import each_row

REQUIRED = {
    "export_id",
    "tenant_id",
    "store_id",
    "source_type",
    "format",
    "filters_snapshot",
    "status",
    "row_count",
    "created_at",
}
ERROR = {"code", "message", "details", "trace_id"}


def states(http: httpx.Client, export_id: str, times: int) -> list[str]:
    return [http.get(f"/aris3/exports/{export_id}").json()["status"] for _ in range(times)]


def test_a_status_has_all_required_fields_and_its_stamp_in_two_places(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED")
    answer = http.get("/aris3/exports/e1")
    assert set(answer.json()) == REQUIRED
    assert (answer.json()["export_id"], answer.json()["status"], answer.json()["row_count"]) == ("e1", "CREATED", 1)
    assert answer.headers["X-Atalaya-Stamp"] == "1"
    assert answer.headers["Content-Type"] == "application/json"
    assert "X-Trace-ID" not in answer.headers


def test_a_life_is_lived_step_by_step_and_its_last_step_repeats(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED", "CREATED", "READY")
    assert states(http, "e1", 5) == ["CREATED", "CREATED", "READY", "READY", "READY"]


def test_two_exports_live_apart(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED", "FAILED")
    scope.script("e2", "CREATED")
    assert states(http, "e1", 1) + states(http, "e2", 3) + states(http, "e1", 1) == [*["CREATED"] * 4, "FAILED"]


def test_a_new_script_ends_the_old_life(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED", "READY")
    states(http, "e1", 3)
    scope.script("e1", "CREATED", "EXPIRED")
    assert states(http, "e1", 2) == ["CREATED", "EXPIRED"]


def test_an_unknown_export_is_404_with_the_four_key_object(http: httpx.Client) -> None:
    for path in ("/aris3/exports/nobody", "/aris3/exports/nobody/download"):
        answer = http.get(path)
        assert answer.status_code == 404
        assert set(answer.json()) == ERROR
        assert answer.json()["code"] == "NOT_FOUND"


def test_a_default_life_is_lived_by_each_export_without_a_script(scope: Scope, http: httpx.Client) -> None:
    scope.default_life("CREATED", "READY")
    scope.script("mine", "FAILED")
    assert states(http, "a", 2) + states(http, "b", 2) == ["CREATED", "READY"] * 2
    assert states(http, "mine", 1) == ["FAILED"]


def test_an_id_is_compared_decoded(scope: Scope, http: httpx.Client) -> None:
    scope.script("a b/c", "READY")
    assert states(http, "a%20b%2Fc", 1) == ["READY"]


def test_a_post_makes_an_export_that_then_lives_the_default_life(scope: Scope, http: httpx.Client) -> None:
    scope.default_life("READY")
    wish = {"source_type": "reports_calendar", "format": "pdf", "filters": {"from": "2030-01-01"}}
    answer = http.post("/aris3/exports", json=wish)
    made = answer.json()
    assert answer.status_code == 201
    assert set(made) == REQUIRED
    assert made["status"] == "CREATED"
    assert (made["source_type"], made["format"], made["filters_snapshot"]) == (
        *list(wish.values())[:2],
        wish["filters"],
    )
    assert states(http, made["export_id"], 1) == ["READY"]


def test_an_export_made_without_a_default_life_becomes_ready(http: httpx.Client) -> None:
    first, second = (http.post("/aris3/exports", json={}).json()["export_id"] for _ in range(2))
    assert first != second
    assert states(http, first, 3) == ["CREATED", "CREATED", "READY"]


def test_a_post_without_an_object_is_400_with_the_four_key_object(http: httpx.Client) -> None:
    for body in (b"", b"[]", b"{"):
        answer = http.post("/aris3/exports", content=body)
        assert answer.status_code == 400
        assert set(answer.json()) == ERROR


def test_the_list_shows_the_exports_newest_first_in_the_state_last_seen(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "READY")
    states(http, "e1", 1)
    made = http.post("/aris3/exports", json={}).json()["export_id"]
    answer = http.get("/aris3/exports").json()
    assert [(row["export_id"], row["status"]) for row in answer["rows"]] == [(made, "CREATED"), ("e1", "READY")]
    assert all(set(row) == REQUIRED for row in answer["rows"])
    assert len(http.get("/aris3/exports", params={"page_size": 1}).json()["rows"]) == 1


def test_a_download_is_bytes_and_moves_no_export_on(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED", "READY")
    answer = http.get("/aris3/exports/e1/download")
    assert answer.content == b"export_id,stamp\r\ne1,1\r\n"
    assert answer.headers["Content-Type"] == "text/csv"
    assert states(http, "e1", 2) == ["CREATED", "READY"]


def test_health_is_ok(http: httpx.Client) -> None:
    assert http.get("/health").json() == {"status": "ok", "stamp": 1}


def test_any_other_path_is_echoed_with_a_stamp(http: httpx.Client) -> None:
    assert http.get("/aris3/reports/overview?a=1&a=2&b=").json() == {
        "stamp": 1,
        "path": "/aris3/reports/overview",
        "query": {"a": ["1", "2"], "b": [""]},
    }
    assert http.put("/aris3/stores/1", json={}).json()["stamp"] == 2


def test_head_brings_the_headers_alone(http: httpx.Client) -> None:
    answer = http.head("/health")
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0
    assert http.get("/health").status_code == 200


def test_any_path_can_be_scripted(scope: Scope, http: httpx.Client) -> None:
    scope.answer(
        "GET",
        "/aris3/me",
        Step(status=503),
        Step(json=[1, None]),
        Step(json=None),
        Step(raw=b"<p>", headers={"Content-Type": "text/html"}),
        Step(status=204),
        Step(status=200),
        Step(state="READY", fields={"file_name": "x.csv"}),
        Step(),
    )
    answers = [http.get("/aris3/me") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [503, 200, 200, 200, 204, 200, 200, 200]
    assert set(answers[0].json()) == ERROR
    assert [answer.json() for answer in answers[1:3]] == [[1, None], None]
    assert (answers[3].text, answers[3].headers["Content-Type"]) == ("<p>", "text/html")
    assert (answers[4].content, answers[5].content) == (b"", b"")
    assert (answers[6].json()["status"], answers[6].json()["file_name"]) == ("READY", "x.csv")
    assert answers[7].json()["path"] == "/aris3/me"


def test_a_script_for_a_query_goes_before_one_for_the_path(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(json="path"))
    scope.answer("GET", "/x?a=1", Step(json="query"))
    assert [http.get("/x?a=1").json(), http.get("/x?a=2").json()] == ["query", "path"]
    assert http.post("/x").json()["path"] == "/x"


def test_an_answer_script_goes_before_a_route(scope: Scope, http: httpx.Client) -> None:
    scope.answer("POST", "/aris3/exports", Step(status=409))
    scope.answer("GET", "/aris3/exports/e1", Step(status=418))
    scope.script("e1", "READY")
    assert [http.post("/aris3/exports", json={}).status_code, http.get("/aris3/exports/e1").status_code] == [409, 418]


def test_a_step_can_add_headers_and_a_trace_id(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(state="READY", headers={"X-Own": "1"}, trace_id="t-1"), Step(status=500, trace_id="t-2"))
    ready, failed = http.get("/aris3/exports/e1"), http.get("/aris3/exports/e1")
    assert (ready.headers["X-Own"], ready.headers["X-Trace-ID"]) == ("1", "t-1")
    assert (failed.headers["X-Trace-ID"], failed.json()["trace_id"]) == ("t-2", "t-2")


def test_a_redirect_can_be_scripted(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/old", Step(status=302, headers={"Location": "/health"}))
    assert http.get("/old", follow_redirects=True).json()["status"] == "ok"


def test_a_step_can_wait_before_it_answers(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(state="READY", delay_s=0.2))
    assert http.get("/aris3/exports/e1").elapsed.total_seconds() >= 0.2


def test_a_step_can_wait_for_requests_that_are_under_way_together(scope: Scope) -> None:
    scope.answer("GET", "/three", Step(json={}, together=3))

    def status(_: int) -> int:
        return httpx.get(f"{scope.base_url}/three", trust_env=False).status_code

    with ThreadPoolExecutor(3) as pool:
        began_s = time.monotonic()
        assert list(pool.map(status, range(3))) == [200] * 3
        assert time.monotonic() - began_s < TOGETHER_S
        began_s = time.monotonic()
        assert list(pool.map(status, range(2))) == [200] * 2
        assert time.monotonic() - began_s >= TOGETHER_S


def test_under_a_prefix_the_routes_answer_and_outside_nothing_does(control: Control) -> None:
    with control.open_scope(prefix="/gateway/v1") as scope, httpx.Client(trust_env=False) as http:
        scope.script("e1", "READY")
        root = scope.base_url.removesuffix("/gateway/v1")
        assert scope.base_url != root
        assert http.get(f"{scope.base_url}/aris3/exports/e1").json()["status"] == "READY"
        assert http.get(f"{root}/aris3/exports/e1").status_code == 404
        assert [seen.path for seen in scope.log()] == ["/gateway/v1/aris3/exports/e1", "/aris3/exports/e1"]


def test_one_connection_carries_many_requests_without_delay(scope: Scope) -> None:
    connection = http.client.HTTPConnection(scope.base_url.removeprefix("http://"), timeout=10)
    connection.connect()
    for _ in range(50):
        connection.request("GET", "/x", headers={"Content-Length": "0"})
        connection.getresponse().read()
    connection.close()
    gaps = [later.arrived_s - first.arrived_s for first, later in zip(scope.log(), scope.log()[1:], strict=False)]
    # Forty milliseconds each is what two small writes under Nagle's algorithm would cost.
    assert sorted(gaps)[len(gaps) // 2] < 0.03


def test_a_chunked_request_body_is_read(scope: Scope, http: httpx.Client) -> None:
    assert http.post("/aris3/exports", content=iter([b'{"format":', b' "xlsx"}'])).json()["format"] == "xlsx"
    assert scope.log()[0].json() == {"format": "xlsx"}


def test_a_client_that_asks_to_close_is_closed(scope: Scope) -> None:
    host, port = scope.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body)["status"] == "ok"
    assert b"Connection: close" in head


@pytest.mark.parametrize(
    "bad", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n"]
)
def test_what_is_not_http_is_told_so_and_not_logged(scope: Scope, bad: bytes) -> None:
    host, port = scope.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(bad)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert scope.log() == []


@each_row(
    ("fields", "word"),
    [
        ({"state": "READY", "raw": b""}, "state and raw"),
        ({"fault": "gremlins"}, "gremlins"),
        ({"delay_s": -1}, "delay_s"),
        ({"together": -1}, "together"),
        ({"delay_s": float("nan")}, "delay_s"),
        ({"status": 99}, "99"),
    ],
)
def test_a_step_that_cannot_be_is_refused_where_it_is_written(fields: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Step(**fields)  # type: ignore[arg-type]


def test_an_empty_script_is_refused_and_the_scope_lives_on(scope: Scope, http: httpx.Client) -> None:
    with pytest.raises(HarnessError, match="at least one step"):
        scope.script("e1")
    assert http.get("/health").status_code == 200
