"""Which small changes to the SDK break what it promises: cache?"""

from __future__ import annotations

from checks.proving.seeded.defect import EXPORTS, HTTP, Defect, StandIn

_CACHING = 'caching = method == "GET" and self.enable_get_cache and use_get_cache'
_ANSWER = "        if caching and (cached := self._read_cache(key)) is not None:\n"
_NOTE = '            self.last_operation = LastOperation(module, operation, "success(cache)")\n'
_STORE = "        if caching and response.content:\n"
_PUT = "            self._write_cache(key, payload)\n"
_SEND = "        response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)\n"
_HIT = "            return payload\n        self._cache.pop(key, None)\n        return None\n"
_WRITE = """
    def _write_cache(self, key: str, payload: Any) -> None:
        self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)
"""
_INVALIDATE = '        if method != "GET":\n            self._invalidate(invalidate_paths or ())\n'
_NAMED = "if any(path in key for path in wanted):"
_KEY = "json.dumps([url, params, identity]"
_IDENTITY = "identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}"

_BYPASS, _ANY_ORDER = "cache.bypass-per-request", "cache.holds-in-any-order"
_WAITS_ANY_ORDER = "polling.fresh-in-any-order"
_APART = "cache.identities-are-kept-apart"

# ── what it is for, and how long ──

_SERVING: tuple[Defect, ...] = (
    Defect(
        "never-a-hit",
        "The cache is written and never read.",
        HTTP,
        "if time.monotonic() < expires_at:",
        "if time.monotonic() < expires_at - self.cache_ttl_seconds:",
        ("cache.repeats-are-served",),
    ),
    Defect(
        "empty-lists-are-no-hits",
        "A cached answer counts only if there is something in it.",
        HTTP,
        _ANSWER,
        "        if caching and (cached := self._read_cache(key)):\n",
        ("cache.empty-lists-are-answers",),
    ),
    Defect(
        "hits-are-noted-as-sent",
        "An answer from the cache is noted as one from the service.",
        HTTP,
        _NOTE,
        _NOTE.replace("success(cache)", "success"),
        ("cache.hits-are-noted",),
    ),
    Defect("hits-are-not-noted", "An answer from the cache is not noted.", HTTP, _NOTE, "", ("cache.hits-are-noted",)),
    Defect(
        "hits-call-after-response",
        "after_response is called for an answer from the cache.",
        HTTP,
        _NOTE,
        _NOTE + "            if self.after_response:\n                self.after_response(None)\n",
        ("cache.hits-call-no-response-hook",),
    ),
    Defect(
        "hits-call-response-hook",
        "response_hook is called for an answer from the cache.",
        HTTP,
        _NOTE,
        _NOTE + "            if response_hook:\n                response_hook(None)\n",
        ("cache.hits-call-no-response-hook",),
    ),
    Defect(
        "hits-skip-before-request",
        "before_request is left out where an answer is cached.",
        HTTP,
        "        if self.before_request:\n",
        "        if self.before_request and self._read_cache(_cache_key(url, params, sent_headers)) is None:\n",
        ("cache.hits-call-before-request",),
    ),
    Defect(
        "context-comes-first",
        "The context is checked before the cache is asked.",
        HTTP,
        _ANSWER,
        "        self._check_context(context_key, context_version, trace)\n" + _ANSWER,
        ("cache.hits-skip-the-context",),
    ),
    Defect(
        "entries-live-twice-as-long",
        "Answers live twice their lifetime.",
        HTTP,
        "time.monotonic() + self.cache_ttl_seconds",
        "time.monotonic() + 2 * self.cache_ttl_seconds",
        ("cache.entries-expire", _ANY_ORDER),
    ),
    Defect(
        "lifetime-of-the-class",
        "The lifetime is the class's own, whatever a client was given.",
        HTTP,
        "time.monotonic() + self.cache_ttl_seconds",
        "time.monotonic() + type(self).cache_ttl_seconds",
        ("cache.entries-expire",),
    ),
    Defect(
        "zero-means-for-ever",
        "A lifetime of zero means that answers never expire.",
        HTTP,
        "time.monotonic() + self.cache_ttl_seconds",
        "time.monotonic() + (self.cache_ttl_seconds or 1e9)",
        ("cache.entries-expire",),
    ),
    Defect(
        "hits-prolong",
        "An answer that is served begins its lifetime anew.",
        HTTP,
        _HIT,
        "            self._write_cache(key, payload)\n" + _HIT,
        ("cache.hits-do-not-prolong",),
    ),
    Defect(
        "last-hit-never-expires",
        "What was served last is served again, however old it is.",
        HTTP,
        "        if time.monotonic() < expires_at:\n",
        '        if time.monotonic() < expires_at or vars(self).get("_last") == key:\n            self._last = key\n',
        ("cache.hits-do-not-prolong",),
    ),
    Defect(
        "lifetime-is-read-late",
        "An answer is as old as it may be by the lifetime that is set now.",
        HTTP,
        "        if time.monotonic() < expires_at:\n" + _HIT + _WRITE,
        "        if time.monotonic() < expires_at + self.cache_ttl_seconds:\n"
        + _HIT
        + _WRITE.replace("time.monotonic() + self.cache_ttl_seconds", "time.monotonic()"),
        ("cache.lifetime-is-set-when-stored",),
    ),
    Defect(
        "lasts-thirty-seconds",
        "An answer lives thirty seconds unless told otherwise.",
        HTTP,
        "cache_ttl_seconds: float = 3.0",
        "cache_ttl_seconds: float = 30.0",
        ("cache.lasts-three-seconds-by-default",),
    ),
    Defect(
        "stale-if-error",
        "An expired answer is served while the service fails.",
        HTTP,
        _ANSWER + _NOTE + "            return cached\n"
        '\n        may_retry = method in ("GET", "HEAD") or retry_mutation\n'
        "        self._check_context(context_key, context_version, trace)\n" + _SEND,
        "        stale = self._cache.get(key) if caching else None\n" + _ANSWER + _NOTE + "            return cached\n"
        '\n        may_retry = method in ("GET", "HEAD") or retry_mutation\n'
        "        self._check_context(context_key, context_version, trace)\n"
        + _SEND
        + "        if stale is not None and response.status_code >= 500:\n            return stale[1]\n",
        ("cache.no-stale-answer-on-error",),
    ),
)

