"""Probes for limitations in the world round the SDK, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import importlib
from functools import partial

from atalaya.harness.api import describe, limitation, package, words

from ..fixture import CheckContext
from .surroundings import LISTED, heard, imported_anew, lived, reads, session

CANARY = "Kanari3nv0gel-7f3a9c"


@limitation("world.token-in-repr")
def probe_token_in_repr(lab: CheckContext) -> str | None:
    shown = {"a client": lab.exports(access_token=CANARY), "a session": session(lab, token=CANARY)}
    seen = [what for what, thing in shown.items() if CANARY in repr(thing)]
    return f"it stands in the repr of {words(seen)}" if seen else None


@limitation("world.unlisted-variables-are-read")
def probe_unlisted_variables(lab: CheckContext) -> str | None:
    with reads() as names:
        imported_anew()
        lab.attempt(partial(lab.sdk.load_config, ""), "load_config")
        lived(lab, lab.exports(lab.http(), access_token="token-1"))
        session(lab)
    unlisted = sorted(name for name in names if not LISTED.fullmatch(name))
    return f"it reads {words(unlisted)}" if unlisted else None


@limitation("world.speaks-unasked")
def probe_speaks(lab: CheckContext) -> str | None:
    own = f"a log line of {package()}"
    exports = lab.exports(access_token="token-1")
    with heard() as said:
        lab.attempt(partial(exports.http.request, "GET", "/aris3/a"), "a GET")
        lab.attempt(partial(exports.http.request, "POST", "/aris3/p", json_body={}), "a POST")
    loud = [line.partition(" {")[0] for line in said if line.startswith((own, "printed", "a warning"))]
    return loud[0] if loud else None


@limitation("world.star-import-fails")
def probe_star_import(lab: CheckContext) -> str | None:
    module = importlib.import_module(package())
    try:
        exec(f"from {module.__name__} import *", {})
    except Exception as why:
        return f"it raises {describe(why)}"
    return None
