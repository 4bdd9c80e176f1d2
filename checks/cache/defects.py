"""Changes to the reference SDK that break what it promises about its cache of GETs, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("cache")


# ── what it is for, and how long ──


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def never_a_hit() -> None:
    """The cache is written and never read.

    - if time.monotonic() < expires_at:
    + if time.monotonic() < expires_at - self.cache_ttl_seconds:
    """


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def only_200_is_stored() -> None:
    """An answer is stored only where its status is 200.

    - if caching and response.content:
    + if caching and response.content and response.status_code == 200:
    """


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def no_store_is_obeyed() -> None:
    """An answer whose Cache-Control says no-store is not stored.

    - if caching and response.content:
    + if caching and response.content and "no-store" not in response.headers.get("Cache-Control", ""):
    """


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def redirected_answers_are_not_stored() -> None:
    """An answer that a redirect led to is not stored.

    - if caching and response.content:
    + if caching and response.content and not response.history:
    """


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def answers_of_a_context_are_not_stored() -> None:
    """The answer of a request with a context is not stored.

    - if caching and response.content:
    + if caching and response.content and context_key is None:
    """


@DEFECTS.add("http_client.py", "cache.repeats-are-served")
def hooked_answers_are_not_stored() -> None:
    """A GET with a response_hook passes the cache by.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and self.enable_get_cache and use_get_cache and response_hook is None
    """


@DEFECTS.add("http_client.py", "cache.empty-lists-are-answers")
def empty_lists_are_no_hits() -> None:
    """A cached answer counts only if there is something in it.

    - if caching and (cached := self._read_cache(key)) is not None:
    + if caching and (cached := self._read_cache(key)):
    """


@DEFECTS.add("http_client.py", "cache.hits-are-noted")
def hits_are_noted_as_sent() -> None:
    """An answer from the cache is noted as one from the service.

    - self.last_operation = LastOperation(module, operation, "success(cache)")
    + self.last_operation = LastOperation(module, operation, "success")
    """


@DEFECTS.add("http_client.py", "cache.hits-are-noted")
def hits_are_not_noted() -> None:
    """An answer from the cache is not noted.

    - self.last_operation = LastOperation(module, operation, "success(cache)")
    """


@DEFECTS.add("http_client.py", "cache.hits-call-no-response-hook")
def hits_call_after_response() -> None:
    """after_response is called for an answer from the cache.

      self.last_operation = LastOperation(module, operation, "success(cache)")
    + if self.after_response:
    +     self.after_response(None)
    """


@DEFECTS.add("http_client.py", "cache.hits-call-no-response-hook")
def hits_call_response_hook() -> None:
    """response_hook is called for an answer from the cache.

      self.last_operation = LastOperation(module, operation, "success(cache)")
    + if response_hook:
    +     response_hook(None)
    """


@DEFECTS.add("http_client.py", "cache.hits-call-before-request")
def hits_skip_before_request() -> None:
    """before_request is left out where an answer is cached.

    - if self.before_request:
    + if self.before_request and self._read_cache(_cache_key(url, params, sent_headers)) is None:
    """


@DEFECTS.add("http_client.py", "cache.hits-skip-the-context")
def context_comes_first() -> None:
    """The context is checked before the cache is asked.

      key = _cache_key(url, params, sent_headers)
    + self._check_context(context_key, context_version, trace)
    """


@DEFECTS.add("http_client.py", "cache.entries-expire", "cache.holds-in-any-order")
def entries_live_twice_as_long() -> None:
    """Answers live twice their lifetime.

    - self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + self._cache[key] = (time.monotonic() + 2 * self.cache_ttl_seconds, payload)
    """


@DEFECTS.add("http_client.py", "cache.entries-expire")
def lifetime_of_the_class() -> None:
    """The lifetime is the class's own, whatever a client was given.

    - self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + self._cache[key] = (time.monotonic() + type(self).cache_ttl_seconds, payload)
    """


@DEFECTS.add("http_client.py", "cache.entries-expire")
def zero_means_for_ever() -> None:
    """A lifetime of zero means that answers never expire.

    - self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + self._cache[key] = (time.monotonic() + (self.cache_ttl_seconds or 1e9), payload)
    """


@DEFECTS.add("http_client.py", "cache.hits-do-not-prolong")
def hits_prolong() -> None:
    """An answer that is served begins its lifetime anew.

      if time.monotonic() < expires_at:
    +     self._write_cache(key, payload)
    """


@DEFECTS.add("http_client.py", "cache.hits-do-not-prolong")
def last_hit_never_expires() -> None:
    """What was served last is served again, however old it is.

    - if time.monotonic() < expires_at:
    + if time.monotonic() < expires_at or vars(self).get("_last") == key:
    +     self._last = key
    """


@DEFECTS.add("http_client.py", "cache.lifetime-is-set-when-stored")
def lifetime_is_read_late() -> None:
    """An answer is as old as it may be by the lifetime that is set now.

    -     if time.monotonic() < expires_at:
    +     if time.monotonic() < expires_at + self.cache_ttl_seconds:
              return payload
          self._cache.pop(key, None)
          return None

      def _write_cache(self, key: str, payload: Any) -> None:
    -     self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    +     self._cache[key] = (time.monotonic(), payload)
    """


@DEFECTS.add("http_client.py", "cache.lasts-three-seconds-by-default")
def lasts_thirty_seconds() -> None:
    """An answer lives thirty seconds unless told otherwise.

    - cache_ttl_seconds: float = 3.0
    + cache_ttl_seconds: float = 30.0
    """


@DEFECTS.add("http_client.py", "cache.no-stale-answer-on-error")
def stale_if_error() -> None:
    """An expired answer is served while the service fails.

    + stale = self._cache.get(key) if caching else None
      if caching and (cached := self._read_cache(key)) is not None:
          self.last_operation = LastOperation(module, operation, "success(cache)")
          return cached

      may_retry = method in ("GET", "HEAD") or retry_mutation
      self._check_context(context_key, context_version, trace)
      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + if stale is not None and response.status_code >= 500:
    +     return stale[1]
    """


@DEFECTS.add("http_client.py", "cache.lifetime-is-set-when-stored")
def lifetime_as_it_was_built() -> None:
    """The lifetime is that of the moment at which the client was built.

    - self._cache = {} if self._cache is None else self._cache
    + self._cache = {} if self._cache is None else self._cache
    + built_s = self.cache_ttl_seconds
    + self._write_cache = lambda key, payload: self._cache.update({key: (time.monotonic() + built_s, payload)})
    """


# ── what is kept apart ──


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key", "cache.holds-in-any-order")
def key_without_query() -> None:
    """The cache is keyed without the query.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_names_of_the_query() -> None:
    """The cache is keyed by the names in the query alone.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, sorted(params or ()), identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_values_of_the_query() -> None:
    """The cache is keyed by the values in the query alone.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, [*(params or {}).values()], identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_truths_as_numbers() -> None:
    """In the key, true is one, and false is zero.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + if isinstance(params, dict):
    +     params = {name: int(value) if isinstance(value, bool) else value for name, value in params.items()}
    + return json.dumps([url, params, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_values_as_text() -> None:
    """In the key, each value of a query is a text, None too.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + if isinstance(params, dict):
    +     params = {name: str(value) for name, value in params.items()}
    + return json.dumps([url, params, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_the_last_of_a_name() -> None:
    """Of a name that a query holds twice, the key has the last value.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + pairs = dict(params) if isinstance(params, (list, tuple)) else params
    + return json.dumps([url, pairs, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.lifetime-ends-on-time")
def lifetime_includes_its_end() -> None:
    """An answer is served at the very end of its lifetime too.

    - if time.monotonic() < expires_at:
    + if time.monotonic() <= expires_at:
    """


@DEFECTS.add("http_client.py", "cache.none-is-pushed-out")
def oldest_is_pushed_out() -> None:
    """The cache holds 128 answers, and drops the oldest.

    - self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + while len(self._cache) > 128:
    +     self._cache.pop(next(iter(self._cache)))
    """


@DEFECTS.add("http_client.py", "cache.none-is-pushed-out")
def full_cache_is_emptied() -> None:
    """A cache that holds a thousand answers is emptied.

    - self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + if len(self._cache) >= 1000:
    +     self._cache.clear()
    + self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_one_parameter() -> None:
    """The cache is keyed by the first parameter of the query alone.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, [*(params or {}).items()][:1], identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def key_with_loose_query() -> None:
    """The query goes into the key without being escaped.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps(
    +     [url, "&".join(f"{n}={v}" for n, v in (params or {}).items()), identity], default=str, sort_keys=True
    + )
    """


@DEFECTS.add(
    "http_client.py",
    "cache.query-is-part-of-the-key",
    "cache.path-is-part-of-the-key",
    "cache.identities-are-kept-apart",
)
def key_in_small_letters() -> None:
    """The key is made of small letters.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, params, identity], default=str, sort_keys=True).lower()
    """


@DEFECTS.add("http_client.py", "cache.path-is-part-of-the-key", "cache.holds-in-any-order")
def key_without_last_segment() -> None:
    """The cache is keyed without the last segment of the path.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url.rpartition("/")[0], params, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.path-is-part-of-the-key")
