"""How the probes word what they saw, so that pages can say it in other languages.

Each is the sentence of a probe in ``probe_*.py``, with a name in braces where the probe puts in a value.
"""

from __future__ import annotations

from atalaya.harness.declare import N_

WORDINGS = (
    # config
    N_("{setting} gives verify_ssl=False"),
    N_("{field} is {value}"),
    N_("{url} is accepted"),
    N_("{setting} passes {passed} by, and takes {taken}"),
    N_("retries is {n}"),
    N_("a retry came after {n} s"),
    N_("{call} is built"),
    N_("the .env of the working folder is read {how} only"),
    N_("a later load without a file has {url}"),
    N_("a path that does not exist is passed over"),
    # transport
    N_("{type}.args is empty"),
    N_("a bare {status} returned {value}"),
    N_("with two retries left, the call {outcome}"),
    N_("it took {n} s of pauses to say so"),
    N_("the token arrived at another host"),
    N_("at another host arrived {headers}"),
    N_("the proxy saw {request}"),
    N_("Authorization was sent as {value}"),
    N_("an id of {n} characters was adopted, and sent"),
    # exports
    N_("{what} raised {error}"),
    N_("a closed connection raised {error}"),
    N_("{export} is not in the list straight after"),
    N_("asked for exp-1, it returned exp-other"),
    N_("one transaction id, sent twice after a failure, had two idempotency keys"),
    # polling
    N_("a budget of 0.5 s took {n} s"),
    N_("a budget of 0.5 s took {n} s of retries, and then the wait {outcome}"),
    N_("both raise {error}"),
    N_("cancelled after 1 s, it ended after {n} s"),
    N_("after {n} s it still waited"),
    N_("an interval of {interval} raised {error} after the first poll"),
    N_("for a FAILED export it {outcome}"),
    N_("outcome {outcome}, status {status}"),
    N_("the wait {outcome}"),
    N_("a wait that ended in an error told nothing"),
    N_("after READY it answers {status} (stamp {stamp} of {last})"),
    # cache
    N_("what the {which} caller added to its result, the third caller found in its own"),
    N_("what the {which} caller added inside its result, the third caller found in its own"),
    N_("the second token was answered from the first one's cache"),
    N_("a GET with {header} was answered with what was cached for {other}"),
    N_("an hour after {n} answers of {size} kB, {held} kB are still held"),
    N_("a GET with a date in its query raised {error}, and nothing was sent"),
    N_("a POST that named {path} removed what was cached for {other}"),
    N_("clear_cache was called while a GET was in flight, and its answer was served from the cache afterwards"),
    N_("while another thread stored an answer, a mutation raised {error}"),
    # world
    N_("it stands in the repr of {names}"),
    N_("it reads {names}"),
    N_("it raises {error}"),
)
