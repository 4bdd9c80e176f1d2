"""What the SDK promises about its exports, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("exports")


@PROMISES.add(CRITICAL, checkpoint_h=0)
def request_is_sent_as_asked() -> None:
    """A request for an export is a POST that holds what the caller asked for, and nothing else in its place.

    Why: An export of the wrong month is worse than none.

    How: Each source in each format; filters with other alphabets, capitals, one date of two and 5,000 characters; and
    letters that Unicode writes in another way too.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def request_takes_a_model() -> None:
    """An ExportRequest is sent as the mapping with the same fields is.

    Why: It is the typed way in, and must not be another one.

    How: The bodies of both, side by side, for each source in each format.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def null_filters_are_dropped() -> None:
    """Filters that are null are not sent.

    Why: To a service, null may mean "none" instead of "any".

    How: Filters of which one, half and all are null, beside empty ones.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def transaction_id() -> None:
    """The transaction id is the payload's own, unless the caller gives another beside it.

    Why: It is how two systems agree that they talk about one thing.

    How: A payload alone, with an argument beside it, with a key only and with both; as a mapping and as a model.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def idempotency_key() -> None:
    """Each request for an export carries an idempotency key: the caller's, or a new one.

    Why: A key that is shared by two requests makes the second one vanish.

    How: A key that is given, a transaction id without one, and three equal requests without one.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def payload_holds_its_transaction_id() -> None:
    """A payload without its transaction id is refused and not sent, also where an argument brings one; so is one for a
    source or a format that there is not.

    Why: A mistake should be heard where it is made.

    How: A payload that lacks it, with and without the argument, and one of another source or format, counted on the
    wire.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def request_is_sent_once() -> None:
    """A request for an export is not retried.

    Why: Sent twice, it may be two exports.

    How: Failures of the service and of the network, with three retries set; counted on the wire.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def request_returns_the_status() -> None:
    """A request for an export returns the status that the service answers.

    Why: Its id is what everything after it asks for.

    How: Answers of 201 with all fields, with odd values, and in each state.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def status_path() -> None:
    """A status is asked for under the export's own path, with neither query nor body.

    Why: Gateways and access rules go by path.

    How: Status requests for ids with capitals, dots and many letters, as they reached the service.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def status_is_read_whole() -> None:
    """A status holds each field that the service answers, and None for an optional one that it does not.

    Why: A field that is lost on the way is never missed, until it is.

    How: Answers with the required fields, with all, with nulls, and with keys that nobody knows; each source, format
    and state; other alphabets, empty texts, zeros, huge numbers and moments of other zones.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def malformed_status_is_refused() -> None:
    """An answer that is no status object raises ValueError, and one that lacks a required field, or has it of another
    kind, an error.

    Why: Half a status that passes for one shows up far from its cause.

    How: Two lists, null, an empty body, nine objects that each lack one field, and four that hold one of another kind.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def list_is_read_whole() -> None:
    """A list holds the rows that the service answers, each a status, in their order; both names of it do.

    Why: The export that is missing in the list is made once more.

    How: Lists of no, one, three and 500 rows, out of order, in each state and kind.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def page_size_is_sent() -> None:
    """A page size is sent as a query, and none where it is not given or zero.

    Why: A page size that is dropped is a thousand rows.

    How: Both lists with a page size, with zero and without, as they reached the service.
    """


@PROMISES.add(MINOR, checkpoint_h=48)
def reads_are_cached() -> None:
    """Statuses, artifacts and lists are answered from the cache like any other GET.

    Why: Screens that show many exports ask often.

    How: Each of them twice at once, counted on the wire.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def artifact_has_an_address_when_ready() -> None:
    """An artifact has its download address when the status is READY, in any case, and none otherwise.

    Why: An address that comes too early is a broken link.

    How: Sixteen states; resolved from a status at hand, and asked for.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def address_keeps_the_base_path() -> None:
    """A path in the base URL stays in front of an artifact's address.

    Why: Behind a gateway, an address without it leads elsewhere.

    How: Three base URLs with a path, beside a plain GET.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def resolving_sends_nothing() -> None:
    """An artifact is resolved from a status at hand without a request.

    Why: It is used in loops over a list.

    How: Two statuses, counted on the wire.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def artifact_asks_for_the_status() -> None:
    """An artifact that is asked for is one status request.

    Why: Anything more is paid for on each row.

    How: One artifact, as it reached the service.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def download_is_whole() -> None:
    """A download returns the file's bytes, as they are.

    Why: It is the end of the whole way.

    How: Files of text, of every byte, with a byte order mark and zeros, of a MiB and a half, of nine, and of nothing;
    under seven types.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def download_accepts_anything() -> None:
    """A download accepts any type of content.

    Why: A service that takes JSON at its word answers with an error.

    How: The Accept header of a download.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def identity_is_sent() -> None:
    """Each request of the exports client says who is asking, as its status request does.

    Why: A download without its tenant is refused, or is another's file.

    How: Five methods beside a status request, for clients with an identity, with and without each part of it, and
    without any.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def download_trace_id() -> None:
    """A download carries a trace id where the client has a trace context, and none otherwise.

    Why: An id that nobody knows leads nowhere.

    How: Downloads of two clients, one with a context.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def download_is_never_cached() -> None:
    """Each download is fetched anew.

    Why: Files are large, and memory is not.

    How: One export, downloaded three times, counted on the wire.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def download_is_tried_once() -> None:
    """A download that fails is not retried.

    Why: Whoever asks for a large file decides whether to ask again.

    How: A failure of the service and a closed connection, with three retries set; counted on the wire.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def download_errors_are_mapped() -> None:
    """An error that answers a download is raised as that of any other request.

    Why: A 404 that is read as a file is a broken file.

    How: Two dozen answers, beside a plain GET.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def download_failures_are_heard() -> None:
    """A failure of the network in a download is raised.

    Why: Half a file that passes for a whole one is the worst of all.

    How: Connections closed, reset, reset in the middle of the file, and answered in another protocol.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def download_calls_no_hook() -> None:
    """A download calls none of the client's hooks.

    Why: Hooks that read an answer's text would read a whole file.

    How: A client with both hooks, and one download.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("exports")


@STATEMENTS.section("7")
def exports() -> None:
    """Exports, and the wait for them.

    request_export sends POST /aris3/exports, and returns a status.
        exports.request-is-sent-as-asked, exports.request-returns-the-status
    get_export_status sends GET /aris3/exports/ID, and returns a status.
        exports.status-path, exports.status-is-read-whole
    get_export_status takes use_get_cache, which is true unless it is told otherwise.
        cache.bypass-per-request, exports.reads-are-cached
    list_recent_exports and list_exports send GET /aris3/exports, and return a list.
        exports.page-size-is-sent, exports.list-is-read-whole
    They send page_size as a query where it is given and not zero.
        exports.page-size-is-sent
    resolve_export_artifact sends nothing.
        exports.resolving-sends-nothing
    get_export_artifact is a cached status request.
        exports.artifact-asks-for-the-status, exports.reads-are-cached
    download_export sends GET /aris3/exports/ID/download, and returns bytes.
        exports.download-is-whole
    The body of a request holds source_type, format, filters, transaction_id and, if given, file_name.
        exports.request-is-sent-as-asked
    source_type is reports_overview, reports_daily or reports_calendar; format is csv, xlsx or pdf.
        exports.request-is-sent-as-asked, exports.status-is-read-whole, exports.payload-holds-its-transaction-id,
        exports.malformed-status-is-refused
    Filters are an object with keys such as store_id, from, to and timezone.
        exports.request-is-sent-as-asked
    Filters that are null are dropped.
        exports.null-filters-are-dropped
    A request carries Idempotency-Key.
        exports.idempotency-key
    The payload is an ExportRequest, or a mapping that is read as one.
        exports.request-takes-a-model, exports.request-is-sent-as-asked
    The payload must itself hold transaction_id: the argument alone is refused.
        exports.payload-holds-its-transaction-id
    The argument transaction_id, where it is given, replaces the payload's.
        exports.transaction-id
    A request for an export is not retried.
        exports.request-is-sent-once
    A status answers a POST with 201 and a GET with 200.
        exports.request-returns-the-status, exports.status-is-read-whole
    Keys that are not known are allowed in a status.
        exports.status-is-read-whole
    A status must have its nine required fields.
        exports.status-is-read-whole, exports.malformed-status-is-refused
    Nine more fields are optional, and may be null.
        exports.status-is-read-whole
    A list is an object whose rows are statuses.
        exports.list-is-read-whole
    An answer that is no JSON object raises ValueError.
        exports.malformed-status-is-refused
    A status that lacks a field raises an error.
        exports.malformed-status-is-refused
    That error is pydantic's own ValidationError.
        Untested: It is about one library, and a weakness, shown as the finding `exports.malformed-status-leaks`.
    The export_id in an answer is not compared with the one that was asked for.
        Untested: An SDK that refuses another export's status is healthy too; that it is accepted is shown as the
        finding `exports.foreign-status-is-accepted`.
    An artifact's address is the base URL with /aris3/exports/ID/download, when the status is READY in any case.
        exports.artifact-has-an-address-when-ready, exports.address-keeps-the-base-path
    An artifact of a COMPLETED export has no address.
        exports.artifact-has-an-address-when-ready
    A download sends Accept: */*.
        exports.download-accepts-anything
    A download sends the identity headers.
        exports.identity-is-sent
    A download sends X-Trace-Id only if the client has a trace context.
        exports.download-trace-id
    A download calls no hooks.
        exports.download-calls-no-hook
    A download uses no cache.
        exports.download-is-never-cached
    A download is not retried.
        exports.download-is-tried-once
    HTTP errors of a download are mapped.
        exports.download-errors-are-mapped
    A failure of the network in a download raises an error.
        exports.download-failures-are-heard
    That error is one of the HTTP library's own.
        Untested: It is a weakness, shown as the finding `exports.download-leaks-library-errors`.
    """
