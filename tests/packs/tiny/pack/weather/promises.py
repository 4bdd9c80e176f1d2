"""What the client promises about its readings."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, Promises, Statements

PROMISES = Promises("weather")


@PROMISES.add(CRITICAL, checkpoint_h=0)
def url_is_needed() -> None:
    """Without an address, no client is built.

    Why: An address that nobody gave is somebody else's.

    How: A client is built with nothing in the environment.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def town_is_asked() -> None:
    """The town that is asked for is the one that is read.

    Why: Another town's weather looks the same.

    How: Two towns are asked for, and the service says which it was asked.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def errors_are_its_own() -> None:
    """A request that fails raises WeatherError.

    Why: Who catches it need not know the library below.

    How: The service answers 500, and closes the connection.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def base_path_is_kept() -> None:
    """A path in the address stays in front of each town's.

    Why: Behind a gateway, a lost path is another service.

    How: On each road, behind two paths.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def second_call_is_like_the_first() -> None:
    """The same town, asked for again, is asked for again.

    Why: The weather changes.

    How: On each road, twice, answered differently.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def dead_networks_are_told() -> None:
    """A dead network raises WeatherError.

    Why: Who catches it need not know the library below.

    How: On each road, refused, closed, reset and answered with garbage.
    """


STATEMENTS = Statements("weather")


@STATEMENTS.section("1")
def readings() -> None:
    """Readings.

    A client needs an address.
        weather.url-is-needed
    It reads the weather of one town.
        weather.town-is-asked, weather.base-path-is-kept, weather.second-call-is-like-the-first
    Its only error is WeatherError.
        weather.errors-are-its-own, weather.dead-networks-are-told
    """
