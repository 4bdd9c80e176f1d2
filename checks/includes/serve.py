"""How does one read the site while it changes?

A server on loopback, and a look at the sources every second: what changed is built again, and a build that
fails says why and leaves the last good pages standing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from checks.errors import AtalayaError, PortTaken

WRITTEN_BY_BUILDS = {"_build", "_generated", "__pycache__"}


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder, never kept by the browser, and no line on the terminal for each."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to the builds."""


def listen(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of that folder on loopback; port 0 takes any that is free.

    :raises PortTaken: another program has it.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder)))
    except OSError as why:
        raise PortTaken(f"port {port}: {why.strerror}. Choose another with --port, or 0 for any.") from None


def serve(
    folder: Path,
    *,
    port: int,
    watched: Iterable[Path],
    echo: Callable[[str], object],
    rebuild: Callable[[], object],
    every_s: float = 1.0,
    stop: threading.Event | None = None,
) -> None:
    """Serve until interrupted, or until ``stop`` is set.

    :raises PortTaken: another program has the port.
    """
    stop = stop or threading.Event()
    places = tuple(watched)
    seen = times(places)  # before anybody is told that it is served, and changes something
    with listen(folder, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        echo(f"  read it: http://127.0.0.1:{server.server_address[1]}/ (Ctrl+C ends this)")
        try:
            _watch(places, seen, echo, rebuild, every_s, stop)
        except KeyboardInterrupt:
            echo("  ended")
        finally:
            server.shutdown()


def _watch(
    places: tuple[Path, ...],
    seen: dict[str, tuple[int, int]],
    echo: Callable[[str], object],
    rebuild: Callable[[], object],
    every_s: float,
    stop: threading.Event,
) -> None:
    while not stop.wait(every_s):
        now = times(places)
        if now == seen:
            continue
        changed = sorted(name for name in {*seen, *now} if seen.get(name) != now.get(name))
        seen = now
        echo(f"  changed: {changed[0]}" + (f" and {len(changed) - 1} more" if len(changed) > 1 else ""))
        started_s = time.perf_counter()
        try:
            rebuild()
        except AtalayaError as why:
            echo(f"  {why}")
        else:
            echo(f"  built again in {time.perf_counter() - started_s:.1f} s")


def times(places: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """When each source was last changed, and its size; what builds write themselves is left out.

    The size is asked for too: two writes within one tick of the file system's clock have the same time.
    """
    found: dict[str, tuple[int, int]] = {}
    for place in places:
        for file in [place] if place.is_file() else place.rglob("*"):
            if WRITTEN_BY_BUILDS.intersection(file.parts) or file.suffix == ".mo":
                continue
            try:
                if file.is_file():
                    looked = file.stat()
                    found[str(file)] = (looked.st_mtime_ns, looked.st_size)
            except FileNotFoundError:  # gone between the two looks
                continue
    return found
