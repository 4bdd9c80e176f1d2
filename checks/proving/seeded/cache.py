"""Which small changes to the SDK break what it promises: cache?"""

from __future__ import annotations

from checks.proving.seeded.defect import EXPORTS, HTTP, Defect, StandIn

_CACHING = 'caching = method == "GET" and self.enable_get_cache and use_get_cache'

DEFECTS: tuple[Defect, ...] = (
    Defect("bypass-reads", "A bypass still reads the cache.", HTTP,
        "if caching and (cached := self._read_cache(key)) is not None:",
        'if method == "GET" and self.enable_get_cache and (cached := self._read_cache(key)) is not None:',
        ("cache.bypass-per-request", "polling.fresh-status")),
    Defect("bypass-writes", "A bypass still writes its answer into the cache.", HTTP,
        "if caching and response.content:", 'if method == "GET" and self.enable_get_cache and response.content:',
        ("cache.bypass-per-request", "polling.leaves-cache-entries-alone")),
    Defect("bypass-removes", "A bypass removes the cached answer.", HTTP,
        "        if caching and response.content:",
        "        if not use_get_cache:\n            self._cache.pop(key, None)\n"
        "        if caching and response.content:",
        ("cache.bypass-per-request", "polling.leaves-cache-entries-alone")),
    Defect("status-bypass-ignored", "The status request does not pass the bypass on.", EXPORTS,
        "            use_get_cache=use_get_cache,\n            module", "            module",
        ("cache.bypass-per-request", "polling.fresh-status")),
    Defect("never-a-hit", "The cache is written and never read.", HTTP,
        "if time.monotonic() < expires_at:", "if time.monotonic() < expires_at - self.cache_ttl_seconds:",
        ("cache.repeats-are-served",)),
    Defect("entries-live-twice-as-long", "Answers live twice their lifetime.", HTTP,
        "time.monotonic() + self.cache_ttl_seconds", "time.monotonic() + 2 * self.cache_ttl_seconds",
        ("cache.entries-expire",)),
    Defect("key-without-query", "The cache is keyed without the query.", HTTP,
        "json.dumps([url, params, identity]", "json.dumps([url, identity]", ("cache.query-is-part-of-the-key",)),
    Defect("key-without-token", "The cache is keyed without the token.", HTTP,
        'IDENTITY_HEADERS = ("Authorization", ', "IDENTITY_HEADERS = (", ("cache.identities-are-kept-apart",)),
    Defect("key-without-device", "The cache is keyed without the device.", HTTP,
        '"X-App-ID", "X-Device-ID")', '"X-App-ID")', ("cache.identities-are-kept-apart",)),
    Defect("empty-answers-stored", "An empty answer is stored, as an empty object.", HTTP,
        "        if caching and response.content:\n            self._write_cache(key, payload)",
        "        if caching:\n            self._write_cache(key, payload or {})",
        ("cache.errors-are-not-stored",)),
    Defect("posts-cached", "A POST is cached like a GET.", HTTP,
        _CACHING, 'caching = method in ("GET", "POST") and self.enable_get_cache and use_get_cache',
        ("cache.only-gets",)),
    Defect("one-cache-for-all", "All clients of a process share one cache.", HTTP,
        "self._cache = {} if self._cache is None else self._cache",
        "self._cache = vars(type(self)).get('_shared') or {}\n        HttpClient._shared = self._cache",
        ("cache.clients-are-kept-apart",)),
    Defect("switch-ignored", "The client's cache switch is ignored.", HTTP,
        _CACHING, 'caching = method == "GET" and use_get_cache', ("cache.switch-is-honoured",)),
    Defect("invalidation-by-whole-key", "Invalidation wants the whole key, and so removes nothing.", HTTP,
        "if any(path in key for path in wanted):", "if any(path == key for path in wanted):",
        ("cache.invalidation-by-path",)),
    Defect("clear-forgets-to", "clear_cache replaces the cache by a copy of itself.", HTTP,
        "        self._cache.clear()\n", "        self._cache = dict(self._cache)\n", ("cache.clear-empties-it",)),
)  # fmt: skip

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = ()
