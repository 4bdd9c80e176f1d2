"""Changes to the reference SDK that break what it promises about its configuration, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("config")


# ── an address that nobody chose ──


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_address() -> None:
    """A built-in address steps in when none is set.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or "https://api.aris3.example"
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_for_dev_only() -> None:
    """Who chose no profile is sent to a server on this machine.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("http://localhost:8000" if env_name == "dev" else "")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_for_prod_only() -> None:
    """Production has a built-in address, found by its name in upper case.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or {"PROD": "https://api.aris3.example"}.get(env_name, "")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_for_unknown_profiles() -> None:
    """A profile that nobody knows is sent to a sandbox.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("" if env_name in ("dev", "staging", "prod") else "https://sandbox.aris3.example")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_when_empty() -> None:
    """A built-in address steps in when the variable is there and empty.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("https://api.aris3.example" if os.environ.get("ARIS3_API_BASE_URL") == "" else "")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_of_the_search() -> None:
    """A built-in address steps in when no file is named.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("https://api.aris3.example" if env_file is None else "")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_to_another_profile() -> None:
    """Production's address steps in for a profile that has none.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or _text("ARIS3_API_BASE_URL_PROD")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def fallback_to_dev() -> None:
    """The address of dev steps in for a profile that has none.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or _text("ARIS3_API_BASE_URL_DEV")
    + )
    """


@DEFECTS.add("config.py", "config.no-fallback")
def missing_url_is_a_value_error() -> None:
    """A missing URL raises a bare ValueError.

    - raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + raise ValueError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    """


@DEFECTS.add("config.py", "config.no-fallback")
def missing_url_ends_the_program() -> None:
    """A missing URL ends the program with a message.

    - raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + raise SystemExit("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    """


@DEFECTS.add("config.py", "config.blank-url-is-an-error")
def fallback_when_blank() -> None:
    """A built-in address steps in when the variable is there and blank.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("https://api.aris3.example" if os.environ.get("ARIS3_API_BASE_URL") else "")
    + )
    """


@DEFECTS.add("config.py", "config.blank-url-is-an-error", "config.spaces-around-are-dropped", "config.booleans")
def blank_url_kept() -> None:
    """A base URL of spaces is taken as it is.

    - return os.environ.get(name, "").strip()
    + return os.environ.get(name, "")
    """


@DEFECTS.add("config.py", "config.blank-url-is-an-error")
def own_blank_hides_the_general_url() -> None:
    """A blank URL of the profile is an error beside a good general one.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(_o) if os.environ.get(_o := f"ARIS3_API_BASE_URL_{env_name.upper()}") else _text("ARIS3_API_BASE_URL")
    + )
    """


@DEFECTS.add("config.py", "config.no-other-source")
def another_name_for_the_url() -> None:
    """An older name of the variable is still read.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL") or _text("ARIS3_BASE_URL")
    + )
    """


@DEFECTS.add("config.py", "config.no-other-source")
def default_profile_steps_in() -> None:
    """A variable for all profiles without an address is read.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or _text("ARIS3_DEFAULT_API_BASE_URL")
    + )
    """


@DEFECTS.add("config.py", "config.no-other-source")
def fallback_beside_a_file() -> None:
    """A built-in address steps in when a file was named.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     or ("https://api.aris3.example" if env_file else "")
    + )
    """


@DEFECTS.add("config.py", "config.name-and-url-are-required")
def default_url_in_the_record() -> None:
    """ClientConfig has an address of its own.

    - api_base_url: str
    + api_base_url: str = "https://api.aris3.example"
    """


@DEFECTS.add("config.py", "config.name-and-url-are-required")
def default_profile_in_the_record() -> None:
    """ClientConfig needs neither a profile nor an address.

    - env_name: str
    - api_base_url: str
    + env_name: str = "dev"
    + api_base_url: str = ""
    """


# ── which address ──


@DEFECTS.add("config.py", "config.profile-comes-first")
def general_url_first() -> None:
    """The general URL stands over the profile's own.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = _text("ARIS3_API_BASE_URL") or _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    """


@DEFECTS.add("config.py", "config.profile-comes-first")
def profile_keeps_its_case() -> None:
    """The variable of a profile in lower case is looked for in lower case.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = _text(f"ARIS3_API_BASE_URL_{env_name}") or _text("ARIS3_API_BASE_URL")
    """


@DEFECTS.add("config.py", "config.profile-comes-first", "config.blank-url-is-an-error")
def own_empty_hides_the_general_url() -> None:
    """An empty URL of the profile hides the general one.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(_o)
    +     if os.environ.get(_o := f"ARIS3_API_BASE_URL_{env_name.upper()}", " ") != " "
    +     else _text("ARIS3_API_BASE_URL")
    + )
    """


