"""Runs many Sphinx builds from one preloaded process.

More than half of a build in which nothing has changed is the import of Sphinx, of its extensions and of the theme.
One process imports them once and forks for each build, so that no build sees anything of another. Where a system
cannot fork, each build starts on its own.
"""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout

from atalaya.core import environment as process_environment

PRELOADED = ("atalaya.site.build.build_preload",)


def workers(jobs: int) -> ProcessPoolExecutor:
    """So many builds at once, each in a process of its own that ends with it."""
    return ProcessPoolExecutor(max(1, jobs), mp_context=_context(), max_tasks_per_child=1)


def begin_early() -> None:
    """Let the imports begin, while something else is done here; to be called once it is clear that pages are built."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        from multiprocessing import forkserver

        _context()
        forkserver.ensure_running()


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def build(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run ``sphinx-build`` with these arguments, in a process that is there for it alone.

    Returns its exit code, and what it said.
    """
    process_environment.update(environment)
    from sphinx.cmd.build import main

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(list(argv))
    return code, said.getvalue()
