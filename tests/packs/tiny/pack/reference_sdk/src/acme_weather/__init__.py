"""Reads the weather of a town."""

import http.client
import json
import os
import urllib.parse
import urllib.request


class WeatherError(Exception):
    """What a reading fails with."""


class Client:
    """Asks one address."""

    def __init__(self, url=None):
        self.url = url or os.environ.get("WEATHER_URL", "")
        if not self.url:
            raise WeatherError("Set WEATHER_URL.")

    def degrees(self, town):
        """The degrees of a town."""
        return self._get(f"/towns/{town}")["degrees"]

    def _get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return json.load(answer)
        except (OSError, http.client.HTTPException) as why:
            raise WeatherError(f"{urllib.parse.urlsplit(self.url).netloc} did not answer: {why}") from why
