"""Limitations of its configuration that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("config")


@LIMITATIONS.add()
def tls_typo_turns_verification_off() -> None:
    """A typing error in ARIS3_VERIFY_SSL silently turns TLS verification off.

    Proposal: Accept the four true words and the four false ones, and refuse everything else.
    """


@LIMITATIONS.add(against="config.range-ends-are-accepted")
def infinity_is_accepted() -> None:
    """Infinity is accepted as a time-out.

    Proposal: Refuse numbers that are not finite.
    """


@LIMITATIONS.add()
def urls_are_not_checked() -> None:
    """A base URL without a scheme is accepted, and fails only at the first request.

    Proposal: Demand http or https and a host when the configuration is read.
    """


@LIMITATIONS.add()
def file_search_depends_on_the_start() -> None:
    """Which .env is found depends on how the program was started: at a prompt or under a debugger it is another.

    Proposal: Begin the search at one place, however the program was started.
    """


@LIMITATIONS.add(against="config.file-values-stay")
def file_stays_in_the_environment() -> None:
    """The values of an env file stay in the environment, and decide later loads and child processes.

    Proposal: Read the file into a mapping of its own instead of the environment.
    """


@LIMITATIONS.add()
def missing_file_is_silent() -> None:
    """An env file that was asked for and is not there is ignored without a word.

    Proposal: Raise ConfigError, with the path, for a file that was named and cannot be read.
    """


@LIMITATIONS.add()
def badly_encoded_file_is_no_config_error() -> None:
    """An env file that is not UTF-8 raises an error that is no ConfigError.

    Proposal: Turn what the file's reader raises into ConfigError, with the path.
    """


@LIMITATIONS.add()
def retries_have_no_ceiling() -> None:
    """A million retries are accepted.

    Proposal: Refuse a number of retries beyond what anybody would wait for.
    """


@LIMITATIONS.add(against="transport.backoff-doubles")
def backoff_has_no_cap() -> None:
    """The pause before a retry doubles without end: the eighth takes over two minutes.

    Proposal: Give the pause a cap, and a setting for it.
    """


@LIMITATIONS.add(against="config.direct-build-validates-nothing")
def direct_build_is_not_checked() -> None:
    """A ClientConfig built directly accepts what load_config refuses, such as minus one retries.

    Proposal: Validate in ClientConfig itself, so that there is one gate.
    """


@LIMITATIONS.add()
def plain_http_is_accepted() -> None:
    """An http URL of a host that is not this machine is accepted, and the token travels in the clear.

    Proposal: Refuse plain http beyond loopback unless a setting allows it.
    """


@LIMITATIONS.add()
def profile_with_a_hyphen_is_not_found() -> None:
    """A profile with a hyphen in its name asks for a variable that no shell can set, and takes the general URL in
    silence.

    Proposal: Refuse such a name where nothing in the environment carries it.
    """
