"""What the SDK promises about its transport, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("transport")


# ── failures of the network ──


@PROMISES.add(CRITICAL, checkpoint_h=24)
def failures_are_transport_errors() -> None:
    """A failure of the network raises TransportError, which is no TimeoutError, even for a read time-out.

    Why: "Gave up waiting" and "the network failed" call for different actions, so they differ by type.

    How: GETs and POSTs that are refused, closed or reset at several points, cut short or answered with garbage; and an
    answer that does not come in time.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def certificates_are_verified() -> None:
    """With verify_ssl on, a server whose certificate is wrong is refused with TransportError before it sees a request;
    with verify_ssl off, it is spoken to.

    Why: Whoever sits between would read the token.

    How: Servers with a certificate that nobody vouches for, and with one for another host, with the setting on and off;
    and the session of a client with another setting, where it is one of requests.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def environment_proxies_apply() -> None:
    """The proxies that the environment names are used.

    Why: In many companies no request gets out without one.

    How: A GET, with a proxy of ours in the environment. Only for clients that show a session of requests or httpx.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def errors_tell_the_cause() -> None:
    """A TransportError has the code TRANSPORT_ERROR, the status 0, no body, and the text and type of its cause, which
    is chained to it.

    Why: Refused, cut off or too slow: who is called at night needs to know which.

    How: A refused connection, one that is closed again after a retry, and a POST answered with garbage.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def read_timeout_is_kept() -> None:
    """The read time-out ends the wait for an answer, and nothing else does: it and the connect time-out are two things.

    Why: Without it, a silent service holds a thread for ever; with the wrong one, slow reports never arrive.

    How: An answer that comes long after a short time-out; and one that comes after the connect time-out and before the
    read time-out.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def connect_timeout_is_kept() -> None:
    """The connect time-out ends the attempt to reach a host that does not answer.

    Why: A dead host is noticed in seconds, however long reports may take.

    How: A port with a full queue, a short time to connect and a long one to read.
    """


# ── retries ──


@PROMISES.add(MAJOR, checkpoint_h=24)
def gets_are_retried() -> None:
    """A GET that fails in the network or with a status of 500 and above is tried again, up to the limit set.

    Why: It is what carries a client over a restart of the service.

    How: With one and three retries: as many failures and then an answer, and failures for ever, counted on the wire;
    and with thirty retries, failures for ever.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def server_errors_are_retried() -> None:
    """Every status of 500 and above is a reason to try a GET again, not only some of them.

    Why: Gateways have statuses of their own, and 500 itself is the most frequent of all.

    How: GETs answered once with 500, 501, 502, 503, 504, 505, 507, 511 and 599, and then in good order.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def network_failures_are_retried() -> None:
    """Every failure of the network is a reason to try a GET again: reset, cut short, garbage, or too late.

    Why: A service that restarts fails in all these ways.

    How: One failure of each kind and then an answer, with one retry.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def heads_are_retried() -> None:
    """A HEAD is tried again like a GET.

    Why: It changes nothing at the service, and is what probes are made of.

    How: Two failures and then an answer, with two retries.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def zero_retries_is_one_attempt() -> None:
    """With no retries set, a request is sent once: neither twice, nor never.

    Why: Who has retries of their own around the SDK sets zero, and must get it.

    How: GETs that fail, that are closed and that are answered, counted on the wire.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def posts_are_not_retried() -> None:
    """A POST is sent once, unless the caller asks for retries.

    Why: Sent twice, it is two exports, two bills or two e-mails.

    How: POSTs that are answered with 500 and 503, closed and reset, counted on the wire.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def other_mutations_are_not_retried() -> None:
    """PUT, PATCH and DELETE are sent once too, unless the caller asks for retries.

    Why: A change that is made twice may undo what another has made in between.

    How: Each of the three answered with 500 and 503, closed and reset, counted on the wire.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def mutations_are_retried_on_demand() -> None:
    """With retry_mutation, any method is tried again like a GET, with the same body.

    Why: A caller who sends an idempotency key may ask for it, and relies on it.

    How: POST, PUT, PATCH and DELETE with two failures and then an answer, with two retries.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def client_errors_are_not_retried() -> None:
    """A status below 500 is an answer: it is not tried again.

    Why: Repeating a request that was refused only adds load.

    How: GETs answered with a dozen statuses from 400 to 499, 408 and 429 among them, and with 200 and 204, counted on
    the wire.
    """


