"""Properties of roads to the wire that hold for any client of an HTTP service: each is a test that takes one road."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from atalaya.harness.fixture import Attempt, CheckContext, short, words
from atalaya.harness.outcomes import CannotTell, require
from atalaya.harness.ports import closed_port, deaf_port
from atalaya.harness.roads import Road, Settings, Taken, take
from atalaya.mock_server.control import Seen
from atalaya.mock_server.scenario import Step

LONG = "0123456789abcdef" * 65_536 * 4  # 4 MiB
BUSY = Step(status=503)
CLOSED = Step(fault="close")
NO_ANSWER = ("close", "reset", "garbage-status-line")
CODINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}
CHARSETS = (
    ("application/json; charset=iso-8859-1", "iso-8859-1", "año"),
    ("application/json; charset=windows-1252", "windows-1252", "10 € “net”"),
    ("application/json; charset=utf-8", "utf-8", "año 日本"),
    ("application/json", "utf-8", "año 日本"),
)

# Real seconds, as a time-out below the network is not seen by the virtual clock.
SHORT_S = 0.1
NEVER_S = 4.0  # an answer that comes when nobody waits any more
SOON_S = 2.0  # a time-out is over by then, on a busy machine too
SLOW_S = 0.5  # a machine that takes so long for a plain answer cannot tell
TRIES = 2

STRICT = 0.98  # of a pause that was asked for: below is too early
LENIENT = 1.5  # above is too late; in between is a pause that a client has made a bit longer
BACKOFF_S = 0.5


# ── what is answered ─────────────────────────────────────────────────────────


def long_answers_arrive_whole(lab: CheckContext, road: Road) -> None:
    """A body of 4 MiB is read to its end."""
    heard = _heard(road, take(lab, road, road.good(LONG)).got, "a body of 4 MiB")
    require(heard == LONG, f"of {len(LONG)} characters it gave {short(heard)}"[:300])


def compressed_answers_are_read(lab: CheckContext, road: Road) -> None:
    """A body that is compressed, in a way that the client has said it takes, is read as what it was."""
    taken = take(lab, road, road.good())
    asked = taken.sent[-1].headers.get("accept-encoding", "") if taken.sent else ""
    require(_heard(road, taken.got, "a plain body") == "well", f"of a plain body it {taken.got.said()}")
    for coding, compress in CODINGS.items():
        if coding in asked:
            plain = road.good("año 日本" * 50)
            raw, headers = compress(plain.raw or b""), {**plain.headers, "Content-Encoding": coding}
            got = take(lab, road, Step(status=road.status, raw=raw, headers=headers)).got
            heard = _heard(road, got, coding)
            require(heard == "año 日本" * 50, f"of a body in {coding} it gave {short(heard)}")


def declared_charsets_are_read(lab: CheckContext, road: Road) -> None:
    """A text comes out in the charset that its answer declares, and in UTF-8 where it declares none."""
    for kind, encoding, text in CHARSETS:
        heard = _heard(road, take(lab, road, road.good(text, encoding=encoding, kind=kind)).got, kind)
        require(heard == text, f"of {text!r} as {kind} it gave {short(heard)}")


def header_names_have_no_case(lab: CheckContext, road: Road) -> None:
    """The headers of an answer mean the same in capitals and in small letters: where it leads is one of them."""
    lab.service.answer(road.method, "/there", road.good("there"))
    for name in ("Location", "LOCATION", "location"):
        step = Step(status=302 if road.method == "GET" else 307, headers={name: "/there"})
        heard = _heard(road, take(lab, road, step).got, f"a redirect by {name}")
        require(heard == "there", f"of a redirect by {name} it gave {short(heard)}")


def empty_answers_are_told(lab: CheckContext, road: Road) -> None:
    """A bare 204, and a bare 304, is a success with nothing in it."""
    for status in (204, 304):
        amiss = road.empty(take(lab, road, Step(status=status)).got)
        require(not amiss, f"of a bare {status}, {amiss}")


def redirects_lead_to_other_hosts(lab: CheckContext, road: Road) -> None:
    """A redirect to another host is followed, and the token does not go there."""
    other = lab.another_service()
    for status in (302, 307) if road.method == "GET" else (307,):
        other.answer(road.method, "/there", road.good(f"moved {status}"))
        step = Step(status=status, headers={"Location": f"{other.base_url}/there"})
        got = take(lab, road, step).got
        followed = other.log()
        require(bool(followed), f"nothing was sent to the other host, and it {got.said()}")
        method = followed[-1].method
        require(method == road.method, f"it was followed with {method}")
        require("authorization" not in followed[-1].headers, "the token was sent to the other host")
        if "value" in road.traits:
            heard = _heard(road, got, "the other host's answer")
            require(heard == f"moved {status}", f"it gave {short(heard)}")


# ── what fails ───────────────────────────────────────────────────────────────


def cut_answers_are_refused(lab: CheckContext, road: Road) -> None:
    """A body that ends before its announced length is a failure of the network, however politely it ends."""
    for fault in ("truncated-body", "reset-after-headers"):
        good = road.good("x" * 400)
        step = Step(status=road.status, raw=good.raw, headers=good.headers, fault=fault)
        _fails(lab, road, take(lab, road, step).got, fault)


def dead_networks_are_told(lab: CheckContext, road: Road) -> None:
    """A connection that is refused, closed or reset, or speaks another protocol, is a failure of the network."""
    for fault in NO_ANSWER:
        _fails(lab, road, take(lab, road, Step(fault=fault)).got, fault)
    nobody = Settings(base_url=f"http://127.0.0.1:{closed_port()}")
    _fails(lab, road, take(lab, road, settings=nobody).got, "a refused connection")


def certificates_are_verified(lab: CheckContext, road: Road) -> None:
    """A server whose certificate is wrong sees no request, unless certificates are not to be verified."""
    server = lab.another_service(tls="untrusted")
    got = take(lab, road, settings=Settings(base_url=server.base_url)).got
    require(not server.log(), f"the server was sent a request; the call {got.said()}")
    _fails(lab, road, got, "a certificate that nobody vouches for")
    got = take(lab, road, settings=Settings(base_url=server.base_url, verify=False)).got
    require(bool(server.log()), f"not to be verified, and yet nothing was sent: the call {got.said()}")


def read_time_outs_hold(lab: CheckContext, road: Road) -> None:
    """The read time-out ends the wait for an answer."""
    settings = Settings(read_timeout_s=SHORT_S, connect_timeout_s=30.0)
    late = Step(status=road.status, raw=road.good().raw, delay_s=NEVER_S)
    _in_time(lab, road, lambda: take(lab, road, late, settings=settings), f"an answer after {NEVER_S:g} s")


def connect_time_outs_hold(lab: CheckContext, road: Road) -> None:
    """The connect time-out ends the attempt to reach a host that does not answer."""

    def knock() -> Taken:
        with deaf_port(lab.clock.real.sleep) as port:
            base_url = f"http://127.0.0.1:{port}"
            settings = Settings(base_url=base_url, connect_timeout_s=SHORT_S, read_timeout_s=30.0)
            return take(lab, road, settings=settings)

    _in_time(lab, road, knock, "a host that accepts nobody")


def refusals_are_mapped(lab: CheckContext, road: Road, statuses: Sequence[int]) -> None:
    """An error status raises what the contract names for it, with what the service says, in its charset too."""
    error = '{"code": "A_CODE", "message": "no hay año", "details": {"a": [1]}, "trace_id": "t-9"}'
    for status, (encoding, kind) in zip(
        statuses,
        itertools.cycle((("utf-8", "application/json"), ("iso-8859-1", "application/json; charset=iso-8859-1"))),
        strict=False,
    ):
        step = Step(status=status, raw=error.encode(encoding), headers={"Content-Type": kind})
        message = "" if road.method == "HEAD" else "no hay año"
        amiss = road.refused(lab, status, message, take(lab, road, step).got)
        require(not amiss, f"answered {status}, {amiss}")


# ── how often ────────────────────────────────────────────────────────────────


def sends_no_more_than_promised(lab: CheckContext, road: Road) -> None:
    """What may be tried again is sent as often as the retries say, and all else once."""
    often = 3 if "retried" in road.traits else 1
    cases = (
        ("a good answer", road.good(), 1),
        ("404", Step(status=404), 1),
        ("429", Step(status=429, headers={"Retry-After": "1"}), 1),
        ("503 for ever", BUSY, often),
        ("closed for ever", CLOSED, often),
    )
    for label, step, expected in cases:
        taken = take(lab, road, step, settings=Settings(retries=2))
        sent = [f"{seen.method} {seen.path}" for seen in taken.sent]
        require(len(sent) == expected, f"{label}, with 2 retries: it sent {words(sent) or 'nothing'}")


def later_attempts_equal_the_first(lab: CheckContext, road: Road) -> None:
    """What goes out at a later attempt is what went out at the first: method, address, headers and body."""
    taken = take(lab, road, BUSY, CLOSED, road.good(), settings=Settings(retries=2))
    _well(road, taken.got, 2)
    first, *later = [(seen.method, seen.path, dict(seen.headers), seen.body) for seen in taken.sent]
    require(len(later) == 2, f"{len(later) + 1} requests on the wire instead of 3")
    for number, sent in enumerate(later, start=2):
        require(sent == first, f"attempt {number} is {short(sent)}, and the first {short(first)}")


def last_failure_counts(lab: CheckContext, road: Road) -> None:
    """Where attempts fail in different ways, the last one is told."""
    taken = take(lab, road, BUSY, CLOSED, settings=Settings(retries=1))
    _fails(lab, road, taken.got, "503, and then a dead network")
    got = take(lab, road, CLOSED, BUSY, settings=Settings(retries=1)).got
    amiss = road.refused(lab, 503, "", got)
    require(not amiss, f"after a dead network, and then 503, {amiss}")


def second_call_is_retried_like_the_first(lab: CheckContext, road: Road) -> None:
    """The second call of a client has all its attempts, and the pauses between them begin anew: after a failure too."""
    told = ""
    calls = (("first", road.good()), ("second", BUSY), ("third, after one that failed", road.good()))
    for _ in range(TRIES):
        client = road.build(lab, Settings(retries=2, backoff_s=BACKOFF_S))
        for call, last in calls:
            taken = take(lab, road, BUSY, CLOSED, last, client=client)
            if last is not BUSY:
                _well(road, taken.got, 2)
            told = _wrong_pauses(lab, taken.sent)
            if told:
                told = f"in the {call} call, {told}"
                break
        else:
            return
    require(not told, told)


def second_call_is_like_the_first(lab: CheckContext, road: Road) -> None:
    """The same call again sends the same again, and tells what is answered now."""
    client = road.build(lab, Settings())
    texts = ("one", "two")
    sent: list[Seen] = []
    for text in texts:
        taken = take(lab, road, road.good(text), client=client)
        require(len(taken.sent) == 1, f"{len(taken.sent)} requests on the wire instead of 1: it {taken.got.said()}")
        sent += taken.sent
        if "value" in road.traits:
            heard = _heard(road, taken.got, f"the answer {text!r}")
            require(heard == text, f"answered {text!r}, it gave {short(heard)}")
    first, second = [(seen.method, seen.path, _without_ids(seen), seen.body) for seen in sent]
    require(first == second, f"the second time it sent {short(second)}, and the first time {short(first)}")


def cookies_stay_with_their_client(lab: CheckContext, road: Road) -> None:
    """What a service gives to one client to keep is not sent by another."""
    take(lab, road, road.good(Set_Cookie="session=of-the-first; Path=/"))
    taken = take(lab, road, road.good())
    require(bool(taken.sent), f"nothing was sent: the second client {taken.got.said()}")
    cookie = taken.sent[0].headers.get("cookie")
    require(cookie is None, f"the second client sent the cookie of the first: {cookie}")


def base_path_is_kept(lab: CheckContext, road: Road) -> None:
    """A path in the base URL stays in front of the request's own."""
    for prefix in ("/gateway", "/gateway/v1"):
        taken = take(lab, road, settings=Settings(base_url=f"{lab.service.base_url}{prefix}"))
        paths = [seen.path.partition("?")[0] for seen in taken.sent]
        require(paths[:1] == [f"{prefix}{road.path}"], f"behind {prefix} it was sent to {words(paths) or 'nobody'}")


