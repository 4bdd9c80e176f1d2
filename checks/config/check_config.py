"""Checks that the configuration is strict: no invented address, one error class for all mistakes."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.harness.api import (
    Attempt,
    CannotTell,
    NotApplicable,
    Step,
    describe,
    package,
    promise,
    require,
    short,
    words,
)

from ..fixture import CheckContext

URL = "http://127.0.0.1:9/base"
OTHER = "http://127.0.0.1:9/other"
FOUND = "http://127.0.0.1:9/found"  # only in files that must not be read
GENERAL = "ARIS3_API_BASE_URL"
PROFILE = "ARIS3_ENV"

# Names that people give to profiles, where a built-in address may lie in wait; the last is one that nobody has.
PROFILES = (
    "dev",
    "development",
    "local",
    "localhost",
    "test",
    "testing",
    "qa",
    "uat",
    "int",
    "stage",
    "staging",
    "preprod",
    "prod",
    "production",
    "live",
    "demo",
    "sandbox",
    "ci",
    "default",
    "zz9",
)

# What a URL might be called by whoever does not know its name.
ALIKE = (
    "ARIS3_BASE_URL",
    "ARIS3_API_URL",
    "ARIS3_URL",
    "ARIS3_API_BASE",
    "ARIS3_API_HOST",
    "ARIS3_HOST",
    "ARIS3_ENDPOINT",
    "ARIS3_API_ENDPOINT",
    "ARIS3_SERVER_URL",
    "ARIS3_SERVICE_URL",
    "ARIS3_DEFAULT_API_BASE_URL",
    "ARIS3_DEFAULT_BASE_URL",
    "ARIS3_FALLBACK_URL",
    "ARIS3_API_BASE_URL_DEFAULT",
    "ARIS3_API_BASE_URL_FALLBACK",
    "ARIS3_API_BASE_URL_",
    "ARIS3_API_BASE_URLS",
    "ARIS3_DEV_API_BASE_URL",
    "ARIS_API_BASE_URL",
    "ARIS_BASE_URL",
    "API_BASE_URL",
    "BASE_URL",
    "API_URL",
)

# The fields of ClientConfig in the contract's order, with its defaults and with a value that is no default.
FIELDS: Mapping[str, tuple[Any, Any]] = {
    "env_name": (None, "somewhere"),
    "api_base_url": (None, URL),
    "connect_timeout_seconds": (5.0, 1.5),
    "read_timeout_seconds": (15.0, 2.5),
    "retries": (3, 4),
    "retry_backoff_seconds": (0.3, 0.75),
    "retry_jitter_enabled": (False, True),
    "retry_jitter_min_seconds": (0.0, 0.125),
    "retry_jitter_max_seconds": (0.0, 0.25),
    "max_connections": (20, 9),
    "verify_ssl": (True, False),
}
REQUIRED = ("env_name", "api_base_url")


class Number(NamedTuple):
    """A numeric variable, the field that shows whether this SDK has it, and what it must refuse and accept.

    ``refused`` begins with a value just out of range; ``ends`` are the last values inside the range.
    """

    variable: str
    field: str
    parse: type[int] | type[float]
    refused: tuple[str, ...]
    ends: tuple[str, ...]

    @property
    def takes_infinity(self) -> bool:
        """Whether it may be infinite; not a minimum of the jitter, which would be above its maximum."""
        return self.parse is float and self.variable != MIN


MIN, MAX = "ARIS3_RETRY_JITTER_MIN_SECONDS", "ARIS3_RETRY_JITTER_MAX_SECONDS"
NOT_NUMBERS = ("abc", "", " ", "nan", "NaN", "-nan", "1,5", "1 2", "0x10", "10s", "None")
NOT_WHOLE = ("3.0", "2.5", "1e3", "inf")
NOT_ABOVE_ZERO = ("0", "-0.5", "0.0", "-0.0", "-1e-9", "-inf")
BELOW_ZERO = ("-0.1", "-1", "-1e-9", "-inf")

# In the order in which they are judged.
NUMBERS: tuple[Number, ...] = (
    Number("ARIS3_TIMEOUT_SECONDS", "read_timeout_seconds", float, NOT_ABOVE_ZERO, ("0.001", "86400")),
    Number("ARIS3_CONNECT_TIMEOUT_SECONDS", "connect_timeout_seconds", float, NOT_ABOVE_ZERO, ("0.001", "3600")),
    Number("ARIS3_READ_TIMEOUT_SECONDS", "read_timeout_seconds", float, NOT_ABOVE_ZERO, ("0.001", "86400")),
    Number("ARIS3_RETRIES", "retries", int, ("-1", "-12", *NOT_WHOLE), ("0", "1", "12")),
    Number("ARIS3_RETRY_BACKOFF_SECONDS", "retry_backoff_seconds", float, BELOW_ZERO, ("0", "0.0001", "120")),
    Number(MIN, "retry_jitter_min_seconds", float, (*BELOW_ZERO, "inf"), ("0",)),
    Number(MAX, "retry_jitter_max_seconds", float, BELOW_ZERO, ("0", "120")),
    Number("ARIS3_MAX_CONNECTIONS", "max_connections", int, ("0", "-1", "-20", *NOT_WHOLE), ("1", "2", "500")),
)

# All settings, valid, and each with a value of its own: the text, the field that it belongs to, the value there.
SETTINGS: Mapping[str, tuple[str, str, Any]] = {
    "ARIS3_TIMEOUT_SECONDS": ("11", "", None),
    "ARIS3_CONNECT_TIMEOUT_SECONDS": ("1.25", "connect_timeout_seconds", 1.25),
    "ARIS3_READ_TIMEOUT_SECONDS": ("7.5", "read_timeout_seconds", 7.5),
    "ARIS3_RETRIES": ("6", "retries", 6),
    "ARIS3_RETRY_BACKOFF_SECONDS": ("0.75", "retry_backoff_seconds", 0.75),
    "ARIS3_RETRY_JITTER_ENABLED": ("true", "retry_jitter_enabled", True),
    MIN: ("0.15", "retry_jitter_min_seconds", 0.15),
    MAX: ("0.45", "retry_jitter_max_seconds", 0.45),
    "ARIS3_MAX_CONNECTIONS": ("9", "max_connections", 9),
    "ARIS3_VERIFY_SSL": ("false", "verify_ssl", False),
}
VALID: Mapping[str, str] = {variable: text for variable, (text, _, _) in SETTINGS.items()}

FLAGS = {"ARIS3_VERIFY_SSL": "verify_ssl", "ARIS3_RETRY_JITTER_ENABLED": "retry_jitter_enabled"}


def _spelled(*words: str) -> tuple[str, ...]:
    """Words as people write them: in small letters, capitals and both, with spaces around them."""
    cases = [change(word) for word in words for change in (str.lower, str.upper, str.title, str.swapcase, _mixed)]
    return tuple(dict.fromkeys([*cases, *(f"{before}{case}{after}" for case in cases for before, after in SPACES)]))


def _mixed(word: str) -> str:
    return "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(word.lower()))


SPACES = ((" ", ""), ("", " "), ("\t", "\r\n"))
TRUE_WORDS = _spelled("1", "true", "yes", "on")
FALSE_WORDS = _spelled("0", "false", "no", "off")
QUOTED = ('"true"', "'1'", '"yes', "`on`", "(true)")
TYPOS = ("ture", "enabled", "y", "t", "ok", "2", "-1", "1.0", "01", "yes please", "on,", "si", " ", "", *QUOTED)


# ── the base URL ─────────────────────────────────────────────────────────────


@promise("config.no-fallback")
def check_no_fallback(lab: CheckContext) -> None:
    for profile in (None, "", "  ", *PROFILES, *map(str.upper, PROFILES)):
        chosen = {} if profile is None else {PROFILE: profile}
        meant = (profile or "dev").strip()
        own = _own(meant)
        cases: dict[str, dict[str, str]] = {
            "both unset": {},
            "the general one empty": {GENERAL: ""},
            "its own empty": {own: ""},
            "both empty": {GENERAL: "", own: ""},
            "the URLs of all other profiles": _urls_of_others(meant),
        }
        for label, variables in cases.items():
            with lab.trial(f"{_told(profile)}, {label}"):
                load = _load(lab, {**chosen, **variables})
                if not (profile or "").strip() and getattr(load.value, "env_name", meant) != meant:
                    raise CannotTell(f"the profile is {load.value.env_name!r}: see config.profile-name")
                _refused(lab, load)
    if not _env_files_in_reach(lab):
        with lab.trial("both unset, and the default search for a file"):
            _refused(lab, _search(lab, {}))


@promise("config.blank-url-is-an-error")
def check_blank_url(lab: CheckContext) -> None:
    _need_strictness(lab)
    for blank in (" ", "   ", " \t ", "\n", "\r\n"):
        for profile in (None, "staging", "prod"):
            chosen = {} if profile is None else {PROFILE: profile}
            own = _own(profile or "dev")
            cases = {
                "the general variable": {GENERAL: blank},
                "the profile's own": {own: blank},
                "both": {GENERAL: blank, own: blank},
                "its own, and other profiles have theirs": {own: blank, **_urls_of_others(profile or "dev")},
            }
            for label, variables in cases.items():
                with lab.trial(f"{_told(profile)}, {blank!r} as {label}"):
                    _refused(lab, _load(lab, {**chosen, **variables}))
    _steady(lab)
    with lab.trial("the profile's own blank, the general one set"):
        _has_url(lab.load_config({GENERAL: URL, _own("dev"): "  "}), URL)


@promise("config.no-other-source")
def check_no_other_source(lab: CheckContext) -> None:
    _need_strictness(lab)
    for name in ALIKE:
        with lab.trial(f"{name} only"):
            _refused(lab, _load(lab, {name: URL}))
            os.environ.pop(name, None)  # not all of them are ARIS3_*, which the next load clears
    with lab.trial("a valid value of everything else"):
        _refused(lab, _load(lab, VALID))
    _allow_files()
    file = _file(lab, "ARIS3_RETRIES=6\n")
    with lab.trial("a file without a URL"):
        _refused(lab, _load(lab, {}, str(file)))


@promise("config.profile-comes-first")
def check_profile_comes_first(lab: CheckContext) -> None:
    _steady(lab)
    own, general = OTHER, URL
    cases: tuple[tuple[str, dict[str, str], str], ...] = (
        ("both set", {PROFILE: "staging", _own("staging"): own, GENERAL: general}, own),
        ("its own only", {PROFILE: "staging", _own("staging"): own}, own),
        ("its own empty", {PROFILE: "staging", _own("staging"): "", GENERAL: general}, general),
        ("the general one empty", {PROFILE: "staging", _own("staging"): own, GENERAL: ""}, own),
        ("another profile's set", {PROFILE: "staging", _own("prod"): own, GENERAL: general}, general),
        ("dev's set", {PROFILE: "staging", _own("dev"): own, GENERAL: general}, general),
        ("in mixed case", {PROFILE: "StAging", _own("staging"): own, GENERAL: general}, own),
        ("in upper case", {PROFILE: "STAGING", _own("staging"): own, GENERAL: general}, own),
        ("a name with a hyphen", {PROFILE: "pre-prod", _own("pre-prod"): own, GENERAL: general}, own),
        ("two hyphens, in mixed case", {PROFILE: "Eu-West-2", _own("eu-west-2"): own, GENERAL: general}, own),
        (
            "a hyphen, beside the same name with an underscore",
            {PROFILE: "pre-prod", _own("pre-prod"): own, _own("pre_prod"): general, _own("preprod"): general},
            own,
        ),
        (
            "an underscore, beside a hyphen",
            {PROFILE: "pre_prod", _own("pre_prod"): own, _own("pre-prod"): general},
            own,
        ),
        (
            "a longer name's set",
            {PROFILE: "prod", _own("prod-eu"): own, _own("prod_eu"): own, GENERAL: general},
            general,
        ),
        ("a shorter name's set", {PROFILE: "prod-eu", _own("prod"): own, _own("eu"): own, GENERAL: general}, general),
        ("a name with a dot", {PROFILE: "prod.eu", _own("prod.eu"): own, GENERAL: general}, own),
        ("a name with a space", {PROFILE: "Eu West", _own("eu west"): own, GENERAL: general}, own),
        ("a name beyond ASCII", {PROFILE: "Producción", _own("producción"): own, GENERAL: general}, own),
        ("a name of digits", {PROFILE: "2031", _own("2031"): own, GENERAL: general}, own),
        ("a name of several words", {PROFILE: "eu_west2", _own("eu_west2"): own, GENERAL: general}, own),
        ("prod", {PROFILE: "prod", _own("prod"): own, GENERAL: general}, own),
        ("dev by name", {PROFILE: "dev", _own("dev"): own, GENERAL: general}, own),
        ("no profile chosen", {_own("dev"): own, GENERAL: general}, own),
        ("no profile chosen, prod's set", {_own("prod"): own, GENERAL: general}, general),
        ("a profile of spaces", {PROFILE: "  ", _own(""): own, GENERAL: general}, own),
        ("a profile of spaces, and dev's set", {PROFILE: "  ", _own("dev"): own, GENERAL: general}, general),
        ("an empty profile", {PROFILE: "", _own("dev"): own, GENERAL: general}, own),
    )
    for label, variables, expected in cases:
        with lab.trial(label):
            load = lab.load_config(variables)
            if not variables.get(PROFILE) and _loaded(load).env_name != "dev":
                raise CannotTell("the profile is not dev where none is named: see config.profile-name")
            _has_url(load, expected)


@promise("config.profile-name")
def check_profile_name(lab: CheckContext) -> None:
    _steady(lab)
    cases = (
        (None, "dev"),
        ("", "dev"),
        ("staging", "staging"),
        ("StAging", "StAging"),
        ("PROD", "PROD"),
        (" Staging ", "Staging"),
        ("\tqa\n", "qa"),
        ("a b", "a b"),
        ("pre-prod", "pre-prod"),
        ("Eu-West-2", "Eu-West-2"),
        ("prod_EU.2", "prod_EU.2"),
        ("Producción", "Producción"),
        ("0", "0"),
        ("   ", ""),
    )
    for text, expected in cases:
        with lab.trial(_told(text)):
            variables = {GENERAL: URL} | ({} if text is None else {PROFILE: text})
            got = _loaded(lab.load_config(variables)).env_name
            require(got == expected, f"env_name is {short(got)}, not {expected!r}")
    with lab.trial("variables with names like the right one"):
        os.environ |= dict.fromkeys(("ENV", "APP_ENV", "ENVIRONMENT", "ARIS_ENV"), "prod")
        alike = dict.fromkeys(("ARIS3_ENVIRONMENT", "ARIS3_PROFILE", "ARIS3_ENV_NAME", "ARIS3_STAGE"), "prod")
        got = _loaded(lab.load_config({GENERAL: URL, **alike})).env_name
        require(got == "dev", f"env_name is {short(got)}, not 'dev'")


@promise("config.normalized-env")
def check_normalized_env(lab: CheckContext) -> None:
    if not hasattr(lab.sdk.ClientConfig, "normalized_env"):
        raise NotApplicable("this SDK does not normalize the profile's name")
    for text, expected in (
        ("prod", "prod"),
        ("PROD", "prod"),
        ("  StAging\t", "staging"),
        ("Eu-West_2", "eu-west_2"),
        ("PRODUCCIÓN", "producción"),
        (" a B ", "a b"),
        ("", ""),
    ):
        with lab.trial(f"built with {text!r}"):
            config = _built(lab, env_name=text, api_base_url=URL)
            _normalized(config, expected)
    with lab.trial("loaded with 'StAging'"):
        load = lab.load_config({GENERAL: URL, PROFILE: "StAging"})
        if load.error is not None:
            raise CannotTell(f"there is no configuration to look at: load_config {load.said()}")
        _normalized(load.value, "staging")


@promise("config.spaces-around-are-dropped")
def check_spaces_around(lab: CheckContext) -> None:
    _steady(lab)
    takes_own = _takes_own(lab)
    for before, after in ((" ", ""), ("", " "), ("  ", "  "), ("\t", "\n"), ("", "\r")):
        padded = f"{before}{OTHER}{after}"
        with lab.trial(f"{GENERAL}={padded!r}"):
            _has_url(lab.load_config({GENERAL: padded}), OTHER)
        if not takes_own:
            continue
        with lab.trial(f"{_own('staging')}={padded!r}"):
            _has_url(lab.load_config({PROFILE: "staging", _own("staging"): padded, GENERAL: URL}), OTHER)
    with lab.trial("the profile's name"):
        load = lab.load_config({PROFILE: " Staging\t", _own("staging"): OTHER, GENERAL: URL})
        if not takes_own or _loaded(load).env_name != "Staging":
            raise CannotTell("the profile, or its name, is not taken: see config.profile-name and -comes-first")
        _has_url(load, OTHER)


@promise("config.trailing-slashes-removed")
def check_trailing_slashes(lab: CheckContext) -> None:
    if _url_of(lab, {GENERAL: URL}) == _url_of(lab, {GENERAL: "https://127.0.0.2:8"}):
        raise CannotTell("the base URL is the same for two loads: see config.read-anew-each-time")
    variables = [GENERAL]
    if _takes_own(lab):
        variables.append(_own("dev"))
    urls = (
        URL,
        "http://127.0.0.1:9",
        "https://API.Example.com:8443/V1//x",
        "https://[::1]:9/p%20q",
        "https://127.0.0.1/a.b/c-d_e~f",
    )
    for url in urls:
        for slashes in ("", "/", "//", "///"):
            for variable in variables:
                with lab.trial(f"{variable}={url + slashes!r}"):
                    _has_url(lab.load_config({variable: url + slashes}), url)
    with lab.trial("a space behind the slash"):
        got = _url_of(lab, {GENERAL: f"{URL}/ "})
        if got != got.strip():
            raise CannotTell("a space at the end is kept: see config.spaces-around-are-dropped")
        require(got == URL, f"the base URL is {short(got)}, not {URL!r}")


# ── numbers and switches ─────────────────────────────────────────────────────


@promise("config.numbers-are-config-errors")
def check_numbers(lab: CheckContext) -> None:
    for number in _numbers(lab):
        for value in (*number.refused, *NOT_NUMBERS):
            _refused_number(lab, {number.variable: value})
    if lab.sdk.has("jitter"):
        for switch in ({}, {"ARIS3_RETRY_JITTER_ENABLED": "false"}, {"ARIS3_RETRY_JITTER_ENABLED": "true"}):
            _refused_number(lab, {MIN: "2", MAX: "1", **switch})
            _refused_number(lab, {MIN: "0.2", MAX: "0.1999", **switch})
            _refused_number(lab, {MIN: "0.5", **switch}, beside_valid=False)
    # Last, since these may load, and an SDK that keeps what it has loaded is another promise's.
    for number in _numbers(lab):
        if number.takes_infinity:
            with lab.trial(f"{number.variable}='inf', if it is refused"):
                load = lab.load_config({GENERAL: URL, number.variable: "inf"})
                if load.error is not None:
                    _refused(lab, load)


@promise("config.range-ends-are-accepted")
def check_range_ends(lab: CheckContext) -> None:
    _steady(lab)
    for number in _numbers(lab):
        for text in (*number.ends, *(["inf"] if number.takes_infinity else [])):
            with lab.trial(f"{number.variable}={text!r}"):
                _usual_arrives(lab, number)
                _arrives(lab, number, text)
    if lab.sdk.has("jitter"):
        with lab.trial("both ends of the jitter alike"):
            for number in _numbers(lab):
                if number.variable in (MIN, MAX):
                    _usual_arrives(lab, number)
            config = _loaded(lab.load_config({GENERAL: URL, MIN: "0.5", MAX: "0.5"}))
            got = config.retry_jitter_min_seconds, config.retry_jitter_max_seconds
            require(got == (0.5, 0.5), f"the jitter is {short(got)}, not (0.5, 0.5)")


@promise("config.numbers-as-python-reads-them")
def check_forms(lab: CheckContext) -> None:
    _steady(lab)
    whole = (" 7 ", "\t3\n", "1_0", "+4", "007", "１２", "\xa08\u3000")
    for number in _numbers(lab):
        for text in (*whole, *(() if number.parse is int else ("1e1", "1E1", ".5", "5.", "2.50"))):
            with lab.trial(f"{number.variable}={text!r}"):
                _usual_arrives(lab, number, str(number.parse(text)))
                _arrives(lab, number, text)


@promise("config.error-names-the-variable")
def check_error_names_the_variable(lab: CheckContext) -> None:
    no_url = {
        "no URL": {},
        "an empty URL": {GENERAL: ""},
        "a blank URL": {GENERAL: "  "},
        "no URL of the profile": {PROFILE: "staging"},
    }
    for label, variables in no_url.items():
        with lab.trial(label):
            _names(lab, lab.load_config(variables), GENERAL)
    for number in _numbers(lab):
        for value in ("abc", "", "nan", number.refused[0]):
            with lab.trial(f"{number.variable}={value!r}"):
                _names(lab, lab.load_config({GENERAL: URL, number.variable: value}), number.variable)
    if lab.sdk.has("jitter"):
        with lab.trial("the jitter's maximum below its minimum"):
            _names(lab, lab.load_config({GENERAL: URL, MIN: "2", MAX: "1"}), MIN, MAX)


@promise("config.first-wrong-is-named")
def check_first_wrong_is_named(lab: CheckContext) -> None:
    numbers = _numbers(lab)
    for place, number in enumerate(numbers):
        for value in ("abc", number.refused[0]):
            with lab.trial(f"{number.variable}={value!r} beside other errors"):
                alone = lab.load_config({GENERAL: URL, number.variable: value})
                if not isinstance(alone.error, lab.sdk.ConfigError) or number.variable not in str(alone.error):
                    raise CannotTell(f"even alone, it is not named by a ConfigError: load_config {alone.said()}")
                for url in ({}, {GENERAL: ""}, {GENERAL: "  "}):
                    _names(lab, lab.load_config({**url, number.variable: value}), number.variable)
                for later in numbers[place + 1 :]:
                    wrong = later.refused[0] if value != "abc" else "abc"
                    both = {GENERAL: URL, number.variable: value, later.variable: wrong}
                    _names(lab, lab.load_config(both), number.variable)


@promise("config.error-is-a-value-error")
def check_error_is_a_value_error(lab: CheckContext) -> None:
    with lab.trial("the class"):
        kind = lab.sdk.ConfigError
        require(isinstance(kind, type) and issubclass(kind, ValueError), f"{short(kind)} is no ValueError")


@promise("config.values-reach-their-fields")
def check_values_reach_their_fields(lab: CheckContext) -> None:
    _steady(lab)
    present = _fields_of(lab)
    jitter_off = {**VALID, "ARIS3_RETRY_JITTER_ENABLED": "false"}
    for variable, (text, field, expected) in SETTINGS.items():
        if field not in present:
            continue
        # The minimum alone would be above the maximum.
        alone = {variable: text} | ({MAX: VALID[MAX]} if variable == MIN else {})
        for label, variables in (("alone", alone), ("beside all others", VALID), ("with jitter off", jitter_off)):
            if variables[variable] != text:
                continue
            with lab.trial(f"{variable}={text!r} {label}"):
                _has(_loaded(lab.load_config({GENERAL: URL, **variables})), field, expected)


@promise("config.defaults")
def check_defaults(lab: CheckContext) -> None:
    connect, read = "connect_timeout_seconds", "read_timeout_seconds"
    general, own_connect, own_read = (f"ARIS3_{name}TIMEOUT_SECONDS" for name in ("", "CONNECT_", "READ_"))
    usual = {name: default for name, (default, _) in FIELDS.items() if name not in REQUIRED} | {read: 10.0}
    cases: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
        ({}, usual),
        ({general: "2"}, {connect: 2.0, read: 2.0}),
        ({general: "4.5"}, {connect: 4.5, read: 4.5}),
        ({general: "5"}, {connect: 5.0, read: 5.0}),
        ({general: "7"}, {connect: 5.0, read: 7.0}),
        ({general: "60"}, {connect: 5.0, read: 60.0}),
        ({own_connect: "30"}, {connect: 30.0, read: 30.0}),
        ({own_connect: "1"}, {connect: 1.0, read: 10.0}),
        ({own_read: "1"}, {connect: 5.0, read: 1.0}),
        ({general: "60", own_connect: "30"}, {connect: 30.0, read: 60.0}),
        ({general: "2", own_connect: "4"}, {connect: 4.0, read: 4.0}),
        ({general: "2", own_connect: "1"}, {connect: 1.0, read: 2.0}),
        ({general: "4", own_read: "1"}, {connect: 4.0, read: 1.0}),
        ({general: "4", own_connect: "3", own_read: "2"}, {connect: 3.0, read: 2.0}),
    )
    present = _fields_of(lab)
    with lab.trial("a URL and nothing else"):
        _loaded(lab.load_config({GENERAL: URL}))
    _steady(lab)
    both = _loaded(lab.load_config({GENERAL: URL, own_connect: "1.25", own_read: "7.5"}))
    if (getattr(both, connect, 1.25), getattr(both, read, 7.5)) != (1.25, 7.5):
        raise CannotTell("the time-outs that are set do not arrive: see config.values-reach-their-fields")
    for variables, expected in cases:
        with lab.trial(" ".join(f"{name}={text}" for name, text in variables.items()) or "nothing else set"):
            config = _loaded(lab.load_config({GENERAL: URL, **variables}))
            for field, value in expected.items():
                if field in present:
                    _has(config, field, value)


@promise("config.booleans")
def check_booleans(lab: CheckContext) -> None:
    _steady(lab)
    present = _fields_of(lab)
    flags = {variable: field for variable, field in FLAGS.items() if field in present}
    if not flags:
        raise NotApplicable("this SDK has neither of the switches")
    for variable, field in flags.items():
        loads = {text: lab.load_config({GENERAL: URL, variable: text}) for text in (*TRUE_WORDS, *FALSE_WORDS, *TYPOS)}
        got = {text: getattr(load.value, field, None) for text, load in loads.items()}
        if len({repr(value) for value in got.values()}) == 1:
            raise CannotTell(f"{field} is always the same: see config.values-reach-their-fields")
        for text, load in loads.items():
            with lab.trial(f"{variable}={text!r}"):
                # Refusing a typing error would mend a limitation; anything else than a ConfigError would not.
                if text in TYPOS and isinstance(load.error, lab.sdk.ConfigError):
                    continue
                require(_loaded(load) is not None and got[text] is (text in TRUE_WORDS), f"{field} is {got[text]!r}")


# ── each load for itself ─────────────────────────────────────────────────────


@promise("config.read-anew-each-time")
def check_read_anew(lab: CheckContext) -> None:
    elsewhere = "https://127.0.0.2:8/elsewhere"  # another URL in each of its parts
    first = _url_of(lab, {GENERAL: URL})
    with lab.trial("another URL"):
        _is_new(lab.load_config({GENERAL: elsewhere}), first)
    with lab.trial("no URL any more"):
        _is_new(lab.load_config({}), first, _url_of(lab, {GENERAL: elsewhere}))
    with lab.trial("another profile"):
        lab.load_config({PROFILE: "staging", _own("staging"): URL, _own("prod"): elsewhere})
        _is_new(lab.load_config({PROFILE: "prod", _own("staging"): URL, _own("prod"): elsewhere}), first)
    for number in _numbers(lab):
        with lab.trial(f"another {number.variable}"):
            loads = [lab.load_config({GENERAL: URL, **_room(number), number.variable: text}) for text in ("8", "9")]
            before, after = (getattr(load.value, number.field, None) for load in loads)
            if before == 8:
                require(after != before, f"{number.field} is still {short(before)}")
    if not _env_files_in_reach(lab):
        with lab.trial("with no argument"):
            _search(lab, {GENERAL: URL})
            _is_new(_search(lab, {GENERAL: elsewhere}), first)
    _allow_files()
    with lab.trial("another text in the same file"):
        if getattr(lab.load_config({}, str(_file(lab, f"{GENERAL}={URL}\n"))).value, "api_base_url", None) != first:
            raise CannotTell("the file's URL was not taken: see config.env-file-fills-gaps")
        _is_new(lab.load_config({}, str(_file(lab, f"{GENERAL}={elsewhere}\n"))), first)


@promise("config.loading-sends-nothing")
def check_loading_sends_nothing(lab: CheckContext) -> None:
    _steady(lab)
    watched: list[str] = []
    watching = False

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
            watched.append(f"{event}{short(arguments[-1 if event.startswith('socket.connect') else 0])}")

    sys.addaudithook(hear)
    for url in (lab.service.base_url, "https://nobody.invalid/aris3"):
        with lab.trial(url):
            watching = True
            load = lab.load_config({GENERAL: url, _own("dev"): url})
            watching = False
            require(not watched, f"load_config asked the network: {words(watched)}")
            require(not lab.log(), "load_config sent a request")
            _loaded(load)


# ── the record ───────────────────────────────────────────────────────────────


@promise("config.is-frozen")
def check_is_frozen(lab: CheckContext) -> None:
    built = lab.given(partial(lab.sdk.ClientConfig, env_name="check", api_base_url=URL), "building a ClientConfig")
    _steady(lab)
    for label, config in (("built", built), ("loaded", _loaded(lab.load_config({GENERAL: URL})))):
        for field in _fields_of(lab):
            with lab.trial(f"{field} of one that was {label}"):
                before = getattr(config, field)
                said = lab.attempt(functools.partial(setattr, config, field, "changed"))
                require(
                    isinstance(said.error, dataclasses.FrozenInstanceError),
                    f"an assignment {'was taken' if said.error is None else said.said()}",
                )
                require(getattr(config, field) == before, "the assignment was refused, and took effect")


@promise("config.fields-in-order")
def check_fields_in_order(lab: CheckContext) -> None:
    takes = inspect.signature(lab.sdk.ClientConfig).parameters
    present = [name for name in FIELDS if name in takes]
    with lab.trial("their order"):
        order = [name for name in takes if name in FIELDS]
        require(order == present, f"the fields are {words(order)}, and not {words(present)}")
        keyword_only = [name for name in present if takes[name].kind is inspect.Parameter.KEYWORD_ONLY]
        require(not keyword_only, f"these are not taken by position: {words(keyword_only)}")
    if list(takes)[: len(present)] == present:
        with lab.trial("built by position"):
            values = [FIELDS[name][1] for name in present]
            config = lab.given(partial(lab.sdk.ClientConfig, *values), "building a ClientConfig by position")
            for name, value in zip(present, values, strict=True):
                _has(config, name, value)


@promise("config.direct-build-defaults")
def check_direct_build_defaults(lab: CheckContext) -> None:
    config = lab.given(partial(lab.sdk.ClientConfig, env_name="check", api_base_url=URL), "building a ClientConfig")
    for field, (default, _) in FIELDS.items():
        if field in _fields_of(lab) and field not in REQUIRED:
            with lab.trial(field):
                _has(config, field, default)


@promise("config.name-and-url-are-required")
def check_name_and_url_are_required(lab: CheckContext) -> None:
    given = {"env_name": "check", "api_base_url": URL}
    _built(lab, **given)
    for missing in (("api_base_url",), ("env_name",), REQUIRED):
        with lab.trial(f"without {' and '.join(missing)}"):
            try:
                config = lab.sdk.ClientConfig(**{k: v for k, v in given.items() if k not in missing})
            except Exception:
                continue
            require(False, f"it was built all the same: {short(config)}")


@promise("config.direct-build-validates-nothing")
def check_direct_build_validates_nothing(lab: CheckContext) -> None:
    for given in (
        {"retries": -1},
        {"connect_timeout_seconds": 0.0},
        {"read_timeout_seconds": 0.0},
        {"read_timeout_seconds": -1.5},
        {"retry_backoff_seconds": -0.5},
        {"max_connections": 0},
        {"retry_jitter_min_seconds": 2.0, "retry_jitter_max_seconds": 1.0},
        {"env_name": ""},
        {"env_name": " Two Words "},
        {"api_base_url": ""},
        {"api_base_url": "not a url"},
        {"api_base_url": "http://127.0.0.1:9//"},
    ):
        with lab.trial(words([f"{name}={value!r}" for name, value in given.items()])):
            if lacking := [name for name in given if name not in _fields_of(lab)]:
                raise NotApplicable(f"ClientConfig has no {words(lacking)}")
            fields = {"env_name": "check", "api_base_url": URL, **given}
            built = lab.attempt(partial(lab.sdk.ClientConfig, **fields), "building a ClientConfig")
            require(built.error is None, f"it {built.said()}")
            for name, value in given.items():
                _has(built.value, name, value)
    with lab.trial("a request with retries=-1"):
        if "retries" not in _fields_of(lab):
            raise NotApplicable("ClientConfig has no retries")
        path = "/aris3/no-attempt"
        lab.service.answer("GET", path, Step(status=200, json={}))
        got = lab.get(lab.http(config=lab.config(retries=-1)), path)
        require(isinstance(got.error, RuntimeError), f"it {got.said()} instead of raising RuntimeError")
        require(not lab.log(path), "it was sent")


# ── files ────────────────────────────────────────────────────────────────────


@promise("config.env-file-fills-gaps")
def check_env_file(lab: CheckContext) -> None:
    _steady(lab)
    _allow_files()
    everything = {PROFILE: "qa", _own("qa"): OTHER, GENERAL: "http://127.0.0.1:9/general", **VALID}
    for label, environment, in_file in (
        ("a URL, beside an empty environment", {}, {GENERAL: OTHER}),
        ("everything, beside an empty environment", {}, everything),
        ("a profile that chooses a URL of the environment", {_own("qa"): URL, _own("dev"): OTHER}, {PROFILE: "qa"}),
        ("a URL, beside a set one", {GENERAL: URL}, {GENERAL: OTHER}),
        ("everything, beside a set number", {"ARIS3_RETRIES": "2"}, everything),
        ("everything, beside a set switch", {"ARIS3_VERIFY_SSL": "true"}, everything),
        ("everything, beside a set profile", {PROFILE: "dev"}, {**everything, _own("dev"): URL}),
        ("everything, beside everything", {**everything, _own("qa"): URL, "ARIS3_RETRIES": "2"}, everything),
    ):
        with lab.trial(label):
            expected = _as_from_environment(lab, {**in_file, **environment})
            lines = "".join(f"{name}={text}\n" for name, text in in_file.items())
            _same(lab.load_config(environment, str(_file(lab, lines))), expected)
    with lab.trial("quotes, comments, spaces and export"):
        lines = f"# where\n\nexport {PROFILE}='qa'\n{_own('qa')} = \"{OTHER}\"  # ours\nARIS3_RETRIES=6 # enough\n"
        expected = _as_from_environment(lab, {PROFILE: "qa", _own("qa"): OTHER, "ARIS3_RETRIES": "6"})
        _same(lab.load_config({}, str(_file(lab, lines))), expected)
    with lab.trial("values that name others, of the file and of the environment, and one that is not there"):
        lines = f"ARIS3_HOST=127.0.0.1:9\n{GENERAL}=http://${{ARIS3_HOST}}/${{ARIS3_PART}}\n"
        lines += "ARIS3_RETRIES=${ARIS3_NOWHERE:-6}\n"
        expected = _as_from_environment(lab, {GENERAL: OTHER, "ARIS3_RETRIES": "6"})
        _same(lab.load_config({"ARIS3_PART": "other"}, str(_file(lab, lines))), expected)
    with lab.trial("a path from the working folder"):
        expected = _as_from_environment(lab, {GENERAL: OTHER})
        os.chdir(_file(lab, f"{GENERAL}={OTHER}\n").parent)
        _same(lab.load_config({}, "settings.env"), expected)


@promise("config.empty-value-stands-over-the-file")
def check_empty_value_stands(lab: CheckContext) -> None:
    _steady(lab)
    _allow_files()
    file = str(_file(lab, f"{PROFILE}=qa\n{_own('qa')}={FOUND}\n{_own('dev')}={FOUND}\n{GENERAL}={FOUND}\n"))
    if getattr(lab.load_config({}, file).value, "api_base_url", None) != FOUND:
        raise CannotTell("the file's URL was not taken: see config.env-file-fills-gaps")
    if getattr(lab.load_config({PROFILE: "dev", _own("dev"): URL}, file).value, "api_base_url", None) != URL:
        raise CannotTell("the file stands even over a value: see config.env-file-fills-gaps")
    for label, environment in (
        ("an empty profile", {PROFILE: "", _own("dev"): URL}),
        ("an empty URL of the profile", {PROFILE: "dev", _own("dev"): "", GENERAL: URL}),
        ("an empty URL of another profile", {PROFILE: "qa", _own("qa"): "", GENERAL: URL}),
        ("a profile of spaces", {PROFILE: "  ", _own(""): URL}),
        ("a URL of the profile of spaces", {PROFILE: "dev", _own("dev"): " \t", GENERAL: URL}),
    ):
        with lab.trial(label):
            if _url_of(lab, environment) != URL:
                raise CannotTell("it is not taken as empty even without a file: see config.profile-comes-first")
            _has_url(lab.load_config(environment, file), URL)
    for label, nothing in (("an empty general URL", ""), ("a general URL of spaces", "  ")):
        with lab.trial(label):
            _stays_nothing(lab, file, nothing)


@promise("config.empty-path-reads-no-file")
def check_empty_path_reads_no_file(lab: CheckContext) -> None:
    _steady(lab)
    _allow_files()
    with _surrounded_by_files(lab):
        for label, started in _STARTS.items():
            with lab.trial(label), started():
                _passed_over(lab.load_config({GENERAL: URL}, ""))
            with lab.trial(f"{label}, and no URL anywhere else"), started():
                load = lab.load_config({}, "")
                found = getattr(load.value, "api_base_url", None)
                require(found != FOUND, f"a .env was read that nobody asked for: load_config {load.said()}")


@promise("config.missing-file-is-passed-over")
def check_missing_file_is_passed_over(lab: CheckContext) -> None:
    _steady(lab)
    _allow_files()
    folder = lab.home / "folder"
    folder.mkdir()
    (folder / ".env").write_text(f"{_own('dev')}={FOUND}\n", encoding="utf-8")
    paths = {
        "a file that is not there": lab.home / "missing.env",
        "a folder": folder,
        "a file in no folder": lab.home / "nowhere" / ".env",
    }
    with _surrounded_by_files(lab):
        for told, path in paths.items():
            for label, started in _STARTS.items():
                with lab.trial(f"{told}, {label}"), started():
                    load = lab.load_config({GENERAL: URL}, str(path))
                    # To say that it is missing would mend a limitation, if it is said by ConfigError.
                    if not isinstance(load.error, lab.sdk.ConfigError):
                        _passed_over(load)


@promise("config.search-starts-at-the-sdk")
def check_search_starts_at_the_sdk(lab: CheckContext) -> None:
    _steady(lab)
    _allow_files()
    nearest = "http://127.0.0.1:9/nearest"
    if getattr(lab.load_config({}, str(_file(lab, f"{GENERAL}={OTHER}\n"))).value, "api_base_url", None) != OTHER:
        raise CannotTell("no file is read even when it is named: see config.env-file-fills-gaps")
    with _surrounded_by_files(lab) as package, _as_a_program():
        (package.parents[1] / ".env").write_text(f"{GENERAL}={OTHER}\n", encoding="utf-8")
        with lab.trial("a .env two folders above the SDK's, another in the working folder"):
            (package.parent / ".env").unlink()
            _has_url(_search(lab, {}), OTHER)
        if _url_of(lab, {GENERAL: URL}, str(lab.home / "settings.env")) == URL:
            with lab.trial("the same beside a set environment"):
                _has_url(_search(lab, {GENERAL: URL}), URL)
        with lab.trial("another in the SDK's own folder"):
            (package / ".env").write_text(f"{GENERAL}={nearest}\n", encoding="utf-8")
            _has_url(_search(lab, {}), nearest)


@promise("config.file-values-stay")
def check_file_values_stay(lab: CheckContext) -> None:
    _allow_files()
    file = str(_file(lab, f"{GENERAL}={OTHER}\nARIS3_RETRIES=6\nATALAYA_TOLD=yes\n"))
    first = lab.load_config({}, file)
    if first.error is not None:
        raise CannotTell(f"a load with a file {first.said()}")
    with lab.trial("a later load without a file"):
        later = lab.attempt(partial(lab.sdk.load_config, ""), "load_config('')")
        require(later.error is None, f"it {later.said()}")
        got = later.value.api_base_url, later.value.retries
        require(got == (OTHER, 6), f"its base URL and retries are {short(got)}, not those of the file")
    with lab.trial("another name of the file"):
        told = os.environ.get("ATALAYA_TOLD")
        require(told == "yes", f"ATALAYA_TOLD is {told!r} afterwards, and the file says 'yes'")


@promise("config.environment-gains-only-the-file")
def check_environment_gains_only_the_file(lab: CheckContext) -> None:
    _allow_files()
    in_file = {GENERAL: OTHER, "ARIS3_RETRIES": "6", "ATALAYA_TOLD": "yes"}
    file = str(_file(lab, "".join(f"{name}={text}\n" for name, text in in_file.items())))
    padded = {
        PROFILE: " StAging ",
        _own("staging"): f" {URL}/ ",
        GENERAL: "",
        "ARIS3_RETRIES": " 1_0 ",
        "ARIS3_VERIFY_SSL": " Yes ",
    }
    for label, variables, env_file, told in (
        ("a URL only", {GENERAL: URL}, "", {}),
        ("a profile's own URL only", {PROFILE: "staging", _own("staging"): URL}, "", {}),
        ("values with spaces", padded, "", {}),
        ("no URL", {}, "", {}),
        ("a number that is none", {GENERAL: URL, "ARIS3_RETRIES": "abc"}, "", {}),
        ("a file", {}, file, in_file),
        ("a file, beside a set environment", {**padded, "ARIS3_TIMEOUT_SECONDS": "4"}, file, in_file),
    ):
        with lab.trial(label):
            os.environ.pop("ATALAYA_TOLD", None)
            os.environ["ATALAYA_BESIDE"] = " as it is "
            before = {name: text for name, text in os.environ.items() if not name.startswith("ARIS3_")}
            before |= variables
            lab.load_config(variables, env_file)
            after = dict(os.environ)
            for name, text in before.items():
                if name not in told:  # what the file may override is another promise's
                    require(after.get(name) == text, f"{name} was {text!r}, and is {after.get(name)!r}")
            added = sorted(name for name in after if name.startswith("ARIS3_") and name not in {*before, *told})
            require(not added, f"these variables were added: {words(added)}")


# ── what the checks share ────────────────────────────────────────────────────


def _own(profile: str) -> str:
    """The variable that holds a profile's own URL."""
    return f"{GENERAL}_{profile.upper()}"