# ── pauses ──


@PROMISES.add(MINOR, checkpoint_h=24)
def backoff_doubles() -> None:
    """The pause before each retry is twice the one before, beginning with the backoff that is set.

    Why: Clients that hurry hold a struggling service down.

    How: A backoff of nothing, of 0.05 and of 1 second, up to pauses of 16 seconds, read off the virtual clock.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def backoff_after_network_failures() -> None:
    """The pauses after a failure of the network are those after an error of the service.

    Why: A service that starts again is met by all its clients at once, unless they wait.

    How: Three retries after closed, reset and cut answers; the pauses are read off the virtual clock.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def no_pause_but_between_attempts() -> None:
    """There is a pause between two attempts, and none before the first, after the last or round an answer.

    Why: A failure that is final should be heard at once.

    How: GETs and POSTs that fail, are closed, refused and answered, with a backoff of four seconds.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def retry_after_is_ignored() -> None:
    """What Retry-After says changes no pause: the backoff that is set holds.

    Why: A service, or whoever answers in its place, must not put a caller to sleep for an hour.

    How: 503 with a Retry-After of nothing, of half a minute and of a date; the pauses are read off the virtual clock.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def jitter_stays_in_range() -> None:
    """With jitter on, each pause is longer by an amount between the minimum and the maximum that are set, and none is
    negative.

    Why: Jitter out of its range is a delay that nobody asked for.

    How: Some seventy pauses, with and without a backoff; what each adds is read off the virtual clock, and measured by
    the pauses without jitter. A jitter below nothing, which load_config would refuse, where the backoff is shorter.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def jitter_is_drawn_anew() -> None:
    """The jitter of each pause is drawn anew, and evenly over its whole range.

    Why: Clients that failed together come back together, unless they differ.

    How: Forty pauses in a range of one second: they differ, and reach its lowest and its highest third. And 480 in a
    range of ten seconds: how many fall into its quarters.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def jitter_off_adds_nothing() -> None:
    """With jitter off, or a range of nothing, no pause is longer than the backoff.

    Why: It is the default.

    How: Three retries with jitter off beside a wide range, and with it on and an empty one.
    """


# ── errors ──


@PROMISES.add(MAJOR, checkpoint_h=24)
def errors_follow_the_status() -> None:
    """Each error status raises the class that the contract names for it.

    Why: Callers catch by class: a wrong one is a wrong branch taken.

    How: GETs and POSTs answered with thirteen statuses that have a class, and GETs with seven that have none.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def errors_carry_the_answer() -> None:
    """An error carries code, message, details, trace id and status of the answer, and named defaults without.

    Why: It is what support asks for first.

    How: Answers with all four keys, with some and with none, and ones that are not JSON.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def raw_payload_is_the_body() -> None:
    """raw_payload is a copy of the error's whole body.

    Why: What a newer service says beside the four keys can be read there.

    How: Bodies of one key and of five, and one that is changed after the error was made.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def error_tree() -> None:
    """The errors are derived from one another as the contract draws it, and none of them is a built-in TimeoutError or
    PermissionError.

    Why: An except clause for a family of errors catches what is in it, and nothing else.

    How: Each pair of the twelve classes.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def error_fields() -> None:
    """Each error is built from code, message, details, trace id, status and, if there is one, its body, in this order.

    Why: Test doubles and wrappers build them.

    How: Each class, built by position with and without a body.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def error_text() -> None:
    """The text of an error is "[status] code: message", and " trace_id=…" where it is known.

    Why: It is the line that stands in the logs, and what searches and alarms look for.

    How: Each class, with a trace id and without one.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def map_error_returns() -> None:
    """map_error makes the error of a status, and does not raise it.

    Why: Code that is not the client's own uses it too.

    How: Four statuses, and what is returned.
    """


# ── what is sent ──