@DEFECTS.add("config.py", "config.profile-comes-first")
def no_own_url_for_dev() -> None:
    """The variable of dev is not read: dev is the general one.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (env_name != "dev" and _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")) or _text(
    +     "ARIS3_API_BASE_URL"
    + )
    """


@DEFECTS.add("config.py", "config.profile-comes-first")
def hyphens_become_underscores() -> None:
    """The variable of a profile with a hyphen is looked for with an underscore.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper().replace('-', '_')}") or _text("ARIS3_API_BASE_URL")
    """


@DEFECTS.add("config.py", "config.profile-comes-first")
def first_word_of_the_profile() -> None:
    """A profile with a hyphen and no URL takes that of its first word.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text(f"ARIS3_API_BASE_URL_{env_name.upper().partition('-')[0]}")
    +     or _text("ARIS3_API_BASE_URL")
    + )
    """


@DEFECTS.add("config.py", "config.profile-name", "config.profile-comes-first")
def odd_letters_of_the_profile_dropped() -> None:
    """Of a profile's name, only letters of ASCII, digits and underscores are kept.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = "".join(
    +     c for c in (os.environ.get("ARIS3_ENV") or "dev").strip() if c in "_ " or (c.isascii() and c.isalnum())
    + )
    """


@DEFECTS.add("config.py", "config.numbers-as-python-reads-them")
def digits_of_ascii_only() -> None:
    """A number with digits of another alphabet is refused.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name].encode("ascii").decode()) if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.profile-name")
def profile_lower_cased() -> None:
    """The profile's name loses its case.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (os.environ.get("ARIS3_ENV") or "dev").strip().lower()
    """


@DEFECTS.add("config.py", "config.profile-name")
def profile_keeps_its_spaces() -> None:
    """Spaces around the profile's name stay.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (os.environ.get("ARIS3_ENV") or "dev")
    """


@DEFECTS.add("config.py", "config.profile-name")
def another_default_profile() -> None:
    """Where no profile is named, it is prod.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (os.environ.get("ARIS3_ENV") or "prod").strip()
    """


@DEFECTS.add("config.py", "config.profile-name")
def empty_profile_kept() -> None:
    """An empty profile is a profile without a name.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = os.environ.get("ARIS3_ENV", "dev").strip()
    """


@DEFECTS.add("config.py", "config.profile-name")
def blank_profile_is_dev() -> None:
    """A profile of spaces is dev.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (_text("ARIS3_ENV") or "dev")
    """


@DEFECTS.add("config.py", "config.profile-name")
def profile_from_another_variable() -> None:
    """Without ARIS3_ENV, the profile is that of the whole program.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (os.environ.get("ARIS3_ENV") or os.environ.get("APP_ENV") or "dev").strip()
    """


@DEFECTS.add("config.py", "config.normalized-env")
def normalized_keeps_its_spaces() -> None:
    """normalized_env keeps the spaces.

    - return self.env_name.lower().strip()
    + return self.env_name.lower()
    """


@DEFECTS.add("config.py", "config.normalized-env")
def normalized_in_upper_case() -> None:
    """normalized_env is in upper case.

    - return self.env_name.lower().strip()
    + return self.env_name.upper().strip()
    """


@DEFECTS.add("config.py", "config.normalized-env")
def normalized_is_a_method() -> None:
    """normalized_env must be called.

    - @property
    """


@DEFECTS.add("config.py", "config.spaces-around-are-dropped")
def own_url_keeps_its_spaces() -> None:
    """Spaces around the profile's own URL stay.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (_text(_o := f"ARIS3_API_BASE_URL_{env_name.upper()}") and os.environ[_o]) or _text(
    +     "ARIS3_API_BASE_URL"
    + )
    """


@DEFECTS.add("config.py", "config.spaces-around-are-dropped")
def general_url_keeps_its_spaces() -> None:
    """Spaces around the general URL stay.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text("ARIS3_API_BASE_URL")
    +     and os.environ["ARIS3_API_BASE_URL"]
    + )
    """


@DEFECTS.add("config.py", "config.spaces-around-are-dropped")
def spaced_profile_not_found() -> None:
    """The variable of a profile is looked for with the spaces in its name.

    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = _text(f"ARIS3_API_BASE_URL_{(os.environ.get('ARIS3_ENV') or 'dev').upper()}") or _text(
    +     "ARIS3_API_BASE_URL"
    + )
    """


@DEFECTS.add("config.py", "config.trailing-slashes-removed")
def one_slash_removed() -> None:
    """Only the last of several slashes is removed.

    - api_base_url=base_url.rstrip("/"),
    + api_base_url=base_url.removesuffix("/"),
    """


@DEFECTS.add("config.py", "config.trailing-slashes-removed")
def url_lower_cased() -> None:
    """The base URL is put into lower case.

    - api_base_url=base_url.rstrip("/"),
    + api_base_url=base_url.rstrip("/").lower(),
    """


@DEFECTS.add("config.py", "config.trailing-slashes-removed")
def path_of_the_url_dropped() -> None:
    """Of the base URL only the origin is kept.

    - api_base_url=base_url.rstrip("/"),
    + api_base_url="/".join(base_url.split("/")[:3]),
    """


@DEFECTS.add("config.py", "config.trailing-slashes-removed")
def double_slashes_mended() -> None:
    """Doubled slashes inside the base URL are made one.

    - api_base_url=base_url.rstrip("/"),
    + api_base_url=base_url.rstrip("/").replace("//", "/").replace(":/", "://"),
    """


# ── numbers that must be refused ──


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def bare_value_error() -> None:
    """A number that is none raises a bare ValueError.

    - raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause
    + raise
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def range_error_is_a_value_error() -> None:
    """A number above no limit raises a bare ValueError.

    - raise ConfigError(f"{name} is {value}: it must be greater than {above}")
    + raise ValueError(f"{name} is {value}: it must be greater than {above}")
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def range_not_checked() -> None:
    """A number below its range is accepted.

    - if at_least is not None and not value >= at_least:
    + if at_least is not None and value != value:
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def empty_number_is_default() -> None:
    """An empty number counts as not set.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name]) if os.environ.get(name) else default
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def blank_number_is_default() -> None:
    """A number of spaces counts as not set.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name]) if os.environ.get(name, "?") == "" or _text(name) else default
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def nan_accepted() -> None:
    """NaN passes for a time-out.

    - if above is not None and not value > above:
    + if above is not None and value <= above:
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def no_time_out_accepted() -> None:
    """Zero passes for the connect time-out.

    - connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), above=0)
    + connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), at_least=0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def retries_through_float() -> None:
    """3.0 passes for a whole number.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = _number("ARIS3_RETRIES", lambda text: int(float(text)), 3, at_least=0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def no_connections_accepted() -> None:
    """Zero passes for the number of connections.

    - max_connections = _number("ARIS3_MAX_CONNECTIONS", int, 20, at_least=1)
    + max_connections = _number("ARIS3_MAX_CONNECTIONS", int, 20, at_least=0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def jitter_order_judged_only_when_on() -> None:
    """With jitter off, a maximum below the minimum passes.

    - jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min)
    + jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min if jitter_enabled else 0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def jitter_order_not_judged() -> None:
    """A jitter maximum below the minimum passes.

    - jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min)
    + jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def jitter_maximum_follows() -> None:
    """A jitter minimum alone raises the maximum.

    - jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min)
    + jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, jitter_min, at_least=jitter_min)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def time_out_judged_only_when_needed() -> None:
    """The general time-out is not looked at where both others are set.

    - timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    + own = {"ARIS3_CONNECT_TIMEOUT_SECONDS", "ARIS3_READ_TIMEOUT_SECONDS"} <= set(os.environ)
    + timeout = 10.0 if own else _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    """


@DEFECTS.add("config.py", "config.numbers-are-config-errors")
def negative_retries_are_none() -> None:
    """A negative number of retries counts as none.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = max(0, _number("ARIS3_RETRIES", int, 3))
    """


# ── numbers that must be accepted ──


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def no_retries_refused() -> None:
    """No retries at all are refused.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = _number("ARIS3_RETRIES", int, 3, above=0)
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def no_retries_are_three() -> None:
    """No retries at all become three.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = _number("ARIS3_RETRIES", int, 3, at_least=0) or 3
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def retries_are_capped() -> None:
    """More than ten retries become ten.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = min(_number("ARIS3_RETRIES", int, 3, at_least=0), 10)
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def one_connection_refused() -> None:
    """A single connection is refused.

    - max_connections = _number("ARIS3_MAX_CONNECTIONS", int, 20, at_least=1)
    + max_connections = _number("ARIS3_MAX_CONNECTIONS", int, 20, above=1)
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def equal_jitters_refused() -> None:
    """A jitter maximum equal to the minimum is refused.

    - jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min)
    + jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min * 1.0001)
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def short_time_outs_refused() -> None:
    """A time-out below a second is refused.

    - read = _number("ARIS3_READ_TIMEOUT_SECONDS", float, max(timeout, connect), above=0)
    + read = _number("ARIS3_READ_TIMEOUT_SECONDS", float, max(timeout, connect), at_least=1)
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def no_backoff_is_default() -> None:
    """No backoff at all becomes the default.

    - backoff = _number("ARIS3_RETRY_BACKOFF_SECONDS", float, 0.3, at_least=0)
    + backoff = _number("ARIS3_RETRY_BACKOFF_SECONDS", float, 0.3, at_least=0) or 0.3
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def infinite_backoff_refused() -> None:
    """A backoff that is infinite is refused.

    - if at_least is not None and not value >= at_least:
    + if at_least is not None and not float("inf") > value >= at_least:
    """