# ── what is kept apart ──

_KEYS: tuple[Defect, ...] = (
    Defect(
        "key-without-query",
        "The cache is keyed without the query.",
        HTTP,
        _KEY,
        "json.dumps([url, identity]",
        ("cache.query-is-part-of-the-key", _ANY_ORDER),
    ),
    Defect(
        "key-with-names-of-the-query",
        "The cache is keyed by the names in the query alone.",
        HTTP,
        _KEY,
        "json.dumps([url, sorted(params or ()), identity]",
        ("cache.query-is-part-of-the-key",),
    ),
    Defect(
        "key-with-values-of-the-query",
        "The cache is keyed by the values in the query alone.",
        HTTP,
        _KEY,
        "json.dumps([url, [*(params or {}).values()], identity]",
        ("cache.query-is-part-of-the-key",),
    ),
    Defect(
        "key-with-one-parameter",
        "The cache is keyed by the first parameter of the query alone.",
        HTTP,
        _KEY,
        "json.dumps([url, [*(params or {}).items()][:1], identity]",
        ("cache.query-is-part-of-the-key",),
    ),
    Defect(
        "key-with-loose-query",
        "The query goes into the key without being escaped.",
        HTTP,
        _KEY,
        'json.dumps([url, "&".join(f"{n}={v}" for n, v in (params or {}).items()), identity]',
        ("cache.query-is-part-of-the-key",),
    ),
    Defect(
        "key-in-small-letters",
        "The key is made of small letters.",
        HTTP,
        "default=str, sort_keys=True)",
        "default=str, sort_keys=True).lower()",
        ("cache.query-is-part-of-the-key", "cache.path-is-part-of-the-key", _APART),
    ),
    Defect(
        "key-without-last-segment",
        "The cache is keyed without the last segment of the path.",
        HTTP,
        _KEY,
        'json.dumps([url.rpartition("/")[0], params, identity]',
        ("cache.path-is-part-of-the-key", _ANY_ORDER),
    ),
    Defect(
        "key-without-query-in-path",
        "What stands behind a question mark in the path is not in the key.",
        HTTP,
        _KEY,
        'json.dumps([url.partition("?")[0], params, identity]',
        ("cache.path-is-part-of-the-key",),
    ),
    Defect(
        "key-without-base",
        "The cache is keyed by the path, without the base address.",
        HTTP,
        "key = _cache_key(url, params, sent_headers)",
        "key = _cache_key(path, params, sent_headers)",
        ("cache.path-is-part-of-the-key",),
    ),
    Defect(
        "key-without-token",
        "The cache is keyed without the token.",
        HTTP,
        'IDENTITY_HEADERS = ("Authorization", ',
        "IDENTITY_HEADERS = (",
        (_APART, "cache.identity-from-a-hook", _ANY_ORDER),
    ),
    Defect(
        "key-without-device",
        "The cache is keyed without the device.",
        HTTP,
        '"X-App-ID", "X-Device-ID")',
        '"X-App-ID")',
        (_APART, "cache.identity-from-a-hook"),
    ),
    Defect(
        "key-without-tenant",
        "The cache is keyed without the tenant.",
        HTTP,
        '"X-Tenant-ID", "X-App-ID"',
        '"X-App-ID"',
        (_APART, "cache.identity-from-a-hook"),
    ),
    Defect(
        "key-with-short-tokens",
        "The cache is keyed by the first 64 letters of each header.",
        HTTP,
        _IDENTITY,
        _IDENTITY.replace("headers[name] for", "headers[name][:64] for"),
        (_APART,),
    ),
    Defect(
        "key-with-ends-of-tokens",
        "The cache is keyed by the last 32 letters of each header.",
        HTTP,
        _IDENTITY,
        _IDENTITY.replace("headers[name] for", "headers[name][-32:] for"),
        (_APART,),
    ),
    Defect(
        "key-with-nameless-identity",
        "The cache is keyed by what the identity headers say, in any order.",
        HTTP,
        _IDENTITY,
        "identity = sorted(headers[name] for name in IDENTITY_HEADERS if name in headers)",
        (_APART,),
    ),
    Defect(
        "key-with-joined-identity",
        "The cache is keyed by what the identity headers say, one after another.",
        HTTP,
        _IDENTITY,
        'identity = "".join(headers.get(name, "") for name in IDENTITY_HEADERS)',
        (_APART,),
    ),
    Defect(
        "key-with-first-header",
        "The cache is keyed by the first identity header that is there.",
        HTTP,
        _IDENTITY,
        "identity = [(name, headers[name]) for name in IDENTITY_HEADERS if name in headers][:1]",
        (_APART,),
    ),
    Defect(
        "key-before-the-hook",
        "The key does not know what before_request adds.",
        HTTP,
        "key = _cache_key(url, params, sent_headers)",
        "key = _cache_key(url, params, headers or {})",
        ("cache.identity-from-a-hook",),
    ),
    Defect(
        "key-loses-identity-after-switch",
        "Once a context was switched, the cache is keyed without identity.",
        HTTP,
        "key = _cache_key(url, params, sent_headers)",
        "key = _cache_key(url, params, {} if self._context_versions else sent_headers)",
        ("cache.identities-are-kept-apart",),
    ),
    Defect(
        "one-cache-for-all",
        "All clients of a process share one cache.",
        HTTP,
        "self._cache = {} if self._cache is None else self._cache",
        "self._cache = vars(type(self)).get('_shared') or {}\n        HttpClient._shared = self._cache",
        ("cache.clients-are-kept-apart", _ANY_ORDER),
    ),
    Defect(
        "clear-empties-all-clients",
        "All clients of a process share one cache, each with keys of its own.",
        HTTP,
        "self._cache = {} if self._cache is None else self._cache",
        "self._cache = vars(HttpClient).get('_shared')\n"
        "        if self._cache is None:\n            self._cache = HttpClient._shared = {}\n"
        "        self._read_cache = lambda key, read=self._read_cache: read(f'{id(self)} {key}')\n"
        "        self._write_cache = lambda key, payload, write=self._write_cache: write(f'{id(self)} {key}', payload)",
        ("cache.clients-are-kept-apart",),
    ),
)