def _urls_of_others(profile: str) -> dict[str, str]:
    """The variables of all profiles but this one."""
    return {_own(other): URL for other in PROFILES if _own(other) != _own(profile)}


def _told(profile: str | None) -> str:
    return "no profile" if profile is None else f"{PROFILE}={profile!r}"


def _load(lab: CheckContext, variables: Mapping[str, str], env_file: str = "") -> Attempt:
    """load_config, where even leaving the program is an answer: an SDK that does that raises no ConfigError."""
    try:
        return lab.load_config(variables, env_file)
    except SystemExit as left:
        return Attempt(None, left, 0.0, 0.0)


def _refused(lab: CheckContext, load: Attempt) -> None:
    if load.error is None:
        url = getattr(load.value, "api_base_url", load.value)
        require(False, f"load_config returned a configuration (base URL {short(url)}) instead of ConfigError")
    require(isinstance(load.error, lab.sdk.ConfigError), f"load_config {load.said()} instead of ConfigError")


def _refused_number(lab: CheckContext, variables: Mapping[str, str], *, beside_valid: bool = True) -> None:
    """Refused with nothing else set, and beside a valid value of everything else."""
    told = " ".join(f"{name}={text!r}" for name, text in variables.items())
    for label, others in (("", {}), (", all others valid", VALID)):
        if beside_valid or not others:
            with lab.trial(f"{told}{label}"):
                _refused(lab, _load(lab, {GENERAL: URL, **others, **variables}))


