"""Imports the SDK and builds a first client of it, as each of its users does before all else."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atalaya.harness.outcomes import describe

MACHINE = Path(__file__).resolve().parents[1]


def why_not_started(package: str, warm_up: Callable[[], Any] | None) -> str:
    """Why the SDK cannot be imported or a client of it not be built; empty where both go well."""
    return why_not_imported(package) or why_no_client(warm_up)


def why_not_imported(package: str) -> str:
    """Why the SDK cannot be imported; empty where it can."""
    try:
        __import__(package)
    except BaseException as why:  # sys.exit too is something that an SDK does
        return f"the SDK cannot be imported: {describe(why)}"
    return ""


def why_no_client(warm_up: Callable[[], Any] | None, keep: Callable[[Any], object] = lambda built: None) -> str:
    """Why no client of the SDK can be built; empty where one can, and where it cannot be told.

    :param warm_up: the check pack's: it builds a first client. A pack without one says nothing of clients.
    :param keep: given what was built, which may not like to be thrown away.
    """
    if warm_up is None:
        return ""
    try:
        keep(warm_up())
    except BaseException as why:
        return "" if _is_ours(why, warm_up) else f"no client of the SDK can be built: {describe(why)}"
    return ""


def _is_ours(error: BaseException, warm_up: Callable[[], Any]) -> bool:
    """Whether our own code raised it: a name that is not where the contract puts it, arguments that do not fit."""
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    return raised_in.is_relative_to(MACHINE) or raised_in == Path(warm_up.__code__.co_filename)
