"""Changes to the reference SDK that break what holds on every road to the wire, or at the second use."""

from __future__ import annotations

from atalaya.harness.declare import Defects

DEFECTS = Defects("roads")


@DEFECTS.add("http_client.py", "roads.long-answers-arrive-whole")
def long_answers_count_as_empty() -> None:
    """An answer above 1 MiB counts as an empty one.

    - if not response.content:
    + if not response.content or len(response.content) > 1 << 20:
    """


@DEFECTS.add("clients/exports_client.py", "roads.long-answers-arrive-whole")
def download_ends_at_a_mebibyte() -> None:
    """A download ends after 1 MiB.

    - return response.content
    + return response.content[: 1 << 20]
    """


@DEFECTS.add("http_client.py", "roads.compressed-answers-are-read")
def posts_are_read_as_they_came() -> None:
    """What answers a POST is not decompressed.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + if method != "POST":
    +     return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + address = transport._with_query(url, params)
    + with self.session.stream(method, address, headers=transport._one_per_name(headers), json=json_body) as raw:
    +     raw._content = b"".join(raw.iter_raw())
    +     return raw
    """


@DEFECTS.add("http_client.py", "roads.compressed-answers-are-read")
def downloads_are_kept_deflated() -> None:
    """A download in deflate is not decompressed.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + if not url.endswith("/download"):
    +     return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + with self.session.stream(method, url, headers=transport._one_per_name(headers), follow_redirects=True) as raw:
    +     deflated = raw.headers.get("Content-Encoding") == "deflate"
    +     raw._content = b"".join(raw.iter_raw() if deflated else raw.iter_bytes())
    +     return raw
    """


@DEFECTS.add("http_client.py", "roads.declared-charsets-are-read", "roads.refusals-are-mapped")
def declared_charsets_ignored() -> None:
    """All JSON is taken for UTF-8.

    - return json.loads(response.content.decode(charset)) if charset else response.json()
    + return response.json()
    """


@DEFECTS.add("http_client.py", "roads.declared-charsets-are-read")
def latin_charsets_confused() -> None:
    """Windows-1252 is taken for Latin-1.

    - return json.loads(response.content.decode(charset)) if charset else response.json()
    + if charset == "windows-1252":
    +     charset = "iso-8859-1"
    + return json.loads(response.content.decode(charset)) if charset else response.json()
    """


@DEFECTS.add("http_client.py", "roads.header-names-have-no-case")
def location_in_one_spelling() -> None:
    """A redirect is followed where Location is spelled as usual, and not else.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + response = transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + if response.history and b"Location" not in dict(response.history[0].headers.raw):
    +     return response.history[0]
    + return response
    """


@DEFECTS.add("http_client.py", "roads.header-names-have-no-case")
def location_not_in_capitals() -> None:
    """A redirect whose Location is in capitals is taken for an answer.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + response = transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + if response.history and b"LOCATION" in dict(response.history[0].headers.raw):
    +     return response.history[0]
    + return response
    """


@DEFECTS.add("http_client.py", "roads.empty-answers-are-told")
def not_modified_is_an_error() -> None:
    """A 304 is an error.

    - if response.status_code >= 400:
    + if response.status_code >= 400 or response.status_code == 304:
    """


@DEFECTS.add("clients/exports_client.py", "roads.empty-answers-are-told")
def no_content_of_a_file_is_none() -> None:
    """A download that is answered with 204 gives None.

    - return response.content
    + return response.content if response.status_code != 204 else None
    """


@DEFECTS.add("clients/exports_client.py", "roads.redirects-lead-to-other-hosts")
def moved_files_are_not_followed() -> None:
    """A download does not go where it is sent.

      response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + if response.history:
    +     response = response.history[0]
    """


@DEFECTS.add("http_client.py", "roads.redirects-lead-to-other-hosts")
def redirects_keep_the_token() -> None:
    """Where a redirect leads, the request is sent once more, with all its headers.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + response = transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + if response.history:
    +     there = str(response.url)
    +     response = transport.exchange(self.session, self.config, method, there, headers, json_body, params)
    + return response
    """