def _names(lab: CheckContext, load: Attempt, *variables: str) -> None:
    """The message holds one of these names."""
    if not isinstance(load.error, lab.sdk.ConfigError):
        raise CannotTell(f"there is no ConfigError to read: load_config {load.said()}")
    said = str(load.error)
    require(any(name in said for name in variables), f"{' or '.join(variables)} is not in {short(said)}")


def _loaded(load: Attempt) -> Any:
    """The configuration of a load that the promise needs to succeed."""
    require(load.error is None, f"load_config {load.said()}")
    return load.value


def _built(lab: CheckContext, **fields: str) -> Any:
    """A configuration that is built directly."""
    return lab.given(partial(lab.sdk.ClientConfig, **fields), "building a ClientConfig")


def _has_url(load: Attempt, expected: str) -> None:
    url = _loaded(load).api_base_url
    require(url == expected, f"the base URL is {short(url)}, not {expected!r}")


def _is_new(load: Attempt, *before: str) -> None:
    """The base URL is none of those before, where the load gives one at all."""
    url = getattr(load.value, "api_base_url", None)
    require(url not in before, f"the base URL is still {short(url)}")


def _has(config: Any, field: str, expected: Any) -> None:
    """A field has a value: a switch is True or False itself, and a whole number is no truth value."""
    got = getattr(config, field)
    alike = got == expected and isinstance(got, bool) is isinstance(expected, bool)
    whole = not isinstance(expected, int) or isinstance(got, int)
    require(alike and whole, f"{field} is {short(got)}, not {expected!r}")


