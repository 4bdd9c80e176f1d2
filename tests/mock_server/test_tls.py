"""Tests that a TLS scope shows the requested certificate, and records clients that refuse it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import requests

from atalaya.core.errors import HarnessError
from atalaya.mock_server.control import Control, Scope, Seen, Step
from atalaya.mock_server.faults import FAULTS
from atalaya.mock_server.listener import Scope as Inside
from atalaya.mock_server.tls import AUTHORITY, CERTIFICATES, TLS_FAULTS, TRUSTED
from tests.mock_server.raw import BODY, connect, knowing, port, read
from tests.mock_server.test_faults import SEEN

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")

# What a client that knows the authority says of each certificate: the one reason that it has.
REASONS = {
    "untrusted": "self-signed certificate",
    "wrong-host": "not valid for '127.0.0.1'",
    "expired": "certificate has expired",
}


def blind() -> ssl.SSLContext:
    """A client that verifies nothing."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def by_httpx(verify: Any) -> Callable[[Scope], int]:
    return lambda scope: httpx.get(f"{scope.base_url}/health", verify=verify, trust_env=False, timeout=10).status_code


def by_requests(verify: Any) -> Callable[[Scope], int]:
    def get(scope: Scope) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{scope.base_url}/health", verify=verify, timeout=10).status_code

    return get


CLIENTS = {"httpx": by_httpx, "requests": by_requests}
REFUSES = {"httpx": httpx.ConnectError, "requests": requests.exceptions.SSLError}


def ends(scope: Scope) -> list[str]:
    return [shake.ended for shake in scope.handshakes()]


def test_each_kind_of_certificate_is_tested_here_and_says_what_it_is() -> None:
    assert set(TLS_FAULTS) == REASONS.keys()
    assert all(fault.says.endswith(".") for fault in TLS_FAULTS.values())


# ── verified ──


@pytest.mark.parametrize("library", CLIENTS)
@pytest.mark.parametrize("kind", TLS_FAULTS)
def test_a_client_that_verifies_refuses_in_the_handshake_and_sends_nothing(
    control: Control, kind: str, library: str
) -> None:
    with control.open_scope(tls=kind) as scope:
        assert scope.base_url.startswith("https://127.0.0.1:")
        with pytest.raises(REFUSES[library], match="CERTIFICATE_VERIFY_FAILED"):
            CLIENTS[library](True)(scope)
        assert ends(scope) == ["refused"]
        assert scope.log() == []


@pytest.mark.parametrize("library", CLIENTS)
@pytest.mark.parametrize("kind", TLS_FAULTS)
def test_a_client_that_verifies_nothing_gets_through(control: Control, kind: str, library: str) -> None:
    with control.open_scope(tls=kind) as scope:
        assert CLIENTS[library](False)(scope) == 200
        assert ends(scope) == ["completed"]
        assert [seen.headers["host"] for seen in scope.log()] == [f"127.0.0.1:{port(scope)}"]


@pytest.mark.parametrize("kind", TLS_FAULTS)
def test_a_client_that_knows_the_authority_has_one_reason_left(control: Control, kind: str) -> None:
    with control.open_scope(tls=kind) as scope:
        with pytest.raises(httpx.ConnectError, match=REASONS[kind]):
            by_httpx(knowing())(scope)
        with pytest.raises(requests.exceptions.SSLError, match=REASONS[kind]):
            by_requests(str(AUTHORITY))(scope)
        assert ends(scope) == ["refused"] * 2


def test_a_certificate_without_a_fault_is_accepted_by_who_knows_the_authority(control: Control) -> None:
    with control.open_scope(tls=TRUSTED) as scope:
        assert by_httpx(knowing())(scope) == 200
        assert by_requests(str(AUTHORITY))(scope) == 200
        assert ends(scope) == ["completed"] * 2