@DEFECTS.add("clients/exports_client.py", "roads.cut-answers-are-refused")
def half_a_file_is_a_file() -> None:
    """A download that ends early gives what has come.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + try:
    +     response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + except Exception as error:
    +     if "complete message body" not in str(error):
    +         raise
    +     return b""
    """


@DEFECTS.add("clients/reports_client.py", "roads.cut-answers-are-refused")
def half_a_report_is_none() -> None:
    """A report that ends early is None.

    - return self._request("GET", path, params=params or None, module="reports", operation=name)
    + from ..exceptions import TransportError
    +
    + try:
    +     return self._request("GET", path, params=params or None, module="reports", operation=name)
    + except TransportError as error:
    +     if "complete message body" not in str(error):
    +         raise
    +     return None
    """


@DEFECTS.add(
    "clients/auth_client.py",
    "roads.dead-networks-are-told",
    "roads.cut-answers-are-refused",
    "roads.certificates-are-verified",
)
def dead_login_is_a_built_in_error() -> None:
    """A login without a network raises the built-in ConnectionError.

    - answer = self.http.request(
    -     "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
    - )
    + from ..exceptions import TransportError
    +
    + try:
    +     answer = self.http.request(
    +         "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
    +     )
    + except TransportError as error:
    +     raise ConnectionError(str(error)) from error
    """


@DEFECTS.add("clients/reports_client.py", "roads.dead-networks-are-told", "roads.last-failure-counts")
def dead_report_is_empty() -> None:
    """A report without a network is an empty one.

    - return self._request("GET", path, params=params or None, module="reports", operation=name)
    + from ..exceptions import TransportError
    +
    + try:
    +     return self._request("GET", path, params=params or None, module="reports", operation=name)
    + except TransportError:
    +     return {}
    """


@DEFECTS.add("clients/exports_client.py", "roads.certificates-are-verified")
def downloads_trust_anybody() -> None:
    """A download does not verify the certificate.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + from .. import transport
    +
    + trusting = replace(self.http.config, verify_ssl=False)
    + session, self.http.session = self.http.session, transport.open_session(trusting)
    + try:
    +     response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + finally:
    +     self.http.session = session
    """


@DEFECTS.add("clients/auth_client.py", "roads.certificates-are-verified")
def login_trusts_anybody() -> None:
    """A login does not verify the certificate.

      credentials = {"username_or_email": username_or_email, "password": password}
    + import dataclasses
    +
    + from ..transport import open_session
    +
    + self.http.session = open_session(dataclasses.replace(self.http.config, verify_ssl=False))
    """


@DEFECTS.add("clients/exports_client.py", "roads.read-time-outs-hold")
def downloads_have_their_own_read_time_out() -> None:
    """A download has a time-out of its own to read: a minute.

    - url = self.http.url(f"{_path(export_id)}/download")
    + self.http.config = replace(self.http.config, read_timeout_seconds=60.0)
    + url = self.http.url(f"{_path(export_id)}/download")
    """


@DEFECTS.add("clients/exports_client.py", "roads.connect-time-outs-hold")
def downloads_have_their_own_connect_time_out() -> None:
    """A download has a time-out of its own to connect: a minute.

    - url = self.http.url(f"{_path(export_id)}/download")
    + self.http.config = replace(self.http.config, connect_timeout_seconds=60.0)
    + url = self.http.url(f"{_path(export_id)}/download")
    """


@DEFECTS.add("clients/reports_client.py", "roads.read-time-outs-hold")
def reports_have_their_own_read_time_out() -> None:
    """A report has a time-out of its own to read: a minute.

      path = f"/aris3/reports/{name}"
    + import dataclasses
    +
    + self.http.config = dataclasses.replace(self.http.config, read_timeout_seconds=60.0)
    """


@DEFECTS.add("clients/auth_client.py", "roads.connect-time-outs-hold")
def login_has_its_own_connect_time_out() -> None:
    """A login has a time-out of its own to connect: a minute.

      credentials = {"username_or_email": username_or_email, "password": password}
    + import dataclasses
    +
    + self.http.config = dataclasses.replace(self.http.config, connect_timeout_seconds=60.0)
    """


