"""Changes to the reference SDK that break what it promises about its exports, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("exports")


# ── asking for one ──


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked")
def always_csv() -> None:
    """Whatever format is asked for, CSV is.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body={
    +     **replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    +     "format": "csv",
    + },
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked")
def file_name_lost() -> None:
    """The file name is not sent.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body=replace(wanted, file_name=None, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    """


@DEFECTS.add("models_exports.py", "exports.request-is-sent-as-asked", "exports.null-filters-are-dropped")
def from_under_another_name() -> None:
    """The filter `from` is sent as `from_`.

    - return {name: to_json(item) for name, item in given.items() if item is not None}
    + return {name.replace('from', 'from_'): to_json(item) for name, item in given.items() if item is not None}
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked")
def enum_by_name() -> None:
    """A source is sent by its name in Python.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body={
    +     **replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    +     "source_type": wanted.source_type.name,
    + },
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked", "exports.request-returns-the-status")
def put_for_post() -> None:
    """An export is asked for with PUT.

    - "POST",
    + "PUT",
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-takes-a-model")
def model_loses_its_file_name() -> None:
    """The file name of a model is not sent.

      wanted = ExportRequest.model_validate(payload)
    + if wanted is payload:
    +     wanted = replace(wanted, file_name=None)
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-takes-a-model")
def models_refused() -> None:
    """Only a mapping is accepted.

    - wanted = ExportRequest.model_validate(payload)
    + wanted = ExportRequest.model_validate(dict(payload))
    """


@DEFECTS.add("models_exports.py", "exports.null-filters-are-dropped")
def null_filters_sent() -> None:
    """Filters that are null are sent.

    - return {name: to_json(item) for name, item in given.items() if item is not None}
    + return {name: to_json(item) for name, item in given.items()}
    """


@DEFECTS.add("clients/exports_client.py", "exports.transaction-id")
def own_transaction_id_first() -> None:
    """The payload's transaction id stands over the argument.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(wanted.transaction_id or transaction_id, idempotency_key)
    """


@DEFECTS.add(
    "clients/exports_client.py",
    "exports.transaction-id",
    "exports.request-is-sent-as-asked",
    "exports.request-takes-a-model",
)
def transaction_id_replaced() -> None:
    """Each request gets a transaction id of its own.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(transaction_id, idempotency_key)
    """


@DEFECTS.add("clients/exports_client.py", "exports.idempotency-key")
def idempotency_key_replaced() -> None:
    """The caller's idempotency key is dropped.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, None)
    """


@DEFECTS.add("clients/exports_client.py", "exports.idempotency-key")
def idempotency_key_from_the_transaction() -> None:
    """The idempotency key is the transaction id.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(
    +     transaction_id or wanted.transaction_id, idempotency_key or transaction_id or wanted.transaction_id
    + )
    """


@DEFECTS.add("clients/exports_client.py", "exports.idempotency-key")
def no_idempotency_key() -> None:
    """No idempotency key is sent.

    - headers=idempotency_headers(keys),
    """


@DEFECTS.add("clients/exports_client.py", "exports.payload-holds-its-transaction-id")
def argument_is_enough() -> None:
    """The argument may bring the transaction id.

    + if isinstance(payload, Mapping) and transaction_id:
    +     payload = {"transaction_id": transaction_id, **payload}
      wanted = ExportRequest.model_validate(payload)
    """


@DEFECTS.add("clients/exports_client.py", "exports.payload-holds-its-transaction-id")
def transaction_id_made_up() -> None:
    """A payload without a transaction id gets one.

    + if isinstance(payload, Mapping):
    +     payload = {"transaction_id": "made-up", **payload}
      wanted = ExportRequest.model_validate(payload)
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-once")
def request_retried() -> None:
    """A request for an export is retried.

      operation="request_export",
    + retry_mutation=True,
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-once")
def request_with_a_key_retried() -> None:
    """A request for an export is retried where the caller has given its key.

      operation="request_export",
    + retry_mutation=idempotency_key is not None,
    """


@DEFECTS.add("clients/exports_client.py", "exports.transaction-id")
def argument_lost_beside_a_model() -> None:
    """A transaction id that is given beside a model is left out of the body.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body=(
    +     wanted if wanted is payload else replace(wanted, transaction_id=keys.transaction_id)
    + ).model_dump(exclude_none=True),
    """


