"""Which small changes to the SDK break what it promises: exports?"""

from __future__ import annotations

from checks.proving.seeded.defect import EXPORTS, Defect, StandIn

MODELS, MODEL_BASE = "models_exports.py", "models.py"

_BODY = "replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True)"
_WANTED = "wanted = ExportRequest.model_validate(payload)"
_KEYS = "resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)"
_MADE = 'operation="request_export",'
_ANSWERED = """            invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export
        )
        return ExportStatus.model_validate(answer)"""
_ASKED = """            operation="get_export_status",
        )
        return ExportStatus.model_validate(answer)"""
_LISTED = 'params = {"page_size": page_size} if page_size else None'
_ROWS = "[ExportStatus.model_validate(row) for row in value]"
_READY = 'is_ready = status.status.upper() == "READY"'
_ADDRESS = 'self.http.url(f"{_path(status.export_id)}/download")'
_ARTIFACT = "return self.resolve_export_artifact(self.get_export_status(export_id))"
_HEADERS = 'headers = {"Accept": "*/*", **self._identity_headers()}'
_EXCHANGE = 'response = self.http.exchange("GET", url, headers, trace_id=trace_id)'
_CONTENT = "return response.content"
_FAILED = "if response.status_code >= 400:"
_QUOTED = """    if export_id in ("", ".", ".."):
        raise ValueError(f"{export_id!r} is no export id")
    return f"{EXPORTS_PATH}/{quote(str(export_id), safe='')}\""""

