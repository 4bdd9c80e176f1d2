"""The files of the reference SDK in which defects are seeded."""

from __future__ import annotations

from checks.declare import Defect, StandIn

CONFIG, HTTP, EXPORTS, BASE, ERRORS = (
    "config.py",
    "http_client.py",
    "clients/exports_client.py",
    "clients/base.py",
    "error_mapper.py",
)

__all__ = ["BASE", "CONFIG", "ERRORS", "EXPORTS", "HTTP", "Defect", "StandIn"]
