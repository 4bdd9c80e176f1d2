"""Tests that what an SDK has written as async def is waited for, on one loop of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from atalaya.core.errors import HarnessError
from atalaya.sdk.async_calls import finished


async def loop_and_value(value: int) -> tuple[asyncio.AbstractEventLoop, int]:
    await asyncio.sleep(0)
    return asyncio.get_running_loop(), value


async def fails() -> None:
    raise LookupError("gone")


async def calls_again(call: Callable[[], Awaitable[object]]) -> object:
    return finished(call())


def test_every_call_is_made_on_the_same_loop() -> None:
    (one, first), (other, second) = finished(loop_and_value(1)), finished(loop_and_value(2))
    assert (one is other, first, second) == (True, 1, 2)


def test_what_it_raises_comes_out() -> None:
    with pytest.raises(LookupError, match="gone"):
        finished(fails())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the inner call is never made
def test_a_call_from_within_a_call_is_refused_by_name() -> None:
    with pytest.raises(HarnessError, match="inside one of its own hooks"):
        finished(calls_again(lambda: loop_and_value(1)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no copies of a process here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_copy_of_the_process_has_a_loop_of_its_own() -> None:
    finished(loop_and_value(1))
    child = os.fork()
    if not child:
        os._exit(0 if finished(loop_and_value(7))[1] == 7 else 1)
    assert os.waitpid(child, 0)[1] == 0
