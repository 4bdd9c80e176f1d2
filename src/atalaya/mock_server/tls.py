"""TLS for a scope: which certificate a client gets, and how its handshake ended.

A scope over TLS shows one of the certificates in ``certificates/``. They are for loopback tests and nothing else:
their keys are public. ``sh src/atalaya/mock_server/certificates/make.sh`` makes them anew; it calls ``openssl``, which
nothing needs at run time.

Each faulty certificate has one fault. ``wrong-host`` and ``expired`` are signed by the authority in
``authority.pem``, so a client that was told to trust it has that one reason left to refuse them; a client that was
not refuses all, and takes ``untrusted`` for no better or worse.
"""

from __future__ import annotations

import functools
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from atalaya.core.words import N_

CERTIFICATES = Path(__file__).resolve().parent / "certificates"
AUTHORITY = CERTIFICATES / "authority.pem"
TRUSTED = "trusted"  # no fault: what a client that knows the authority must accept


@dataclass(frozen=True, kw_only=True)
class TlsFault:
    """One way for a certificate to be wrong. Its file is named after it."""

    says: str


TLS_FAULTS: dict[str, TlsFault] = {
    "untrusted": TlsFault(
        says=N_("The certificate is for the right host, and signed by nobody whom the client knows.")
    ),
    "wrong-host": TlsFault(says=N_("The certificate is for another host.")),
    "expired": TlsFault(says=N_("The certificate is for the right host, and ended years ago.")),
}

# How a handshake can end, as the service sees it; "" while it is under way.
COMPLETED = "completed"
REFUSED = "refused"  # the client said so, in an alert
FAILED = "failed"  # the client left, or what it sent was not TLS


@functools.cache
def context(kind: str) -> ssl.SSLContext:
    """What a scope needs to speak TLS: with one of :data:`TLS_FAULTS`, or with :data:`TRUSTED`.

    :raises ValueError: no certificate has this name.
    """
    if kind != TRUSTED and kind not in TLS_FAULTS:
        raise ValueError(f"no certificate is named {kind!r}. There are: {', '.join([TRUSTED, *TLS_FAULTS])}")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATES / f"{kind}.pem")
    # A ticket that nobody has read when the client closes would turn its farewell into a reset.
    made.num_tickets = 0
    return made


def wrapped(sock: socket.socket, kind: str) -> ssl.SSLSocket:
    """The connection as a TLS one. Nothing is sent yet; ``sock`` itself is of no more use."""
    return context(kind).wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


def shake_hands(sock: ssl.SSLSocket) -> tuple[str, str]:
    """Wait for the client's side of the handshake: how it ended, and why in the words of the TLS library."""
    try:
        sock.do_handshake()
    except OSError as why:
        reason = getattr(why, "reason", None) or str(why) or type(why).__name__
        words = " ".join(str(reason).replace("_", " ").lower().split())
        return REFUSED if "alert" in words else FAILED, words
    return COMPLETED, ""
