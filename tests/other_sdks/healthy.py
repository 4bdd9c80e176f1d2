"""The healthy SDKs besides the bundled one.

They differ from it in what the contract leaves open: so nothing of them is broken, and nothing unknown.
"""

from __future__ import annotations

from tests.other_sdks.sdk import (
    CONFIG,
    END_OF_CLIENT,
    EXPORTS,
    HTTP,
    IMPORT_TIME,
    MAKE_CACHE,
    POLL_SLEEP,
    RETRY_SLEEP,
    TRANSPORT,
    WRITE_CACHE,
    Edit,
    Sdk,
)

# ── how it sleeps ────────────────────────────────────────────────────────────


def _sleeping(retry: str, poll: str, imports: str) -> tuple[Edit, ...]:
    return (
        Edit(HTTP, RETRY_SLEEP, f"            {retry}\n"),
        Edit(EXPORTS, POLL_SLEEP, f"            {poll}\n"),
        Edit(HTTP, IMPORT_TIME, imports),
        Edit(EXPORTS, IMPORT_TIME, imports),
    )


LONGER = "time.sleep({0} * (1 + random.uniform(0, 0.2)))"

EXTRA_JITTER = (
    Edit(HTTP, RETRY_SLEEP, f"            {LONGER.format('self._delay(attempt)')}\n"),
    Edit(EXPORTS, POLL_SLEEP, f"            {LONGER.format('interval')}\n"),
    Edit(EXPORTS, IMPORT_TIME, "import random\nimport time\n"),
)

EVENT_WAIT = _sleeping(
    "threading.Event().wait(self._delay(attempt))",
    "threading.Event().wait(interval)",
    "import threading\nimport time\n",
)

# The package as a whole keeps names of its own for the functions of ``time``, and counts in whole nanoseconds.
EARLY_NAMES = (
    Edit(HTTP, "import random\n", "from random import uniform\n"),
    Edit(HTTP, "random.uniform(", "uniform("),
    Edit(HTTP, IMPORT_TIME, "from time import monotonic_ns, sleep\n"),
    Edit(HTTP, RETRY_SLEEP, "            sleep(self._delay(attempt))\n"),
    Edit(
        HTTP,
        "(time.monotonic() + self.cache_ttl_seconds, payload)",
        "(monotonic_ns() + int(self.cache_ttl_seconds * 1e9), payload)",
    ),
    Edit(HTTP, "if time.monotonic() < expires_at:", "if monotonic_ns() < expires_at:"),
    Edit(EXPORTS, IMPORT_TIME, "from time import monotonic as now\nfrom time import sleep as pause\n"),
    Edit(EXPORTS, "start = time.monotonic()", "start = now()"),
    Edit(EXPORTS, "int((time.monotonic() - start) * 1000)", "int((now() - start) * 1000)"),
    Edit(EXPORTS, "if time.monotonic() >= deadline:", "if now() >= deadline:"),
    Edit(EXPORTS, POLL_SLEEP, "            pause(interval)\n"),
)


def _pausing(name: str = "pause") -> tuple[Edit, ...]:
    """The bundled SDK, sleeping as its transport does."""
    return (
        Edit(HTTP, "time.sleep(self._retry_delay(attempt))", f"{name}(self._retry_delay(attempt))"),
        Edit(HTTP, "from .tracing import", f"from .transport import {name}\nfrom .tracing import"),
        Edit(EXPORTS, "time.sleep(interval)", f"{name}(interval)"),
        Edit(EXPORTS, "from ..tracing import", f"from ..transport import {name}\nfrom ..tracing import"),
    )


# ── how it keeps answers ─────────────────────────────────────────────────────

READ_CACHE = """\
        expires_at, payload = entry
        if time.monotonic() < expires_at:
            return payload
"""
MAKE_KEY = """\
        return json.dumps({"url": url, "params": params, "headers": identity}, sort_keys=True)
"""
INVALIDATE = """\
        for key in [key for key in self._cache if any(path in key for path in paths)]:
"""

ORDERED_BYTES = (
    Edit(HTTP, "import json\n", "import json\nfrom collections import OrderedDict\n"),
    Edit(HTTP, MAKE_CACHE, "            self._cache = OrderedDict()\n"),
    Edit(HTTP, MAKE_KEY, "        return (url, json.dumps(params, default=str), tuple(sorted(identity.items())))\n"),
    Edit(
        HTTP,
        READ_CACHE,
        """\
        expires_at, encoded = entry
        if time.monotonic() < expires_at:
            self._cache.move_to_end(key)
            return json.loads(encoded)
""",
    ),
    Edit(
        HTTP,
        WRITE_CACHE,
        """\
            now = time.monotonic()
            for old in [old for old, (expires_at, _) in self._cache.items() if expires_at <= now]:
                del self._cache[old]
            self._cache[cache_key] = (now + self.cache_ttl_seconds, json.dumps(payload).encode())
""",
    ),
    Edit(
        HTTP,
        INVALIDATE,
        "        for key in [key for key in self._cache if any(path in key[0] + key[1] for path in paths)]:\n",
    ),
)

