"""What does the SDK promise about one request on its way, and about the errors that it raises?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise("transport.failures-are-transport-errors", CRITICAL, 24,
        N_("A failure of the network raises TransportError, which is no TimeoutError, even for a read time-out."),
        N_("\"Gave up waiting\" and \"the network failed\" call for different actions, so they differ by type."),
        N_("A refused connection, one closed unanswered, one reset, and an answer that never comes.")),
    promise("transport.gets-are-retried", MAJOR, 24,
        N_("A GET that fails in the network or with a status of 500 and above is tried again, up to the limit set."),
        N_("It is what carries a client over a restart of the service."),
        N_("Two failures and then an answer, with two retries; and failures for ever, counted on the wire.")),
    promise("transport.posts-are-not-retried", CRITICAL, 0,
        N_("A POST is sent once, unless the caller asks for retries."),
        N_("Sent twice, it is two exports, two bills or two e-mails."),
        N_("A POST that is answered with 500, and one whose connection is closed, counted on the wire.")),
    promise("transport.client-errors-are-not-retried", MINOR, 24,
        N_("A status below 500 is an answer: it is not tried again."),
        N_("Repeating a request that was refused only adds load."),
        N_("GETs answered with 400, 404, 408 and 429, counted on the wire.")),
    promise("transport.backoff-doubles", MINOR, 24,
        N_("The pause before each retry is twice the one before, beginning with the backoff that is set."),
        N_("Clients that hurry hold a struggling service down."),
        N_("Three retries in virtual time; the pauses are read off the clock.")),
    promise("transport.jitter-stays-in-range", MINOR, 24,
        N_("With jitter on, each pause is longer by an amount between the minimum and the maximum that are set."),
        N_("Jitter out of its range is a delay that nobody asked for."),
        N_("Eight retries in virtual time; what each pause adds is read off the clock.")),
    promise("transport.errors-follow-the-status", MAJOR, 24,
        N_("Each error status raises the class that the contract names for it."),
        N_("Callers catch by class: a wrong one is a wrong branch taken."),
        N_("GETs answered with 400, 401, 403, 404, 409, 422, 429, 500, 503 and 418.")),
    promise("transport.errors-carry-the-answer", MINOR, 24,
        N_("An error carries code, message, details, trace id and status of the answer, and named defaults without."),
        N_("It is what support asks for first."),
        N_("An answer with all four keys, one with none, and one that is not JSON.")),
    promise("transport.trace-id-is-sent", MINOR, 24,
        N_("Every request carries X-Trace-ID: the context's own, or a new one."),
        N_("Without it, nobody finds the request in the service's logs."),
        N_("Two requests without a context, and two with one.")),
    promise("transport.base-path-is-kept", MAJOR, 0,
        N_("A path in the base URL stays in front of each request's path."),
        N_("Behind a gateway, a lost prefix is another service."),
        N_("A base URL with a prefix, and a path with a leading slash.")),
    promise("transport.identity-is-sent", CRITICAL, 0,
        N_("A client sends its token and its tenant, app and device ids with each request, and none that it lacks."),
        N_("A missing tenant is at best a refusal, at worst another's data."),
        N_("A status request from a client with all four, and from one with none.")),
)  # fmt: skip

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = ()

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(id="errors.cannot-be-pickled",
        says=N_("The SDK's errors cannot be pickled, so they are lost on the way out of a process pool."),
        proposal=N_("Give the errors a __reduce__ of their own.")),
    Weakness(id="errors.bad-success-body-leaks",
        says=N_("A success with a body that is not JSON raises an error from outside the SDK's tree."),
        proposal=N_("Map it to an ApiError that says so.")),
    Weakness(id="requests.absolute-url-takes-the-token-along",
        says=N_("A path that is an absolute URL is sent to that host, with the caller's token."),
        proposal=N_("Refuse a path that names a host.")),
)  # fmt: skip
