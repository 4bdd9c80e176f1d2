"""What does the SDK promise about its cache of GETs?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise("cache.bypass-per-request", CRITICAL, 48,
        N_("A request with use_get_cache=False neither reads, writes nor removes a cached answer."),
        N_("It is the guardrail on which the polling stands."),
        N_("Bypass, bypass, plain, bypass, plain: four requests on the wire, and the last has the third's answer.")),
    promise("cache.repeats-are-served", MAJOR, 24,
        N_("A GET repeated within the lifetime is answered from the cache, and sends nothing."),
        N_("It is what the cache is for."),
        N_("The same GET twice, counted on the wire.")),
    promise("cache.entries-expire", MAJOR, 24,
        N_("After its lifetime an answer is fetched again; with a lifetime of zero there is never a hit."),
        N_("A cache that does not forget is wrong for ever."),
        N_("The same GET before and after the lifetime, in virtual time, and twice with none.")),
    promise("cache.query-is-part-of-the-key", CRITICAL, 24,
        N_("Two GETs that differ in their query never share an answer."),
        N_("Page two of a list would be page one."),
        N_("The same path with two queries, counted and compared.")),
    promise("cache.identities-are-kept-apart", CRITICAL, 24,
        N_("Two GETs that differ in token, tenant, app or device never share an answer."),
        N_("One customer would see another's data."),
        N_("The same path with two values of each header, counted and compared.")),
    promise("cache.errors-are-not-stored", MAJOR, 24,
        N_("An error and an empty answer are never served from the cache."),
        N_("A moment's failure would last for the whole lifetime."),
        N_("A 404, a 500 and an empty answer, each followed by a good one.")),
    promise("cache.only-gets", MAJOR, 24,
        N_("Only a GET is answered from the cache or stored in it."),
        N_("A POST that is not sent is work that is not done."),
        N_("The same POST twice, and a GET of its path.")),
    promise("cache.clients-are-kept-apart", MAJOR, 24,
        N_("Two clients never share cached answers."),
        N_("Clients are how callers separate sessions."),
        N_("The same GET from two clients, counted on the wire.")),
    promise("cache.switch-is-honoured", MAJOR, 24,
        N_("With the client's cache switched off, every GET reaches the service."),
        N_("It is the last resort in an incident."),
        N_("The same GET twice with the switch off.")),
    promise("cache.invalidation-by-path", MINOR, 24,
        N_("A successful mutation removes the cached answers of the paths it names, and no others."),
        N_("After a change, the old answer is a wrong one."),
        N_("Two cached paths, a POST that names one of them, and both read again.")),
    promise("cache.clear-empties-it", MINOR, 24,
        N_("clear_cache forgets every answer."),
        N_("It is what a user does when told to try again."),
        N_("A cached GET, clear_cache, and the GET again.")),
)  # fmt: skip

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = ()

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(id="cache.hits-share-one-object",
        says=N_("Callers share one cached object: who changes a result changes the next caller's."),
        proposal=N_("Store text, or hand out copies.")),
    Weakness(id="cache.header-case-mixes-identities",
        says=N_("Two identities given in small-letter header names share one cached answer."),
        proposal=N_("Compare header names without regard to case.")),
)  # fmt: skip
