"""What does the SDK promise about its configuration?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise("config.no-fallback", CRITICAL, 0,
        N_("Without a base URL in the environment, load_config raises ConfigError; there is no built-in address."),
        N_("A hidden default sends a customer's traffic, and its token, to a host that nobody chose."),
        N_("load_config with both variables unset, with both empty, and with another profile's variable only.")),
    promise("config.blank-url-is-an-error", MAJOR, 0,
        N_("A base URL of nothing but spaces is a missing base URL."),
        N_("A blank line in a deployment file is a frequent slip, and must be heard at the start."),
        N_("load_config with the general variable, and then the profile's own, set to spaces.")),
    promise("config.numbers-are-config-errors", MAJOR, 0,
        N_("A number that cannot be read, is empty or is out of range raises ConfigError and nothing else."),
        N_("ConfigError is a ValueError: who catches it can tell a wrong setting from a bug only by its class."),
        N_("Each numeric variable in turn, with text, nothing, NaN and a value just out of range.")),
    promise("config.error-names-the-variable", MINOR, 0,
        N_("The message of a ConfigError contains the name of the variable that is wrong."),
        N_("At three in the morning the name is the whole fix."),
        N_("The messages for a missing URL and for each number that is not one.")),
    promise("config.profile-comes-first", MAJOR, 0,
        N_("The URL of the chosen profile stands over the general one; where it is blank, the general one holds."),
        N_("The wrong order sends test traffic to production."),
        N_("load_config with both set, with the profile's own blank, and with the profile in lower case.")),
    promise("config.trailing-slashes-removed", MINOR, 0,
        N_("Trailing slashes of the base URL are removed, and nothing else of it is changed."),
        N_("A doubled slash is another path for many services."),
        N_("load_config with none, one and three slashes behind a URL with a path.")),
    promise("config.defaults", MINOR, 0,
        N_("With only a URL set, each setting has its documented default, and the time-outs follow the general one."),
        N_("Most users run on the defaults."),
        N_("load_config with nothing else set, and with the general time-out at 2 and at 60 seconds.")),
    promise("config.booleans", MINOR, 0,
        N_("1, true, yes and on are true in any case; every other text is false."),
        N_("One of these switches is TLS verification."),
        N_("The TLS switch with each of these words, and with 0, no and off.")),
    promise("config.env-file-fills-gaps", MINOR, 0,
        N_("A value from an env file fills in what the environment lacks; what is already there wins."),
        N_("A file left in a checkout must not override what an operator set."),
        N_("load_config with a file, first beside an empty environment and then beside a set one.")),
)  # fmt: skip

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = ()

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(id="config.tls-typo-turns-verification-off",
        says=N_("A typing error in ARIS3_VERIFY_SSL silently turns TLS verification off."),
        proposal=N_("Accept the four true words and the four false ones, and refuse everything else.")),
    Weakness(id="config.infinity-is-accepted",
        says=N_("Infinity is accepted as a time-out."),
        proposal=N_("Refuse numbers that are not finite.")),
    Weakness(id="config.urls-are-not-checked",
        says=N_("A base URL without a scheme is accepted, and fails only at the first request."),
        proposal=N_("Demand http or https and a host when the configuration is read.")),
)  # fmt: skip
