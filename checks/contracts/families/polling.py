"""What does the SDK promise about a wait for an export?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise, tested, untested
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise(
        "polling.created-to-ready",
        CRITICAL,
        0,
        N_("A wait for an export that goes from CREATED to READY ends with the outcome COMPLETED."),
        N_("It is what the SDK is for."),
        N_("CREATED twice, then READY, with a generous budget."),
    ),
    promise(
        "polling.timeout-is-timeout-error",
        CRITICAL,
        0,
        N_("A wait that runs out of time raises the built-in TimeoutError, and not before its budget is spent."),
        N_("A caller must be able to tell an export that is late from a network that is down."),
        N_("CREATED for ever with half a second of budget; and a service that vanishes long before the budget's end."),
    ),
    promise(
        "polling.fresh-status",
        CRITICAL,
        24,
        N_("Every poll of a wait reaches the service, whatever the cache holds."),
        N_("A poll that reads the cache waits for a status that will never change: the incident this watch is about."),
        N_("CREATED for ever, counted on the wire; and a status cached just before the wait, READY from then on."),
    ),
    promise(
        "polling.leaves-cache-flag-alone",
        CRITICAL,
        48,
        N_("A wait never assigns the client's cache switch: before, during and after, it has the caller's value."),
        N_("Another thread on that client would lose its cache, or read a stale one, and nobody would know why."),
        N_(
            "The switch is sampled while each request is in flight and in the hooks, and assignments to it "
            "are trapped; "
            "for each way in which a wait can end and for two waits at once, with both values."
        ),
    ),
    promise(
        "polling.leaves-cache-entries-alone",
        MAJOR,
        48,
        N_("A wait neither writes nor removes a cached answer, and other GETs stay cached meanwhile."),
        N_("A guardrail that empties the cache is paid for by everyone else."),
        N_("Plain GETs before, between and after the polls of waits that end in each way, counted on the wire."),
    ),
    promise(
        "polling.overlapping-waits",
        MAJOR,
        48,
        N_("Two waits at once on one client each see their own export, fresh, to its end."),
        N_("Batch jobs wait for many exports on one client."),
        N_("Waits that end differently, first alone and then at once, in threads of their own and in virtual time."),
    ),
    promise(
        "polling.terminal-states",
        MAJOR,
        0,
        N_("READY and COMPLETED, FAILED and ERROR, EXPIRED and NOT_FOUND end a wait with their outcome, in any case."),
        N_("A wait that misses the end waits for nothing; one that names it wrongly is worse."),
        N_("One wait for each of these states, in capitals, in small letters, and in both."),
    ),
    promise(
        "polling.outcome-is-a-str-enum",
        MINOR,
        24,
        N_("The outcome is a member of an enum of four texts, and compares equal to its own."),
        N_("Callers compare it with a text, and store it as one."),
        N_("The outcomes of four waits, their types and all members of that type."),
    ),
    promise(
        "polling.unknown-states-keep-waiting",
        MINOR,
        24,
        N_("A state that the contract does not name means: keep waiting."),
        N_("New states are how services grow."),
        N_("States that are made up, or near to a known one, stray spaces included; each twice, and then READY."),
    ),
    promise(
        "polling.result-is-as-asked",
        MAJOR,
        24,
        N_("The result of a wait names the export as it was asked for, and holds the last status that was seen."),
        N_("What is downloaded next is looked up by it."),
        N_("A last answer that names another export, and waits for exports that fail and expire."),
    ),
    promise(
        "polling.not-found-at-first-raises",
        MAJOR,
        0,
        N_("A first poll that finds no export raises NotFoundError."),
        N_("A wrong id should be heard at once."),
        N_("A wait for an id that the service does not know."),
    ),
    promise(
        "polling.not-found-later-is-expired",
        MINOR,
        24,
        N_("An export that vanishes after an answered poll ends the wait with the outcome EXPIRED."),
        N_("It was there: it is gone, not unknown."),
        N_("CREATED once or twice, and then 404."),
    ),
    promise(
        "polling.network-failure-ends-the-wait",
        MAJOR,
        24,
        N_("A network failure that outlasts the retries ends the wait with TransportError, at once."),
        N_("A wait that swallows it reports a late export where there is a dead network."),
        N_(
            "Connections closed, reset, cut in the middle of a body and answered in another protocol, at "
            "first and later."
        ),
    ),
    promise(
        "polling.errors-end-the-wait",
        MAJOR,
        24,
        N_("An error that the service answers ends the wait at once, with the error of a plain status request."),
        N_("A token that has expired will not be better after the next pause."),
        N_("Nine error statuses, at the first poll and after an answered one, beside a plain status request."),
    ),
    promise(
        "polling.malformed-answers-end-the-wait",
        MINOR,
        24,
        N_("An answer that is no status ends the wait at once, with the error of a plain status request."),
        N_("A wait that reads past it hides a service that is out of order."),
        N_("A list, null, a text, an empty body, half an object and no JSON, at first and later."),
    ),
    promise(
        "polling.polls-are-retried",
        MAJOR,
        24,
        N_("A poll is retried as any GET is, and the wait goes on where a retry is answered."),
        N_("A restart of the service in the middle of a long wait should not be noticed."),
        N_(
            "A failure and a closed connection before an answer, at first, later and at each poll; and "
            "failures for ever."
        ),
    ),
    promise(
        "polling.polls-are-status-requests",
        MAJOR,
        0,
        N_("A poll is a status request like any other: its method, its path, and its identity headers."),
        N_("A poll without its tenant is refused, or sees another's export."),
        N_("Polls beside a plain status request, for a client with an identity and for one without."),
    ),
    promise(
        "polling.never-faster-than-200-ms",
        MAJOR,
        24,
        N_("However small the interval asked for, polls are at least 0.2 seconds apart."),
        N_("A client with an interval of zero is an attack on the service."),
        N_("Intervals of zero, less, and a little more, timed by the virtual clock."),
    ),
    promise(
        "polling.interval-is-kept",
        MINOR,
        24,
        N_("Between two polls lies the interval that the caller asked for."),
        N_("Rate limits are computed from it."),
        N_("Three intervals over many polls, timed by the virtual clock; and the smallest one, from above."),
    ),
    promise(
        "polling.budget-starts-with-the-wait",
        MAJOR,
        24,
        N_("The budget is counted from the start of the wait, so it ends at most one interval and one poll late."),
        N_("A budget that begins again with each poll never ends."),
        N_("CREATED for ever with three seconds of budget, with an hour, and with polls that take a second each."),
    ),
    promise(
        "polling.first-poll-is-not-late",
        MINOR,
        24,
        N_("The first poll of a wait is made at once, before any pause."),
        N_("An export that is there already should not be waited for."),
        N_("An export that is READY, with a long interval and with no budget; the first poll is timed."),
    ),
    promise(
        "polling.last-poll-is-not-early",
        MINOR,
        24,
        N_("The last poll of a wait that runs out of time is made when the budget is spent, and not before."),
        N_("An export that became ready in the last pause should not be reported as late."),
        N_("CREATED for ever, with budgets that intervals do and do not divide; the last poll is timed."),
    ),
    promise(
        "polling.short-budget-polls-once",
        MINOR,
        24,
        N_("A wait with no budget polls exactly once, and a READY export is found."),
        N_('It is how callers ask "is it there yet?".'),
        N_("Budgets of zero and less, for a READY export and for one that is not."),
    ),
    promise(
        "polling.defaults",
        MINOR,
        24,
        N_("A wait that is told nothing has a budget of 30 seconds and polls every 2."),
        N_("It is what most callers use, and never see."),
        N_("Both waits with an id alone, beside one that is told these values, in virtual time."),
    ),
    promise(
        "polling.wait-until-ready-is-the-same-wait",
        MAJOR,
        24,
        N_("wait_until_ready is the same wait, and returns the status whatever the outcome."),
        N_("Two loops for one purpose would soon differ."),
        N_("Both waits for each way to end, beside a cached status: what they return or raise, and their polls."),
    ),
    promise(
        "polling.timeout-names-the-export",
        MINOR,
        24,
        N_("The text of the time-out names the export and its last status."),
        N_("The log line should be enough to look it up."),
        N_("The text of a time-out."),
    ),
    promise(
        "polling.cancel-stops-the-wait",
        MAJOR,
        24,
        N_("A cancelled wait raises TimeoutError, and sends nothing once its check says so."),
        N_("A shut-down that still polls keeps a process alive."),
        N_("A check that is true at once, one that is true after two polls, and one that turns true in a pause."),
    ),
    promise(
        "polling.cancel-is-asked-once-a-round",
        MINOR,
        24,
        N_("The cancel check is asked once for each poll."),
        N_("It may be costly, or count its calls."),
        N_("Its calls in a wait that succeeds and in one that runs out of time, beside the polls on the wire."),
    ),
    promise(
        "polling.cancel-says-so",
        MINOR,
        24,
        N_("The text of a cancelled wait says that it was cancelled, and names the export."),
        N_("By its type alone it cannot be told from a time-out."),
        N_("The texts of waits that are cancelled before and after a poll."),
    ),
    promise(
        "polling.telemetry-tells-each-poll",
        MINOR,
        24,
        N_("The telemetry hook hears each answered poll once, in order, with its state, and a time-out besides."),
        N_("Dashboards are built on it."),
        N_("The events of waits that succeed, fail, find the export ready at once, and run out of time."),
    ),
    promise(
        "polling.telemetry-has-its-keys",
        MINOR,
        24,
        N_(
            "Each event has its six keys: among them the export as asked, the state in capitals, the time "
            "passed in whole milliseconds."
        ),
        N_("A dashboard that misses a key shows nothing, and says nothing."),
        N_("The events of two waits, their types, and their times beside the virtual clock."),
    ),
    promise(
        "polling.telemetry-is-kept-apart",
        MINOR,
        24,
        N_("Of two waits at once on one client, each tells its own hook its own polls."),
        N_("Two exports in one progress bar are none."),
        N_("Two waits with a hook each, first alone and then at once."),
    ),
    promise(
        "polling.telemetry-comes-at-once",
        MINOR,
        24,
        N_("An event is told as its poll is answered: before the pause, and before the wait returns."),
        N_("A progress bar that lags by a pause is wrong most of the time."),
        N_("The instants of the events beside those of the polls."),
    ),
    promise(
        "polling.telemetry-is-silent-otherwise",
        MINOR,
        24,
        N_("A cancellation, a 404 and any other error bring no event."),
        N_("What counts events counts answered polls."),
        N_("The events of waits that end in each of these ways."),
    ),
    promise(
        "polling.hook-errors-escape",
        MINOR,
        24,
        N_("What the telemetry hook raises comes out of the wait, and ends it."),
        N_("A test that fails in a hook must fail."),
        N_(
            "A hook that raises at the first poll, at a later one, at the end and at the time-out; once with "
            "an error of the SDK's own."
        ),
    ),
)

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = (
    tested(
        "7",
        N_("wait_for_export_ready asks for the status of an export again and again."),
        "polling.polls-are-status-requests",
        "polling.fresh-status",
    ),
    tested(
        "7",
        N_("wait_until_ready does the same, and returns the status whatever the outcome."),
        "polling.wait-until-ready-is-the-same-wait",
    ),
    tested(
        "7",
        N_("wait_until_ready takes timeout_seconds and poll_interval_seconds, 30 and 2 by default."),
        "polling.wait-until-ready-is-the-same-wait",
        "polling.defaults",
    ),
    tested(
        "7",
        N_("wait_for_export_ready takes timeout_sec and poll_interval_sec, 30 and 2 by default."),
        "polling.defaults",
        "polling.interval-is-kept",
    ),
    tested(
        "7",
        N_("It takes cancel_check and telemetry_hook, by name and both optional."),
        "polling.cancel-stops-the-wait",
        "polling.telemetry-tells-each-poll",
        "polling.created-to-ready",
    ),
    untested(
        "7",
        N_("All but the id is given by name only."),
        N_("An SDK that also takes them by position refuses nobody who keeps to the contract."),
    ),
    tested("7", N_("The result names the export as it was asked for."), "polling.result-is-as-asked"),
    tested("7", N_("The result holds the outcome."), "polling.terminal-states"),
    tested("7", N_("The result holds the last status seen."), "polling.result-is-as-asked"),
    tested(
        "7",
        N_("The outcome is one of COMPLETED, FAILED, EXPIRED and NOT_FOUND, in an enum of texts."),
        "polling.outcome-is-a-str-enum",
    ),
    untested(
        "7",
        N_("Time is read with time.monotonic and passed with time.sleep, as attributes of their module."),
        N_(
            "It is how virtual time reaches this SDK; one that waits on an event or in an event loop is as healthy, "
            "and where the clock cannot follow it, its checks say that they cannot tell."
        ),
    ),
    tested(
        "7",
        N_("With nothing but an id, an export that stays CREATED is polled 16 times in 30 seconds."),
        "polling.defaults",
    ),
    tested(
        "7",
        N_("The deadline is the start of the wait and its budget, and a negative budget counts as none."),
        "polling.budget-starts-with-the-wait",
        "polling.short-budget-polls-once",
    ),
    tested(
        "7",
        N_("The interval is at least 0.2 seconds, so polls never come faster."),
        "polling.never-faster-than-200-ms",
        "polling.interval-is-kept",
    ),
    tested(
        "7",
        N_("Each round asks the cancel check first, once."),
        "polling.cancel-is-asked-once-a-round",
        "polling.cancel-stops-the-wait",
    ),
    tested(
        "7", N_("Where the cancel check is true, the built-in TimeoutError is raised."), "polling.cancel-stops-the-wait"
    ),
    tested(
        "7",
        N_("The text of that error says that the wait was cancelled, and names the export."),
        "polling.cancel-says-so",
    ),
    tested("7", N_("A cancel check that is true at once means that nothing is sent."), "polling.cancel-stops-the-wait"),
    tested("7", N_("Then the status is asked for past the cache."), "polling.fresh-status"),
    tested("7", N_("A poll has the ordinary retries of a GET."), "polling.polls-are-retried"),
    tested("7", N_("NotFoundError at the first poll is raised."), "polling.not-found-at-first-raises"),
    tested(
        "7",
        N_("NotFoundError after an answered poll gives EXPIRED, with the last status seen."),
        "polling.not-found-later-is-expired",
    ),
    tested("7", N_("NotFoundError brings no telemetry event."), "polling.telemetry-is-silent-otherwise"),
    tested("7", N_("A failure of the network ends the wait at once."), "polling.network-failure-ends-the-wait"),
    tested(
        "7",
        N_("An error status, 401, 429 and 5xx after retries among them, ends the wait at once."),
        "polling.errors-end-the-wait",
        "polling.polls-are-retried",
    ),
    tested("7", N_("A malformed answer ends the wait at once."), "polling.malformed-answers-end-the-wait"),
    tested("7", N_("After each answered poll the telemetry hook is called."), "polling.telemetry-tells-each-poll"),
    tested(
        "7",
        N_("READY and COMPLETED give the outcome COMPLETED."),
        "polling.terminal-states",
        "polling.created-to-ready",
    ),
    tested("7", N_("FAILED and ERROR give the outcome FAILED."), "polling.terminal-states"),
    tested("7", N_("EXPIRED and NOT_FOUND give the outcome of their name."), "polling.terminal-states"),
    tested("7", N_("States are compared without their case."), "polling.terminal-states"),
    tested("7", N_("Whatever the outcome, it is returned and not raised."), "polling.terminal-states"),
    tested(
        "7",
        N_("Any other text, one with stray spaces too, means: keep waiting."),
        "polling.unknown-states-keep-waiting",
    ),
    tested("7", N_("The first round begins with the wait."), "polling.first-poll-is-not-late"),
    tested(
        "7",
        N_("Once the deadline has come, the wait raises the built-in TimeoutError."),
        "polling.timeout-is-timeout-error",
    ),
    tested(
        "7", N_("A time-out is told to the telemetry hook before it is raised."), "polling.telemetry-tells-each-poll"
    ),
    tested(
        "7", N_("The text of a time-out holds the export's id and its last status."), "polling.timeout-names-the-export"
    ),
    tested("7", N_("Between two rounds lies the interval."), "polling.interval-is-kept"),
    untested(
        "7",
        N_("The last pause is a full interval too."),
        N_(
            "A pause that is cut to what is left of the budget serves callers better; "
            "the full one is a weakness, shown as the finding `polling.deadline-overshoot`."
        ),
    ),
    tested(
        "7",
        N_("At least one poll is always made, and exactly one with a budget of zero or less."),
        "polling.short-budget-polls-once",
    ),
    tested("7", N_("The last poll comes at the deadline or after it."), "polling.last-poll-is-not-early"),
    tested("7", N_("A wait ends at most one interval and one poll late."), "polling.budget-starts-with-the-wait"),
    tested("7", N_("Every poll reaches the service, also beside a fresh cached answer."), "polling.fresh-status"),
    tested("7", N_("A wait writes no cached answer and removes none."), "polling.leaves-cache-entries-alone"),
    tested(
        "7",
        N_("The client's cache switch is never assigned, on success, time-out, error and cancellation."),
        "polling.leaves-cache-flag-alone",
    ),
    tested("7", N_("The same holds for several waits at once on one client."), "polling.leaves-cache-flag-alone"),
    tested("7", N_("Other GETs on the client stay cached meanwhile."), "polling.leaves-cache-entries-alone"),
    tested("7", N_("A switch that the caller has turned off stays off."), "polling.leaves-cache-flag-alone"),
    tested(
        "7",
        N_("Several waits on one client do not disturb each other."),
        "polling.overlapping-waits",
        "polling.telemetry-is-kept-apart",
    ),
    tested("7", N_("The telemetry hook is called synchronously."), "polling.telemetry-comes-at-once"),
    tested(
        "7",
        N_("An event always has event, export_id, state, attempt, elapsed_ms and is_terminal."),
        "polling.telemetry-has-its-keys",
    ),
    tested("7", N_("The state in an event is in capitals."), "polling.telemetry-has-its-keys"),
    tested("7", N_("attempt counts the answered polls, from 1."), "polling.telemetry-tells-each-poll"),
    tested("7", N_("elapsed_ms is a whole number, and is_terminal true or false."), "polling.telemetry-has-its-keys"),
    tested(
        "7",
        N_("export_poll_status comes once for each answered poll, the last one included."),
        "polling.telemetry-tells-each-poll",
        "polling.telemetry-comes-at-once",
    ),
    tested(
        "7",
        N_("export_poll_timeout comes just before the time-out, is terminal, and has the state as it still is."),
        "polling.telemetry-tells-each-poll",
    ),
    tested("7", N_("Cancellation, 404 and other errors bring no event."), "polling.telemetry-is-silent-otherwise"),
    tested("7", N_("What the hook raises escapes, and ends the wait."), "polling.hook-errors-escape"),
)

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(
        id="polling.deadline-overshoot",
        says=N_("The last pause of a wait is not shortened to the time that is left."),
        proposal=N_("Sleep for the interval or for what is left of the budget, whichever is shorter."),
    ),
    Weakness(
        id="polling.retries-outlast-the-budget",
        says=N_("The retries of one poll go on long after the budget of its wait is spent."),
        proposal=N_("Hand the time that is left down to the request, and stop retrying when it is gone."),
    ),
    Weakness(
        id="polling.cancel-looks-like-a-timeout",
        says=N_("A cancelled wait raises the very type of a wait that ran out of time."),
        proposal=N_("Raise a subclass of TimeoutError for a cancellation, so that callers need not read its text."),
    ),
    Weakness(
        id="polling.cancel-waits-for-the-pause",
        says=N_("A cancellation is noticed only when the current pause is over."),
        proposal=N_("Pause in short steps, or on an event, and let the contract say so."),
    ),
    Weakness(
        id="polling.budget-of-nan-never-ends",
        says=N_("A wait with a budget of nan never runs out of time."),
        proposal=N_("Refuse a budget that is not a number before the first poll."),
    ),
    Weakness(
        id="polling.interval-is-not-checked",
        says=N_(
            "An interval of nan or infinity is found out only in the first pause, with an error that does not name it."
        ),
        proposal=N_("Refuse an interval that is not finite before the first poll."),
    ),
    Weakness(
        id="polling.wait-until-ready-hides-the-outcome",
        says=N_("wait_until_ready returns for an export that failed as it does for one that is ready."),
        proposal=N_("Give it an option to raise where the outcome is not COMPLETED, and say so in its documentation."),
    ),
    Weakness(
        id="polling.expired-beside-created",
        says=N_("An export that vanishes is reported as EXPIRED beside a status that still reads CREATED."),
        proposal=N_("Leave the status out of such a result, or mark it as the last one seen."),
    ),
    Weakness(
        id="polling.hook-ends-the-wait",
        says=N_("A telemetry hook that fails ends a wait that was going well."),
        proposal=N_("Catch what the hook raises and log it, once the contract allows it."),
    ),
    Weakness(
        id="polling.silent-endings",
        says=N_("A wait that is cancelled or ends in an error tells its telemetry hook nothing."),
        proposal=N_("Tell the end of every wait, whatever it was, once the contract has an event for it."),
    ),
    Weakness(
        id="polling.stale-after-the-wait",
        says=N_("After a wait has seen READY, a plain status request may still answer CREATED from the cache."),
        proposal=N_("Drop the export's cached answer when a wait ends, once the contract allows it."),
    ),
)