@DEFECTS.add("clients/auth_client.py", "roads.refusals-are-mapped")
def login_refused_in_any_way() -> None:
    """Whatever a login is answered, AuthError is raised.

    - answer = self.http.request(
    -     "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
    - )
    + from ..exceptions import ApiError, AuthError
    +
    + try:
    +     answer = self.http.request(
    +         "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
    +     )
    + except ApiError as error:
    +     if error.status_code == 0:
    +         raise
    +     fields = (error.code, error.message, error.details, error.trace_id, error.status_code)
    +     raise AuthError(*fields) from error
    """


@DEFECTS.add("clients/health_client.py", "roads.refusals-are-mapped")
def sick_service_is_a_status() -> None:
    """Health answered with an error is what the error says.

    - return self.http.request("GET", "/health", module="health", operation="health")
    + from ..exceptions import ServerError
    +
    + try:
    +     return self.http.request("GET", "/health", module="health", operation="health")
    + except ServerError as error:
    +     return {"text": error.message}
    """


@DEFECTS.add("clients/auth_client.py", "roads.sends-no-more-than-promised")
def login_is_retried() -> None:
    """A login is tried again.

    - "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
    + "POST",
    + "/aris3/auth/login",
    + json_body=credentials,
    + module="auth",
    + operation="login",
    + retry_mutation=True,
    """


@DEFECTS.add("http_client.py", "roads.sends-no-more-than-promised")
def options_is_retried() -> None:
    """OPTIONS is tried again too.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD", "OPTIONS") or retry_mutation
    """


@DEFECTS.add("clients/health_client.py", "roads.sends-no-more-than-promised", "roads.later-attempts-equal-the-first")
def health_asks_once() -> None:
    """Health is not tried again.

    - return self.http.request("GET", "/health", module="health", operation="health")
    + import dataclasses
    +
    + self.http.config = dataclasses.replace(self.http.config, retries=0)
    + return self.http.request("GET", "/health", module="health", operation="health")
    """


@DEFECTS.add("http_client.py", "roads.later-attempts-equal-the-first")
def retries_lose_the_tenant() -> None:
    """A later attempt has no tenant.

      time.sleep(self._retry_delay(attempt))
    + headers = {name: value for name, value in headers.items() if name != "X-Tenant-ID"}
    """


@DEFECTS.add("http_client.py", "roads.later-attempts-equal-the-first")
def retries_lose_the_query() -> None:
    """A later attempt has no parameters.

      time.sleep(self._retry_delay(attempt))
    + params = None
    """


@DEFECTS.add("http_client.py", "roads.last-failure-counts")
def first_failure_is_told() -> None:
    """A dead network is told, though the last attempt was answered.

    -     if response.status_code < 500 or last:
    -         return response
    - except TransportError:
    +     if response.status_code < 500 or (last and "dead" not in locals()):
    +         return response
    +     if last:
    +         raise dead
    + except TransportError as error:
    +     dead = error
    """


@DEFECTS.add("http_client.py", "roads.last-failure-counts")
def older_answer_is_told() -> None:
    """An older answer is told, though the network was dead at last.

    - if last:
    -     raise
    + if last and "response" in locals():
    +     return response
    + if last:
    +     raise
    """


@DEFECTS.add("http_client.py", "roads.second-call-is-retried-like-the-first")
def pauses_never_begin_anew() -> None:
    """The pauses grow from call to call.

    - time.sleep(self._retry_delay(attempt))
    + self._pauses = getattr(self, "_pauses", -1) + 1
    + time.sleep(self._retry_delay(self._pauses))
    """


@DEFECTS.add("http_client.py", "roads.second-call-is-retried-like-the-first")
def pauses_go_on_after_a_failure() -> None:
    """After a call that failed, the pauses go on where they were.

    - if response.status_code < 500 or last:
    -     return response
    + if response.status_code < 500:
    +     self._failures = 0
    + if response.status_code < 500 or last:
    +     return response
    + attempt = getattr(self, "_failures", 0)
    + self._failures = attempt + 1
    """


