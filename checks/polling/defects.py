"""Changes to the reference SDK that break what it promises about the wait for an export, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("polling")


# ── how it ends ──


@DEFECTS.add("clients/exports_client.py", "polling.created-to-ready", "polling.terminal-states")
def ready_not_terminal() -> None:
    """READY does not end a wait.

    - "READY": ExportTerminalState.COMPLETED,
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states")
def error_not_terminal() -> None:
    """ERROR does not end a wait.

    - "ERROR": ExportTerminalState.FAILED,
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states")
def expired_is_failed() -> None:
    """EXPIRED is reported as FAILED.

    - "EXPIRED": ExportTerminalState.EXPIRED,
    + "EXPIRED": ExportTerminalState.FAILED,
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states", "polling.telemetry-has-its-keys")
def capitals_only() -> None:
    """States are compared with their case.

    - state = status.status.upper()
    + state = status.status
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states")
def all_small_or_all_capitals() -> None:
    """A state in mixed case is not known.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get(state) if status.status in (state, state.lower()) else None
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states")
def failed_raises() -> None:
    """A wait for an export that failed raises instead of returning.

      if outcome is not None:
    +     if outcome is ExportTerminalState.FAILED:
    +         raise RuntimeError(state)
    """


@DEFECTS.add(
    "clients/exports_client.py", "polling.terminal-states", "polling.fresh-status", "polling.leaves-cache-entries-alone"
)
def looks_once_more() -> None:
    """A wait fetches the status once more when it has seen the end.

    - return ExportWaitResult(export_id, outcome, status)
    + return ExportWaitResult(export_id, outcome, self.get_export_status(export_id))
    """


@DEFECTS.add("clients/exports_client.py", "polling.unknown-states-keep-waiting")
def unknown_state_fails() -> None:
    """A state that is not known counts as failed.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get(
    +     state, None if state in ("CREATED", "PROCESSING") else ExportTerminalState.FAILED
    + )
    """


@DEFECTS.add("clients/exports_client.py", "polling.unknown-states-keep-waiting")
def stray_spaces_dropped() -> None:
    """A state is stripped before it is compared.

    - state = status.status.upper()
    + state = status.status.strip().upper()
    """


@DEFECTS.add("clients/exports_client.py", "polling.unknown-states-keep-waiting")
def ready_as_a_prefix() -> None:
    """A state that begins with READY is taken for it.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get("READY" if state.startswith("READY") else state)
    """


@DEFECTS.add("clients/exports_client.py", "polling.outcome-is-a-str-enum")
def outcome_is_a_text() -> None:
    """The outcome is a mere text.

    - return ExportWaitResult(export_id, outcome, status)
    + return ExportWaitResult(export_id, outcome.value, status)
    """


@DEFECTS.add("models_exports.py", "polling.outcome-is-a-str-enum")
def outcome_is_no_text() -> None:
    """The outcome's enum is none of texts.

    - class ExportTerminalState(str, Enum):
    + class ExportTerminalState(Enum):
    """


@DEFECTS.add("clients/exports_client.py", "polling.result-is-as-asked")
def result_named_by_the_service() -> None:
    """The result names the export as the service does.

    - return ExportWaitResult(export_id, outcome, status)
    + return ExportWaitResult(status.export_id, outcome, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.result-is-as-asked")
def result_holds_the_first_status() -> None:
    """The result holds the first status that was seen.

      outcome = OUTCOME_BY_STATE.get(state)
    + first = status if attempt == 1 else first
    + status = first if outcome else status
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-at-first-raises")
def missing_export_is_an_outcome() -> None:
    """A first 404 is returned instead of raised.

    - raise
    + return ExportWaitResult(export_id, ExportTerminalState.NOT_FOUND, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-at-first-raises")
def first_404_forgiven() -> None:
    """A first 404 is asked about once more.

      except NotFoundError:
    +     if status is None and time.monotonic() < min(start + interval / 2, deadline):
    +         time.sleep(interval)
    +         continue
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-at-first-raises")
def last_status_outlives_its_wait() -> None:
    """The last status is kept on the client: in its next wait, a first 404 is EXPIRED beside another export's status.

    -     status = self.get_export_status(export_id, use_get_cache=False)
    +     status = self._last = self.get_export_status(export_id, use_get_cache=False)
      except NotFoundError:
    +     status = status or vars(self).get("_last")
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-later-is-expired")
def later_404_raises() -> None:
    """An export that vanishes raises NotFoundError.

    - if status is None:
    -     raise
    + raise
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-later-is-expired")
def later_404_is_not_found() -> None:
    """An export that vanishes ends the wait with NOT_FOUND.

    - return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
    + return ExportWaitResult(export_id, ExportTerminalState.NOT_FOUND, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.not-found-later-is-expired")
def later_404_loses_the_status() -> None:
    """The result for an export that vanishes holds no status.

    - return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
    + return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.network-failure-ends-the-wait")
