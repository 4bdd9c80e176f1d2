"""What the SDK promises about its configuration, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("config")


@PROMISES.add(CRITICAL, checkpoint_h=0)
def no_fallback() -> None:
    """Without a base URL in the environment, load_config raises ConfigError; there is no built-in address.

    Why: A hidden default sends a customer's traffic, and its token, to a host that nobody chose.

    How: For no profile and each of twenty: both variables unset, either or both empty, and only those of other profiles
    set.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def blank_url_is_an_error() -> None:
    """A base URL of nothing but spaces is a missing base URL.

    Why: A blank line in a deployment file is a frequent slip, and must be heard at the start.

    How: load_config with the general variable, the profile's own, and both, set to blanks of several kinds.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def no_other_source() -> None:
    """The base URL comes from its two variables and from nowhere else.

    Why: A second name for the same setting is a setting that nobody knows to unset.

    How: load_config without a URL, beside variables with names like the right ones, and beside a file without one.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def numbers_are_config_errors() -> None:
    """A number that cannot be read, is empty or is out of range raises ConfigError and nothing else.

    Why: ConfigError is a ValueError: who catches it can tell a wrong setting from a bug only by its class.

    How: Each numeric variable in turn, alone and beside valid ones, with text, nothing, NaN and values just out of
    range.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def range_ends_are_accepted() -> None:
    """The last value inside each range is accepted: no retries, no backoff, one connection, equal jitters.

    Why: Who wants no retries at all says so with a zero.

    How: Each number at the end of its range, and just inside where the end is left out; infinity where a number may
    have a fraction.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def numbers_as_python_reads_them() -> None:
    """A number may be written in any way that Python reads: with spaces around it, 1_0, and 1e1 where it may have a
    fraction.

    Why: Values from files and templates come with spaces; what loads with one release must load with the next.

    How: Each number in the forms that its parser takes, and the value that arrives.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def error_names_the_variable() -> None:
    """The message of a ConfigError contains the name of the variable that is wrong.

    Why: At three in the morning the name is the whole fix.

    How: The messages for a missing URL and for each number that is text, empty or out of range.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def first_wrong_is_named() -> None:
    """With several settings wrong, the first in the order of the contract is named: numbers before the URL.

    Why: Who mends one error after another wants the same one first on each machine.

    How: Each number wrong beside a missing URL, and each pair of wrong numbers.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def error_is_a_value_error() -> None:
    """ConfigError is a ValueError.

    Why: Programs that catch ValueError around their start rely on it.

    How: The class that the SDK calls ConfigError.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def profile_comes_first() -> None:
    """The URL of the chosen profile stands over the general one; where it is blank, the general one holds.

    Why: The wrong order sends test traffic to production.

    How: load_config with both set, with the profile's own empty, and with the profile in lower and mixed case, with
    hyphens, dots, spaces and other alphabets in its name, beside the URLs of others.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def profile_name() -> None:
    """The profile is dev where none is named; its name keeps its case and loses the spaces around it.

    Why: The profile's name ends up in logs, and is what people search for.

    How: load_config with ARIS3_ENV unset, empty, in mixed case, with spaces around it, and of spaces only.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def normalized_env() -> None:
    """normalized_env is the profile's name in lower case, without spaces around it.

    Why: Code that branches on the profile must not miss PROD for prod.

    How: The property of configurations that were loaded and of ones that were built.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def spaces_around_are_dropped() -> None:
    """Spaces around a base URL, and around the profile that chooses it, are no part of it.

    Why: A space at the end of a line is invisible, and an address with it leads nowhere.

    How: load_config with spaces around the general URL, the profile's own URL, and the profile's name.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def trailing_slashes_removed() -> None:
    """Trailing slashes of the base URL are removed, and nothing else of it is changed.

    Why: A doubled slash is another path for many services.

    How: load_config with none, one and three slashes behind several URLs, from either variable.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def values_reach_their_fields() -> None:
    """The value of each variable arrives in the field that belongs to it.

    Why: Two time-outs that have changed places look right in every log.

    How: load_config with each variable alone, and with all of them at once, each with a value of its own.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def defaults() -> None:
    """With only a URL set, each setting has its documented default, and the time-outs follow the general one.

    Why: Most users run on the defaults.

    How: load_config with nothing else set, and with the general and the connect time-out below, between and above the
    defaults.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def booleans() -> None:
    """1, true, yes and on are true in any case; every other text is false.

    Why: One of these switches is TLS verification.

    How: Both switches with each of these words in several spellings, with false ones, and with typing errors and words
    in quotes, which may raise ConfigError instead.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def read_anew_each_time() -> None:
    """Each load_config reads the environment anew: nothing is kept from the call before.

    Why: A program that turns to another profile would go on talking to the first.

    How: Two loads with the environment changed in between: another URL, no URL, another number, another file.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def loading_sends_nothing() -> None:
    """load_config contacts nobody: neither the base URL nor the name server.

    Why: A program must be able to start, and to say what is wrong, while the service is away.

    How: load_config with the URL of a service that counts, and of a host that does not exist, while each connection is
    watched.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def is_frozen() -> None:
    """A configuration cannot be changed: an assignment raises FrozenInstanceError.

    Why: Clients share one configuration; a change by one would reach all.

    How: An assignment to each field of a configuration that was built and of one that was loaded.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def fields_in_order() -> None:
    """ClientConfig takes its fields by position, in the documented order.

    Why: Two numbers that have changed places raise no error.

    How: A configuration built by position, each field with a value of its own.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def direct_build_defaults() -> None:
    """A ClientConfig built directly has its documented defaults, among them a read time-out of 15 seconds.

    Why: Tests and small programs build it directly, and run on these.

    How: A configuration built with a profile's name and a base URL only.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def name_and_url_are_required() -> None:
    """A ClientConfig cannot be built without its profile's name and its base URL.

    Why: A default for the URL here is a built-in address by another way.

    How: ClientConfig built without either, and without both.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def env_file_fills_gaps() -> None:
    """A value from an env file fills in what the environment lacks; what is already there wins.

    Why: A file left in a checkout must not override what an operator set.

    How: load_config with a file that holds each kind of setting, beside an empty environment, a set one, and one that
    is set in part; and with a file whose values name others.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def empty_value_stands_over_the_file() -> None:
    """A variable that is there and empty, or of spaces only, counts as already there: the file does not fill it.

    Why: An operator who empties a variable has made a choice.

    How: load_config with a file, beside a profile and URLs that are empty, and beside ones of spaces.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def direct_build_validates_nothing() -> None:
    """A configuration that is built by hand takes whatever it is given, and keeps it as it is.

    Why: Tests and tools build what no environment may say: a time-out of nothing, a host that is none.

    How: ClientConfig with numbers out of range, texts that are empty or no URL, and a jitter upside down.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def empty_path_reads_no_file() -> None:
    """With the empty text as env_file, no file is read and none is looked for.

    Why: It is the one way to load a configuration from the environment alone.

    How: load_config("") with a .env beside the SDK and in the working folder, from a program and from a prompt.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def missing_file_is_passed_over() -> None:
    """An env file that is not there, or is a folder, is passed over, and no other is looked for.

    Why: A container without the file runs on its environment; another file found by chance is worse than none.

    How: load_config with a missing path and with a folder, beside a .env that a search would find.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def search_starts_at_the_sdk() -> None:
    """With no env_file given, .env is looked for from the SDK's own folder upwards, not in the working folder.

    Why: A file in the folder where somebody happens to stand must not choose where the token goes.

    How: load_config() of a copy of the SDK with a .env above it, run as a program in a folder with another.
    """


@PROMISES.add(MINOR, checkpoint_h=0)
def environment_gains_only_the_file() -> None:
    """load_config changes no variable that is there, and adds none but those of the file.

    Why: A default written into the environment looks like an operator's choice to whatever reads it next.

    How: The environment before and after loads with and without a file, whether they succeed or fail.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def file_values_stay() -> None:
    """What an env file has put into the environment is still there after the call, for a later load without a file.

    Why: A process that loads its file once, at its start, has a configuration wherever it loads one.

    How: A load with a file, and then one without.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("config")


@STATEMENTS.section("2")
def configuration() -> None:
    """Configuration.

    ConfigError is a subclass of ValueError.
        config.error-is-a-value-error
    ConfigError is the only error that a wrong setting is meant to raise.
        config.numbers-are-config-errors, config.no-fallback, config.blank-url-is-an-error
    ClientConfig is frozen: assigning to a field raises FrozenInstanceError.
        config.is-frozen
    The fields of ClientConfig stand in a fixed order.
        config.fields-in-order
    env_name and api_base_url are required; each other field has a default of its own.
        config.name-and-url-are-required, config.direct-build-defaults
    normalized_env is env_name in lower case and stripped.
        config.normalized-env
    Building ClientConfig directly validates nothing.
        config.direct-build-validates-nothing
    The read time-out is 15 seconds when built directly, and 10 when loaded with nothing set.
        config.direct-build-defaults, config.defaults
    Values of the file reach the environment only for names that it lacks.
        config.env-file-fills-gaps, config.environment-gains-only-the-file
    A value that exists wins over the file even when it is empty.
        config.empty-value-stands-over-the-file
    The file's values stay in the process, and a later load without a file still sees them.
        config.file-values-stay
    A path as env_file means that file.
        config.env-file-fills-gaps, config.read-anew-each-time
    A path that is missing, or is a folder, is ignored in silence. A ConfigError that speaks of it is let pass, since
    the silence is the finding `config.missing-file-is-silent`.
        config.missing-file-is-passed-over
    The empty text as env_file means no file and no search.
        config.empty-path-reads-no-file
    ARIS3_ENV is dev when unset or empty.
        config.profile-name, config.profile-comes-first
    ARIS3_ENV is stripped, and env_name keeps its case.
        config.profile-name, config.spaces-around-are-dropped
    ARIS3_ENV of spaces only gives an empty env_name, whose own variable is ARIS3_API_BASE_URL_.
        config.profile-name, config.profile-comes-first
    A hyphen in a profile's name stays a hyphen.
        config.profile-name, config.profile-comes-first
    The profile's own variable, its name in upper case, is read first and taken when it is not empty.
        config.profile-comes-first
    The profile's own URL is stripped before it is looked at.
        config.spaces-around-are-dropped, config.blank-url-is-an-error
    Otherwise the general variable holds, stripped.
        config.profile-comes-first, config.spaces-around-are-dropped
    There is no other source of a base URL.
        config.no-other-source
    There is no built-in base URL.
        config.no-fallback
    Numbers are judged in the order of the table.
        config.first-wrong-is-named
    Text that is no number, an empty text and a value out of range each raise ConfigError.
        config.numbers-are-config-errors
    The error for a number contains its variable's name.
        config.error-names-the-variable
    An unset or empty base URL raises ConfigError.
        config.no-fallback
    A base URL of spaces only raises ConfigError.
        config.blank-url-is-an-error
    The error for a missing URL contains ARIS3_API_BASE_URL.
        config.error-names-the-variable
    With a number and the URL both wrong, the number is reported.
        config.first-wrong-is-named
    All trailing slashes of the base URL are removed.
        config.trailing-slashes-removed
    Nothing else about a base URL that a client can use is changed, and nobody is asked about it.
        config.trailing-slashes-removed, config.loading-sends-nothing
    A base URL that no client can use is accepted all the same.
        Untested: It is a weakness, shown as the finding `config.urls-are-not-checked`.
    ARIS3_TIMEOUT_SECONDS is a number above 0, 10 by default.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults
    ARIS3_TIMEOUT_SECONDS feeds the defaults of the two other time-outs, and nothing else.
        config.defaults
    ARIS3_CONNECT_TIMEOUT_SECONDS is a number above 0; by default the lower of the general one and 5.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_READ_TIMEOUT_SECONDS is a number above 0; by default the higher of the general one and the connect time-out.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_RETRIES is a whole number from 0, 3 by default.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_RETRIES has no upper bound.
        Untested: It is a weakness, shown as the finding `config.retries-have-no-ceiling`; modest counts are tested.
    ARIS3_RETRY_BACKOFF_SECONDS is a number from 0, 0.3 by default.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_RETRY_JITTER_ENABLED is a switch, off by default.
        config.booleans, config.defaults, config.values-reach-their-fields
    ARIS3_RETRY_JITTER_MIN_SECONDS is a number from 0, 0 by default.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_RETRY_JITTER_MAX_SECONDS is a number from 0 and from the minimum, 0 by default, judged even when jitter is
    off.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_MAX_CONNECTIONS is a whole number from 1, 20 by default.
        config.numbers-are-config-errors, config.range-ends-are-accepted, config.defaults,
        config.values-reach-their-fields
    ARIS3_VERIFY_SSL is a switch, on by default.
        config.booleans, config.defaults, config.values-reach-their-fields
    Python's own float and int read the numbers: spaces around them, 1_0 and 1e3 are understood.
        config.numbers-as-python-reads-them
    A whole number written with a fraction, such as 3.0, is refused.
        config.numbers-are-config-errors
    NaN is refused everywhere.
        config.numbers-are-config-errors
    Infinity is accepted where a number may have a fraction.
        config.range-ends-are-accepted
    A jitter minimum alone exceeds the maximum, which is 0, and is refused, infinity included.
        config.numbers-are-config-errors
    With the general time-out at 2 both others are 2, at 60 they are 5 and 60, and a connect time-out of 30 alone makes
    the read time-out 30.
        config.defaults
    A switch is true for 1, true, yes and on, stripped and in any case.
        config.booleans
    A switch that is unset has its default.
        config.defaults
    Every other text of a switch is false, and never an error. A ConfigError for a typing error is let pass, since the
    silence is the finding `config.tls-typo-turns-verification-off`.
        config.booleans
    Without env_file, .env is looked for from the SDK's own folder up to the root, and not from the working folder.
        config.search-starts-at-the-sdk
    At a prompt, in a frozen program or under a tracer, the search starts at the working folder.
        Untested: It is a weakness, shown as the finding `config.file-search-depends-on-the-start`.
    """
