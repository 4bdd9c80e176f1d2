"""The SDK's side of :mod:`tests.selftest.together`: one process that forks for each order.

Run by path, in the Python that has the SDK. Its arguments: the file that binds our package, and the folders of the
orders. What every order needs is imported once; the SDK is not among it, and is imported in the fork.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path


def main(binding: str, *folders: str) -> int:
    spec = importlib.util.spec_from_file_location("binding", binding)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.bind()
    import msgspec  # noqa: F401
    import pytest  # noqa: F401

    from atalaya.harness import fixture, launch, recorder, virtual_clock  # noqa: F401

    for folder in map(Path, folders):
        if os.fork() == 0:
            try:
                os.chdir(folder / "home")
                os.environ.clear()
                os.environ.update(json.loads((folder / "environ.json").read_text(encoding="utf-8")))
                code = launch.main([str(folder / "order.json")])
            except BaseException:
                traceback.print_exc()
                code = 1
            os._exit(code)
        os.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
