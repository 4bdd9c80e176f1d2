"""What holds on every road to the wire, at the second use as at the first, and the sentences that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("roads")


# ── on every road ──


@PROMISES.add(MAJOR, checkpoint_h=24)
def long_answers_arrive_whole() -> None:
    """An answer of 4 MiB arrives whole, on every road.

    Why: A report that is cut at a round number looks like a whole one.

    How: 4 MiB of text in a good answer, on one road of each kind.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def compressed_answers_are_read() -> None:
    """An answer that is compressed with gzip or deflate is read as what it was, on every road.

    Why: Gateways compress what is long: the file that is tested is not, and the customer's is.

    How: On each road an answer in plain, in gzip and in deflate, as far as the client has asked for them.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def declared_charsets_are_read() -> None:
    """A JSON answer is read by the charset that it declares, and without one as UTF-8, on every road.

    Why: A name that comes out garbled is stored so.

    How: A text beyond ASCII in Latin-1, in Windows-1252 and in UTF-8, declared, and in UTF-8 without a word.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def header_names_have_no_case() -> None:
    """The headers of an answer mean the same in capitals and in small letters, on every road.

    Why: Proxies and HTTP/2 write them in small letters.

    How: A redirect whose Location is written as usual, in capitals and in small letters.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def empty_answers_are_told() -> None:
    """A bare 204, and a bare 304, is a success with nothing in it: None, no bytes, or a plain ValueError where a
    status was asked for.

    Why: Nothing must not pass for something, nor for a failure of the network.

    How: Both, on each road of which the contract says what nothing gives.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def redirects_lead_to_other_hosts() -> None:
    """A redirect to another host is followed on every road, and the token stays behind.

    Why: Files often lie with somebody else, who has no business with the token.

    How: Redirects with 307, and with 302 for a GET, to a second service; what reached it, and what came back.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def cut_answers_are_refused() -> None:
    """An answer that is cut short is a failure on every road, also where its connection was closed in good order.

    Why: Half an answer that passes for a whole one is the worst of all.

    How: Answers that end in the middle of their body and before it.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def dead_networks_are_told() -> None:
    """A connection that is refused, closed or reset, or speaks another protocol, raises TransportError on every
    road; a download raises an error.

    Why: Whoever catches TransportError round one call relies on it round the next.

    How: Each of the four, on each road; the class, the code and the status of the error, and its cause.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def certificates_are_verified() -> None:
    """With verify_ssl on, no road sends a request to a server whose certificate is wrong; with it off, each does.

    Why: One road without verification is enough to lose the token.

    How: A server with a certificate that nobody vouches for, on each road, with the setting on and off.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def read_time_outs_hold() -> None:
    """The read time-out ends the wait for an answer on every road.

    Why: The one call without it hangs for ever.

    How: An answer after four seconds, and a time-out of 0.1.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def connect_time_outs_hold() -> None:
    """The connect time-out ends the attempt to reach a host that does not answer, on every road.

    Why: The one call without it hangs for minutes.

    How: A port with a full queue, a short time to connect and a long one to read.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def refusals_are_mapped() -> None:
    """Each error status raises the class that the contract names for it, with the message of the service, on every
    road.

    Why: Callers catch by class, whichever call they make.

    How: Nine statuses on each road, with a message beyond ASCII in two charsets.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def sends_no_more_than_promised() -> None:
    """What may be tried again is sent as often as the retries say, and all else once, on every road.

    Why: A login that is sent three times locks the account; an order is delivered twice.

    How: With two retries: a good answer, 404, 429 with Retry-After, 503 for ever and a connection closed for ever,
    counted on the wire. Methods that are in no list are among them.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def later_attempts_equal_the_first() -> None:
    """What goes out at a later attempt is what went out at the first: method, address, headers and body.

    Why: A retry that has lost its tenant asks for something else.

    How: 503, then a closed connection, then an answer, on each road that is tried again.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_failure_counts() -> None:
    """Where the attempts of a call fail in different ways, the last one is told.

    Why: It is the state that the service is in now.

    How: 503 and then a dead network, and the other way round, on each road that is tried again.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def second_call_is_retried_like_the_first() -> None:
    """The second call of a client has all its attempts, and the pauses between them begin anew.

    Why: A client lives for days: what wears off with use is not seen in a test of one call.

    How: Three calls in a row that each need two retries, of which the second fails in the end, on each road that is
    tried again; the pauses are read off the virtual clock.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def second_call_is_like_the_first() -> None:
    """The same call again sends the same again, and tells what is answered now.

    Why: What one call leaves behind in its client shows up in the next.

    How: Each road twice with one client without a cache, answered differently.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def cookies_stay_with_their_client() -> None:
    """A cookie that a service gives to one client is not sent by another.

    Why: It may be another user's session.

    How: A second client after an answer with a cookie, on each road.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def base_path_is_kept() -> None:
    """A path in the base URL stays in front of the request's own on every road.

    Why: Behind a gateway, a lost prefix is another service.

    How: Base URLs with a prefix of one and of two parts, on each road.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hooks_see_each_request() -> None:
    """The two hooks of a client see each request once, with its last answer, on every road that has them.

    Why: A signature that one road leaves out is a refusal.

    How: A good answer, an error and a retry on each road.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def last_operation_tells_the_result() -> None:
    """last_operation tells how the latest request ended, whichever road it took, and passes a dead network by.

    Why: Status lines of programs show it.

    How: An error, a dead network, a success and a dead network, one after another on one client.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def cache_is_used_as_promised() -> None:
    """The GETs of every client use the cache, and nothing else does.

    Why: A login from the cache is another one's; a status from it is an old one.

    How: Each road twice with a cache, answered differently; what was sent, and what came back.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def clients_share_no_cache() -> None:
    """What one client has cached is not what another answers with, also where both have one session.

    Why: It would be one user's data shown to another.

    How: Two clients with one session and one identity, on each road that is cached.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def identity_is_that_of_now() -> None:
    """Each road sends the token, tenant, app and device that its client has now, and none that it has no more.

    Why: After a login as somebody else, the old token is another's access.

    How: All four set anew after a first request, and taken away, with a cache.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def answered_trace_id_goes_on() -> None:
    """The trace id of an answer, in any capitals and of an error too, is sent with the next request on every road.

    Why: One story, one id, across everybody who takes part.

    How: Answers with the header in three spellings, and an error.
    """


# ── at the second use ──


@PROMISES.add(MAJOR, checkpoint_h=24)
def arguments_are_left_alone() -> None:
    """What a caller gives to a call is what it was when the call returns, and can be given again.

    Why: A payload that lost its filters in one call asks for everything in the next.

    How: Headers, parameters and bodies with seven methods, and payloads as a mapping and as a model, each given twice.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def calls_leave_nothing_behind() -> None:
    """What one call was given, or met, does not show in the next: its headers, parameters, body, retries and bypass.

    Why: A token that was meant for one call goes out with all.

    How: A plain GET and POST before and after one with headers, parameters, a body, a context and a failure; a POST
    after one that was to be retried; a GET after one that passed the cache by.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def session_clients_share_no_more_than_a_trace() -> None:
    """The second client that a session makes has the trace of the first, and neither its cache nor its cookies.

    Why: Two screens of one program must not answer from each other's past.

    How: Two clients of each kind from one session, and one GET with each.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def second_wait_is_like_the_first() -> None:
    """A client waits for the same export again as if it had never waited: with its whole budget, from its first poll.

    Why: Programs wait again after a time-out, with the client that they have.

    How: A second and a third wait after six ends of a first one; its polls, its pauses, and the count of its telemetry.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def last_poll_has_the_last_word() -> None:
    """What the last poll is answered is what the wait tells, also where it comes after the deadline.

    Why: An export that is ready is not lost, and a dead network is not a slow export.

    How: Five answers to the one poll of a wait without a budget, and seven to a poll whose retry outlasts the budget.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def every_library_error_is_mapped() -> None:
    """Whatever class of error the HTTP library fails with, the call raises TransportError with its name and text.

    Why: The class that was forgotten is the one that nobody catches.

    How: Redirects without an end, three addresses that are none, and a body that cannot be decompressed; and every
    error of the library that the session is of, drawn from it, for a GET with a retry and a POST.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def no_object_is_a_plain_value_error() -> None:
    """An answer that is no JSON object raises a plain ValueError where a status was asked for, and no class of its own.

    Why: It is told apart from a status that lacks a field, and from what the service refuses.

    How: A list, null and nothing for each of the five calls that read a status.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("roads")


