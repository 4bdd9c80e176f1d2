"""What does the SDK promise about asking for an export, and about fetching one?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise, tested, untested
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise(
        "exports.request-is-sent-as-asked",
        CRITICAL,
        0,
        N_("A request for an export is a POST that holds what the caller asked for, and nothing else in its place."),
        N_("An export of the wrong month is worse than none."),
        N_("Three sources in three formats, with filters and a file name; and one without."),
    ),
    promise(
        "exports.request-takes-a-model",
        MINOR,
        24,
        N_("An ExportRequest is sent as the mapping with the same fields is."),
        N_("It is the typed way in, and must not be another one."),
        N_("The bodies of both, side by side."),
    ),
    promise(
        "exports.null-filters-are-dropped",
        MINOR,
        24,
        N_("Filters that are null are not sent."),
        N_('To a service, null may mean "none" instead of "any".'),
        N_("Filters of which half, and all, are null."),
    ),
    promise(
        "exports.transaction-id",
        MAJOR,
        24,
        N_("The transaction id is the payload's own, unless the caller gives another beside it."),
        N_("It is how two systems agree that they talk about one thing."),
        N_("A payload alone, and one with an argument beside it."),
    ),
    promise(
        "exports.idempotency-key",
        MAJOR,
        0,
        N_("Each request for an export carries an idempotency key: the caller's, or a new one."),
        N_("A key that is shared by two requests makes the second one vanish."),
        N_("A key that is given, and three equal requests without one."),
    ),
    promise(
        "exports.payload-holds-its-transaction-id",
        MINOR,
        24,
        N_("A payload without its transaction id is refused and not sent, also where an argument brings one."),
        N_("A mistake should be heard where it is made."),
        N_("A payload that lacks it, with and without the argument, counted on the wire."),
    ),
    promise(
        "exports.request-is-sent-once",
        CRITICAL,
        0,
        N_("A request for an export is not retried."),
        N_("Sent twice, it may be two exports."),
        N_("Failures of the service and of the network, with three retries set; counted on the wire."),
    ),
    promise(
        "exports.request-returns-the-status",
        MAJOR,
        0,
        N_("A request for an export returns the status that the service answers."),
        N_("Its id is what everything after it asks for."),
        N_("An answer of 201 with all fields."),
    ),
    promise(
        "exports.status-path",
        MAJOR,
        0,
        N_("A status is asked for under the export's own path, with neither query nor body."),
        N_("Gateways and access rules go by path."),
        N_("One status request, as it reached the service."),
    ),
    promise(
        "exports.status-is-read-whole",
        MAJOR,
        0,
        N_("A status holds each field that the service answers, and None for an optional one that it does not."),
        N_("A field that is lost on the way is never missed, until it is."),
        N_("Answers with the required fields, with all, with nulls, and with keys that nobody knows."),
    ),
    promise(
        "exports.malformed-status-is-refused",
        MAJOR,
        24,
        N_(
            "An answer that is no status object raises ValueError, and one that lacks a required field raises an error."
        ),
        N_("Half a status that passes for one shows up far from its cause."),
        N_("A list, null, an empty body, and nine objects that each lack one field."),
    ),
    promise(
        "exports.list-is-read-whole",
        MAJOR,
        24,
        N_("A list holds the rows that the service answers, each a status, in their order; both names of it do."),
        N_("The export that is missing in the list is made once more."),
        N_("Lists of no, one and three rows."),
    ),
    promise(
        "exports.page-size-is-sent",
        MINOR,
        24,
        N_("A page size is sent as a query, and none where it is not given or zero."),
        N_("A page size that is dropped is a thousand rows."),
        N_("Both lists with a page size, with zero and without, as they reached the service."),
    ),
    promise(
        "exports.reads-are-cached",
        MINOR,
        48,
        N_("Statuses, artifacts and lists are answered from the cache like any other GET."),
        N_("Screens that show many exports ask often."),
        N_("Each of them twice at once, counted on the wire."),
    ),
    promise(
        "exports.artifact-has-an-address-when-ready",
        MAJOR,
        24,
        N_("An artifact has its download address when the status is READY, in any case, and none otherwise."),
        N_("An address that comes too early is a broken link."),
        N_("Eight states; resolved from a status at hand, and asked for."),
    ),
    promise(
        "exports.address-keeps-the-base-path",
        MINOR,
        24,
        N_("A path in the base URL stays in front of an artifact's address."),
        N_("Behind a gateway, an address without it leads elsewhere."),
        N_("Three base URLs with a path, beside a plain GET."),
    ),
    promise(
        "exports.resolving-sends-nothing",
        MINOR,
        24,
        N_("An artifact is resolved from a status at hand without a request."),
        N_("It is used in loops over a list."),
        N_("Two statuses, counted on the wire."),
    ),
    promise(
        "exports.artifact-asks-for-the-status",
        MINOR,
        24,
        N_("An artifact that is asked for is one status request."),
        N_("Anything more is paid for on each row."),
        N_("One artifact, as it reached the service."),
    ),
    promise(
        "exports.download-is-whole",
        CRITICAL,
        0,
        N_("A download returns the file's bytes, as they are."),
        N_("It is the end of the whole way."),
        N_("Files of text, of every byte, of no encoding, of JSON, and of nothing."),
    ),
    promise(
        "exports.download-accepts-anything",
        MINOR,
        24,
        N_("A download accepts any type of content."),
        N_("A service that takes JSON at its word answers with an error."),
        N_("The Accept header of a download."),
    ),
    promise(
        "exports.identity-is-sent",
        MAJOR,
        0,
        N_("Each request of the exports client says who is asking, as its status request does."),
        N_("A download without its tenant is refused, or is another's file."),
        N_("Five methods beside a status request, for clients with an identity, with half of one, and without."),
    ),
    promise(
        "exports.download-trace-id",
        MINOR,
        24,
        N_("A download carries a trace id where the client has a trace context, and none otherwise."),
        N_("An id that nobody knows leads nowhere."),
        N_("Downloads of two clients, one with a context."),
    ),
    promise(
        "exports.download-is-never-cached",
        MAJOR,
        24,
        N_("Each download is fetched anew."),
        N_("Files are large, and memory is not."),
        N_("One export, downloaded three times, counted on the wire."),
    ),
    promise(
        "exports.download-is-tried-once",
        MINOR,
        24,
        N_("A download that fails is not retried."),
        N_("Whoever asks for a large file decides whether to ask again."),
        N_("A failure of the service and a closed connection, with three retries set; counted on the wire."),
    ),
    promise(
        "exports.download-errors-are-mapped",
        MAJOR,
        24,
        N_("An error that answers a download is raised as that of any other request."),
        N_("A 404 that is read as a file is a broken file."),
        N_("Ten statuses, beside a plain GET."),
    ),
    promise(
        "exports.download-failures-are-heard",
        MAJOR,
        24,
        N_("A failure of the network in a download is raised."),
        N_("Half a file that passes for a whole one is the worst of all."),
        N_("Connections closed, reset, reset in the middle of the file, and answered in another protocol."),
    ),
    promise(
        "exports.download-calls-no-hook",
        MINOR,
        24,
        N_("A download calls none of the client's hooks."),
        N_("Hooks that read an answer's text would read a whole file."),
        N_("A client with both hooks, and one download."),
    ),
)

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = (
    tested(
        "7",
        N_("request_export sends POST /aris3/exports, and returns a status."),
        "exports.request-is-sent-as-asked",
        "exports.request-returns-the-status",
    ),
    tested(
        "7",
        N_("get_export_status sends GET /aris3/exports/ID, and returns a status."),
        "exports.status-path",
        "exports.status-is-read-whole",
    ),
    tested(
        "7",
        N_("get_export_status takes use_get_cache, which is true unless it is told otherwise."),
        "cache.bypass-per-request",
        "exports.reads-are-cached",
    ),
    tested(
        "7",
        N_("list_recent_exports and list_exports send GET /aris3/exports, and return a list."),
        "exports.page-size-is-sent",
        "exports.list-is-read-whole",
    ),
    tested("7", N_("They send page_size as a query where it is given and not zero."), "exports.page-size-is-sent"),
    tested("7", N_("resolve_export_artifact sends nothing."), "exports.resolving-sends-nothing"),
    tested(
        "7",
        N_("get_export_artifact is a cached status request."),
        "exports.artifact-asks-for-the-status",
        "exports.reads-are-cached",
    ),
    tested(
        "7", N_("download_export sends GET /aris3/exports/ID/download, and returns bytes."), "exports.download-is-whole"
    ),
    tested(
        "7",
        N_("The body of a request holds source_type, format, filters, transaction_id and, if given, file_name."),
        "exports.request-is-sent-as-asked",
    ),
    tested(
        "7",
        N_("source_type is reports_overview, reports_daily or reports_calendar; format is csv, xlsx or pdf."),
        "exports.request-is-sent-as-asked",
        "exports.status-is-read-whole",
    ),
    tested(
        "7",
        N_("Filters are an object with keys such as store_id, from, to and timezone."),
        "exports.request-is-sent-as-asked",
    ),
    tested("7", N_("Filters that are null are dropped."), "exports.null-filters-are-dropped"),
    tested("7", N_("A request carries Idempotency-Key."), "exports.idempotency-key"),
    tested(
        "7",
        N_("The payload is an ExportRequest, or a mapping that is read as one."),
        "exports.request-takes-a-model",
        "exports.request-is-sent-as-asked",
    ),
    tested(
        "7",
        N_("The payload must itself hold transaction_id: the argument alone is refused."),
        "exports.payload-holds-its-transaction-id",
    ),
    tested(
        "7", N_("The argument transaction_id, where it is given, replaces the payload's."), "exports.transaction-id"
    ),
    tested("7", N_("A request for an export is not retried."), "exports.request-is-sent-once"),
    tested(
        "7",
        N_("A status answers a POST with 201 and a GET with 200."),
        "exports.request-returns-the-status",
        "exports.status-is-read-whole",
    ),
    tested("7", N_("Keys that are not known are allowed in a status."), "exports.status-is-read-whole"),
    tested(
        "7",
        N_("A status must have its nine required fields."),
        "exports.status-is-read-whole",
        "exports.malformed-status-is-refused",
    ),
    tested("7", N_("Nine more fields are optional, and may be null."), "exports.status-is-read-whole"),
    tested("7", N_("A list is an object whose rows are statuses."), "exports.list-is-read-whole"),
    tested("7", N_("An answer that is no JSON object raises ValueError."), "exports.malformed-status-is-refused"),
    tested("7", N_("A status that lacks a field raises an error."), "exports.malformed-status-is-refused"),
    untested(
        "7",
        N_("That error is pydantic's own ValidationError."),
        N_("It is about one library, and a weakness, shown as the finding `exports.malformed-status-leaks`."),
    ),
    untested(
        "7",
        N_("The export_id in an answer is not compared with the one that was asked for."),
        N_(
            "An SDK that refuses another export's status is healthy too; that it is accepted is shown "
            "as the finding `exports.foreign-status-is-accepted`."
        ),
    ),
    tested(
        "7",
        N_(
            "An artifact's address is the base URL with /aris3/exports/ID/download, when the status "
            "is READY in any case."
        ),
        "exports.artifact-has-an-address-when-ready",
        "exports.address-keeps-the-base-path",
    ),
    tested("7", N_("An artifact of a COMPLETED export has no address."), "exports.artifact-has-an-address-when-ready"),
    tested("7", N_("A download sends Accept: */*."), "exports.download-accepts-anything"),
    tested("7", N_("A download sends the identity headers."), "exports.identity-is-sent"),
    tested("7", N_("A download sends X-Trace-Id only if the client has a trace context."), "exports.download-trace-id"),
    tested("7", N_("A download calls no hooks."), "exports.download-calls-no-hook"),
    tested("7", N_("A download uses no cache."), "exports.download-is-never-cached"),
    tested("7", N_("A download is not retried."), "exports.download-is-tried-once"),
    tested("7", N_("HTTP errors of a download are mapped."), "exports.download-errors-are-mapped"),
    tested("7", N_("A failure of the network in a download raises an error."), "exports.download-failures-are-heard"),
    untested(
        "7",
        N_("That error is one of the HTTP library's own."),
        N_("It is a weakness, shown as the finding `exports.download-leaks-library-errors`."),
    ),
)

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(
        id="exports.malformed-status-leaks",
        says=N_("A status that cannot be read raises an error from outside the SDK's tree."),
        proposal=N_("Raise an ApiError that is a ValueError too, and quote the field that is wrong."),
    ),
    Weakness(
        id="exports.download-leaks-library-errors",
        says=N_("A download over a failing network raises an error of the HTTP library."),
        proposal=N_("Raise TransportError, as every other request does."),
    ),
    Weakness(
        id="exports.list-lags-behind",
        says=N_("A list that was cached before an export was asked for does not show it straight after."),
        proposal=N_("Drop the cached lists when an export is asked for."),
    ),
    Weakness(
        id="exports.ids-are-not-escaped",
        says=N_("An id goes into the path as it is: it can leave the folder, add a query, or ask for the list."),
        proposal=N_("Escape ids as one segment of a path, and refuse an empty one."),
    ),
    Weakness(
        id="exports.foreign-status-is-accepted",
        says=N_("A status that names another export is taken for the one that was asked for."),
        proposal=N_("Compare the two ids, and raise where they differ."),
    ),
    Weakness(
        id="exports.no-key-for-a-second-try",
        says=N_(
            "A request that is made again after a failure has a new idempotency key, though its "
            "transaction is the same."
        ),
        proposal=N_("Derive the key from the transaction id where the caller gives none."),
    ),
)
