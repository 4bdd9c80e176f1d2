"""Starts the service in a process of its own, and always stops it again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec

from atalaya.core.errors import HarnessError, PortTaken, UsageError
from atalaya.mock_server.isolated_entry import command
from atalaya.sdk.wire_names import WireNames

SERVER = "atalaya.mock_server.server"


class ServiceProcess:
    """The loopback service in a process of its own, for as long as the ``with`` block lasts.

    It ends too when this process dies, by whatever signal, since it watches a pipe that closes then.

    :param pack: the folder of the check pack whose routes are served; none: only what is scripted.
    :param names: what the client calls what crosses the wire; none: as the contract calls it.
    :raises PortTaken: ``port`` belongs to another program.
    :raises UsageError: ``port`` is no port.
    :raises HarnessError: the service did not come up.
    """

    control_port: int

    def __init__(self, port: int = 0, *, pack: Path | None = None, names: WireNames | None = None) -> None:
        if not 0 <= port <= 65535:
            raise UsageError(f"port {port}: a port lies between 1 and 65535. Give one, or 0 for any that is free.")
        self._port = port
        self._more = ["--pack", str(pack)] if pack else []
        self._more += ["--names", msgspec.json.encode(names).decode()] if names else []
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        """The service's process id."""
        if self._process is None:
            raise HarnessError("the loopback service is not running: enter its `with` block first")
        return self._process.pid

    def __enter__(self) -> ServiceProcess:
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command(SERVER, "--port", str(self._port), *self._more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        try:
            self.control_port = self._ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the service. It goes by itself when its standard input closes; a moment later it is made to."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._complaints is not None:
            self._complaints.close()

    def _ready(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
        if "control_port" in said:
            return int(said["control_port"])
        if "port_taken" in said:
            raise PortTaken(_taken(self._port, said["port_taken"]))
        code = self._process.wait()
        assert self._complaints is not None
        self._complaints.seek(0)
        words = self._complaints.read().decode(errors="replace").strip().splitlines()
        last = words[-1] if words else "it said nothing"
        raise HarnessError(f"the loopback service did not come up (exit code {code}): {last}")


def _taken(port: int, why: str) -> str:
    other = why == os.strerror(errno.EADDRINUSE)
    what = "another program listens there" if other else f"the system says {why!r}"
    mend = "Stop it, or use" if other else "Use"
    return f"127.0.0.1:{port}: the loopback service cannot listen, {what}. {mend} port 0 for any port that is free."