@DEFECTS.add("config.py", "config.range-ends-are-accepted")
def infinite_time_outs_refused() -> None:
    """A time-out that is infinite is refused.

    - if above is not None and not value > above:
    + if above is not None and not float("inf") > value > above:
    """


@DEFECTS.add("config.py", "config.numbers-as-python-reads-them")
def underscores_refused() -> None:
    """A number with an underscore is refused.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name].replace("_", "?")) if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.numbers-as-python-reads-them")
def spaces_in_numbers_refused() -> None:
    """A number with a space before or behind it is refused.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name].replace(" ", "?")) if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.numbers-as-python-reads-them")
def exponents_refused() -> None:
    """A number with an exponent is refused.

    - value = parse(os.environ[name]) if name in os.environ else default
    + value = parse(os.environ[name].lower().replace("e", "?")) if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def time_out_rounded() -> None:
    """The connect time-out is rounded to a tenth of a second.

    - connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), above=0)
    + connect = float(format(_number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), above=0), ".1f"))
    """


# ── what an error says ──


@DEFECTS.add("config.py", "config.error-names-the-variable")
def nameless_error() -> None:
    """The error for a number does not say which.

    - raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause
    + raise ConfigError("a setting is not a number") from cause
    """


@DEFECTS.add("config.py", "config.error-names-the-variable")
def nameless_range_error() -> None:
    """The error for a number out of range does not say which.

    - raise ConfigError(f"{name} is {value}: it must be at least {at_least}")
    + raise ConfigError(f"{value} is not at least {at_least}")
    """


@DEFECTS.add("config.py", "config.error-names-the-variable")
def nameless_url_error() -> None:
    """The error for a missing URL does not say which variable.

    - raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + raise ConfigError("There is no base URL. Set the variable of the chosen ARIS3_ENV.")
    """


@DEFECTS.add("config.py", "config.error-names-the-variable")
def short_names_in_errors() -> None:
    """An error names the setting without its prefix.

    - raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause
    + raise ConfigError(f"{name.removeprefix('ARIS3_')} is not a number: {os.environ[name]!r}") from cause
    """


@DEFECTS.add("config.py", "config.first-wrong-is-named")
def url_judged_first() -> None:
    """A missing URL is reported before a wrong number.

    + if not base_url:
    +     raise ConfigError("ARIS3_API_BASE_URL is not set.")
      timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    """


@DEFECTS.add("config.py", "config.first-wrong-is-named")
def connections_judged_first() -> None:
    """The number of connections is judged before all other numbers.

    + _number("ARIS3_MAX_CONNECTIONS", int, 20, at_least=1)
      timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    """


@DEFECTS.add("config.py", "config.first-wrong-is-named")
def read_judged_before_connect() -> None:
    """The read time-out is judged before the connect time-out.

      timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    + _number("ARIS3_READ_TIMEOUT_SECONDS", float, 10.0, above=0)
    """


@DEFECTS.add("config.py", "config.error-is-a-value-error")
def config_error_is_an_exception() -> None:
    """ConfigError is no ValueError.

    - class ConfigError(ValueError):
    + class ConfigError(Exception):
    """


@DEFECTS.add("config.py", "config.error-is-a-value-error")
def config_error_is_a_runtime_error() -> None:
    """ConfigError is a RuntimeError.

    - class ConfigError(ValueError):
    + class ConfigError(RuntimeError):
    """


# ── where values arrive ──


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def time_outs_swapped() -> None:
    """The two time-outs have changed places.

    - connect_timeout_seconds=connect,
    - read_timeout_seconds=read,
    + connect_timeout_seconds=read,
    + read_timeout_seconds=connect,
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def jitters_swapped() -> None:
    """Minimum and maximum of the jitter have changed places.

    - retry_jitter_min_seconds=jitter_min,
    - retry_jitter_max_seconds=jitter_max,
    + retry_jitter_min_seconds=jitter_max,
    + retry_jitter_max_seconds=jitter_min,
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def jitter_range_only_when_on() -> None:
    """With jitter off, its range is dropped.

    - retry_jitter_max_seconds=jitter_max,
    + retry_jitter_max_seconds=jitter_max if jitter_enabled else 0.0,
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def tls_always_verified() -> None:
    """The switch for TLS verification does nothing.

    - verify_ssl=verify_ssl,
    + verify_ssl=True,
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def connections_not_passed_on() -> None:
    """The number of connections is read and not used.

    - max_connections=max_connections,
    """


@DEFECTS.add("config.py", "config.values-reach-their-fields")
def one_switch_for_two() -> None:
    """The switch for jitter is read from that for TLS.

    - jitter_enabled = _flag("ARIS3_RETRY_JITTER_ENABLED", False)
    + jitter_enabled = _flag("ARIS3_VERIFY_SSL", False)
    """


# ── defaults and switches ──


@DEFECTS.add("config.py", "config.defaults")
def read_timeout_ignores_connect() -> None:
    """The read time-out does not follow the connect time-out.

    - read = _number("ARIS3_READ_TIMEOUT_SECONDS", float, max(timeout, connect), above=0)
    + read = _number("ARIS3_READ_TIMEOUT_SECONDS", float, timeout, above=0)
    """


@DEFECTS.add("config.py", "config.defaults")
def connect_timeout_follows_without_limit() -> None:
    """The connect time-out follows the general one past 5 seconds.

    - connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), above=0)
    + connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, timeout, above=0)
    """


@DEFECTS.add("config.py", "config.defaults")
def another_general_time_out() -> None:
    """The general time-out is 15 seconds where none is set.

    - timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    + timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 15.0, above=0)
    """


@DEFECTS.add("config.py", "config.defaults")
def more_retries_by_default() -> None:
    """Five retries are the default.

    - retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + retries = _number("ARIS3_RETRIES", int, 5, at_least=0)
    """


@DEFECTS.add("config.py", "config.defaults")
def tls_not_verified_by_default() -> None:
    """TLS is verified only when the switch says so.

    - verify_ssl = _flag("ARIS3_VERIFY_SSL", True)
    + verify_ssl = _flag("ARIS3_VERIFY_SSL", False)
    """


@DEFECTS.add("config.py", "config.defaults")
def jitter_by_default() -> None:
    """Jitter is on where nothing is said.

    - jitter_enabled = _flag("ARIS3_RETRY_JITTER_ENABLED", False)
    + jitter_enabled = _flag("ARIS3_RETRY_JITTER_ENABLED", True)
    """


@DEFECTS.add("config.py", "config.booleans")
def on_is_not_true() -> None:
    """The word `on` is not understood.

    - TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
    + TRUE_WORDS = frozenset({"1", "true", "yes"})
    """


@DEFECTS.add("config.py", "config.booleans")
def switches_know_case() -> None:
    """A switch understands only lower case.

    - return _text(name).lower() in TRUE_WORDS if name in os.environ else default
    + return _text(name) in TRUE_WORDS if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.booleans")
