"""Tests of the configuration that is read from the environment."""

from __future__ import annotations

import pytest

from aris3_client_sdk import ConfigError, load_config


def test_the_address_of_the_environment_stands_over_the_general_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARIS3_ENV", "staging")
    monkeypatch.setenv("ARIS3_API_BASE_URL", "http://general.test")
    monkeypatch.setenv("ARIS3_API_BASE_URL_STAGING", "http://staging.test/")
    assert load_config("").api_base_url == "http://staging.test"


def test_without_an_address_nothing_is_assumed() -> None:
    with pytest.raises(ConfigError, match="ARIS3_API_BASE_URL"):
        load_config("")


def test_a_timeout_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARIS3_API_BASE_URL", "http://service.test")
    monkeypatch.setenv("ARIS3_TIMEOUT_SECONDS", "soon")
    with pytest.raises(ConfigError, match="ARIS3_TIMEOUT_SECONDS"):
        load_config("")
