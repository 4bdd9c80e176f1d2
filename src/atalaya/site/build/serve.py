"""Serves the built site on loopback, and has sphinx-autobuild build it again when a source changes."""

from __future__ import annotations

import shlex
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from atalaya.core.errors import PortTaken

HOST = "127.0.0.1"
WRITTEN_BY_BUILDS = ("_build", "_generated", "__pycache__")


def serve(
    folder: Path, *, port: int, docs: Path, releases: Path, rebuild: Sequence[str], echo: Callable[[str], object]
) -> None:
    """Serve the site in ``folder`` until Ctrl-C, and load open pages again after each build.

    ``rebuild`` is the command that builds the site from ``docs`` and ``releases``. If it fails, the pages
    stay as they were.

    :raises PortTaken: another program has the port.
    """
    from sphinx_autobuild.__main__ import main

    port = free_port(port)
    echo(f"  read it: http://{HOST}:{port}/ (Ctrl+C ends this)")
    options = ["--host", HOST, "--port", str(port), "--no-initial", "--pre-build", shlex.join(rebuild)]
    options += ["--watch", str(docs), "--re-ignore", r"\.mo$"]
    if releases.is_dir() and not releases.is_relative_to(docs):
        options += ["--watch", str(releases)]
    for name in WRITTEN_BY_BUILDS:
        options += ["--ignore", str(docs / name)]
    with tempfile.TemporaryDirectory(prefix="atalaya-serve-") as empty:
        # sphinx-autobuild runs one build of Sphinx, and the site is many. So the site is built by the command before
        # it, and the build itself is of one page that is written nowhere.
        Path(empty, "index.rst").write_text("Site\n====\n", encoding="utf-8")
        main([*options, "-q", "-C", "-b", "dummy", "-d", str(Path(empty, "doctrees")), empty, str(folder)])


def free_port(port: int) -> int:
    """The port, if no other program has it; any free one for 0.

    :raises PortTaken: another program has it.
    """
    try:
        with socket.create_server((HOST, port)) as found:
            return int(found.getsockname()[1])
    except OSError as why:
        raise PortTaken(f"port {port}: {why.strerror}. Choose another with --port, or 0 for any.") from None
