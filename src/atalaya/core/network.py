"""Makes the HTTP clients of our own requests, and says in words why one had no answer.

The machine's proxies and certificates are respected (``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, ``NO_PROXY``,
``SSL_CERT_FILE``, ``SSL_CERT_DIR``); what is on the machine itself is never asked for by way of a proxy.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from atalaya.core import environment
from atalaya.core.errors import SettingsError

_DIRECT = dict.fromkeys(("all://127.0.0.1", "all://[::1]", "all://localhost"))


def client(**how: Any) -> httpx.Client:
    """A client that follows no redirect by itself.

    :raises SettingsError: the variables name a proxy or certificates that cannot be used.
    """
    with _as_set_up():
        return httpx.Client(follow_redirects=False, mounts=_DIRECT, **how)


def async_client(**how: Any) -> httpx.AsyncClient:
    """The same, for many requests at once.

    :raises SettingsError: the variables name a proxy or certificates that cannot be used.
    """
    with _as_set_up():
        return httpx.AsyncClient(follow_redirects=False, mounts=_DIRECT, **how)


def what(error: Exception) -> str:
    """Why there was no answer, in a few words and without an address: it may hold a password."""
    if _is_of_a_certificate(error):
        return "its certificate is not known here"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refuses: {str(error)[:80]}" if str(error)[:3].isdecimal() else "the proxy refuses"
    return type(error).__name__


def mend(error: Exception) -> str:
    """What to do about it, as one sentence."""
    if _is_of_a_certificate(error):
        return "Name the file of the authority that signed it in SSL_CERT_FILE."
    if named := environment.proxies():
        return f"Check the network, and the proxy in {', '.join(named)}; NO_PROXY names the hosts that need none."
    return "Check the network; where a proxy leads out, name it in HTTPS_PROXY."


def _is_of_a_certificate(error: Exception) -> bool:
    return isinstance(error, httpx.ConnectError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


@contextmanager
def _as_set_up() -> Iterator[None]:
    logging.getLogger("stamina").setLevel(logging.ERROR)  # that it tries again is nothing to read between our lines
    try:
        yield
    except (ValueError, ImportError, httpx.InvalidURL):
        # A scheme or a port that is none, or a SOCKS proxy without the package for it.
        raise SettingsError(
            f"{', '.join(environment.proxies()) or 'HTTPS_PROXY'}: no proxy that can be used. "
            f"Give http://HOST:PORT, or take the variable away."
        ) from None
    except (OSError, ssl.SSLError):
        named = ", ".join(environment.certificates())
        raise SettingsError(
            f"{named or 'SSL_CERT_FILE'}: no certificates can be read there. Give the path of a PEM file, or take the "
            f"variable away."
        ) from None