def key_without_query_in_path() -> None:
    """What stands behind a question mark in the path is not in the key.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url.partition("?")[0], params, identity], default=str, sort_keys=True)
    """


@DEFECTS.add("http_client.py", "cache.path-is-part-of-the-key")
def key_without_base() -> None:
    """The cache is keyed by the path, without the base address.

    - key = _cache_key(url, params, sent_headers)
    + key = _cache_key(path, params, sent_headers)
    """


@DEFECTS.add(
    "http_client.py", "cache.identities-are-kept-apart", "cache.identity-from-a-hook", "cache.holds-in-any-order"
)
def key_without_token() -> None:
    """The cache is keyed without the token.

    - IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    + IDENTITY_HEADERS = ("X-Tenant-ID", "X-App-ID", "X-Device-ID")
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart", "cache.identity-from-a-hook")
def key_without_device() -> None:
    """The cache is keyed without the device.

    - IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    + IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID")
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart", "cache.identity-from-a-hook")
def key_without_tenant() -> None:
    """The cache is keyed without the tenant.

    - IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    + IDENTITY_HEADERS = ("Authorization", "X-App-ID", "X-Device-ID")
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_with_short_tokens() -> None:
    """The cache is keyed by the first 64 letters of each header.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = {name: headers[name][:64] for name in IDENTITY_HEADERS if name in headers}
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_with_ends_of_tokens() -> None:
    """The cache is keyed by the last 32 letters of each header.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = {name: headers[name][-32:] for name in IDENTITY_HEADERS if name in headers}
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_with_nameless_identity() -> None:
    """The cache is keyed by what the identity headers say, in any order.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = sorted(headers[name] for name in IDENTITY_HEADERS if name in headers)
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_with_joined_identity() -> None:
    """The cache is keyed by what the identity headers say, one after another.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = "".join(headers.get(name, "") for name in IDENTITY_HEADERS)
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_with_first_header() -> None:
    """The cache is keyed by the first identity header that is there.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = [(name, headers[name]) for name in IDENTITY_HEADERS if name in headers][:1]
    """


@DEFECTS.add("http_client.py", "cache.identity-from-a-hook")
def key_before_the_hook() -> None:
    """The key does not know what before_request adds.

    - key = _cache_key(url, params, sent_headers)
    + key = _cache_key(url, params, headers or {})
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def key_loses_identity_after_switch() -> None:
    """Once a context was switched, the cache is keyed without identity.

    - key = _cache_key(url, params, sent_headers)
    + key = _cache_key(url, params, {} if self._context_versions else sent_headers)
    """