DEFECTS: tuple[Defect, ...] = (
    # ── asking for one ──
    Defect(
        "always-csv",
        "Whatever format is asked for, CSV is.",
        EXPORTS,
        _BODY,
        f"{{**{_BODY}, 'format': 'csv'}}",
        ("exports.request-is-sent-as-asked",),
    ),
    Defect(
        "file-name-lost",
        "The file name is not sent.",
        EXPORTS,
        _BODY,
        _BODY.replace("wanted, ", "wanted, file_name=None, "),
        ("exports.request-is-sent-as-asked",),
    ),
    Defect(
        "from-under-another-name",
        "The filter `from` is sent as `from_`.",
        MODELS,
        "return {name: to_json(item) for name, item in given.items() if item is not None}",
        "return {name.replace('from', 'from_'): to_json(item) for name, item in given.items() if item is not None}",
        ("exports.request-is-sent-as-asked", "exports.null-filters-are-dropped"),
    ),
    Defect(
        "enum-by-name",
        "A source is sent by its name in Python.",
        EXPORTS,
        _BODY,
        f"{{**{_BODY}, 'source_type': wanted.source_type.name}}",
        ("exports.request-is-sent-as-asked",),
    ),
    Defect(
        "put-for-post",
        "An export is asked for with PUT.",
        EXPORTS,
        '"POST",\n            EXPORTS_PATH,',
        '"PUT",\n            EXPORTS_PATH,',
        ("exports.request-is-sent-as-asked", "exports.request-returns-the-status"),
    ),
    Defect(
        "model-loses-its-file-name",
        "The file name of a model is not sent.",
        EXPORTS,
        _WANTED,
        f"{_WANTED}\n        if wanted is payload:\n            wanted = replace(wanted, file_name=None)",
        ("exports.request-takes-a-model",),
    ),
    Defect(
        "models-refused",
        "Only a mapping is accepted.",
        EXPORTS,
        _WANTED,
        "wanted = ExportRequest.model_validate(dict(payload))",
        ("exports.request-takes-a-model",),
    ),
    Defect(
        "null-filters-sent",
        "Filters that are null are sent.",
        MODELS,
        " for name, item in given.items() if item is not None}",
        " for name, item in given.items()}",
        ("exports.null-filters-are-dropped",),
    ),
    Defect(
        "own-transaction-id-first",
        "The payload's transaction id stands over the argument.",
        EXPORTS,
        _KEYS,
        _KEYS.replace("transaction_id or wanted.transaction_id", "wanted.transaction_id or transaction_id"),
        ("exports.transaction-id",),
    ),
    Defect(
        "transaction-id-replaced",
        "Each request gets a transaction id of its own.",
        EXPORTS,
        _KEYS,
        _KEYS.replace("transaction_id or wanted.transaction_id", "transaction_id"),
        ("exports.transaction-id", "exports.request-is-sent-as-asked", "exports.request-takes-a-model"),
    ),
    Defect(
        "idempotency-key-replaced",
        "The caller's idempotency key is dropped.",
        EXPORTS,
        _KEYS,
        _KEYS.replace("idempotency_key)", "None)"),
        ("exports.idempotency-key",),
    ),
    Defect(
        "idempotency-key-from-the-transaction",
        "The idempotency key is the transaction id.",
        EXPORTS,
        _KEYS,
        _KEYS.replace("idempotency_key)", "idempotency_key or transaction_id or wanted.transaction_id)"),
        ("exports.idempotency-key",),
    ),
    Defect(
        "no-idempotency-key",
        "No idempotency key is sent.",
        EXPORTS,
        "            headers=idempotency_headers(keys),\n",
        "",
        ("exports.idempotency-key",),
    ),
    Defect(
        "argument-is-enough",
        "The argument may bring the transaction id.",
        EXPORTS,
        _WANTED,
        "if isinstance(payload, Mapping) and transaction_id:\n"
        '            payload = {"transaction_id": transaction_id, **payload}\n'
        f"        {_WANTED}",
        ("exports.payload-holds-its-transaction-id",),
    ),
    Defect(
        "transaction-id-made-up",
        "A payload without a transaction id gets one.",
        EXPORTS,
        _WANTED,
        "if isinstance(payload, Mapping):\n"
        '            payload = {"transaction_id": "made-up", **payload}\n'
        f"        {_WANTED}",
        ("exports.payload-holds-its-transaction-id",),
    ),
    Defect(
        "request-retried",
        "A request for an export is retried.",
        EXPORTS,
        _MADE,
        f"{_MADE}\n            retry_mutation=True,",
        ("exports.request-is-sent-once",),
    ),
    Defect(
        "request-sent-again",
        "A request for an export is sent again when its answer is lost.",
        EXPORTS,
        '        answer = self._request(\n            "POST",',
        "        def twice(*args: Any, **kwargs: Any) -> Any:\n"
        "            try:\n"
        "                return self._request(*args, **kwargs)\n"
        "            except Exception as error:\n"
        "                if getattr(error, 'status_code', None) != 0:\n"
        "                    raise\n"
        "                return self._request(*args, **kwargs)\n\n"
        '        answer = twice(\n            "POST",',
        ("exports.request-is-sent-once",),
    ),
    Defect(
        "answer-fetched-once-more",
        "The status of a new export is asked for, not taken from the answer.",
        EXPORTS,
        _ANSWERED,
        _ANSWERED.replace(
            "return ExportStatus.model_validate(answer)", 'return self.get_export_status(answer["export_id"])'
        ),
        ("exports.request-returns-the-status",),
    ),
    # ── looking at one ──
    Defect(
        "status-with-a-query",
        "A status request carries a query.",
        EXPORTS,
        '            operation="get_export_status",',
        '            params={"fields": "all"},\n            operation="get_export_status",',
        ("exports.status-path",),
    ),
    Defect(
        "trace-id-of-a-status-lost",
        "The trace id of a status is dropped.",
        MODELS,
        "trace_id: str | None = optional(text)",
        "trace_id: str | None = optional(lambda value: None)",
        ("exports.status-is-read-whole",),
    ),
    Defect(
        "size-as-text",
        "The size of a file is kept as text.",
        MODELS,
        "file_size_bytes: int | None = optional(whole)",
        "file_size_bytes: str | None = optional(str)",
        ("exports.status-is-read-whole",),
    ),
    Defect(
        "unknown-keys-refused",
        "A status with a key that is not known is refused.",
        MODEL_BASE,
        "        if missing:\n",
        "        if missing or set(data) - set(known):\n",
        ("exports.status-is-read-whole",),
    ),
    Defect(
        "status-upper-cased",
        "The status is put into capitals as it is read.",
        MODELS,
        "    status: str = required(text)\n    row_count",
        "    status: str = required(lambda value: text(value).upper())\n    row_count",
        ("exports.status-is-read-whole",),
    ),
    Defect(
        "xlsx-unknown",
        "A status in the format xlsx is refused.",
        MODELS,
        '    XLSX = "xlsx"\n',
        "",
        (
            "exports.status-is-read-whole",
            "exports.request-is-sent-as-asked",
            "exports.request-returns-the-status",
            "exports.list-is-read-whole",
        ),
    ),
    Defect(
        "row-count-may-be-missing",
        "A status without a row count is accepted.",
        MODELS,
        "row_count: int = required(whole)",
        "row_count: int | None = optional(whole)",
        ("exports.malformed-status-is-refused",),
    ),
    Defect(
        "tenant-may-be-missing",
        "A status without a tenant is accepted.",
        MODELS,
        "tenant_id: str = required(text)",
        "tenant_id: str | None = optional(text)",
        ("exports.malformed-status-is-refused",),
    ),
    Defect(
        "list-for-a-status",
        "The first of a list is taken for the status.",
        EXPORTS,
        _ASKED,
        _ASKED.replace("(answer)", "(answer[0] if isinstance(answer, list) and answer else answer)"),
        ("exports.malformed-status-is-refused",),
    ),
    Defect(
        "type-error-for-a-list",
        "A list for a status raises TypeError.",
        MODEL_BASE,
        'raise ValueError(f"{cls.__name__} is read from',
        'raise TypeError(f"{cls.__name__} is read from',
        ("exports.malformed-status-is-refused",),
    ),
    Defect(
        "rows-reversed",
        "A list is turned round.",
        MODELS,
        _ROWS,
        _ROWS.replace("in value", "in value[::-1]"),
        ("exports.list-is-read-whole",),
    ),
    Defect(
        "one-row-only",
        "Of a list only the first row is kept.",
        MODELS,
        _ROWS,
        _ROWS.replace("in value", "in value[:1]"),
        ("exports.list-is-read-whole",),
    ),
    Defect(
        "page-size-zero-sent",
        "A page size of zero is sent.",
        EXPORTS,
        _LISTED,
        _LISTED.replace("if page_size else", "if page_size is not None else"),
        ("exports.page-size-is-sent",),
    ),
    Defect(
        "page-size-by-another-name",
        "The page size is sent as `limit`.",
        EXPORTS,
        _LISTED,
        _LISTED.replace('"page_size"', '"limit"'),
        ("exports.page-size-is-sent",),
    ),
    Defect(
        "page-size-lost",
        "list_exports drops its page size.",
        EXPORTS,
        "return self.list_recent_exports(page_size)",
        "return self.list_recent_exports()",
        ("exports.page-size-is-sent",),
    ),
    Defect(
        "lists-not-cached",
        "A list passes the cache by.",
        EXPORTS,
        'operation="list_recent_exports"',
        'operation="list_recent_exports", use_get_cache=False',
        ("exports.reads-are-cached",),
    ),
    Defect(
        "artifacts-not-cached",
        "An artifact passes the cache by.",
        EXPORTS,
        _ARTIFACT,
        _ARTIFACT.replace("(export_id)", "(export_id, use_get_cache=False)"),
        ("exports.reads-are-cached",),
    ),
    Defect(
        "status-bypasses-by-default",
        "A status passes the cache by, unless told otherwise.",
        EXPORTS,
        "def get_export_status(self, export_id: str, *, use_get_cache: bool = True)",
        "def get_export_status(self, export_id: str, *, use_get_cache: bool = False)",
        ("exports.reads-are-cached",),
    ),
    # ── fetching one ──
    Defect(
        "address-in-capitals-only",
        "Only READY in capitals gives an address.",
        EXPORTS,
        _READY,
        _READY.replace(".upper()", ""),
        ("exports.artifact-has-an-address-when-ready",),
    ),
    Defect(
        "address-when-completed",
        "A COMPLETED export has an address.",
        EXPORTS,
        _READY,
        'is_ready = status.status.upper() in ("READY", "COMPLETED")',
        ("exports.artifact-has-an-address-when-ready",),
    ),
    Defect(
        "address-is-a-path",
        "The address of a file is a mere path.",
        EXPORTS,
        _ADDRESS,
        'f"{_path(status.export_id)}/download"',
        ("exports.artifact-has-an-address-when-ready",),
    ),
    Defect(
        "address-at-the-host",
        "The base URL's path is not in the address of a file.",
        EXPORTS,
        _ADDRESS,
        "__import__('urllib.parse').parse.urljoin(\n"
        '                self.http.config.api_base_url, f"{_path(status.export_id)}/download")',
        ("exports.address-keeps-the-base-path",),
    ),
    Defect(
        "resolving-asks",
        "Resolving asks for the status once more.",
        EXPORTS,
        _READY,
        _READY.replace("status.status", "self.get_export_status(status.export_id).status"),
        ("exports.resolving-sends-nothing", "exports.artifact-asks-for-the-status"),
    ),
    Defect(
        "artifact-asks-for-the-list-too",
        "An artifact asks for the list besides.",
        EXPORTS,
        _ARTIFACT,
        f"self.list_exports()\n        {_ARTIFACT}",
        ("exports.artifact-asks-for-the-status",),
    ),
    Defect(
        "download-as-text",
        "A download goes through text.",
        EXPORTS,
        _CONTENT,
        "return response.text.encode()",
        ("exports.download-is-whole",),
    ),
    Defect(
        "download-stripped",
        "White space at the end of a file is dropped.",
        EXPORTS,
        _CONTENT,
        "return response.content.rstrip()",
        ("exports.download-is-whole",),
    ),
    Defect(
        "empty-download-is-none",
        "An empty file is None.",
        EXPORTS,
        _CONTENT,
        "return response.content or None",
        ("exports.download-is-whole",),
    ),
    Defect(
        "download-accepts-json",
        "A download accepts JSON only.",
        EXPORTS,
        '{"Accept": "*/*", **',
        '{"Accept": "application/json", **',
        ("exports.download-accepts-anything",),
    ),
    Defect(
        "download-without-identity",
        "A download does not say who is asking.",
        EXPORTS,
        _HEADERS,
        'headers = {"Accept": "*/*"}',
        ("exports.identity-is-sent",),
    ),
    Defect(
        "download-without-tenant",
        "A download sends the token only.",
        EXPORTS,
        _HEADERS,
        'headers = {"Accept": "*/*", **{k: v for k, v in self._identity_headers().items() if k == "Authorization"}}',
        ("exports.identity-is-sent",),
    ),
    Defect(
        "request-without-device",
        "A request for an export leaves the device out.",
        EXPORTS,
        "headers=idempotency_headers(keys),",
        'headers={"X-Device-ID": None, **idempotency_headers(keys)},',
        ("exports.identity-is-sent",),
    ),
    Defect(
        "download-untraced",
        "A download never carries a trace id.",
        EXPORTS,
        "        if self.http.trace:\n",
        "        if self.http.trace and False:\n",
        ("exports.download-trace-id",),
    ),
    Defect(
        "download-always-traced",
        "A download always carries a trace id.",
        EXPORTS,
        '        if self.http.trace:\n            headers["X-Trace-Id"] = self.http.trace.ensure()\n',
        '        headers["X-Trace-Id"] = (self.http.trace or TraceContext()).ensure()\n',
        ("exports.download-trace-id",),
    ),
    Defect(
        "download-kept",
        "A download is kept for the next one.",
        EXPORTS,
        _EXCHANGE,
        f'response = vars(self).setdefault("_files", {{}}).get(url)\n'
        f"        if response is None:\n            {_EXCHANGE}\n"
        "            self._files[url] = response",
        ("exports.download-is-never-cached",),
    ),
    Defect(
        "download-retried",
        "A download is retried like any GET.",
        EXPORTS,
        _EXCHANGE,
        'response = self.http._send("GET", url, headers, None, None, True, TraceContext(trace_id))',
        ("exports.download-is-tried-once",),
    ),
    Defect(
        "download-errors-unmapped",
        "Only failures of the service are raised.",
        EXPORTS,
        _FAILED,
        "if response.status_code >= 500:",
        ("exports.download-errors-are-mapped",),
    ),
    Defect(
        "download-error-of-one-kind",
        "Each error that answers a download is one and the same.",
        EXPORTS,
        "raise error_of(response, TraceContext(trace_id))",
        "raise NotFoundError('NO_FILE', 'no file', None, trace_id, response.status_code)",
        ("exports.download-errors-are-mapped",),
    ),
    Defect(
        "missing-file-is-empty",
        "A file that is not there is an empty one.",
        EXPORTS,
        _FAILED,
        f'if response.status_code == 404:\n            return b""\n        {_FAILED}',
        ("exports.download-errors-are-mapped",),
    ),
    Defect(
        "lost-download-is-empty",
        "A download over a failing network is an empty file.",
        EXPORTS,
        _EXCHANGE,
        f"try:\n            {_EXCHANGE}\n        except Exception:\n            return b''",
        ("exports.download-failures-are-heard",),
    ),
    Defect(
        "download-calls-before",
        "A download calls the hook before a request.",
        EXPORTS,
        _EXCHANGE,
        "if self.http.before_request:\n"
        '            self.http.before_request("GET", url, {"headers": headers})\n'
        f"        {_EXCHANGE}",
        ("exports.download-calls-no-hook",),
    ),
    Defect(
        "download-calls-after",
        "A download calls the hook after an answer.",
        EXPORTS,
        _CONTENT,
        f"if self.http.after_response:\n            self.http.after_response(response)\n        {_CONTENT}",
        ("exports.download-calls-no-hook",),
    ),
)

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = (
    StandIn(
        "exports.malformed-status-leaks",
        False,
        EXPORTS,
        _ASKED,
        _ASKED.replace(
            "        return ExportStatus.model_validate(answer)",
            "        try:\n"
            "            return ExportStatus.model_validate(answer)\n"
            "        except ValueError as cause:\n"
            "            from ..exceptions import ApiError\n\n"
            "            error = type('Malformed', (ApiError, ValueError), {})\n"
            "            raise error('MALFORMED', str(cause), None, None, 200) from cause",
        ),
    ),
    StandIn(
        "exports.download-leaks-library-errors",
        True,
        EXPORTS,
        _EXCHANGE,
        'response = self.http.session.request("GET", url, headers=headers)',
    ),
    StandIn(
        "exports.list-lags-behind",
        True,
        EXPORTS,
        "            invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export\n",
        "",
    ),
    StandIn("exports.ids-are-not-escaped", True, EXPORTS, _QUOTED, '    return f"{EXPORTS_PATH}/{export_id}"'),
    StandIn(
        "exports.foreign-status-is-accepted",
        False,
        EXPORTS,
        _ASKED,
        _ASKED.replace(
            "        return ExportStatus.model_validate(answer)",
            "        status = ExportStatus.model_validate(answer)\n"
            "        if status.export_id != export_id:\n"
            "            raise ValueError(f'asked for {export_id}, answered {status.export_id}')\n"
            "        return status",
        ),
    ),
    StandIn(
        "exports.no-key-for-a-second-try",
        False,
        EXPORTS,
        _KEYS,
        _KEYS.replace("idempotency_key)", "idempotency_key or transaction_id or wanted.transaction_id)"),
    ),
)
