"""Options and the table of the benchmarks, and on which machine, with which versions, the figures were measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.parsers import expat

import pytest

from tests.benchmarks.table import Table

BESIDE = ("junitparser", "lxml", "msgspec", "numpy", "duckdb", "pandas", "polars", "sphinx")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("benchmarks")
    group.addoption("--quick", action="store_true", help="small inputs: a run of a few minutes")
    group.addoption("--out", metavar="FILE", default="", help="write the page of results, Markdown, to this file")


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Iterator[Table]:
    """The table that all benchmarks of a run add to; it is printed, and written, at the end."""
    table = Table(quick=pytestconfig.getoption("--quick"))
    yield table
    page = table.markdown(f"{_processor()}, {os.cpu_count()} cores; {_versions()}")
    print(f"\n\n{page}")
    if name := pytestconfig.getoption("--out"):
        Path(name).write_text(page, encoding="utf-8")


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
