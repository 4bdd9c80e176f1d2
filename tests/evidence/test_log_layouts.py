"""Tests that each wording of an event is read in each layout of a log, and that what only speaks of one is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atalaya.core.scrub import scrub
from atalaya.evidence.readers import layouts, logs
from atalaya.evidence.readers.logs import Log
from atalaya.records.stored import EventKind
from tests.evidence.log_tables import (
    ACCESS,
    ACCESS_DECOYS,
    COMPOSE,
    DECOYS,
    GITHUB,
    LAYOUTS,
    RECORDS,
    TEXTS,
    WORDINGS,
    Layout,
)
from tests.tables import each_row

ALL: Mapping[str, Layout] = {**LAYOUTS, **RECORDS}
NETWORK = EventKind.NETWORK_ERROR


def log(layout: str, text: str) -> Log:
    """What is read of a text in a layout."""
    return logs.read(ALL[layout](text).encode("utf-16" if layout == "utf-16" else "utf-8"), scrub=scrub)


def kinds(read: Log) -> tuple[EventKind, ...]:
    return tuple(event.kind for event in read.events)


def wrong(rows: Iterable[tuple[str, object, object]]) -> list[str]:
    return [f"{name}: {found}, not {expected}" for name, found, expected in rows if found != expected]


@each_row("layout", ALL)
def test_each_wording_is_one_event_in_each_layout(layout: str) -> None:
    assert (
        wrong(
            (name, kinds(log(layout, line)), (kind,))
            for kind, lines in WORDINGS.items()
            for name, line in lines.items()
        )
        == []
    )


@each_row("layout", ALL)
def test_what_only_speaks_of_an_error_is_none_in_any_layout(layout: str) -> None:
    assert wrong((name, kinds(log(layout, line)), ()) for name, line in DECOYS.items()) == []


@each_row("layout", LAYOUTS)
def test_a_cause_and_what_it_led_to_are_one_event_in_each_layout(layout: str) -> None:
    assert wrong((name, kinds(log(layout, text)), expected) for name, (text, expected) in TEXTS.items()) == []


def test_the_answer_of_a_gateway_is_an_event_in_an_access_log_and_that_of_the_service_is_none() -> None:
    for layout in ("plain", "github", "compose", "cri", "docker's json-file"):
        assert wrong((f"{layout}, {name}", kinds(log(layout, line)), (NETWORK,)) for name, line in ACCESS.items()) == []
        assert wrong((f"{layout}, {name}", kinds(log(layout, line)), ()) for name, line in ACCESS_DECOYS.items()) == []
    assert [name for name, line in ACCESS_DECOYS.items() if log("plain", line).unclassified] == []


def test_a_line_tells_its_level_and_its_time_whatever_is_before_them() -> None:
    inner = "2026-01-01 00:00:01,250 - acme.client - ERROR - gone"
    line = layouts.read(GITHUB(COMPOSE(inner).strip()).strip().replace("00:00:01.1234567Z", "00:00:02.1234567Z"))
    assert (line.says, line.level) == ("gone", layouts.RED)
    assert line.at is not None
    assert line.at.second == 2  # the outermost, which is the machine's that everything ran on


@each_row(
    ("line", "level"),
    [
        ("<27>Jan  1 00:00:01 host-1 orders[1]: gone", layouts.RED),
        ("<30>Jan  1 00:00:01 host-1 orders[1]: gone", layouts.CALM),
        ("W0101 00:00:01.123456    1 a.go:1] gone", layouts.AMBER),
        ('{"level": 30, "msg": "gone"}', layouts.CALM),
        ('{"severity": "CRITICAL", "message": "gone"}', layouts.RED),
        ("INFO ERROR-PRONE: gone", layouts.CALM),
        ("gone", ""),
    ],
)
def test_a_level_is_known_in_each_way_to_write_it(line: str, level: str) -> None:
    assert layouts.read(line).level == level


# ── what nobody could classify ──


@each_row(
    "line",
    [
        "@@ orders @@ ConnectionResetError @@ peer went away",
        "~~> 12:00 ~~> connection refused ~~> orders",
        "ERROR something about the network went wrong",
        "2026-01-01 00:00:01,250 CRITICAL acme: the upstream is not to be had",
        "ERROR la conexión con el servicio hizo algo raro",
        "WARNING acme: after ECONNRESET the pool was emptied",
    ],
)
def test_a_line_with_words_of_an_error_that_no_row_knows_is_shown(line: str) -> None:
    read = logs.read(f"well\n{line}\nwell\n".encode(), scrub=scrub)
    assert (kinds(read), read.unclassified) == ((), 1)
    assert any(f"could not be classified: 1 (line 2: {line})" in note for note in read.notes)


def test_what_plainly_speaks_of_an_error_is_no_doubt() -> None:
    doubted = {
        name: layout
        for layout in ("plain", "github", "compose", "xdist", "pytest's mark", "cri")
        for name, line in DECOYS.items()
        if log(layout, line).unclassified
    }
    assert doubted == {}


def test_what_stands_round_an_event_explains_it_and_is_no_doubt() -> None:
    read = logs.read(
        b"ERROR trouble with the network, details below\nECONNREFUSED 127.0.0.1:80\nERROR gave the connection up\n",
        scrub=scrub,
    )
    assert (kinds(read), read.unclassified) == ((NETWORK,), 0)


def test_lines_that_nobody_could_classify_are_bounded_and_scrubbed() -> None:
    lines = "".join(f"@@ ConnectionResetError @@ ana@acme.invalid {'x' * 5_000} {n}\n" for n in range(1_000))
    read = logs.read(lines.encode(), scrub=scrub)
    (said,) = [note for note in read.notes if "could not be classified" in note]
    assert read.unclassified == 1_000
    assert said.count("line ") == logs.MOST_QUOTED
    assert f"and {1_000 - logs.MOST_QUOTED} more" in said
    assert "ana@" not in said
    assert len(said) < 3_000
