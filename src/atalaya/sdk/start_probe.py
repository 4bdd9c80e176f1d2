"""Imports an SDK, builds a first client of it, and prints how long both took: a line of JSON.

Run by path under ``-I``, in a Python that has the SDK and nothing of ours. Standard library only, and no syntax that is
newer than Python 3.8.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
import traceback
from typing import Any, Dict, List, Optional  # noqa: UP035 - as old a Python as an SDK may be for


def probe(asked: Dict[str, Any]) -> Dict[str, Any]:  # noqa: UP006
    """What the import and the first client took, in milliseconds, and why one of them failed."""
    told: Dict[str, Any] = {"python": platform.python_version(), "import_ms": None, "client_ms": None, "error": ""}  # noqa: UP006
    begun = time.perf_counter()
    try:
        importlib.import_module(asked["package"])
    except BaseException as why:  # sys.exit too is something that an SDK does
        return {**told, "error": "it cannot be imported: " + _said(why)}
    told["import_ms"] = (time.perf_counter() - begun) * 1000
    begun = time.perf_counter()
    try:
        built = _client(asked["steps"])
    except BaseException as why:
        # A name that is not where the contract puts it, or arguments that do not fit, tell nothing of the SDK.
        return told if _is_ours(why) else {**told, "error": "no client of it can be built: " + _said(why)}
    if built:
        told["client_ms"] = (time.perf_counter() - begun) * 1000
    return told


def _client(steps: List[Dict[str, Any]]) -> Dict[str, Any]:  # noqa: UP006
    """Each object that was built, by its name; they are kept, since they may not like to be thrown away."""
    built: Dict[str, Any] = {}  # noqa: UP006
    for step in steps:
        module, _, name = step["place"].partition(":")
        made = getattr(importlib.import_module(module), name)
        built[step["name"]] = made(**step["arguments"], **{key: built[of] for key, of in step["uses"].items()})
    return built


def freeze() -> List[str]:  # noqa: UP006
    """What is installed, as ``name==version``."""
    from importlib import metadata

    found = [(dist.metadata["Name"], dist.version) for dist in metadata.distributions()]
    return sorted({"%s==%s" % one for one in found if one[0]})  # noqa: UP031


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, ModuleNotFoundError) or _raised_in(error) == __file__


def _raised_in(error: BaseException) -> Optional[str]:  # noqa: UP045
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename if frames else None


def _said(error: BaseException) -> str:
    lines = ("%s: %s" % (type(error).__name__, error)).strip().splitlines()  # noqa: UP031
    return lines[-1][:500]


if __name__ == "__main__":
    # The answer leaves by a copy of standard output that the SDK cannot print to.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    answer.write(json.dumps({**probe(json.loads(sys.argv[1])), "freeze": freeze()}))
    answer.close()
    os._exit(0)
