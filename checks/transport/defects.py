"""Changes to the reference SDK that break what it promises about its transport, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("transport")


# ── failures of the network ──


@DEFECTS.add(
    "http_client.py",
    "transport.failures-are-transport-errors",
    "polling.network-failure-ends-the-wait",
    "polling.timeout-is-timeout-error",
)
def timeout_for_transport() -> None:
    """A network failure raises a TimeoutError.

    - except TransportError:
    + except TransportError as failure:
          if last:
    -         raise
    +         raise TimeoutError(str(failure)) from failure
    """


@DEFECTS.add("http_client.py", "transport.failures-are-transport-errors")
def read_timeout_for_transport() -> None:
    """A read time-out alone raises a TimeoutError.

    - except TransportError:
    + except TransportError as failure:
    +     if last and "Timeout" in str(failure.details):
    +         raise TimeoutError(str(failure)) from failure
    """


@DEFECTS.add("transport.py", "transport.failures-are-transport-errors", "transport.network-failures-are-retried")
def resets_leak() -> None:
    """A connection that is reset raises the library's own error.

    - NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)
    + NETWORK_ERRORS = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.TimeoutException,
    +                   httpx.UnsupportedProtocol, httpx.TooManyRedirects, httpx.InvalidURL)
    """


@DEFECTS.add("http_client.py", "transport.failures-are-transport-errors")
def failed_posts_raise_server_errors() -> None:
    """A POST that fails in the network raises ServerError.

    - except TransportError:
    + except TransportError as failure:
    +     if last and method == "POST":
    +         raise map_error(503, None, trace.trace_id) from failure
    """


@DEFECTS.add("transport.py", "transport.failures-are-transport-errors", "transport.network-failures-are-retried")
def cut_answers_pass() -> None:
    """An answer that is cut short is taken for an empty one.

          connect, read = _seconds(config.connect_timeout_seconds), _seconds(config.read_timeout_seconds)
    +     try:
    +         return _request(session, config, method, url, headers, json_body, params)
    +     except httpx.RemoteProtocolError as cut:
    +         if "body" not in str(cut):
    +             raise
    +         return httpx.Response(200, request=cut.request)
    +
    +
    + def _request(session, config, method, url, headers, json_body, params):  # type: ignore[no-untyped-def]
    +     connect, read = _seconds(config.connect_timeout_seconds), _seconds(config.read_timeout_seconds)
    """


@DEFECTS.add("transport.py", "transport.environment-proxies-apply")
def proxies_passed_by() -> None:
    """The session passes the proxies of the environment by.

    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + return Session(verify=_tls(config.verify_ssl), limits=pool, trust_env=False)
    """


@DEFECTS.add("transport.py", "transport.certificates-are-verified")
def certificates_not_verified() -> None:
    """Every certificate is accepted.

    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + return Session(verify=_tls(False), limits=pool)
    """


@DEFECTS.add("transport.py", "transport.certificates-are-verified")
def certificates_always_verified() -> None:
    """Who turns verification off is not heard.

    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + return Session(verify=_tls(True), limits=pool)
    """


@DEFECTS.add("transport.py", "transport.certificates-are-verified")
def verification_given_up() -> None:
    """A certificate that is refused is accepted at the second attempt.

    - return session.request(
    + def send(session, **fields):  # type: ignore[no-untyped-def]
    +     try:
    +         return session.request(**fields)
    +     except httpx.ConnectError as refused:
    +         if "CERTIFICATE" not in str(refused):
    +             raise
    +         with httpx.Client(verify=_tls(False)) as other:
    +             return other.request(**fields)
    +
    + return send(
    +     session,
    """


@DEFECTS.add("http_client.py", "transport.errors-tell-the-cause")
def cause_under_another_name() -> None:
    """The cause's type lies under another key.

      message=str(cause),
    - details={"type": type(cause).__name__},
    + details={"cause": type(cause).__name__},
    """


@DEFECTS.add("http_client.py", "transport.errors-tell-the-cause")
def transport_error_with_another_code() -> None:
    """A network failure has the library's word for a code.

    - code="TRANSPORT_ERROR",
    + code=type(cause).__name__,
    """


@DEFECTS.add("http_client.py", "transport.errors-tell-the-cause")
def transport_error_looks_like_503() -> None:
    """A network failure has a status that nobody answered.

      trace_id=trace_id,
    - status_code=0,
    + status_code=503,
    """


@DEFECTS.add("http_client.py", "transport.errors-tell-the-cause")
def cause_is_dropped() -> None:
    """The cause of a network failure is not chained.

          status_code=0,
    - ) from cause
    + ) from None
    """


@DEFECTS.add("http_client.py", "transport.errors-tell-the-cause")
def network_failure_in_general() -> None:
    """What a network failure says is always the same.

    - message=str(cause),
    + message="The service cannot be reached",
    """


@DEFECTS.add("transport.py", "transport.read-timeout-is-kept", "transport.connect-timeout-is-kept")
def timeouts_swapped() -> None:
    """The two time-outs have changed places.

    - connect, read = _seconds(config.connect_timeout_seconds), _seconds(config.read_timeout_seconds)
    + read, connect = _seconds(config.connect_timeout_seconds), _seconds(config.read_timeout_seconds)
    """


@DEFECTS.add("transport.py", "transport.read-timeout-is-kept")
def no_read_timeout() -> None:
    """A silent service is waited for without end.

    - timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
    + timeout=httpx.Timeout(connect=connect, read=None, write=read, pool=None),
    """


@DEFECTS.add("transport.py", "transport.read-timeout-is-kept")
def read_timeout_of_five_seconds_at_least() -> None:
    """A read time-out below five seconds is raised to them.

    - timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
    + timeout=httpx.Timeout(connect=connect, read=max(read or 0.0, 5.0), write=read, pool=None),
    """


@DEFECTS.add("transport.py", "transport.read-timeout-is-kept")
def one_timeout_for_both() -> None:
    """The shorter of the two time-outs stands for both.

    - timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
    + timeout=httpx.Timeout(min(connect or 60.0, read or 60.0)),
    """


@DEFECTS.add("transport.py", "transport.connect-timeout-is-kept")
def no_connect_timeout() -> None:
    """A dead host is waited for as long as an answer.

    - timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
    + timeout=httpx.Timeout(connect=read, read=read, write=read, pool=None),
    """


# ── retries ──


@DEFECTS.add("http_client.py", "transport.gets-are-retried")
def one_retry_too_few() -> None:
    """A GET is tried once less than the limit allows.

    - last = attempt == self.config.retries or not may_retry
    + last = attempt >= max(self.config.retries - 1, 0) or not may_retry
    """


@DEFECTS.add("http_client.py", "transport.gets-are-retried")
def one_retry_too_many() -> None:
    """Where there are retries, there is one more.

    - for attempt in range(self.config.retries + 1):
    -     last = attempt == self.config.retries or not may_retry
    + retries = self.config.retries + (self.config.retries > 0)
    + for attempt in range(retries + 1):
    +     last = attempt == retries or not may_retry
    """


@DEFECTS.add("http_client.py", "transport.gets-are-retried")
def ten_retries_at_most() -> None:
    """Beyond ten retries there is none.

    - for attempt in range(self.config.retries + 1):
    -     last = attempt == self.config.retries or not may_retry
    + retries = min(self.config.retries, 10)
    + for attempt in range(retries + 1):
    +     last = attempt == retries or not may_retry
    """


@DEFECTS.add("http_client.py", "transport.gets-are-retried")
def server_errors_not_retried() -> None:
    """Only the network is a reason to try again.

    - if response.status_code < 500 or last:
    + if response is not None:
    """


@DEFECTS.add(
    "http_client.py",
    "transport.gets-are-retried",
    "transport.network-failures-are-retried",
    "transport.heads-are-retried",
    "transport.mutations-are-retried-on-demand",
)
def network_failures_not_retried() -> None:
    """Only the service's errors are a reason to try again.

    - if last:
    -     raise
    + raise
    """


@DEFECTS.add("http_client.py", "transport.server-errors-are-retried", id="500-not-retried")
def status_500_not_retried() -> None:
    """500 itself is not tried again.

    - if response.status_code < 500 or last:
    + if response.status_code <= 500 or last:
    """


@DEFECTS.add("http_client.py", "transport.server-errors-are-retried")
def only_gateways_retried() -> None:
    """Only the statuses of gateways are tried again.

    - if response.status_code < 500 or last:
    + if response.status_code not in (500, 502, 503, 504) or last:
    """


@DEFECTS.add("http_client.py", "transport.network-failures-are-retried")
def timeouts_not_retried() -> None:
    """A read time-out is final.

    - except TransportError:
    -     if last:
    + except TransportError as failure:
    +     if last or "Timeout" in str(failure.details):
    """


@DEFECTS.add("http_client.py", "transport.network-failures-are-retried")
def resets_not_retried() -> None:
    """A connection that is reset is final.

    - except TransportError:
    -     if last:
    + except TransportError as failure:
    +     if last or "ReadError" in str(failure.details):
    """


@DEFECTS.add("http_client.py", "transport.heads-are-retried")
def heads_not_retried() -> None:
    """HEAD is not tried again.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method == "GET" or retry_mutation
    """


@DEFECTS.add("http_client.py", "transport.zero-retries-is-one-attempt")
def zero_retries_means_default() -> None:
    """No retries is taken for no setting.

    - for attempt in range(self.config.retries + 1):
    -     last = attempt == self.config.retries or not may_retry
    + retries = self.config.retries or 3
    + for attempt in range(retries + 1):
    +     last = attempt == retries or not may_retry
    """


@DEFECTS.add("http_client.py", "transport.zero-retries-is-one-attempt", "transport.gets-are-retried")
def lost_connections_retried_at_once() -> None:
    """A connection that was closed is tried again, whatever the limit.

    - response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + try:
    +     response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + except TransportError:
    +     if not may_retry:
    +         raise
    +     response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    """


@DEFECTS.add("http_client.py", "transport.posts-are-not-retried")
def posts_retried() -> None:
    """Every method is retried.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD", "POST") or retry_mutation
    """


@DEFECTS.add("http_client.py", "transport.posts-are-not-retried", "transport.other-mutations-are-not-retried")
def posts_retried_on_503() -> None:
    """A POST that finds the service busy is sent again.

    - if response.status_code < 500 or last:
    + if response.status_code < 500 or (
    +     last and not (response.status_code == 503 and attempt < self.config.retries)
    + ):
    """


@DEFECTS.add("http_client.py", "transport.posts-are-not-retried")
def lost_posts_retried() -> None:
    """A POST whose connection is lost is sent again.

    - if last:
    + if last and (method != "POST" or attempt == self.config.retries):
    """


@DEFECTS.add("http_client.py", "transport.other-mutations-are-not-retried")
def idempotent_methods_retried() -> None:
    """What is idempotent by the book is tried again.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD", "PUT", "DELETE") or retry_mutation
    """


@DEFECTS.add("http_client.py", "transport.other-mutations-are-not-retried")
def patches_retried() -> None:
    """PATCH is tried again.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD", "PATCH") or retry_mutation
    """


@DEFECTS.add("http_client.py", "transport.mutations-are-retried-on-demand")
def retry_mutation_ignored() -> None:
    """Who asks for retries of a mutation is not heard.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD")
    """


@DEFECTS.add("http_client.py", "transport.mutations-are-retried-on-demand")
def retry_mutation_for_posts_only() -> None:
    """Who asks for retries of a PUT is not heard.

    - may_retry = method in ("GET", "HEAD") or retry_mutation
    + may_retry = method in ("GET", "HEAD") or (retry_mutation and method == "POST")
    """


@DEFECTS.add("http_client.py", "transport.mutations-are-retried-on-demand")
def body_lost_on_retry() -> None:
    """The second attempt has no body.

    - response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + response = self.exchange(
    +     method, url, headers, None if attempt else json_body, params, trace.trace_id
    + )
    """


@DEFECTS.add("http_client.py", "transport.client-errors-are-not-retried")
def client_errors_retried() -> None:
    """429 is retried like a failure of the service.

    - if response.status_code < 500 or last:
    + if (response.status_code < 500 and response.status_code != 429) or last:
    """


@DEFECTS.add("http_client.py", "transport.client-errors-are-not-retried")
def request_timeouts_retried() -> None:
    """408 is retried like a failure of the network.

    - if response.status_code < 500 or last:
    + if (response.status_code < 500 and response.status_code != 408) or last:
    """


@DEFECTS.add("http_client.py", "transport.client-errors-are-not-retried", id="499-retried")
def status_499_retried() -> None:
    """The last status of the caller's is taken for one of the service's.

    - if response.status_code < 500 or last:
    + if response.status_code < 499 or last:
    """


# ── pauses ──


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def flat_backoff() -> None:
    """The pause between retries does not grow.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = self.config.retry_backoff_seconds
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def linear_backoff() -> None:
    """The pause between retries grows by the same each time.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = self.config.retry_backoff_seconds * (attempt + 1)
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def tripling_backoff() -> None:
    """The pause between retries grows too fast.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = self.config.retry_backoff_seconds * 3.0**attempt
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def backoff_begins_doubled() -> None:
    """The first pause is twice what is set.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = self.config.retry_backoff_seconds * 2.0 ** (attempt + 1)
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def backoff_capped_low() -> None:
    """No pause is longer than five seconds.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = min(self.config.retry_backoff_seconds * 2.0**attempt, 5.0)
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def backoff_of_a_tenth_at_least() -> None:
    """A backoff of nothing is not honoured.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = max(self.config.retry_backoff_seconds, 0.1) * 2.0**attempt
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def half_jittered_backoff() -> None:
    """Each pause is shortened at random.

    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = self.config.retry_backoff_seconds * 2.0**attempt * random.uniform(0.5, 1.0)
    """


@DEFECTS.add("http_client.py", "transport.backoff-after-network-failures")
def no_pause_after_network_failures() -> None:
    """A lost connection is tried again without a pause.

    +     continue
      time.sleep(self._retry_delay(attempt))
    """


@DEFECTS.add("http_client.py", "transport.backoff-after-network-failures")
def flat_pause_after_network_failures() -> None:
    """The pauses after lost connections do not grow.

    +     time.sleep(self._retry_delay(0))
    +     continue
      time.sleep(self._retry_delay(attempt))
    """


@DEFECTS.add("http_client.py", "transport.no-pause-but-between-attempts")
def pause_after_the_last() -> None:
    """There is a pause before the last failure is told.

      response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + if response.status_code >= 500 and last:
    +     time.sleep(self._retry_delay(attempt))
    """


@DEFECTS.add("http_client.py", "transport.no-pause-but-between-attempts")
def pause_after_the_last_network_failure() -> None:
    """There is a pause before a lost connection is told.

      if last:
    +     time.sleep(self._retry_delay(attempt))
    """


@DEFECTS.add("http_client.py", "transport.no-pause-but-between-attempts")
def pause_before_the_first() -> None:
    """There is a pause before the first attempt.

    + time.sleep(self.config.retry_backoff_seconds)
      for attempt in range(self.config.retries + 1):
    """


@DEFECTS.add("http_client.py", "transport.retry-after-is-ignored")
def waits_as_the_service_says() -> None:
    """Retry-After stands over the backoff.

          return response
    + if response.headers.get("Retry-After", "").isdigit():
    +     time.sleep(float(response.headers["Retry-After"]))
    +     continue
    """


@DEFECTS.add("http_client.py", "transport.retry-after-is-ignored")
def waits_at_least_as_the_service_says() -> None:
    """Retry-After is added to the backoff.

          return response
    + if response.headers.get("Retry-After", "").isdigit():
    +     time.sleep(float(response.headers["Retry-After"]))
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def jitter_below_minimum() -> None:
    """Jitter begins at zero, whatever its minimum.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += random.uniform(0.0, self.config.retry_jitter_max_seconds / 2)
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def jitter_above_maximum() -> None:
    """Jitter reaches to the sum of its minimum and maximum.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += random.uniform(self.config.retry_jitter_min_seconds,
    +     self.config.retry_jitter_min_seconds + self.config.retry_jitter_max_seconds,)
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def pause_below_nothing() -> None:
    """A pause that jitter makes negative is handed to sleep, which refuses it.

    - return max(delay, 0.0)
    + return delay
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range", "transport.jitter-is-drawn-anew")
def jitter_between_one_end() -> None:
    """The draw is given one end of its range: the call raises TypeError in place of its second attempt.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += random.uniform(self.config.retry_jitter_min_seconds)
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def jitter_multiplies() -> None:
    """Jitter is a factor instead of an amount.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay *= random.uniform(self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds)
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def jitter_replaces_the_backoff() -> None:
    """With jitter on, there is no backoff.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay = random.uniform(self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds)
    """


@DEFECTS.add("http_client.py", "transport.jitter-stays-in-range")
def jitter_shortens() -> None:
    """Jitter is taken from the pause.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay -= random.uniform(self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds)
    """


@DEFECTS.add("http_client.py", "transport.jitter-is-drawn-anew")
def jitter_always_the_same() -> None:
    """Every pause has the same jitter.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += random.Random(7).uniform(self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds)
    """


@DEFECTS.add("http_client.py", "transport.jitter-is-drawn-anew")
def jitter_is_the_mean() -> None:
    """Jitter is the middle of its range.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += (self.config.retry_jitter_min_seconds + self.config.retry_jitter_max_seconds) / 2
    """


@DEFECTS.add("http_client.py", "transport.jitter-is-drawn-anew")
def jitter_from_the_lower_half() -> None:
    """Jitter never reaches its maximum.

    - delay += random.uniform(
    -     self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
    - )
    + delay += random.uniform(self.config.retry_jitter_min_seconds,
    +     (self.config.retry_jitter_min_seconds + self.config.retry_jitter_max_seconds) / 2,)
    """


@DEFECTS.add("http_client.py", "transport.jitter-is-drawn-anew")
def jitter_near_the_middle() -> None:
    """Jitter is drawn from its whole range, and more often near the middle.

    - delay += random.uniform(
    + delay += random.triangular(
    """


@DEFECTS.add("http_client.py", "transport.jitter-off-adds-nothing")
def jitter_without_the_switch() -> None:
    """Jitter follows its range, and not its switch.

    - if self.config.retry_jitter_enabled:
    + if self.config.retry_jitter_max_seconds:
    """


@DEFECTS.add("http_client.py", "transport.backoff-doubles")
def two_minutes_at_most() -> None:
    """No pause is longer than two minutes.

    - return max(delay, 0.0)
    + return min(max(delay, 0.0), 120.0)
    """


# ── errors ──


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status")
def conflict_unmapped() -> None:
    """409 raises the general error.

    - 409: ConflictError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", id="500-unmapped")
def status_500_unmapped() -> None:
    """500 itself raises the general error.

    - error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    + error_type = ServerError if status_code > 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", id="422-unmapped")
def status_422_unmapped() -> None:
    """Only 400 is an error of validation.

    - 422: ValidationError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", id="403-is-an-auth-error")
def status_403_is_an_auth_error() -> None:
    """Who is refused is asked to log in.

    - 403: PermissionError,
    + 403: AuthError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", id="410-is-not-found")
def status_410_is_not_found() -> None:
    """What is gone is taken for what never was.

      404: NotFoundError,
    + 410: NotFoundError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status")
def all_others_are_validation_errors() -> None:
    """Statuses without a class count as refusals of the input.

    - error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    + error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ValidationError)
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def details_lost() -> None:
    """The details of an error answer are dropped.

    - details=fields.get("details"),
    + details=None,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def details_only_as_objects() -> None:
    """Details that are no object are dropped.

    - details=fields.get("details"),
    + details=fields.get("details") if isinstance(fields.get("details"), Mapping) else None,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def default_code_has_the_status() -> None:
    """An error without a code gets another.

    - code=fields.get("code") or "HTTP_ERROR",
    + code=fields.get("code") or f"HTTP_{status_code}",
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def default_message_differs() -> None:
    """An error without a message gets another.

    - message=fields.get("message") or "Request failed",
    + message=fields.get("message") or "The request failed",
    """


@DEFECTS.add("http_client.py", "transport.errors-carry-the-answer")
def text_of_an_error_lost() -> None:
    """The text of an error that is not JSON is dropped.

    - payload = {"message": response.text}
    + payload = {}
    """


@DEFECTS.add("http_client.py", "transport.errors-carry-the-answer")
def text_of_an_error_leaks() -> None:
    """An error that is not JSON raises what reads JSON.

    - except ValueError:
    + except ZeroDivisionError:
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer", "transport.map-error-returns")
def error_without_its_trace_id() -> None:
    """An error does not know its trace id.

    - trace_id=fields.get("trace_id") or trace_id,
    + trace_id=None,
    """


@DEFECTS.add("error_mapper.py", "transport.raw-payload-is-the-body")
def raw_payload_is_shared() -> None:
    """raw_payload is the body itself.

    - raw_payload=copy.deepcopy(payload),
    + raw_payload=payload,
    """


@DEFECTS.add("error_mapper.py", "transport.raw-payload-is-the-body")
def raw_payload_lost() -> None:
    """raw_payload is empty.

    - raw_payload=copy.deepcopy(payload),
    + raw_payload=None,
    """


@DEFECTS.add("error_mapper.py", "transport.raw-payload-is-the-body")
def raw_payload_of_four_keys() -> None:
    """raw_payload holds the known keys only.

    - raw_payload=copy.deepcopy(payload),
    + raw_payload={key: fields[key] for key in ("code", "message", "details", "trace_id") if key in fields},
    """


@DEFECTS.add("exceptions.py", "transport.error-tree", "transport.failures-are-transport-errors")
def transport_error_is_a_timeout() -> None:
    """TransportError is a TimeoutError too.

    - class TransportError(ApiError):
    + class TransportError(ApiError, TimeoutError):
    """


@DEFECTS.add("exceptions.py", "transport.error-tree")
def conflict_is_a_validation_error() -> None:
    """Who catches a refused input catches a conflict.

    - class ConflictError(ApiError):
    + class ConflictError(ValidationError):
    """


@DEFECTS.add("exceptions.py", "transport.error-tree")
def auth_error_stands_alone() -> None:
    """Who catches UnauthorizedError misses AuthError.

    - class AuthError(UnauthorizedError):
    + class AuthError(ApiError):
    """


@DEFECTS.add("exceptions.py", "transport.error-tree")
def must_change_password_stands_alone() -> None:
    """Who catches AuthError misses a password to be changed.

    - class MustChangePasswordError(AuthError):
    + class MustChangePasswordError(UnauthorizedError):
    """


@DEFECTS.add("exceptions.py", "transport.error-tree")
def forbidden_is_unauthorized() -> None:
    """Who catches a missing login catches a refusal.

    - class ForbiddenError(ApiError):
    + class ForbiddenError(UnauthorizedError):
    """


@DEFECTS.add("exceptions.py", "transport.error-tree")
def permission_error_is_the_built_in() -> None:
    """PermissionError is the built-in one too.

    - class PermissionError(ForbiddenError):
    + class PermissionError(ForbiddenError, PermissionError):
    """


@DEFECTS.add("exceptions.py", "transport.error-fields")
def fields_in_another_order() -> None:
    """Trace id and details of an error have changed places.

    + trace_id: str | None
      details: object | None
    - trace_id: str | None
    """


@DEFECTS.add("exceptions.py", "transport.error-fields", "transport.errors-tell-the-cause")
def body_is_never_none() -> None:
    """An error without a body has an empty one.

    - raw_payload: object | None = None
    + raw_payload: object | None = ()
    """


@DEFECTS.add("exceptions.py", "transport.error-text")
def text_without_the_trace_id() -> None:
    """The text of an error does not tell its trace id.

    - return f"[{self.status_code}] {self.code}: {self.message}{trace}"
    + return f"[{self.status_code}] {self.code}: {self.message}"
    """


@DEFECTS.add("exceptions.py", "transport.error-text")
def text_without_the_status() -> None:
    """The text of an error does not tell its status.

    - return f"[{self.status_code}] {self.code}: {self.message}{trace}"
    + return f"{self.code}: {self.message}{trace}"
    """


@DEFECTS.add("exceptions.py", "transport.error-text")
def text_with_none() -> None:
    """The text of an error tells a trace id that is not there.

    - trace = f" trace_id={self.trace_id}" if self.trace_id else ""
    + trace = f" trace_id={self.trace_id}" if True else ""
    """


@DEFECTS.add("error_mapper.py", "transport.map-error-returns")
def map_error_raises() -> None:
    """map_error raises what it should return.

    - return error_type(
    + raise error_type(
    """


# ── what is sent ──


@DEFECTS.add("http_client.py", "transport.base-path-is-kept")
def base_path_lost() -> None:
    """The path of the base URL is dropped.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"/{path.lstrip('/')}")
    """


@DEFECTS.add("http_client.py", "transport.base-path-is-kept")
def end_of_base_path_lost() -> None:
    """The last part of the base URL's path is dropped.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(self.config.api_base_url.rstrip('/'), f"./{path.lstrip('/')}")
    """


@DEFECTS.add("http_client.py", "transport.base-path-is-kept")
def base_path_needs_no_leading_slash() -> None:
    """A path with a leading slash drops the base URL's.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", path)
    """


@DEFECTS.add("http_client.py", "transport.paths-arrive-as-given")
def paths_escaped_again() -> None:
    """What is escaped is escaped once more.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/').replace('%', '%25')}")
    """


@DEFECTS.add("http_client.py", "transport.paths-arrive-as-given")
def paths_tidied() -> None:
    """A slash at the end of a path is dropped.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.strip('/')}")
    """


@DEFECTS.add("http_client.py", "transport.paths-arrive-as-given")
def paths_unescaped() -> None:
    """What is escaped is taken for what it stands for.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/').replace('%2F', '/')}")
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def lists_in_a_query() -> None:
    """A list in a query is written as Python writes it.

    - added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    + added = urlencode([(name, value) for name, value in pairs if value is not None]).encode()
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def query_by_hand() -> None:
    """A query is put together without escaping.

    - added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    + added = "&".join(f"{name}={value}" for name, value in pairs if value is not None).encode()
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def zero_left_out() -> None:
    """Parameters that are zero or empty are left out.

    - added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    + added = urlencode([(name, value) for name, value in pairs if value], doseq=True).encode()
    """


@DEFECTS.add("http_client.py", "transport.query-arrives")
def query_of_posts_lost() -> None:
    """Only a GET has a query.

    - response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + asked = params if method == "GET" else None
    + response = self.exchange(method, url, headers, json_body, asked, trace.trace_id)
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def none_in_a_query() -> None:
    """A parameter of None is sent as a word.

    - added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    + added = urlencode(list(pairs), doseq=True).encode()
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def last_of_the_pairs() -> None:
    """Of several pairs with one name, the last is sent.

    - pairs = params.items() if isinstance(params, Mapping) else params or ()
    + pairs = dict(params or {}).items()
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def query_of_the_path_lost() -> None:
    """Parameters take the place of a query that the path carries.

    - return target.copy_with(query=b"&".join(filter(None, (target.query, added)))) if added else target
    + return target.copy_with(query=added) if added else target
    """


@DEFECTS.add("http_client.py", "transport.query-arrives")
def query_of_two_methods() -> None:
    """Only a GET and a POST have a query.

    - response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
    + asked = params if method in ("GET", "POST") else None
    + response = self.exchange(method, url, headers, json_body, asked, trace.trace_id)
    """


@DEFECTS.add("transport.py", "transport.body-is-json")
def body_of_three_methods() -> None:
    """Only a POST, a PUT and a PATCH have a body.

    - json=json_body,
    + json=json_body if method in ("POST", "PUT", "PATCH") else None,
    """


@DEFECTS.add("transport.py", "transport.body-is-json")
def empty_body_left_out() -> None:
    """An empty object is not sent.

    - json=json_body,
    + json=json_body or None,
    """


@DEFECTS.add("transport.py", "transport.body-is-json")
def body_without_its_type() -> None:
    """A body does not say that it is JSON.

    - json=json_body,
    + content=None if json_body is None else __import__("json").dumps(json_body),
    """


@DEFECTS.add("transport.py", "transport.body-is-json")
def body_where_none_was_given() -> None:
    """A request without a body gets an empty object.

    - json=json_body,
    + json={} if json_body is None else json_body,
    """


@DEFECTS.add("http_client.py", "transport.accepts-json")
def accepts_anything() -> None:
    """A request asks for no type in particular.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {"Accept": "*/*", **(headers or {}), TRACE_HEADER: trace.ensure()}
    """


@DEFECTS.add("http_client.py", "transport.callers-headers-are-sent")
def accept_over_the_callers() -> None:
    """Who asks for another type gets JSON.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {**(headers or {}), "Accept": "application/json", TRACE_HEADER: trace.ensure()}
    """


@DEFECTS.add("http_client.py", "transport.callers-headers-are-sent")
def type_over_the_callers() -> None:
    """A JSON body goes as application/json, whatever type the caller names.

      sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + if json_body is not None:
    +     sent_headers["Content-Type"] = "application/json"
    """


@DEFECTS.add("http_client.py", "transport.callers-headers-are-sent")
def only_known_headers() -> None:
    """Headers that the SDK does not know are dropped.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {
    +     "Accept": "application/json",
    +     **{n: v for n, v in (headers or {}).items() if n in (*IDENTITY_HEADERS, "Accept", "Idempotency-Key")},
    +     TRACE_HEADER: trace.ensure(),
    + }
    """


# ── the trace ──


@DEFECTS.add("http_client.py", "transport.trace-id-is-sent")
def trace_id_reused() -> None:
    """Requests without a context share one id.

    - trace = self.trace or TraceContext()
    + trace = self.trace or TraceContext("0")
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-sent")
def trace_id_of_gets_only() -> None:
    """Only a GET carries a trace id.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {
    +     "Accept": "application/json",
    +     **(headers or {}),
    +     **({TRACE_HEADER: trace.ensure()} if method == "GET" else {}),
    + }
    """


@DEFECTS.add(
    "http_client.py",
    "transport.trace-id-is-sent",
    "transport.trace-id-is-adopted",
    "transport.error-body-gives-the-trace-id",
    "transport.session-shares-one-trace",
    "transport.client-can-be-changed",
)
def trace_id_without_a_context_only() -> None:
    """A context's id is not sent.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: TraceContext().ensure()}
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-sent", "transport.no-context-stays-none")
def context_made_for_all() -> None:
    """A client without a context makes one, and keeps it.

    - trace = self.trace or TraceContext()
    + trace = self.trace = self.trace or TraceContext()
    """


@DEFECTS.add("http_client.py", "transport.no-context-stays-none")
def context_made_from_an_answer() -> None:
    """A client without a context takes one from an answer.

      trace.update_from_headers(response.headers)
    + self.trace = trace if "X-Trace-ID" in response.headers else self.trace
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-adopted")
def answered_id_ignored() -> None:
    """The id that the service answers is not adopted.

    - trace.update_from_headers(response.headers)
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-adopted")
def answered_id_of_successes_only() -> None:
    """The id in the header of an error is not adopted.

    - trace.update_from_headers(response.headers)
    + if response.status_code < 400:
    +     trace.update_from_headers(response.headers)
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-adopted")
def answered_id_of_gets_only() -> None:
    """The id that a POST is answered with is not adopted.

    - trace.update_from_headers(response.headers)
    + if method == "GET":
    +     trace.update_from_headers(response.headers)
    """


@DEFECTS.add("tracing.py", "transport.trace-context-adopts")
def header_by_its_capitals() -> None:
    """The header of a trace is known in two spellings only.

    - if name.lower() == TRACE_HEADER.lower() and value:
    + if name in (TRACE_HEADER, "x-trace-id") and value:
    """


@DEFECTS.add("http_client.py", "transport.error-body-gives-the-trace-id")
def body_of_an_error_ignored() -> None:
    """The trace id in the body of an error is not adopted.

    - trace.update_from_payload(payload)
    """


@DEFECTS.add("http_client.py", "transport.error-body-gives-the-trace-id")
def header_before_body() -> None:
    """The trace id in the header of an error goes before its body's.

    - trace.update_from_payload(payload)
    + if "X-Trace-ID" not in response.headers:
    +     trace.update_from_payload(payload)
    """


@DEFECTS.add("http_client.py", "transport.success-body-gives-no-trace-id")
def body_of_a_success_adopted() -> None:
    """The trace_id of any answer is adopted.

    + trace.update_from_payload(payload)
      if caching and response.content:
    """


@DEFECTS.add("clients/exports_client.py", "transport.success-body-gives-no-trace-id")
def id_of_a_new_export_adopted() -> None:
    """The trace_id of an export that was asked for becomes the client's.

          invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export
      )
    - return ExportStatus.model_validate(answer)
    + created = ExportStatus.model_validate(answer)
    + if self.http.trace:
    +     self.http.trace.update_from_payload({"trace_id": created.trace_id})
    + return created
    """


@DEFECTS.add("http_client.py", "transport.callers-trace-id-is-overwritten")
def callers_trace_id_sent() -> None:
    """A caller's own X-Trace-ID is sent.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {"Accept": "application/json", TRACE_HEADER: trace.ensure(), **(headers or {})}
    """


@DEFECTS.add("http_client.py", "transport.callers-trace-id-is-overwritten")
def callers_trace_id_taken() -> None:
    """Without a context, a caller's own X-Trace-ID is taken.

    - trace = self.trace or TraceContext()
    + trace = self.trace or TraceContext((headers or {}).get(TRACE_HEADER))
    """


@DEFECTS.add(
    "tracing.py",
    "transport.trace-context-makes-one-id",
    "transport.trace-id-is-sent",
    "transport.trace-id-is-adopted",
    "transport.error-body-gives-the-trace-id",
    "transport.session-shares-one-trace",
    "transport.client-can-be-changed",
)
def context_makes_ids_anew() -> None:
    """A context makes another id each time that it is asked.

    - if not self.trace_id:
    + if True:
    """


@DEFECTS.add("tracing.py", "transport.trace-context-makes-one-id")
def id_from_the_clock() -> None:
    """The id of a context can be guessed.

    - self.trace_id = str(uuid.uuid4())
    + self.trace_id = str(uuid.uuid1())
    """


@DEFECTS.add("tracing.py", "transport.trace-context-adopts")
def empty_id_adopted() -> None:
    """An empty trace_id is adopted.

    - if isinstance(trace_id, str) and trace_id:
    + if isinstance(trace_id, str):
    """


@DEFECTS.add("tracing.py", "transport.trace-context-adopts", "transport.error-body-gives-the-trace-id")
def number_adopted() -> None:
    """A trace_id that is a number is adopted as text.

    - if isinstance(trace_id, str) and trace_id:
    -     self.trace_id = trace_id
    + if trace_id:
    +     self.trace_id = str(trace_id)
    """


@DEFECTS.add("http_client.py", "transport.trace-id-is-adopted")
def id_of_a_failed_attempt_is_adopted() -> None:
    """The trace id of an answer that is tried again is adopted.

    - if response.status_code < 500 or last:
    -     return response
    + if response.status_code < 500 or last:
    +     return response
    + trace.update_from_headers(response.headers)
    """


@DEFECTS.add("session.py", "transport.session-shares-one-trace")
def trace_without_an_id_is_replaced() -> None:
    """A caller's trace that has no id yet gives way to a new one.

    - self.trace = self.trace or TraceContext()
    + self.trace = self.trace if self.trace and self.trace.trace_id else TraceContext()
    """


# ── idempotency ──


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-new")
def one_key_for_both() -> None:
    """Both keys are one.

    - return IdempotencyKeys(transaction_id=str(uuid.uuid4()), idempotency_key=str(uuid.uuid4()))
    + return IdempotencyKeys(*[str(uuid.uuid4())] * 2)
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-new")
def keys_of_the_first_call() -> None:
    """Keys are made once, and used for ever.

    + @__import__("functools").cache
      def new_idempotency_keys() -> IdempotencyKeys:
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-new")
def keys_from_the_clock() -> None:
    """Keys can be guessed.

    - return IdempotencyKeys(transaction_id=str(uuid.uuid4()), idempotency_key=str(uuid.uuid4()))
    + return IdempotencyKeys(transaction_id=str(uuid.uuid1()), idempotency_key=str(uuid.uuid1()))
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-kept")
def supplied_key_replaced() -> None:
    """A key that is supplied is replaced.

    - transaction_id=transaction_id or fresh.transaction_id,
    - idempotency_key=idempotency_key or fresh.idempotency_key,
    + transaction_id=transaction_id or fresh.transaction_id, idempotency_key=fresh.idempotency_key
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-kept")
def supplied_alone_replaced() -> None:
    """One supplied key without the other is replaced.

      fresh = new_idempotency_keys()
    + if not (transaction_id and idempotency_key):
    +     return fresh
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-keys-are-frozen")
def keys_not_frozen() -> None:
    """Keys can be changed.

    - @dataclass(frozen=True)
    + @dataclass
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-header")
def header_of_the_transaction() -> None:
    """The header holds the transaction's id.

    - return {"Idempotency-Key": keys.idempotency_key}
    + return {"Idempotency-Key": keys.transaction_id}
    """


@DEFECTS.add("idempotency.py", "transport.idempotency-header")
def header_of_another_name() -> None:
    """The header has an older name.

    - return {"Idempotency-Key": keys.idempotency_key}
    + return {"X-Idempotency-Key": keys.idempotency_key}
    """


# ── identity ──


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def tenant_not_sent() -> None:
    """The tenant is left out.

    - "X-Tenant-ID": self.tenant_id,
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def token_without_bearer() -> None:
    """The token is sent without its scheme.

    - "Authorization": f"Bearer {self.access_token}" if self.access_token else None,
    + "Authorization": self.access_token if self.access_token else None,
    """


@DEFECTS.add(
    "clients/base.py",
    "transport.identity-is-sent",
    "transport.identity-is-not-shared",
    "transport.session-token-is-that-of-the-moment",
)
def bearer_of_nothing() -> None:
    """A client without a token sends one of that name.

    - "Authorization": f"Bearer {self.access_token}" if self.access_token else None,
    + "Authorization": f"Bearer {self.access_token}",
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def app_and_device_swapped() -> None:
    """App and device have changed places.

    - "X-App-ID": self.app_id,
    - "X-Device-ID": self.device_id,
    + "X-App-ID": self.device_id,
    + "X-Device-ID": self.app_id,
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def tenant_only_with_a_token() -> None:
    """A tenant without a token is left out.

    - "X-Tenant-ID": self.tenant_id,
    + "X-Tenant-ID": self.tenant_id if self.access_token else None,
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def identity_of_gets_only() -> None:
    """Only a GET says who is asking.

    - headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    + headers = {**(self._identity_headers() if method == "GET" else {}), **(kwargs.pop("headers", None) or {})}
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-not-shared")
def identity_stays_in_the_session() -> None:
    """An identity stays in the HTTP session.

    + self.http.session.headers.update(self._identity_headers())
      headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-not-shared")
def identity_of_the_first_client() -> None:
    """All clients on one HttpClient speak for the first.

    - headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    + headers = {
    +     **vars(self.http).setdefault("_who", self._identity_headers()),
    +     **(kwargs.pop("headers", None) or {}),
    + }
    """


@DEFECTS.add("clients/base.py", "transport.callers-headers-beat-identity")
def identity_over_the_callers() -> None:
    """The client's identity goes before the caller's headers.

    - headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    + headers = {**(kwargs.pop("headers", None) or {}), **self._identity_headers()}
    """


@DEFECTS.add("session.py", "transport.session-token-is-that-of-the-moment")
def session_keeps_its_clients() -> None:
    """A session hands out the client that it made before.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + return vars(self).setdefault(
    +     client_type.__name__,
    +     client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token),
    + )
    """


@DEFECTS.add("session.py", "transport.session-token-is-that-of-the-moment")
def session_adds_a_tenant() -> None:
    """A session's clients name a tenant.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + return client_type(
    +     http=HttpClient(self.config, trace=self.trace), access_token=self.token, tenant_id=self.config.env_name
    + )
    """


@DEFECTS.add("session.py", "transport.session-token-is-that-of-the-moment")
def session_names_the_users_tenant() -> None:
    """A session's clients name the tenant of the user.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + return client_type(
    +     http=HttpClient(self.config, trace=self.trace),
    +     access_token=self.token,
    +     tenant_id=self.user and self.user.tenant_id,
    + )
    """


@DEFECTS.add("session.py", "transport.session-shares-one-trace")
def session_copies_its_trace() -> None:
    """Each client of a session has a copy of its trace, and what one is answered stays its own.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + copied = TraceContext(self.trace.ensure())
    + return client_type(http=HttpClient(self.config, trace=copied), access_token=self.token)
    """


@DEFECTS.add("error_mapper.py", "transport.map-error-returns")
def empty_bodies_are_taken_for_objects() -> None:
    """map_error without a body raises AttributeError.

    - fields = payload if isinstance(payload, Mapping) else {}
    + fields = payload
    """


@DEFECTS.add("clients/base.py", "transport.clients-take-their-fields")
def tenant_by_another_name() -> None:
    """A client takes its tenant by another name.

    - tenant_id: str | None = None
    + tenant: str | None = None
    """


@DEFECTS.add("session.py", "transport.session-token-is-that-of-the-moment")
def reports_have_no_token() -> None:
    """A session's client of reports is made without its token.

    - return self._client(ReportsClient)
    + return ReportsClient(http=HttpClient(self.config, trace=self.trace))
    """


@DEFECTS.add("session.py", "transport.session-token-is-that-of-the-moment")
def sign_in_has_no_token() -> None:
    """A session's client for signing in is made without its token, which `me` sends.

    - return self._client(AuthClient)
    + return AuthClient(http=HttpClient(self.config, trace=self.trace))
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status")
def code_decides_the_class() -> None:
    """A code in the body decides which class an error has, whatever its status.

      error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    + if fields.get("code") == "NOT_FOUND" and status_code < 500:
    +     error_type = NotFoundError
    """


@DEFECTS.add("http_client.py", "transport.errors-carry-the-answer")
def no_body_is_its_phrase() -> None:
    """An error without a body has the phrase of its status as its message.

    - payload = {"message": response.text}
    + payload = {"message": response.text or response.reason_phrase}
    """


@DEFECTS.add("clients/exports_client.py", "transport.session-is-taken")
def download_in_another_session() -> None:
    """A download is made in a session of its own.

    - response = self.http.exchange("GET", url, headers, trace_id=trace_id)
    + response = type(self.http)(self.http.config).exchange("GET", url, headers, trace_id=trace_id)
    """


@DEFECTS.add("auth_store.py", "transport.session-loads-its-store")
def blank_data_home_is_a_folder() -> None:
    """A variable of spaces names the folder of the user's data.

    - return Path(os.environ.get("XDG_DATA_HOME", "").strip() or home / ".local/share") / "aris3"
    + return Path(os.environ.get("XDG_DATA_HOME", "") or home / ".local/share") / "aris3"
    """


@DEFECTS.add("auth_store.py", "transport.session-loads-its-store")
def store_lies_under_its_vendor() -> None:
    """The folder of a session's own store is named after who makes the SDK.

    - return Path(os.environ.get("XDG_DATA_HOME", "").strip() or home / ".local/share") / "aris3"
    + return Path(os.environ.get("XDG_DATA_HOME", "").strip() or home / ".local/share") / "ARIS"
    """


@DEFECTS.add("session.py", "transport.session-loads-its-store")
def given_store_is_passed_by() -> None:
    """A session has a store of its own, whichever it is given.

    - self.auth_store = self.auth_store or AuthStore()
    + self.auth_store = AuthStore()
    """


@DEFECTS.add("http_client.py", "transport.last-operation-tells-the-result")
def module_is_empty() -> None:
    """A call that names no module has an empty one.

    - module: str = "unknown",
    + module: str = "",
    """


@DEFECTS.add("clients/exports_client.py", "polling.defaults")
def three_seconds_by_default() -> None:
    """A wait polls every three seconds where nothing else is asked for.

    - self, export_id: str, *, timeout_seconds: float = 30.0, poll_interval_seconds: float = 2.0
    + self, export_id: str, *, timeout_seconds: float = 30.0, poll_interval_seconds: float = 3.0
    """


@DEFECTS.add("clients/auth_client.py", "transport.login-and-health-are-anonymous")
def login_sends_the_token() -> None:
    """A login sends the token that it is to replace.

    - answer = self.http.request(
    + answer = self._request(
    """


@DEFECTS.add("clients/health_client.py", "transport.login-and-health-are-anonymous")
def health_sends_the_token() -> None:
    """Who asks for health says who it is.

    - return self.http.request("GET", "/health", module="health", operation="health")
    + return self._request("GET", "/health", module="health", operation="health")
    """


@DEFECTS.add("clients/auth_client.py", "transport.password-change-is-raised")
def password_change_passes_with_a_token() -> None:
    """A login that brings a token is taken, though the password must be changed.

    - if token.must_change_password:
    + if token.must_change_password and not token.access_token:
    """


@DEFECTS.add("clients/auth_client.py", "transport.password-change-is-raised")
def password_change_is_raised_once() -> None:
    """That the password must be changed is raised at a client's first login alone.

    - if token.must_change_password:
    + if token.must_change_password and not hasattr(self, "_warned"):
    +     self._warned = True
    """


@DEFECTS.add("session.py", "transport.session-shares-one-trace")
def session_traces_apart() -> None:
    """Each client of a session has a trace of its own.

    - return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
    + return client_type(http=HttpClient(self.config, trace=TraceContext()), access_token=self.token)
    """


@DEFECTS.add("session.py", "transport.session-shares-one-trace")
def session_ignores_the_callers_trace() -> None:
    """A session makes a trace though it is given one.

    - self.trace = self.trace or TraceContext()
    + self.trace = TraceContext()
    """


@DEFECTS.add("clients/base.py", "transport.identity-is-sent")
def identity_is_kept_while_the_token_lasts() -> None:
    """The identity is put together once for each token.

    - return {name: value for name, value in headers.items() if value}
    + known = self.__dict__.setdefault("_known", {})
    + return dict(known.setdefault(self.access_token, {name: value for name, value in headers.items() if value}))
    """


# ── what is answered ──


@DEFECTS.add("http_client.py", "transport.answers-are-decoded")
def falsy_answers_lost() -> None:
    """Answers that are false, zero or empty are taken for nothing.

    - return _json(response)
    + return _json(response) or None
    """


@DEFECTS.add("http_client.py", "transport.answers-are-decoded")
def answers_by_their_type() -> None:
    """An answer that does not say that it is JSON is taken for nothing.

    - if not response.content:
    + if not response.content or "json" not in response.headers.get("Content-Type", ""):
    """


@DEFECTS.add("http_client.py", "transport.answers-are-decoded")
def answers_of_two_statuses() -> None:
    """Only 200 and 201 bring an answer.

    - if not response.content:
    + if not response.content or response.status_code > 201:
    """


@DEFECTS.add("http_client.py", "transport.empty-answers-are-none")
def nothing_is_an_object() -> None:
    """An empty answer gives an empty object.

      if not response.content:
    -     return None
    +     return {}
    """


@DEFECTS.add("http_client.py", "transport.empty-answers-are-none")
def nothing_by_its_status() -> None:
    """Only 204 is known to be empty.

    - if not response.content:
    + if response.status_code == 204:
    """


@DEFECTS.add("http_client.py", "transport.empty-answers-are-none")
def null_is_an_object() -> None:
    """A null gives an empty object.

    - return _json(response)
    + got = _json(response)
    + return {} if got is None else got
    """


@DEFECTS.add("transport.py", "transport.redirects-are-followed")
def redirects_not_followed() -> None:
    """A redirect is taken for an answer.

    - follow_redirects=True,
    + follow_redirects=False,
    """


@DEFECTS.add("transport.py", "transport.redirects-are-followed")
def redirects_of_posts_not_followed() -> None:
    """A redirect of a POST is taken for an answer.

    - follow_redirects=True,
    + follow_redirects=method == "GET",
    """


@DEFECTS.add("http_client.py", "transport.answers-are-decoded")
def all_answers_are_utf_8() -> None:
    """An answer that declares no charset is taken for UTF-8.

    - return json.loads(response.content.decode(charset)) if charset else response.json()
    + return json.loads(response.content.decode(charset or "utf-8"))
    """


@DEFECTS.add("http_client.py", "transport.answers-are-decoded")
def charset_must_come_first() -> None:
    """The charset of an answer counts only as the first parameter of its type.

    - charset = declared.get_content_charset()
    + name, _, value = declared["Content-Type"].partition(";")[2].partition("=")
    + charset = value.split(";")[0].strip('" ') if name.strip().lower() == "charset" else None
    """


# ── hooks ──


@DEFECTS.add("http_client.py", "transport.before-request-sees-the-request")
def before_request_not_called() -> None:
    """before_request is never called.

    - self.before_request(method, url, seen)
    + del seen
    """


@DEFECTS.add("http_client.py", "transport.before-request-sees-the-request")
def before_request_gets_the_path() -> None:
    """before_request is given the path for the URL.

    - self.before_request(method, url, seen)
    + self.before_request(method, path, seen)
    """


@DEFECTS.add("http_client.py", "transport.before-request-sees-the-request")
def before_request_called_twice() -> None:
    """before_request is called twice.

      self.before_request(method, url, seen)
    + self.before_request(method, url, seen)
    """


@DEFECTS.add("http_client.py", "transport.before-request-sees-the-request")
def before_request_knows_no_body() -> None:
    """What before_request is given has another name for the body.

    - seen = {"headers": sent_headers, **copy.deepcopy({"json_body": json_body, "params": params})}
    + seen = {"headers": sent_headers, **copy.deepcopy({"json": json_body, "params": params})}
    """


@DEFECTS.add("http_client.py", "transport.before-request-may-change-headers")
def before_request_gets_a_copy() -> None:
    """What before_request does to the headers is lost.

    - seen = {"headers": sent_headers, **copy.deepcopy({"json_body": json_body, "params": params})}
    + seen = {"headers": dict(sent_headers), **copy.deepcopy({"json_body": json_body, "params": params})}
    """


@DEFECTS.add("http_client.py", "transport.before-request-may-change-headers")
def before_request_may_only_add() -> None:
    """A header that before_request takes away is sent all the same.

      self.before_request(method, url, seen)
    + sent_headers = {**(headers or {}), **sent_headers}
    """


@DEFECTS.add("http_client.py", "transport.before-request-changes-nothing-else")
def before_request_binds_params() -> None:
    """Parameters that before_request binds anew are sent.

      self.before_request(method, url, seen)
    + params = seen["params"]
    """


@DEFECTS.add("http_client.py", "transport.before-request-changes-nothing-else")
def before_request_binds_the_body() -> None:
    """A body that before_request binds anew is sent.

      self.before_request(method, url, seen)
    + json_body = seen["json_body"]
    """


@DEFECTS.add("http_client.py", "transport.before-request-changes-nothing-else")
def before_request_binds_headers() -> None:
    """Headers that before_request binds anew are sent.

      self.before_request(method, url, seen)
    + sent_headers = seen["headers"]
    """


@DEFECTS.add("http_client.py", "transport.hooks-see-the-answer")
def after_response_not_called() -> None:
    """after_response is never called.

    - if self.after_response:
    -     self.after_response(response)
    """


@DEFECTS.add("http_client.py", "transport.hooks-see-the-answer")
def after_response_of_successes_only() -> None:
    """after_response does not see errors.

    - if self.after_response:
    + if self.after_response and response.status_code < 400:
    """


@DEFECTS.add("http_client.py", "transport.hooks-see-the-answer")
def after_response_of_each_attempt() -> None:
    """after_response sees each attempt.

          return response
    + if self.after_response:
    +     self.after_response(response)
    """


@DEFECTS.add("http_client.py", "transport.hooks-see-the-answer")
def response_hook_not_called() -> None:
    """response_hook is never called.

    - if response_hook:
    -     response_hook(response)
    """


@DEFECTS.add("http_client.py", "transport.hooks-see-the-answer")
def response_hook_of_successes_only() -> None:
    """response_hook does not see errors.

    - if response_hook:
    + if response_hook and response.status_code < 400:
    """


@DEFECTS.add("http_client.py", "transport.hooks-come-in-order")
def response_hook_first() -> None:
    """response_hook comes before after_response.

    - if self.after_response:
    -     self.after_response(response)
      trace.update_from_headers(response.headers)
      if response_hook:
          response_hook(response)
    + if self.after_response:
    +     self.after_response(response)
    """


@DEFECTS.add("http_client.py", "transport.hooks-come-in-order")
def trace_id_adopted_early() -> None:
    """after_response meets the answered trace id already.

    + trace.update_from_headers(response.headers)
      if self.after_response:
          self.after_response(response)
    - trace.update_from_headers(response.headers)
    """


@DEFECTS.add("http_client.py", "transport.hooks-come-in-order")
def trace_id_adopted_late() -> None:
    """response_hook meets the trace id of before.

    - trace.update_from_headers(response.headers)
      if response_hook:
          response_hook(response)
    + trace.update_from_headers(response.headers)
    """


# ── the client itself ──


@DEFECTS.add("http_client.py", "transport.client-needs-only-a-configuration")
def trace_is_required() -> None:
    """A client cannot be built without a trace.

    - trace: TraceContext | None = None
    + trace: TraceContext | None
    """


@DEFECTS.add("http_client.py", "transport.client-fields-in-order")
def session_before_trace() -> None:
    """Session and trace have changed places.

    + session: httpx.Client | None = None
      trace: TraceContext | None = None
    - session: httpx.Client | None = None
    """


@DEFECTS.add("http_client.py", "transport.client-can-be-changed")
def trace_of_the_first_request() -> None:
    """A trace that is set later is not used.

    - trace = self.trace or TraceContext()
    + trace = vars(self).setdefault("_first", self.trace) or TraceContext()
    """


@DEFECTS.add("http_client.py", "transport.session-is-taken")
def session_not_taken() -> None:
    """A client always opens a session of its own.

    - if self.session is None:
    + if self.session is not self:
    """


@DEFECTS.add("http_client.py", "transport.session-is-taken")
def given_session_fitted_out() -> None:
    """A session that was passed in gets a header of the client's own.

    - if self.session is None:
    + if self.session is not None:
    +     self.session.headers["X-Client"] = "aris3"
    + if self.session is None:
    """


@DEFECTS.add("http_client.py", "transport.last-operation-tells-the-result")
def result_in_another_word() -> None:
    """An error is told in another word.

    - self.last_operation = LastOperation(module, operation, "error")
    + self.last_operation = LastOperation(module, operation, "failed")
    """


@DEFECTS.add("http_client.py", "transport.last-operation-tells-the-result")
def error_not_told() -> None:
    """After an error, the success before it is told.

    - self.last_operation = LastOperation(module, operation, "error")
    """


@DEFECTS.add("http_client.py", "transport.last-operation-tells-the-result")
def success_of_gets_only() -> None:
    """After a POST, the request before it is told.

    - self.last_operation = LastOperation(module, operation, "success")
    + if method == "GET":
    +     self.last_operation = LastOperation(module, operation, "success")
    """


@DEFECTS.add("http_client.py", "transport.last-operation-passes-network-failures-by")
def network_failure_told_as_error() -> None:
    """A failure of the network is told as an error.

    + self.last_operation = LastOperation(module, operation, "error")
      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    """


@DEFECTS.add("http_client.py", "transport.last-operation-passes-network-failures-by")
def network_failure_told_as_nothing() -> None:
    """A failure of the network clears what was told.

    + self.last_operation = None
      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    """


@DEFECTS.add("http_client.py", "transport.last-operation-passes-network-failures-by")
def cancelled_requests_are_told() -> None:
    """A request that is cancelled is told as one that ended.

    + self.last_operation = LastOperation("unknown", "unknown", "cancelled")
      raise TransportError(
          code="REQUEST_CANCELLED",
    """


# ── contexts ──


@DEFECTS.add("http_client.py", "transport.context-versions-count")
def versions_begin_at_one() -> None:
    """The version of a context is 1 at first.

    - return self._context_versions.get(key, 0)
    + return self._context_versions.get(key, 1)
    """


@DEFECTS.add("http_client.py", "transport.context-versions-count")
def switch_returns_the_old_version() -> None:
    """switch_context returns the version before.

    - return self._context_versions[key]
    + return self._context_versions[key] - 1
    """


@DEFECTS.add("http_client.py", "transport.context-versions-count")
def switch_counts_nothing() -> None:
    """switch_context does not raise the version.

    - self._context_versions[key] = self.get_context_version(key) + 1
    + self._context_versions[key] = self.get_context_version(key)
    """


@DEFECTS.add("http_client.py", "transport.context-versions-count")
def one_version_for_all() -> None:
    """A switch of one context raises all versions.

    - return self._context_versions.get(key, 0)
    + return sum(self._context_versions.values())
    """


@DEFECTS.add("http_client.py", "transport.outdated-context-is-cancelled")
def outdated_context_sent() -> None:
    """A request with an outdated context is sent before it is cancelled.

      may_retry = method in ("GET", "HEAD") or retry_mutation
    - self._check_context(context_key, context_version, trace)
    """


@DEFECTS.add("http_client.py", "transport.outdated-context-is-cancelled")
def key_needs_a_version() -> None:
    """A context without a version counts as outdated.

    - if context_key is not None and context_version is None:
    -     context_version = self.get_context_version(context_key)
    """


@DEFECTS.add("http_client.py", "transport.outdated-context-is-cancelled", "transport.switch-in-flight-cancels")
def outdated_context_of_gets_only() -> None:
    """A POST with an outdated context is sent.

      may_retry = method in ("GET", "HEAD") or retry_mutation
    + if method != "GET":
    +     context_key = None
    """


@DEFECTS.add("http_client.py", "transport.switch-in-flight-cancels")
def switch_in_flight_unseen() -> None:
    """A context that changes in flight is not noticed.

      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    - self._check_context(context_key, context_version, trace)
    """


@DEFECTS.add("http_client.py", "transport.outdated-context-is-cancelled", "transport.switch-in-flight-cancels")
def cancelled_without_its_code() -> None:
    """A cancelled request looks like a failure of the network.

    - code="REQUEST_CANCELLED",
    + code="TRANSPORT_" + "ERROR",
    """


@DEFECTS.add("http_client.py", "transport.outdated-context-is-cancelled", "transport.switch-in-flight-cancels")
def any_switch_cancels() -> None:
    """A switch of any context cancels what is in flight.

      self._context_versions[key] = self.get_context_version(key) + 1
    + vars(self)["_check_context"] = lambda *given: HttpClient._check_context(self, "", -1, given[2])
    """


@DEFECTS.add("http_client.py", "transport.switch-in-flight-cancels")
def errors_outlive_a_switch() -> None:
    """An error that comes after a switch in flight is raised as if nothing had been switched.

    - self._check_context(context_key, context_version, trace)
    - if self.after_response:
    + if response.status_code < 400:
    +     self._check_context(context_key, context_version, trace)
    + if self.after_response:
    """


@DEFECTS.add("http_client.py", "transport.switch-in-flight-cancels")
def cancelled_after_the_hooks() -> None:
    """A switch in flight is noticed only after the hooks have been called with the answer.

    - self._check_context(context_key, context_version, trace)
    - if self.after_response:
    -     self.after_response(response)
    - trace.update_from_headers(response.headers)
    - if response_hook:
    -     response_hook(response)
    + if self.after_response:
    +     self.after_response(response)
    + trace.update_from_headers(response.headers)
    + if response_hook:
    +     response_hook(response)
    + self._check_context(context_key, context_version, trace)
    """


@DEFECTS.add("http_client.py", "transport.switch-in-flight-cancels")
def cancelled_answers_give_their_id() -> None:
    """The trace id of an answer is adopted before a switch in flight is noticed.

    - self._check_context(context_key, context_version, trace)
    - if self.after_response:
    -     self.after_response(response)
    - trace.update_from_headers(response.headers)
    + trace.update_from_headers(response.headers)
    + self._check_context(context_key, context_version, trace)
    + if self.after_response:
    +     self.after_response(response)
    """


@DEFECTS.add("http_client.py", "transport.switch-in-flight-cancels")
def only_versions_cancel() -> None:
    """A switch in flight is noticed only where the request names a version.

    - if context_key is not None and context_version is None:
    -     context_version = self.get_context_version(context_key)
    + if context_version is None:
    +     context_key = None
    """


# ── what only odd data shows ──


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def codes_that_are_numbers_are_lost() -> None:
    """A code that is no text is taken for a missing one.

    - code=fields.get("code") or "HTTP_ERROR",
    + code=fields["code"] if isinstance(fields.get("code"), str) and fields["code"] else "HTTP_ERROR",
    """


@DEFECTS.add("error_mapper.py", "transport.errors-carry-the-answer")
def long_messages_are_cut() -> None:
    """Of a message, the first 500 characters are kept.

    - message=fields.get("message") or "Request failed",
    + message=(fields.get("message") or "Request failed")[:500],
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", "transport.map-error-returns")
def gone_is_not_found() -> None:
    """A 410 raises NotFoundError.

    - 404: NotFoundError,
    + 404: NotFoundError,
    + 410: NotFoundError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status", "transport.map-error-returns")
def too_early_is_a_rate_limit() -> None:
    """A 425 raises RateLimitError.

    - 429: RateLimitError,
    + 429: RateLimitError,
    + 425: RateLimitError,
    """


@DEFECTS.add("error_mapper.py", "transport.errors-follow-the-status")
def the_code_decides() -> None:
    """The code in the body decides on the class, and not the status.

    - error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    + error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    + if "AUTH" in str(fields.get("code")):
    +     error_type = AuthError
    + if fields.get("code") == "NOT_FOUND":
    +     error_type = NotFoundError
    """


@DEFECTS.add("http_client.py", "transport.callers-headers-are-sent")
def accept_by_its_spelling() -> None:
    """Accept is the SDK's own, unless the caller writes it just so.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {
    +     **{name: value for name, value in (headers or {}).items() if name == "Accept" or name.lower() != "accept"},
    +     TRACE_HEADER: trace.ensure(),
    + }
    + sent_headers.setdefault("Accept", "application/json")
    """


@DEFECTS.add("http_client.py", "transport.callers-trace-id-is-overwritten")
def trace_id_by_its_spelling() -> None:
    """A caller's own trace id is sent where it is written in another way than the SDK's.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + sent_headers = {"Accept": "application/json", TRACE_HEADER: trace.ensure(), **(headers or {})}
    + sent_headers[TRACE_HEADER] = trace.ensure()
    """


@DEFECTS.add("clients/base.py", "transport.callers-headers-beat-identity")
def identity_by_its_spelling() -> None:
    """A caller's header stands over the identity only where it is written as the SDK does.

    - headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
    + own = kwargs.pop("headers", None) or {}
    + headers = {**own, **{name: value for name, value in self._identity_headers().items() if name not in own}}
    """


@DEFECTS.add("transport.py", "transport.query-arrives")
def queries_in_latin_1() -> None:
    """A query is written in Latin-1, with a question mark for what it lacks.

    - added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    + pairs = [(name, value) for name, value in pairs if value is not None]
    + added = urlencode(pairs, doseq=True, encoding="latin-1", errors="replace").encode()
    """


@DEFECTS.add("transport.py", "transport.body-is-json")
def empty_bodies_are_none() -> None:
    """A body that is empty, zero or false is not sent.

    - json=json_body,
    + json=json_body or None,
    """


# ── reports ──


@DEFECTS.add("clients/reports_client.py", "transport.report-errors-are-told-apart")
def dates_are_not_told_apart() -> None:
    """A report that is refused for its dates keeps the code of the service.

    - raise _renamed(cause, ValidationError, "REPORT_INVALID_DATE_RANGE") from cause
    + raise
    """


@DEFECTS.add("clients/reports_client.py", "transport.report-errors-are-told-apart")
def scope_across_tenants_is_forgotten() -> None:
    """A report of another tenant keeps the code of the service.

    - OUT_OF_SCOPE = frozenset({"PERMISSION_DENIED", "STORE_SCOPE_MISMATCH", "CROSS_TENANT_ACCESS_DENIED"})
    + OUT_OF_SCOPE = frozenset({"PERMISSION_DENIED", "STORE_SCOPE_MISMATCH"})
    """


@DEFECTS.add("clients/reports_client.py", "transport.report-errors-are-told-apart")
def every_refusal_is_of_scope() -> None:
    """Each 403 of a report is told as one of scope.

    - if cause.code not in OUT_OF_SCOPE:
    + if not cause.code:
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("transport")


@STAND_INS.has("exceptions.py", id="errors.cannot-be-pickled")
def cannot_be_pickled() -> None:
    """
    - super().__init__(
    -     self.code, self.message, self.details, self.trace_id, self.status_code, self.raw_payload
    - )
    + super().__init__(self.message)
    """


@STAND_INS.has("exceptions.py", id="errors.cannot-be-hashed")
def cannot_be_hashed() -> None:
    """
    - @dataclass(eq=False)  # an exception is itself, not its text: it stays hashable
    + @dataclass  # an exception is itself, not its text: it stays hashable
    """


@STAND_INS.has("exceptions.py", id="errors.have-no-args")
def have_no_args() -> None:
    """
    - super().__init__(
    -     self.code, self.message, self.details, self.trace_id, self.status_code, self.raw_payload
    - )
    + self.args = ()
    """


@STAND_INS.has("http_client.py", id="errors.bad-success-body-leaks")
def bad_success_body_leaks() -> None:
    """
    - except ValueError as cause:
    + except ZeroDivisionError as cause:
    """


@STAND_INS.has("error_mapper.py", id="errors.odd-error-body-leaks")
def odd_error_body_leaks() -> None:
    """
    - fields = payload if isinstance(payload, Mapping) else {}
    + fields = payload or {}
    """


@STAND_INS.lacks("http_client.py", id="errors.bare-redirect-counts-as-success")
def bare_redirect_counts_as_success() -> None:
    """
    - if response.status_code >= 400:
    + if response.status_code >= 300:
    """


@STAND_INS.lacks("http_client.py", id="requests.rate-limits-end-the-call")
def rate_limits_end_the_call() -> None:
    """
    - if response.status_code < 500 or last:
    + if (response.status_code < 500 and response.status_code != 429) or last:
    """


@STAND_INS.lacks("http_client.py", id="requests.hopeless-addresses-are-retried")
def hopeless_addresses_are_retried() -> None:
    """
    - except TransportError:
    -     if last:
    + except TransportError as failure:
    +     if last or "UnsupportedProtocol" in str(failure.details):
    """


@STAND_INS.has("http_client.py", id="requests.absolute-url-takes-the-token-along")
def absolute_url_takes_the_token_along() -> None:
    """
    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + return urljoin(f"{self.config.api_base_url.rstrip('/')}/", path.lstrip('/'))
    """


@STAND_INS.lacks("transport.py", id="requests.redirects-take-the-identity-along")
def redirects_take_the_identity_along() -> None:
    """
    - follow_redirects=True,
    + follow_redirects=False,
    """


@STAND_INS.lacks("transport.py", id="requests.environment-proxies-apply")
def environment_proxies_apply() -> None:
    """
    - return Session(verify=_tls(config.verify_ssl), limits=pool)
    + return Session(verify=_tls(config.verify_ssl), limits=pool, trust_env=False)
    """


@STAND_INS.has("transport.py", id="requests.netrc-replaces-the-token")
def netrc_replaces_the_token() -> None:
    """
      json=json_body,
    + auth=httpx.NetRCAuth(__import__("os").environ.get("NETRC")),
    """


@STAND_INS.lacks("tracing.py", id="requests.service-sets-the-trace-id")
def service_sets_the_trace_id() -> None:
    """
    - if name.lower() == TRACE_HEADER.lower() and value:
    + if name.lower() == TRACE_HEADER.lower() and value and len(value) <= 200:
    """


@DEFECTS.add("clients/reports_client.py", "transport.report-errors-are-told-apart")
def any_refused_report_is_a_wrong_range() -> None:
    """A refusal of a report that gives no code is called a wrong range of dates.

    - if cause.code != "VALIDATION_ERROR":
    + if cause.code not in ("VALIDATION_ERROR", "HTTP_ERROR"):
    """
