"""What is seeded into what the smoke sees: stale reads, polling timeouts and network errors.

A zero that the smoke counts is worth as much as the smoke sees of these. Each row is another way in which such an
event comes about; ``detectors.json`` has what became of each.
"""

from __future__ import annotations

from atalaya.harness.declare import EventKind, SeededEvents

from .cache import defects as cache
from .polling import defects as polling

SEEDED = SeededEvents()
STALE, TIMEOUT = EventKind.STALE_READ, EventKind.POLLING_TIMEOUT
BASE, CLIENT, EXPORTS, MODELS = ("clients/base.py", "http_client.py", "clients/exports_client.py", "models_exports.py")


# ── stale reads ──

SEEDED.like(
    STALE,
    polling.polls_read_the_cache,
    polling.first_poll_reads_the_cache,
    polling.second_poll_reads_the_cache,
    polling.looks_once_more,
    polling.result_holds_the_first_status,
    cache.bypass_reads,
    cache.status_bypass_ignored,
)


@SEEDED.add(STALE, EXPORTS, wait=1)
def all_waits_but_the_first() -> None:
    """Every wait but the first reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=export_id[-1] != "0")
    """


@SEEDED.add(STALE, EXPORTS, wait=7)
def one_wait_in_ten() -> None:
    """One wait in ten reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=export_id.endswith("7"))
    """


@SEEDED.add(STALE, EXPORTS, wait=19)
def second_poll_of_the_last_wait() -> None:
    """The second poll of the last wait of a smoke reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=export_id.endswith("19") and attempt == 1)
    """


@SEEDED.add(STALE, EXPORTS)
def later_polls_read_the_cache() -> None:
    """Every poll but the first reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=attempt > 0)
    """


@SEEDED.add(STALE, EXPORTS)
def every_other_poll_reads_the_cache() -> None:
    """The first poll reads the cache, and every other after it.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=attempt % 2 == 0)
    """


@SEEDED.add(STALE, EXPORTS)
def statuses_kept_by_the_client() -> None:
    """A wait begins with the status that its client has read last.

    + known = vars(self).setdefault("_known", {})
    + if not use_get_cache and export_id in known:
    +     return known.pop(export_id)
      answer = self._request(
          "GET",
          _path(export_id),
          use_get_cache=use_get_cache,
          module="exports",
          operation="get_export_status",
      )
    - return ExportStatus.model_validate(answer)
    + known[export_id] = ExportStatus.model_validate(answer)
    + return known[export_id]
    """


@SEEDED.add(STALE, EXPORTS)
def statuses_kept_by_the_process() -> None:
    """The first poll of each export is answered with the status that anybody has read before.

    + known = globals().setdefault("_KNOWN", {})
    + if not use_get_cache and export_id in known:
    +     return ExportStatus.model_validate(known.pop(export_id))
      answer = self._request(
          "GET",
          _path(export_id),
          use_get_cache=use_get_cache,
          module="exports",
          operation="get_export_status",
      )
    + known.setdefault(export_id, answer)
    """


@SEEDED.add(STALE, EXPORTS)
def polls_of_created_read_the_cache() -> None:
    """Once an export was seen CREATED, the cache is asked whether it still is.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + created = status is not None and status.status == "CREATED"
    + status = self.get_export_status(export_id, use_get_cache=created)
    """


@SEEDED.add(STALE, EXPORTS)
def result_of_the_client() -> None:
    """The result holds the first status that this client has ever seen.

    - return ExportWaitResult(export_id, outcome, status)
    + return ExportWaitResult(export_id, outcome, replace(self).get_export_status(export_id))
    """


@SEEDED.add(STALE, EXPORTS, wait=2)
def result_of_one_wait_before_its_end() -> None:
    """Every third wait returns the status of the poll before the last.

      outcome = OUTCOME_BY_STATE.get(state)
    + before = status if attempt == 1 else before
    + status = before if outcome and int(export_id[-4:]) % 3 == 2 else status
    """


@SEEDED.add(STALE, CLIENT)
def statuses_are_always_cached() -> None:
    """What lies below exports is read from the cache, whatever is asked for.

    - if caching and (cached := self._read_cache(key)) is not None:
    + if (caching or "/exports/" in path) and (cached := self._read_cache(key)) is not None:
    """


@SEEDED.add(STALE, CLIENT)
def bypass_reads_what_is_young() -> None:
    """A bypass is answered by an entry that is younger than a tenth of a second.

    - if caching and (cached := self._read_cache(key)) is not None:
    + born_s = self._cache[key][0] - self.cache_ttl_seconds if key in self._cache else 0.0
    + young = time.monotonic() - born_s < 0.1
    + if (caching or young) and (cached := self._read_cache(key)) is not None:
    """