def typing_errors_are_true() -> None:
    """A switch is true unless a false word is said.

    - return _text(name).lower() in TRUE_WORDS if name in os.environ else default
    + return _text(name).lower() not in {"0", "false", "no", "off"} if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.booleans")
def more_true_words() -> None:
    """y and t are true as well.

    - TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
    + TRUE_WORDS = frozenset({"1", "true", "yes", "on", "y", "t"})
    """


@DEFECTS.add("config.py", "config.booleans")
def empty_switch_is_default() -> None:
    """An empty switch has its default.

    - return _text(name).lower() in TRUE_WORDS if name in os.environ else default
    + return _text(name).lower() in TRUE_WORDS if os.environ.get(name) else default
    """


@DEFECTS.add("config.py", "config.booleans")
def switches_lose_their_quotes() -> None:
    """A switch is read without the quotes around its word.

    - return _text(name).lower() in TRUE_WORDS if name in os.environ else default
    + return _text(name).strip(chr(34) + chr(39)).lower() in TRUE_WORDS if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.booleans")
def typing_errors_are_key_errors() -> None:
    """A switch that is neither on nor off raises a KeyError.

    - return _text(name).lower() in TRUE_WORDS if name in os.environ else default
    + words = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(("0", "false", "no", "off"), False)
    + return words[_text(name).lower()] if name in os.environ else default
    """


