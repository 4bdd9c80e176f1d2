"""Is the configuration strict: no invented address, and one class of error for all that is wrong?"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from checks.contracts.judging import CannotTell, NotApplicable, require
from checks.contracts.lab import Attempt, Lab, short, words
from checks.contracts.plugin import promise

URL = "http://127.0.0.1:9/base"
GENERAL = "ARIS3_API_BASE_URL"


class Number(NamedTuple):
    """A numeric variable, the field that shows whether this SDK has it, and values that it must refuse.

    ``beside`` is what else must be set for the value to be out of range.
    """

    variable: str
    field: str
    refused: tuple[str, ...]
    beside: Mapping[str, str] = {}


NOT_NUMBERS = ("abc", "", "nan")
NUMBERS: tuple[Number, ...] = (
    Number("ARIS3_TIMEOUT_SECONDS", "read_timeout_seconds", ("0", "-1")),
    Number("ARIS3_CONNECT_TIMEOUT_SECONDS", "connect_timeout_seconds", ("0", "-0.5")),
    Number("ARIS3_READ_TIMEOUT_SECONDS", "read_timeout_seconds", ("0", "-0.5")),
    Number("ARIS3_RETRIES", "retries", ("-1", "3.0")),
    Number("ARIS3_RETRY_BACKOFF_SECONDS", "retry_backoff_seconds", ("-0.1",)),
    Number("ARIS3_RETRY_JITTER_MIN_SECONDS", "retry_jitter_min_seconds", ("-0.1",)),
    Number("ARIS3_RETRY_JITTER_MAX_SECONDS", "retry_jitter_max_seconds", ("-0.1",)),
    Number("ARIS3_RETRY_JITTER_MAX_SECONDS", "retry_jitter_max_seconds", ("1",),
        {"ARIS3_RETRY_JITTER_MIN_SECONDS": "2"}),
    Number("ARIS3_MAX_CONNECTIONS", "max_connections", ("0", "-1", "2.5")),
)  # fmt: skip


@promise("config.no-fallback")
def check_no_fallback(lab: Lab) -> None:
    cases: dict[str, dict[str, str]] = {
        "both unset": {},
        "both empty": {GENERAL: "", f"{GENERAL}_DEV": ""},
        "another profile's URL only": {"ARIS3_ENV": "staging", f"{GENERAL}_PROD": URL},
    }
    for label, variables in cases.items():
        with lab.trial(label):
            _refused(lab, lab.load_config(variables))
    if not _env_files_in_reach(lab):
        with lab.trial("both unset, and the default search for a file"):
            lab.load_config({})
            _refused(lab, lab.attempt(lambda: lab.sdk.load_config()))


@promise("config.blank-url-is-an-error")
def check_blank_url(lab: Lab) -> None:
    cases = {
        "the general variable": {GENERAL: "   "},
        "the profile's own": {f"{GENERAL}_DEV": " \t "},
        "both": {GENERAL: " ", f"{GENERAL}_DEV": " "},
    }
    for label, variables in cases.items():
        with lab.trial(label):
            _refused(lab, lab.load_config(variables))


@promise("config.numbers-are-config-errors")
def check_numbers(lab: Lab) -> None:
    for number in _numbers(lab):
        for value in _values(number):
            with lab.trial(f"{number.variable}={value!r}"):
                _refused(lab, lab.load_config({GENERAL: URL, **number.beside, number.variable: value}))


@promise("config.error-names-the-variable")
def check_error_names_the_variable(lab: Lab) -> None:
    with lab.trial("no URL"):
        _names(lab, lab.load_config({}), GENERAL)
    for number in _numbers(lab):
        with lab.trial(f"{number.variable}='abc'"):
            _names(lab, lab.load_config({GENERAL: URL, number.variable: "abc"}), number.variable)


@promise("config.profile-comes-first")
def check_profile_comes_first(lab: Lab) -> None:
    own, general = "http://127.0.0.1:9/own", "http://127.0.0.1:9/general"
    cases: tuple[tuple[str, dict[str, str], str], ...] = (
        ("both set", {"ARIS3_ENV": "staging", f"{GENERAL}_STAGING": own, GENERAL: general}, own),
        (
            "the profile's own blank",
            {"ARIS3_ENV": "staging", f"{GENERAL}_STAGING": "  ", GENERAL: general},
            general,
        ),
        (
            "another profile's set",
            {"ARIS3_ENV": "staging", f"{GENERAL}_PROD": own, GENERAL: general},
            general,
        ),
        ("no profile chosen", {f"{GENERAL}_DEV": own, GENERAL: general}, own),
        ("an empty profile", {"ARIS3_ENV": "", f"{GENERAL}_DEV": own, GENERAL: general}, own),
    )
    for label, variables, expected in cases:
        with lab.trial(label):
            url = _loaded(lab.load_config(variables)).api_base_url
            require(url == expected, f"the base URL is {short(url)}, not {expected!r}")


@promise("config.trailing-slashes-removed")
def check_trailing_slashes(lab: Lab) -> None:
    for slashes in ("", "/", "///"):
        with lab.trial(f"{len(slashes)} slashes"):
            url = _loaded(lab.load_config({GENERAL: f" {URL}{slashes} "})).api_base_url
            require(url == URL, f"{URL + slashes!r} became {short(url)}")


@promise("config.defaults")
def check_defaults(lab: Lab) -> None:
    cases: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
        ("nothing else set", {}, {"env_name": "dev", "connect_timeout_seconds": 5.0, "read_timeout_seconds": 10.0,
            "retries": 3, "retry_backoff_seconds": 0.3, "max_connections": 20, "verify_ssl": True,
            "retry_jitter_enabled": False}),
        ("time-out 2", {"ARIS3_TIMEOUT_SECONDS": "2"},
            {"connect_timeout_seconds": 2.0, "read_timeout_seconds": 2.0}),
        ("time-out 60", {"ARIS3_TIMEOUT_SECONDS": "60"},
            {"connect_timeout_seconds": 5.0, "read_timeout_seconds": 60.0}),
        ("connect time-out 30", {"ARIS3_CONNECT_TIMEOUT_SECONDS": "30"},
            {"connect_timeout_seconds": 30.0, "read_timeout_seconds": 30.0}),
    )  # fmt: skip
    for label, variables, expected in cases:
        with lab.trial(label):
            config = _loaded(lab.load_config({GENERAL: URL, **variables}))
            for field, value in expected.items():
                if hasattr(config, field):
                    got = getattr(config, field)
                    require(got == value, f"{field} is {short(got)}, not {value!r}")


@promise("config.booleans")
def check_booleans(lab: Lab) -> None:
    for text in ("1", "true", "TRUE", " yes ", "On"):
        _tls(lab, text, expected=True)
    for text in ("0", "false", "no", "off", "False"):
        _tls(lab, text, expected=False)


@promise("config.env-file-fills-gaps")
def check_env_file(lab: Lab) -> None:
    os.environ.pop("PYTHON_DOTENV_DISABLED", None)
    file = lab.home / "settings.env"
    file.write_text(f"{GENERAL}=http://127.0.0.1:9/file\n", encoding="utf-8")
    with lab.trial("beside an empty environment"):
        url = _loaded(lab.load_config({}, str(file))).api_base_url
        require(url == "http://127.0.0.1:9/file", f"the file's URL was not taken: {short(url)}")
    with lab.trial("beside a set environment"):
        url = _loaded(lab.load_config({GENERAL: URL}, str(file))).api_base_url
        require(url == URL, f"the file's value stands over the environment's: {short(url)}")


def _refused(lab: Lab, load: Attempt) -> None:
    if load.error is None:
        url = getattr(load.value, "api_base_url", load.value)
        require(False, f"load_config returned a configuration (base URL {short(url)}) instead of ConfigError")
    require(isinstance(load.error, lab.sdk.ConfigError), f"load_config {load.said()} instead of ConfigError")


def _names(lab: Lab, load: Attempt, variable: str) -> None:
    if not isinstance(load.error, lab.sdk.ConfigError):
        raise CannotTell(f"there is no ConfigError to read: load_config {load.said()}")
    require(variable in str(load.error), f"the message does not contain {variable}: {short(str(load.error))}")


def _loaded(load: Attempt) -> Any:
    """The configuration of a load that the promise needs to succeed."""
    require(load.error is None, f"load_config {load.said()}")
    return load.value


def _numbers(lab: Lab) -> list[Number]:
    """The numbers that this SDK has: one without jitter is not asked about its range."""
    target = lab.sdk.ClientConfig
    if not dataclasses.is_dataclass(target):
        return list(NUMBERS)
    fields = {field.name for field in dataclasses.fields(target)}
    present = [number for number in NUMBERS if number.field in fields]
    if not present:
        raise NotApplicable(f"ClientConfig has none of the numbers of the contract: {words(sorted(fields))}")
    return present


def _values(number: Number) -> tuple[str, ...]:
    return number.refused if number.beside else NOT_NUMBERS + number.refused


def _tls(lab: Lab, text: str, *, expected: bool) -> None:
    with lab.trial(f"ARIS3_VERIFY_SSL={text!r}"):
        got = _loaded(lab.load_config({GENERAL: URL, "ARIS3_VERIFY_SSL": text})).verify_ssl
        require(got is expected, f"verify_ssl is {short(got)}")


def _env_files_in_reach(lab: Lab) -> bool:
    """Whether a search for ``.env`` from the SDK's folder or ours could meet a file that somebody left there."""
    import sys

    module = sys.modules[lab.sdk.load_config.__module__]
    starts = [Path.cwd(), Path(str(module.__file__)).resolve().parent]
    return any((folder / ".env").exists() for start in starts for folder in (start, *start.parents))