@DEFECTS.add("http_client.py", "roads.second-call-is-retried-like-the-first")
def retries_wear_off() -> None:
    """A client has three retries in its life.

    - last = attempt == self.config.retries or not may_retry
    + last = attempt == self.config.retries or not may_retry or getattr(self, "_spent", 0) >= 3
    + self._spent = getattr(self, "_spent", 0) + (not last)
    """


@DEFECTS.add("clients/reports_client.py", "roads.second-call-is-like-the-first")
def reports_are_asked_once() -> None:
    """A client asks for a report once, and keeps it.

    - return self._request("GET", path, params=params or None, module="reports", operation=name)
    + if not hasattr(self, "_kept"):
    +     self._kept = self._request("GET", path, params=params or None, module="reports", operation=name)
    + return self._kept
    """


@DEFECTS.add("clients/exports_client.py", "roads.second-call-is-like-the-first")
def list_turns_its_pages() -> None:
    """Each list asks for the next page.

    - params = {"page_size": page_size} if page_size else None
    + self._page = getattr(self, "_page", 0) + 1
    + params = {"page_size": page_size, "page": self._page} if page_size else None
    """


@DEFECTS.add("transport.py", "roads.cookies-stay-with-their-client")
def one_jar_for_all() -> None:
    """All clients have one jar of cookies.

    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + import http.cookiejar
    +
    + jar = vars(open_session).setdefault("jar", http.cookiejar.CookieJar())
    + return Session(verify=_tls(config.verify_ssl), limits=pool, cookies=jar)
    """


@DEFECTS.add("transport.py", "roads.cookies-stay-with-their-client")
def one_session_for_all() -> None:
    """All clients with the same settings have one session.

    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + return vars(open_session).setdefault(repr(config), Session(verify=_tls(config.verify_ssl), limits=pool))
    """


@DEFECTS.add("clients/exports_client.py", "roads.base-path-is-kept")
def files_lie_at_the_host() -> None:
    """A download does not keep the base path.

    - url = self.http.url(f"{_path(export_id)}/download")
    + url = "/".join(self.http.config.api_base_url.split("/")[:3]) + f"{_path(export_id)}/download"
    """


@DEFECTS.add("clients/auth_client.py", "roads.base-path-is-kept")
def login_lies_at_the_host() -> None:
    """A login does not keep the base path.

      credentials = {"username_or_email": username_or_email, "password": password}
    + import dataclasses
    +
    + host = "/".join(self.http.config.api_base_url.split("/")[:3])
    + self.http.config = dataclasses.replace(self.http.config, api_base_url=host)
    """


@DEFECTS.add("clients/auth_client.py", "roads.hooks-see-each-request")
def login_passes_hooks_by() -> None:
    """A login is seen by no hook.

      credentials = {"username_or_email": username_or_email, "password": password}
    + self.http.before_request = None
    """


@DEFECTS.add("http_client.py", "roads.hooks-see-each-request")
def hooks_do_not_see_options() -> None:
    """before_request is not called for OPTIONS.

    - if self.before_request:
    + if self.before_request and method != "OPTIONS":
    """


@DEFECTS.add("http_client.py", "roads.last-operation-tells-the-result")
def head_leaves_no_note() -> None:
    """A HEAD that succeeds leaves last_operation as it was.

    - self.last_operation = LastOperation(module, operation, "success")
    + if method != "HEAD":
    +     self.last_operation = LastOperation(module, operation, "success")
    """


@DEFECTS.add("http_client.py", "roads.last-operation-tells-the-result")
def reports_leave_no_note() -> None:
    """A report that is refused leaves last_operation as it was.

    - self.last_operation = LastOperation(module, operation, "error")
    + if module != "reports":
    +     self.last_operation = LastOperation(module, operation, "error")
    """


@DEFECTS.add("http_client.py", "roads.cache-is-used-as-promised")
def options_are_cached() -> None:
    """OPTIONS is answered from the cache.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method in ("GET", "OPTIONS") and self.enable_get_cache and use_get_cache
    """