def _normalized(config: Any, expected: str) -> None:
    got = config.normalized_env
    require(got == expected, f"normalized_env is {short(got)}, not {expected!r}")


def _arrives(lab: CheckContext, number: Number, text: str) -> None:
    """The text of a number arrives as the value that Python reads in it."""
    config = _loaded(lab.load_config({GENERAL: URL, **_room(number), number.variable: text}))
    _has(config, number.field, number.parse(text))


def _usual_arrives(lab: CheckContext, number: Number, text: str = "") -> None:
    """Go on only where a usual value arrives, or this one.

    :raises CannotTell: it does not.
    """
    text = text or ("8" if number.parse is int else "7.25")
    load = lab.load_config({GENERAL: URL, **_room(number), number.variable: text})
    if getattr(load.value, number.field, None) != number.parse(text):
        raise CannotTell(f"not even {text} arrives in {number.field}: see config.values-reach-their-fields")


def _room(number: Number) -> dict[str, str]:
    """What else is set so that a number has its whole range: the minimum of the jitter needs a maximum above it."""
    others = {MIN: {MAX: "100"}, "ARIS3_READ_TIMEOUT_SECONDS": {"ARIS3_CONNECT_TIMEOUT_SECONDS": "0.001"}}
    return others.get(number.variable, {})


