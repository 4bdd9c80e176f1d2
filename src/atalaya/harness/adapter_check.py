"""Checks that an adapter fits the SDK that it was written for.

Run through :mod:`atalaya.mock_server.isolated_entry` on the SDK's Python. One argument: the paths, the pack, the
adapter and whether it names a layer, as JSON. The answer leaves by a copy of standard output that the SDK cannot
print to.
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
    from atalaya.harness.start import why_not_fit
    from atalaya.sdk import binding
    from atalaya.sdk.adapter import Adapter

    pack, adapter = load(Path(asked["pack"])), msgspec.convert(asked["adapter"], Adapter)
    words = pack.load("capabilities")
    binding.activate_adapter(words.VOCABULARY, getattr(words, "CAPABILITIES", {}), adapter)
    amiss = list(binding.missing_bindings())
    if not amiss:  # each name is there: do they do what the contract's do?
        layer = sys.modules[adapter.package].__file__ if asked["layer"] else None
        why_not = why_not_fit(getattr(pack.load("fixture"), "warm_up", None), Path(layer).parent if layer else None)
        amiss += filter(None, [why_not])
    answer.write(json.dumps(amiss))
    answer.close()
    os._exit(0)
