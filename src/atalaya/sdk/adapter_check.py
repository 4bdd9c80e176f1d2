"""Checks that an adapter fits the SDK that it was written for.

Run through :mod:`atalaya.mock_server.isolated_entry` on the SDK's Python. One argument: the paths, the pack and the
adapter, as JSON. The answer leaves by a copy of standard output that the SDK cannot print to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Write what is amiss, as a list of sentences."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asked = json.loads(arguments[0])
    sys.path[:0] = asked["paths"]
    import msgspec

    from atalaya.core.pack_loader import load
    from atalaya.sdk import binding
    from atalaya.sdk.adapter import Adapter

    words = load(Path(asked["pack"])).load("capabilities")
    known = getattr(words, "CAPABILITIES", {})
    binding.activate_adapter(words.VOCABULARY, known, msgspec.convert(asked["adapter"], Adapter))
    answer.write(json.dumps(list(binding.missing_bindings())))
    answer.close()
    os._exit(0)
