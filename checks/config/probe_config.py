"""Probes for limitations of the SDK's configuration, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from atalaya.harness.api import CannotTell, Step, describe, limitation, short

from ..fixture import CheckContext

GENERAL = "ARIS3_API_BASE_URL"
URL = {GENERAL: "https://127.0.0.1:9"}
FOUND = "https://127.0.0.1:9/found"
LONG_S = 60.0


@limitation("config.tls-typo-turns-verification-off")
def probe_tls_typo(lab: CheckContext) -> str | None:
    for typo in ("ture", "enabled", "y", ""):
        load = lab.load_config({**URL, "ARIS3_VERIFY_SSL": typo})
        if load.error is None and not load.value.verify_ssl:
            return f"ARIS3_VERIFY_SSL={typo!r} gives verify_ssl=False"
    return None


@limitation("config.infinity-is-accepted")
def probe_infinity(lab: CheckContext) -> str | None:
    for variable, field in (
        ("ARIS3_READ_TIMEOUT_SECONDS", "read_timeout_seconds"),
        ("ARIS3_CONNECT_TIMEOUT_SECONDS", "connect_timeout_seconds"),
        ("ARIS3_RETRY_BACKOFF_SECONDS", "retry_backoff_seconds"),
    ):
        load = lab.load_config({**URL, variable: "inf"})
        if load.error is None and getattr(load.value, field, None) == float("inf"):
            return f"{field} is {short(getattr(load.value, field))}"
    return None


@limitation("config.urls-are-not-checked")
def probe_urls(lab: CheckContext) -> str | None:
    for url in ("localhost:8000", "api.example.com", "ftp://files", "not a url", "http://", "https://h/?a=1"):
        if lab.load_config({GENERAL: url}).error is None:
            return f"{url!r} is accepted"
    return None


@limitation("config.plain-http-is-accepted")
def probe_plain_http(lab: CheckContext) -> str | None:
    url = "http://api.example.com"
    return f"{url!r} is accepted" if lab.load_config({GENERAL: url}).error is None else None


@limitation("config.profile-with-a-hyphen-is-not-found")
def probe_hyphen(lab: CheckContext) -> str | None:
    load = lab.load_config({"ARIS3_ENV": "pre-prod", f"{GENERAL}_PRE_PROD": FOUND, **URL})
    if load.error is None and load.value.api_base_url != FOUND:
        return f"ARIS3_ENV='pre-prod' passes {GENERAL}_PRE_PROD by, and takes {load.value.api_base_url!r}"
    return None


@limitation("config.retries-have-no-ceiling")
def probe_retries(lab: CheckContext) -> str | None:
    load = lab.load_config({**URL, "ARIS3_RETRIES": "1000000"})
    return f"retries is {load.value.retries}" if load.error is None and load.value.retries >= 10**6 else None


@limitation("config.backoff-has-no-cap")
def probe_backoff(lab: CheckContext) -> str | None:
    http = lab.http(config=lab.config(retries=8, retry_backoff_seconds=1.0))
    lab.service.answer("GET", "/aris3/failing", Step(status=503))
    lab.get(http, "/aris3/failing")
    at_s = [lab.at_s(seen) for seen in lab.log("/aris3/failing")]
    if len(at_s) < 9:
        raise CannotTell(f"{len(at_s)} requests on the wire instead of 9: no pauses to measure")
    longest_s = max(later - earlier for earlier, later in itertools.pairwise(at_s))
    return f"a retry came after {longest_s:.0f} s" if longest_s > LONG_S else None


@limitation("config.direct-build-is-not-checked")
def probe_direct_build(lab: CheckContext) -> str | None:
    for field, value in (("retries", -1), ("read_timeout_seconds", 0.0), ("max_connections", 0)):
        fields: dict[str, Any] = {"env_name": "check", "api_base_url": URL[GENERAL], field: value}
        try:
            lab.sdk.ClientConfig(**fields)
        except Exception:
            continue
        return f"ClientConfig({field}={value}) is built"
    return None


# ── files ────────────────────────────────────────────────────────────────────


@limitation("config.file-search-depends-on-the-start")
def probe_file_search(lab: CheckContext) -> str | None:
    _file(lab, ".env", f"{GENERAL}={FOUND}\n")
    os.chdir(lab.home)
    found = {}
    for label, main_file in (("from a program", __file__), ("from a prompt", None)):
        with _started(main_file):
            lab.load_config({})
            load = lab.attempt(lab.sdk.load_config, f"load_config() {label}")
        found[label] = getattr(load.value, "api_base_url", None) == FOUND
    if len(set(found.values())) == 1:
        return None
    reads = next(label for label, seen in found.items() if seen)
    return f"the .env of the working folder is read {reads} only"


@limitation("config.file-stays-in-the-environment")
def probe_file_stays(lab: CheckContext) -> str | None:
    _need_files(lab)
    lab.load_config({}, _file(lab, "settings.env", f"{GENERAL}={FOUND}\n"))
    later = lab.attempt(partial(lab.sdk.load_config, ""), "load_config('')")
    return f"a later load without a file has {FOUND!r}" if later.error is None else None


@limitation("config.missing-file-is-silent")
def probe_missing_file(lab: CheckContext) -> str | None:
    _need_files(lab)
    load = lab.load_config(URL, str(lab.home / "missing.env"))
    return "a path that does not exist is passed over" if load.error is None else None


@limitation("config.badly-encoded-file-is-no-config-error")
def probe_badly_encoded_file(lab: CheckContext) -> str | None:
    _need_files(lab)
    path = lab.home / "latin.env"
    path.write_bytes("ARIS3_ENV=producción\n".encode("latin-1"))
    error = lab.load_config(URL, str(path)).error
    return None if error is None or isinstance(error, lab.sdk.ConfigError) else describe(error)


def _file(lab: CheckContext, name: str, lines: str) -> str:
    """A file with these lines, which python-dotenv may now read: this process forbids it otherwise."""
    os.environ.pop("PYTHON_DOTENV_DISABLED", None)
    path = lab.home / name
    path.write_text(lines, encoding="utf-8")
    return str(path)


def _need_files(lab: CheckContext) -> None:
    """Go on only with an SDK that reads files.

    :raises CannotTell: it reads none.
    """
    load = lab.load_config({}, _file(lab, "usual.env", f"{GENERAL}={FOUND}\n"))
    if load.error is not None:
        raise CannotTell(f"not even a file that is there is read: load_config {load.said()}")


@contextmanager
def _started(main_file: str | None) -> Iterator[None]:
    """As in a program that was started from this file, or from none: at a prompt."""
    names, tracer = vars(sys.modules["__main__"]), sys.gettrace()
    had = names.pop("__file__", None)
    if main_file is not None:
        names["__file__"] = main_file
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        names["__file__"] = had