def _steady(lab: CheckContext) -> None:
    """Go on only where a plain load works, and works anew each time: nearly everything here stands on that.

    :raises CannotTell: it does not.
    """
    for url in (URL, OTHER):
        load = lab.load_config({GENERAL: url})
        if load.error is not None:
            raise CannotTell(f"a configuration with nothing but a URL does not load: load_config {load.said()}")
        if url not in str(load.value.api_base_url):
            raise CannotTell(f"with {url!r} set, the base URL is {short(load.value.api_base_url)}")


def _need_strictness(lab: CheckContext) -> None:
    """Go on only where a missing URL is refused at all.

    :raises CannotTell: it is not.
    """
    for chosen in ({}, {PROFILE: "staging"}, {PROFILE: "prod"}):
        load = _load(lab, {**chosen, **_urls_of_others(chosen.get(PROFILE, "dev"))})
        if not isinstance(load.error, lab.sdk.ConfigError):
            raise CannotTell(f"not even an unset URL is a ConfigError: load_config {load.said()}")


def _url_of(lab: CheckContext, variables: Mapping[str, str], env_file: str = "") -> str:
    """The base URL that these variables give, and the file if there is one.

    :raises CannotTell: they give none.
    """
    return str(_as_from_environment(lab, variables, env_file).api_base_url)


