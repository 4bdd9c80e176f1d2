"""What the SDK promises about its cache of GETs, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("cache")


@PROMISES.add(CRITICAL, checkpoint_h=48)
def bypass_per_request() -> None:
    """A request with use_get_cache=False neither reads, writes nor removes a cached answer.

    Why: It is the guardrail on which the polling stands.

    How: Bypass, bypass, plain, bypass, plain: four requests on the wire, and the last has the third's answer; and a
    bypass near the end of a lifetime.
    """


@PROMISES.add(MAJOR, checkpoint_h=48)
def failed_bypass_touches_nothing() -> None:
    """A bypass that fails is not answered from the cache, and leaves the cached answer.

    Why: Whoever passes the cache by wants to know, not to be reassured.

    How: A bypass that meets 404, 500, a closed connection, an empty answer and null, beside a cached answer.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def repeats_are_served() -> None:
    """A GET repeated within the lifetime is answered from the cache, and sends nothing.

    Why: It is what the cache is for.

    How: The same GET twice, counted on the wire and compared word for word; and one status through two clients.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def lifetime_ends_on_time() -> None:
    """At the very end of its lifetime an answer is not served any more.

    Why: A lifetime that goes on while the clock stands is none.

    How: Two lifetimes, by a clock that stands still but for one pause of the same length.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def none_is_pushed_out() -> None:
    """An answer is served for its lifetime, however many others are stored meanwhile.

    Why: A bound that nobody knows of is reached in production, on the day with the most to do. That answers whose
    lifetime is over stay is another matter, shown as the finding `cache.expired-answers-stay`.

    How: One answer, then more than a thousand others, then the first again.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def empty_lists_are_answers() -> None:
    """An empty list and an empty object are served from the cache like any other answer.

    Why: "There is nothing" is the answer that is asked for most often.

    How: Each of them twice, counted on the wire.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hits_are_noted() -> None:
    """After an answer from the cache, last_operation.result is success(cache), and after another it is not.

    Why: It is how a user tells an old answer from a new one.

    How: The note after a hit, and after a request that was sent.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hits_call_no_response_hook() -> None:
    """An answer from the cache calls neither after_response nor response_hook.

    Why: What counts responses must not count those that never came.

    How: Each of the two hooks, over the same GET twice.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hits_call_before_request() -> None:
    """before_request is called for every GET, also for one that is then served from the cache.

    Why: What it puts into the headers decides whose answer it is.

    How: Its calls over the same GET twice.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def hits_skip_the_context() -> None:
    """An answer from the cache is not refused for an outdated context.

    Why: A switch of the context empties the cache, so what is in it is not outdated.

    How: A cached answer, asked for with a context version that was never current.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def entries_expire() -> None:
    """After its lifetime an answer is fetched again; with a lifetime of zero there is never a hit.

    Why: A cache that does not forget is wrong for ever.

    How: The same GET before and after two lifetimes, in virtual time; two clients with a lifetime each; and twice with
    none.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def hits_do_not_prolong() -> None:
    """Serving an answer does not prolong its lifetime.

    Why: The answer that is asked for all the time would be the one that never changes.

    How: An answer that is served twice, beside one that nobody asks for, both past their lifetime.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def lifetime_is_set_when_stored() -> None:
    """An answer's lifetime begins when it has come, and is the one that was set then.

    Why: A change of settings is for what comes, not for what is there.

    How: A lifetime that is raised after an answer was stored, and an answer that came late.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def lasts_three_seconds_by_default() -> None:
    """Unless it is told otherwise, a client serves an answer for three seconds.

    Why: Nobody sets what they do not know of, so this is how old an answer may be.

    How: A client that is told nothing beside one that is told three seconds, after 2.5 and 3.5 of them.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def no_stale_answer_on_error() -> None:
    """An answer whose lifetime is over is not served in place of an error.

    Why: A dead service would look like one where nothing happens.

    How: Expired answers, asked for again while the service fails, and once more when it is back.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def query_is_part_of_the_key() -> None:
    """Two GETs that differ in their query never share an answer.

    Why: Page two of a list would be page one.

    How: The same path with two queries that differ in one point, eleven times.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def path_is_part_of_the_key() -> None:
    """Two GETs of different addresses never share an answer.

    Why: One export would be shown as another.

    How: Paths that begin or end alike, with a query in them or not, and a base address that is changed.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def identities_are_kept_apart() -> None:
    """Two GETs that differ in token, tenant, app or device never share an answer.

    Why: One customer would see another's data.

    How: The same path with two values of each header and with none, and with values that are easily confused.
    """


@PROMISES.add(CRITICAL, checkpoint_h=24)
def identity_from_a_hook() -> None:
    """An identity that before_request puts into the headers keeps answers apart like any other.

    Why: Tokens that are renewed on their way are put in there.

    How: A hook that adds one identity and then another, for each of the four headers.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def errors_are_not_stored() -> None:
    """An error and an empty answer are never served from the cache.

    Why: A moment's failure would last for the whole lifetime.

    How: Three error statuses, two kinds of empty answers and two of lost ones, each followed by a good one.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def null_is_never_served() -> None:
    """An answer of null is never served from the cache.

    Why: "Not there yet" is asked again until it is there.

    How: An answer of null, followed by another.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def only_gets() -> None:
    """Only a GET is answered from the cache or stored in it.

    Why: A POST that is not sent is work that is not done.

    How: POST, PUT, PATCH, DELETE and HEAD, each twice, then a GET of the same path, and then once more.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def outdated_answers_are_not_stored() -> None:
    """The answer of a request that was cancelled by a switch of its context is not stored.

    Why: It belongs to the store that the user has just left.

    How: A context that is switched while its request is in flight, and then a plain GET.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def clients_are_kept_apart() -> None:
    """Two clients never share cached answers.

    Why: Clients are how callers separate sessions.

    How: The same GET from two clients, counted on the wire; and one that is emptied beside the other.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def switch_is_honoured() -> None:
    """With the client's cache switched off, every GET reaches the service.

    Why: It is the last resort in an incident.

    How: The same GET twice with the switch off, from the start and later; and with the switch on again.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def switch_keeps_what_is_stored() -> None:
    """Turning the cache off and on again leaves the answers that it held.

    Why: They are removed by what the contract names, and by nothing else.

    How: A cached answer, a GET with the switch off, and the answer again.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def invalidation_by_path() -> None:
    """A successful mutation removes the cached answers of the paths it names, and no others.

    Why: After a change, the old answer is a wrong one.

    How: Cached answers of named paths, below them, with queries and identities, and of a path that is not named; for
    four methods.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def plain_mutations_invalidate_nothing() -> None:
    """A mutation that names no path leaves the cache as it is.

    Why: A busy writer would leave no cache to anyone.

    How: POST, PUT and DELETE of a cached path, without paths and with an empty list of them.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def failed_mutations_invalidate_nothing() -> None:
    """A mutation that fails leaves the cache as it is, whatever it names.

    Why: Nothing has changed, so nothing is wrong with the old answer.

    How: A POST that names a cached path and meets 500, 409 and a closed connection.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def gets_invalidate_nothing() -> None:
    """A GET leaves the other answers as they are, whatever it names.

    Why: Reading changes nothing.

    How: A GET that names a cached path.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def clear_empties_it() -> None:
    """clear_cache forgets every answer.

    Why: It is what a user does when told to try again.

    How: Four cached GETs that differ in path, query and token, clear_cache, and the GETs again.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def switch_context_empties_it() -> None:
    """A switch of the context forgets every answer.

    Why: After a change of store, the old store's figures would be shown.

    How: Four cached GETs that differ in path, query and token, switch_context, and the GETs again.
    """


