"""Tests of the readings."""

from __future__ import annotations

from atalaya.harness.api import Step, promise, require, without_variables

from ..fixture import CheckContext


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
