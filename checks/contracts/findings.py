"""Which weaknesses beyond the contract are looked for?

None of them is a broken promise: they are shown, and they feed the backlog.
"""

from __future__ import annotations

from checks.records import N_, Weakness

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
    Weakness(id="errors.cannot-be-pickled",
        says=N_("The SDK's errors cannot be pickled, so they are lost on the way out of a process pool."),
        proposal=N_("Give the errors a __reduce__ of their own.")),
    Weakness(id="errors.bad-success-body-leaks",
        says=N_("A success with a body that is not JSON raises an error from outside the SDK's tree."),
        proposal=N_("Map it to an ApiError that says so.")),
    Weakness(id="polling.deadline-overshoot",
        says=N_("The last pause of a wait is not shortened to the time that is left."),
        proposal=N_("Sleep for the interval or for what is left of the budget, whichever is shorter.")),
    Weakness(id="polling.stale-after-the-wait",
        says=N_("After a wait has seen READY, a plain status request may still answer CREATED from the cache."),
        proposal=N_("Drop the export's cached answer when a wait ends.")),
    Weakness(id="cache.hits-share-one-object",
        says=N_("Callers share one cached object: who changes a result changes the next caller's."),
        proposal=N_("Store text, or hand out copies.")),
    Weakness(id="cache.header-case-mixes-identities",
        says=N_("Two identities given in small-letter header names share one cached answer."),
        proposal=N_("Compare header names without regard to case.")),
    Weakness(id="requests.absolute-url-takes-the-token-along",
        says=N_("A path that is an absolute URL is sent to that host, with the caller's token."),
        proposal=N_("Refuse a path that names a host.")),
)  # fmt: skip
