"""Limitations of its transport that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("transport")


@LIMITATIONS.add(id="errors.cannot-be-pickled")
def cannot_be_pickled() -> None:
    """The SDK's errors cannot be pickled, so they are lost on the way out of a process pool.

    Proposal: Give the errors a __reduce__ of their own.
    """


@LIMITATIONS.add(id="errors.cannot-be-hashed")
def cannot_be_hashed() -> None:
    """The SDK's errors cannot be hashed, so tools that collect errors in a set stumble over them.

    Proposal: Compare errors by identity, as exceptions are.
    """


@LIMITATIONS.add(id="errors.have-no-args")
def have_no_args() -> None:
    """The SDK's errors have empty args, so loggers that print those print nothing.

    Proposal: Pass the fields on to Exception.__init__.
    """


@LIMITATIONS.add(id="errors.bad-success-body-leaks")
def bad_success_body_leaks() -> None:
    """A success with a body that is not JSON raises an error from outside the SDK's tree.

    Proposal: Map it to an ApiError that says so.
    """


@LIMITATIONS.add(id="errors.odd-error-body-leaks")
def odd_error_body_leaks() -> None:
    """An error whose JSON body is a list or a text raises AttributeError in place of the status's own error.

    Proposal: Take any body that is no object for one without the four keys.
    """


@LIMITATIONS.add(id="errors.bare-redirect-counts-as-success", against="roads.empty-answers-are-told")
def bare_redirect_counts_as_success() -> None:
    """A 301 that leads nowhere, or a 304, counts as a success and gives None.

    Proposal: Raise ApiError for what is neither a success nor followed.
    """


@LIMITATIONS.add(id="requests.rate-limits-end-the-call", against="transport.client-errors-are-not-retried")
def rate_limits_end_the_call() -> None:
    """A 429 ends a call at once, though Retry-After says when to come back.

    Proposal: Try again after the time that Retry-After gives, within a limit.
    """


@LIMITATIONS.add(id="requests.hopeless-addresses-are-retried", against="roads.every-library-error-is-mapped")
def hopeless_addresses_are_retried() -> None:
    """A request that can never be sent, since its address is no address, is tried again with all pauses.

    Proposal: Retry only what another attempt can mend.
    """


@LIMITATIONS.add(id="requests.absolute-url-takes-the-token-along")
def absolute_url_takes_the_token_along() -> None:
    """A path that is an absolute URL is sent to that host, with the caller's token.

    Proposal: Refuse a path that names a host.
    """


@LIMITATIONS.add(id="requests.redirects-take-the-identity-along")
def redirects_take_the_identity_along() -> None:
    """A redirect to another host is followed with the caller's tenant, app and device.

    Proposal: Send the identity to the configured host alone.
    """


@LIMITATIONS.add(id="requests.environment-proxies-apply", against="transport.environment-proxies-apply")
def environment_proxies_apply() -> None:
    """A proxy from the environment sees every request.

    Proposal: Make it a setting of the SDK, which is off by default.
    """


@LIMITATIONS.add(id="requests.netrc-replaces-the-token")
def netrc_replaces_the_token() -> None:
    """An entry in .netrc replaces the caller's token.

    Proposal: Do not read .netrc.
    """


@LIMITATIONS.add(id="requests.service-sets-the-trace-id")
def service_sets_the_trace_id() -> None:
    """Whatever trace id an answer holds, however long, is sent with all requests after it.

    Proposal: Adopt only ids of a sensible length and alphabet.
    """