@PROMISES.add(CRITICAL, checkpoint_h=48)
def holds_in_any_order() -> None:
    """In whatever order a client is used, its cache serves no answer that it may not serve.

    Why: What is right after two steps can be wrong after ten.

    How: Random sequences of GETs, bypasses, mutations, switches, failures and pauses over two clients and three
    identities, held against a model; a failure is told as the shortest sequence that shows it.
    """


# About polling, and kept here: it is found by the same exploration, against the same model.
@PROMISES.add(CRITICAL, checkpoint_h=48, id="polling.fresh-in-any-order")
def fresh_in_any_order() -> None:
    """In whatever order a client is used, each wait polls the service and leaves the cache as it was.

    Why: The incident that this watch is about needed a certain order.

    How: Random sequences of waits that end in each way, status requests and pauses over two identities, held against a
    model; a failure is told as the shortest sequence that shows it.
    """


# What the contract says, a sentence at a time, and the promises that test it or the reason why none does.
STATEMENTS = Statements("cache")


@STATEMENTS.section("4")
def the_http_client() -> None:
    """The HTTP client, and its cache of GETs.

    A client has a cache of GETs, which is on unless it is told otherwise.
        cache.repeats-are-served
    A cached answer lives for cache_ttl_seconds, 3 by default.
        cache.lasts-three-seconds-by-default, cache.entries-expire
    The cache is used for GETs only.
        cache.only-gets
    The cache is used only while enable_get_cache is true.
        cache.switch-is-honoured, cache.switch-keeps-what-is-stored
    The cache is used only where use_get_cache is true.
        cache.bypass-per-request
    Each HttpClient has one cache, which is never shared with another.
        cache.clients-are-kept-apart, cache.repeats-are-served, cache.holds-in-any-order
    The URL is part of the key.
        cache.path-is-part-of-the-key
    The parameters are part of the key.
        cache.query-is-part-of-the-key
    Authorization, X-Tenant-ID, X-App-ID and X-Device-ID are part of the key.
        cache.identities-are-kept-apart, cache.holds-in-any-order
    These headers count only where they are written exactly so.
        Untested: It is a weakness, shown as the finding `cache.header-case-mixes-identities`; an SDK that minds no
        capitals keeps more apart.
    Other headers, Accept among them, are not part of the key.
        Untested: It is a weakness, shown as the finding `cache.other-headers-are-ignored`; an SDK that minds them keeps
        more apart.
    The key is computed after before_request, so an identity that it adds is part of it.
        cache.identity-from-a-hook
    The key is a JSON text.
        Untested: It cannot be seen from outside, and any key that keeps apart what differs is as good.
    The key is computed for a bypass too.
        Untested: It shows only where it fails, which is a weakness, shown as the finding
        `cache.odd-queries-are-refused`.
    An answer's end is its lifetime after the moment when it is stored.
        cache.entries-expire, cache.lifetime-is-set-when-stored, cache.hits-do-not-prolong
    An answer is served before its end, and not from then on.
        cache.entries-expire, cache.lifetime-ends-on-time, cache.no-stale-answer-on-error, cache.holds-in-any-order
    With a lifetime of zero there is never a hit.
        cache.entries-expire
    An expired answer is dropped only when the same GET is made again.
        Untested: It is a weakness, shown as the finding `cache.expired-answers-stay`; an SDK that drops it sooner is
        healthy.
    An answer is stored after a successful GET with a body.
        cache.repeats-are-served, cache.empty-lists-are-answers
    Errors and empty answers are never stored.
        cache.errors-are-not-stored
    What is no GET is never stored.
        cache.only-gets
    An answer of null is never a hit.
        cache.null-is-never-served
    An answer that came after its context was switched is no success, and not stored.
        cache.outdated-answers-are-not-stored
    A hit returns the very object that was stored.
        Untested: It is a weakness, shown as the finding `cache.hits-share-one-object`; an SDK that hands out copies is
        healthy.
    A hit sends nothing.
        cache.repeats-are-served
    A hit sets last_operation.result to success(cache).
        cache.hits-are-noted
    A hit skips after_response and response_hook.
        cache.hits-call-no-response-hook
    A hit skips the check of the context.
        cache.hits-skip-the-context
    A hit still calls before_request.
        cache.hits-call-before-request
    A bypass does not read the cache.
        cache.bypass-per-request, cache.failed-bypass-touches-nothing, cache.holds-in-any-order
    A bypass does not write to the cache.
        cache.bypass-per-request, cache.holds-in-any-order
    A bypass does not remove from the cache.
        cache.bypass-per-request, cache.failed-bypass-touches-nothing, cache.holds-in-any-order
    Bypass, bypass, plain, bypass, plain are four requests, and the last has the third's answer.
        cache.bypass-per-request
    A successful mutation removes the answers whose key contains one of its invalidate_paths.
        cache.invalidation-by-path
    That the key contains them is all that is asked: an address that is merely longer goes too.
        Untested: It is a weakness, shown as the finding `cache.invalidation-takes-neighbours`; an SDK that tells the
        two apart is healthy.
    A success that is answered nothing does so too, a GET as well.
        cache.invalidation-by-path
    No other GET invalidates, and no failure.
        cache.failed-mutations-invalidate-nothing, cache.gets-invalidate-nothing
    clear_cache empties the cache.
        cache.clear-empties-it, cache.holds-in-any-order
    switch_context empties the whole cache.
        cache.switch-context-empties-it, cache.holds-in-any-order
    Nothing else removes an answer.
        cache.switch-keeps-what-is-stored, cache.clients-are-kept-apart, polling.fresh-in-any-order
    A plain POST invalidates nothing.
        cache.plain-mutations-invalidate-nothing
    There is no bound to the number of answers.
        cache.none-is-pushed-out
    """