HASHED_COPIES = (
    Edit(HTTP, "import json\n", "import copy\nimport hashlib\nimport json\nimport threading\n"),
    Edit(HTTP, MAKE_CACHE, "            self._cache = {}\n        self._guard = threading.RLock()\n"),
    Edit(
        HTTP,
        MAKE_KEY,
        """\
        text = json.dumps([url, params, identity], default=repr)
        return f"{hashlib.sha256(text.encode()).hexdigest()} {url} {params}"
""",
    ),
    Edit(
        HTTP,
        READ_CACHE,
        """\
        expires_at, payload = entry
        if time.monotonic() < expires_at:
            return copy.deepcopy(payload)
""",
    ),
    Edit(
        HTTP,
        WRITE_CACHE,
        """\
            with self._guard:
                self._cache[cache_key] = (
                    time.monotonic() + self.cache_ttl_seconds,
                    copy.deepcopy(payload),
                )
""",
    ),
    Edit(
        HTTP,
        INVALIDATE,
        "        for key in [key for key in list(self._cache) if any(path in key for path in paths)]:\n",
    ),
)

SHALLOW_COPIES = (
    Edit(HTTP, "import json\n", "import copy\nimport json\n"),
    Edit(
        HTTP,
        "            return payload\n        self._cache.pop",
        "            return copy.copy(payload)\n        self._cache.pop",
    ),
)


# ── when it opens its session ────────────────────────────────────────────────

LAZY_SESSION = (
    Edit(
        HTTP,
        """\
        if self.session is None:
            self.session = requests.Session()
            adapter = HTTPAdapter(
                pool_connections=self.config.max_connections,
                pool_maxsize=self.config.max_connections,
                max_retries=0,
            )
            self.session.mount("http://", adapter)
            self.session.mount("https://", adapter)
""",
        "",
    ),
    Edit(HTTP, "import requests\nfrom requests.adapters import HTTPAdapter\n", ""),
    Edit(
        HTTP,
        "        for attempt in range(attempts):\n",
        "        import requests\n\n        for attempt in range(attempts):\n",
    ),
    Edit(
        HTTP,
        "CACHE_KEY_HEADERS = (",
        """\
def _get_session(client):
    if client._session is None:
        import requests

        client._session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=client.config.max_connections)
        client._session.mount("http://", adapter)
        client._session.mount("https://", adapter)
    return client._session


def _set_session(client, session):
    client._session = session


CACHE_KEY_HEADERS = (""",
    ),
    Edit(HTTP, END_OF_CLIENT, f"{END_OF_CLIENT}\n\nHttpClient.session = property(_get_session, _set_session)\n"),
)

SEND_BY_POOL = (
    Edit(HTTP, "import uuid\n", "import uuid\nfrom concurrent.futures import ThreadPoolExecutor\n"),
    Edit(HTTP, "CACHE_KEY_HEADERS = (", "_POOL = ThreadPoolExecutor(8)\n\nCACHE_KEY_HEADERS = ("),
    Edit(HTTP, "response = self.session.request(\n", "response = _POOL.submit(self.session.request,\n"),
    Edit(HTTP, "=self.config.verify_ssl,\n                )", "=self.config.verify_ssl,\n                ).result()"),
)

# Assigning to it still reaches ``__setattr__``, as for any attribute.
FLAG_IS_A_PROPERTY = (
    Edit(
        HTTP,
        END_OF_CLIENT,
        END_OF_CLIENT
        + """

def _get_flag(client):
    return client.__dict__["_caching"]


def _set_flag(client, value):
    client.__dict__["_caching"] = bool(value)


HttpClient.enable_get_cache = property(_get_flag, _set_flag)
""",
    ),
)


# ── what it says and raises beside ───────────────────────────────────────────

SLICED_SLEEP = (
    Edit(
        EXPORTS,
        POLL_SLEEP,
        """\
            until = time.monotonic() + interval
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, 0.05))
""",
    ),
)

TALKS = (
    Edit(HTTP, IMPORT_TIME, "import logging\nimport sys\nimport time\n"),
    Edit(
        HTTP,
        "        method = method.upper()\n",
        """\
        method = method.upper()
        print(f"{method} {path}")
        print(f"{method} {path}", file=sys.stderr, flush=True)
        logging.getLogger(__name__).error("%s %s", method, path)
""",
    ),
    Edit(EXPORTS, IMPORT_TIME, "import time\nimport warnings\n"),
    Edit(
        EXPORTS,
        "        start = time.monotonic()\n",
        """\
        warnings.warn("wait_for_export_ready will be renamed", DeprecationWarning, stacklevel=2)
        start = time.monotonic()
""",
    ),
)

