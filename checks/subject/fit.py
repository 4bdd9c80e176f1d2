"""Does an adapter fit the SDK that it was written for?

Run through :mod:`checks.service.bind` on the SDK's Python. One argument: the paths, the pack and the adapter, as
JSON. The answer leaves by a copy of standard output that the SDK cannot print to.
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

    from checks.pack_loader import load
    from checks.subject import capabilities
    from checks.subject.adapter import Adapter

    words = load(Path(asked["pack"])).load("capabilities")
    capabilities.use(words.VOCABULARY, words.CAPABILITIES, msgspec.convert(asked["adapter"], Adapter))
    answer.write(json.dumps(list(capabilities.amiss())))
    answer.close()
    os._exit(0)