@PROMISES.add(MAJOR, checkpoint_h=0)
def base_path_is_kept() -> None:
    """A path in the base URL stays in front of each request's path.

    Why: Behind a gateway, a lost prefix is another service.

    How: Base URLs with a prefix of none, one and two parts, and paths with no, one and two leading slashes.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def paths_arrive_as_given() -> None:
    """A path is sent as it was given: it is neither escaped nor tidied.

    Why: What is escaped already means something else when it is escaped again.

    How: Paths with an escaped slash, an escaped space, capitals and a slash at the end.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def query_arrives() -> None:
    """The parameters of a request arrive as its query, whatever characters they hold.

    Why: A query that breaks at an ampersand asks for something else.

    How: Text, numbers, zero and nothing, special characters, letters beyond ASCII and lists, with GET and POST.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def body_is_json() -> None:
    """A JSON body arrives as it was given, with the type application/json; without one, no body is sent.

    Why: Services refuse, or misread, what does not say what it is.

    How: Objects, lists, text and the empty object with POST, PUT and PATCH, and three methods without a body.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def accepts_json() -> None:
    """A request asks for application/json unless its caller asks for something else.

    Why: A gateway that is not told answers with a page.

    How: A GET and a POST.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def callers_headers_are_sent() -> None:
    """The headers that a caller gives are sent, over those that the SDK would send by itself.

    Why: A caller who asks for CSV, or takes part in a trial, says so in a header.

    How: A header of the caller's own, several, and Accept, with GET and POST.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def trace_id_is_sent() -> None:
    """Every request carries X-Trace-ID: the context's own, or a new one.

    Why: Without it, nobody finds the request in the service's logs.

    How: Requests without a context, with one that has an id and with one that has none yet, and each attempt of a
    request.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def no_context_stays_none() -> None:
    """A client without a trace context stays without: nothing that is answered gives it one.

    Why: Requests that have nothing to do with each other would be told as one story.

    How: Answers and errors with an id, a closed connection, and the request after that.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def trace_id_is_adopted() -> None:
    """With a context, the id that the service answers is sent with the next request.

    Why: One story, one id, across everybody who takes part.

    How: Answers to GET and POST, an empty one, an error, and three spellings of the header.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def error_body_gives_the_trace_id() -> None:
    """The trace id in the body of an error is adopted, and goes before the one in its header.

    Why: It is the id that support will ask for.

    How: Errors with an id in the body alone and beside one in the header, and with one that is no text.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def success_body_gives_no_trace_id() -> None:
    """A trace_id in the body of a success is data, and is not adopted.

    Why: It may be the id of quite another conversation.

    How: Answers with an id in the body, alone and beside one in the header; and exports that have one.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def callers_trace_id_is_overwritten() -> None:
    """An X-Trace-ID among a caller's own headers is overwritten by the SDK's.

    Why: Two sources of one id are two stories under one name.

    How: A GET with such a header, with and without a context.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def trace_context_makes_one_id() -> None:
    """A trace context makes a random UUID when it is first asked, and keeps it.

    Why: It is the name of a conversation: the same to its end, and nobody else's.

    How: New contexts, ones that were made with an id, and one that is given an id later.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def trace_context_adopts() -> None:
    """A trace context adopts the id of a header in its three usual spellings, and of a body where it is a text.

    Why: Callers with an HTTP client of their own keep the story together by hand.

    How: `X-Trace-ID`, `X-Trace-Id` and `x-trace-id` in a plain dict, an empty one, and eight bodies. What another
    dict of headers does is not promised.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def idempotency_keys_are_new() -> None:
    """Idempotency keys are random UUIDs, two at a time, and new with each call.

    Why: Two orders with one key are one order: the second is lost without a word.

    How: Three calls of each of the two makers.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def idempotency_keys_are_kept() -> None:
    """A key that a caller supplies is kept, and only what is missing is made.

    Why: A repeated order with a new key is made twice.

    How: Either key, and both, by name and by position.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def idempotency_keys_are_frozen() -> None:
    """A pair of idempotency keys cannot be changed.

    Why: A key that changes between two attempts protects from nothing.

    How: An assignment to each of the two.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def idempotency_header() -> None:
    """The header of an idempotency key is Idempotency-Key, and it holds the key and not the transaction's id.

    Why: Services know it by that name.

    How: The headers made from two keys that differ.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def identity_is_sent() -> None:
    """A client sends its token and its tenant, app and device ids with each request, and none that it lacks.

    Why: A missing tenant is at best a refusal, at worst another's data.

    How: Status requests from clients with all four, with each of them alone and with none, and an order.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def identity_is_not_shared() -> None:
    """Clients on one HttpClient each send their own identity, whoever asked before.

    Why: A token that stays behind is another caller's access.

    How: Five clients with different identities, one after another, on one HttpClient.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def callers_headers_beat_identity() -> None:
    """A header that a caller gives goes before the client's own identity.

    Why: It is how a program acts for another tenant once.

    How: Requests with a tenant, a token and a device of the caller's.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def session_token_is_that_of_the_moment() -> None:
    """A client that a session makes has the session's token as of that moment, and no other identity.

    Why: After a login as somebody else, the older clients go on as who they were.

    How: Clients made before and after a change of the token, and one of a session without.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def session_shares_one_trace() -> None:
    """The clients of one session share its trace context.

    Why: What a user does through several clients is one story.

    How: Two clients of a session, with a trace of its own and with one of the caller's; and what the service answers
    to one of them, sent by the other.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def clients_take_their_fields() -> None:
    """A client is built from its HTTP client, and from a token, a tenant, an app and a device where they are given.

    Why: Every program that uses the SDK builds one.

    How: The signature of each client, with its HTTP client alone and with an identity.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def session_loads_its_store() -> None:
    """A session loads the store that it is given, and keeps it; a store of its own lies in the user's data, in aris3.

    Why: A program that keeps its tokens elsewhere would find them in the user's folder; who has logged in before would
    have to do so again.

    How: A store that notes when it is loaded, and a session without one in a home of its own, on Linux.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def login_and_health_are_anonymous() -> None:
    """Login and health send no identity.

    Why: A token that has expired must not keep its owner from a new one, and who asks for health is nobody's matter.

    How: The headers of both, through a session that holds a token.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def password_change_is_raised() -> None:
    """A login whose answer says that the password must be changed raises MustChangePasswordError.

    Why: Otherwise a program goes on with a token that the service will refuse.

    How: Such an answer with a token and with an empty one, at a first and at a second login; and one that does not say
    so.
    """


