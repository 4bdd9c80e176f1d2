"""Calls what an SDK has written as ``async def``, for checks that wait for each call.

A client keeps connections, and locks, that belong to one event loop: a loop for each call, as ``asyncio.run`` makes it,
would leave them dead for the next. So there is one loop for the process, on a thread of its own, made when it is first
needed: a copy of the process makes another.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable
from typing import Any

from atalaya.core.errors import HarnessError

_loops: dict[int, asyncio.AbstractEventLoop] = {}  # by the process that each runs in
_threads: dict[int, threading.Thread] = {}


def finished(awaitable: Awaitable[Any]) -> Any:
    """What comes of an awaitable, once it is done.

    :raises HarnessError: it is waited for by the very thread that would have to run it.
    """
    loop = _loop()
    if threading.current_thread() is _threads[os.getpid()]:
        raise HarnessError("an async SDK is called from inside one of its own hooks, where nobody can wait for it")

    async def whole() -> Any:
        return await awaitable

    return asyncio.run_coroutine_threadsafe(whole(), loop).result()


def _loop() -> asyncio.AbstractEventLoop:
    me = os.getpid()
    if me not in _loops:
        _loops[me] = loop = asyncio.new_event_loop()
        _threads[me] = threading.Thread(target=loop.run_forever, name="async-sdk", daemon=True)
        _threads[me].start()
    return _loops[me]