@STATEMENTS.section("4")
def the_http_client() -> None:
    """The HTTP client, and its cache of GETs.

    What an answer is decoded by is the charset that it declares, and UTF-8 for JSON that declares none.
        roads.declared-charsets-are-read
    A body without a charset that is no JSON is read by its type, or by its bytes.
        Untested: That text in UTF-8 comes back garbled is a weakness, and an SDK without it is healthy too.
    A body is read whole, with what it was compressed by undone.
        roads.long-answers-arrive-whole, roads.compressed-answers-are-read
    A body that ends before its announced length is a failure of the network.
        roads.cut-answers-are-refused
    A bare 304 is a success without a body.
        roads.empty-answers-are-told
    Redirects are followed to other hosts too, in whatever letters they are written.
        roads.redirects-lead-to-other-hosts, roads.header-names-have-no-case
    The base URL, the time-outs and verify_ssl hold for every request of every client.
        roads.base-path-is-kept, roads.certificates-are-verified, roads.read-time-outs-hold,
        roads.connect-time-outs-hold
    A request is sent as often as its retries say: each method that is neither GET nor HEAD, a POST of any client among
    them, once.
        roads.sends-no-more-than-promised
    Each attempt sends the same, its trace id included.
        roads.later-attempts-equal-the-first
    The answer, or the failure, of the last attempt ends the call.
        roads.last-failure-counts
    Attempts and pauses are counted for one call, and begin anew with the next.
        roads.second-call-is-retried-like-the-first
    A call depends on its arguments, on the client's fields and on its cache, and on nothing that an earlier call had.
        roads.second-call-is-like-the-first, roads.calls-leave-nothing-behind
    The caller's headers, parameters and body are read, and not changed.
        roads.arguments-are-left-alone
    The cache and the HTTP session belong to one client: neither answers nor cookies pass to another.
        roads.clients-share-no-cache, roads.cookies-stay-with-their-client
    The hooks see, and last_operation tells of, each request of each client that goes through request.
        roads.hooks-see-each-request, roads.last-operation-tells-the-result
    The trace id of each answer is adopted where the client has a context, in any capitals.
        roads.answered-trace-id-goes-on
    """