# A caller who catches what the contract names catches these too.
SUBCLASSED_ERRORS = (
    Edit(CONFIG, "def _text(", "class NumberError(ConfigError):\n    pass\n\n\ndef _text("),
    Edit(CONFIG, 'ConfigError(f"{name} must be a number', 'NumberError(f"{name} must be a number'),
    Edit(CONFIG, 'ConfigError(f"{name} must be a whole number', 'NumberError(f"{name} must be a whole number'),
    Edit(HTTP, "CACHE_KEY_HEADERS = (", "class ConnectionLost(TransportError):\n    pass\n\n\nCACHE_KEY_HEADERS = ("),
    Edit(HTTP, "                    raise TransportError(\n", "                    raise ConnectionLost(\n"),
    Edit(EXPORTS, "class ExportsClient(", "class WaitTimeout(TimeoutError):\n    pass\n\n\nclass ExportsClient("),
    Edit(EXPORTS, 'TimeoutError(f"Export {export_id} was not', 'WaitTimeout(f"Export {export_id} was not'),
)


HAVE_A_SESSION = ("../requests_transport.py", "loop_thread.py")
OF_A_SESSION = frozenset({"transport.environment-proxies-apply", "world.pool-is-of-the-configured-size"})


def _over(id: str, says: str, transport: str, *more: str, edits: tuple[Edit, ...] = ()) -> Sdk:
    """The bundled SDK over another transport, which may bring a module with it.

    What most of them send by is not a session that a check could look into.
    """
    ours = ((TRANSPORT, f"transports/{transport}"), *((name, f"transports/{name}") for name in more))
    runs_on = "httpx" if "loop_" in transport else "requests"
    lacks = frozenset() if transport in HAVE_A_SESSION else OF_A_SESSION
    return Sdk(id, says, edits, ours, bundled=True, runs_on=runs_on, lacks=lacks)


HEALTHY: tuple[Sdk, ...] = (
    Sdk("as-described", "The SDK as its contract describes it."),
    _over("requests-transport", "The bundled SDK on requests.", "../requests_transport.py"),
    _over("urllib3", "On urllib3 itself.", "on_urllib3.py", "plain.py"),
    _over("http-client", "On the standard library, a connection a request.", "on_http_client.py", "plain.py"),
    _over("session-per-request", "A session for each request.", "session_per_request.py"),
    _over("session-per-thread", "A session for each thread.", "session_per_thread.py"),
    _over("thread-pool", "A pool of threads sends, while the caller waits.", "thread_pool.py"),
    _over("loop-thread", "Sync over async: an event loop in a thread of its own.", "loop_thread.py"),
    _over("loop-thread-sleeps", "The same, and it sleeps there too.", "loop_thread.py", edits=_pausing()),
    _over("loop-per-request", "Sync over async: an event loop for each request.", "loop_per_request.py"),
    _over("loop-per-request-sleeps", "The same, and a loop for each pause.", "loop_per_request.py", edits=_pausing()),
    _over("streams", "Asyncio's streams, HTTP/1.1 by hand.", "streams.py", "plain.py"),
    Sdk("extra-jitter", "Every pause is up to a fifth longer than asked.", edits=EXTRA_JITTER),
    Sdk("event-wait", "It waits for an event that never comes.", edits=EVENT_WAIT),
    Sdk("early-names", "It has its own names for sleep and monotonic, and counts in nanoseconds.", edits=EARLY_NAMES),
    Sdk("ordered-bytes", "A cache of encoded answers, the last used at the end, keyed by tuples.", edits=ORDERED_BYTES),
    Sdk("hashed-copies", "A cache of deep copies under a lock, keyed by a hash.", edits=HASHED_COPIES),
    Sdk("shallow-copies", "A hit is a shallow copy.", edits=SHALLOW_COPIES),
    Sdk("lazy", "Nothing is imported or opened before the first request.", edits=LAZY_SESSION),
    Sdk("lazy-ordered-and-late", "Three of these in one.", edits=LAZY_SESSION + ORDERED_BYTES + EXTRA_JITTER),
    Sdk("sent-by-pool", "The SDK as described, sending from a pool of threads.", edits=SEND_BY_POOL),
    Sdk("flag-is-a-property", "The switch of the cache is a property.", edits=FLAG_IS_A_PROPERTY),
    Sdk("sliced-sleep", "It waits in many short sleeps.", edits=SLICED_SLEEP),
    Sdk("talks", "It prints, logs and warns.", edits=TALKS),
    Sdk("subclassed-errors", "What it raises is more special than what the contract names.", edits=SUBCLASSED_ERRORS),
)