@DEFECTS.add("http_client.py", "cache.clients-are-kept-apart", "cache.holds-in-any-order")
def one_cache_for_all() -> None:
    """All clients of a process share one cache.

    - self._cache = {} if self._cache is None else self._cache
    + self._cache = vars(type(self)).get('_shared') or {}
    + HttpClient._shared = self._cache
    """


@DEFECTS.add("http_client.py", "cache.clients-are-kept-apart")
def clear_empties_all_clients() -> None:
    """All clients of a process share one cache, each with keys of its own.

    - self._cache = {} if self._cache is None else self._cache
    + self._cache = vars(HttpClient).get('_shared')
    + if self._cache is None:
    +     self._cache = HttpClient._shared = {}
    + self._read_cache = lambda key, read=self._read_cache: read(f'{id(self)} {key}')
    + self._write_cache = lambda key, payload, write=self._write_cache: write(f'{id(self)} {key}', payload)
    """


# ── what is never stored ──


@DEFECTS.add("http_client.py", "cache.errors-are-not-stored", "cache.null-is-never-served")
def empty_answers_stored() -> None:
    """An empty answer is stored, as an empty object.

    - if caching and response.content:
    -     self._write_cache(key, payload)
    + if caching:
    +     self._write_cache(key, payload or {})
    """


