"""Spark, really running: in a Java process of the tests, or as a server beside them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
LONG_S = 300.0  # far more than it takes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """PySpark warns of pandas, which we hand nothing to; pytest forgets that we pass over it, and makes it an error."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
            )


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    """Skip where Spark cannot run: `nox -s spark` brings PySpark, and asks for Java."""
    pytest.importorskip("pyspark", reason="`nox -s spark` installs PySpark")
    if not shutil.which("java"):
        pytest.skip("there is no Java")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Spark Connect server on loopback."""
    import pyspark

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    log = folder / "log"
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    given = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    argv = [submit, "--master", "local[2]", "--class", SERVER, *given, "spark-internal"]
    with log.open("wb") as out, subprocess.Popen(argv, stdout=out, stderr=out, cwd=folder) as running:
        try:
            _wait(running, port, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            running.terminate()


def _wait(running: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server answers: it takes seconds, and a busy machine many."""
    ends = time.monotonic() + LONG_S
    while time.monotonic() < ends and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")
