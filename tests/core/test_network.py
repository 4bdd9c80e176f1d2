"""Tests of how our own requests go out: by the machine's proxies and certificates, and never by one to itself."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from atalaya.core import environment, network
from atalaya.core.errors import SettingsError
from atalaya.mock_server.tls import AUTHORITY, CERTIFICATES
from tests.loopback import PASSWORD, PrivateIndex, Proxy, serving

FAR = "http://far.invalid/simple/"
OWN = [form for name in (*environment.PROXIES, "NO_PROXY") for form in (name, name.lower())]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OWN, *environment.CERTIFICATES):
        monkeypatch.delenv(name, raising=False)


def test_a_request_goes_through_the_proxy_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with serving(proxy), network.client() as client:
        assert client.get(FAR).status_code == 200
    assert proxy.asked == [f"GET {FAR}"]


def test_a_host_that_no_proxy_names_is_asked_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "far.invalid")
    with serving(proxy), network.client() as client, pytest.raises(httpx.ConnectError):
        client.get(FAR)
    assert proxy.asked == []


def test_this_machine_is_never_asked_by_way_of_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    proxy, index = Proxy(), PrivateIndex(tmp_path)
    for name in environment.PROXIES:
        monkeypatch.setenv(name, proxy.url)
    with serving(proxy), serving(index), network.client() as client:
        for host in ("127.0.0.1", "localhost"):
            client.get(index.url(host=host))
    assert (proxy.asked, len(index.asked)) == ([], 2)


@pytest.mark.parametrize("named", [f"foo://ana:{PASSWORD}@host", f"http://ana:{PASSWORD}@host:port"])
def test_a_proxy_that_is_none_is_named_by_its_variable(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", named)
    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY: no proxy that can be used\. Give ") as caught:
        network.client()
    assert PASSWORD not in str(caught.value)


def test_a_file_of_certificates_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match=r"^SSL_CERT_FILE: no certificates can be read there\. Give "):
        network.client()


def test_a_certificate_is_known_by_the_file_that_the_machine_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index = PrivateIndex(tmp_path, CERTIFICATES / "trusted.pem")
    with serving(index):
        with network.client() as client, pytest.raises(httpx.ConnectError) as caught:
            client.get(index.url())
        assert network.what(caught.value) == "its certificate is not known here"
        assert network.mend(caught.value).endswith("in SSL_CERT_FILE.")
        monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
        with network.client() as client:
            assert client.get(f"{index.url()}/none").status_code == 404


def test_a_proxy_that_refuses_is_told_of_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy(407)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with serving(proxy), network.client() as client, pytest.raises(httpx.ProxyError) as caught:
        client.get("https://far.invalid/")
    said = f"{network.what(caught.value)}. {network.mend(caught.value)}"
    assert said.startswith("the proxy refuses: 407")
    assert ("the proxy in HTTPS_PROXY" in said, PASSWORD in said) == (True, False)
    assert proxy.asked == ["CONNECT far.invalid:443"]


def test_a_process_is_handed_the_way_out_with_this_machine_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:1")
    monkeypatch.setenv("NO_PROXY", "intern.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", "authority.pem")
    direct = "127.0.0.1,::1,localhost,intern.invalid"
    assert environment.way_out() == {
        "https_proxy": "http://proxy.invalid:1",
        "SSL_CERT_FILE": "authority.pem",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
