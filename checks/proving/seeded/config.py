"""Which small changes to the SDK break what it promises: config?"""

from __future__ import annotations

from checks.proving.seeded.defect import CONFIG, Defect, StandIn

_BASE_URL = '_text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")'

DEFECTS: tuple[Defect, ...] = (
    Defect("fallback-address", "A built-in address steps in when none is set.", CONFIG,
        _BASE_URL, _BASE_URL + ' or "https://api.aris3.example"',
        ("config.no-fallback", "config.blank-url-is-an-error")),
    Defect("fallback-when-blank", "A built-in address steps in when the variable is there and blank.", CONFIG,
        _BASE_URL,
        _BASE_URL + ' or ("https://api.aris3.example" if os.environ.get("ARIS3_API_BASE_URL") else "")',
        ("config.blank-url-is-an-error",)),
    Defect("fallback-to-another-profile", "Production's address steps in for a profile that has none.", CONFIG,
        _BASE_URL, _BASE_URL + ' or _text("ARIS3_API_BASE_URL_PROD")',
        ("config.no-fallback",)),
    Defect("blank-url-kept", "A base URL of spaces is taken as it is.", CONFIG,
        'return os.environ.get(name, "").strip()', 'return os.environ.get(name, "")',
        ("config.blank-url-is-an-error", "config.profile-comes-first", "config.trailing-slashes-removed",
         "config.booleans")),
    Defect("bare-value-error", "A number that is none raises a bare ValueError.", CONFIG,
        'raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause', "raise",
        ("config.numbers-are-config-errors",)),
    Defect("range-not-checked", "A number below its range is accepted.", CONFIG,
        "if at_least is not None and not value >= at_least:", "if at_least is not None and value != value:",
        ("config.numbers-are-config-errors",)),
    Defect("empty-number-is-default", "An empty number counts as not set.", CONFIG,
        "value = parse(os.environ[name]) if name in os.environ else default",
        "value = parse(os.environ[name]) if os.environ.get(name) else default",
        ("config.numbers-are-config-errors",)),
    Defect("nameless-error", "The error for a number does not say which.", CONFIG,
        'raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause',
        'raise ConfigError("a setting is not a number") from cause',
        ("config.error-names-the-variable",)),
    Defect("general-url-first", "The general URL stands over the profile's own.", CONFIG,
        _BASE_URL, '_text("ARIS3_API_BASE_URL") or _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")',
        ("config.profile-comes-first",)),
    Defect("one-slash-removed", "Only the last of several slashes is removed.", CONFIG,
        'api_base_url=base_url.rstrip("/")', 'api_base_url=base_url.removesuffix("/")',
        ("config.trailing-slashes-removed",)),
    Defect("read-timeout-ignores-connect", "The read time-out does not follow the connect time-out.", CONFIG,
        "max(timeout, connect), above=0", "timeout, above=0",
        ("config.defaults",)),
    Defect("on-is-not-true", "The word `on` is not understood.", CONFIG,
        'frozenset({"1", "true", "yes", "on"})', 'frozenset({"1", "true", "yes"})',
        ("config.booleans",)),
    Defect("file-overrides-environment", "The env file stands over the environment.", CONFIG,
        "load_dotenv(env_file)", "load_dotenv(env_file, override=True)",
        ("config.env-file-fills-gaps",)),
)  # fmt: skip

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = ()