# ── what is answered ──


@PROMISES.add(MAJOR, checkpoint_h=24)
def report_errors_are_told_apart() -> None:
    """A report that is refused for its dates, or for what its caller may see, says so by a code of its own.

    Why: The same class means a wrong date here and a wrong field there, and programs go by the code.

    How: Each report, answered with these errors, with their codes under other statuses, and with other codes.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def answers_are_decoded() -> None:
    """A success gives its decoded JSON, whatever its type and its Content-Type.

    Why: An empty list is an answer, and is not nothing.

    How: Twelve values with GET and POST, six statuses below 300, and three content types.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def empty_answers_are_none() -> None:
    """A success with an empty body, or with null, gives None.

    Why: Deletions and acknowledgements answer with nothing.

    How: 200 and 201 without a body, 204 and null, with GET, POST and DELETE.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def redirects_are_followed() -> None:
    """Redirects are followed, and a POST that is answered with 302 goes on as a GET.

    Why: Services move, and say so.

    How: GETs with five statuses, to a path and to an address, and a POST.
    """


# ── hooks ──


@PROMISES.add(MINOR, checkpoint_h=24)
def before_request_sees_the_request() -> None:
    """before_request is called once, before anything is sent, with the method, the URL, and a dict of headers,
    json_body and params.

    Why: Programs sign, log and count their requests there.

    How: A GET, a POST and a DELETE, with a header and a parameter of the caller's.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def before_request_may_change_headers() -> None:
    """What before_request changes in the dict of headers is what is sent, with each attempt.

    Why: It is where signatures go in.

    How: A header put in, one replaced and one taken away, with GET, POST and a retry.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def before_request_changes_nothing_else() -> None:
    """Binding params, json_body or headers anew in before_request changes nothing of the request.

    Why: A hook for logging that tidies its copy must not change what is asked.

    How: All three bound anew, with a GET and a POST.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hooks_see_the_answer() -> None:
    """after_response and response_hook are called once for each finished request, with its last answer, be it an error
    or not.

    Why: Figures made in a hook count requests, and not attempts.

    How: Successes, errors, a success after two failures, and a failure for ever; and no answer at all.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hooks_come_in_order() -> None:
    """before_request comes first, then the wire, then after_response, then the answered trace id is adopted, then
    response_hook.

    Why: Hooks that work together rely on who is first.

    How: The order of the calls for a success and an error, and the trace id that each hook meets.
    """


# ── the client itself ──


@PROMISES.add(MAJOR, checkpoint_h=0)
def client_needs_only_a_configuration() -> None:
    """HttpClient works with a configuration and nothing else.

    Why: It is the first line of every example.

    How: Clients built by name and by position, and a GET with each.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def client_fields_in_order() -> None:
    """HttpClient takes its fields in the documented order.

    Why: A trace in the place of a session raises no error at first.

    How: What HttpClient says that it takes, and a client built with a trace by position.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def client_can_be_changed() -> None:
    """The trace and the hooks of a client can be set, and taken away, after it was built.

    Why: Programs attach them to a client that a library has made.

    How: A trace and two hooks, set between requests.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def session_is_taken() -> None:
    """A session that is passed in is the one that the client has, as it was.

    Why: It is how programs bring their own proxies and certificates.

    How: The session of one client passed to another.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_operation_tells_the_result() -> None:
    """last_operation tells how the latest request ended: success or error.

    Why: Status lines of programs show it.

    How: Successes and errors of GET and POST, one after another, and the client before its first.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_operation_passes_network_failures_by() -> None:
    """A failure of the network leaves last_operation as it was.

    Why: It tells of what the service said, and the service said nothing.

    How: Failures before anything else, after a success and after an error.
    """


