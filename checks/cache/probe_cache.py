"""Probes for limitations of the SDK's cache, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import _thread
import dis
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from atalaya.harness.api import CannotTell, Seen, Step, describe, limitation, native

from ..fixture import CheckContext

PATH = "/aris3/reports/overview"
STORES = "/aris3/stores"

ANSWERS = 40
ANSWER_BYTES = 50_000
LONG_AFTER_S = 3600.0

MOST_WRITES = 40
PATIENCE_S = 0.1  # of real time, for a thread that may be kept out by a lock


@limitation("cache.hits-share-one-object")
def probe_shared_object(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    for which, number in (("first", 0), ("second", 1)):
        path = f"{PATH}/{which}"
        answers = [_get(lab, http, path) for _ in range(2)]
        if len(lab.log(path)) != 1:
            raise CannotTell("a GET repeated at once is not served from the cache")
        answers[number]["changed"] = True
        answers[number]["query"]["changed"] = True
        third = _get(lab, http, path)
        if "changed" in third:
            return f"what the {which} caller added to its result, the third caller found in its own"
        if "changed" in third["query"]:
            return f"what the {which} caller added inside its result, the third caller found in its own"
    return None


@limitation("cache.header-case-mixes-identities")
def probe_header_case(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    for token in ("one", "two"):
        _get(lab, http, PATH, headers={"authorization": token})
    return "the second token was answered from the first one's cache" if len(lab.log(PATH)) == 1 else None


@limitation("cache.other-headers-are-ignored")
def probe_other_headers(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    for number, (header, values) in enumerate(
        {"Accept": ("application/json", "text/csv"), "Accept-Language": ("en", "es")}.items()
    ):
        path = f"{PATH}/{number}"
        for value in values:
            _get(lab, http, path, headers={header: value})
        if len(lab.log(path)) == 1:
            return f"a GET with {header}: {values[1]} was answered with what was cached for {values[0]}"
    return None


@limitation("cache.expired-answers-stay")
def probe_expired_answers(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    lab.service.answer("GET", PATH, Step(json={"text": "x" * ANSWER_BYTES}))
    _get(lab, http, PATH)
    tracemalloc.start()
    try:
        for number in range(ANSWERS):
            _get(lab, http, PATH, params={"number": number})
        time.sleep(LONG_AFTER_S)
        _get(lab, http, STORES)  # a cache that tidies up when it stores has its occasion now
        gc.collect()
        held_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    if held_bytes < ANSWERS * ANSWER_BYTES / 2:
        return None
    return f"an hour after {ANSWERS} answers of {ANSWER_BYTES // 1000} kB, {held_bytes // 1000} kB are still held"


@limitation("cache.odd-queries-are-refused")
def probe_odd_queries(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    options: dict[str, Any] = {"use_get_cache": False} if lab.sdk.has("bypass") else {}
    got = lab.get(http, PATH, params={"from": date(2030, 1, 1)}, **options)
    if not isinstance(got.error, TypeError) or lab.log(PATH):
        return None
    return f"a GET with a date in its query raised {describe(got.error)}, and nothing was sent"


@limitation("cache.invalidation-takes-neighbours")
def probe_neighbours(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    lab.need_hits(http)
    neighbour = f"{STORES}-archive"
    first = _get(lab, http, neighbour)
    call = partial(http.request, "POST", STORES, json_body={"a": 1}, invalidate_paths=[STORES])
    lab.given(call, "a POST")
    if _get(lab, http, neighbour) == first:
        return None
    return f"a POST that named {STORES} removed what was cached for {neighbour}"


@limitation("cache.late-answers-outlive-a-clear")
def probe_late_answers(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-clear")
    http = lab.http()
    lab.need_hits(http)
    lab.samplers.append(lambda seen: http.clear_cache())
    first = _get(lab, http, PATH)
    lab.samplers.clear()
    if _get(lab, http, PATH) != first:
        return None
    return "clear_cache was called while a GET was in flight, and its answer was served from the cache afterwards"


@limitation("cache.invalidation-races")
def probe_invalidation_races(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    for number in range(3):
        _get(lab, http, f"{STORES}/{number}")
    interloper = _Interloper(lab, partial(http.request, "GET"))

    def begin_with_the_post(seen: Seen) -> None:
        if seen.method == "POST":
            interloper.begin()

    lab.samplers.append(begin_with_the_post)
    with interloper:
        post = lab.post(http, STORES, invalidate_paths=[STORES])
    if not isinstance(post.error, RuntimeError):
        return None
    return f"while another thread stored an answer, a mutation raised {describe(post.error)}"


class _Interloper:
    """Another thread that stores an answer just when the SDK's code, in this thread, takes the next of many.

    Threads change places wherever they like. Here they do it at the worst place each time, so that
    what may happen once in a million calls happens, or cannot.
    """

    def __init__(self, lab: CheckContext, get: Callable[[str], Any]) -> None:
        self._lab = lab
        self._get = get
        self._begun = False
        self._writes = 0
        self._kept_out = False
        self._package = str(Path(sys.modules[native("HttpClient").__module__].__file__ or "").parent)
        self._before: Any = None

    def begin(self) -> None:
        """From now on: the answer to the mutation is on its way."""
        self._begun = True

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._enter_frame)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter_frame(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(self._package):
            return None
        frame.f_trace_opcodes = True
        return self._look

    def _look(self, frame: FrameType, event: str, arg: Any) -> Any:
        takes_the_next = event == "opcode" and frame.f_code.co_code[frame.f_lasti] == dis.opmap["FOR_ITER"]
        if takes_the_next and self._begun and not self._kept_out and self._writes < MOST_WRITES:
            self._write()
        return self._look

    def _write(self) -> None:
        self._writes += 1
        done = _thread.allocate_lock()
        done.acquire()

        def write() -> None:
            try:
                self._get(f"{STORES}/more/{self._writes}")
            except Exception:
                """What comes of it in that thread is not looked at."""
            finally:
                done.release()

        # Below threading, and in real time: a lock that keeps it out must not look like a stall of the clock.
        _thread.start_new_thread(write, ())
        ends_s = self._lab.clock.real.monotonic() + PATIENCE_S
        while not done.acquire(False):
            if self._lab.clock.real.monotonic() > ends_s:
                self._kept_out = True
                return
            self._lab.clock.real.sleep(0.0005)


def _get(lab: CheckContext, http: Any, path: str, **options: Any) -> Any:
    return lab.given(partial(http.request, "GET", path, **options), "a GET")