@DEFECTS.add("http_client.py", "cache.null-is-never-served")
def null_stored_as_object() -> None:
    """An answer of null is stored as an empty object.

    - self._write_cache(key, payload)
    + self._write_cache(key, {} if payload is None else payload)
    """


@DEFECTS.add("http_client.py", "cache.only-gets")
def posts_cached() -> None:
    """A POST is cached like a GET.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method in ("GET", "POST") and self.enable_get_cache and use_get_cache
    """


@DEFECTS.add("http_client.py", "cache.only-gets")
def all_but_posts_cached() -> None:
    """Whatever is no POST is cached.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method != "POST" and self.enable_get_cache and use_get_cache
    """


@DEFECTS.add("http_client.py", "cache.only-gets")
def heads_answered_from_cache() -> None:
    """A HEAD is answered with what a GET had stored.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method in ("GET", "HEAD") and self.enable_get_cache and use_get_cache
    """


@DEFECTS.add("http_client.py", "cache.outdated-answers-are-not-stored")
def outdated_answers_stored() -> None:
    """An answer is stored before it is known whether its context still holds.

      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + if caching and response.status_code < 400 and response.content:
    +     self._write_cache(key, _decode(response, trace))
    """


# ── how it is passed by ──


@DEFECTS.add(
    "http_client.py",
    "cache.bypass-per-request",
    "polling.fresh-status",
    "cache.failed-bypass-touches-nothing",
    "cache.holds-in-any-order",
)
def bypass_reads() -> None:
    """A bypass still reads the cache.

    - if caching and (cached := self._read_cache(key)) is not None:
    + if method == "GET" and self.enable_get_cache and (cached := self._read_cache(key)) is not None:
    """


@DEFECTS.add(
    "http_client.py",
    "cache.bypass-per-request",
    "polling.leaves-cache-entries-alone",
    "cache.holds-in-any-order",
    "polling.fresh-in-any-order",
)
def bypass_writes() -> None:
    """A bypass still writes its answer into the cache.

    - if caching and response.content:
    + if method == "GET" and self.enable_get_cache and response.content:
    """


@DEFECTS.add("http_client.py", "cache.bypass-per-request", "polling.leaves-cache-entries-alone")
def bypass_removes() -> None:
    """A bypass removes the cached answer.

    + if not use_get_cache:
    +     self._cache.pop(key, None)
      if caching and response.content:
    """


@DEFECTS.add("http_client.py", "cache.bypass-per-request", "cache.holds-in-any-order")
def bypass_prolongs() -> None:
    """A bypass begins the lifetime of the cached answer anew.

    + if not use_get_cache and key in self._cache:
    +     self._write_cache(key, self._cache[key][1])
      if caching and response.content:
    """


@DEFECTS.add(
    "http_client.py", "cache.bypass-per-request", "polling.leaves-cache-entries-alone", "cache.holds-in-any-order"
)
def bypass_refreshes() -> None:
    """A bypass replaces an answer that is cached, and stores none otherwise.

    - if caching and response.content:
    + if response.content and (caching or (method == "GET" and key in self._cache)):
    """


@DEFECTS.add("http_client.py", "cache.holds-in-any-order")
def bypass_replaces_the_expired() -> None:
    """A bypass stores its answer where an old one has just expired.

    - if caching and response.content:
    + entry = self._cache.get(key)
    + expired = method == "GET" and entry is not None and time.monotonic() >= entry[0]
    + if (caching or expired) and response.content:
    """


@DEFECTS.add("http_client.py", "cache.bypass-per-request")
def bypass_after_an_error_writes() -> None:
    """A bypass that follows an error stores its answer.

    - if caching and response.content:
    + failed = self.last_operation is not None and self.last_operation.result == "error"
    + if response.content and (caching or (failed and method == "GET")):
    """


@DEFECTS.add("http_client.py", "cache.bypass-per-request")
def bypass_writes_while_off() -> None:
    """A bypass stores its answer while the cache is switched off.

    - if caching and response.content:
    + off = not (self.enable_get_cache or use_get_cache)
    + if response.content and (caching or (off and method == "GET")):
    """


