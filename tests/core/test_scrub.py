"""Tests that what must not be published is removed, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atalaya.core.scrub import PATTERNS, scrub
from atalaya.site.markup.myst import literal, plain, visible
from tests.hangs import cpu_seconds
from tests.tables import each_row

SECRETS = [
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 6,
    "xoxb-1234567890-abcdef",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
    "Authorization: Bearer abc.def.ghi",
    "authorization=Basic dXNlcjpwYXNz",
    "Cookie: session=1234; theme=dark",
    "https://ana:hunter2@example.test/",
    "https://bucket.example.test/f?X-Amz-Signature=deadbeef&X-Amz-Date=1",
    "API_KEY=abcdef123456",
    "ana.perez@example.test",
    "10.20.30.40",
    "192.168.1.7",
    "/home/ana/project",
    "C:\\Users\\ana\\project",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
]
PARTS = [
    "a1B2a1B2",
    "a1B2_a1B2",
    "1234567890",
    "ABCDEFGHIJ",
    "c2lnbmF0",
    "abc.def",
    "dXNlcjpw",
    "session=1234",
    "hunter2",
    "deadbeef",
    "abcdef123456",
    "ana.perez",
    "10.20",
    "192.168",
    "/home/ana",
    "Users\\ana",
    "MIIEow",
]


@each_row(("secret", "part"), list(zip(SECRETS, PARTS, strict=True)))
def test_secrets_are_replaced_by_what_they_were(secret, part):
    assert part not in scrub(f"before {secret} after")
    assert "[" in scrub(secret)


@each_row(
    "harmless",
    [
        "polling.fresh-status",
        "tests/exports/test_wait.py::test_ready[3-READY]",
        "http://127.0.0.1:8080/aris3/exports?page=2",
        "the token of the caller is sent along",
        "3f1a" * 16,
        "TransportError: connection reset by peer after 1.5 s",
        "version 10.2.1",
    ],
)
def test_what_is_no_secret_stays(harmless):
    assert harmless == scrub(harmless)


@each_row("long", ["A" * 60_000, "a-" * 30_000, "a." * 30_000, "x@" * 30_000, "?" * 60_000])
def test_one_long_word_takes_as_long_as_it_is_and_not_its_square(long):
    with cpu_seconds(20):
        scrub(long)


def test_an_address_is_taken_out_of_whatever_it_is_glued_to():
    scrubbed = scrub(f"ana@one.test+ben@two.test {'x' * 100}cat@three.test")
    assert [name for name in ("ana", "ben", "cat") if name in scrubbed] == []


@pytest.mark.parametrize("way", [visible, literal, plain])
def test_every_way_onto_a_page_is_scrubbed(way):
    assert "hunter2" not in way("https://ana:hunter2@example.test/")


def test_a_secret_that_straddles_the_cut_does_not_show_its_first_half():
    assert "ghp_" not in visible("x" * 295 + " ghp_" + "a1B2" * 9)


PIECES = [*SECRETS, *(secret.upper() for secret in SECRETS), *PARTS, " ", "é", "token=", "?sig="]


@given(st.lists(st.sampled_from(PIECES)))
def test_a_rule_is_passed_over_only_where_its_pattern_finds_nothing(parts):
    value = "".join(parts)
    expected = value
    for what, *_, pattern in PATTERNS:
        expected = pattern.sub(f"[{what}]", expected)
    assert scrub(value) == expected