@STATEMENTS.section("5")
def errors() -> None:
    """Errors.

    Every request of every client raises the error of its status.
        roads.refusals-are-mapped
    Every request of every client but the download raises TransportError for a dead network.
        roads.dead-networks-are-told
    Any error that the HTTP library has for a failed request becomes TransportError, with its class and text.
        roads.every-library-error-is-mapped
    """


@STATEMENTS.section("6")
def clients_and_session() -> None:
    """Clients and session.

    The identity is read anew at each call.
        roads.identity-is-that-of-now
    Each client of a session is on an HTTP client of its own, with the session's trace.
        roads.session-clients-share-no-more-than-a-trace
    The GETs of all clients use the cache; a login does not, and is sent once.
        roads.cache-is-used-as-promised, roads.sends-no-more-than-promised
    """


@STATEMENTS.section("7")
def exports() -> None:
    """Exports, and the wait for them.

    Where a status was asked for, an answer that is no JSON object raises a plain ValueError.
        roads.no-object-is-a-plain-value-error, roads.empty-answers-are-told
    A download is the body, byte for byte, with its compression undone; redirects are followed.
        roads.long-answers-arrive-whole, roads.compressed-answers-are-read, roads.redirects-lead-to-other-hosts
    A download adopts the trace id of its answer's header, and takes nothing from an error's body.
        roads.answered-trace-id-goes-on
    A wait has its own start, deadline and count, whatever waits came before it.
        roads.second-wait-is-like-the-first
    What a poll is answered is judged before the deadline is.
        roads.last-poll-has-the-last-word
    """