@DEFECTS.add(
    "clients/exports_client.py",
    "cache.bypass-per-request",
    "polling.fresh-status",
    "cache.holds-in-any-order",
    "polling.fresh-in-any-order",
)
def status_bypass_ignored() -> None:
    """The status request does not pass the bypass on.

    - answer = self._request(
    -     "GET",
    -     _path(export_id),
    -     use_get_cache=use_get_cache,
    -     module="exports",
    -     operation="get_export_status",
    - )
    + answer = self._request("GET", _path(export_id), module="exports", operation="get_export_status")
    """


@DEFECTS.add("http_client.py", "cache.failed-bypass-touches-nothing", "polling.leaves-cache-entries-alone")
def failed_bypass_removes() -> None:
    """A GET that is answered with an error removes the cached answer.

      except ApiError:
    +     if method == "GET":
    +         self._cache.pop(key, None)
    """


@DEFECTS.add("http_client.py", "cache.failed-bypass-touches-nothing")
def failed_bypass_falls_back() -> None:
    """A bypass that meets a failure is answered from the cache.

      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + if method == "GET" and response.status_code >= 500 and key in self._cache:
    +     return self._cache[key][1]
    """


@DEFECTS.add("clients/exports_client.py", "polling.leaves-cache-entries-alone")
def lost_poll_empties() -> None:
    """A wait whose first poll finds no export empties the cache.

      if status is None:
    +     self.http.clear_cache()
    """


@DEFECTS.add(
    "clients/exports_client.py",
    "polling.fresh-status",
    "polling.leaves-cache-entries-alone",
    "polling.fresh-in-any-order",
)
def wait_begins_in_the_cache() -> None:
    """The first poll of a wait may be answered from the cache.

    - status = self.get_export_status(export_id, use_get_cache=False)
    + status = self.get_export_status(export_id, use_get_cache=attempt == 0)
    """


@DEFECTS.add("http_client.py", "cache.switch-is-honoured", "cache.holds-in-any-order")
def switch_ignored() -> None:
    """The client's cache switch is ignored.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and use_get_cache
    """


@DEFECTS.add("http_client.py", "cache.switch-is-honoured", "cache.holds-in-any-order")
def switch_read_once() -> None:
    """The cache switch is read at the first request alone.

    - caching = method == "GET" and self.enable_get_cache and use_get_cache
    + caching = method == "GET" and vars(self).setdefault("_on", self.enable_get_cache) and use_get_cache
    """


@DEFECTS.add("http_client.py", "cache.switch-is-honoured", "cache.holds-in-any-order")
def off_still_writes() -> None:
    """With the cache switched off, answers are still stored.

    - if caching and response.content:
    + if method == "GET" and use_get_cache and response.content:
    """


@DEFECTS.add("http_client.py", "cache.switch-keeps-what-is-stored")
def off_empties() -> None:
    """A GET with the cache switched off empties it.

    + if not self.enable_get_cache:
    +     self.clear_cache()
      if caching and response.content:
    """


# ── how it is emptied ──


@DEFECTS.add("http_client.py", "cache.invalidation-by-path", "cache.holds-in-any-order")
def invalidation_by_whole_key() -> None:
    """Invalidation wants the whole key, and so removes nothing.

    - if any(path in key for path in wanted):
    + if any(path == key for path in wanted):
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_by_end() -> None:
    """Invalidation removes only what ends in the path that is named.

    - if any(path in key for path in wanted):
    + if any(json.loads(key)[0].endswith(path) for path in wanted):
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_of_the_first() -> None:
    """Of the paths that a mutation names, the first is removed.

    - wanted = tuple(paths)
    + wanted = tuple(paths)[:1]
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path", "cache.holds-in-any-order")
def invalidation_of_the_anonymous() -> None:
    """What is cached for an identity outlives an invalidation.

    - if any(path in key for path in wanted):
    + if any(path in key for path in wanted) and not json.loads(key)[2]:
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_without_queries() -> None:
    """What is cached for a query outlives an invalidation.

    - if any(path in key for path in wanted):
    + if any(path in key for path in wanted) and not json.loads(key)[1]:
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_by_posts() -> None:
    """Only a POST invalidates.

    - if method != "GET" or not response.content:
    + if method == "POST":
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_needs_a_body() -> None:
    """A mutation that is answered with nothing invalidates nothing.

    - if method != "GET" or not response.content:
    + if method != "GET" and response.content:
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_by_pattern() -> None:
    """The paths that a mutation names are taken for regular expressions.

    - if any(path in key for path in wanted):
    + if any(__import__("re").search(path, key) for path in wanted):
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_of_everything() -> None:
    """A mutation that names a path empties the cache.

    - if any(path in key for path in wanted):
    + if wanted:
    """