@DEFECTS.add("config.py", "config.booleans")
def jitter_by_any_word() -> None:
    """Any word but an empty one turns jitter on.

    - jitter_enabled = _flag("ARIS3_RETRY_JITTER_ENABLED", False)
    + jitter_enabled = bool(_text("ARIS3_RETRY_JITTER_ENABLED"))
    """


# ── each load for itself ──


@DEFECTS.add("config.py", "config.read-anew-each-time")
def configuration_kept() -> None:
    """load_config answers from a cache.

    + @__import__("functools").cache
      def load_config(env_file: str | None = None) -> ClientConfig:
    """


@DEFECTS.add("config.py", "config.read-anew-each-time")
def last_url_remembered() -> None:
    """Without a URL, the one of the load before holds.

    + base_url = base_url or getattr(load_config, "last", "")
    + load_config.last = base_url
      if not base_url:
    """


@DEFECTS.add("config.py", "config.loading-sends-nothing")
def host_looked_up() -> None:
    """load_config looks the host up.

          raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + import contextlib
    + import socket
    +
    + with contextlib.suppress(OSError):
    +     socket.getaddrinfo(base_url.split("/")[2].split(":")[0].strip("["), None)
    """


@DEFECTS.add("config.py", "config.loading-sends-nothing")
def service_asked_while_loading() -> None:
    """load_config sees whether somebody listens.

          raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + import contextlib
    + import socket
    +
    + if base_url.startswith("http://127.0.0.1:"):
    +     with contextlib.suppress(OSError):
    +         port = int(base_url.split("/")[2].rpartition(":")[2])
    +         socket.create_connection(("127.0.0.1", port), 0.2).close()
    """


