"""Tests of the readings."""

from __future__ import annotations

from typing import Any

from atalaya.harness import road_properties as properties
from atalaya.harness.api import Attempt, Road, Step, Table, promise, require, without_variables

from ..fixture import CheckContext


def fails(lab: Any, got: Attempt) -> str:
    """What is amiss with the error of a dead network."""
    return "" if isinstance(got.error, lab.sdk.WeatherError) else f"it {got.said()} instead of WeatherError"


DEGREES = Road(
    name="degrees",
    method="GET",
    path="/towns/oslo",
    build=lambda lab, settings: lab.client(settings.base_url),
    take=lambda client: client.degrees("oslo"),
    body=lambda text: {"degrees": text},
    fails=fails,
    refused=lambda lab, status, message, got: fails(lab, got),
    traits=frozenset({"body", "value"}),
)
TABLE = Table([DEGREES], {"body": "Its answer has no body.", "value": "Its answer is not described."})

check_base_path = TABLE.holds("weather.base-path-is-kept")(properties.base_path_is_kept)
check_again = TABLE.holds("weather.second-call-is-like-the-first")(properties.second_call_is_like_the_first)
check_dead = TABLE.holds("weather.dead-networks-are-told")(properties.dead_networks_are_told)


@promise("weather.url-is-needed")
def check_url_is_needed(lab: CheckContext) -> None:
    without_variables("WEATHER_")
    with lab.trial("no address"):
        made = lab.attempt(lambda: lab.sdk.Client(), "Client()")
        require(isinstance(made.error, lab.sdk.WeatherError), f"it {made.said()}")


@promise("weather.town-is-asked")
def check_town_is_asked(lab: CheckContext) -> None:
    for town in ("oslo", "cadiz"):
        with lab.trial(town):
            made = lab.degrees(town)
            require(made.value == len(town), f"it {made.said()}")
            require(lab.log()[-1].path == f"/towns/{town}", f"it asked for {lab.log()[-1].path}")


@promise("weather.errors-are-its-own")
def check_errors_are_its_own(lab: CheckContext) -> None:
    for label, step in (("500", Step(status=500)), ("closed", Step(fault="close"))):
        with lab.trial(label):
            lab.service.answer("GET", "/towns/oslo", step)
            made = lab.degrees("oslo")
            require(isinstance(made.error, lab.sdk.WeatherError), f"it {made.said()}")
