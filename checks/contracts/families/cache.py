"""What does the SDK promise about its cache of GETs?"""

from __future__ import annotations

from checks.contracts.families.table import CRITICAL, MAJOR, MINOR, promise, tested, untested
from checks.records import N_, Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = (
    promise(
        "cache.bypass-per-request",
        CRITICAL,
        48,
        N_("A request with use_get_cache=False neither reads, writes nor removes a cached answer."),
        N_("It is the guardrail on which the polling stands."),
        N_(
            "Bypass, bypass, plain, bypass, plain: four requests on the wire, and the last has the third's answer; "
            "and a bypass near the end of a lifetime."
        ),
    ),
    promise(
        "cache.failed-bypass-touches-nothing",
        MAJOR,
        48,
        N_("A bypass that fails is not answered from the cache, and leaves the cached answer."),
        N_("Whoever passes the cache by wants to know, not to be reassured."),
        N_("A bypass that meets 404, 500, a closed connection, an empty answer and null, beside a cached answer."),
    ),
    promise(
        "cache.repeats-are-served",
        MAJOR,
        24,
        N_("A GET repeated within the lifetime is answered from the cache, and sends nothing."),
        N_("It is what the cache is for."),
        N_("The same GET twice, counted on the wire and compared word for word; and one status through two clients."),
    ),
    promise(
        "cache.empty-lists-are-answers",
        MINOR,
        24,
        N_("An empty list and an empty object are served from the cache like any other answer."),
        N_('"There is nothing" is the answer that is asked for most often.'),
        N_("Each of them twice, counted on the wire."),
    ),
    promise(
        "cache.hits-are-noted",
        MINOR,
        24,
        N_("After an answer from the cache, last_operation.result is success(cache), and after another it is not."),
        N_("It is how a user tells an old answer from a new one."),
        N_("The note after a hit, and after a request that was sent."),
    ),
    promise(
        "cache.hits-call-no-response-hook",
        MINOR,
        24,
        N_("An answer from the cache calls neither after_response nor response_hook."),
        N_("What counts responses must not count those that never came."),
        N_("Each of the two hooks, over the same GET twice."),
    ),
    promise(
        "cache.hits-call-before-request",
        MINOR,
        24,
        N_("before_request is called for every GET, also for one that is then served from the cache."),
        N_("What it puts into the headers decides whose answer it is."),
        N_("Its calls over the same GET twice."),
    ),
    promise(
        "cache.hits-skip-the-context",
        MINOR,
        24,
        N_("An answer from the cache is not refused for an outdated context."),
        N_("A switch of the context empties the cache, so what is in it is not outdated."),
        N_("A cached answer, asked for with a context version that was never current."),
    ),
    promise(
        "cache.entries-expire",
        MAJOR,
        24,
        N_("After its lifetime an answer is fetched again; with a lifetime of zero there is never a hit."),
        N_("A cache that does not forget is wrong for ever."),
        N_(
            "The same GET before and after two lifetimes, in virtual time; two clients with a lifetime each; "
            "and twice with none."
        ),
    ),
    promise(
        "cache.hits-do-not-prolong",
        MAJOR,
        24,
        N_("Serving an answer does not prolong its lifetime."),
        N_("The answer that is asked for all the time would be the one that never changes."),
        N_("An answer that is served twice, beside one that nobody asks for, both past their lifetime."),
    ),
    promise(
        "cache.lifetime-is-set-when-stored",
        MINOR,
        24,
        N_("An answer's lifetime begins when it has come, and is the one that was set then."),
        N_("A change of settings is for what comes, not for what is there."),
        N_("A lifetime that is raised after an answer was stored, and an answer that came late."),
    ),
    promise(
        "cache.lasts-three-seconds-by-default",
        MINOR,
        24,
        N_("Unless it is told otherwise, a client serves an answer for three seconds."),
        N_("Nobody sets what they do not know of, so this is how old an answer may be."),
        N_("A client that is told nothing beside one that is told three seconds, after 2.5 and 3.5 of them."),
    ),
    promise(
        "cache.no-stale-answer-on-error",
        MAJOR,
        24,
        N_("An answer whose lifetime is over is not served in place of an error."),
        N_("A dead service would look like one where nothing happens."),
        N_("Expired answers, asked for again while the service fails, and once more when it is back."),
    ),
    promise(
        "cache.query-is-part-of-the-key",
        CRITICAL,
        24,
        N_("Two GETs that differ in their query never share an answer."),
        N_("Page two of a list would be page one."),
        N_("The same path with two queries that differ in one point, eleven times."),
    ),
    promise(
        "cache.path-is-part-of-the-key",
        CRITICAL,
        24,
        N_("Two GETs of different addresses never share an answer."),
        N_("One export would be shown as another."),
        N_("Paths that begin or end alike, with a query in them or not, and a base address that is changed."),
    ),
    promise(
        "cache.identities-are-kept-apart",
        CRITICAL,
        24,
        N_("Two GETs that differ in token, tenant, app or device never share an answer."),
        N_("One customer would see another's data."),
        N_("The same path with two values of each header and with none, and with values that are easily confused."),
    ),
    promise(
        "cache.identity-from-a-hook",
        CRITICAL,
        24,
        N_("An identity that before_request puts into the headers keeps answers apart like any other."),
        N_("Tokens that are renewed on their way are put in there."),
        N_("A hook that adds one identity and then another, for each of the four headers."),
    ),
    promise(
        "cache.errors-are-not-stored",
        MAJOR,
        24,
        N_("An error and an empty answer are never served from the cache."),
        N_("A moment's failure would last for the whole lifetime."),
        N_("Three error statuses, two kinds of empty answers and two of lost ones, each followed by a good one."),
    ),
    promise(
        "cache.null-is-never-served",
        MINOR,
        24,
        N_("An answer of null is never served from the cache."),
        N_('"Not there yet" is asked again until it is there.'),
        N_("An answer of null, followed by another."),
    ),
    promise(
        "cache.only-gets",
        MAJOR,
        24,
        N_("Only a GET is answered from the cache or stored in it."),
        N_("A POST that is not sent is work that is not done."),
        N_("POST, PUT, PATCH, DELETE and HEAD, each twice, then a GET of the same path, and then once more."),
    ),
    promise(
        "cache.outdated-answers-are-not-stored",
        MAJOR,
        24,
        N_("The answer of a request that was cancelled by a switch of its context is not stored."),
        N_("It belongs to the store that the user has just left."),
        N_("A context that is switched while its request is in flight, and then a plain GET."),
    ),
    promise(
        "cache.clients-are-kept-apart",
        MAJOR,
        24,
        N_("Two clients never share cached answers."),
        N_("Clients are how callers separate sessions."),
        N_("The same GET from two clients, counted on the wire; and one that is emptied beside the other."),
    ),
    promise(
        "cache.switch-is-honoured",
        MAJOR,
        24,
        N_("With the client's cache switched off, every GET reaches the service."),
        N_("It is the last resort in an incident."),
        N_("The same GET twice with the switch off, from the start and later; and with the switch on again."),
    ),
    promise(
        "cache.switch-keeps-what-is-stored",
        MINOR,
        24,
        N_("Turning the cache off and on again leaves the answers that it held."),
        N_("They are removed by what the contract names, and by nothing else."),
        N_("A cached answer, a GET with the switch off, and the answer again."),
    ),
    promise(
        "cache.invalidation-by-path",
        MINOR,
        24,
        N_("A successful mutation removes the cached answers of the paths it names, and no others."),
        N_("After a change, the old answer is a wrong one."),
        N_(
            "Cached answers of named paths, below them, with queries and identities, and of a path that is not named; "
            "for four methods."
        ),
    ),
    promise(
        "cache.plain-mutations-invalidate-nothing",
        MINOR,
        24,
        N_("A mutation that names no path leaves the cache as it is."),
        N_("A busy writer would leave no cache to anyone."),
        N_("POST, PUT and DELETE of a cached path, without paths and with an empty list of them."),
    ),
    promise(
        "cache.failed-mutations-invalidate-nothing",
        MINOR,
        24,
        N_("A mutation that fails leaves the cache as it is, whatever it names."),
        N_("Nothing has changed, so nothing is wrong with the old answer."),
        N_("A POST that names a cached path and meets 500, 409 and a closed connection."),
    ),
    promise(
        "cache.gets-invalidate-nothing",
        MINOR,
        24,
        N_("A GET leaves the other answers as they are, whatever it names."),
        N_("Reading changes nothing."),
        N_("A GET that names a cached path."),
    ),
    promise(
        "cache.clear-empties-it",
        MINOR,
        24,
        N_("clear_cache forgets every answer."),
        N_("It is what a user does when told to try again."),
        N_("Four cached GETs that differ in path, query and token, clear_cache, and the GETs again."),
    ),
    promise(
        "cache.switch-context-empties-it",
        MAJOR,
        24,
        N_("A switch of the context forgets every answer."),
        N_("After a change of store, the old store's figures would be shown."),
        N_("Four cached GETs that differ in path, query and token, switch_context, and the GETs again."),
    ),
    promise(
        "cache.holds-in-any-order",
        CRITICAL,
        48,
        N_("In whatever order a client is used, its cache serves no answer that it may not serve."),
        N_("What is right after two steps can be wrong after ten."),
        N_(
            "Random sequences of GETs, bypasses, mutations, switches, failures and pauses over two clients and three "
            "identities, held against a model; a failure is told as the shortest sequence that shows it."
        ),
    ),
    # About polling, and kept here: it is found by the same exploration, against the same model.
    promise(
        "polling.fresh-in-any-order",
        CRITICAL,
        48,
        N_("In whatever order a client is used, each wait polls the service and leaves the cache as it was."),
        N_("The incident that this watch is about needed a certain order."),
        N_(
            "Random sequences of waits that end in each way, status requests and pauses over two identities, held "
            "against a model; a failure is told as the shortest sequence that shows it."
        ),
    ),
)

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = (
    tested(
        "4", N_("A client has a cache of GETs, which is on unless it is told otherwise."), "cache.repeats-are-served"
    ),
    tested(
        "4",
        N_("A cached answer lives for cache_ttl_seconds, 3 by default."),
        "cache.lasts-three-seconds-by-default",
        "cache.entries-expire",
    ),
    tested("4", N_("The cache is used for GETs only."), "cache.only-gets"),
    tested(
        "4",
        N_("The cache is used only while enable_get_cache is true."),
        "cache.switch-is-honoured",
        "cache.switch-keeps-what-is-stored",
    ),
    tested("4", N_("The cache is used only where use_get_cache is true."), "cache.bypass-per-request"),
    tested(
        "4",
        N_("Each HttpClient has one cache, which is never shared with another."),
        "cache.clients-are-kept-apart",
        "cache.repeats-are-served",
        "cache.holds-in-any-order",
    ),
    tested("4", N_("The URL is part of the key."), "cache.path-is-part-of-the-key"),
    tested("4", N_("The parameters are part of the key."), "cache.query-is-part-of-the-key"),
    tested(
        "4",
        N_("Authorization, X-Tenant-ID, X-App-ID and X-Device-ID are part of the key."),
        "cache.identities-are-kept-apart",
        "cache.holds-in-any-order",
    ),
    untested(
        "4",
        N_("These headers count only where they are written exactly so."),
        N_(
            "It is a weakness, shown as the finding `cache.header-case-mixes-identities`; an SDK that minds no "
            "capitals keeps more apart."
        ),
    ),
    untested(
        "4",
        N_("Other headers, Accept among them, are not part of the key."),
        N_(
            "It is a weakness, shown as the finding `cache.other-headers-are-ignored`; an SDK that minds them keeps "
            "more apart."
        ),
    ),
    tested(
        "4",
        N_("The key is computed after before_request, so an identity that it adds is part of it."),
        "cache.identity-from-a-hook",
    ),
    untested(
        "4",
        N_("The key is a JSON text."),
        N_("It cannot be seen from outside, and any key that keeps apart what differs is as good."),
    ),
    untested(
        "4",
        N_("The key is computed for a bypass too."),
        N_("It shows only where it fails, which is a weakness, shown as the finding `cache.odd-queries-are-refused`."),
    ),
    tested(
        "4",
        N_("An answer's end is its lifetime after the moment when it is stored."),
        "cache.entries-expire",
        "cache.lifetime-is-set-when-stored",
        "cache.hits-do-not-prolong",
    ),
    tested(
        "4",
        N_("An answer is served before its end, and not from then on."),
        "cache.entries-expire",
        "cache.no-stale-answer-on-error",
        "cache.holds-in-any-order",
    ),
    tested("4", N_("With a lifetime of zero there is never a hit."), "cache.entries-expire"),
    untested(
        "4",
        N_("An expired answer is dropped only when the same GET is made again."),
        N_(
            "It is a weakness, shown as the finding `cache.expired-answers-stay`; an SDK that drops it sooner is "
            "healthy."
        ),
    ),
    tested(
        "4",
        N_("An answer is stored after a successful GET with a body."),
        "cache.repeats-are-served",
        "cache.empty-lists-are-answers",
    ),
    tested("4", N_("Errors and empty answers are never stored."), "cache.errors-are-not-stored"),
    tested("4", N_("What is no GET is never stored."), "cache.only-gets"),
    tested("4", N_("An answer of null is never a hit."), "cache.null-is-never-served"),
    tested(
        "4",
        N_("An answer that came after its context was switched is no success, and not stored."),
        "cache.outdated-answers-are-not-stored",
    ),
    untested(
        "4",
        N_("A hit returns the very object that was stored."),
        N_(
            "It is a weakness, shown as the finding `cache.hits-share-one-object`; an SDK that hands out copies is "
            "healthy."
        ),
    ),
    tested("4", N_("A hit sends nothing."), "cache.repeats-are-served"),
    tested("4", N_("A hit sets last_operation.result to success(cache)."), "cache.hits-are-noted"),
    tested("4", N_("A hit skips after_response and response_hook."), "cache.hits-call-no-response-hook"),
    tested("4", N_("A hit skips the check of the context."), "cache.hits-skip-the-context"),
    tested("4", N_("A hit still calls before_request."), "cache.hits-call-before-request"),
    tested(
        "4",
        N_("A bypass does not read the cache."),
        "cache.bypass-per-request",
        "cache.failed-bypass-touches-nothing",
        "cache.holds-in-any-order",
    ),
    tested("4", N_("A bypass does not write to the cache."), "cache.bypass-per-request", "cache.holds-in-any-order"),
    tested(
        "4",
        N_("A bypass does not remove from the cache."),
        "cache.bypass-per-request",
        "cache.failed-bypass-touches-nothing",
        "cache.holds-in-any-order",
    ),
    tested(
        "4",
        N_("Bypass, bypass, plain, bypass, plain are four requests, and the last has the third's answer."),
        "cache.bypass-per-request",
    ),
    tested(
        "4",
        N_("A successful mutation removes the answers whose key contains one of its invalidate_paths."),
        "cache.invalidation-by-path",
    ),
    untested(
        "4",
        N_("That the key contains them is all that is asked: an address that is merely longer goes too."),
        N_(
            "It is a weakness, shown as the finding `cache.invalidation-takes-neighbours`; an SDK that tells the two "
            "apart is healthy."
        ),
    ),
    tested(
        "4",
        N_("Only a success that is no GET invalidates."),
        "cache.failed-mutations-invalidate-nothing",
        "cache.gets-invalidate-nothing",
    ),
    tested("4", N_("clear_cache empties the cache."), "cache.clear-empties-it", "cache.holds-in-any-order"),
    tested(
        "4",
        N_("switch_context empties the whole cache."),
        "cache.switch-context-empties-it",
        "cache.holds-in-any-order",
    ),
    tested(
        "4",
        N_("Nothing else removes an answer."),
        "cache.switch-keeps-what-is-stored",
        "cache.clients-are-kept-apart",
        "polling.fresh-in-any-order",
    ),
    tested("4", N_("A plain POST invalidates nothing."), "cache.plain-mutations-invalidate-nothing"),
    untested(
        "4",
        N_("There is no bound to the number of answers."),
        N_(
            "A cache with a bound is healthy; what becomes of answers that nobody wants any more is shown as the "
            "finding `cache.expired-answers-stay`."
        ),
    ),
)

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = (
    Weakness(
        id="cache.hits-share-one-object",
        says=N_("Callers share one cached object: who changes a result changes the next caller's."),
        proposal=N_("Store text, or hand out copies."),
    ),
    Weakness(
        id="cache.header-case-mixes-identities",
        says=N_("Two identities given in small-letter header names share one cached answer."),
        proposal=N_("Compare header names without regard to case."),
    ),
    Weakness(
        id="cache.other-headers-are-ignored",
        says=N_("A GET that accepts another format or language gets the answer that was cached for the first."),
        proposal=N_("Make Accept and Accept-Language part of the key."),
    ),
    Weakness(
        id="cache.expired-answers-stay",
        says=N_("Answers that nobody asks for again stay in memory for as long as their client lives."),
        proposal=N_("Drop what has expired whenever an answer is stored, and bound their number."),
    ),
    Weakness(
        id="cache.odd-queries-are-refused",
        says=N_("A date in a query raises TypeError before anything is sent, even past the cache."),
        proposal=N_("Make the key from the query as it will be sent."),
    ),
    Weakness(
        id="cache.invalidation-races",
        says=N_("A mutation that invalidates while another thread stores an answer can end in a RuntimeError."),
        proposal=N_("Go over a copy of the keys, or hold a lock."),
    ),
    Weakness(
        id="cache.invalidation-takes-neighbours",
        says=N_("A mutation that names /aris3/stores also removes what is cached for /aris3/stores-archive."),
        proposal=N_("Compare paths segment by segment."),
    ),
    Weakness(
        id="cache.late-answers-outlive-a-clear",
        says=N_("An answer that was on its way when the cache was emptied is stored after it."),
        proposal=N_("Count how often the cache was emptied, and store only what was asked for since."),
    ),
)