# ── the record ──


@DEFECTS.add("config.py", "config.is-frozen")
def not_frozen() -> None:
    """A configuration can be changed.

    - @dataclass(frozen=True)
    + @dataclass
    """


@DEFECTS.add("config.py", "config.is-frozen")
def frozen_by_another_error() -> None:
    """A change of a configuration raises a TypeError.

    - @dataclass(frozen=True)
    + @dataclass(eq=True)
      class ClientConfig:
    +     def __setattr__(self, name: str, value: object) -> None:
    +         if name in self.__dict__:
    +             raise TypeError(f"{name} cannot be changed")
    +         super().__setattr__(name, value)
    +
    """


@DEFECTS.add("config.py", "config.fields-in-order")
def fields_swapped() -> None:
    """The two time-outs have changed places in the record.

    + read_timeout_seconds: float = 15.0
      connect_timeout_seconds: float = 5.0
    - read_timeout_seconds: float = 15.0
    """


@DEFECTS.add("config.py", "config.fields-in-order")
def fields_by_keyword_only() -> None:
    """ClientConfig takes no field by position.

    - @dataclass(frozen=True)
    + @dataclass(frozen=True, kw_only=True)
    """


@DEFECTS.add("config.py", "config.direct-build-defaults")
def built_with_the_loaded_default() -> None:
    """The read time-out of a configuration built directly is 10.

    - read_timeout_seconds: float = 15.0
    + read_timeout_seconds: float = 10.0
    """


@DEFECTS.add("config.py", "config.direct-build-defaults")
def built_without_tls_verification() -> None:
    """A configuration built directly does not verify TLS.

    - verify_ssl: bool = True
    + verify_ssl: bool = False
    """


@DEFECTS.add("config.py", "config.direct-build-validates-nothing")
def direct_build_refuses_numbers() -> None:
    """A configuration that is built by hand is refused for a number that is out of range.

    + def __post_init__(self) -> None:
    +     if self.retries < 0 or self.max_connections < 1:
    +         raise ConfigError("a number is out of range")
    +
      @property
    """


@DEFECTS.add("config.py", "config.direct-build-validates-nothing")
def direct_build_refuses_a_url() -> None:
    """A configuration that is built by hand is refused without a URL.

    + def __post_init__(self) -> None:
    +     if not self.api_base_url.startswith("http"):
    +         raise ConfigError("ARIS3_API_BASE_URL is no URL")
    +
      @property
    """


@DEFECTS.add("http_client.py", "config.direct-build-validates-nothing")
def one_attempt_at_the_least() -> None:
    """A request is tried once, though its configuration says that it is tried less than that.

    - for attempt in range(self.config.retries + 1):
    + for attempt in range(max(self.config.retries, 0) + 1):
    """


@DEFECTS.add("config.py", "config.direct-build-validates-nothing")
def direct_build_mends_a_time_out() -> None:
    """A configuration that is built by hand has another time-out than it was given.

    + def __post_init__(self) -> None:
    +     object.__setattr__(self, "read_timeout_seconds", max(self.read_timeout_seconds, 0.0))
    +
      @property
    """


# ── files ──


@DEFECTS.add("config.py", "config.env-file-fills-gaps")
def file_overrides_environment() -> None:
    """The env file stands over the environment.

    - load_dotenv(env_file)
    + load_dotenv(env_file, override=True)
    """