def _takes_own(lab: CheckContext) -> bool:
    """Whether a profile's own URL is taken at all, which is another promise's."""
    named = {PROFILE: "staging", _own("staging"): OTHER, GENERAL: URL}
    return _url_of(lab, {_own("dev"): OTHER, GENERAL: URL}) == OTHER == _url_of(lab, named)


def _fields_of(lab: CheckContext) -> list[str]:
    """The fields of the contract that this SDK's configuration has: one without jitter lacks three."""
    target = lab.sdk.ClientConfig
    if not dataclasses.is_dataclass(target):
        return list(FIELDS)
    names = {field.name for field in dataclasses.fields(target)}
    return [name for name in FIELDS if name in names]


def _numbers(lab: CheckContext) -> list[Number]:
    """The numbers that this SDK has: one without jitter is not asked about its range."""
    fields = _fields_of(lab)
    present = [number for number in NUMBERS if number.field in fields]
    if not present:
        raise NotApplicable(f"ClientConfig has none of the numbers of the contract: {words(fields)}")
    return present


# ── files, and how the program was started ───────────────────────────────────


def _allow_files() -> None:
    """Let python-dotenv read files, which this process forbids it otherwise."""
    os.environ.pop("PYTHON_DOTENV_DISABLED", None)


def _file(lab: CheckContext, lines: str) -> Path:
    path = lab.home / "settings.env"
    path.write_text(lines, encoding="utf-8")
    return path


