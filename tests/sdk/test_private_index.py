"""Tests that uv and pip ask the index that the machine is set up with, and that no password is ever shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atalaya.core import environment
from atalaya.core.errors import NetworkError
from atalaya.mock_server.tls import AUTHORITY, CERTIFICATES
from atalaya.sdk.installer import Pip, failure, find_installer, interpreter_in, site_packages_in
from atalaya.sdk.source import classify
from tests.loopback import PASSWORD, PrivateIndex, Proxy, serving
from tests.sdk.sdk_stubs import sdk_wheel

WRONG = "wrong-s3cret"
# How a machine names an index: by variables, or by a file below the folder of settings.
NAMED_BY = {
    "UV_DEFAULT_INDEX": ("uv", ""),
    "UV_INDEX_URL": ("uv", ""),
    "uv.toml": ("uv", '[[index]]\nurl = "{}"\ndefault = true\n'),
    "PIP_INDEX_URL": ("uv pip", ""),
    "pip.conf": ("uv pip", "[global]\nindex-url = {}\n"),
}
CASES = [(tool, named) for named, (tools, _) in NAMED_BY.items() for tool in tools.split()]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which nothing is set up, and nothing kept; its folder of settings."""
    leave = ("UV_", "PIP_")
    for name in [name for name in os.environ if name.startswith(leave) or name in environment.CERTIFICATES]:
        monkeypatch.delenv(name)
    for name in environment.PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    settings = tmp_path / "settings"
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(settings),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_HTTP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    (tmp_path / "packages").mkdir()
    sdk_wheel(tmp_path / "packages")
    return tmp_path / "packages"


@pytest.fixture
def index(packages: Path) -> Iterator[PrivateIndex]:
    one = PrivateIndex(packages)
    with serving(one):
        yield one


def use(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if tool == "pip":
        monkeypatch.setenv("ATALAYA_UV", "")


def name(by: str, url: str, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (text := NAMED_BY[by][1]):
        monkeypatch.setenv(by, url)
        return
    file = settings / by.partition(".")[0] / by
    file.parent.mkdir(parents=True)
    file.write_text(text.format(url), encoding="utf-8")


Install = Callable[[], bool]


@pytest.fixture(scope="module")
def with_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with pip in it: to make one takes long, and a session of nox has none."""
    folder = tmp_path_factory.mktemp("with-pip")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return interpreter_in(folder)


@pytest.fixture
def install(with_pip: Path, tmp_path: Path) -> Install:
    """Installs the SDK, and says whether it is there then. Settings are read anew at each call."""
    env = tmp_path / "env"

    def installed() -> bool:
        pip = environment.uv() == ""
        installer = Pip(with_pip, tmp_path, print) if pip else find_installer(tmp_path, print)
        if not env.is_dir():
            installer.create(env)
        installer.install(interpreter_in(env), ["aris3-client-sdk==1.2.3"], called="the SDK")
        return (site_packages_in(env) / "aris3_client_sdk").is_dir()

    return installed


@pytest.mark.parametrize(("tool", "by"), CASES)
def test_the_index_that_the_machine_is_set_up_with_is_asked(
    tool: str, by: str, machine: Path, index: PrivateIndex, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tool, monkeypatch)
    name(by, index.url(), machine, monkeypatch)
    for variable in ("HTTP_PROXY", "ALL_PROXY"):  # none leads to this machine itself
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert install()


def test_what_uv_is_told_stands_over_what_pip_is_told(
    machine: Path, index: PrivateIndex, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    name("uv.toml", index.url(), machine, monkeypatch)
    name("PIP_INDEX_URL", "http://127.0.0.1:9/simple", machine, monkeypatch)
    assert install()


def refused(install: Install) -> str:
    with pytest.raises(NetworkError) as caught:
        install()
    said = str(caught.value)
    assert (caught.value.exit_code, "\n" in said, PASSWORD in said, WRONG in said) == (3, False, False, False)
    return said


def test_where_something_lies_in_memory_is_no_answer_of_a_proxy() -> None:
    said = (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
        "'<HTTPConnection object at 0x7f2a4070c1d0>: [Errno 111] Connection refused')': /simple/x/"
    )
    assert "Connection refused" in str(failure(said, "the SDK", ""))
    assert "the proxy does not" in str(failure(f"{said} Tunnel connection failed: 407", "the SDK", ""))
    assert "the proxy does not" in str(failure(f"{said} OSError: 407 Who are you", "the SDK", ""))


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_why_an_index_cannot_be_asked_is_one_line_that_says_what_to_do(
    tool: str, machine: Path, packages: Path, index: PrivateIndex, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tool, monkeypatch)
    private, proxy = PrivateIndex(packages, CERTIFICATES / "trusted.pem"), Proxy(407)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with serving(private), serving(proxy):
        for url, says in {
            index.url(WRONG): "does not know who asks. Give the user and the password",
            private.url(): "its certificate is not known here. Name the file",
            f"https://ana:{PASSWORD}@far.invalid/simple": "the proxy does not answer or does not let it through",
            f"http://ana:{PASSWORD}@127.0.0.1:9/simple": "onnection refused",
        }.items():
            monkeypatch.setenv("PIP_INDEX_URL", url)
            assert says in refused(install)
        assert "CONNECT far.invalid:443" in proxy.asked
        monkeypatch.setenv("PIP_INDEX_URL", private.url())
        monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
        monkeypatch.setenv("PIP_CERT", str(AUTHORITY))
        assert install()


def test_evidence_names_a_requirement_without_who_asks(tmp_path: Path) -> None:
    asked = f"aris3-client-sdk @ https://ana:{PASSWORD}@index.invalid/x.whl"
    label = classify(asked, package="aris3_client_sdk", bundled=tmp_path).label
    assert label == "aris3-client-sdk @ https://index.invalid/x.whl"
