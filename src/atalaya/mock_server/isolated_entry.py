"""Runs one of our modules in a Python that was never told about this project.

Run by path under ``-I``, where no folder of ours is on ``sys.path``::

    python -I -B .../src/atalaya/mock_server/isolated_entry.py atalaya.mock_server.server --port 0

It binds the package ``atalaya`` by its location alone, imports the module named, and calls its
``main(arguments)``. No folder is added to ``sys.path``, so nothing that lies beside the package
can shadow what the interpreter would import without us. Standard library only.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def bind() -> None:
    """Make ``import atalaya`` mean this tree, whatever ``sys.path`` holds. A second call changes nothing."""
    if "atalaya" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        "atalaya", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{PACKAGE}: not a package. Is the installation complete?")
    package = importlib.util.module_from_spec(spec)
    sys.modules["atalaya"] = package
    spec.loader.exec_module(package)


def command(module: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command line that runs ``module.main(arguments)`` in ``python``, isolated from its surroundings."""
    return [python, "-I", "-B", str(Path(__file__).resolve()), module, *arguments]


def main(arguments: Sequence[str]) -> int:
    """Bind the package, then hand the rest of the arguments to the module that comes first among them."""
    module, *rest = arguments
    bind()
    return int(importlib.import_module(module).main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
