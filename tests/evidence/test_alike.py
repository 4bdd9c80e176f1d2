"""Tests that lines of one shape tell of the same, and that what is passed over could have told of nothing."""

from __future__ import annotations

import random
import re

from atalaya.evidence.readers import logs
from atalaya.evidence.readers.alike import SeenLines, Targets
from tests.evidence.log_tables import ACCESS, ACCESS_DECOYS, DECOYS, LAYOUTS, RECORDS, WORDINGS
from tests.tables import each_row

LINES = [*(line for lines in WORDINGS.values() for line in lines.values()), *DECOYS.values(), *ACCESS, *ACCESS_DECOYS]
NUMBERS = [0, 1, 4, 7, 17, 22, 42, 50, 100, 199, 200, 204, 304, 404, 500, 502, 503, 510, 520, 999, 2026, 50_300]


def told(line: bytes) -> object:
    return logs._Search(str)._take_apart(line.decode("utf-8", "replace"))


@each_row("layout", {**LAYOUTS, **RECORDS})
def test_lines_of_one_shape_tell_of_the_same(layout: str) -> None:
    chance, shapes = random.Random(layout), SeenLines()
    write = {**LAYOUTS, **RECORDS}[layout]
    for text in LINES:
        line = write(text).encode().splitlines()[0]
        for _ in range(2):
            other = re.sub(rb"\d+", lambda found: _another(found[0], chance), line)
            if shapes.shape_of(line) == shapes.shape_of(other) is not None:
                assert told(line) == told(other), (line, other)


def _another(number: bytes, chance: random.Random) -> bytes:
    same_length = [n for n in map(b"%d".__mod__, NUMBERS) if len(n) == len(number)]
    anything = b"%0*d" % (len(number), chance.randrange(10 ** len(number)))
    return chance.choice([*same_length, anything, number])


def test_numbers_that_no_rule_asks_for_make_no_other_shape() -> None:
    shape_of = SeenLines().shape_of
    assert shape_of(b"00:00:01,150 order 17 in 119 ms") == shape_of(b"00:59:42,111 order 61 in 998 ms")


@each_row(
    ("one", "other"),
    [
        (b"got 200", b"got 503"),
        (b"got 404", b"got 204"),
        (b"errors: 0", b"errors: 1"),
        (b"errors: 017", b"errors: 117"),
        (b"[404] no", b"[504] no"),
    ],
)
def test_numbers_that_a_rule_asks_for_make_another_shape(one: bytes, other: bytes) -> None:
    shape_of = SeenLines().shape_of
    assert shape_of(one) != shape_of(other)


@each_row("line", [b"curl: (7) no", b'{"msg": "\\u0063"}', b"<13>1 no", b'{"level": 50}', b"x" * 2_000])
def test_where_any_number_may_matter_there_is_no_shape(line: bytes) -> None:
    assert SeenLines().shape_of(line) is None


def test_shapes_without_end_are_bounded() -> None:
    shapes = SeenLines()
    for number in range(10_000):
        shapes.keep(shapes.shape_of(b"a" * (number % 900) + b"b" * (number // 900)), logs.Seen.NOTHING)
    assert max(len(shapes._seen), len(shapes._slices)) <= 4_096


@each_row(
    ("target", "line"),
    [
        ("/orders/7", b"INFO GET /orders/7 -> 200"),
        ("/orders/7", b'127.0.0.1 - "GET /orders/7 HTTP/1.1" 200'),
        ("/orders?page=2", b"GET /orders?page=2 -> 200"),
        ("/orders/7", b'{"method": "GET", "path": "/orders/7", "status": 200}'),
        ("/orders/7", b"msg=done method=GET path=/orders/7 status=200"),
        ("/orders/7", b'{"msg": "\\"GET \\/orders\\/7\\" 200"}'),
        ('"/orders"', b'get "/orders": 200'),
        ("/pedidos/ñ", "GET /pedidos/ñ -> 200".encode()),
        ("{id}", b"GET {id} -> 200"),
    ],
)
def test_an_answer_is_looked_at_where_it_may_name_what_failed(target: str, line: bytes) -> None:
    targets = Targets()
    assert not targets.may_be_in(line) or b"\\" in line
    targets.add(target)
    assert targets.may_be_in(line)


def test_an_answer_to_something_else_is_passed_over() -> None:
    targets = Targets()
    targets.add("/orders/7")
    assert not targets.may_be_in(b"INFO GET /orders/8 -> 200")
    targets.discard("/orders/7")
    assert not targets.may_be_in(b"INFO GET /orders/7 -> 200")


def test_of_a_quiet_log_few_lines_are_taken_apart() -> None:
    search = logs._Search(str)
    error = "2026-01-01T00:00:00Z ERROR smoke: GET /orders/x7 -> 503"
    quiet = (f"2026-01-01T00:00:{n % 60:02}Z INFO GET /orders/{n} -> 200 in {n % 900} ms" for n in range(20_000))
    noisy = (f"tests/test_timeout.py::test_connection_refused[{n}] PASSED" for n in range(20_000))
    search.take("\n".join([error, *quiet, *noisy, ""]).encode())
    assert len(tuple(search.events())) == 1
    assert search.taken_apart < 100