@DEFECTS.add("config.py", "config.env-file-fills-gaps")
def file_read_after_the_profile() -> None:
    """The profile is chosen before the file is read.

    + env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
      _load_env_file(env_file)
    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    """


@DEFECTS.add("config.py", "config.env-file-fills-gaps")
def file_not_read() -> None:
    """A file that is named is not read.

    - if env_file == "":
    + if env_file is not None:
    """


@DEFECTS.add("config.py", "config.env-file-fills-gaps")
def file_read_by_hand() -> None:
    """The file is read line by line, without quotes, comments and export.

    + if env_file and os.path.isfile(env_file):
    +     for line in open(env_file, encoding='utf-8').read().splitlines():
    +         name, equals, text = line.partition("=")
    +         if equals:
    +             os.environ.setdefault(name.strip(), text.strip())
    +     return
      load_dotenv(env_file)
    """


@DEFECTS.add("config.py", "config.env-file-fills-gaps")
def file_names_are_left() -> None:
    """The names of others in the file's values are left as they stand.

    - load_dotenv(env_file)
    + load_dotenv(env_file, interpolate=False)
    """


@DEFECTS.add("config.py", "config.empty-value-stands-over-the-file")
def file_fills_empty_values() -> None:
    """The env file fills a variable that is there and empty.

    - load_dotenv(env_file)
    + from dotenv import dotenv_values, find_dotenv
    +
    + for name, text in dotenv_values(env_file or find_dotenv()).items():
    +     if not os.environ.get(name):
    +         os.environ[name] = text or ""
    """


@DEFECTS.add("config.py", "config.empty-value-stands-over-the-file")
def file_fills_blank_values() -> None:
    """The env file fills a variable that holds nothing but spaces.

      from dotenv import load_dotenv

    + for name in [name for name, value in os.environ.items() if name.startswith("ARIS3_") and value.isspace()]:
    +     del os.environ[name]
    """


@DEFECTS.add("config.py", "config.empty-path-reads-no-file")
def empty_path_searches() -> None:
    """The empty path is taken for none, and a file is looked for.

    - if env_file == "":
    -     return
    + env_file = env_file or None
    """


@DEFECTS.add("config.py", "config.empty-path-reads-no-file")
def empty_path_is_the_working_folder() -> None:
    """The empty path means the .env of the working folder.

    - if env_file == "":
    -     return
    + env_file = ".env" if env_file == "" else env_file
    """


@DEFECTS.add("config.py", "config.missing-file-is-passed-over")
def missing_file_is_an_error() -> None:
    """A file that is not there raises FileNotFoundError.

    + if env_file is not None:
    +     open(env_file).close()
      load_dotenv(env_file)
    """


@DEFECTS.add("config.py", "config.missing-file-is-passed-over")
def missing_file_searches() -> None:
    """For a file that is not there another is looked for.

    - load_dotenv(env_file)
    + load_dotenv(env_file if env_file and os.path.isfile(env_file) else None)
    """


@DEFECTS.add("config.py", "config.missing-file-is-passed-over")
def folder_means_its_env() -> None:
    """A folder means the .env in it.

    - load_dotenv(env_file)
    + load_dotenv(os.path.join(env_file, ".env") if env_file and os.path.isdir(env_file) else env_file)
    """


@DEFECTS.add("config.py", "config.search-starts-at-the-sdk")
def search_in_the_working_folder() -> None:
    """A .env is looked for in the working folder.

    - load_dotenv(env_file)
    + from dotenv import find_dotenv
    +
    + load_dotenv(find_dotenv(usecwd=True) if env_file is None else env_file)
    """


@DEFECTS.add("config.py", "config.search-starts-at-the-sdk")
def found_file_overrides_environment() -> None:
    """A .env that was found stands over the environment.

    - load_dotenv(env_file)
    + load_dotenv(env_file, override=env_file is None)
    """


@DEFECTS.add("config.py", "config.defaults")
def time_outs_in_order() -> None:
    """A connect time-out above the read time-out is refused.

          raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + if connect > read:
    +     raise ConfigError("ARIS3_CONNECT_TIMEOUT_SECONDS is above ARIS3_READ_TIMEOUT_SECONDS")
    """


@DEFECTS.add("config.py", "config.search-starts-at-the-sdk")
def no_search() -> None:
    """Without a path, no file is looked for.

    - if env_file == "":
    + if not env_file:
    """


