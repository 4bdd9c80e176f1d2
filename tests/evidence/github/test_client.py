"""Tests that the GitHub client respects limits, and leaks nothing."""

from __future__ import annotations

import io
import json
import logging
import re
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from atalaya.core.environment import Secret
from atalaya.core.errors import NetworkError, SettingsError
from atalaya.evidence.github import client
from atalaya.evidence.github.client import TRIES, Absent, Client, Garbled, Refused, Spent, TooLarge
from atalaya.evidence.github.http_cache import Cache
from atalaya.evidence.github.payloads import Jobs, Run
from tests.evidence.github.stand_in import REPO, SHA, TOKEN, Answer, StandIn, job

SAMPLES = Path(__file__).parent / "samples"
LIMITED = sorted((SAMPLES / "hub4j+github-api").glob("*LimitHandlerTest/wiremock/*/mappings/*.json"))
RUN = f"repos/{REPO}/actions/runs/1/attempts/1"
LOG = f"repos/{REPO}/actions/jobs/1/logs"


class Asking:
    """A client with its cache, and what it said and slept."""

    def __init__(self, github: StandIn, path: Path, token: str = TOKEN, patience_s: float = 3_900) -> None:
        self.said: list[str] = []
        self.slept: list[float] = []
        self.cache = Cache(path, Secret(token))
        self.client = Client(
            github.api,
            Secret(token),
            self.cache,
            echo=self.said.append,
            clock=lambda: github.now,
            sleep=self.slept.append,
            patience_s=patience_s,
        )


@contextmanager
def asking(github: StandIn, folder: Path, **options: object) -> Iterator[Asking]:
    made = Asking(github, folder / "github.sqlite", **options)  # type: ignore[arg-type]
    with closing(made.cache), closing(made.client):
        yield made


@pytest.fixture
def asked(github: StandIn, tmp_path: Path) -> Iterator[Asking]:
    github.add_run(1, [job(1, conclusion="failure")])
    github.logs[1] = b"all that it said"
    with asking(github, tmp_path) as made:
        yield made


def recorded(path: Path, github: StandIn) -> Answer:
    """An answer as a real client's tests recorded it, with the times filled in."""
    response = json.loads(path.read_text(encoding="utf-8"))["response"]
    later = format_datetime(github.now + timedelta(seconds=8), usegmt=True)
    headers = {}
    for name, value in response["headers"].items():
        if name == "Date":
            continue
        if isinstance(value, str) and "format='unix'" in value:
            value = str(int((github.now + timedelta(seconds=3)).timestamp()))
        headers[name] = later if "{{now" in str(value) else str(value)
    return Answer(response["status"], response["body"].encode(), headers)


def once(github: StandIn, *answers: Answer) -> None:
    """Answer so first, and then as the history has it."""
    left = list(answers)
    github.interfere = lambda path: left.pop(0) if left else None


# ── what is given away ───────────────────────────────────────────────────────


def test_the_token_goes_to_the_api_and_not_to_the_host_of_the_download(github: StandIn, asked: Asking) -> None:
    asked.client.download(LOG, io.BytesIO(), most_bytes=100)
    assert [f"Bearer {TOKEN}"] == [each.headers["authorization"] for each in github.asked]
    assert ["authorization" in each.headers for each in github.downloads] == [False]


