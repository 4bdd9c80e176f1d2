"""What the SDK promises about the wait for an export, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("polling")


@PROMISES.add(CRITICAL, checkpoint_h=0)
def created_to_ready() -> None:
    """A wait for an export that goes from CREATED to READY ends with the outcome COMPLETED.

    Why: It is what the SDK is for.

    How: CREATED twice, then READY, with a generous budget.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def timeout_is_timeout_error() -> None:
    """A wait that runs out of time raises the built-in TimeoutError, and not before its budget is spent.

    Why: A caller must be able to tell an export that is late from a network that is down.

    How: CREATED for ever with half a second of budget; and a service that vanishes long before the budget's end.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def fresh_status() -> None:
    """Every poll of a wait reaches the service, whatever the cache holds.

    Why: A poll that reads the cache waits for a status that will never change: the incident this watch is about.

    How: CREATED for ever, counted on the wire; and a status cached just before the wait, READY from then on.
    """


@PROMISES.add(CRITICAL, checkpoint_h=48)
def leaves_cache_flag_alone() -> None:
    """A wait never assigns the client's cache switch: before, during and after, it has the caller's value.

    Why: Another thread on that client would lose its cache, or read a stale one, and nobody would know why.

    How: The switch is sampled while each request is in flight and in the hooks, and assignments to it are trapped; for
    each way in which a wait can end and for two waits at once, with both values.
    """


@PROMISES.add(MAJOR, checkpoint_h=48)
def leaves_cache_entries_alone() -> None:
    """A wait neither writes nor removes a cached answer, and other GETs stay cached meanwhile.

    Why: A guardrail that empties the cache is paid for by everyone else.

    How: Plain GETs before, between and after the polls of waits that end in each way, counted on the wire.
    """


@PROMISES.add(MAJOR, checkpoint_h=48)
def overlapping_waits() -> None:
    """Two waits at once on one client each see their own export, fresh, to its end.

    Why: Batch jobs wait for many exports on one client.

    How: Waits that end differently, first alone and then at once, in threads of their own and in virtual time.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def terminal_states() -> None:
    """READY and COMPLETED, FAILED and ERROR, EXPIRED and NOT_FOUND end a wait with their outcome, in any case.

    Why: A wait that misses the end waits for nothing; one that names it wrongly is worse.

    How: One wait for each of these states, in capitals, in small letters, and in both.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def outcome_is_a_str_enum() -> None:
    """The outcome is a member of an enum of four texts, and compares equal to its own.

    Why: Callers compare it with a text, and store it as one.

    How: The outcomes of waits for each end, their types and all members of that type.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def unknown_states_keep_waiting() -> None:
    """A state that the contract does not name means: keep waiting.

    Why: New states are how services grow.

    How: States that are made up, or near to a known one, stray spaces included; each twice, and then READY.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def result_is_as_asked() -> None:
    """The result of a wait names the export as it was asked for, and holds the last status that was seen.

    Why: What is downloaded next is looked up by it.

    How: A last answer that names another export, and waits for each end, under ids with capitals.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def not_found_at_first_raises() -> None:
    """A first poll that finds no export raises NotFoundError.

    Why: A wrong id should be heard at once.

    How: A wait for an id that the service does not know, on a new client and on one that has waited for another.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def not_found_later_is_expired() -> None:
    """An export that vanishes after an answered poll ends the wait with the outcome EXPIRED.

    Why: It was there: it is gone, not unknown.

    How: CREATED once or twice, and then 404.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def network_failure_ends_the_wait() -> None:
    """A network failure that outlasts the retries ends the wait with TransportError, at once.

    Why: A wait that swallows it reports a late export where there is a dead network.

    How: Connections closed, reset, cut in the middle of a body and answered in another protocol, at first and later.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def errors_end_the_wait() -> None:
    """An error that the service answers ends the wait at once, with the error of a plain status request.

    Why: A token that has expired will not be better after the next pause.

    How: Nineteen error statuses, at the first poll and after an answered one, beside a plain status request.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def malformed_answers_end_the_wait() -> None:
    """An answer that is no status ends the wait at once, with the error of a plain status request.

    Why: A wait that reads past it hides a service that is out of order.

    How: A list, null, a text, a number, an empty body, half an object and no JSON, at first and later.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def polls_are_retried() -> None:
    """A poll is retried as any GET is, and the wait goes on where a retry is answered.

    Why: A restart of the service in the middle of a long wait should not be noticed.

    How: A failure and a closed connection before an answer, at first, later and at each poll; and failures for ever.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def polls_are_status_requests() -> None:
    """A poll is a status request like any other: its method, its path, and its identity headers.

    Why: A poll without its tenant is refused, or sees another's export.

    How: Polls beside a plain status request, for a client with an identity and for one without.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def never_faster_than_200_ms() -> None:
    """However small the interval asked for, polls are at least 0.2 seconds apart.

    Why: A client with an interval of zero is an attack on the service.

    How: Intervals of zero, less, and a little more, timed by the virtual clock.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def interval_is_kept() -> None:
    """Between two polls lies the interval that the caller asked for.

    Why: Rate limits are computed from it.

    How: Three intervals over many polls, timed by the virtual clock; and the smallest one, from above.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def budget_starts_with_the_wait() -> None:
    """The budget is counted from the start of the wait, so it ends at most one interval and one poll late.

    Why: A budget that begins again with each poll never ends.

    How: CREATED for ever with three seconds of budget, with an hour, with polls that take a second each, and with a
    first poll that takes longer than the budget.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def first_poll_is_not_late() -> None:
    """The first poll of a wait is made at once, before any pause.

    Why: An export that is there already should not be waited for.

    How: An export that is READY, with a long interval and with no budget; the first poll is timed.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_poll_is_not_early() -> None:
    """The last poll of a wait that runs out of time is made when the budget is spent, and not before.

    Why: An export that became ready in the last pause should not be reported as late.

    How: CREATED for ever, with budgets that intervals do and do not divide; the last poll is timed.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_pause_is_whole() -> None:
    """The last pause of a wait is a whole interval, though the deadline comes sooner.

    Why: Polls lie as far apart as the caller asked, at the end of a wait as well.

    How: CREATED for ever, with intervals that are longer than the budget or do not divide it; the wait is timed.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def deadline_is_the_end() -> None:
    """A poll that is answered at the very deadline is the last.

    Why: A budget that is a multiple of the interval, as the default one is, else costs an interval more.

    How: CREATED for ever, with budgets that intervals divide, by a clock that stands still but for the pauses.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def short_budget_polls_once() -> None:
    """A wait with no budget polls exactly once, and a READY export is found.

    Why: It is how callers ask "is it there yet?".

    How: Budgets of zero and less, for a READY export and for one that is not.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def defaults() -> None:
    """A wait that is told nothing has a budget of 30 seconds and polls every 2.

    Why: It is what most callers use, and never see.

    How: Both waits with an id alone, beside one that is told these values, in virtual time.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def wait_until_ready_is_the_same_wait() -> None:
    """wait_until_ready is the same wait, and returns the status whatever the outcome.

    Why: Two loops for one purpose would soon differ.

    How: Both waits for each way to end, beside a cached status: what they return or raise, and their polls.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def timeout_names_the_export() -> None:
    """The text of the time-out names the export and its last status.

    Why: The log line should be enough to look it up.

    How: The texts of time-outs, for ids with capitals and long ones, in states of other alphabets.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def cancel_stops_the_wait() -> None:
    """A cancelled wait raises TimeoutError, and sends nothing once its check says so.

    Why: A shut-down that still polls keeps a process alive.

    How: A check that is true at once, one that is true after two polls, and one that turns true in a pause.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def cancel_is_asked_once_a_round() -> None:
    """The cancel check is asked once for each poll.

    Why: It may be costly, or count its calls.

    How: Its calls in a wait that succeeds and in one that runs out of time, beside the polls on the wire.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def cancel_says_so() -> None:
    """The text of a cancelled wait says that it was cancelled, and names the export.

    Why: By its type alone it cannot be told from a time-out.

    How: The texts of waits that are cancelled before and after a poll.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def telemetry_tells_each_poll() -> None:
    """The telemetry hook hears each answered poll once, in order, with its state, and a time-out besides.

    Why: Dashboards are built on it.

    How: The events of waits for each end and for states that are near to one, and of one that runs out of time.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def telemetry_has_its_keys() -> None:
    """Each event has its six keys and no others: among them the export as asked, the state in capitals, the time
    passed in whole milliseconds.

    Why: A dashboard that misses a key shows nothing, and says nothing.

    How: The events of several waits, their types, and their times beside the virtual clock, also while
    time.perf_counter runs faster.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def telemetry_is_kept_apart() -> None:
    """Of two waits at once on one client, each tells its own hook its own polls.

    Why: Two exports in one progress bar are none.

    How: Two waits with a hook each, first alone and then at once.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def telemetry_comes_at_once() -> None:
    """An event is told as its poll is answered: before the pause, and before the wait returns.

    Why: A progress bar that lags by a pause is wrong most of the time.

    How: The instants of the events beside those of the polls.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def telemetry_is_silent_otherwise() -> None:
    """A cancellation, a 404 and any other error bring no event.

    Why: What counts events counts answered polls.

    How: The events of waits that end in each of these ways.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hook_errors_escape() -> None:
    """What the telemetry hook raises comes out of the wait, and ends it.

    Why: A test that fails in a hook must fail.

    How: A hook that raises at the first poll, at a later one, at the end and at the time-out; once with an error of the
    SDK's own.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("polling")


@STATEMENTS.section("7")
def exports() -> None:
    """Exports, and the wait for them.

    wait_for_export_ready asks for the status of an export again and again.
        polling.polls-are-status-requests, polling.fresh-status
    wait_until_ready does the same, and returns the status whatever the outcome.
        polling.wait-until-ready-is-the-same-wait
    wait_until_ready takes timeout_seconds and poll_interval_seconds, 30 and 2 by default.
        polling.wait-until-ready-is-the-same-wait, polling.defaults
    wait_for_export_ready takes timeout_sec and poll_interval_sec, 30 and 2 by default.
        polling.defaults, polling.interval-is-kept
    It takes cancel_check and telemetry_hook, by name and both optional.
        polling.cancel-stops-the-wait, polling.telemetry-tells-each-poll, polling.created-to-ready
    All but the id is given by name only.
        Untested: An SDK that also takes them by position refuses nobody who keeps to the contract.
    The result names the export as it was asked for.
        polling.result-is-as-asked
    The result holds the outcome.
        polling.terminal-states
    The result holds the last status seen.
        polling.result-is-as-asked
    The outcome is one of COMPLETED, FAILED, EXPIRED and NOT_FOUND, in an enum of texts.
        polling.outcome-is-a-str-enum
    Time is read with time.monotonic and passed with time.sleep, as attributes of their module.
        Untested: It is how virtual time reaches this SDK; one that waits on an event or in an event loop is as healthy,
        and where the clock cannot follow it, its checks say that they cannot tell.
    With nothing but an id, an export that stays CREATED is polled 16 times in 30 seconds.
        polling.defaults
    The deadline is the start of the wait and its budget, and a negative budget counts as none.
        polling.budget-starts-with-the-wait, polling.short-budget-polls-once
    The interval is at least 0.2 seconds, so polls never come faster.
        polling.never-faster-than-200-ms, polling.interval-is-kept
    Each round asks the cancel check first, once.
        polling.cancel-is-asked-once-a-round, polling.cancel-stops-the-wait
    Where the cancel check is true, the built-in TimeoutError is raised.
        polling.cancel-stops-the-wait
    The text of that error says that the wait was cancelled, and names the export.
        polling.cancel-says-so
    A cancel check that is true at once means that nothing is sent.
        polling.cancel-stops-the-wait
    Then the status is asked for past the cache.
        polling.fresh-status
    A poll has the ordinary retries of a GET.
        polling.polls-are-retried
    NotFoundError at the first poll is raised.
        polling.not-found-at-first-raises
    NotFoundError after an answered poll gives EXPIRED, with the last status seen.
        polling.not-found-later-is-expired
    NotFoundError brings no telemetry event.
        polling.telemetry-is-silent-otherwise
    A failure of the network ends the wait at once.
        polling.network-failure-ends-the-wait
    An error status, 401, 429 and 5xx after retries among them, ends the wait at once.
        polling.errors-end-the-wait, polling.polls-are-retried
    A malformed answer ends the wait at once.
        polling.malformed-answers-end-the-wait
    After each answered poll the telemetry hook is called.
        polling.telemetry-tells-each-poll
    READY and COMPLETED give the outcome COMPLETED.
        polling.terminal-states, polling.created-to-ready
    FAILED and ERROR give the outcome FAILED.
        polling.terminal-states
    EXPIRED and NOT_FOUND give the outcome of their name.
        polling.terminal-states
    States are compared without their case.
        polling.terminal-states
    Whatever the outcome, it is returned and not raised.
        polling.terminal-states
    Any other text, one with stray spaces too, means: keep waiting.
        polling.unknown-states-keep-waiting
    The first round begins with the wait.
        polling.first-poll-is-not-late
    Once the deadline has come, the wait raises the built-in TimeoutError.
        polling.timeout-is-timeout-error, polling.deadline-is-the-end
    A time-out is told to the telemetry hook before it is raised.
        polling.telemetry-tells-each-poll
    The text of a time-out holds the export's id and its last status.
        polling.timeout-names-the-export
    Between two rounds lies the interval.
        polling.interval-is-kept
    The last pause is a full interval too.
        polling.last-pause-is-whole
    At least one poll is always made, and exactly one with a budget of zero or less.
        polling.short-budget-polls-once
    The last poll comes at the deadline or after it.
        polling.last-poll-is-not-early
    A wait ends at most one interval and one poll late.
        polling.budget-starts-with-the-wait
    Every poll reaches the service, also beside a fresh cached answer.
        polling.fresh-status
    A wait writes no cached answer and removes none.
        polling.leaves-cache-entries-alone
    The client's cache switch is never assigned, on success, time-out, error and cancellation.
        polling.leaves-cache-flag-alone
    The same holds for several waits at once on one client.
        polling.leaves-cache-flag-alone
    Other GETs on the client stay cached meanwhile.
        polling.leaves-cache-entries-alone
    A switch that the caller has turned off stays off.
        polling.leaves-cache-flag-alone
    Several waits on one client do not disturb each other.
        polling.overlapping-waits, polling.telemetry-is-kept-apart
    The telemetry hook is called synchronously.
        polling.telemetry-comes-at-once
    An event always has event, export_id, state, attempt, elapsed_ms and is_terminal, and nothing else.
        polling.telemetry-has-its-keys
    The state in an event is in capitals.
        polling.telemetry-has-its-keys
    attempt counts the answered polls, from 1.
        polling.telemetry-tells-each-poll
    elapsed_ms is a whole number, and is_terminal true or false.
        polling.telemetry-has-its-keys
    export_poll_status comes once for each answered poll, the last one included.
        polling.telemetry-tells-each-poll, polling.telemetry-comes-at-once
    export_poll_timeout comes just before the time-out, is terminal, and has the state as it still is.
        polling.telemetry-tells-each-poll
    Cancellation, 404 and other errors bring no event.
        polling.telemetry-is-silent-otherwise
    What the hook raises escapes, and ends the wait.
        polling.hook-errors-escape
    """
