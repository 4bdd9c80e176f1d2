"""The declaration of the pack."""

from __future__ import annotations

from pathlib import Path

from atalaya.harness.declare import N_, family
from atalaya.harness.duties import PackDuty, PromisesKept
from atalaya.harness.pack import Pack

NAME = "tiny"

PACK = Pack(
    name=NAME,
    module=f"{__package__}",
    folder=Path(__file__).parent,
    package="acme_weather",
    distribution="acme-weather",
    prefix="WEATHER_",
    families=(family(f"{__package__}", "weather"),),
    sections={"1": N_("Readings")},
    events={"network-errors": ("weather.errors-are-its-own",)},
    duties=(
        PackDuty(
            "address",
            0,
            N_("Confirm that no town is asked for at an address that nobody gave"),
            PromisesKept(("weather.url-is-needed",), by_h=24),
            blocked_by=("weather",),
        ),
    ),
)