# ── what is never stored ──

_STORING: tuple[Defect, ...] = (
    Defect(
        "empty-answers-stored",
        "An empty answer is stored, as an empty object.",
        HTTP,
        _STORE + _PUT,
        "        if caching:\n            self._write_cache(key, payload or {})\n",
        ("cache.errors-are-not-stored", "cache.null-is-never-served"),
    ),
    Defect(
        "null-stored-as-object",
        "An answer of null is stored as an empty object.",
        HTTP,
        _PUT,
        "            self._write_cache(key, {} if payload is None else payload)\n",
        ("cache.null-is-never-served",),
    ),
    Defect(
        "posts-cached",
        "A POST is cached like a GET.",
        HTTP,
        _CACHING,
        'caching = method in ("GET", "POST") and self.enable_get_cache and use_get_cache',
        ("cache.only-gets",),
    ),
    Defect(
        "all-but-posts-cached",
        "Whatever is no POST is cached.",
        HTTP,
        _CACHING,
        'caching = method != "POST" and self.enable_get_cache and use_get_cache',
        ("cache.only-gets",),
    ),
    Defect(
        "heads-answered-from-cache",
        "A HEAD is answered with what a GET had stored.",
        HTTP,
        _CACHING,
        'caching = method in ("GET", "HEAD") and self.enable_get_cache and use_get_cache',
        ("cache.only-gets",),
    ),
    Defect(
        "outdated-answers-stored",
        "An answer is stored before it is known whether its context still holds.",
        HTTP,
        "        self._check_context(context_key, context_version, trace)\n        if self.after_response:\n",
        "        if caching and response.status_code < 400 and response.content:\n"
        "            self._write_cache(key, _decode(response, trace))\n"
        "        self._check_context(context_key, context_version, trace)\n        if self.after_response:\n",
        ("cache.outdated-answers-are-not-stored",),
    ),
)