@DEFECTS.add("clients/exports_client.py", "exports.transaction-id")
def argument_lost_beside_a_key() -> None:
    """A transaction id that is given beside a key is left out of the body.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body=(
    +     wanted if idempotency_key else replace(wanted, transaction_id=keys.transaction_id)
    + ).model_dump(exclude_none=True),
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-trace-id")
def download_makes_no_id() -> None:
    """A download in a trace that has no id yet is sent without one.

    - if self.http.trace:
    -     headers["X-Trace-Id"] = self.http.trace.ensure()
    + if self.http.trace and self.http.trace.trace_id:
    +     headers["X-Trace-Id"] = self.http.trace.ensure()
    """


@DEFECTS.add("models_exports.py", "exports.malformed-status-is-refused")
def any_source_in_a_status() -> None:
    """A status may be of any source and in any format.

    - store_id: str = required(text)
    - source_type: ExportSourceType = required(ExportSourceType)
    - format: ExportFormat = required(ExportFormat)
    - filters_snapshot: dict[str, Any] = required(mapping)
    + store_id: str = required(text)
    + source_type: str = required(text)
    + format: str = required(text)
    + filters_snapshot: dict[str, Any] = required(mapping)
    """


@DEFECTS.add("models_exports.py", "exports.payload-holds-its-transaction-id")
def any_source_in_a_request() -> None:
    """A request may be for any source and any format.

    - source_type: ExportSourceType = required(ExportSourceType)
    - format: ExportFormat = required(ExportFormat)
    - filters: dict[str, Any] = field(default_factory=dict, metadata={"read": _filters})
    + source_type: str = required(text)
    + format: str = required(text)
    + filters: dict[str, Any] = field(default_factory=dict, metadata={"read": _filters})
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-once")
def request_sent_again() -> None:
    """A request for an export is sent again when its answer is lost.

      keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    - answer = self._request(
    + def twice(*args: Any, **kwargs: Any) -> Any:
    +     try:
    +         return self._request(*args, **kwargs)
    +     except Exception as error:
    +         if getattr(error, 'status_code', None) != 0:
    +             raise
    +         return self._request(*args, **kwargs)
    +
    + answer = twice(
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-returns-the-status")
def answer_fetched_once_more() -> None:
    """The status of a new export is asked for, not taken from the answer.

          invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export
      )
    - return ExportStatus.model_validate(answer)
    + return self.get_export_status(answer["export_id"])
    """


# ── looking at one ──


@DEFECTS.add("clients/exports_client.py", "exports.status-path")
def status_with_a_query() -> None:
    """A status request carries a query.

    - "GET",
    - _path(export_id),
    - use_get_cache=use_get_cache,
    - module="exports",
    - operation="get_export_status",
    + "GET",
    + _path(export_id),
    + use_get_cache=use_get_cache,
    + module="exports",
    + params={"fields": "all"},
    + operation="get_export_status",
    """


@DEFECTS.add("models_exports.py", "exports.status-is-read-whole")
def trace_id_of_a_status_lost() -> None:
    """The trace id of a status is dropped.

    - trace_id: str | None = optional(text)
    + trace_id: str | None = optional(lambda value: None)
    """


@DEFECTS.add("models_exports.py", "exports.status-is-read-whole")
def size_as_text() -> None:
    """The size of a file is kept as text.

    - file_size_bytes: int | None = optional(whole)
    + file_size_bytes: str | None = optional(str)
    """


@DEFECTS.add("models.py", "exports.status-is-read-whole")
def unknown_keys_refused() -> None:
    """A status with a key that is not known is refused.

    - if missing:
    + if missing or set(data) - set(known):
    """


@DEFECTS.add("models_exports.py", "exports.status-is-read-whole")
def status_upper_cased() -> None:
    """The status is put into capitals as it is read.

    - status: str = required(text)
    + status: str = required(lambda value: text(value).upper())
    """


@DEFECTS.add(
    "models_exports.py",
    "exports.status-is-read-whole",
    "exports.request-is-sent-as-asked",
    "exports.request-returns-the-status",
    "exports.list-is-read-whole",
)
def xlsx_unknown() -> None:
    """A status in the format xlsx is refused.

    - XLSX = "xlsx"
    """


@DEFECTS.add("models_exports.py", "exports.malformed-status-is-refused")
def any_row_count_will_do() -> None:
    """The number of rows is whatever the service says, a number or not.

    - row_count: int = required(whole)
    + row_count: int = required(lambda value: value)
    """


@DEFECTS.add("models_exports.py", "exports.malformed-status-is-refused")
def row_count_is_cut() -> None:
    """A row count that is no whole number loses its fraction.

    - row_count: int = required(whole)
    + row_count: int = required(int)
    """


@DEFECTS.add("models_exports.py", "exports.malformed-status-is-refused")
def row_count_may_be_missing() -> None:
    """A status without a row count is accepted.

    - row_count: int = required(whole)
    + row_count: int | None = optional(whole)
    """


@DEFECTS.add("models_exports.py", "exports.malformed-status-is-refused")
def tenant_may_be_missing() -> None:
    """A status without a tenant is accepted.

    - tenant_id: str = required(text)
    + tenant_id: str | None = optional(text)
    """


@DEFECTS.add("clients/exports_client.py", "exports.malformed-status-is-refused")
def list_for_a_status() -> None:
    """The first of a list is taken for the status.

          "GET",
          _path(export_id),
          use_get_cache=use_get_cache,
          module="exports",
          operation="get_export_status",
      )
    - return ExportStatus.model_validate(answer)
    + return ExportStatus.model_validate(answer[0] if isinstance(answer, list) and answer else answer)
    """


@DEFECTS.add("models.py", "exports.malformed-status-is-refused")
def type_error_for_a_list() -> None:
    """A list for a status raises TypeError.

    - raise ValueError(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    + raise TypeError(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    """


@DEFECTS.add("models_exports.py", "exports.list-is-read-whole")
def rows_reversed() -> None:
    """A list is turned round.

    - return [ExportStatus.model_validate(row) for row in value]
    + return [ExportStatus.model_validate(row) for row in value[::-1]]
    """


@DEFECTS.add("models_exports.py", "exports.list-is-read-whole")
def one_row_only() -> None:
    """Of a list only the first row is kept.

    - return [ExportStatus.model_validate(row) for row in value]
    + return [ExportStatus.model_validate(row) for row in value[:1]]
    """


@DEFECTS.add("clients/exports_client.py", "exports.page-size-is-sent")
def page_size_zero_sent() -> None:
    """A page size of zero is sent.

    - params = {"page_size": page_size} if page_size else None
    + params = {"page_size": page_size} if page_size is not None else None
    """


@DEFECTS.add("clients/exports_client.py", "exports.page-size-is-sent")
def page_size_by_another_name() -> None:
    """The page size is sent as `limit`.

    - params = {"page_size": page_size} if page_size else None
    + params = {"limit": page_size} if page_size else None
    """


@DEFECTS.add("clients/exports_client.py", "exports.page-size-is-sent")
def page_size_lost() -> None:
    """list_exports drops its page size.

    - return self.list_recent_exports(page_size)
    + return self.list_recent_exports()
    """


@DEFECTS.add("clients/exports_client.py", "exports.reads-are-cached")
def lists_not_cached() -> None:
    """A list passes the cache by.

    - answer = self._request(
    -     "GET", EXPORTS_PATH, params=params, module="exports", operation="list_recent_exports"
    - )
    + answer = self._request(
    +     "GET", EXPORTS_PATH, params=params, module="exports", operation="list_recent_exports", use_get_cache=False
    + )
    """


@DEFECTS.add("clients/exports_client.py", "exports.reads-are-cached")
def artifacts_not_cached() -> None:
    """An artifact passes the cache by.

    - return self.resolve_export_artifact(self.get_export_status(export_id))
    + return self.resolve_export_artifact(self.get_export_status(export_id, use_get_cache=False))
    """


@DEFECTS.add("clients/exports_client.py", "exports.reads-are-cached")
def status_bypasses_by_default() -> None:
    """A status passes the cache by, unless told otherwise.

    - def get_export_status(self, export_id: str, *, use_get_cache: bool = True) -> ExportStatus:
    + def get_export_status(self, export_id: str, *, use_get_cache: bool = False) -> ExportStatus:
    """


# ── fetching one ──


@DEFECTS.add("clients/exports_client.py", "exports.artifact-has-an-address-when-ready")
def address_in_capitals_only() -> None:
    """Only READY in capitals gives an address.

    - is_ready = status.status.upper() == "READY"
    + is_ready = status.status == "READY"
    """


@DEFECTS.add("clients/exports_client.py", "exports.artifact-has-an-address-when-ready")
def address_when_completed() -> None:
    """A COMPLETED export has an address.

    - is_ready = status.status.upper() == "READY"
    + is_ready = status.status.upper() in ("READY", "COMPLETED")
    """


@DEFECTS.add("clients/exports_client.py", "exports.artifact-has-an-address-when-ready")
def address_is_a_path() -> None:
    """The address of a file is a mere path.

    - url=self.http.url(f"{_path(status.export_id)}/download") if is_ready else None,
    + url=f"{_path(status.export_id)}/download" if is_ready else None,
    """


@DEFECTS.add("clients/exports_client.py", "exports.address-keeps-the-base-path")
def address_at_the_host() -> None:
    """The base URL's path is not in the address of a file.

    - url=self.http.url(f"{_path(status.export_id)}/download") if is_ready else None,
    + url=__import__('urllib.parse').parse.urljoin(
    +     self.http.config.api_base_url, f"{_path(status.export_id)}/download") if is_ready else None,
    """


@DEFECTS.add("clients/exports_client.py", "exports.resolving-sends-nothing", "exports.artifact-asks-for-the-status")
def resolving_asks() -> None:
    """Resolving asks for the status once more.

    - is_ready = status.status.upper() == "READY"
    + is_ready = self.get_export_status(status.export_id).status.upper() == "READY"
    """


@DEFECTS.add("clients/exports_client.py", "exports.artifact-asks-for-the-status")
def artifact_asks_for_the_list_too() -> None:
    """An artifact asks for the list besides.

      def get_export_artifact(self, export_id: str) -> ExportArtifact:
    +     self.list_exports()
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def download_as_text() -> None:
    """A download goes through text.

    - return response.content
    + return response.text.encode()
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def download_stripped() -> None:
    """White space at the end of a file is dropped.

    - return response.content
    + return response.content.rstrip()
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def empty_download_is_none() -> None:
    """An empty file is None.

    - return response.content
    + return response.content or None
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-accepts-anything")
def download_accepts_json() -> None:
    """A download accepts JSON only.

    - headers = {"Accept": "*/*", **self._identity_headers()}
    + headers = {"Accept": "application/json", **self._identity_headers()}
    """


@DEFECTS.add("clients/exports_client.py", "exports.identity-is-sent")
def download_without_identity() -> None:
    """A download does not say who is asking.

    - headers = {"Accept": "*/*", **self._identity_headers()}
    + headers = {"Accept": "*/*"}
    """


@DEFECTS.add("clients/exports_client.py", "exports.identity-is-sent")
def download_without_tenant() -> None:
    """A download sends the token only.

    - headers = {"Accept": "*/*", **self._identity_headers()}
    + headers = {"Accept": "*/*", **{k: v for k, v in self._identity_headers().items() if k == "Authorization"}}
    """


@DEFECTS.add("clients/exports_client.py", "exports.identity-is-sent")
def request_without_device() -> None:
    """A request for an export leaves the device out.

    - headers=idempotency_headers(keys),
    + headers={"X-Device-ID": None, **idempotency_headers(keys)},
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-trace-id")
def download_untraced() -> None:
    """A download never carries a trace id.

    - headers["X-Trace-Id"] = self.http.trace.ensure()
    + self.http.trace.ensure()
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-trace-id")
def download_always_traced() -> None:
    """A download always carries a trace id.

    - if self.http.trace:
    -     headers["X-Trace-Id"] = self.http.trace.ensure()
    + headers["X-Trace-Id"] = (self.http.trace or TraceContext()).ensure()
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-never-cached")
def download_kept() -> None:
    """A download is kept for the next one.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + response = vars(self).setdefault("_files", {}).get(url)
    + if response is None:
    +     response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    +     self._files[url] = response
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-tried-once")
def download_retried() -> None:
    """A download is retried like any GET.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + response = self.http._send("GET", url, headers, None, None, True, TraceContext(trace_id))
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-errors-are-mapped")
def download_errors_unmapped() -> None:
    """Only failures of the service are raised.

    - if response.status_code >= 400:
    + if response.status_code >= 500:
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-errors-are-mapped")
def download_error_of_one_kind() -> None:
    """Each error that answers a download is one and the same.

    - raise error_of(response, TraceContext(trace_id))
    + raise NotFoundError('NO_FILE', 'no file', None, trace_id, response.status_code)
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-errors-are-mapped")
def missing_file_is_empty() -> None:
    """A file that is not there is an empty one.

      response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + if response.status_code == 404:
    +     return b""
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-failures-are-heard")
def lost_download_is_empty() -> None:
    """A download over a failing network is an empty file.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + try:
    +     response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + except Exception:
    +     return b''
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-calls-no-hook")
def download_calls_before() -> None:
    """A download calls the hook before a request.

      url = self.http.url(f"{_path(export_id)}/download")
    + if self.http.before_request:
    +     self.http.before_request("GET", url, {"headers": headers})
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-calls-no-hook")
def download_calls_after() -> None:
    """A download calls the hook after an answer.

          raise error_of(response, TraceContext(trace_id))
    + if self.http.after_response:
    +     self.http.after_response(response)
    """


# ── what only odd data shows ──


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked")
def names_the_requester() -> None:
    """A request tells the service which client it comes from.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body={
    +     **replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    +     "client": "python",
    + },
    """


@DEFECTS.add("clients/exports_client.py", "exports.request-is-sent-as-asked")
def file_name_in_ascii() -> None:
    """Of a file's name, what is not ASCII is replaced.

    - json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
    + json_body=replace(
    +     wanted,
    +     transaction_id=keys.transaction_id,
    +     file_name=wanted.file_name and wanted.file_name.encode("ascii", "replace").decode(),
    + ).model_dump(exclude_none=True),
    """


@DEFECTS.add("models_exports.py", "exports.request-is-sent-as-asked", "exports.null-filters-are-dropped")
def empty_filters_dropped() -> None:
    """Filters that are empty texts are dropped with those that are null.

    - return {name: to_json(item) for name, item in given.items() if item is not None}
    + return {name: to_json(item) for name, item in given.items() if item}
    """


@DEFECTS.add("models_exports.py", "exports.request-is-sent-as-asked")
def file_name_in_another_form() -> None:
    """A file's name is sent in a form of Unicode that puts letters together.

      transaction_id: str = required(text)
    - file_name: str | None = optional(text)
    + file_name: str | None = optional(lambda value: __import__("unicodedata").normalize("NFKC", text(value)))
    """


@DEFECTS.add("clients/exports_client.py", "exports.transaction-id")
def key_takes_the_transaction_along() -> None:
    """A caller's idempotency key becomes the transaction id too.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(transaction_id or idempotency_key or wanted.transaction_id, idempotency_key)
    """


@DEFECTS.add("clients/exports_client.py", "exports.idempotency-key")
def transaction_is_the_key() -> None:
    """A caller's transaction id becomes the idempotency key too.

    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key or transaction_id)
    """


@DEFECTS.add("clients/exports_client.py", "exports.status-path", "exports.download-is-whole")
def ids_lower_cased() -> None:
    """An id is put into small letters on its way into a path.

    - return f"{EXPORTS_PATH}/{quote(str(export_id), safe='')}"
    + return f"{EXPORTS_PATH}/{quote(str(export_id).lower(), safe='')}"
    """


@DEFECTS.add("models.py", "exports.status-is-read-whole", "exports.list-is-read-whole")
def zone_dropped() -> None:
    """The zone of a moment is dropped, and its clock time taken for UTC's.

    - return datetime.fromisoformat(iso[:-1] + "+00:00" if iso.endswith(("Z", "z")) else iso)
    + return datetime.fromisoformat(iso[:19] + "+00:00")
    """


@DEFECTS.add("models.py", "exports.status-is-read-whole", "exports.request-returns-the-status")
def empty_texts_are_none() -> None:
    """An optional field that is an empty text or zero becomes None.

    - if value is None and item.default is None:
    + if not value and item.default is None:
    +     setattr(self, item.name, None)
    """


@DEFECTS.add("models.py", "exports.status-is-read-whole")
def texts_are_cut() -> None:
    """Of a long text, the first 4,096 characters are kept.

          raise ValueError(f"text is wanted, not {value!r}")
    - return value
    + return value[:4096]
    """


@DEFECTS.add("models_exports.py", "exports.list-is-read-whole")
def newest_first() -> None:
    """The rows of a list are sorted by their time.

    - return [ExportStatus.model_validate(row) for row in value]
    + rows = [ExportStatus.model_validate(row) for row in value]
    + return sorted(rows, key=lambda row: row.created_at.isoformat(), reverse=True)
    """


@DEFECTS.add("models_exports.py", "exports.list-is-read-whole")
def a_hundred_rows() -> None:
    """Of a list, the first hundred rows are read.

    - return [ExportStatus.model_validate(row) for row in value]
    + return [ExportStatus.model_validate(row) for row in value[:100]]
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def mark_dropped() -> None:
    """The byte order mark at the beginning of a file is dropped.

    - return response.content
    + return response.content.removeprefix(bytes([0xEF, 0xBB, 0xBF]))
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def first_mebibyte() -> None:
    """Of a file, the first MiB is read.

    - return response.content
    + return response.content[: 1 << 20]
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def first_eight_mebibytes() -> None:
    """Of a file, the first eight MiB are read.

    - return response.content
    + return response.content[: 8 << 20]
    """


@DEFECTS.add("clients/exports_client.py", "exports.download-is-whole")
def text_files_decoded() -> None:
    """A file that is called text goes through its encoding.

    - return response.content
    + kind = response.headers.get("content-type", "")
    + return response.text.encode() if kind.startswith("text/") else response.content
    """


@DEFECTS.add("clients/exports_client.py", "exports.artifact-has-an-address-when-ready")
def failed_has_an_address() -> None:
    """An export that ended in an error has an address too.

    - is_ready = status.status.upper() == "READY"
    + is_ready = status.status.upper() in ("READY", "ERROR")
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("exports")


@STAND_INS.lacks("clients/exports_client.py")
def malformed_status_leaks() -> None:
    """
          "GET",
          _path(export_id),
          use_get_cache=use_get_cache,
          module="exports",
          operation="get_export_status",
      )
    - return ExportStatus.model_validate(answer)
    + try:
    +     return ExportStatus.model_validate(answer)
    + except ValueError as cause:
    +     from ..exceptions import ApiError
    +
    +     error = type("Malformed", (ApiError, ValueError), {})
    +     raise error("MALFORMED", str(cause), None, None, 200) from cause
    """


@STAND_INS.has("clients/exports_client.py")
def download_leaks_library_errors() -> None:
    """
    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + response = self.http.session.request("GET", url, headers=headers)
    """


@STAND_INS.has("clients/exports_client.py")
def list_lags_behind() -> None:
    """
    - invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export
    """


@STAND_INS.has("clients/exports_client.py")
def ids_are_not_escaped() -> None:
    """
    - if export_id in ("", ".", ".."):
    -     raise ValueError(f"{export_id!r} is no export id")
    - return f"{EXPORTS_PATH}/{quote(str(export_id), safe='')}"
    + return f"{EXPORTS_PATH}/{export_id}"
    """


@STAND_INS.lacks("clients/exports_client.py")
def foreign_status_is_accepted() -> None:
    """
          "GET",
          _path(export_id),
          use_get_cache=use_get_cache,
          module="exports",
          operation="get_export_status",
      )
    - return ExportStatus.model_validate(answer)
    + status = ExportStatus.model_validate(answer)
    + if status.export_id != export_id:
    +     raise ValueError(f"asked for {export_id}, answered {status.export_id}")
    + return status
    """


@STAND_INS.lacks("clients/exports_client.py")
def no_key_for_a_second_try() -> None:
    """
    - keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
    + keys = resolve_idempotency_keys(
    +     transaction_id or wanted.transaction_id, idempotency_key or transaction_id or wanted.transaction_id
    + )
    """