@DEFECTS.add("clients/auth_client.py", "roads.cache-is-used-as-promised")
def me_passes_the_cache_by() -> None:
    """me() passes the cache by.

    - return UserResponse.model_validate(self._request("GET", "/aris3/me", module="auth", operation="me"))
    + return UserResponse.model_validate(
    +     self._request("GET", "/aris3/me", use_get_cache=False, module="auth", operation="me")
    + )
    """


@DEFECTS.add("http_client.py", "roads.clients-share-no-cache")
def one_cache_for_the_process() -> None:
    """All clients have one cache.

    - self._cache = {} if self._cache is None else self._cache
    + self._cache = vars(_cache_key) if self._cache is None else self._cache
    """


@DEFECTS.add("http_client.py", "roads.clients-share-no-cache")
def one_cache_for_each_configuration() -> None:
    """Clients of one configuration have one cache.

    - self._cache = {} if self._cache is None else self._cache
    + self._cache = vars(_cache_key).setdefault(repr(self.config), {})
    """


@DEFECTS.add("clients/base.py", "roads.identity-is-that-of-now")
def first_identity_is_kept() -> None:
    """A client keeps the identity that it sent first.

    - headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    + self._sent = getattr(self, "_sent", None) or self._identity_headers()
    + headers = {**self._sent, **(kwargs.pop("headers", None) or {})}
    """


@DEFECTS.add("clients/exports_client.py", "roads.identity-is-that-of-now")
def download_keeps_the_first_token() -> None:
    """A download sends the token that the first one had.

    - headers = {"Accept": "*/*", **self._identity_headers()}
    + self._sent = getattr(self, "_sent", None) or self._identity_headers()
    + headers = {"Accept": "*/*", **self._sent}
    """


@DEFECTS.add("clients/exports_client.py", "roads.answered-trace-id-goes-on")
def download_adopts_nothing() -> None:
    """A download does not adopt the trace id of its answer.

    - if self.http.trace:
    -     self.http.trace.update_from_headers(response.headers)
    """


@DEFECTS.add("clients/exports_client.py", "roads.answered-trace-id-goes-on")
def refused_downloads_name_the_next_request() -> None:
    """The trace id in the body of a refused download becomes the client's.

    - raise error_of(response, TraceContext(trace_id))
    + raise error_of(response, self.http.trace or TraceContext(trace_id))
    """


@DEFECTS.add("http_client.py", "roads.answered-trace-id-goes-on")
def head_is_no_part_of_the_story() -> None:
    """The trace id that answers a HEAD is not adopted.

    - trace.update_from_headers(response.headers)
    + if method != "HEAD":
    +     trace.update_from_headers(response.headers)
    """


@DEFECTS.add("http_client.py", "roads.arguments-are-left-alone")
def callers_headers_grow() -> None:
    """The caller's own dict of headers gets the SDK's.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = headers if isinstance(headers, dict) else dict(headers or {})
    + sent_headers.setdefault("Accept", "application/json")
    + sent_headers[TRACE_HEADER] = trace.ensure()
    """


@DEFECTS.add("clients/exports_client.py", "roads.arguments-are-left-alone")
def model_gets_the_transaction_id() -> None:
    """The transaction id beside a model is written into it.

    - wanted = ExportRequest.model_validate(payload)
    + wanted = ExportRequest.model_validate(payload)
    + wanted.transaction_id = transaction_id or wanted.transaction_id
    """


@DEFECTS.add("http_client.py", "roads.calls-leave-nothing-behind")
def headers_stay_in_the_session() -> None:
    """The headers of a call stay in the session.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + self.session.headers.update({name: value for name, value in headers.items() if name.startswith("X-O")})
    + return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    """


@DEFECTS.add("http_client.py", "roads.calls-leave-nothing-behind")
def retry_mutation_sticks() -> None:
    """Once a mutation was to be retried, all are.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + self._retrying = retry_mutation or getattr(self, "_retrying", False)
    + may_retry = method in ("GET", "HEAD") or self._retrying
    """


@DEFECTS.add("clients/exports_client.py", "roads.second-wait-is-like-the-first")
def budget_is_for_all_waits() -> None:
    """The waits for one export have one budget between them.

    - start = time.monotonic()
    + starts = vars(self).setdefault("_starts", {})
    + start = starts.setdefault(export_id, time.monotonic())
    """