def network_failure_swallowed() -> None:
    """A wait goes on over a dead network.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if getattr(error, 'status_code', None) == 0 and status is not None:
    +         if time.monotonic() >= deadline:
    +             raise TimeoutError(export_id) from error
    +         time.sleep(interval)
    +         continue
    +     if status is None or not isinstance(error, NotFoundError):
    """


@DEFECTS.add("clients/exports_client.py", "polling.network-failure-ends-the-wait")
def one_network_failure_forgiven() -> None:
    """A wait asks once more after a network failure.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + try:
    +     status = self.get_export_status(export_id, use_get_cache=False)
    + except Exception as error:
    +     if getattr(error, 'status_code', None) != 0 or attempt == 0:
    +         raise
    +     status = self.get_export_status(export_id, use_get_cache=False)
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-is-timeout-error", "polling.network-failure-ends-the-wait")
def network_failure_is_a_timeout() -> None:
    """A wait reports a dead network as a time-out.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if getattr(error, 'status_code', None) == 0:
    +         raise TimeoutError(str(error)) from error
    +     if status is None or not isinstance(error, NotFoundError):
    """


@DEFECTS.add("clients/exports_client.py", "polling.errors-end-the-wait")
def rate_limit_waited_out() -> None:
    """A wait goes on when it is told that it asks too often.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if (getattr(error, 'status_code', 0) == 429) and time.monotonic() < deadline:
    +         time.sleep(interval)
    +         continue
    +     if not isinstance(error, NotFoundError) or status is None:
    """


@DEFECTS.add("clients/exports_client.py", "polling.errors-end-the-wait", "polling.polls-are-retried")
def failing_service_waited_out() -> None:
    """A wait goes on over a service that fails.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if (getattr(error, 'status_code', 0) >= 500) and time.monotonic() < deadline:
    +         time.sleep(interval)
    +         continue
    +     if not isinstance(error, NotFoundError) or status is None:
    """


@DEFECTS.add("clients/exports_client.py", "polling.errors-end-the-wait")
def forbidden_is_expired() -> None:
    """A 403 after an answered poll counts as expired.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if status is None or getattr(error, 'status_code', 0) not in (403, 404):
    """


@DEFECTS.add("clients/exports_client.py", "polling.errors-end-the-wait", "polling.polls-are-retried")
def errors_become_runtime_errors() -> None:
    """A wait wraps the errors of its polls.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     told = getattr(error, 'status_code', 0)
    +     if told >= 400 and told != 404:
    +         raise RuntimeError(f'export {export_id}: {error}') from error
    +     if status is None or not isinstance(error, NotFoundError):
    """


@DEFECTS.add("clients/exports_client.py", "polling.malformed-answers-end-the-wait")
def malformed_is_pending() -> None:
    """A wait reads past an answer that is no status.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if (isinstance(error, ValueError)) and time.monotonic() < deadline:
    +         time.sleep(interval)
    +         continue
    +     if not isinstance(error, NotFoundError) or status is None:
    """


@DEFECTS.add("clients/exports_client.py", "polling.polls-are-retried")
def polls_not_retried() -> None:
    """A poll is made on a client without retries.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + once = replace(self.http, config=replace(self.http.config, retries=0))
    + status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)
    """


@DEFECTS.add("clients/exports_client.py", "polling.polls-are-retried")
def later_polls_not_retried() -> None:
    """Only the first poll of a wait is retried.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + once = replace(self.http, config=replace(self.http.config, retries=0)) if attempt else self.http
    + status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)
    """


# ── what it asks ──


@DEFECTS.add("clients/exports_client.py", "polling.polls-are-status-requests")
def polls_without_tenant() -> None:
    """A poll leaves the tenant out.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = replace(self, tenant_id=None).get_export_status(export_id, use_get_cache=False)
    """


@DEFECTS.add("clients/exports_client.py", "polling.polls-are-status-requests")
def polls_carry_a_number() -> None:
    """A poll carries a query, so that no proxy answers it.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = ExportStatus.model_validate(self._request(
    +     'GET', _path(export_id), params={'_': attempt}, use_get_cache=False))
    """


@DEFECTS.add("clients/exports_client.py", "polling.wait-until-ready-is-the-same-wait")
def until_ready_raises() -> None:
    """wait_until_ready raises for an export that failed.

    - return self.wait_for_export_ready(
    + result = self.wait_for_export_ready(
          export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    - ).status
    + )
    + if result.outcome is ExportTerminalState.FAILED:
    +     raise RuntimeError(export_id)
    + return result.status
    """


@DEFECTS.add("clients/exports_client.py", "polling.wait-until-ready-is-the-same-wait")
def until_ready_looks_once_more() -> None:
    """wait_until_ready fetches the status once more.

    - return self.wait_for_export_ready(
    + self.wait_for_export_ready(
          export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    - ).status
    + )
    + return self.get_export_status(export_id)
    """


@DEFECTS.add("clients/exports_client.py", "polling.wait-until-ready-is-the-same-wait")
def until_ready_has_its_own_budget() -> None:
    """wait_until_ready does not pass its budget on.

    - export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    + export_id, poll_interval_sec=poll_interval_seconds
    """


@DEFECTS.add("clients/exports_client.py", "polling.wait-until-ready-is-the-same-wait", "polling.defaults")
def until_ready_swaps_its_arguments() -> None:
    """wait_until_ready mixes up its budget and its interval.

    - export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    + export_id, timeout_sec=poll_interval_seconds, poll_interval_sec=timeout_seconds
    """


@DEFECTS.add("clients/exports_client.py", "polling.defaults")
def default_budget_of_a_minute() -> None:
    """A wait has a minute, if nothing is said.

    - timeout_sec: float = 30.0,
    + timeout_sec: float = 60.0,
    """


@DEFECTS.add("clients/exports_client.py", "polling.defaults")
def default_interval_of_a_second() -> None:
    """A wait polls every second, if nothing is said.

    - poll_interval_sec: float = 2.0,
    + poll_interval_sec: float = 1.0,
    """


@DEFECTS.add("clients/exports_client.py", "polling.defaults")
def until_ready_has_a_minute() -> None:
    """wait_until_ready has a minute, if nothing is said.

    - self, export_id: str, *, timeout_seconds: float = 30.0, poll_interval_seconds: float = 2.0
    + self, export_id: str, *, timeout_seconds: float = 60.0, poll_interval_seconds: float = 2.0
    """


# ── how it keeps time ──


@DEFECTS.add("clients/exports_client.py", "polling.timeout-is-timeout-error")
def transport_error_for_timeout() -> None:
    """A wait that runs out of time raises an error of the SDK's.

      tell("export_poll_timeout", state, is_terminal=True)
    + raise NotFoundError(code="TIMEOUT", message="late", details=None, trace_id=None, status_code=0)
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-is-timeout-error")
def timeout_is_returned() -> None:
    """A wait that runs out of time returns its last status as failed.

      tell("export_poll_timeout", state, is_terminal=True)
    + return ExportWaitResult(export_id, ExportTerminalState.FAILED, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-is-timeout-error")
def gives_up_early() -> None:
    """The budget counts pauses that have not been made yet.

    - if time.monotonic() >= deadline:
    + if time.monotonic() + interval >= deadline:
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-names-the-export")
def mute_timeout() -> None:
    """The time-out does not say which export.

    - raise TimeoutError(
    -     f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
    - )
    + raise TimeoutError("The wait took too long")
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-names-the-export")
def timeout_names_created() -> None:
    """The time-out names CREATED, whatever the status was.

    - raise TimeoutError(
    -     f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
    - )
    + raise TimeoutError(f"Export {export_id} was still CREATED after {timeout_sec} seconds")
    """


@DEFECTS.add("clients/exports_client.py", "polling.never-faster-than-200-ms")
def no_floor() -> None:
    """An interval of zero is honoured.

    - interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + interval = max(0.01, poll_interval_sec)
    """


@DEFECTS.add("clients/exports_client.py", "polling.never-faster-than-200-ms")
def floor_of_100_ms() -> None:
    """Polls may be 0.1 s apart.

    - MIN_POLL_INTERVAL_SECONDS = 0.2
    + MIN_POLL_INTERVAL_SECONDS = 0.1
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def floor_of_half_a_second() -> None:
    """Polls are half a second apart at least.

    - MIN_POLL_INTERVAL_SECONDS = 0.2
    + MIN_POLL_INTERVAL_SECONDS = 0.5
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def no_interval_is_the_default() -> None:
    """An interval of zero counts as not given.

    - interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec or 2.0)
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def interval_doubles() -> None:
    """The interval grows with each poll.

      time.sleep(interval)
    + interval *= 1.5
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def interval_creeps() -> None:
    """The interval grows by a twentieth with each poll.

      time.sleep(interval)
    + interval *= 1.05
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def interval_halved() -> None:
    """Polls come twice as often as asked.

    - interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec / 2)
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def interval_doubled() -> None:
    """Polls come half as often as asked.

    - interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec) * 2
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def interval_capped() -> None:
    """An interval is ten seconds at most.

    - interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + interval = min(max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec), 10.0)
    """


