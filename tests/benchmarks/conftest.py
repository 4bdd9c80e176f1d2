"""Says once on which machine, and with which versions, the figures were measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.parsers import expat

import pytest

BESIDE = ("junitparser", "lxml", "msgspec", "numpy", "duckdb")


@pytest.fixture(scope="session", autouse=True)
def machine(pytestconfig: pytest.Config) -> None:
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"\nmeasured on {_processor()}, {os.cpu_count()} cores; {_versions()}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.processor() or platform.machine())}, {platform.platform(terse=True)}"


def _versions() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}, {expat.EXPAT_VERSION}"
    return ", ".join((python, *(f"{name} {_version(name)}" for name in BESIDE)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not there)"
