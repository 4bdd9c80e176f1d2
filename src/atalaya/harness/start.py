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
    error = _error_of(warm_up, keep)
    return "" if error is None or _is_ours(error, warm_up) else f"no client of the SDK can be built: {describe(error)}"


def why_not_fit(warm_up: Callable[[], Any] | None, layer: Path | None) -> str:
    """Why an adapter does not give what a first client is built of; empty where it does, and where the SDK itself
    is what fails: that, the checks will say.

    :param layer: the folder of the package that stands in front of the SDK, where the adapter names one.
    """
    error = _error_of(warm_up)
    if error is None or not (_is_ours(error, warm_up) or (layer and _raised_in(error).is_relative_to(layer.resolve()))):
        return ""
    return f"no configuration and client can be built with these names: {describe(error)}"


def _error_of(
    warm_up: Callable[[], Any] | None, keep: Callable[[Any], object] = lambda built: None
) -> BaseException | None:
    if warm_up is None:
        return None
    try:
        keep(warm_up())
    except BaseException as why:
        return why
    return None


def _is_ours(error: BaseException, warm_up: Callable[[], Any] | None) -> bool:
    """Whether our own code raised it: a name that is not where the contract puts it, arguments that do not fit."""
    place = _raised_in(error)
    return place.is_relative_to(MACHINE) or (warm_up is not None and place == Path(warm_up.__code__.co_filename))


def _raised_in(error: BaseException) -> Path:
    return Path(traceback.extract_tb(error.__traceback__)[-1].filename).resolve()