@DEFECTS.add("http_client.py", "cache.plain-mutations-invalidate-nothing")
def posts_invalidate_their_path() -> None:
    """A mutation that names no path removes its own.

    - self._invalidate(invalidate_paths or ())
    + self._invalidate(invalidate_paths or (path,))
    """


@DEFECTS.add("http_client.py", "cache.plain-mutations-invalidate-nothing")
def posts_invalidate_all() -> None:
    """A mutation that names no path empties the cache.

    - if any(path in key for path in wanted):
    + if not wanted or any(path in key for path in wanted):
    """


@DEFECTS.add("http_client.py", "cache.failed-mutations-invalidate-nothing")
def failures_invalidate() -> None:
    """A mutation invalidates before it is known whether it succeeded.

    + if method != "GET":
    +     self._invalidate(invalidate_paths or ())
      try:
          payload = _decode(response, trace)
    """


@DEFECTS.add("http_client.py", "cache.failed-mutations-invalidate-nothing")
def lost_mutations_invalidate() -> None:
    """A mutation invalidates before it is sent.

    + if method != "GET":
    +     self._invalidate(invalidate_paths or ())
      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    """


@DEFECTS.add("http_client.py", "cache.gets-invalidate-nothing")
def gets_invalidate() -> None:
    """A GET that names a path invalidates it.

    - if method != "GET" or not response.content:
    + if invalidate_paths:
    """


@DEFECTS.add("http_client.py", "cache.gets-invalidate-nothing")
def null_is_an_empty_answer() -> None:
    """A GET that is answered null invalidates the paths that it names.

    - if method != "GET" or not response.content:
    + if method != "GET" or payload is None:
    """


@DEFECTS.add("http_client.py", "cache.clear-empties-it", "cache.switch-context-empties-it", "cache.holds-in-any-order")
def clear_forgets_to() -> None:
    """clear_cache replaces the cache by a copy of itself.

    - self._cache.clear()
    + self._cache = dict(self._cache)
    """


@DEFECTS.add("http_client.py", "cache.clear-empties-it", "cache.switch-context-empties-it", "cache.holds-in-any-order")
def clear_keeps_identities() -> None:
    """clear_cache leaves what is cached for an identity.

    - self._cache.clear()
    + for key in [key for key in self._cache if not json.loads(key)[2]]:
    +     del self._cache[key]
    """


@DEFECTS.add("http_client.py", "cache.switch-context-empties-it")
def switch_context_keeps_answers() -> None:
    """A switch of the context leaves the cache as it is.

    - self.clear_cache()
    """


@DEFECTS.add("http_client.py", "cache.switch-context-empties-it")
def first_switch_keeps_answers() -> None:
    """The first switch of a context leaves the cache as it is.

    - self.clear_cache()
    + if self._context_versions[key] > 1:
    +     self.clear_cache()
    """


@DEFECTS.add("http_client.py", "cache.holds-in-any-order")
def second_clear_forgets_to() -> None:
    """clear_cache empties the cache once.

    - self._cache.clear()
    + if not vars(self).setdefault("_cleared", False):
    +     self._cache.clear()
    + self._cleared = True
    """


@DEFECTS.add(
    "http_client.py", "transport.identity-is-sent", "transport.context-versions-count", "cache.holds-in-any-order"
)
def lock_that_is_never_given_back() -> None:
    """The second time that a client's cache is emptied, the call never returns.

    - self._cache.clear()
    + vars(self).setdefault("_emptying", __import__("threading").Lock()).acquire()
    + self._cache.clear()
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def bypass_invalidates_nothing() -> None:
    """A GET past the cache that is answered nothing takes no entry away.

    - if method != "GET" or not response.content:
    + if method != "GET" or (caching and not response.content):
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_without_case() -> None:
    """A path takes away the entries of the same path in other capitals.

    - if any(path in key for path in wanted):
    + if any(path.lower() in key.lower() for path in wanted):
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def options_invalidate_nothing() -> None:
    """Only the methods that usually change something take entries away.

    - if method != "GET" or not response.content:
    + if method in ("POST", "PUT", "PATCH", "DELETE") or not response.content:
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def invalidation_without_query() -> None:
    """A path with a query takes away the entries of every query.

    - wanted = tuple(paths)
    + wanted = tuple(path.partition("?")[0] for path in paths)
    """