@DEFECTS.add("config.py", "config.file-values-stay")
def file_taken_out_again() -> None:
    """What a file has put into the environment is taken out again.

    - def load_config(env_file: str | None = None) -> ClientConfig:
    + def load_config(env_file: str | None = None) -> ClientConfig:
    +     before = dict(os.environ)
    +     try:
    +         return _read(env_file)
    +     finally:
    +         for name in set(os.environ) - set(before):
    +             del os.environ[name]
    +
    + def _read(env_file: str | None = None) -> ClientConfig:
    """


@DEFECTS.add("config.py", "config.environment-gains-only-the-file")
def profile_written_back() -> None:
    """The default profile is written into the environment.

    - env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    + env_name = (os.environ.setdefault("ARIS3_ENV", "dev") or "dev").strip()
    """


@DEFECTS.add("config.py", "config.environment-gains-only-the-file")
def url_written_back() -> None:
    """The URL that was found is written into the environment as the general one, and found there by other profiles.

      if not base_url:
          raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    + os.environ.setdefault("ARIS3_API_BASE_URL", base_url)
    """


@DEFECTS.add("config.py", "config.environment-gains-only-the-file")
def variables_tidied() -> None:
    """Variables are stripped in the environment itself.

      def _text(name: str) -> str:
    +     if name in os.environ:
    +         os.environ[name] = os.environ[name].strip()
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("config")


@STAND_INS.lacks("config.py")
def tls_typo_turns_verification_off() -> None:
    """
    + known = {"1", "true", "yes", "on", "0", "false", "no", "off"}
    + if _text("ARIS3_VERIFY_SSL").lower() not in known and "ARIS3_VERIFY_SSL" in os.environ:
    +     raise ConfigError("ARIS3_VERIFY_SSL is neither on nor off")
      if not base_url:
    """


@STAND_INS.lacks("config.py")
def infinity_is_accepted() -> None:
    """
          raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause
    + if value == float("inf"):
    +     raise ConfigError(f"{name} is not finite")
    """


@STAND_INS.lacks("config.py")
def urls_are_not_checked() -> None:
    """
    + from urllib.parse import urlsplit
    +
    + parts = urlsplit(base_url)
    + if base_url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
    +     raise ConfigError("ARIS3_API_BASE_URL is not an address")
      if not base_url:
    """


@STAND_INS.lacks("config.py")
def file_search_depends_on_the_start() -> None:
    """
    + from pathlib import Path
    +
    + above = (folder / ".env" for folder in Path(__file__).resolve().parents)
    + if env_file is None:
    +     env_file = str(next((file for file in above if file.is_file()), ""))
      load_dotenv(env_file)
    """


@STAND_INS.lacks("config.py")
def file_stays_in_the_environment() -> None:
    """
      def load_config(env_file: str | None = None) -> ClientConfig:
    +     before = dict(os.environ)
    +     try:
    +         return _load(env_file)
    +     finally:
    +         os.environ.clear()
    +         os.environ.update(before)
    +
    +
    + def _load(env_file: str | None = None) -> ClientConfig:
    """


@STAND_INS.lacks("config.py")
def missing_file_is_silent() -> None:
    """
          return
    + if env_file and not os.path.isfile(env_file):
    +     raise ConfigError(f"{env_file}: no such file")
    """


@STAND_INS.has("config.py")
def badly_encoded_file_is_no_config_error() -> None:
    """
    - except UnicodeDecodeError as cause:
    + except ZeroDivisionError as cause:
    """


@STAND_INS.lacks("config.py")
def retries_have_no_ceiling() -> None:
    """
      retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    + if retries > 100:
    +     raise ConfigError(f"ARIS3_RETRIES is {retries}: nobody waits for that")
    """


@STAND_INS.lacks("http_client.py")
def backoff_has_no_cap() -> None:
    """
    - delay = self.config.retry_backoff_seconds * 2.0**attempt
    + delay = min(self.config.retry_backoff_seconds * 2.0**attempt, 30.0)
    """


@STAND_INS.lacks("config.py")
def direct_build_is_not_checked() -> None:
    """
    + def __post_init__(self) -> None:
    +     if self.retries < 0 or self.max_connections < 1 or self.read_timeout_seconds <= 0:
    +         raise ConfigError("a number is out of range")
    +
      @property
    """


@STAND_INS.lacks("config.py")
def plain_http_is_accepted() -> None:
    """
    + if base_url.startswith("http:") and "//127." not in base_url:
    +     raise ConfigError("ARIS3_API_BASE_URL is plain http")
      if not base_url:
    """


@STAND_INS.lacks("config.py")
def profile_with_a_hyphen_is_not_found() -> None:
    """
    - base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")
    + base_url = (
    +     _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")
    +     or _text(f"ARIS3_API_BASE_URL_{env_name.upper().replace('-', '_')}")
    +     or _text("ARIS3_API_BASE_URL")
    + )
    """
