"""The description of another SDK: its base, its changes, and what the checks must say of it."""

from __future__ import annotations

from typing import NamedTuple

HTTP = "http_client.py"
EXPORTS = "clients/exports_client.py"
BASE = "clients/base.py"
CONFIG = "config.py"
PACKAGE = "__init__.py"
TRANSPORT = "transport.py"


class Edit(NamedTuple):
    """A piece of a module's text, and what stands there instead. It must be there just once."""

    file: str
    old: str
    new: str


class Sdk(NamedTuple):
    """One other SDK.

    It is made from the SDK as its contract describes it (``as_described/``), or from the bundled one: ``modules``
    names modules and the files of ours that take their places, ``edits`` are made after that.

    ``runs_on`` is the library that it sends with. ``lacks`` are promises that cannot be asked of it,
    ``unclear`` those of which nobody can tell, and ``breaks`` all those that it breaks.
    """

    id: str
    says: str
    edits: tuple[Edit, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    bundled: bool = False
    runs_on: str = "requests"
    lacks: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()


# ── pieces of the SDK as described that more than one change is made to ──────

IMPORT_TIME = "import time\n"
RETRY_SLEEP = "            time.sleep(self._delay(attempt))\n"
POLL_SLEEP = "            time.sleep(interval)\n"
FRESH_STATUS = "self.get_export_status(export_id, use_get_cache=False)"
MAKE_CACHE = "            self._cache = {}\n"
WRITE_CACHE = """\
            self._cache[cache_key] = (time.monotonic() + self.cache_ttl_seconds, payload)
"""
END_OF_CLIENT = """\
            return {"message": response.text}
"""