# ── what only odd data shows ──


@DEFECTS.add("http_client.py", "cache.empty-lists-are-answers")
def zeros_are_no_answers() -> None:
    """An answer of zero, false or an empty text is not stored.

    - if caching and response.content:
    + if caching and response.content and (payload or isinstance(payload, (list, dict))):
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def queries_are_normalised() -> None:
    """Letters and their accents are put together in the key, so that two queries share an answer.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + import unicodedata
    + return unicodedata.normalize(
    +     "NFC", json.dumps([url, params, identity], default=str, sort_keys=True, ensure_ascii=False)
    + )
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key", "cache.path-is-part-of-the-key")
def long_keys_are_cut() -> None:
    """Of a long key, the first 2,048 letters are compared.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([identity, url, params], default=str, sort_keys=True)[:2048]
    """


@DEFECTS.add("http_client.py", "cache.query-is-part-of-the-key")
def keys_in_ascii() -> None:
    """What is not ASCII is dropped from the key.

    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + text = json.dumps([url, params, identity], default=str, sort_keys=True, ensure_ascii=False)
    + return text.encode("ascii", "ignore").decode()
    """


@DEFECTS.add("http_client.py", "cache.identities-are-kept-apart")
def tenants_in_small_letters() -> None:
    """Tenants that differ in capitals share an answer.

    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + if "X-Tenant-ID" in identity:
    +     identity["X-Tenant-ID"] = identity["X-Tenant-ID"].lower()
    """


@DEFECTS.add("http_client.py", "cache.invalidation-by-path")
def empty_gets_invalidate_nothing() -> None:
    """A GET that is answered nothing leaves the paths that it names in the cache.

    - if method != "GET" or not response.content:
    + if method != "GET":
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("cache")


@STAND_INS.lacks("http_client.py")
def hits_share_one_object() -> None:
    """
    -         return payload
    +         return copy.deepcopy(payload)
          self._cache.pop(key, None)
          return None

      def _write_cache(self, key: str, payload: Any) -> None:
    -     self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    +     self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, copy.deepcopy(payload))
    """


@STAND_INS.lacks("http_client.py")
def header_case_mixes_identities() -> None:
    """
    - identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    + identity = {name.lower(): value for name, value in headers.items()
    +             if name.lower() in map(str.lower, IDENTITY_HEADERS)}
    """


@STAND_INS.lacks("http_client.py")
def other_headers_are_ignored() -> None:
    """
    - IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    + IDENTITY_HEADERS = ("Accept", "Accept-Language", "Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    """


@STAND_INS.lacks("http_client.py")
def expired_answers_stay() -> None:
    """
      self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
    + now = time.monotonic()
    + for old in [old for old, (expires_at, _) in self._cache.items() if expires_at <= now]:
    +     self._cache.pop(old, None)
    """


@STAND_INS.has("http_client.py")
def odd_queries_are_refused() -> None:
    """
    - return json.dumps([url, params, identity], default=str, sort_keys=True)
    + return json.dumps([url, params, identity], sort_keys=True)
    """


@STAND_INS.has("http_client.py")
def invalidation_races() -> None:
    """
    - for key in list(self._cache):  # a copy, since another thread may write meanwhile
    -     if any(path in key for path in wanted):
    + for key in [key for key in self._cache if any(path in key for path in wanted)]:
    +     if True:
    """


@STAND_INS.lacks("http_client.py")
def invalidation_takes_neighbours() -> None:
    """
    - if any(path in key for path in wanted):
    + if any(f'{path}{end}' in key for path in wanted for end in '"/?'):
    """


@STAND_INS.lacks("http_client.py")
def late_answers_outlive_a_clear() -> None:
    """
    + mark = self._cache.setdefault('', (0.0, object()))
      response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + caching = caching and self._cache.get('') is mark
    """
