"""Tests that a client's reads match the service's log and the state of the check at that time."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from atalaya.core.errors import HarnessError
from atalaya.mock_server.control import Control, Scope, Seen, Step


def get(scope: Scope, path: str = "/x") -> httpx.Response:
    return httpx.get(f"{scope.base_url}{path}", timeout=20, trust_env=False)


def test_a_request_is_logged_whole(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED")
    http.post("/aris3/exports?q=%C3%A9", content=b"\x00\xff{}", headers={"X-MiXeD": "Case"})
    http.get("/aris3/exports/e1")
    posted, asked = scope.log()
    assert (posted.number, posted.method, posted.path) == (1, "POST", "/aris3/exports?q=%C3%A9")
    assert posted.body == b"\x00\xff{}"
    assert posted.headers["x-mixed"] == "Case"
    assert (posted.status, posted.state, posted.stamp, posted.fault) == (400, None, 1, None)
    assert (asked.status, asked.state, asked.stamp, asked.answered) == (200, "CREATED", 2, True)
    assert 0 <= posted.arrived_s < asked.arrived_s < 20


def test_stamps_rise_by_one_with_each_answer_and_match_the_log(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", "CREATED")
    read = [int(http.get(path).headers["X-Atalaya-Stamp"]) for path in ["/a", "/aris3/exports/e1", "/health"] * 3]
    assert read == list(range(1, 10))
    assert [seen.stamp for seen in scope.log()] == read


def test_a_request_that_was_not_answered_has_no_stamp_and_uses_none_up(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(fault="close"), Step(fault="truncated-body"), Step(fault="error-500"), Step())
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            http.get("/x")
    http.get("/x")
    http.get("/x")
    assert [(seen.fault, seen.status, seen.stamp) for seen in scope.log()] == [
        ("close", None, None),
        ("truncated-body", 200, 1),
        ("error-500", 500, None),
        (None, 200, 2),
    ]


def test_the_log_can_be_read_from_a_number_on(scope: Scope, http: httpx.Client) -> None:
    for path in ("/a", "/b", "/c"):
        http.get(path)
    assert [seen.path for seen in scope.log(after=1)] == ["/b", "/c"]


def test_the_log_can_be_read_after_the_scope_was_closed(control: Control) -> None:
    with control.open_scope() as scope:
        get(scope)
    assert [seen.path for seen in scope.log()] == ["/x"]
    scope.close()
    with pytest.raises(HarnessError, match="closed"):
        scope.script("e1", "READY")


def test_eight_threads_at_once_get_eight_hundred_different_stamps(scope: Scope) -> None:
    def ask(thread: int) -> list[int]:
        with httpx.Client(base_url=scope.base_url, timeout=20, trust_env=False) as http:
            answers = [http.get(f"/t{thread}/{number}") for number in range(100)]
        assert [answer.json()["path"] for answer in answers] == [f"/t{thread}/{number}" for number in range(100)]
        return [answer.json()["stamp"] for answer in answers]

    with ThreadPoolExecutor(8) as pool:
        stamps = [stamp for answers in pool.map(ask, range(8)) for stamp in answers]
    assert sorted(stamps) == list(range(1, 801))
    assert sorted(seen.stamp or 0 for seen in scope.log()) == list(range(1, 801))
    assert [seen.number for seen in scope.log()] == list(range(1, 801))


def test_scopes_know_nothing_of_each_other(control: Control) -> None:
    with control.open_scope() as one, control.open_scope() as two:
        one.script("e1", "READY")
        assert get(one, "/aris3/exports/e1").json()["row_count"] == 1
        assert get(two, "/aris3/exports/e1").status_code == 404
        assert (len(one.log()), len(two.log())) == (1, 1)
        one.close()
        assert get(two, "/health").status_code == 200


def test_the_witness_is_asked_while_the_request_is_in_flight(control: Control) -> None:
    flag = {"sending": False}

    def witness(seen: Seen) -> object:
        return {"sending": flag["sending"], "path": seen.path, "answered": seen.answered}

    with control.open_scope(witness=witness) as scope:
        flag["sending"] = True
        get(scope, "/first")
        flag["sending"] = False
        get(scope, "/second")
        assert [seen.witness for seen in scope.log()] == [
            {"sending": True, "path": "/first", "answered": False},
            {"sending": False, "path": "/second", "answered": False},
        ]
        assert [seen.note for seen in scope.log()] == ["", ""]


def test_no_answer_goes_out_before_the_witness_has_spoken(control: Control) -> None:
    asked, speak = threading.Event(), threading.Event()

    def witness(seen: Seen) -> str:
        asked.set()
        assert speak.wait(9)
        return "spoken"

    with control.open_scope(witness=witness) as scope, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, scope)
        assert asked.wait(9)
        assert [(seen.answered, seen.status) for seen in scope.log()] == [(False, None)]
        assert not answer.done()
        speak.set()
        assert answer.result(9).status_code == 200
        assert scope.log()[0].witness == "spoken"


def test_what_the_witness_scripts_is_what_the_request_in_flight_is_answered(control: Control) -> None:
    def witness(seen: Seen) -> None:
        scope.script("e1", "EXPIRED")

    with control.open_scope(witness=witness) as scope:
        scope.script("e1", "CREATED")
        assert get(scope, "/aris3/exports/e1").json()["status"] == "EXPIRED"


@pytest.mark.parametrize(("value", "word"), [(ValueError("no idea"), "no idea"), (object(), "JSON")])
def test_a_witness_that_fails_leaves_a_note_and_the_answer_goes_out(control: Control, value: object, word: str) -> None:
    def witness(seen: Seen) -> object:
        if isinstance(value, Exception) and seen.number == 1:
            raise value
        return value if seen.number == 1 else "well again"

    with control.open_scope(witness=witness) as scope:
        assert [get(scope).status_code, get(scope).status_code] == [200, 200]
        first, second = scope.log()
    assert first.witness is None
    assert word in first.note
    assert (second.witness, second.note) == ("well again", "")


def test_a_witness_whose_connection_dies_leaves_a_note_and_the_answers_go_out(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    ordinary = socket.socket

    def remember(*args: int) -> socket.socket:
        made.append(ordinary(*args))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", remember)
        scope = control.open_scope(witness=lambda seen: made[0].shutdown(socket.SHUT_RDWR))
    with scope:
        assert [get(scope).status_code, get(scope).status_code] == [200, 200]
        assert [seen.witness for seen in scope.log()] == [None, None]
        assert all("the witness was lost" in seen.note for seen in scope.log())


def test_a_witness_survives_eight_threads_at_once(control: Control) -> None:
    with control.open_scope(witness=lambda seen: seen.path) as scope, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: get(scope, f"/{number}"), range(40)))
        assert all(seen.witness == seen.path for seen in scope.log())
        assert len(scope.log()) == 40