@DEFECTS.add("clients/exports_client.py", "polling.interval-is-kept")
def jitter_downwards() -> None:
    """A pause may be a fifth shorter than asked.

    - time.sleep(interval)
    + time.sleep(max(0.2, interval * __import__('random').uniform(0.8, 1.0)))
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait", "polling.timeout-is-timeout-error")
def budget_begins_again() -> None:
    """The budget is counted from the newest poll.

      attempt += 1
    + deadline = time.monotonic() + max(0.0, timeout_sec)
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait")
def budget_begins_again_where_it_moves() -> None:
    """The budget is counted from the newest change of the state.

      attempt += 1
    + if attempt == 1 or status.status.upper() != state:
    +     deadline = time.monotonic() + max(0.0, timeout_sec)
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait")
def budget_begins_with_the_first_answer() -> None:
    """The budget is counted from the answer to the first poll.

      attempt += 1
    + if attempt == 1:
    +     deadline = time.monotonic() + max(0.0, timeout_sec)
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait")
def budget_counts_pauses() -> None:
    """Only pauses count against the budget.

    - if time.monotonic() >= deadline:
    + if (attempt - 1) * interval >= max(0.0, timeout_sec) - 1e-9:
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait")
def budget_capped() -> None:
    """A budget is two minutes at most.

    - deadline = start + max(0.0, timeout_sec)
    + deadline = start + min(max(0.0, timeout_sec), 120.0)
    """


@DEFECTS.add("clients/exports_client.py", "polling.first-poll-is-not-late")
def pause_before_the_first_poll() -> None:
    """A wait begins with a pause.

      deadline = start + max(0.0, timeout_sec)
    + time.sleep(max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec))
    """


@DEFECTS.add("clients/exports_client.py", "polling.terminal-states")
def pause_before_the_end() -> None:
    """A wait that has seen the end pauses once more.

      if outcome is not None:
    +     time.sleep(interval)
    """


@DEFECTS.add("clients/exports_client.py", "polling.errors-end-the-wait", "polling.network-failure-ends-the-wait")
def pause_before_an_error() -> None:
    """A wait pauses once more before it raises.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     time.sleep(interval)
    +     if status is None or not isinstance(error, NotFoundError):
    """


@DEFECTS.add("clients/exports_client.py", "polling.deadline-is-the-end")
def deadline_is_exceeded() -> None:
    """A wait goes on at its very deadline, and ends after it.

    - if time.monotonic() >= deadline:
    + if time.monotonic() > deadline:
    """


@DEFECTS.add("clients/exports_client.py", "polling.deadline-is-the-end")
def deadline_has_a_grace() -> None:
    """A wait has a hundredth of a second beyond its budget.

    - if time.monotonic() >= deadline:
    + if time.monotonic() >= deadline + 0.01:
    """


@DEFECTS.add("clients/exports_client.py", "polling.last-poll-is-not-early")
def last_pause_without_a_look() -> None:
    """A wait that runs out of time in a pause does not look again.

      time.sleep(interval)
    + if time.monotonic() >= deadline:
    +     tell("export_poll_timeout", state, is_terminal=True)
    +     raise TimeoutError(f"Export {export_id} was still {status.status} after {timeout_sec} seconds")
    """


@DEFECTS.add("clients/exports_client.py", "polling.short-budget-polls-once")
def one_poll_at_least_two() -> None:
    """A wait without a budget polls twice.

    - if time.monotonic() >= deadline:
    + if attempt > 1 and time.monotonic() >= deadline:
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll", "polling.cancel-stops-the-wait")
def no_budget_is_another_way() -> None:
    """A wait without a budget asks by itself: nobody is told, and nobody can cancel it.

    + if timeout_sec <= 0 and self.get_export_status(export_id, use_get_cache=False).status.upper() == "CREATED":
    +     raise TimeoutError(f"Export {export_id} was still CREATED after {timeout_sec} seconds")
      while True:
    """