# ── contexts ──


@PROMISES.add(MINOR, checkpoint_h=24)
def context_versions_count() -> None:
    """The version of a context is 0 at first, and each switch_context raises that key's by one and returns it.

    Why: Programs keep the number to find out what is outdated.

    How: Three switches of one key, beside another key and another client.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def outdated_context_is_cancelled() -> None:
    """A request with an outdated context version raises TransportError with the code REQUEST_CANCELLED, and is not
    sent.

    Why: After a change of store, what was asked for the old one must not be shown.

    How: GETs and POSTs with versions that are outdated, current, absent, and of another key.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def switch_in_flight_cancels() -> None:
    """A request whose context is switched while it is in flight raises TransportError with the code REQUEST_CANCELLED.

    Why: The answer of the old store arrives after the new one was chosen.

    How: A switch while the service holds the request, of its own key and of another, for a GET and a POST.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("transport")


@STATEMENTS.section("3")
def tracing_and_idempotency() -> None:
    """Tracing and idempotency.

    The trace's header is X-Trace-ID.
        transport.trace-id-is-sent
    A TraceContext can be made with an id or without one, and its id can be set.
        transport.trace-context-makes-one-id
    ensure() returns the id, and makes a random UUID once if there is none.
        transport.trace-context-makes-one-id
    update_from_headers adopts the trace header of an answer, in any capitals.
        transport.trace-id-is-adopted
    Of a plain dict it knows the spellings X-Trace-ID, X-Trace-Id and x-trace-id.
        transport.trace-context-adopts
    What happens with another plain dict of headers is open.
        Untested: The contract leaves it to the SDK.
    update_from_payload adopts a trace_id that is a text and not empty.
        transport.trace-context-adopts
    Without a context, each request has an id of its own.
        transport.trace-id-is-sent
    Without a context, the client's trace stays None.
        transport.no-context-stays-none
    With a context, the id that the service answers is adopted and sent with the next request.
        transport.trace-id-is-adopted
    The trace_id of a body is adopted for errors only.
        transport.error-body-gives-the-trace-id, transport.success-body-gives-no-trace-id
    For an error, the id of the body goes before that of the header.
        transport.error-body-gives-the-trace-id
    A caller's own X-Trace-ID is overwritten.
        transport.callers-trace-id-is-overwritten
    IdempotencyKeys holds a transaction id and an idempotency key, and is frozen.
        transport.idempotency-keys-are-frozen
    new_idempotency_keys makes two random UUIDs.
        transport.idempotency-keys-are-new
    resolve_idempotency_keys makes what it is not given, and keeps what it is.
        transport.idempotency-keys-are-kept
    idempotency_headers gives one header, Idempotency-Key, with the idempotency key.
        transport.idempotency-header
    Keys do not come from what is sent, and are new with each call unless supplied.
        transport.idempotency-keys-are-new
    """


@STATEMENTS.section("4")
def the_http_client() -> None:
    """The HTTP client, and its cache of GETs.

    HttpClient works with a configuration alone.
        transport.client-needs-only-a-configuration
    HttpClient can be changed after it was built.
        transport.client-can-be-changed
    The fields of HttpClient stand in a fixed order.
        transport.client-fields-in-order
    The fields that begin with an underscore are dicts after construction.
        Untested: No name that begins with an underscore is looked at: it is the SDK's own affair.
    A requests session with pooled adapters exists after construction.
        world.pool-is-of-the-configured-size
    The size of the pool is max_connections.
        world.pool-is-of-the-configured-size
    The session's adapters make no retries of their own.
        transport.zero-retries-is-one-attempt, transport.posts-are-not-retried
    A session that is passed in is used as it is.
        transport.session-is-taken
    before_request is called before anything is sent, with the method, the URL and a dict of headers, json_body and
    params.
        transport.before-request-sees-the-request
    A change in place of the dict of headers takes effect.
        transport.before-request-may-change-headers
    Binding an entry of the hook's dict anew has no effect.
        transport.before-request-changes-nothing-else
    A change in place of params or json_body in a hook has no effect.
        Untested: The contract observed only the binding of params, and two healthy SDKs may differ in whether what they
        show is a copy.
    A context is checked before a request is sent.
        transport.outdated-context-is-cancelled
    A context is checked again after the answer.
        transport.switch-in-flight-cancels
    After the answer comes after_response, then the trace header is adopted, then comes response_hook.
        transport.hooks-come-in-order
    Hooks are called once for a request, however many attempts it took.
        transport.before-request-sees-the-request, transport.hooks-see-the-answer
    The URL is the base, a slash, and the path without its leading slashes.
        transport.base-path-is-kept
    A path in the base URL is kept.
        transport.base-path-is-kept
    Paths are not escaped. What that lets through is shown as the finding `exports.ids-are-not-escaped`.
        transport.paths-arrive-as-given
    Paths are not checked, and an absolute address goes through the join of URLs.
        Untested: It is a weakness, shown as the finding `requests.absolute-url-takes-the-token-along`.
    Accept is application/json.
        transport.accepts-json
    The caller's headers go over the SDK's.
        transport.callers-headers-are-sent
    X-Trace-ID goes over all other headers.
        transport.callers-trace-id-is-overwritten
    A JSON body is sent as JSON, with its Content-Type.
        transport.body-is-json
    All other headers, User-Agent among them, are the library's.
        Untested: It is about one HTTP library and not about what a caller sees.
    The session's request method is called with keywords only.
        Untested: It is about one HTTP library and not about what a caller sees.
    Parameters become the query.
        transport.query-arrives
    The time-outs of the configuration are those for connecting and for reading.
        transport.read-timeout-is-kept, transport.connect-timeout-is-kept
    verify_ssl says whether certificates are verified.
        transport.certificates-are-verified
    Redirects are followed, and a 302 turns POST into GET.
        transport.redirects-are-followed
    The session trusts the environment: proxies apply.
        transport.environment-proxies-apply
    An entry for the host in .netrc replaces the token.
        Untested: It is a weakness, shown as the finding `requests.netrc-replaces-the-token`.
    GET and HEAD are tried up to one more time than there are retries.
        transport.gets-are-retried, transport.heads-are-retried, transport.zero-retries-is-one-attempt
    Any other method is tried as often where retry_mutation is given.
        transport.mutations-are-retried-on-demand
    Any other method is sent once where it is not.
        transport.posts-are-not-retried, transport.other-mutations-are-not-retried
    Every failure of the network is tried again. That some of them cannot succeed is shown as the finding
    `requests.hopeless-addresses-are-retried`.
        transport.gets-are-retried, transport.network-failures-are-retried
    Every status of 500 and above is tried again.
        transport.gets-are-retried, transport.server-errors-are-retried
    Nothing below 500 is tried again, 429 and 408 included.
        transport.client-errors-are-not-retried
    Retry-After is ignored.
        transport.retry-after-is-ignored, transport.client-errors-are-not-retried
    The pause before a retry is the backoff, doubled with each.
        transport.backoff-doubles, transport.backoff-after-network-failures
    Where jitter is on, a draw between its minimum and maximum is added.
        transport.jitter-stays-in-range, transport.jitter-is-drawn-anew, transport.jitter-off-adds-nothing
    A pause is never negative.
        transport.jitter-stays-in-range
    A pause has no upper bound.
        transport.backoff-doubles
    There is no pause after the last attempt.
        transport.no-pause-but-between-attempts
    Pauses block the calling thread: a call lasts as long as its attempts and pauses.
        transport.backoff-doubles, transport.no-pause-but-between-attempts
    A status below 300 is a success.
        transport.answers-are-decoded
    A status from 300 to 399 that leads nowhere is a success too.
        Untested: It is a weakness, shown as the finding `errors.bare-redirect-counts-as-success`.
    A success without a body gives None.
        transport.empty-answers-are-none
    A success with a body gives its decoded JSON, whatever its type.
        transport.answers-are-decoded
    A JSON null gives None.
        transport.empty-answers-are-none
    An error's JSON body, or its text as a message where it is not JSON, becomes the error.
        transport.errors-carry-the-answer
    last_operation says success or error after an answer.
        transport.last-operation-tells-the-result
    last_operation says success(cache) after an answer from the cache.
        cache.hits-are-noted
    A failure of the network does not change last_operation.
        transport.last-operation-passes-network-failures-by
    switch_context raises its key's version and returns it.
        transport.context-versions-count
    get_context_version is 0 for a key that was never switched.
        transport.context-versions-count
    A request with an outdated version raises TransportError with the code REQUEST_CANCELLED.
        transport.outdated-context-is-cancelled
    A request whose context changes in flight raises the same.
        transport.switch-in-flight-cancels
    """


@STATEMENTS.section("5")
def errors() -> None:
    """Errors.

    Every error has code, message, details, trace id, status and raw_payload, the last None unless given.
        transport.error-fields
    An error's text is its status, code and message, and its trace id where it is known.
        transport.error-text
    The errors form one tree under ApiError.
        transport.error-tree
    The SDK's PermissionError is not the built-in one.
        transport.error-tree
    The SDK's ValidationError is not pydantic's.
        Untested: It is about one library; that the class stands in the SDK's own tree, `transport.error-tree` tests.
    The body of an error is an object with code, message, details and trace_id.
        transport.errors-carry-the-answer
    map_error returns the error and does not raise it.
        transport.map-error-returns
    401, 403, 404, 400, 422, 409 and 429 have a class each, 500 and above share one, and all others are ApiError.
        transport.errors-follow-the-status
    A missing code is HTTP_ERROR, a missing message is Request failed.
        transport.errors-carry-the-answer
    raw_payload is a copy of the body.
        transport.raw-payload-is-the-body
    What fails in the network after the last attempt becomes TransportError.
        transport.failures-are-transport-errors
    A TransportError has its code, the status 0, no body, and the cause's text and class name.
        transport.errors-tell-the-cause
    The cause of a TransportError is chained to it.
        transport.errors-tell-the-cause
    The cause's class is ConnectionError, ReadTimeout or MissingSchema.
        Untested: It is about one HTTP library and not about what a caller sees.
    A TransportError is no TimeoutError, even for a read time-out.
        transport.failures-are-transport-errors, transport.error-tree
    """


@STATEMENTS.section("6")
def clients_and_session() -> None:
    """Clients and session.

    A client is built from its HTTP client, and from a token, a tenant, an app and a device, which may be None.
        transport.clients-take-their-fields
    A client adds its token, tenant, app and device to each request, where they are set.
        transport.identity-is-sent, transport.identity-is-not-shared
    The caller's headers go over the identity.
        transport.callers-headers-beat-identity
    A session's clients have its token as of that moment, and no tenant, app or device.
        transport.session-token-is-that-of-the-moment
    A session builds a store if none is given, and loads it.
        transport.session-loads-its-store, world.leaves-nothing-behind
    A session's clients share its trace context.
        transport.session-shares-one-trace
    A report's ValidationError with the code VALIDATION_ERROR has the code REPORT_INVALID_DATE_RANGE instead.
        transport.report-errors-are-told-apart
    A report's 403 with a code of scope becomes ForbiddenError with REPORT_SCOPE_FORBIDDEN, the cause chained.
        transport.report-errors-are-told-apart
    A login whose answer says that the password must be changed raises MustChangePasswordError.
        transport.password-change-is-raised
    Login and health send no identity; me and reports do.
        transport.login-and-health-are-anonymous, roads.identity-is-that-of-now
    """
