"""What does the SDK promise about its configuration?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise, tested, untested
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise(
        "config.no-fallback",
        CRITICAL,
        0,
        N_("Without a base URL in the environment, load_config raises ConfigError; there is no built-in address."),
        N_("A hidden default sends a customer's traffic, and its token, to a host that nobody chose."),
        N_(
            "For no profile and each of twenty: both variables unset, either or both empty, and only those of "
            "other profiles set."
        ),
    ),
    promise(
        "config.blank-url-is-an-error",
        MAJOR,
        0,
        N_("A base URL of nothing but spaces is a missing base URL."),
        N_("A blank line in a deployment file is a frequent slip, and must be heard at the start."),
        N_("load_config with the general variable, the profile's own, and both, set to blanks of several kinds."),
    ),
    promise(
        "config.no-other-source",
        MAJOR,
        0,
        N_("The base URL comes from its two variables and from nowhere else."),
        N_("A second name for the same setting is a setting that nobody knows to unset."),
        N_(
            "load_config without a URL, beside variables with names like the right ones, and beside a file without one."
        ),
    ),
    promise(
        "config.numbers-are-config-errors",
        MAJOR,
        0,
        N_("A number that cannot be read, is empty or is out of range raises ConfigError and nothing else."),
        N_("ConfigError is a ValueError: who catches it can tell a wrong setting from a bug only by its class."),
        N_(
            "Each numeric variable in turn, alone and beside valid ones, with text, nothing, NaN and values just out "
            "of range."
        ),
    ),
    promise(
        "config.range-ends-are-accepted",
        MAJOR,
        0,
        N_("The last value inside each range is accepted: no retries, no backoff, one connection, equal jitters."),
        N_("Who wants no retries at all says so with a zero."),
        N_("Each number at the end of its range, and just inside where the end is left out."),
    ),
    promise(
        "config.numbers-as-python-reads-them",
        MINOR,
        0,
        N_(
            "A number may be written in any way that Python reads: with spaces around it, 1_0, and 1e1 where it may "
            "have a fraction."
        ),
        N_("Values from files and templates come with spaces; what loads with one release must load with the next."),
        N_("Each number in the forms that its parser takes, and the value that arrives."),
    ),
    promise(
        "config.error-names-the-variable",
        MINOR,
        0,
        N_("The message of a ConfigError contains the name of the variable that is wrong."),
        N_("At three in the morning the name is the whole fix."),
        N_("The messages for a missing URL and for each number that is text, empty or out of range."),
    ),
    promise(
        "config.first-wrong-is-named",
        MINOR,
        0,
        N_("With several settings wrong, the first in the order of the contract is named: numbers before the URL."),
        N_("Who mends one error after another wants the same one first on each machine."),
        N_("Each number wrong beside a missing URL, and each pair of wrong numbers."),
    ),
    promise(
        "config.error-is-a-value-error",
        MINOR,
        0,
        N_("ConfigError is a ValueError."),
        N_("Programs that catch ValueError around their start rely on it."),
        N_("The class that the SDK calls ConfigError."),
    ),
    promise(
        "config.profile-comes-first",
        MAJOR,
        0,
        N_("The URL of the chosen profile stands over the general one; where it is blank, the general one holds."),
        N_("The wrong order sends test traffic to production."),
        N_("load_config with both set, with the profile's own empty, and with the profile in lower and mixed case."),
    ),
    promise(
        "config.profile-name",
        MINOR,
        0,
        N_("The profile is dev where none is named; its name keeps its case and loses the spaces around it."),
        N_("The profile's name ends up in logs, and is what people search for."),
        N_("load_config with ARIS3_ENV unset, empty, in mixed case, with spaces around it, and of spaces only."),
    ),
    promise(
        "config.normalized-env",
        MINOR,
        0,
        N_("normalized_env is the profile's name in lower case, without spaces around it."),
        N_("Code that branches on the profile must not miss PROD for prod."),
        N_("The property of configurations that were loaded and of ones that were built."),
    ),
    promise(
        "config.spaces-around-are-dropped",
        MINOR,
        0,
        N_("Spaces around a base URL, and around the profile that chooses it, are no part of it."),
        N_("A space at the end of a line is invisible, and an address with it leads nowhere."),
        N_("load_config with spaces around the general URL, the profile's own URL, and the profile's name."),
    ),
    promise(
        "config.trailing-slashes-removed",
        MINOR,
        0,
        N_("Trailing slashes of the base URL are removed, and nothing else of it is changed."),
        N_("A doubled slash is another path for many services."),
        N_("load_config with none, one and three slashes behind several URLs, from either variable."),
    ),
    promise(
        "config.values-reach-their-fields",
        MAJOR,
        0,
        N_("The value of each variable arrives in the field that belongs to it."),
        N_("Two time-outs that have changed places look right in every log."),
        N_("load_config with each variable alone, and with all of them at once, each with a value of its own."),
    ),
    promise(
        "config.defaults",
        MINOR,
        0,
        N_("With only a URL set, each setting has its documented default, and the time-outs follow the general one."),
        N_("Most users run on the defaults."),
        N_(
            "load_config with nothing else set, and with the general and the connect time-out below, between and "
            "above the defaults."
        ),
    ),
    promise(
        "config.booleans",
        MINOR,
        0,
        N_("1, true, yes and on are true in any case; every other text is false."),
        N_("One of these switches is TLS verification."),
        N_(
            "Both switches with each of these words in several spellings, with false ones, and with typing errors, "
            "which may raise ConfigError instead."
        ),
    ),
    promise(
        "config.read-anew-each-time",
        MAJOR,
        0,
        N_("Each load_config reads the environment anew: nothing is kept from the call before."),
        N_("A program that turns to another profile would go on talking to the first."),
        N_("Two loads with the environment changed in between: another URL, no URL, another number, another file."),
    ),
    promise(
        "config.loading-sends-nothing",
        MINOR,
        0,
        N_("load_config contacts nobody: neither the base URL nor the name server."),
        N_("A program must be able to start, and to say what is wrong, while the service is away."),
        N_(
            "load_config with the URL of a service that counts, and of a host that does not exist, while each "
            "connection is watched."
        ),
    ),
    promise(
        "config.is-frozen",
        MINOR,
        0,
        N_("A configuration cannot be changed: an assignment raises FrozenInstanceError."),
        N_("Clients share one configuration; a change by one would reach all."),
        N_("An assignment to each field of a configuration that was built and of one that was loaded."),
    ),
    promise(
        "config.fields-in-order",
        MINOR,
        0,
        N_("ClientConfig takes its fields by position, in the documented order."),
        N_("Two numbers that have changed places raise no error."),
        N_("A configuration built by position, each field with a value of its own."),
    ),
    promise(
        "config.direct-build-defaults",
        MINOR,
        0,
        N_("A ClientConfig built directly has its documented defaults, among them a read time-out of 15 seconds."),
        N_("Tests and small programs build it directly, and run on these."),
        N_("A configuration built with a profile's name and a base URL only."),
    ),
    promise(
        "config.name-and-url-are-required",
        MINOR,
        0,
        N_("A ClientConfig cannot be built without its profile's name and its base URL."),
        N_("A default for the URL here is a built-in address by another way."),
        N_("ClientConfig built without either, and without both."),
    ),
    promise(
        "config.env-file-fills-gaps",
        MINOR,
        0,
        N_("A value from an env file fills in what the environment lacks; what is already there wins."),
        N_("A file left in a checkout must not override what an operator set."),
        N_(
            "load_config with a file that holds each kind of setting, beside an empty environment, a set one, and "
            "one that is set in part."
        ),
    ),
    promise(
        "config.empty-value-stands-over-the-file",
        MINOR,
        0,
        N_("A variable that is there and empty counts as already there: the file does not fill it."),
        N_("An operator who empties a variable has made a choice."),
        N_("load_config with a file, beside an empty profile and an empty URL of the profile."),
    ),
    promise(
        "config.empty-path-reads-no-file",
        MINOR,
        0,
        N_("With the empty text as env_file, no file is read and none is looked for."),
        N_("It is the one way to load a configuration from the environment alone."),
        N_('load_config("") with a .env beside the SDK and in the working folder, from a program and from a prompt.'),
    ),
    promise(
        "config.missing-file-is-passed-over",
        MINOR,
        0,
        N_("An env file that is not there, or is a folder, is passed over, and no other is looked for."),
        N_("A container without the file runs on its environment; another file found by chance is worse than none."),
        N_("load_config with a missing path and with a folder, beside a .env that a search would find."),
    ),
    promise(
        "config.search-starts-at-the-sdk",
        MINOR,
        0,
        N_("With no env_file given, .env is looked for from the SDK's own folder upwards, not in the working folder."),
        N_("A file in the folder where somebody happens to stand must not choose where the token goes."),
        N_("load_config() of a copy of the SDK with a .env above it, run as a program in a folder with another."),
    ),
    promise(
        "config.environment-gains-only-the-file",
        MINOR,
        0,
        N_("load_config changes no variable that is there, and adds none but those of the file."),
        N_("A default written into the environment looks like an operator's choice to whatever reads it next."),
        N_("The environment before and after loads with and without a file, whether they succeed or fail."),
    ),
)

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = (
    untested(
        "1",
        N_("The package itself offers ClientConfig, ConfigError and load_config by name."),
        N_("Without one of these names, each promise about configuration is unknown, which nothing reads as kept."),
    ),
    tested("2", N_("ConfigError is a subclass of ValueError."), "config.error-is-a-value-error"),
    tested(
        "2",
        N_("ConfigError is the only error that a wrong setting is meant to raise."),
        "config.numbers-are-config-errors",
        "config.no-fallback",
        "config.blank-url-is-an-error",
    ),
    tested("2", N_("ClientConfig is frozen: assigning to a field raises FrozenInstanceError."), "config.is-frozen"),
    tested("2", N_("The fields of ClientConfig stand in a fixed order."), "config.fields-in-order"),
    tested(
        "2",
        N_("env_name and api_base_url are required; each other field has a default of its own."),
        "config.name-and-url-are-required",
        "config.direct-build-defaults",
    ),
    tested("2", N_("normalized_env is env_name in lower case and stripped."), "config.normalized-env"),
    untested(
        "2",
        N_("Building ClientConfig directly validates nothing."),
        N_("It is a weakness, shown as the finding `config.direct-build-is-not-checked`."),
    ),
    tested(
        "2",
        N_("The read time-out is 15 seconds when built directly, and 10 when loaded with nothing set."),
        "config.direct-build-defaults",
        "config.defaults",
    ),
    tested(
        "2",
        N_("Values of the file reach the environment only for names that it lacks."),
        "config.env-file-fills-gaps",
        "config.environment-gains-only-the-file",
    ),
    tested(
        "2",
        N_("A value that exists wins over the file even when it is empty."),
        "config.empty-value-stands-over-the-file",
    ),
    untested(
        "2",
        N_("The file's values stay in the process, and a later load without a file still sees them."),
        N_("It is a weakness, shown as the finding `config.file-stays-in-the-environment`."),
    ),
    tested("2", N_("A path as env_file means that file."), "config.env-file-fills-gaps", "config.read-anew-each-time"),
    tested(
        "2",
        N_(
            "A path that is missing, or is a folder, is ignored in silence. A ConfigError that speaks of it "
            "is let pass, since the silence is the finding `config.missing-file-is-silent`."
        ),
        "config.missing-file-is-passed-over",
    ),
    tested("2", N_("The empty text as env_file means no file and no search."), "config.empty-path-reads-no-file"),
    tested("2", N_("ARIS3_ENV is dev when unset or empty."), "config.profile-name", "config.profile-comes-first"),
    tested(
        "2",
        N_("ARIS3_ENV is stripped, and env_name keeps its case."),
        "config.profile-name",
        "config.spaces-around-are-dropped",
    ),
    tested("2", N_("ARIS3_ENV of spaces only gives an empty env_name."), "config.profile-name"),
    tested(
        "2",
        N_("The profile's own variable, its name in upper case, is read first and taken when it is not empty."),
        "config.profile-comes-first",
    ),
    tested(
        "2",
        N_("The profile's own URL is stripped before it is looked at."),
        "config.spaces-around-are-dropped",
        "config.blank-url-is-an-error",
    ),
    tested(
        "2",
        N_("Otherwise the general variable holds, stripped."),
        "config.profile-comes-first",
        "config.spaces-around-are-dropped",
    ),
    tested("2", N_("There is no other source of a base URL."), "config.no-other-source"),
    tested("2", N_("There is no built-in base URL."), "config.no-fallback"),
    tested("2", N_("Numbers are judged in the order of the table."), "config.first-wrong-is-named"),
    tested(
        "2",
        N_("Text that is no number, an empty text and a value out of range each raise ConfigError."),
        "config.numbers-are-config-errors",
    ),
    tested("2", N_("The error for a number contains its variable's name."), "config.error-names-the-variable"),
    tested("2", N_("An unset or empty base URL raises ConfigError."), "config.no-fallback"),
    tested("2", N_("A base URL of spaces only raises ConfigError."), "config.blank-url-is-an-error"),
    tested("2", N_("The error for a missing URL contains ARIS3_API_BASE_URL."), "config.error-names-the-variable"),
    tested("2", N_("With a number and the URL both wrong, the number is reported."), "config.first-wrong-is-named"),
    tested("2", N_("All trailing slashes of the base URL are removed."), "config.trailing-slashes-removed"),
    tested(
        "2",
        N_("Nothing else about a base URL that a client can use is changed, and nobody is asked about it."),
        "config.trailing-slashes-removed",
        "config.loading-sends-nothing",
    ),
    untested(
        "2",
        N_("A base URL that no client can use is accepted all the same."),
        N_("It is a weakness, shown as the finding `config.urls-are-not-checked`."),
    ),
    tested(
        "2",
        N_("ARIS3_TIMEOUT_SECONDS is a number above 0, 10 by default."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
    ),
    tested(
        "2",
        N_("ARIS3_TIMEOUT_SECONDS feeds the defaults of the two other time-outs, and nothing else."),
        "config.defaults",
    ),
    tested(
        "2",
        N_("ARIS3_CONNECT_TIMEOUT_SECONDS is a number above 0; by default the lower of the general one and 5."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_(
            "ARIS3_READ_TIMEOUT_SECONDS is a number above 0; by default the higher of the general one and the "
            "connect time-out."
        ),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("ARIS3_RETRIES is a whole number from 0, 3 by default."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    untested(
        "2",
        N_("ARIS3_RETRIES has no upper bound."),
        N_("It is a weakness, shown as the finding `config.retries-have-no-ceiling`; modest counts are tested."),
    ),
    tested(
        "2",
        N_("ARIS3_RETRY_BACKOFF_SECONDS is a number from 0, 0.3 by default."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("ARIS3_RETRY_JITTER_ENABLED is a switch, off by default."),
        "config.booleans",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("ARIS3_RETRY_JITTER_MIN_SECONDS is a number from 0, 0 by default."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_(
            "ARIS3_RETRY_JITTER_MAX_SECONDS is a number from 0 and from the minimum, 0 by default, judged even "
            "when jitter is off."
        ),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("ARIS3_MAX_CONNECTIONS is a whole number from 1, 20 by default."),
        "config.numbers-are-config-errors",
        "config.range-ends-are-accepted",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("ARIS3_VERIFY_SSL is a switch, on by default."),
        "config.booleans",
        "config.defaults",
        "config.values-reach-their-fields",
    ),
    tested(
        "2",
        N_("Python's own float and int read the numbers: spaces around them, 1_0 and 1e3 are understood."),
        "config.numbers-as-python-reads-them",
    ),
    tested(
        "2", N_("A whole number written with a fraction, such as 3.0, is refused."), "config.numbers-are-config-errors"
    ),
    tested("2", N_("NaN is refused everywhere."), "config.numbers-are-config-errors"),
    untested(
        "2",
        N_("Infinity is accepted where a number may have a fraction."),
        N_(
            "It is a weakness, shown as the finding `config.infinity-is-accepted`; what refuses it must raise "
            "ConfigError."
        ),
    ),
    tested(
        "2",
        N_("A jitter minimum alone exceeds the maximum, which is 0, and is refused, infinity included."),
        "config.numbers-are-config-errors",
    ),
    tested(
        "2",
        N_(
            "With the general time-out at 2 both others are 2, at 60 they are 5 and 60, and a connect time-out "
            "of 30 alone makes the read time-out 30."
        ),
        "config.defaults",
    ),
    tested("2", N_("A switch is true for 1, true, yes and on, stripped and in any case."), "config.booleans"),
    tested("2", N_("A switch that is unset has its default."), "config.defaults"),
    tested(
        "2",
        N_(
            "Every other text of a switch is false, and never an error. A ConfigError for a typing error is let "
            "pass, since the silence is the finding `config.tls-typo-turns-verification-off`."
        ),
        "config.booleans",
    ),
    tested(
        "2",
        N_(
            "Without env_file, .env is looked for from the SDK's own folder up to the root, and not from the "
            "working folder."
        ),
        "config.search-starts-at-the-sdk",
    ),
    untested(
        "2",
        N_("At a prompt, in a frozen program or under a tracer, the search starts at the working folder."),
        N_("It is a weakness, shown as the finding `config.file-search-depends-on-the-start`."),
    ),
)

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(
        id="config.tls-typo-turns-verification-off",
        says=N_("A typing error in ARIS3_VERIFY_SSL silently turns TLS verification off."),
        proposal=N_("Accept the four true words and the four false ones, and refuse everything else."),
    ),
    Weakness(
        id="config.infinity-is-accepted",
        says=N_("Infinity is accepted as a time-out."),
        proposal=N_("Refuse numbers that are not finite."),
    ),
    Weakness(
        id="config.urls-are-not-checked",
        says=N_("A base URL without a scheme is accepted, and fails only at the first request."),
        proposal=N_("Demand http or https and a host when the configuration is read."),
    ),
    Weakness(
        id="config.file-search-depends-on-the-start",
        says=N_(
            "Which .env is found depends on how the program was started: at a prompt or under a debugger it is another."
        ),
        proposal=N_("Begin the search at one place, however the program was started."),
    ),
    Weakness(
        id="config.file-stays-in-the-environment",
        says=N_("The values of an env file stay in the environment, and decide later loads and child processes."),
        proposal=N_("Read the file into a mapping of its own instead of the environment."),
    ),
    Weakness(
        id="config.missing-file-is-silent",
        says=N_("An env file that was asked for and is not there is ignored without a word."),
        proposal=N_("Raise ConfigError, with the path, for a file that was named and cannot be read."),
    ),
    Weakness(
        id="config.badly-encoded-file-is-no-config-error",
        says=N_("An env file that is not UTF-8 raises an error that is no ConfigError."),
        proposal=N_("Turn what the file's reader raises into ConfigError, with the path."),
    ),
    Weakness(
        id="config.retries-have-no-ceiling",
        says=N_("A million retries are accepted."),
        proposal=N_("Refuse a number of retries beyond what anybody would wait for."),
    ),
    Weakness(
        id="config.backoff-has-no-cap",
        says=N_("The pause before a retry doubles without end: the eighth takes over two minutes."),
        proposal=N_("Give the pause a cap, and a setting for it."),
    ),
    Weakness(
        id="config.direct-build-is-not-checked",
        says=N_("A ClientConfig built directly accepts what load_config refuses, such as minus one retries."),
        proposal=N_("Validate in ClientConfig itself, so that there is one gate."),
    ),
    Weakness(
        id="config.plain-http-is-accepted",
        says=N_("An http URL of a host that is not this machine is accepted, and the token travels in the clear."),
        proposal=N_("Refuse plain http beyond loopback unless a setting allows it."),
    ),
    Weakness(
        id="config.profile-with-a-hyphen-is-not-found",
        says=N_(
            "A profile with a hyphen in its name asks for a variable that no shell can set, and takes the general "
            "URL in silence."
        ),
        proposal=N_("Turn hyphens into underscores in the variable's name."),
    ),
)
