"""Probes of limitations of the readings."""

from __future__ import annotations

from atalaya.harness.api import limitation

from ..fixture import CheckContext


@limitation("weather.names-are-not-quoted")
def probe_quoting(lab: CheckContext) -> str | None:
    lab.degrees("why?")
    path = lab.log()[-1].path
    return f"it asked for {path}" if path == "/towns/why?" else None