def _stays_nothing(lab: CheckContext, file: str, nothing: str) -> None:
    """A general URL that is there and says nothing is not filled in by a file's."""
    others = {_own("qa"): FOUND, _own("dev"): FOUND}
    for told, load in (
        ("without a file", lab.load_config({PROFILE: "ci", GENERAL: nothing, **others})),
        ("with one", lab.load_config({PROFILE: "ci", GENERAL: nothing}, file)),
    ):
        if getattr(load.value, "api_base_url", None) == FOUND:
            if told == "without a file":
                raise CannotTell("another profile's URL is taken: see config.no-fallback")
            require(False, f"the base URL is the file's, {FOUND!r}")


def _as_from_environment(lab: CheckContext, variables: Mapping[str, str], env_file: str = "") -> Any:
    """What the environment gives with these variables, alone unless there is a file.

    :raises CannotTell: it gives nothing.
    """
    load = lab.load_config(variables, env_file)
    if load.error is not None:
        raise CannotTell(f"these settings do not load from the environment: load_config {load.said()}")
    return load.value


def _same(load: Attempt, expected: Any) -> None:
    got = _loaded(load)
    for field in FIELDS:
        if hasattr(expected, field):
            here, there = getattr(got, field), getattr(expected, field)
            require(here == there, f"{field} is {short(here)}, and from the environment it would be {short(there)}")