@SEEDED.add(STALE, CLIENT)
def first_bypass_is_none() -> None:
    """The first bypass of each address reads the cache.

    + passed = vars(self).setdefault("_passed", set())
    + first = not use_get_cache and key not in passed
    + passed.add(None if use_get_cache else key)
    - if caching and (cached := self._read_cache(key)) is not None:
    + if (caching or first) and (cached := self._read_cache(key)) is not None:
    """


@SEEDED.add(STALE, CLIENT)
def bypass_holds_once() -> None:
    """Only the first bypass of each address passes the cache by.

    + passed = vars(self).setdefault("_passed", set())
    + again = not use_get_cache and key in passed
    + passed.add(None if use_get_cache else key)
    - if caching and (cached := self._read_cache(key)) is not None:
    + if (caching or again) and (cached := self._read_cache(key)) is not None:
    """


@SEEDED.add(STALE, CLIENT)
def bypass_wants_a_hook() -> None:
    """A bypass is honoured only where a hook watches.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and self.enable_get_cache and (use_get_cache or self.before_request is None)
    """


@SEEDED.add(STALE, CLIENT)
def bypass_of_nothing_but_none() -> None:
    """Only None is taken for a bypass.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and self.enable_get_cache and use_get_cache is not None
    """


@SEEDED.add(STALE, CLIENT)
def bypass_not_for_a_module() -> None:
    """A bypass does not hold for the requests of one module.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and self.enable_get_cache and (use_get_cache or module == "exports")
    """


@SEEDED.add(STALE, CLIENT)
def bypass_of_fresh_clients() -> None:
    """A bypass holds only for a client that has sent nothing yet.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and self.enable_get_cache and (use_get_cache or self.last_operation is not None)
    """


@SEEDED.add(STALE, BASE)
def bypass_lost_on_the_way() -> None:
    """The clients do not hand the bypass on.

    - return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
    + return self.http.request(method, path, headers=headers, **kwargs)
    """


@SEEDED.add(STALE, BASE)
def bypass_of_mutations_only() -> None:
    """The clients hand the bypass on for whatever is no GET.

    - return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
    + use_get_cache = use_get_cache or method == "GET"
    + return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
    """


@SEEDED.add(STALE, BASE)
def bypass_of_known_callers() -> None:
    """Who has no token cannot pass the cache by.

    - return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
    + use_get_cache = use_get_cache or not self.access_token
    + return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
    """


@SEEDED.add(STALE, CLIENT, fault="close", request=1)
def lost_first_poll_is_answered_from_the_cache() -> None:
    """A first poll whose connection is lost is answered from the cache.

    - response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + try:
    +     response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + except TransportError:
    +     if key in self._cache:
    +         return self._cache[key][1]
    +     raise
    """


@SEEDED.add(STALE, CLIENT, fault="reset", request=2)
def lost_later_poll_is_answered_from_the_cache() -> None:
    """A later poll whose connection is reset is answered from the cache.

    - response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + try:
    +     response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + except TransportError:
    +     if (cached := self._read_cache(key)) is not None:
    +         return cached
    +     raise
    """


@SEEDED.add(STALE, CLIENT, fault="error-500", request=1)
def failed_poll_is_answered_from_the_cache() -> None:
    """A poll that the service fails is answered from the cache.

      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + if method == "GET" and response.status_code >= 500 and key in self._cache:
    +     return self._cache[key][1]
    """


# ── polling timeouts ──

SEEDED.like(TIMEOUT, polling.ready_not_terminal)


@SEEDED.add(TIMEOUT, EXPORTS)
def ready_by_another_name() -> None:
    """The wait knows READY by another name.

    - "READY": ExportTerminalState.COMPLETED,
    + "DONE": ExportTerminalState.COMPLETED,
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def states_in_small_letters() -> None:
    """States are made small, and compared with capitals.

    - state = status.status.upper()
    + state = status.status.lower()
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def states_with_a_space() -> None:
    """A space comes behind each state.

    - state = status.status.upper()
    + state = f"{status.status.upper()} "
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def outcome_of_the_status() -> None:
    """The outcome is looked up by the status itself and not by its state.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get(str(status))
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def first_status_for_ever() -> None:
    """Each poll is answered, and the first status is what the wait looks at.

      attempt += 1
    + status = vars(self).setdefault("_first", status)
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def statuses_are_all_created() -> None:
    """Each status that is read says CREATED.

          operation="get_export_status",
      )
    - return ExportStatus.model_validate(answer)
    + return ExportStatus.model_validate({**answer, "status": "CREATED"})
    """


@SEEDED.add(TIMEOUT, EXPORTS, wait=2)
def some_waits_do_not_know_ready() -> None:
    """Every third wait does not know that READY is an end.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = None if int(export_id[-4:]) % 3 == 2 else OUTCOME_BY_STATE.get(state)
    """


@SEEDED.add(TIMEOUT, EXPORTS, wait=19)
def last_wait_does_not_know_ready() -> None:
    """The last wait of a smoke does not know that READY is an end.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get(state) if not export_id.endswith("19") else None
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def no_budget_at_all() -> None:
    """The budget is taken for nothing.

    - deadline = start + max(0.0, timeout_sec)
    + deadline = start
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def half_a_minute_is_held_back() -> None:
    """Half a minute of the budget is held back for the last request.

    - deadline = start + max(0.0, timeout_sec)
    + deadline = start + max(0.0, timeout_sec - 30.0)
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def budget_spent_by_a_poll() -> None:
    """Each poll uses up the whole budget.

      attempt += 1
    + deadline -= timeout_sec
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def budget_counted_twice() -> None:
    """The budget is added to the time that has passed.

    - if time.monotonic() >= deadline:
    + if time.monotonic() + timeout_sec >= deadline:
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def deadline_by_the_wall_clock() -> None:
    """The deadline is compared with the time of day.

    - if time.monotonic() >= deadline:
    + if time.time() >= deadline:
    """