@DEFECTS.add("clients/exports_client.py", "polling.short-budget-polls-once")
def no_budget_no_words() -> None:
    """The error of a wait without a budget names no state.

    - raise TimeoutError(
    -     f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
    - )
    + raise TimeoutError(
    +     f"Export {export_id} was still {status.status} after {timeout_sec} seconds" if timeout_sec > 0 else export_id
    + )
    """


@DEFECTS.add("clients/exports_client.py", "polling.wait-until-ready-is-the-same-wait")
def no_budget_is_the_usual_one() -> None:
    """wait_until_ready takes a budget of nothing for the usual one.

    - export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    + export_id, timeout_sec=timeout_seconds or 30.0, poll_interval_sec=poll_interval_seconds
    """


@DEFECTS.add("clients/exports_client.py", "polling.polls-are-status-requests")
def wait_keeps_who_asks() -> None:
    """A wait asks to its end as whoever began it.

    + self = replace(self)
      while True:
    """


@DEFECTS.add("clients/exports_client.py", "polling.budget-starts-with-the-wait")
def hooks_take_no_time() -> None:
    """Whether the budget is spent is decided before the telemetry hook has run.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    - if outcome is not None:
    -     return ExportWaitResult(export_id, outcome, status)
    - if time.monotonic() >= deadline:
    + late = time.monotonic() >= deadline
    + tell("export_poll_status", state, is_terminal=outcome is not None)
    + if outcome is not None:
    +     return ExportWaitResult(export_id, outcome, status)
    + if late:
    """


@DEFECTS.add("clients/exports_client.py", "polling.short-budget-polls-once")
def no_budget_no_poll() -> None:
    """A wait without a budget does not poll.

    + if timeout_sec <= 0:
    +     raise TimeoutError(export_id)
      while True:
    """


