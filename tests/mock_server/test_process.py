"""Tests that the service starts, explains why where it cannot, and never outlives its parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import atalaya.mock_server.isolated_entry
from atalaya.core.errors import HarnessError, PortTaken, UsageError
from atalaya.mock_server.control import Control
from atalaya.mock_server.server_process import ServiceProcess

PARENT = """
import sys, time
from atalaya.mock_server.server_process import ServiceProcess

def main(arguments):
    with ServiceProcess() as service:
        print(service.control_port, service.pid, flush=True)
        time.sleep(60)
"""


def reachable(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def gone_within(seconds: float, port: int) -> bool:
    ends_s = time.monotonic() + seconds
    while reachable(port):
        if time.monotonic() > ends_s:
            return False
        time.sleep(0.02)
    return True


def test_the_service_ends_with_its_block() -> None:
    with ServiceProcess() as service:
        port = service.control_port
        assert reachable(port)
    assert not reachable(port)


def test_the_service_ends_when_its_parent_is_killed() -> None:
    program = (
        "import importlib.util as u, sys, types; "
        f"s = u.spec_from_file_location('bind', {str(Path(atalaya.mock_server.isolated_entry.__file__))!r}); "
        "b = u.module_from_spec(s); s.loader.exec_module(b); b.bind(); "
        f"m = types.ModuleType('parent'); exec({PARENT!r}, vars(m)); m.main([])"
    )
    parent = subprocess.Popen([sys.executable, "-I", "-B", "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    port, pid = map(int, parent.stdout.readline().split())
    assert reachable(port)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone_within(60, port), f"the service {pid} outlived its parent"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_in_the_terminal_leaves_the_end_of_the_service_to_its_parent() -> None:
    with ServiceProcess() as service:
        os.kill(service.pid, signal.SIGINT)
        time.sleep(0.2)
        assert reachable(service.control_port)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}.*another program listens there.*use port 0"):
            ServiceProcess(port).__enter__()


def test_a_port_that_was_asked_for_is_the_port_that_is_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with ServiceProcess(port) as service:
        assert service.control_port == port


def test_what_is_no_port_is_refused() -> None:
    with pytest.raises(UsageError, match="70000"):
        ServiceProcess(70000)


def test_nobody_at_the_control_port_is_our_own_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(HarnessError, match="cannot be reached"):
        Control(port)


def test_a_service_that_dies_is_our_own_failure() -> None:
    with ServiceProcess() as service:
        control = Control(service.control_port)
        scope = control.open_scope()
    with control, pytest.raises(HarnessError, match="the loopback service"):
        scope.log()


def test_scopes_end_with_the_connection_that_opened_them() -> None:
    with ServiceProcess() as service:
        control = Control(service.control_port)
        scope = control.open_scope(witness=lambda seen: None)
        port = int(scope.base_url.rpartition(":")[2])
        assert reachable(port)
        control.close()
        assert gone_within(60, port)


def test_a_module_is_run_by_path_without_any_folder_on_the_path(tmp_path: Path) -> None:
    folder = Path(atalaya.mock_server.isolated_entry.__file__).parents[2]
    decoy = tmp_path / "atalaya"
    decoy.mkdir()
    (decoy / "__init__.py").write_text("raise SystemExit('the decoy was imported')")
    line = atalaya.mock_server.isolated_entry.command("atalaya.mock_server.server", "--help")
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "--port" in done.stdout
    program = (
        f"import contextlib, io, runpy, sys; before = list(sys.path); bind = runpy.run_path({line[3]!r})\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    bind['main'](['atalaya.mock_server.server', '--help'])\n"
        "print(sys.path == before, sys.modules['atalaya'].__path__[0])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"True {folder / 'atalaya'}"