@SEEDED.add(TIMEOUT, EXPORTS, wait=9)
def budget_of_the_process() -> None:
    """All waits of a process share one budget, of two seconds.

    - deadline = start + max(0.0, timeout_sec)
    + deadline = globals().setdefault("_BEGAN", start) + min(max(0.0, timeout_sec), 1.0)
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def one_poll_and_no_more() -> None:
    """A wait gives up after one poll.

    - if time.monotonic() >= deadline:
    + if attempt >= 1:
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def interval_in_minutes() -> None:
    """The interval is taken for minutes, and a wait that oversleeps does not look again.

    - time.sleep(interval)
    + time.sleep(interval * 60 * 3)
    + if time.monotonic() >= deadline:
    +     raise TimeoutError(f"Export {export_id} was still {status.status} after {timeout_sec} seconds")
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def late_after_one_pause() -> None:
    """A wait that has paused once is late.

      time.sleep(interval)
    + raise TimeoutError(export_id)
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def late_by_a_class_of_its_own() -> None:
    """A wait has no budget, and what it raises is a class below TimeoutError.

    - if time.monotonic() >= deadline:
    + if time.monotonic() >= start:
    +     raise type("ExportTimeout", (TimeoutError,), {})(export_id)
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def late_without_a_word() -> None:
    """A wait has no budget, and says nothing when it ends.

    - if time.monotonic() >= deadline:
    + if time.monotonic() >= start:
    +     raise TimeoutError
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def cancelled_unless_told_otherwise() -> None:
    """A wait that is given no way to cancel it is cancelled at once.

    - if cancel_check and cancel_check():
    + if cancel_check is None or cancel_check():
    """


@SEEDED.add(TIMEOUT, EXPORTS, wait=4)
def cancelled_before_its_first_poll() -> None:
    """One wait in five ends before its first poll.

    - if cancel_check and cancel_check():
    + if export_id[-1] in "49":
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def late_and_told_as_an_error_of_the_service() -> None:
    """READY is no end, and the time-out is raised as an error of the SDK's.

      outcome = OUTCOME_BY_STATE.get(state)
    + if time.monotonic() >= deadline:
    +     raise NotFoundError(code="TIMEOUT", message="late", details=None, trace_id=None, status_code=0)
    + outcome = None
    """


@SEEDED.add(TIMEOUT, EXPORTS)
def late_and_returned_as_failed() -> None:
    """READY is no end, and the time-out is returned as FAILED.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = ExportTerminalState.FAILED if time.monotonic() >= deadline else None
    """


# ── network errors ──
# The wait and the request that a fault strikes are spread over a smoke: the GET before a wait, its polls, its last.

LOST = {
    "reset": "The connection is reset before an answer.",
    "close": "The connection is closed before an answer.",
    "stall": "No answer comes.",
    "reset-mid-headers": "The connection is reset within the headers.",
    "reset-after-headers": "The connection is reset after the headers.",
    "reset-mid-body": "The connection is reset within the body.",
    "truncated-body": "The body is shorter than was said.",
    "half-close": "The service stops sending within the body.",
    "stall-mid-body": "The answer stops within the body.",
    "garbage-status-line": "The answer's first line is not HTTP.",
    "huge-header": "A header is longer than a client takes.",
    "garbage-length": "The length of the body is no number.",
}

for number, (fault, says) in enumerate(LOST.items()):
    for request in range(3):
        SEEDED.lost(fault, says, wait=(number + request) % 6, request=request)
for number, (fault, says) in enumerate(LOST.items()):
    SEEDED.lost(fault, says, wait=number % 4, request=number % 3, times=2)
