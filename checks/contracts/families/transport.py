"""What does the SDK promise about one request on its way, and about the errors that it raises?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise, tested, untested
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    # ── failures of the network ──
    promise(
        "transport.failures-are-transport-errors",
        CRITICAL,
        24,
        N_("A failure of the network raises TransportError, which is no TimeoutError, even for a read time-out."),
        N_('"Gave up waiting" and "the network failed" call for different actions, so they differ by type.'),
        N_(
            "GETs and POSTs that are refused, closed or reset at several points, cut short or answered with garbage; "
            "and an answer that does not come in time."
        ),
    ),
    promise(
        "transport.certificates-are-verified",
        CRITICAL,
        0,
        N_(
            "With verify_ssl on, a server whose certificate is wrong is refused with TransportError before it sees a "
            "request; with verify_ssl off, it is spoken to."
        ),
        N_("Whoever sits between would read the token."),
        N_(
            "Servers with a certificate that nobody vouches for, and with one for another host, with the setting on "
            "and off."
        ),
    ),
    promise(
        "transport.errors-tell-the-cause",
        MINOR,
        24,
        N_(
            "A TransportError has the code TRANSPORT_ERROR, the status 0, no body, and the text and type of its cause, "
            "which is chained to it."
        ),
        N_("Refused, cut off or too slow: who is called at night needs to know which."),
        N_("A refused connection, one that is closed again after a retry, and a POST answered with garbage."),
    ),
    promise(
        "transport.read-timeout-is-kept",
        MAJOR,
        24,
        N_(
            "The read time-out ends the wait for an answer, and nothing else does: it and the connect time-out are two "
            "things."
        ),
        N_("Without it, a silent service holds a thread for ever; with the wrong one, slow reports never arrive."),
        N_(
            "An answer that comes long after a short time-out; and one that comes after the connect time-out and "
            "before the read time-out."
        ),
    ),
    promise(
        "transport.connect-timeout-is-kept",
        MINOR,
        24,
        N_("The connect time-out ends the attempt to reach a host that does not answer."),
        N_("A dead host is noticed in seconds, however long reports may take."),
        N_("A port with a full queue, a short time to connect and a long one to read."),
    ),
    # ── retries ──
    promise(
        "transport.gets-are-retried",
        MAJOR,
        24,
        N_("A GET that fails in the network or with a status of 500 and above is tried again, up to the limit set."),
        N_("It is what carries a client over a restart of the service."),
        N_(
            "With one and three retries: as many failures and then an answer, and failures for ever, counted on the "
            "wire."
        ),
    ),
    promise(
        "transport.server-errors-are-retried",
        MINOR,
        24,
        N_("Every status of 500 and above is a reason to try a GET again, not only some of them."),
        N_("Gateways have statuses of their own, and 500 itself is the most frequent of all."),
        N_("GETs answered once with 500, 501, 502, 503, 504, 505, 507, 511 and 599, and then in good order."),
    ),
    promise(
        "transport.network-failures-are-retried",
        MINOR,
        24,
        N_("Every failure of the network is a reason to try a GET again: reset, cut short, garbage, or too late."),
        N_("A service that restarts fails in all these ways."),
        N_("One failure of each kind and then an answer, with one retry."),
    ),
    promise(
        "transport.heads-are-retried",
        MINOR,
        24,
        N_("A HEAD is tried again like a GET."),
        N_("It changes nothing at the service, and is what probes are made of."),
        N_("Two failures and then an answer, with two retries."),
    ),
    promise(
        "transport.zero-retries-is-one-attempt",
        MINOR,
        24,
        N_("With no retries set, a request is sent once: neither twice, nor never."),
        N_("Who has retries of their own around the SDK sets zero, and must get it."),
        N_("GETs that fail, that are closed and that are answered, counted on the wire."),
    ),
    promise(
        "transport.posts-are-not-retried",
        CRITICAL,
        0,
        N_("A POST is sent once, unless the caller asks for retries."),
        N_("Sent twice, it is two exports, two bills or two e-mails."),
        N_("POSTs that are answered with 500 and 503, closed and reset, counted on the wire."),
    ),
    promise(
        "transport.other-mutations-are-not-retried",
        MAJOR,
        0,
        N_("PUT, PATCH and DELETE are sent once too, unless the caller asks for retries."),
        N_("A change that is made twice may undo what another has made in between."),
        N_("Each of the three answered with 500 and 503, closed and reset, counted on the wire."),
    ),
    promise(
        "transport.mutations-are-retried-on-demand",
        MINOR,
        24,
        N_("With retry_mutation, any method is tried again like a GET, with the same body."),
        N_("A caller who sends an idempotency key may ask for it, and relies on it."),
        N_("POST, PUT, PATCH and DELETE with two failures and then an answer, with two retries."),
    ),
    promise(
        "transport.client-errors-are-not-retried",
        MINOR,
        24,
        N_("A status below 500 is an answer: it is not tried again."),
        N_("Repeating a request that was refused only adds load."),
        N_(
            "GETs answered with a dozen statuses from 400 to 499, 408 and 429 among them, and with 200 and 204, "
            "counted on the wire."
        ),
    ),
    # ── pauses ──
    promise(
        "transport.backoff-doubles",
        MINOR,
        24,
        N_("The pause before each retry is twice the one before, beginning with the backoff that is set."),
        N_("Clients that hurry hold a struggling service down."),
        N_("A backoff of nothing, of 0.05 and of 1 second, up to pauses of 16 seconds, read off the virtual clock."),
    ),
    promise(
        "transport.backoff-after-network-failures",
        MINOR,
        24,
        N_("The pauses after a failure of the network are those after an error of the service."),
        N_("A service that starts again is met by all its clients at once, unless they wait."),
        N_("Three retries after closed, reset and cut answers; the pauses are read off the virtual clock."),
    ),
    promise(
        "transport.no-pause-but-between-attempts",
        MINOR,
        24,
        N_("There is a pause between two attempts, and none before the first, after the last or round an answer."),
        N_("A failure that is final should be heard at once."),
        N_("GETs and POSTs that fail, are closed, refused and answered, with a backoff of four seconds."),
    ),
    promise(
        "transport.retry-after-is-ignored",
        MINOR,
        24,
        N_("What Retry-After says changes no pause: the backoff that is set holds."),
        N_("A service, or whoever answers in its place, must not put a caller to sleep for an hour."),
        N_(
            "503 with a Retry-After of nothing, of half a minute and of a date; the pauses are read off the virtual "
            "clock."
        ),
    ),
    promise(
        "transport.jitter-stays-in-range",
        MINOR,
        24,
        N_("With jitter on, each pause is longer by an amount between the minimum and the maximum that are set."),
        N_("Jitter out of its range is a delay that nobody asked for."),
        N_(
            "Some seventy pauses, with and without a backoff; what each adds is read off the virtual clock, and "
            "measured by the pauses without jitter."
        ),
    ),
    promise(
        "transport.jitter-is-drawn-anew",
        MINOR,
        24,
        N_("The jitter of each pause is drawn anew, and evenly over its whole range."),
        N_("Clients that failed together come back together, unless they differ."),
        N_("Forty pauses in a range of one second: they differ, and reach its lowest and its highest third."),
    ),
    promise(
        "transport.jitter-off-adds-nothing",
        MINOR,
        24,
        N_("With jitter off, or a range of nothing, no pause is longer than the backoff."),
        N_("It is the default."),
        N_("Three retries with jitter off beside a wide range, and with it on and an empty one."),
    ),
    # ── errors ──
    promise(
        "transport.errors-follow-the-status",
        MAJOR,
        24,
        N_("Each error status raises the class that the contract names for it."),
        N_("Callers catch by class: a wrong one is a wrong branch taken."),
        N_("GETs and POSTs answered with thirteen statuses that have a class, and GETs with seven that have none."),
    ),
    promise(
        "transport.errors-carry-the-answer",
        MINOR,
        24,
        N_("An error carries code, message, details, trace id and status of the answer, and named defaults without."),
        N_("It is what support asks for first."),
        N_("Answers with all four keys, with some and with none, and ones that are not JSON."),
    ),
    promise(
        "transport.raw-payload-is-the-body",
        MINOR,
        24,
        N_("raw_payload is a copy of the error's whole body."),
        N_("What a newer service says beside the four keys can be read there."),
        N_("Bodies of one key and of five, and one that is changed after the error was made."),
    ),
    promise(
        "transport.error-tree",
        MAJOR,
        0,
        N_(
            "The errors are derived from one another as the contract draws it, and none of them is a built-in "
            "TimeoutError or PermissionError."
        ),
        N_("An except clause for a family of errors catches what is in it, and nothing else."),
        N_("Each pair of the twelve classes."),
    ),
    promise(
        "transport.error-fields",
        MINOR,
        0,
        N_(
            "Each error is built from code, message, details, trace id, status and, if there is one, its body, in this "
            "order."
        ),
        N_("Test doubles and wrappers build them."),
        N_("Each class, built by position with and without a body."),
    ),
    promise(
        "transport.error-text",
        MINOR,
        24,
        N_('The text of an error is "[status] code: message", and " trace_id=…" where it is known.'),
        N_("It is the line that stands in the logs, and what searches and alarms look for."),
        N_("Each class, with a trace id and without one."),
    ),
    promise(
        "transport.map-error-returns",
        MINOR,
        24,
        N_("map_error makes the error of a status, and does not raise it."),
        N_("Code that is not the client's own uses it too."),
        N_("Four statuses, and what is returned."),
    ),
    # ── what is sent ──
    promise(
        "transport.base-path-is-kept",
        MAJOR,
        0,
        N_("A path in the base URL stays in front of each request's path."),
        N_("Behind a gateway, a lost prefix is another service."),
        N_("Base URLs with a prefix of none, one and two parts, and paths with no, one and two leading slashes."),
    ),
    promise(
        "transport.paths-arrive-as-given",
        MINOR,
        0,
        N_("A path is sent as it was given: it is neither escaped nor tidied."),
        N_("What is escaped already means something else when it is escaped again."),
        N_("Paths with an escaped slash, an escaped space, capitals and a slash at the end."),
    ),
    promise(
        "transport.query-arrives",
        MAJOR,
        0,
        N_("The parameters of a request arrive as its query, whatever characters they hold."),
        N_("A query that breaks at an ampersand asks for something else."),
        N_("Text, numbers, zero and nothing, special characters, letters beyond ASCII and lists, with GET and POST."),
    ),
    promise(
        "transport.body-is-json",
        MAJOR,
        0,
        N_("A JSON body arrives as it was given, with the type application/json; without one, no body is sent."),
        N_("Services refuse, or misread, what does not say what it is."),
        N_("Objects, lists, text and the empty object with POST, PUT and PATCH, and three methods without a body."),
    ),
    promise(
        "transport.accepts-json",
        MINOR,
        0,
        N_("A request asks for application/json unless its caller asks for something else."),
        N_("A gateway that is not told answers with a page."),
        N_("A GET and a POST."),
    ),
    promise(
        "transport.callers-headers-are-sent",
        MAJOR,
        0,
        N_("The headers that a caller gives are sent, over those that the SDK would send by itself."),
        N_("A caller who asks for CSV, or takes part in a trial, says so in a header."),
        N_("A header of the caller's own, several, and Accept, with GET and POST."),
    ),
    promise(
        "transport.trace-id-is-sent",
        MINOR,
        24,
        N_("Every request carries X-Trace-ID: the context's own, or a new one."),
        N_("Without it, nobody finds the request in the service's logs."),
        N_(
            "Requests without a context, with one that has an id and with one that has none yet, and each attempt of a "
            "request."
        ),
    ),
    promise(
        "transport.no-context-stays-none",
        MINOR,
        24,
        N_("A client without a trace context stays without: nothing that is answered gives it one."),
        N_("Requests that have nothing to do with each other would be told as one story."),
        N_("Answers and errors with an id, a closed connection, and the request after that."),
    ),
    promise(
        "transport.trace-id-is-adopted",
        MINOR,
        24,
        N_("With a context, the id that the service answers is sent with the next request."),
        N_("One story, one id, across everybody who takes part."),
        N_("Answers to GET and POST, an empty one, an error, and three spellings of the header."),
    ),
    promise(
        "transport.error-body-gives-the-trace-id",
        MINOR,
        24,
        N_("The trace id in the body of an error is adopted, and goes before the one in its header."),
        N_("It is the id that support will ask for."),
        N_("Errors with an id in the body alone and beside one in the header, and with one that is no text."),
    ),
    promise(
        "transport.success-body-gives-no-trace-id",
        MINOR,
        24,
        N_("A trace_id in the body of a success is data, and is not adopted."),
        N_("It may be the id of quite another conversation."),
        N_("Answers with an id in the body, alone and beside one in the header."),
    ),
    promise(
        "transport.callers-trace-id-is-overwritten",
        MINOR,
        24,
        N_("An X-Trace-ID among a caller's own headers is overwritten by the SDK's."),
        N_("Two sources of one id are two stories under one name."),
        N_("A GET with such a header, with and without a context."),
    ),
    promise(
        "transport.trace-context-makes-one-id",
        MINOR,
        24,
        N_("A trace context makes a random UUID when it is first asked, and keeps it."),
        N_("It is the name of a conversation: the same to its end, and nobody else's."),
        N_("New contexts, ones that were made with an id, and one that is given an id later."),
    ),
    promise(
        "transport.trace-context-adopts",
        MINOR,
        24,
        N_("A trace context adopts the id of a header in any spelling, and of a body where it is a text."),
        N_("Callers with an HTTP client of their own keep the story together by hand."),
        N_("Five mappings of headers and eight of bodies."),
    ),
    promise(
        "transport.idempotency-keys-are-new",
        MAJOR,
        0,
        N_("Idempotency keys are random UUIDs, two at a time, and new with each call."),
        N_("Two orders with one key are one order: the second is lost without a word."),
        N_("Three calls of each of the two makers."),
    ),
    promise(
        "transport.idempotency-keys-are-kept",
        MAJOR,
        0,
        N_("A key that a caller supplies is kept, and only what is missing is made."),
        N_("A repeated order with a new key is made twice."),
        N_("Either key, and both, by name and by position."),
    ),
    promise(
        "transport.idempotency-keys-are-frozen",
        MINOR,
        0,
        N_("A pair of idempotency keys cannot be changed."),
        N_("A key that changes between two attempts protects from nothing."),
        N_("An assignment to each of the two."),
    ),
    promise(
        "transport.idempotency-header",
        MAJOR,
        0,
        N_("The header of an idempotency key is Idempotency-Key, and it holds the key and not the transaction's id."),
        N_("Services know it by that name."),
        N_("The headers made from two keys that differ."),
    ),
    promise(
        "transport.identity-is-sent",
        CRITICAL,
        0,
        N_("A client sends its token and its tenant, app and device ids with each request, and none that it lacks."),
        N_("A missing tenant is at best a refusal, at worst another's data."),
        N_("Status requests from clients with all four, with each of them alone and with none, and an order."),
    ),
    promise(
        "transport.identity-is-not-shared",
        CRITICAL,
        0,
        N_("Clients on one HttpClient each send their own identity, whoever asked before."),
        N_("A token that stays behind is another caller's access."),
        N_("Five clients with different identities, one after another, on one HttpClient."),
    ),
    promise(
        "transport.callers-headers-beat-identity",
        MINOR,
        0,
        N_("A header that a caller gives goes before the client's own identity."),
        N_("It is how a program acts for another tenant once."),
        N_("Requests with a tenant, a token and a device of the caller's."),
    ),
    promise(
        "transport.session-token-is-that-of-the-moment",
        MAJOR,
        0,
        N_("A client that a session makes has the session's token as of that moment, and no other identity."),
        N_("After a login as somebody else, the older clients go on as who they were."),
        N_("Clients made before and after a change of the token, and one of a session without."),
    ),
    promise(
        "transport.session-shares-one-trace",
        MINOR,
        24,
        N_("The clients of one session share its trace context."),
        N_("What a user does through several clients is one story."),
        N_("Two clients of a session, with a trace of its own and with one of the caller's."),
    ),
    # ── what is answered ──
    promise(
        "transport.answers-are-decoded",
        MAJOR,
        0,
        N_("A success gives its decoded JSON, whatever its type and its Content-Type."),
        N_("An empty list is an answer, and is not nothing."),
        N_("Twelve values with GET and POST, six statuses below 300, and three content types."),
    ),
    promise(
        "transport.empty-answers-are-none",
        MINOR,
        0,
        N_("A success with an empty body, or with null, gives None."),
        N_("Deletions and acknowledgements answer with nothing."),
        N_("200 and 201 without a body, 204 and null, with GET, POST and DELETE."),
    ),
    promise(
        "transport.redirects-are-followed",
        MINOR,
        24,
        N_("Redirects are followed, and a POST that is answered with 302 goes on as a GET."),
        N_("Services move, and say so."),
        N_("GETs with five statuses, to a path and to an address, and a POST."),
    ),
    # ── hooks ──
    promise(
        "transport.before-request-sees-the-request",
        MINOR,
        24,
        N_(
            "before_request is called once, before anything is sent, with the method, the URL, and a dict of headers, "
            "json_body and params."
        ),
        N_("Programs sign, log and count their requests there."),
        N_("A GET, a POST and a DELETE, with a header and a parameter of the caller's."),
    ),
    promise(
        "transport.before-request-may-change-headers",
        MINOR,
        24,
        N_("What before_request changes in the dict of headers is what is sent, with each attempt."),
        N_("It is where signatures go in."),
        N_("A header put in, one replaced and one taken away, with GET, POST and a retry."),
    ),
    promise(
        "transport.before-request-changes-nothing-else",
        MINOR,
        24,
        N_("Binding params, json_body or headers anew in before_request changes nothing of the request."),
        N_("A hook for logging that tidies its copy must not change what is asked."),
        N_("All three bound anew, with a GET and a POST."),
    ),
    promise(
        "transport.hooks-see-the-answer",
        MINOR,
        24,
        N_(
            "after_response and response_hook are called once for each finished request, with its last answer, be it "
            "an error or not."
        ),
        N_("Figures made in a hook count requests, and not attempts."),
        N_("Successes, errors, a success after two failures, and a failure for ever; and no answer at all."),
    ),
    promise(
        "transport.hooks-come-in-order",
        MINOR,
        24,
        N_(
            "before_request comes first, then the wire, then after_response, then the answered trace id is adopted, "
            "then response_hook."
        ),
        N_("Hooks that work together rely on who is first."),
        N_("The order of the calls for a success and an error, and the trace id that each hook meets."),
    ),
    # ── the client itself ──
    promise(
        "transport.client-needs-only-a-configuration",
        MAJOR,
        0,
        N_("HttpClient works with a configuration and nothing else."),
        N_("It is the first line of every example."),
        N_("Clients built by name and by position, and a GET with each."),
    ),
    promise(
        "transport.client-fields-in-order",
        MINOR,
        0,
        N_("HttpClient takes its fields in the documented order."),
        N_("A trace in the place of a session raises no error at first."),
        N_("What HttpClient says that it takes, and a client built with a trace by position."),
    ),
    promise(
        "transport.client-can-be-changed",
        MINOR,
        24,
        N_("The trace and the hooks of a client can be set, and taken away, after it was built."),
        N_("Programs attach them to a client that a library has made."),
        N_("A trace and two hooks, set between requests."),
    ),
    promise(
        "transport.session-is-taken",
        MINOR,
        24,
        N_("A session that is passed in is the one that the client has."),
        N_("It is how programs bring their own proxies and certificates."),
        N_("The session of one client passed to another."),
    ),
    promise(
        "transport.last-operation-tells-the-result",
        MINOR,
        24,
        N_("last_operation tells how the latest request ended: success or error."),
        N_("Status lines of programs show it."),
        N_("Successes and errors of GET and POST, one after another, and the client before its first."),
    ),
    promise(
        "transport.last-operation-passes-network-failures-by",
        MINOR,
        24,
        N_("A failure of the network leaves last_operation as it was."),
        N_("It tells of what the service said, and the service said nothing."),
        N_("Failures before anything else, after a success and after an error."),
    ),
    # ── contexts ──
    promise(
        "transport.context-versions-count",
        MINOR,
        24,
        N_("The version of a context is 0 at first, and each switch_context raises that key's by one and returns it."),
        N_("Programs keep the number to find out what is outdated."),
        N_("Three switches of one key, beside another key and another client."),
    ),
    promise(
        "transport.outdated-context-is-cancelled",
        MAJOR,
        24,
        N_(
            "A request with an outdated context version raises TransportError with the code REQUEST_CANCELLED, and is "
            "not sent."
        ),
        N_("After a change of store, what was asked for the old one must not be shown."),
        N_("GETs and POSTs with versions that are outdated, current, absent, and of another key."),
    ),
    promise(
        "transport.switch-in-flight-cancels",
        MAJOR,
        24,
        N_(
            "A request whose context is switched while it is in flight raises TransportError with the code "
            "REQUEST_CANCELLED."
        ),
        N_("The answer of the old store arrives after the new one was chosen."),
        N_("A switch while the service holds the request, of its own key and of another, for a GET and a POST."),
    ),
)

_LIBRARY = N_("It is about one HTTP library and not about what a caller sees.")

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = (
    # ── 3: tracing and idempotency ──
    tested("3", N_("The trace's header is X-Trace-ID."), "transport.trace-id-is-sent"),
    tested(
        "3",
        N_("A TraceContext can be made with an id or without one, and its id can be set."),
        "transport.trace-context-makes-one-id",
    ),
    tested(
        "3",
        N_("ensure() returns the id, and makes a random UUID once if there is none."),
        "transport.trace-context-makes-one-id",
    ),
    tested(
        "3",
        N_("update_from_headers adopts the trace header of an answer, in any capitals."),
        "transport.trace-context-adopts",
        "transport.trace-id-is-adopted",
    ),
    tested(
        "3", N_("update_from_payload adopts a trace_id that is a text and not empty."), "transport.trace-context-adopts"
    ),
    tested("3", N_("Without a context, each request has an id of its own."), "transport.trace-id-is-sent"),
    tested("3", N_("Without a context, the client's trace stays None."), "transport.no-context-stays-none"),
    tested(
        "3",
        N_("With a context, the id that the service answers is adopted and sent with the next request."),
        "transport.trace-id-is-adopted",
    ),
    tested(
        "3",
        N_("The trace_id of a body is adopted for errors only."),
        "transport.error-body-gives-the-trace-id",
        "transport.success-body-gives-no-trace-id",
    ),
    tested(
        "3",
        N_("For an error, the id of the body goes before that of the header."),
        "transport.error-body-gives-the-trace-id",
    ),
    tested("3", N_("A caller's own X-Trace-ID is overwritten."), "transport.callers-trace-id-is-overwritten"),
    tested(
        "3",
        N_("IdempotencyKeys holds a transaction id and an idempotency key, and is frozen."),
        "transport.idempotency-keys-are-frozen",
    ),
    tested("3", N_("new_idempotency_keys makes two random UUIDs."), "transport.idempotency-keys-are-new"),
    tested(
        "3",
        N_("resolve_idempotency_keys makes what it is not given, and keeps what it is."),
        "transport.idempotency-keys-are-kept",
    ),
    tested(
        "3",
        N_("idempotency_headers gives one header, Idempotency-Key, with the idempotency key."),
        "transport.idempotency-header",
    ),
    tested(
        "3",
        N_("Keys do not come from what is sent, and are new with each call unless supplied."),
        "transport.idempotency-keys-are-new",
    ),
    # ── 4: the HTTP client ──
    tested("4", N_("HttpClient works with a configuration alone."), "transport.client-needs-only-a-configuration"),
    tested("4", N_("HttpClient can be changed after it was built."), "transport.client-can-be-changed"),
    tested("4", N_("The fields of HttpClient stand in a fixed order."), "transport.client-fields-in-order"),
    untested(
        "4",
        N_("The fields that begin with an underscore are dicts after construction."),
        N_("No name that begins with an underscore is looked at: it is the SDK's own affair."),
    ),
    untested("4", N_("A requests session with pooled adapters exists after construction."), _LIBRARY),
    untested(
        "4",
        N_("The size of the pool is max_connections."),
        N_("Two healthy SDKs may differ here: one may open a connection for each request, and none limits them."),
    ),
    tested(
        "4",
        N_("The session's adapters make no retries of their own."),
        "transport.zero-retries-is-one-attempt",
        "transport.posts-are-not-retried",
    ),
    tested("4", N_("A session that is passed in is used as it is."), "transport.session-is-taken"),
    tested(
        "4",
        N_(
            "before_request is called before anything is sent, with the method, the URL and a dict of headers, "
            "json_body and params."
        ),
        "transport.before-request-sees-the-request",
    ),
    tested(
        "4", N_("A change in place of the dict of headers takes effect."), "transport.before-request-may-change-headers"
    ),
    tested(
        "4",
        N_("Binding an entry of the hook's dict anew has no effect."),
        "transport.before-request-changes-nothing-else",
    ),
    untested(
        "4",
        N_("A change in place of params or json_body in a hook has no effect."),
        N_(
            "The contract observed only the binding of params, and two healthy SDKs may differ in whether what they "
            "show is a copy."
        ),
    ),
    tested("4", N_("A context is checked before a request is sent."), "transport.outdated-context-is-cancelled"),
    tested("4", N_("A context is checked again after the answer."), "transport.switch-in-flight-cancels"),
    tested(
        "4",
        N_("After the answer comes after_response, then the trace header is adopted, then comes response_hook."),
        "transport.hooks-come-in-order",
    ),
    tested(
        "4",
        N_("Hooks are called once for a request, however many attempts it took."),
        "transport.before-request-sees-the-request",
        "transport.hooks-see-the-answer",
    ),
    tested(
        "4",
        N_("The URL is the base, a slash, and the path without its leading slashes."),
        "transport.base-path-is-kept",
    ),
    tested("4", N_("A path in the base URL is kept."), "transport.base-path-is-kept"),
    tested(
        "4",
        N_("Paths are not escaped. What that lets through is shown as the finding `exports.ids-are-not-escaped`."),
        "transport.paths-arrive-as-given",
    ),
    untested(
        "4",
        N_("Paths are not checked, and an absolute address goes through the join of URLs."),
        N_("It is a weakness, shown as the finding `requests.absolute-url-takes-the-token-along`."),
    ),
    tested("4", N_("Accept is application/json."), "transport.accepts-json"),
    tested("4", N_("The caller's headers go over the SDK's."), "transport.callers-headers-are-sent"),
    tested("4", N_("X-Trace-ID goes over all other headers."), "transport.callers-trace-id-is-overwritten"),
    tested("4", N_("A JSON body is sent as JSON, with its Content-Type."), "transport.body-is-json"),
    untested("4", N_("All other headers, User-Agent among them, are the library's."), _LIBRARY),
    untested("4", N_("The session's request method is called with keywords only."), _LIBRARY),
    tested("4", N_("Parameters become the query."), "transport.query-arrives"),
    tested(
        "4",
        N_("The time-outs of the configuration are those for connecting and for reading."),
        "transport.read-timeout-is-kept",
        "transport.connect-timeout-is-kept",
    ),
    tested("4", N_("verify_ssl says whether certificates are verified."), "transport.certificates-are-verified"),
    tested("4", N_("Redirects are followed, and a 302 turns POST into GET."), "transport.redirects-are-followed"),
    untested(
        "4",
        N_("The session trusts the environment: proxies apply."),
        N_("It is a weakness, shown as the finding `requests.environment-proxies-apply`."),
    ),
    untested(
        "4",
        N_("An entry for the host in .netrc replaces the token."),
        N_("It is a weakness, shown as the finding `requests.netrc-replaces-the-token`."),
    ),
    tested(
        "4",
        N_("GET and HEAD are tried up to one more time than there are retries."),
        "transport.gets-are-retried",
        "transport.heads-are-retried",
        "transport.zero-retries-is-one-attempt",
    ),
    tested(
        "4",
        N_("Any other method is tried as often where retry_mutation is given."),
        "transport.mutations-are-retried-on-demand",
    ),
    tested(
        "4",
        N_("Any other method is sent once where it is not."),
        "transport.posts-are-not-retried",
        "transport.other-mutations-are-not-retried",
    ),
    tested(
        "4",
        N_(
            "Every failure of the network is tried again. That some of them cannot succeed is shown as the "
            "finding `requests.hopeless-addresses-are-retried`."
        ),
        "transport.gets-are-retried",
        "transport.network-failures-are-retried",
    ),
    tested(
        "4",
        N_("Every status of 500 and above is tried again."),
        "transport.gets-are-retried",
        "transport.server-errors-are-retried",
    ),
    tested(
        "4", N_("Nothing below 500 is tried again, 429 and 408 included."), "transport.client-errors-are-not-retried"
    ),
    tested(
        "4",
        N_("Retry-After is ignored."),
        "transport.retry-after-is-ignored",
        "transport.client-errors-are-not-retried",
    ),
    tested(
        "4",
        N_("The pause before a retry is the backoff, doubled with each."),
        "transport.backoff-doubles",
        "transport.backoff-after-network-failures",
    ),
    tested(
        "4",
        N_("Where jitter is on, a draw between its minimum and maximum is added."),
        "transport.jitter-stays-in-range",
        "transport.jitter-is-drawn-anew",
        "transport.jitter-off-adds-nothing",
    ),
    untested(
        "4",
        N_("A pause is never negative."),
        N_("It cannot be seen from outside: with settings that are in range, none could be."),
    ),
    untested(
        "4",
        N_("A pause has no upper bound."),
        N_(
            "It is a weakness, shown as the finding `config.backoff-has-no-cap`; up to 16 seconds, "
            "`transport.backoff-doubles` tests it."
        ),
    ),
    tested("4", N_("There is no pause after the last attempt."), "transport.no-pause-but-between-attempts"),
    tested(
        "4",
        N_("Pauses block the calling thread: a call lasts as long as its attempts and pauses."),
        "transport.backoff-doubles",
        "transport.no-pause-but-between-attempts",
    ),
    tested("4", N_("A status below 300 is a success."), "transport.answers-are-decoded"),
    untested(
        "4",
        N_("A status from 300 to 399 that leads nowhere is a success too."),
        N_("It is a weakness, shown as the finding `errors.bare-redirect-counts-as-success`."),
    ),
    tested("4", N_("A success without a body gives None."), "transport.empty-answers-are-none"),
    tested(
        "4", N_("A success with a body gives its decoded JSON, whatever its type."), "transport.answers-are-decoded"
    ),
    tested("4", N_("A JSON null gives None."), "transport.empty-answers-are-none"),
    tested(
        "4",
        N_("An error's JSON body, or its text as a message where it is not JSON, becomes the error."),
        "transport.errors-carry-the-answer",
    ),
    tested(
        "4", N_("last_operation says success or error after an answer."), "transport.last-operation-tells-the-result"
    ),
    tested("4", N_("last_operation says success(cache) after an answer from the cache."), "cache.hits-are-noted"),
    tested(
        "4",
        N_("A failure of the network does not change last_operation."),
        "transport.last-operation-passes-network-failures-by",
    ),
    tested("4", N_("switch_context raises its key's version and returns it."), "transport.context-versions-count"),
    tested("4", N_("get_context_version is 0 for a key that was never switched."), "transport.context-versions-count"),
    tested(
        "4",
        N_("A request with an outdated version raises TransportError with the code REQUEST_CANCELLED."),
        "transport.outdated-context-is-cancelled",
    ),
    tested("4", N_("A request whose context changes in flight raises the same."), "transport.switch-in-flight-cancels"),
    # ── 5: errors ──
    tested(
        "5",
        N_("Every error has code, message, details, trace id, status and raw_payload, the last None unless given."),
        "transport.error-fields",
    ),
    tested(
        "5",
        N_("An error's text is its status, code and message, and its trace id where it is known."),
        "transport.error-text",
    ),
    tested("5", N_("The errors form one tree under ApiError."), "transport.error-tree"),
    tested("5", N_("The SDK's PermissionError is not the built-in one."), "transport.error-tree"),
    untested(
        "5",
        N_("The SDK's ValidationError is not pydantic's."),
        N_("It is about one library; that the class stands in the SDK's own tree, `transport.error-tree` tests."),
    ),
    tested(
        "5",
        N_("The body of an error is an object with code, message, details and trace_id."),
        "transport.errors-carry-the-answer",
    ),
    tested("5", N_("map_error returns the error and does not raise it."), "transport.map-error-returns"),
    tested(
        "5",
        N_(
            "401, 403, 404, 400, 422, 409 and 429 have a class each, 500 and above share one, and all others "
            "are ApiError."
        ),
        "transport.errors-follow-the-status",
    ),
    tested(
        "5",
        N_("A missing code is HTTP_ERROR, a missing message is Request failed."),
        "transport.errors-carry-the-answer",
    ),
    tested("5", N_("raw_payload is a copy of the body."), "transport.raw-payload-is-the-body"),
    tested(
        "5",
        N_("What fails in the network after the last attempt becomes TransportError."),
        "transport.failures-are-transport-errors",
    ),
    tested(
        "5",
        N_("A TransportError has its code, the status 0, no body, and the cause's text and class name."),
        "transport.errors-tell-the-cause",
    ),
    tested("5", N_("The cause of a TransportError is chained to it."), "transport.errors-tell-the-cause"),
    untested("5", N_("The cause's class is ConnectionError, ReadTimeout or MissingSchema."), _LIBRARY),
    tested(
        "5",
        N_("A TransportError is no TimeoutError, even for a read time-out."),
        "transport.failures-are-transport-errors",
        "transport.error-tree",
    ),
    # ── 6: identity ──
    tested(
        "6",
        N_("A client adds its token, tenant, app and device to each request, where they are set."),
        "transport.identity-is-sent",
        "transport.identity-is-not-shared",
    ),
    tested("6", N_("The caller's headers go over the identity."), "transport.callers-headers-beat-identity"),
    tested(
        "6",
        N_("A session's clients have its token as of that moment, and no tenant, app or device."),
        "transport.session-token-is-that-of-the-moment",
    ),
    tested("6", N_("A session's clients share its trace context."), "transport.session-shares-one-trace"),
)

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(
        id="errors.cannot-be-pickled",
        says=N_("The SDK's errors cannot be pickled, so they are lost on the way out of a process pool."),
        proposal=N_("Give the errors a __reduce__ of their own."),
    ),
    Weakness(
        id="errors.cannot-be-hashed",
        says=N_("The SDK's errors cannot be hashed, so tools that collect errors in a set stumble over them."),
        proposal=N_("Compare errors by identity, as exceptions are."),
    ),
    Weakness(
        id="errors.have-no-args",
        says=N_("The SDK's errors have empty args, so loggers that print those print nothing."),
        proposal=N_("Pass the fields on to Exception.__init__."),
    ),
    Weakness(
        id="errors.bad-success-body-leaks",
        says=N_("A success with a body that is not JSON raises an error from outside the SDK's tree."),
        proposal=N_("Map it to an ApiError that says so."),
    ),
    Weakness(
        id="errors.odd-error-body-leaks",
        says=N_(
            "An error whose JSON body is a list or a text raises AttributeError in place of the status's own error."
        ),
        proposal=N_("Take any body that is no object for one without the four keys."),
    ),
    Weakness(
        id="errors.bare-redirect-counts-as-success",
        says=N_("A 301 that leads nowhere, or a 304, counts as a success and gives None."),
        proposal=N_("Raise ApiError for what is neither a success nor followed."),
    ),
    Weakness(
        id="requests.rate-limits-end-the-call",
        says=N_("A 429 ends a call at once, though Retry-After says when to come back."),
        proposal=N_("Try again after the time that Retry-After gives, within a limit."),
    ),
    Weakness(
        id="requests.hopeless-addresses-are-retried",
        says=N_("A request that can never be sent, since its address is no address, is tried again with all pauses."),
        proposal=N_("Retry only what another attempt can mend."),
    ),
    Weakness(
        id="requests.absolute-url-takes-the-token-along",
        says=N_("A path that is an absolute URL is sent to that host, with the caller's token."),
        proposal=N_("Refuse a path that names a host."),
    ),
    Weakness(
        id="requests.redirects-take-the-identity-along",
        says=N_("A redirect to another host is followed with the caller's tenant, app and device."),
        proposal=N_("Send the identity to the configured host alone."),
    ),
    Weakness(
        id="requests.environment-proxies-apply",
        says=N_("A proxy from the environment sees every request."),
        proposal=N_("Make it a setting of the SDK, which is off by default."),
    ),
    Weakness(
        id="requests.netrc-replaces-the-token",
        says=N_("An entry in .netrc replaces the caller's token."),
        proposal=N_("Do not read .netrc."),
    ),
    Weakness(
        id="requests.service-sets-the-trace-id",
        says=N_("Whatever trace id an answer holds, however long, is sent with all requests after it."),
        proposal=N_("Adopt only ids of a sensible length and alphabet."),
    ),
)
