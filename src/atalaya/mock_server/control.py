"""The control client, by which a check scripts the service and reads its request log.

This runs in the SDK's own process, where the clock may be a virtual one. So it uses plain blocking
sockets, without time-outs, and reads no clock; the witness's thread is started below :mod:`threading`,
where no clock counts it.
"""

from __future__ import annotations

import _thread
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from atalaya.core.errors import HarnessError
from atalaya.mock_server.scenario import Step, as_step

__all__ = ["Control", "Handshake", "Scope", "Seen", "Step"]

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as the service saw it, and what it was answered.

    ``path`` is the raw target, query included; header names are lower-cased. ``arrived_s`` counts real
    seconds from the scope's opening. ``status``, ``state`` and ``stamp`` are None where the client was
    sent none (a fault), or where ``answered`` is still False. ``note`` says why ``witness`` is None.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived_s: float
    status: int | None
    state: str | None
    stamp: int | None
    fault: str | None
    answered: bool
    witness: Any
    note: str

    def json(self) -> Any:
        """The request's body, decoded."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """One attempt of a client to agree on TLS, as the service saw it.

    ``ended`` is ``"completed"``, ``"refused"`` (the client sent an alert), ``"failed"`` (it left, or did not
    speak TLS), or empty where the client still keeps its part to itself. ``why`` is the TLS library's word for it.
    A client may also refuse after a completed handshake, by sending no request: only the log tells that.
    """

    number: int
    arrived_s: float
    ended: str
    why: str


Witness = Callable[[Seen], Any]


class _Line:
    """A connection that asks and is answered, a JSON value a line, one at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # The process may have a default time-out for sockets; ours have none.
        self.socket.setblocking(True)
        try:
            self.socket.connect((HOST, port))
        except OSError as why:
            self.socket.close()
            raise HarnessError(f"the loopback service at {HOST}:{port} cannot be reached: {why}") from why
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines: BinaryIO = self.socket.makefile("rb")
        self._lock = _thread.allocate_lock()

    def ask(self, **order: Any) -> Any:
        try:
            with self._lock:
                self.socket.sendall(json.dumps(order).encode() + b"\n")
                line = self.lines.readline()
        except (OSError, ValueError) as why:
            raise HarnessError(f"the loopback service could not be told {order['do']!r}: {why}") from why
        if not line:
            raise HarnessError(f"the loopback service left before it had answered {order['do']!r}")
        reply = json.loads(line)
        if "error" in reply:
            raise HarnessError(f"the loopback service cannot {order['do']!r}: {reply['error']}")
        return reply["ok"]

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


class Control:
    """The way to the service. After a fork, make a new one: two processes cannot share a connection.

    :raises HarnessError: nobody listens at ``port``.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._line = _Line(port)

    def open_scope(self, witness: Witness | None = None, *, prefix: str = "", tls: str = "") -> Scope:
        """A service of one's own, on a port of its own; closed by its ``with`` block, or by :meth:`Scope.close`.

        ``witness`` is called for each request while it is in flight: after it was read, before it is
        answered. What it returns (anything that JSON can carry) is kept in the log. It is called in a thread of
        its own, one request after another, and must not itself make requests to this scope. With a ``prefix``,
        the routes lie under it, and all else is 404. With ``tls``, a name in
        :data:`atalaya.mock_server.tls.TLS_FAULTS`, TLS is spoken and that certificate shown; ``"trusted"`` is one
        without a fault, for a client that trusts ``src/atalaya/mock_server/certificates/authority.pem``.

        :raises HarnessError: the service cannot open it: ``tls`` names no certificate, for one.
        """
        opened = self._line.ask(do="open", prefix=prefix, tls=tls)
        scope = Scope(self._line, opened["scope"], opened["base_url"])
        if witness is not None:
            _attend(_Line(self._port), opened["scope"], witness)
        return scope

    def close(self) -> None:
        """Leave the service. The scopes that were opened from here end with it."""
        self._line.close()

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Scope:
    """One check's own service: where it is, what it shall answer, what it has seen."""

    def __init__(self, line: _Line, number: int, base_url: str) -> None:
        self.base_url = base_url
        self._line = line
        self._number = number
        self._last_log: list[Seen] | None = None
        self._last_handshakes: list[Handshake] = []

    def script(self, id: str, *steps: Step | str) -> None:
        """Let a resource live these steps, the last for ever; a word is a state: ``"CREATED", "READY"``."""
        self._ask("script", id=id, steps=_wire(steps))

    def default_life(self, *steps: Step | str) -> None:
        """The life of each resource without a script. Until it is set, an unknown id is a 404."""
        self._ask("default-life", steps=_wire(steps))

    def answer(self, method: str, path: str, *steps: Step | str) -> None:
        """Answer a path by these steps, the last for ever. A path with a query goes before one without."""
        self._ask("answer", method=method, path=path, steps=_wire(steps))

    def log(self, *, after: int = 0) -> list[Seen]:
        """The requests seen so far, oldest first; those above the number ``after``, if given."""
        if self._last_log is not None:
            return [seen for seen in self._last_log if seen.number > after]
        return [_seen(entry) for entry in self._ask("log", after=after)]

    def handshakes(self) -> list[Handshake]:
        """The TLS handshakes so far, oldest first; those under way are waited for, a second at most."""
        if self._last_log is not None:
            return list(self._last_handshakes)
        return [Handshake(**shake) for shake in self._ask("handshakes")]

    def vanish(self) -> None:
        """Let the port refuse from now on, and cut what is open. The log stays."""
        self._ask("vanish")

    def close(self) -> None:
        """End the scope. Its log can still be read. A second call does nothing."""
        if self._last_log is None:
            last = self._ask("close")
            self._last_log = [_seen(entry) for entry in last["log"]]
            self._last_handshakes = [Handshake(**shake) for shake in last["handshakes"]]

    def __enter__(self) -> Scope:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, what: str, **more: Any) -> Any:
        return self._line.ask(do=what, scope=self._number, **more)


def _wire(steps: tuple[Step | str, ...]) -> list[dict[str, Any]]:
    return [as_step(step).to_wire() for step in steps]


def _seen(entry: dict[str, Any]) -> Seen:
    return Seen(**{**entry, "body": entry["body"].encode("latin-1")})


def _attend(line: _Line, scope: int, witness: Witness) -> None:
    """Let a thread answer the service's questions for as long as the scope lasts."""
    line.ask(do="witness", scope=scope)

    def answer() -> None:
        try:
            for question in line.lines:
                line.socket.sendall(_testimony(witness, json.loads(question)) + b"\n")
        except (OSError, ValueError):
            pass  # the service has gone, and so has whoever wanted to know
        finally:
            line.close()

    _thread.start_new_thread(answer, ())


def _testimony(witness: Witness, entry: dict[str, Any]) -> bytes:
    """The witness's word, or a note of what it raised: the SDK's answer must go out all the same."""
    try:
        return json.dumps({"value": witness(_seen(entry))}).encode()
    except BaseException as why:
        return json.dumps({"note": f"the witness raised {type(why).__name__}: {why}"}).encode()