def test_a_signed_address_and_a_token_are_in_no_log(
    github: StandIn, asked: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        asked.client.download(LOG, io.BytesIO(), most_bytes=100)
        asked.client.page(RUN, Run)
    assert [each.getMessage() for each in caplog.records if re.search("s1gned|ghp_", each.getMessage())] == []


@pytest.mark.parametrize("trouble", [Answer(500), Answer(200, b"all th", cut=True)], ids=["5xx", "cut"])
def test_an_error_of_a_download_does_not_quote_its_signed_address(
    trouble: Answer, github: StandIn, asked: Asking
) -> None:
    github.interfere = lambda path: trouble if "s1gned" in path else None
    with pytest.raises(NetworkError, match="times in a row") as told:
        asked.client.download(LOG, io.BytesIO(), most_bytes=100)
    assert "s1gned" not in str(told.value)


def test_what_the_host_of_a_download_says_is_not_quoted(github: StandIn, asked: Asking) -> None:
    github.interfere = lambda path: Answer(403, b"you signed with s1gned") if "s1gned" in path else None
    with pytest.raises(Refused) as told:
        asked.client.download(LOG, io.BytesIO(), most_bytes=100)
    assert "s1gned" not in str(told.value)


def test_the_cache_holds_neither_the_token_nor_an_address_of_a_person(asked: Asking, tmp_path: Path) -> None:
    asked.client.page(RUN, Run)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (TOKEN.encode() in content, b"ana" in content, SHA.encode() in content) == (False, False, True)


def test_the_cache_is_for_its_owner_alone(asked: Asking, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "github.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize("api", ["http://api.example.test", "ftp://127.0.0.1", "https://a:b@example.test", "no"])
def test_an_address_that_does_not_keep_a_token_safe_is_refused(api: str, tmp_path: Path) -> None:
    with closing(Cache(tmp_path / "c")) as cache, pytest.raises(SettingsError):
        Client(api, Secret(TOKEN), cache, echo=print)


def test_a_token_that_cannot_be_one_is_not_quoted(tmp_path: Path) -> None:
    with closing(Cache(tmp_path / "c")) as cache, pytest.raises(SettingsError) as told:
        Client("https://api.example.test", Secret("s3cret\nx"), cache, echo=print)
    assert "s3cret" not in str(told.value)


def test_a_next_page_on_another_host_is_refused(github: StandIn, asked: Asking) -> None:
    body = b'{"total_count": 2, "jobs": []}'
    link = f'<{github.storage}/elsewhere>; rel="next"'
    once(github, Answer(200, body, {"Link": link}))
    with pytest.raises(Refused, match="another host"):
        list(asked.client.pages(f"{RUN}/jobs", Jobs))
    assert github.downloads == []


def test_a_document_on_another_host_is_refused(github: StandIn, asked: Asking) -> None:
    once(github, Answer(302, headers={"Location": f"{github.storage}/elsewhere"}))
    with pytest.raises(Refused, match="another host"):
        asked.client.page(RUN, Run)
    assert github.downloads == []


def test_a_document_that_has_moved_on_the_same_host_is_followed(github: StandIn, asked: Asking) -> None:
    once(github, Answer(301, headers={"Location": f"/{RUN}"}))
    assert asked.client.page(RUN, Run).value.id == 1


def test_pages_that_lead_in_a_circle_come_to_an_end(github: StandIn, asked: Asking) -> None:
    link = f'<{github.api}/{RUN}/jobs>; rel="next"'
    github.interfere = lambda path: Answer(200, b'{"total_count": 1, "jobs": []}', {"Link": link})
    with pytest.raises(Refused, match="circle"):
        list(asked.client.pages(f"{github.api}/{RUN}/jobs", Jobs))


# ── what it costs ────────────────────────────────────────────────────────────


def test_what_has_not_changed_is_not_sent_again(github: StandIn, asked: Asking) -> None:
    first = asked.client.page(RUN, Run)
    assert (first, {200: 1, 304: 1}) == (asked.client.page(RUN, Run), github.counted())


def test_what_has_changed_is_seen_at_once(github: StandIn, asked: Asking) -> None:
    asked.client.page(RUN, Run)
    github.attempts[1, 1]["conclusion"] = "success"
    assert asked.client.page(RUN, Run).value.conclusion == "success"


def test_an_answer_to_one_token_is_not_given_to_another(github: StandIn, asked: Asking, tmp_path: Path) -> None:
    asked.client.page(RUN, Run)
    github.counted()
    with asking(github, tmp_path, token="another") as other:
        other.client.page(RUN, Run)
    assert github.counted() == {200: 1}


def test_a_cache_that_is_damaged_is_begun_anew(github: StandIn, tmp_path: Path) -> None:
    (tmp_path / "github.sqlite").write_bytes(b"no database at all" * 100)
    github.add_run(1, [job(1)])
    with asking(github, tmp_path) as made:
        made.client.page(RUN, Run)
        made.client.page(RUN, Run)
        assert (made.cache.trouble, github.counted()) == ("", {200: 1, 304: 1})


def test_a_place_that_keeps_no_answers_stops_nobody_and_is_said(github: StandIn, tmp_path: Path) -> None:
    (tmp_path / "github.sqlite").mkdir()
    github.add_run(1, [job(1)])
    with asking(github, tmp_path) as made:
        assert made.client.page(RUN, Run).value.id == 1
        assert "no answers can be kept" in made.cache.trouble


# ── limits ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", LIMITED, ids=lambda path: path.parent.parent.name + path.parts[-5][:5])
def test_every_limit_that_was_recorded_is_waited_for(path: Path, github: StandIn, asked: Asking) -> None:
    answer = recorded(path, github)
    once(github, answer)
    asked.client.page(RUN, Run)
    told = answer.headers.get("Retry-After", "")
    expected = float(told) if told.isdecimal() else 8 if told else 60
    if answer.headers.get("X-RateLimit-Remaining") == "0":
        expected = 4  # the reset is in three seconds, and one more to be sure
    assert [expected] == asked.slept


def test_a_limit_that_only_a_header_tells_of_is_waited_for(github: StandIn, asked: Asking) -> None:
    once(github, Answer(403, b"{}", {"gh-limited-by": "search-elapsed-time-shared-grouped"}))
    asked.client.page(RUN, Run)
    assert asked.slept == [60]


def test_a_wait_is_said(github: StandIn, asked: Asking) -> None:
    once(github, Answer(429, headers={"Retry-After": "7"}))
    asked.client.page(RUN, Run)
    assert [match[0] for said in asked.said if (match := re.search(r"Waiting \d+ s", said))] == ["Waiting 7 s"]


def test_a_limit_without_a_time_is_waited_for_twice_as_long_each_time_and_then_given_up(
    github: StandIn, asked: Asking
) -> None:
    github.interfere = lambda path: Answer(429)
    with pytest.raises(Spent, match="longer than we wait"):
        asked.client.page(RUN, Run)
    assert asked.slept == [60, 120, 240, 480, 960, 1920]


def test_a_limit_that_holds_too_long_is_not_waited_for(github: StandIn, tmp_path: Path) -> None:
    github.interfere = lambda path: Answer(429, headers={"Retry-After": "61"})
    with asking(github, tmp_path, patience_s=60) as made, pytest.raises(Spent):
        made.client.page(RUN, Run)
    assert made.slept == []


def test_a_lack_of_rights_is_not_asked_again(github: StandIn, asked: Asking) -> None:
    github.interfere = lambda path: Answer(403, b'{"message": "Resource not accessible by ghp_%s"}' % (b"x" * 36))
    with pytest.raises(Refused, match=r"not allowed.*\[token\]"):
        asked.client.page(RUN, Run)
    assert (github.counted(), asked.slept) == ({403: 1}, [])


# ── what breaks ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trouble", [Answer(502), Answer(200, b'{"id": 1', cut=True)], ids=["5xx", "cut"])
def test_what_passes_is_tried_again(trouble: Answer, github: StandIn, asked: Asking) -> None:
    once(github, trouble, trouble)
    assert (asked.client.page(RUN, Run).value.id, len(github.asked)) == (1, 3)


@pytest.mark.parametrize("trouble", [Answer(502), Answer(200, b'{"id": 1', cut=True)], ids=["5xx", "cut"])
def test_what_does_not_pass_is_given_up(trouble: Answer, github: StandIn, asked: Asking) -> None:
    github.interfere = lambda path: trouble
    with pytest.raises(NetworkError, match="times in a row"):
        asked.client.page(RUN, Run)
    assert len(github.asked) == TRIES


def test_an_answer_that_never_ends_is_given_up(github: StandIn, asked: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_S", 0.0)
    with pytest.raises(NetworkError, match="longer than"):
        asked.client.page(RUN, Run)


def test_a_download_that_was_cut_begins_anew(github: StandIn, asked: Asking) -> None:
    left = [Answer(200, b"all th", cut=True)]
    github.interfere = lambda path: left.pop() if left and "s1gned" in path else None
    content = io.BytesIO()
    asked.client.download(LOG, content, most_bytes=100)
    assert content.getvalue() == b"all that it said"


def test_a_download_is_not_larger_than_it_may_be(github: StandIn, asked: Asking) -> None:
    with pytest.raises(TooLarge):
        asked.client.download(LOG, io.BytesIO(), most_bytes=5)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b'{"id": "x"}', b'{"message": "no"}', b"\xff", b""])
def test_an_answer_that_is_none_is_garbled(body: bytes, github: StandIn, asked: Asking) -> None:
    github.interfere = lambda path: Answer(200, body, {"ETag": '"x"'})
    with pytest.raises(Garbled) as told:
        asked.client.page(RUN, Run)
    assert len(body) == told.value.size_bytes


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_absent(status: int, github: StandIn, asked: Asking) -> None:
    github.interfere = lambda path: Answer(status)
    with pytest.raises(Absent):
        asked.client.page(RUN, Run)