def test_a_refusal_is_written_down_in_the_words_of_the_alert(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        with pytest.raises(httpx.ConnectError):
            by_httpx(True)(scope)
        [shake] = scope.handshakes()
    assert (shake.number, shake.ended) == (1, "refused")
    assert "alert unknown ca" in shake.why
    assert 0 <= shake.arrived_s < 20


@pytest.mark.parametrize(
    ("kind", "ends_in", "host"),
    [
        (TRUSTED, 2099, ("IP Address", "127.0.0.1")),
        ("untrusted", 2099, ("IP Address", "127.0.0.1")),
        ("wrong-host", 2099, ("DNS", "elsewhere.invalid")),
    ],
)
def test_a_certificate_lasts_for_decades(control: Control, kind: str, ends_in: int, host: tuple[str, str]) -> None:
    signer = CERTIFICATES / "untrusted.pem" if kind == "untrusted" else AUTHORITY
    context = ssl.create_default_context(cafile=str(signer))
    context.check_hostname = False
    with control.open_scope(tls=kind) as scope, connect(scope, context) as sock:
        assert isinstance(sock, ssl.SSLSocket)
        shown: Any = sock.getpeercert()
    assert int(shown["notAfter"].split()[3]) == ends_in
    assert shown["subjectAltName"][0] == host


def test_the_authoritys_key_is_not_kept() -> None:
    assert "PRIVATE KEY" not in AUTHORITY.read_text()


def test_an_unknown_certificate_is_refused_with_the_names_of_those_that_there_are(control: Control) -> None:
    with pytest.raises(HarnessError, match=r"'gremlins'.*untrusted, wrong-host, expired"):
        control.open_scope(tls="gremlins")


# ── handshakes that come to nothing ──


def test_a_client_that_hangs_up_in_the_middle_of_a_handshake_disturbs_nobody(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        hello = ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            blind().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
        words = hello.read()
        for tried, part in enumerate((b"", words[:5], words[: len(words) // 2], words)):
            with connect(scope) as sock:
                sock.sendall(part)
                if part == words:
                    assert sock.recv(1) == b"\x16"  # the service's side of the handshake has begun
            wait_for(lambda tried=tried: ends(scope) == ["failed"] * (tried + 1))
        assert by_httpx(False)(scope) == 200
        assert ends(scope) == ["failed"] * 4 + ["completed"]
        assert len(scope.log()) == 1


def test_a_client_that_does_not_speak_tls_is_not_answered(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://127.0.0.1:{port(scope)}/health", trust_env=False, timeout=10)
        assert ends(scope) == ["failed"]
        assert "http" in scope.handshakes()[0].why
        assert scope.log() == []


def test_a_client_that_says_nothing_holds_nobody_up(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        with connect(scope):
            wait_for(lambda: ends(scope) == [""])
            assert by_httpx(False)(scope) == 200
            assert ends(scope) == ["", "completed"]
            # The first handshake is not over: nobody waited for its end.
            scope.close()
        assert ends(scope) == ["failed", "completed"]


def test_twenty_clients_at_once_each_get_their_own_way(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        ready = threading.Barrier(20)

        def client(number: int) -> object:
            context = blind() if number % 2 else ssl.create_default_context()
            with httpx.Client(verify=context, trust_env=False, timeout=30) as http:
                ready.wait(30)
                try:
                    return [http.get(f"{scope.base_url}/{number}").status_code for _ in range(5)]
                except httpx.ConnectError:
                    return "refused"

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(client, range(20)))
        assert answers == ["refused", [200] * 5] * 10
        assert sorted(ends(scope)) == ["completed"] * 10 + ["refused"] * 10
        assert sorted(seen.path for seen in scope.log()) == sorted(
            f"/{number}" for number in range(1, 20, 2) for _ in range(5)
        )


def test_handshakes_can_be_read_after_the_scope_was_closed(control: Control) -> None:
    with control.open_scope(tls="untrusted") as scope:
        by_httpx(False)(scope)
    assert ends(scope) == ["completed"]
    assert len(scope.log()) == 1


def test_a_scope_in_plain_text_has_no_handshakes(scope: Scope, http: httpx.Client) -> None:
    assert http.get("/health").status_code == 200
    assert scope.handshakes() == []


def test_nothing_is_printed_whatever_a_client_does(capfd: pytest.CaptureFixture[str]) -> None:
    scope = Inside(tls="expired")
    where = ("127.0.0.1", int(scope.base_url.rpartition(":")[2]))
    for words in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 5000):
        with socket.create_connection(where, timeout=10) as sock:
            sock.sendall(words)
    with pytest.raises(httpx.ConnectError):
        httpx.get(scope.base_url, trust_env=False)
    left_open = socket.create_connection(where, timeout=10)
    wait_for(lambda: len(scope.handshakes()) == 6)
    scope.end()
    assert sorted(shake["ended"] for shake in scope.handshakes()) == ["failed"] * 5 + ["refused"]
    left_open.close()
    assert capfd.readouterr() == ("", "")


# ── what lies above TLS ──


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_over_tls_is_the_fault_that_it_is_without(control: Control, name: str) -> None:
    with control.open_scope(tls=TRUSTED) as scope:
        scope.answer("GET", "/x", Step(raw=BODY, fault=name), Step())
        assert read(scope, patience_s=2 if name == "slow" else 0.5, context=knowing()) == SEEN[name]
        assert by_httpx(knowing())(scope) == 200
        assert [seen.fault for seen in scope.log()] == [name, None]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_spoken(control: Control, version: ssl.TLSVersion) -> None:
    context = knowing()
    context.minimum_version = context.maximum_version = version
    with control.open_scope(tls=TRUSTED) as scope:
        assert by_httpx(context)(scope) == 200
        scope.answer("GET", "/x", Step(raw=BODY, fault="half-close"))
        assert read(scope, patience_s=2, context=context) == ("half of the body", "FIN")


def test_a_connection_that_is_closed_after_its_answer_costs_no_request_over_tls(control: Control) -> None:
    with (
        control.open_scope(tls=TRUSTED) as scope,
        httpx.Client(base_url=scope.base_url, verify=knowing(), trust_env=False, timeout=10) as http,
    ):
        scope.answer("GET", "/x", Step(json="right", fault="close-after-answer"))
        assert {http.get("/x").json() for _ in range(50)} == {"right"}
        assert len(scope.handshakes()) == 50


def test_scripts_stamps_prefix_and_witness_work_over_tls(control: Control) -> None:
    def witness(seen: Seen) -> str:
        return f"saw {seen.path}"

    with (
        control.open_scope(witness, prefix="/gateway", tls="wrong-host") as scope,
        httpx.Client(base_url=scope.base_url, verify=False, trust_env=False, timeout=10) as http,
    ):
        scope.script("e1", "CREATED", "READY")
        answers = [http.get("/aris3/exports/e1").json() for _ in range(2)]
        assert [(answer["status"], answer["row_count"]) for answer in answers] == [("CREATED", 1), ("READY", 2)]
        assert [seen.witness for seen in scope.log()] == ["saw /gateway/aris3/exports/e1"] * 2
        assert ends(scope) == ["completed"]  # one connection carried both


def test_a_long_answer_and_a_long_request_pass_over_tls(control: Control) -> None:
    with (
        control.open_scope(tls=TRUSTED) as scope,
        httpx.Client(base_url=scope.base_url, verify=knowing(), trust_env=False, timeout=30) as http,
    ):
        scope.answer("POST", "/x", Step(raw=b"a" * 3_000_000))
        assert len(http.post("/x", content=b"b" * 500_000).content) == 3_000_000
        assert len(scope.log()[0].body) == 500_000


def test_a_service_over_tls_that_has_vanished_refuses_and_keeps_its_log(control: Control) -> None:
    with (
        control.open_scope(tls=TRUSTED) as scope,
        httpx.Client(base_url=scope.base_url, verify=knowing(), trust_env=False, timeout=10) as http,
    ):
        http.get("/health")
        scope.vanish()
        with pytest.raises(httpx.TransportError):
            http.get("/health")
        with pytest.raises(httpx.ConnectError):
            http.get("/health")
        assert (len(scope.log()), ends(scope)) == (1, ["completed"])


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so: a client knows of its own end before the service does."""
    ends_s = time.monotonic() + 120
    while not what():
        assert time.monotonic() < ends_s, "it never came to be so"
        time.sleep(0.01)
