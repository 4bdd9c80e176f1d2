"""Tests that the timeline of a failed check is in the order in which things happened."""

from atalaya.harness.timeline import LONGEST, Note, render
from atalaya.harness.virtual_clock import Sleep
from atalaya.mock_server.control import Seen


def seen(number: int, at_s: float | None, **more: object) -> Seen:
    fields: dict[str, object] = {
        "number": number,
        "method": "GET",
        "path": "/a",
        "headers": {},
        "body": b"",
        "arrived_s": 0.0,
        "status": 200,
        "state": None,
        "stamp": number,
        "fault": None,
        "answered": True,
        "note": "",
        "witness": None if at_s is None else {"at_s": at_s},
    }
    return Seen(**(fields | more))  # type: ignore[arg-type]


def test_calls_requests_pauses_and_results_stand_in_their_order() -> None:
    notes = [Note(0.0, "called"), Note(0.2, "returned 1", closes=True)]
    sleeps = [Sleep(thread="MainThread", at_s=0.0, seconds=0.2)]
    assert render(notes, [seen(1, 0.0), seen(2, 0.2)], sleeps) == (
        "    0.000 s  called",
        "    0.000 s  GET /a  ->  200 #1",
        "    0.000 s  the SDK pauses for 0.2 s",
        "    0.200 s  GET /a  ->  200 #2",
        "    0.200 s  returned 1",
    )


def test_a_call_stands_before_the_request_that_it_sends_in_the_same_instant() -> None:
    notes = [Note(1.0, "first", closes=True), Note(1.0, "called"), Note(1.0, "returned", closes=True)]
    assert [line[13:] for line in render(notes, [seen(1, 1.5)], [])] == [
        "first",
        "called",
        "returned",
        "GET /a  ->  200 #1",
    ]


def test_a_request_without_a_witness_keeps_its_place_on_the_wire() -> None:
    assert [line[13:] for line in render([], [seen(1, 3.0), seen(2, None, fault="reset"), seen(3, 4.0)], [])] == [
        "GET /a  ->  200 #1",
        "GET /a  ->  reset",
        "GET /a  ->  200 #3",
    ]


def test_what_was_sent_is_told_with_who_sent_it() -> None:
    posted = seen(1, 0.0, method="POST", headers={"authorization": "Bearer a"}, body=b'{"a": 1}')
    assert render([], [posted], []) == ('    0.000 s  POST /a [authorization: Bearer a; {"a": 1}]  ->  200 #1',)


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    lines = render([Note(float(n), f"note {n}") for n in range(1000)], [], [])
    assert len(lines) == LONGEST + 1
    assert lines[0].endswith("note 0")
    assert lines[-1].endswith("note 999")
    assert "800 lines" in lines[LONGEST // 2]