def _passed_over(load: Attempt) -> None:
    """The configuration is the environment's, and none of the files that lie about was read."""
    url = _loaded(load).api_base_url
    require(url != FOUND, "a .env was read that nobody asked for")
    require(url == URL, f"the base URL is {short(url)}, not {URL!r}")


def _search(lab: CheckContext, variables: Mapping[str, str]) -> Attempt:
    """load_config with no argument: the default search for a file."""
    for name in [name for name in os.environ if name.startswith("ARIS3_")]:
        del os.environ[name]
    os.environ.update(variables)
    return lab.attempt(lab.sdk.load_config, "load_config()")


def _env_files_in_reach(lab: CheckContext) -> bool:
    """Whether a search for ``.env`` from the SDK's folder or ours could meet a file that somebody left there."""
    module = sys.modules[lab.sdk.load_config.__module__]
    starts = [Path.cwd(), Path(str(module.__file__)).resolve().parent]
    return any((folder / ".env").exists() for start in starts for folder in (start, *start.parents))


@contextmanager
def _surrounded_by_files(lab: CheckContext) -> Iterator[Path]:
    """A copy of the SDK's package, imported in its place, with a .env above it and one in the working folder.

    A copy, since nothing is ever written where the SDK lies.

    :raises CannotTell: it cannot be copied, or not be imported from there.
    """
    original = Path(str(sys.modules[package()].__file__)).parent
    source = lab.home / "copy" / "src"
    working = lab.home / "working"
    working.mkdir()
    try:
        shutil.copytree(original, source / package(), ignore=shutil.ignore_patterns("__pycache__", ".env"))
        if (project := original.parents[1] / "pyproject.toml").is_file():
            shutil.copy(project, source.parent)
        for name in [name for name in sys.modules if name.partition(".")[0] == package()]:
            del sys.modules[name]
        sys.path.insert(0, str(source))
        importlib.invalidate_caches()
        imported = importlib.import_module(package())
    except Exception as why:
        raise CannotTell(f"a copy of the SDK cannot be imported: {describe(why)}") from why
    if Path(str(imported.__file__)).parent != source / package():
        raise CannotTell(f"the SDK is imported from {imported.__file__} and not from its copy")
    for folder in (source, working):
        (folder / ".env").write_text(f"{_own('dev')}={FOUND}\n", encoding="utf-8")
    before = Path.cwd()
    os.chdir(working)
    try:
        yield source / package()
    finally:
        os.chdir(before)


@contextmanager
def _as_a_program() -> Iterator[None]:
    """As in a program that was started from a file, with no debugger about."""
    main, tracer = sys.modules["__main__"], sys.gettrace()
    had = getattr(main, "__file__", None)
    main.__file__ = __file__
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        if had is None:
            del main.__file__
        else:
            main.__file__ = had


@contextmanager
def _at_a_prompt() -> Iterator[None]:
    """As at Python's prompt, or under ``python -c``: the main module has no file."""
    main = sys.modules["__main__"]
    had = main.__dict__.pop("__file__", None)
    try:
        yield
    finally:
        if had is not None:
            main.__file__ = had


_STARTS = {"from a program": _as_a_program, "from a prompt": _at_a_prompt}