# ── how it is passed by ──

_PASSING: tuple[Defect, ...] = (
    Defect(
        "bypass-reads",
        "A bypass still reads the cache.",
        HTTP,
        _ANSWER,
        '        if method == "GET" and self.enable_get_cache and (cached := self._read_cache(key)) is not None:\n',
        (_BYPASS, "polling.fresh-status", "cache.failed-bypass-touches-nothing", _ANY_ORDER),
    ),
    Defect(
        "bypass-writes",
        "A bypass still writes its answer into the cache.",
        HTTP,
        _STORE,
        '        if method == "GET" and self.enable_get_cache and response.content:\n',
        (_BYPASS, "polling.leaves-cache-entries-alone", _ANY_ORDER, _WAITS_ANY_ORDER),
    ),
    Defect(
        "bypass-removes",
        "A bypass removes the cached answer.",
        HTTP,
        _STORE,
        "        if not use_get_cache:\n            self._cache.pop(key, None)\n" + _STORE,
        (_BYPASS, "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "bypass-prolongs",
        "A bypass begins the lifetime of the cached answer anew.",
        HTTP,
        _STORE,
        "        if not use_get_cache and key in self._cache:\n"
        "            self._write_cache(key, self._cache[key][1])\n" + _STORE,
        (_BYPASS, _ANY_ORDER),
    ),
    Defect(
        "bypass-refreshes",
        "A bypass replaces an answer that is cached, and stores none otherwise.",
        HTTP,
        _STORE,
        '        if response.content and (caching or (method == "GET" and key in self._cache)):\n',
        (_BYPASS, "polling.leaves-cache-entries-alone", _ANY_ORDER),
    ),
    Defect(
        "bypass-replaces-the-expired",
        "A bypass stores its answer where an old one has just expired.",
        HTTP,
        _STORE,
        "        entry = self._cache.get(key)\n"
        '        expired = method == "GET" and entry is not None and time.monotonic() >= entry[0]\n'
        "        if (caching or expired) and response.content:\n",
        (_ANY_ORDER,),
    ),
    Defect(
        "bypass-after-an-error-writes",
        "A bypass that follows an error stores its answer.",
        HTTP,
        _STORE,
        '        failed = self.last_operation is not None and self.last_operation.result == "error"\n'
        '        if response.content and (caching or (failed and method == "GET")):\n',
        (_BYPASS,),
    ),
    Defect(
        "bypass-writes-while-off",
        "A bypass stores its answer while the cache is switched off.",
        HTTP,
        _STORE,
        "        off = not (self.enable_get_cache or use_get_cache)\n"
        '        if response.content and (caching or (off and method == "GET")):\n',
        (_BYPASS,),
    ),
    Defect(
        "status-bypass-ignored",
        "The status request does not pass the bypass on.",
        EXPORTS,
        "            use_get_cache=use_get_cache,\n            module",
        "            module",
        (_BYPASS, "polling.fresh-status", _ANY_ORDER, _WAITS_ANY_ORDER),
    ),
    Defect(
        "failed-bypass-removes",
        "A GET that is answered with an error removes the cached answer.",
        HTTP,
        "        except ApiError:\n",
        '        except ApiError:\n            if method == "GET":\n                self._cache.pop(key, None)\n',
        ("cache.failed-bypass-touches-nothing", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "failed-bypass-falls-back",
        "A bypass that meets a failure is answered from the cache.",
        HTTP,
        _SEND,
        _SEND + '        if method == "GET" and response.status_code >= 500 and key in self._cache:\n'
        "            return self._cache[key][1]\n",
        ("cache.failed-bypass-touches-nothing",),
    ),
    Defect(
        "lost-poll-empties",
        "A wait whose first poll finds no export empties the cache.",
        EXPORTS,
        "                if status is None:\n                    raise\n",
        "                if status is None:\n                    self.http.clear_cache()\n                    raise\n",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "wait-begins-in-the-cache",
        "The first poll of a wait may be answered from the cache.",
        EXPORTS,
        "status = self.get_export_status(export_id, use_get_cache=False)",
        "status = self.get_export_status(export_id, use_get_cache=attempt == 0)",
        ("polling.fresh-status", "polling.leaves-cache-entries-alone", _WAITS_ANY_ORDER),
    ),
    Defect(
        "switch-ignored",
        "The client's cache switch is ignored.",
        HTTP,
        _CACHING,
        'caching = method == "GET" and use_get_cache',
        ("cache.switch-is-honoured", _ANY_ORDER),
    ),
    Defect(
        "switch-read-once",
        "The cache switch is read at the first request alone.",
        HTTP,
        _CACHING,
        'caching = method == "GET" and vars(self).setdefault("_on", self.enable_get_cache) and use_get_cache',
        ("cache.switch-is-honoured", _ANY_ORDER),
    ),
    Defect(
        "off-still-writes",
        "With the cache switched off, answers are still stored.",
        HTTP,
        _STORE,
        '        if method == "GET" and use_get_cache and response.content:\n',
        ("cache.switch-is-honoured", _ANY_ORDER),
    ),
    Defect(
        "off-empties",
        "A GET with the cache switched off empties it.",
        HTTP,
        _STORE,
        "        if not self.enable_get_cache:\n            self.clear_cache()\n" + _STORE,
        ("cache.switch-keeps-what-is-stored",),
    ),
)

# ── how it is emptied ──

_EMPTYING: tuple[Defect, ...] = (
    Defect(
        "invalidation-by-whole-key",
        "Invalidation wants the whole key, and so removes nothing.",
        HTTP,
        _NAMED,
        "if any(path == key for path in wanted):",
        ("cache.invalidation-by-path", _ANY_ORDER),
    ),
    Defect(
        "invalidation-by-end",
        "Invalidation removes only what ends in the path that is named.",
        HTTP,
        _NAMED,
        "if any(json.loads(key)[0].endswith(path) for path in wanted):",
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "invalidation-of-the-first",
        "Of the paths that a mutation names, the first is removed.",
        HTTP,
        "wanted = tuple(paths)",
        "wanted = tuple(paths)[:1]",
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "invalidation-of-the-anonymous",
        "What is cached for an identity outlives an invalidation.",
        HTTP,
        _NAMED,
        "if any(path in key for path in wanted) and not json.loads(key)[2]:",
        ("cache.invalidation-by-path", _ANY_ORDER),
    ),
    Defect(
        "invalidation-without-queries",
        "What is cached for a query outlives an invalidation.",
        HTTP,
        _NAMED,
        "if any(path in key for path in wanted) and not json.loads(key)[1]:",
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "invalidation-by-posts",
        "Only a POST invalidates.",
        HTTP,
        _INVALIDATE,
        _INVALIDATE.replace('!= "GET"', '== "POST"'),
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "invalidation-needs-a-body",
        "A mutation that is answered with nothing invalidates nothing.",
        HTTP,
        _INVALIDATE,
        _INVALIDATE.replace('!= "GET"', '!= "GET" and response.content'),
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "invalidation-of-everything",
        "A mutation that names a path empties the cache.",
        HTTP,
        _NAMED,
        "if wanted:",
        ("cache.invalidation-by-path",),
    ),
    Defect(
        "posts-invalidate-their-path",
        "A mutation that names no path removes its own.",
        HTTP,
        _INVALIDATE,
        _INVALIDATE.replace("or ()", "or (path,)"),
        ("cache.plain-mutations-invalidate-nothing",),
    ),
    Defect(
        "posts-invalidate-all",
        "A mutation that names no path empties the cache.",
        HTTP,
        _NAMED,
        "if not wanted or any(path in key for path in wanted):",
        ("cache.plain-mutations-invalidate-nothing",),
    ),
    Defect(
        "failures-invalidate",
        "A mutation invalidates before it is known whether it succeeded.",
        HTTP,
        "        try:\n            payload = _decode(response, trace)\n",
        _INVALIDATE + "        try:\n            payload = _decode(response, trace)\n",
        ("cache.failed-mutations-invalidate-nothing",),
    ),
    Defect(
        "lost-mutations-invalidate",
        "A mutation invalidates before it is sent.",
        HTTP,
        _SEND,
        _INVALIDATE + _SEND,
        ("cache.failed-mutations-invalidate-nothing",),
    ),
    Defect(
        "gets-invalidate",
        "A GET that names a path invalidates it.",
        HTTP,
        _INVALIDATE,
        _INVALIDATE.replace('if method != "GET":', "if invalidate_paths:"),
        ("cache.gets-invalidate-nothing",),
    ),
    Defect(
        "clear-forgets-to",
        "clear_cache replaces the cache by a copy of itself.",
        HTTP,
        "        self._cache.clear()\n",
        "        self._cache = dict(self._cache)\n",
        ("cache.clear-empties-it", "cache.switch-context-empties-it", _ANY_ORDER),
    ),
    Defect(
        "clear-keeps-identities",
        "clear_cache leaves what is cached for an identity.",
        HTTP,
        "        self._cache.clear()\n",
        "        for key in [key for key in self._cache if not json.loads(key)[2]]:\n"
        "            del self._cache[key]\n",
        ("cache.clear-empties-it", "cache.switch-context-empties-it", _ANY_ORDER),
    ),
    Defect(
        "switch-context-keeps-answers",
        "A switch of the context leaves the cache as it is.",
        HTTP,
        "        self.clear_cache()\n        return self._context_versions[key]",
        "        return self._context_versions[key]",
        ("cache.switch-context-empties-it",),
    ),
    Defect(
        "first-switch-keeps-answers",
        "The first switch of a context leaves the cache as it is.",
        HTTP,
        "        self.clear_cache()\n        return self._context_versions[key]",
        "        if self._context_versions[key] > 1:\n            self.clear_cache()\n"
        "        return self._context_versions[key]",
        ("cache.switch-context-empties-it",),
    ),
    Defect(
        "second-clear-forgets-to",
        "clear_cache empties the cache once.",
        HTTP,
        "        self._cache.clear()\n",
        '        if not vars(self).setdefault("_cleared", False):\n'
        "            self._cache.clear()\n        self._cleared = True\n",
        (_ANY_ORDER,),
    ),
)

DEFECTS: tuple[Defect, ...] = (*_SERVING, *_KEYS, *_STORING, *_PASSING, *_EMPTYING)

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = (
    StandIn(
        "cache.hits-share-one-object",
        False,
        HTTP,
        _HIT + _WRITE,
        _HIT.replace("return payload", "return copy.deepcopy(payload)")
        + _WRITE.replace("_seconds, payload)", "_seconds, copy.deepcopy(payload))"),
    ),
    StandIn(
        "cache.header-case-mixes-identities",
        False,
        HTTP,
        _IDENTITY,
        "identity = {name.lower(): value for name, value in headers.items()\n"
        "                if name.lower() in map(str.lower, IDENTITY_HEADERS)}",
    ),
    StandIn(
        "cache.other-headers-are-ignored",
        False,
        HTTP,
        'IDENTITY_HEADERS = ("Authorization", ',
        'IDENTITY_HEADERS = ("Accept", "Accept-Language", "Authorization", ',
    ),
    StandIn(
        "cache.expired-answers-stay",
        False,
        HTTP,
        _WRITE,
        _WRITE + "        now = time.monotonic()\n"
        "        for old in [old for old, (expires_at, _) in self._cache.items() if expires_at <= now]:\n"
        "            self._cache.pop(old, None)\n",
    ),
    StandIn("cache.odd-queries-are-refused", True, HTTP, _KEY + ", default=str, sort_keys", _KEY + ", sort_keys"),
    StandIn(
        "cache.invalidation-races",
        True,
        HTTP,
        "        for key in list(self._cache):  # a copy, since another thread may write meanwhile\n"
        "            if any(path in key for path in wanted):\n",
        "        for key in [key for key in self._cache if any(path in key for path in wanted)]:\n"
        "            if True:\n",
    ),
    StandIn(
        "cache.invalidation-takes-neighbours",
        False,
        HTTP,
        _NAMED,
        "if any(f'{path}{end}' in key for path in wanted for end in '\"/?'):",
    ),
    StandIn(
        "cache.late-answers-outlive-a-clear",
        False,
        HTTP,
        _SEND,
        "        mark = self._cache.setdefault('', (0.0, object()))\n"
        + _SEND
        + "        caching = caching and self._cache.get('') is mark\n",
    ),
)