@DEFECTS.add("clients/exports_client.py", "polling.short-budget-polls-once")
def late_ready_is_late() -> None:
    """An export that is READY when the budget is spent is reported as late.

    - if outcome is not None:
    + if outcome is not None and time.monotonic() < deadline:
    """


# ── the cache ──


@DEFECTS.add("clients/exports_client.py", "polling.fresh-status", "polling.leaves-cache-entries-alone")
def polls_read_the_cache() -> None:
    """Polls read the cache like any other GET.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id)
    """


@DEFECTS.add("clients/exports_client.py", "polling.fresh-status", "polling.leaves-cache-entries-alone")
def first_poll_reads_the_cache() -> None:
    """Only the first poll of a wait reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=attempt == 0)
    """


@DEFECTS.add("clients/exports_client.py", "polling.fresh-status", "polling.leaves-cache-entries-alone")
def second_poll_reads_the_cache() -> None:
    """The second poll of a wait reads the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=attempt == 1)
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def wait_empties_the_cache() -> None:
    """A wait empties the cache to be sure of a fresh status.

      try:
    +     self.http.clear_cache()
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def wait_drops_its_entry() -> None:
    """A wait drops the export's cached answer when it has seen the end.

      if outcome is not None:
    +     self.http._invalidate([_path(export_id)])
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def timeout_drops_the_entry() -> None:
    """A time-out drops the export's cached answer.

      tell("export_poll_timeout", state, is_terminal=True)
    + self.http._invalidate([_path(export_id)])
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def poll_renews_the_entry() -> None:
    """A poll drops the cached answer and reads through the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + self.http._invalidate([_path(export_id)])
    + status = self.get_export_status(export_id)
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def wait_drops_the_lists() -> None:
    """A wait that has seen the end drops the cached lists.

      if outcome is not None:
    +     for key in [key for key in self.http._cache if EXPORTS_PATH + '"' in key]:
    +         self.http._cache.pop(key, None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def gone_empties_the_cache() -> None:
    """An export that vanishes empties the cache.

          raise
    + self.http.clear_cache()
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_off_and_back() -> None:
    """A poll turns the cache off and restores it in `finally`.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + cached, self.http.enable_get_cache = self.http.enable_get_cache, False
    + try:
    +     status = self.get_export_status(export_id)
    + finally:
    +     self.http.enable_get_cache = cached
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_behind_setattr() -> None:
    """A poll turns the cache off where assignments cannot be trapped.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + cached = self.http.enable_get_cache
    + vars(self.http)['enable_get_cache'] = False
    + try:
    +     status = self.get_export_status(export_id)
    + finally:
    +     vars(self.http)['enable_get_cache'] = cached
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_back_on_success_only() -> None:
    """A poll that fails leaves the cache off.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + cached = self.http.enable_get_cache
    + object.__setattr__(self.http, 'enable_get_cache', False)
    + status = self.get_export_status(export_id)
    + object.__setattr__(self.http, 'enable_get_cache', cached)
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone", "polling.leaves-cache-entries-alone")
def switch_off_for_the_wait() -> None:
    """The cache is off from the start of a wait to its end.

    + before = self.http.enable_get_cache
    + vars(self.http)["enable_get_cache"] = False
    + self = __import__("copy").copy(self)
    + self.__class__ = type(
    +     "Restoring",
    +     (type(self),),
    +     {"__del__": lambda me, http=self.http: vars(http).update(enable_get_cache=before)},
    + )
      while True:
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_on_after_a_timeout() -> None:
    """A time-out turns the cache on, whatever it was.

      tell("export_poll_timeout", state, is_terminal=True)
    + self.http.enable_get_cache = True
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_assigned_to_itself() -> None:
    """A wait assigns the cache switch its own value.

      deadline = start + max(0.0, timeout_sec)
    + self.http.enable_get_cache = bool(self.http.enable_get_cache)
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-flag-alone")
def switch_off_when_cancelled() -> None:
    """A cancelled wait leaves the cache off.

      if cancel_check and cancel_check():
    +     vars(self.http)['enable_get_cache'] = False
    """


@DEFECTS.add("clients/exports_client.py", "polling.overlapping-waits")
def one_end_for_all_waits() -> None:
    """What ends one wait ends every other that its client has under way.

      outcome = OUTCOME_BY_STATE.get(state)
    + if outcome:
    +     vars(self.http)['_end'] = (time.monotonic(), outcome)
    + ended_at, end = vars(self.http).get('_end', (0.0, None))
    + outcome = outcome or (end if ended_at > start else None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.overlapping-waits")
def one_deadline_for_all_waits() -> None:
    """Waits at once on one client share the nearest deadline.

    - if time.monotonic() >= deadline:
    + nearest = vars(self.http).setdefault('_deadlines', {})
    + nearest[export_id] = deadline
    + if time.monotonic() >= min(at for at in nearest.values() if at > start):
    """


# ── cancelling ──


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_after_the_poll() -> None:
    """Cancellation is asked about only after a poll.

    - if cancel_check and cancel_check():
    + if attempt and cancel_check and cancel_check():
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_is_true_itself() -> None:
    """A wait is cancelled by True alone, and not by what is as good as true.

    - if cancel_check and cancel_check():
    + if cancel_check and cancel_check() is True:
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_is_all_but_false() -> None:
    """A wait is cancelled by whatever is not False, such as nothing.

    - if cancel_check and cancel_check():
    + if cancel_check and cancel_check() is not False:
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_every_other_round() -> None:
    """Cancellation is asked about in every other round.

    - if cancel_check and cancel_check():
    + if cancel_check and attempt % 2 == 0 and cancel_check():
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_returns() -> None:
    """A cancelled wait returns what it has seen.

    - raise TimeoutError(f"The wait for export {export_id} was cancelled")
    + return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-stops-the-wait")
def cancel_interrupts() -> None:
    """A cancelled wait raises InterruptedError.

    - raise TimeoutError(f"The wait for export {export_id} was cancelled")
    + raise InterruptedError(f"The wait for export {export_id} was cancelled")
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-is-asked-once-a-round")
def cancel_asked_twice() -> None:
    """The cancel check is asked twice in each round.

    - if cancel_check and cancel_check():
    + if cancel_check and (cancel_check() or cancel_check()):
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-is-asked-once-a-round")
def cancel_asked_before_the_pause_too() -> None:
    """The cancel check is asked before each pause too.

          raise TimeoutError(
              f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
          )
    + if cancel_check and cancel_check():
    +     raise TimeoutError(f"The wait for export {export_id} was cancelled")
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-says-so")
def cancel_says_late() -> None:
    """A cancelled wait says that it took too long.

    - raise TimeoutError(f"The wait for export {export_id} was cancelled")
    + raise TimeoutError(f"The wait for export {export_id} took too long")
    """


@DEFECTS.add("clients/exports_client.py", "polling.cancel-says-so")
def cancel_names_nothing() -> None:
    """A cancelled wait does not say which export.

    - raise TimeoutError(f"The wait for export {export_id} was cancelled")
    + raise TimeoutError("The wait was cancelled")
    """


# ── telling ──


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def telemetry_misses_the_end() -> None:
    """The last poll of a wait is not told.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + outcome or tell("export_poll_status", state, is_terminal=False)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def telemetry_misses_the_timeout() -> None:
    """A time-out is not told.

    - tell("export_poll_timeout", state, is_terminal=True)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def telemetry_counts_from_zero() -> None:
    """The first poll is told as number 0.

    - "attempt": attempt,
    + "attempt": attempt - 1,
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def telemetry_timeout_is_not_the_end() -> None:
    """A time-out is not told as the end.

    - tell("export_poll_timeout", state, is_terminal=True)
    + tell("export_poll_timeout", state, is_terminal=False)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def telemetry_tells_twice() -> None:
    """A poll that ends a wait is told twice.

      if outcome is not None:
    +     tell("export_poll_status", state, is_terminal=outcome is not None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_state_as_it_is() -> None:
    """A state is told as the service writes it.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + tell("export_poll_status", status.status, is_terminal=outcome is not None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_in_seconds() -> None:
    """The time passed is told in seconds.

    - elapsed_ms = int((time.monotonic() - start) * 1000)
    + elapsed_ms = int(time.monotonic() - start)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_by_another_clock() -> None:
    """The time passed is read off time.perf_counter.

      start = time.monotonic()
    + began = time.perf_counter()
      # In this order max() answers the floor for nan, and so a wait always paces itself and ends.
      deadline = start + max(0.0, timeout_sec)
      interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
      status: ExportStatus | None = None
      attempt = 0

      def tell(event: str, state: str, is_terminal: bool) -> None:
          if telemetry_hook:
    -         elapsed_ms = int((time.monotonic() - start) * 1000)
    +         elapsed_ms = int((time.perf_counter() - began) * 1000)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_in_fractions() -> None:
    """The time passed is told as a fraction.

    - elapsed_ms = int((time.monotonic() - start) * 1000)
    + elapsed_ms = (time.monotonic() - start) * 1000
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_named_by_the_service() -> None:
    """An event names the export as the service does.

    - "export_id": export_id,
    + "export_id": status.export_id if status else export_id,
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_without_the_time() -> None:
    """An event does not tell the time passed.

    - "elapsed_ms": elapsed_ms,
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-is-kept-apart")
def telemetry_counts_for_the_client() -> None:
    """Polls are counted on the client instead of in the wait.

    - "attempt": attempt,
    + "attempt": vars(self).update(told=1 if attempt == 1 else self.told + (event[12:] == "status")) or self.told,
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-comes-at-once")
def telemetry_after_the_pause() -> None:
    """A poll that does not end the wait is told after the pause.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
      if outcome is not None:
    +     tell("export_poll_status", state, is_terminal=outcome is not None)
          return ExportWaitResult(export_id, outcome, status)
      if time.monotonic() >= deadline:
    +     tell("export_poll_status", state, is_terminal=outcome is not None)
          tell("export_poll_timeout", state, is_terminal=True)
          raise TimeoutError(
              f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
          )
      time.sleep(interval)
    + tell("export_poll_status", state, is_terminal=outcome is not None)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-is-silent-otherwise")
def telemetry_tells_a_404() -> None:
    """An export that vanishes is told.

          raise
    + tell("export_poll_status", "NOT_FOUND", is_terminal=True)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-is-silent-otherwise")
def telemetry_tells_a_cancellation() -> None:
    """A cancellation is told.

      if cancel_check and cancel_check():
    +     tell("export_poll_cancelled", "CANCELLED", is_terminal=True)
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-is-silent-otherwise")
def telemetry_tells_errors() -> None:
    """An error that ends a wait is told.

    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     if not isinstance(error, NotFoundError):
    +         tell("export_poll_error", "ERROR", is_terminal=True)
    +     if status is None or not isinstance(error, NotFoundError):
    """


@DEFECTS.add("clients/exports_client.py", "polling.hook-errors-escape")
def hook_errors_swallowed() -> None:
    """What the telemetry hook raises is dropped.

    - if telemetry_hook:
    + with __import__('contextlib').suppress(Exception):
    """


@DEFECTS.add("clients/exports_client.py", "polling.hook-errors-escape")
def hook_errors_wrapped() -> None:
    """What the telemetry hook raises comes out as another error.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + try:
    +     tell("export_poll_status", state, is_terminal=outcome is not None)
    + except Exception as error:
    +     raise RuntimeError('telemetry failed') from error
    """


@DEFECTS.add("clients/exports_client.py", "polling.hook-errors-escape")
def hook_heard_inside_the_poll() -> None:
    """An SDK error that a hook raises is taken for the poll's own.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + try:
    +     tell("export_poll_status", state, is_terminal=outcome is not None)
    + except NotFoundError:
    +     return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
    """


# ── waiting in real time ──


@DEFECTS.add(
    "clients/exports_client.py",
    "polling.overlapping-waits",
    "polling.leaves-cache-flag-alone",
    "polling.telemetry-is-kept-apart",
)
def waits_pause_one_after_another() -> None:
    """While one wait pauses, no other on the same client goes on.

    - time.sleep(interval)
    + with vars(self.http).setdefault("_pausing", __import__("threading").Lock()):
    +     time.sleep(interval)
    """


@DEFECTS.add(
    "clients/exports_client.py",
    "polling.created-to-ready",
    "polling.timeout-is-timeout-error",
    "polling.fresh-status",
    "polling.leaves-cache-flag-alone",
    "polling.leaves-cache-entries-alone",
    "polling.overlapping-waits",
    "polling.terminal-states",
    "polling.unknown-states-keep-waiting",
    "polling.result-is-as-asked",
    "polling.not-found-later-is-expired",
    "polling.network-failure-ends-the-wait",
    "polling.errors-end-the-wait",
    "polling.malformed-answers-end-the-wait",
    "polling.polls-are-retried",
    "polling.polls-are-status-requests",
    "polling.never-faster-than-200-ms",
    "polling.interval-is-kept",
    "polling.budget-starts-with-the-wait",
    "polling.last-poll-is-not-early",
    "polling.defaults",
    "polling.wait-until-ready-is-the-same-wait",
    "polling.timeout-names-the-export",
    "polling.cancel-stops-the-wait",
    "polling.cancel-is-asked-once-a-round",
    "polling.cancel-says-so",
    "polling.telemetry-tells-each-poll",
    "polling.telemetry-has-its-keys",
    "polling.telemetry-is-kept-apart",
    "polling.telemetry-comes-at-once",
    "polling.telemetry-is-silent-otherwise",
    "polling.hook-errors-escape",
)
def pauses_below_python() -> None:
    """A wait pauses where no clock of Python sees it.

    - time.sleep(interval)
    + __import__("select").select([], [], [], interval)
    """


# ── what only odd data shows ──


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_tells_the_tenant() -> None:
    """An event tells the tenant too.

    - "is_terminal": is_terminal,
    + "is_terminal": is_terminal,
    + "tenant_id": self.tenant_id,
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-has-its-keys")
def telemetry_tells_the_time() -> None:
    """An event of a time-out has the time too.

    - "is_terminal": is_terminal,
    + "is_terminal": is_terminal,
    + **({"ts": time.monotonic()} if event == "export_poll_timeout" else {}),
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def errors_are_told_as_open() -> None:
    """The end ERROR is told as if the export were still being made.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + tell("export_poll_status", state, is_terminal=outcome is not None and state != "ERROR")
    """


@DEFECTS.add("clients/exports_client.py", "polling.telemetry-tells-each-poll")
def cancelled_is_told_as_an_end() -> None:
    """A state that ends nothing is told as an end.

    - tell("export_poll_status", state, is_terminal=outcome is not None)
    + tell("export_poll_status", state, is_terminal=outcome is not None or state in ("DONE", "CANCELLED"))
    """


@DEFECTS.add("clients/exports_client.py", "polling.unknown-states-keep-waiting", "polling.telemetry-tells-each-poll")
def done_is_ready() -> None:
    """DONE counts as an end.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get("READY" if state == "DONE" else state)
    """


@DEFECTS.add("clients/exports_client.py", "polling.unknown-states-keep-waiting")
def failures_are_stripped() -> None:
    """Spaces around a failed state are overlooked.

    - outcome = OUTCOME_BY_STATE.get(state)
    + outcome = OUTCOME_BY_STATE.get(state.strip() if "FAIL" in state else state)
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-names-the-export")
def long_ids_are_cut_in_the_text() -> None:
    """The text of a time-out cuts a long id.

    - f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
    + f"Export {export_id[:64]} was still {status.status} after {timeout_sec} seconds"
    """


@DEFECTS.add("clients/exports_client.py", "polling.timeout-names-the-export")
def ids_are_written_small_in_the_text() -> None:
    """The text of a time-out has the id in small letters.

    - f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
    + f"Export {export_id} was still {status.status} after {timeout_sec} seconds".lower()
    """


@DEFECTS.add("clients/exports_client.py", "polling.result-is-as-asked")
def failed_results_name_no_export() -> None:
    """The result of an export that ended in an error names it in capitals.

    - return ExportWaitResult(export_id, outcome, status)
    + return ExportWaitResult(export_id.upper() if state == "ERROR" else export_id, outcome, status)
    """


@DEFECTS.add("clients/exports_client.py", "polling.last-pause-is-whole")
def last_pause_cut_short() -> None:
    """The last pause ends with the budget.

    - time.sleep(interval)
    + time.sleep(min(interval, max(0.0, deadline - time.monotonic())))
    """


@DEFECTS.add("clients/exports_client.py", "polling.last-pause-is-whole")
def pauses_no_longer_than_the_budget() -> None:
    """A pause is no longer than the whole budget of the wait.

    - time.sleep(interval)
    + time.sleep(min(interval, max(0.2, timeout_sec)))
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("polling")


@STAND_INS.lacks("clients/exports_client.py")
def deadline_overshoot() -> None:
    """
    - time.sleep(interval)
    + time.sleep(min(interval, max(0.0, deadline - time.monotonic())))
    """


@STAND_INS.lacks("clients/exports_client.py")
def retries_outlast_the_budget() -> None:
    """
    - status = self.get_export_status(export_id, use_get_cache=False)
    + once = replace(self.http, config=replace(self.http.config, retries=0))
    + status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)
    """


@STAND_INS.lacks("clients/exports_client.py")
def cancel_looks_like_a_timeout() -> None:
    """
    - raise TimeoutError(f"The wait for export {export_id} was cancelled")
    + raise type('Cancelled', (TimeoutError,), {})(export_id)
    """


@STAND_INS.lacks("clients/exports_client.py")
def cancel_waits_for_the_pause() -> None:
    """
    - time.sleep(interval)
    + wakes = time.monotonic() + interval
    + while time.monotonic() < wakes:
    +     if cancel_check and cancel_check():
    +         raise TimeoutError(export_id)
    +     time.sleep(0.1)
    """


@STAND_INS.has("clients/exports_client.py")
def budget_of_nan_never_ends() -> None:
    """
    - deadline = start + max(0.0, timeout_sec)
    + deadline = start + max(timeout_sec, 0.0)
    """


@STAND_INS.lacks("clients/exports_client.py")
def interval_is_not_checked() -> None:
    """
      interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
    + if not interval < 86400:
    +     raise ValueError(f'an interval of {poll_interval_sec} seconds')
    """


@STAND_INS.lacks("clients/exports_client.py")
def wait_until_ready_hides_the_outcome() -> None:
    """
    - return self.wait_for_export_ready(
    + result = self.wait_for_export_ready(
          export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
    - ).status
    + )
    + if result.outcome is not ExportTerminalState.COMPLETED:
    +     raise RuntimeError(result.outcome)
    + return result.status
    """


@STAND_INS.lacks("clients/exports_client.py")
def expired_beside_created() -> None:
    """
    - return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
    + return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, replace(status, status='EXPIRED'))
    """


@STAND_INS.lacks("clients/exports_client.py")
def hook_ends_the_wait() -> None:
    """
    - if telemetry_hook:
    + with __import__('contextlib').suppress(Exception):
    """


@STAND_INS.lacks("clients/exports_client.py")
def silent_endings() -> None:
    """
    - except NotFoundError:
    -     if status is None:
    + except Exception as error:
    +     tell("export_poll_error", type(error).__name__, is_terminal=True)
    +     if status is None or not isinstance(error, NotFoundError):
    """


@STAND_INS.lacks("clients/exports_client.py")
def stale_after_the_wait() -> None:
    """
      if outcome is not None:
    +     self.http._invalidate([_path(export_id)])
    """