# ── what the properties share ────────────────────────────────────────────────


def _heard(road: Road, got: Attempt, what: str) -> Any:
    """The text that a road gave.

    :raises Broken: it failed, or gave none.
    """
    require(got.error is None, f"of {what} it {got.said()}")
    try:
        return road.heard(got.value)
    except (AttributeError, IndexError, KeyError, TypeError, UnicodeDecodeError):
        return got.value


def _fails(lab: CheckContext, road: Road, got: Attempt, what: str) -> None:
    amiss = road.fails(lab, got)
    require(not amiss, f"{what}: {amiss}")


def _well(road: Road, got: Attempt, retries: int) -> None:
    """Require an answer that can be read, where the contract says what a road returns."""
    if "value" in road.traits:
        require(got.error is None, f"with {retries} retries, as many failures were too many: it {got.said()}")


def _wrong_pauses(lab: CheckContext, sent: Sequence[Seen]) -> str:
    """What is wrong with the pauses between three attempts; nothing where they double from the backoff."""
    at_s = [lab.at_s(seen) for seen in sent]
    gaps = [later - earlier for earlier, later in pairwise(at_s)]
    asked = [BACKOFF_S, BACKOFF_S * 2]
    near = len(gaps) == 2 and all(
        low * STRICT <= gap <= low * LENIENT + 0.02 for gap, low in zip(gaps, asked, strict=True)
    )
    told = words([f"{gap:.2f}" for gap in gaps]) or "none"
    return "" if near else f"the pauses were {told} instead of {words(asked)} s"


def _without_ids(seen: Seen) -> dict[str, str]:
    """The headers of a request, without those that are new with each call."""
    new = ("x-trace-id", "idempotency-key")
    return {name: value for name, value in seen.headers.items() if name not in new}


def _in_time(lab: CheckContext, road: Road, call: Callable[[], Taken], what: str) -> None:
    """Require that a time-out struck.

    :raises CannotTell: this machine was too slow to tell.
    """
    now_s = lab.clock.real.monotonic
    for _ in range(TRIES):
        started_s = now_s()
        got = call().got
        took_s = now_s() - started_s
        amiss = road.fails(lab, got)
        if not amiss and took_s < SOON_S:
            return
        started_s = now_s()
        take(lab, road, road.good())
        plain_s = now_s() - started_s
        require(plain_s > SLOW_S, f"{what}, and a time-out of {SHORT_S} s: {amiss or f'it took {took_s:.1f} s'}")
    raise CannotTell(f"this machine takes {plain_s:.1f} s for a plain answer")
