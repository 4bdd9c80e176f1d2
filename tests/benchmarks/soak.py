"""Measures requests per real second in one long wait of the SDK, with and without the virtual clock.

Run by :mod:`test_checks` with the Python of the SDK's environment. Arguments: the project's folder, the folder to
import the SDK from (or nothing), the service's control port, ``clock`` or ``bare``, and how many polls.
"""

from __future__ import annotations

import sys
from typing import Any

EVERY_S = 2.0


def main(root: str, source: str, port: str, how: str, polls: str) -> None:
    sys.path[:0] = [root, *([source] if source else [])]
    from atalaya.harness import virtual_clock as clocks
    from atalaya.mock_server.control import Control

    clock = clocks.install() if how == "clock" else None
    real_s = clock.real.monotonic if clock else __import__("time").monotonic
    from aris3_client_sdk import ClientConfig, HttpClient  # type: ignore[import-not-found]
    from aris3_client_sdk.clients.exports_client import ExportsClient  # type: ignore[import-not-found]

    with Control(int(port)) as control, control.open_scope() as scope:
        scope.script("soak", "CREATED")
        config = ClientConfig(env_name="soak", api_base_url=scope.base_url, retries=0)
        exports: Any = ExportsClient(http=HttpClient(config=config))
        exports.get_export_status("soak", use_get_cache=False)
        wanted = int(polls)
        started_s = real_s()
        if clock is None:
            for _ in range(wanted):
                exports.get_export_status("soak", use_get_cache=False)
        else:
            began_s = clock.now()
            try:
                exports.wait_for_export_ready("soak", timeout_sec=(wanted - 1) * EVERY_S - 1, poll_interval_sec=EVERY_S)
            except TimeoutError:
                """It is meant to run out of time: the export never becomes ready."""
            assert clock.now() - began_s >= (wanted - 2) * EVERY_S
            assert not clock.stalls
        took_s = real_s() - started_s
        print(f"{wanted / took_s:.0f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
