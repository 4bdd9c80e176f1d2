"""Fixtures for the tests of the SDK under test: the reference SDK, imported from its source."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.ours import BUNDLED

REFERENCE_ROOT = BUNDLED


@pytest.fixture(scope="session")
def reference_root() -> Path:
    return REFERENCE_ROOT


@pytest.fixture(scope="session")
def sdk() -> Iterator[ModuleType]:
    """The package; it leaves the interpreter as it was, since other tests may import another one."""
    source = str(REFERENCE_ROOT / "src")
    sys.path.insert(0, source)
    try:
        for name in ("clients.exports_client", "error_mapper", "models_exports"):
            importlib.import_module(f"aris3_client_sdk.{name}")
        yield importlib.import_module("aris3_client_sdk")
    finally:
        sys.path.remove(source)
        for name in [name for name in sys.modules if name.split(".")[0] == "aris3_client_sdk"]:
            del sys.modules[name]
