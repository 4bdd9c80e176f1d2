"""The listener of one scope: accepts connections, answers them and logs each request.

A scope is one check's own service: a listener on a port of its own, its own scripts, its own log. Each
connection has a thread. Nothing is shared between scopes, so no check sees another's requests. Over TLS,
a scope knows besides how each handshake ended; a client that was refused, or refuses, is in no log.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from typing import Any

from atalaya.mock_server import tls as encryption
from atalaya.mock_server.faults import FAULTS, Exchange
from atalaya.mock_server.http1 import BadRequest, Reader, Request, error_object, render, say_goodbye, to_json
from atalaya.mock_server.scenario import TOGETHER_S, Answer, Lives, Turn
from atalaya.sdk.wire_names import WireNames

NO_NAMES = WireNames()  # the contract's own
HOST = "127.0.0.1"
HANDSHAKE_PATIENCE_S = 1.0
Entry = dict[str, Any]
Witness = Callable[[Entry], tuple[Any, str]]


def no_witness(entry: Entry) -> tuple[Any, str]:
    """A scope that nobody watches."""
    return None, ""


class Scope:
    """One listener with its scripts and its log. Open from the moment that it is made."""

    def __init__(
        self, prefix: str = "", tls: str = "", lives: type[Lives] = Lives, names: WireNames = NO_NAMES
    ) -> None:
        """:param names: what the client calls what crosses the wire; scripts and log speak the contract's names."""
        self.tls = tls
        self._names = names
        if tls:
            encryption.context(tls)  # an unknown name is an error here, and not on the first connection
        self.prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
        self.lives = lives(self.prefix)
        self.lock = threading.Lock()
        self.witness: Witness = no_witness
        self.ended = threading.Event()
        self._log: list[Entry] = []
        self._handshakes: list[Entry] = []
        self._barriers: dict[str, threading.Barrier] = {}
        self._shaken = threading.Condition(self.lock)
        self._stamp = 0
        self._opened_s = time.monotonic()
        self._connections: set[socket.socket] = set()
        self._gone = False
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.base_url = f"{'https' if tls else 'http'}://{HOST}:{self._listener.getsockname()[1]}{self.prefix}"
        threading.Thread(target=self._accept, daemon=True).start()

    def log(self, after: int) -> list[Entry]:
        """The requests whose number is above ``after``, oldest first, as they stand now."""
        with self.lock:
            return [dict(entry) for entry in self._log[max(0, after) :]]

    def handshakes(self) -> list[Entry]:
        """How each TLS handshake ended, oldest first.

        A client knows of its own refusal before we do, so those under way are waited for, if not for long.
        """
        with self._shaken:
            self._shaken.wait_for(lambda: all(shake["ended"] for shake in self._handshakes), HANDSHAKE_PATIENCE_S)
            return [dict(shake) for shake in self._handshakes]

    def vanish(self) -> None:
        """From now on the port refuses, and open connections are cut. The log stays."""
        with self.lock:
            self._gone = True
            connections = list(self._connections)
        # Linux wakes a blocked accept on shutdown, the others on close.
        for sock in (self._listener, *connections):
            with contextlib.suppress(OSError):
                # Not TLS's own shutdown, which would let a thread go on in plain text.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._listener.close()

    def end(self) -> None:
        """Vanish, and let the witness go."""
        self.vanish()
        self.witness = no_witness
        self.ended.set()

    # ── connections ──

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self.lock:
                if self._gone:
                    sock.close()
                    return
                self._connections.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        """Answer one connection until either side has had enough. A client may leave at any point."""
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = secure = self._wrap(sock)
                if not self._shake_hands(secure):
                    return
            reader = Reader(sock)
            while (request := reader.request()) is not None and self._exchange(sock, self._read(request)):
                """Kept alive."""
        except BadRequest as why:
            with contextlib.suppress(OSError):
                body = to_json(error_object("BAD_REQUEST", f"This is not HTTP/1.1: {why}."))
                sock.sendall(render(400, body, headers={"Connection": "close"}))
        except OSError:
            pass
        finally:
            if self.tls:
                say_goodbye(sock)
            with self.lock:
                self._connections.discard(sock)
            sock.close()

    def _wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        """The TLS connection that takes the place of a plain one, also among those that vanishing cuts."""
        with self.lock:
            if self._gone:
                raise ConnectionError("the scope has vanished")
            self._connections.discard(sock)
            secure = encryption.wrapped(sock, self.tls)
            self._connections.add(secure)
            return secure

    def _shake_hands(self, secure: ssl.SSLSocket) -> bool:
        """Agree with the client, and write down how that ended. True where it was agreed."""
        with self._shaken:
            arrived_s = time.monotonic() - self._opened_s
            shake: Entry = {"number": len(self._handshakes) + 1, "arrived_s": arrived_s, "ended": "", "why": ""}
            self._handshakes.append(shake)
        ended, why = encryption.shake_hands(secure)
        with self._shaken:
            shake.update(ended=ended, why=why)
            self._shaken.notify_all()
        return ended == encryption.COMPLETED

    def _exchange(self, sock: socket.socket, request: Request) -> bool:
        """Log a request, ask the witness, wait as scripted, answer. True where the connection is kept."""
        entry = self._enter(request)
        value, note = self.witness(dict(entry))
        with self.lock:
            entry["witness"], entry["note"] = value, note
            turn = self.lives.take(request)
        if turn.step.delay_s:
            time.sleep(turn.step.delay_s)
        if turn.step.together:
            self._wait_for_others(request.target, turn.step.together)
        answer = self._worded(self._settle(entry, turn))
        head_only = request.method == "HEAD"
        whole = render(
            answer.status,
            answer.body,
            content_type=answer.content_type,
            headers=answer.headers | ({} if request.keep_alive else {"Connection": "close"}),
            head_only=head_only,
        )
        if turn.step.fault is not None:
            exchange = Exchange(request=request, answer=whole)
            return FAULTS[turn.step.fault].act(sock, exchange)
        sock.sendall(whole)
        return request.keep_alive

    def _wait_for_others(self, path: str, number: int) -> None:
        """Wait until so many requests of a path are under way. Where they do not come, no later one waits for them."""
        with self.lock:
            barrier = self._barriers.setdefault(path, threading.Barrier(number))
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(TOGETHER_S)

    def _read(self, request: Request) -> Request:
        """A request by the names of the contract."""
        if self._names == NO_NAMES:
            return request
        headers = self._names.named_headers(request.headers, own=False)
        return replace(
            request,
            target=self._names.path(request.target),
            headers={name.lower(): value for name, value in headers.items()},
            body=self._names.body(request.body, own=False),
        )

    def _worded(self, answer: Answer) -> Answer:
        """An answer by the names of the client."""
        if self._names == NO_NAMES:
            return answer
        headers = self._names.named_headers(answer.headers, own=True)
        coding = ""
        for name in headers:
            if name.lower() == "location":
                headers[name] = self._names.own_path(headers[name])
            if name.lower() == "content-encoding":
                coding = headers[name]
        kind = Message()
        kind["Content-Type"] = answer.content_type
        if "json" not in kind.get_content_type():
            return answer._replace(headers=headers)
        charset = kind.get_content_charset() or "utf-8"
        body = self._names.body(answer.body, own=True, coding=coding, charset=charset)
        return answer._replace(headers=headers, body=body)

    # ── the log ──

    def _enter(self, request: Request) -> Entry:
        with self.lock:
            entry: Entry = {
                "number": len(self._log) + 1,
                "method": request.method,
                "path": request.target,
                "headers": dict(request.headers),
                "body": request.body.decode("latin-1"),
                "arrived_s": time.monotonic() - self._opened_s,
                "status": None,
                "state": None,
                "stamp": None,
                "fault": None,
                "answered": False,
                "witness": None,
                "note": "",
            }
            self._log.append(entry)
            return entry

    def _settle(self, entry: Entry, turn: Turn) -> Answer:
        """Stamp the answer and write it down, before any of it is sent: a client that has read it finds it."""
        fault = FAULTS[turn.step.fault] if turn.step.fault else None
        with self.lock:
            answer = self.lives.answer_to(turn, self._stamp + 1)
            entry.update(fault=turn.step.fault, answered=True)
            if fault is None or fault.sends_answer:
                self._stamp += 1
                entry.update(status=answer.status, state=answer.state, stamp=self._stamp)
            else:
                entry.update(status=fault.status)
            return answer
