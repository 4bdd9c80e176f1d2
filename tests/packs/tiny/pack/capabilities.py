"""The names of the contract, and where it puts them."""

from __future__ import annotations

from atalaya.harness.api import Capability, Vocabulary

NAMES = ("Client", "WeatherError")

VOCABULARY = Vocabulary(
    package="acme_weather",
    prefix="WEATHER_",
    names={name: f"acme_weather:{name}" for name in NAMES},
    errors=("WeatherError",),
    required=NAMES,
)
CAPABILITIES: dict[str, Capability] = {}