@DEFECTS.add("clients/exports_client.py", "roads.second-wait-is-like-the-first")
def attempts_are_counted_on() -> None:
    """The attempts of a wait are counted on from the wait before.

    - attempt += 1
    + self._attempts = attempt = getattr(self, "_attempts", 0) + 1
    """


@DEFECTS.add("clients/exports_client.py", "roads.last-poll-has-the-last-word")
def ready_after_the_deadline_is_late() -> None:
    """An export that is ready after the deadline is a time-out.

    - if outcome is not None:
    + if outcome is not None and time.monotonic() <= deadline:
    """


@DEFECTS.add("clients/exports_client.py", "roads.last-poll-has-the-last-word")
def gone_after_the_deadline_is_late() -> None:
    """An export that vanishes after the deadline is a time-out.

    - except NotFoundError:
    -     if status is None:
    -         raise
    + except NotFoundError:
    +     if status is None:
    +         raise
    +     if time.monotonic() > deadline:
    +         raise TimeoutError(f"Export {export_id} was still {status.status}") from None
    """


@DEFECTS.add("transport.py", "roads.every-library-error-is-mapped")
def only_transport_errors_are_mapped() -> None:
    """Redirects without an end, and what cannot be decompressed, come out as they are.

    - NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)
    + NETWORK_ERRORS = (httpx.TransportError, httpx.InvalidURL)
    """


@DEFECTS.add("transport.py", "roads.every-library-error-is-mapped")
def undecodable_answers_escape() -> None:
    """What cannot be decompressed comes out as it is.

    - NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)
    + NETWORK_ERRORS = (httpx.TransportError, httpx.TooManyRedirects, httpx.InvalidURL)
    """


@DEFECTS.add("models.py", "roads.no-object-is-a-plain-value-error", "roads.empty-answers-are-told")
def no_object_is_a_class_of_its_own() -> None:
    """What is no object raises an error of a class of its own.

    - raise ValueError(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    + kind = type("ModelError", (ValueError,), {})
    + raise kind(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    """


@DEFECTS.add("models.py", "roads.no-object-is-a-plain-value-error")
def scalar_is_a_class_of_its_own() -> None:
    """A text or a number where an object was asked for raises an error of a class of its own.

    - raise ValueError(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    + kind = ValueError if data is None or isinstance(data, list) else type("ModelError", (ValueError,), {})
    + raise kind(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
    """


@DEFECTS.add("clients/exports_client.py", "roads.no-object-is-a-plain-value-error")
def wait_calls_it_a_unicode_error() -> None:
    """A list where a status was asked for is taken for an error of encoding.

    -     "GET",
    -     _path(export_id),
    -     use_get_cache=use_get_cache,
    -     module="exports",
    -     operation="get_export_status",
    - )
    +     "GET",
    +     _path(export_id),
    +     use_get_cache=use_get_cache,
    +     module="exports",
    +     operation="get_export_status",
    + )
    + if isinstance(answer, list):
    +     raise UnicodeError("the answer is no object")
    """


@DEFECTS.add("session.py", "roads.session-clients-share-no-more-than-a-trace")
def session_makes_one_http_client() -> None:
    """The clients of a session have one HTTP client.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + self._http = getattr(self, "_http", None) or HttpClient(self.config, trace=self.trace)
    + return client_type(http=self._http, access_token=self.token)
    """


@DEFECTS.add("session.py", "roads.session-clients-share-no-more-than-a-trace")
def session_lends_its_cookies() -> None:
    """The clients of a session have one HTTP session.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + http = HttpClient(self.config, trace=self.trace, session=getattr(self, "_lent", None))
    + self._lent = http.session
    + return client_type(http=http, access_token=self.token)
    """


@DEFECTS.add("session.py", "roads.session-clients-share-no-more-than-a-trace")
def session_clients_have_their_own_traces() -> None:
    """Only the exports clients of a session have its trace.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + trace = self.trace if client_type is ExportsClient else TraceContext()
    + return client_type(http=HttpClient(self.config, trace=trace), access_token=self.token)
    """
