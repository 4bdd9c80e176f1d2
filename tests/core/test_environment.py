"""The process environment: one reader, and secrets that nothing shows by accident."""

import ast
import os
import pickle
from pathlib import Path

import msgspec
import pytest

from atalaya.core import environment
from atalaya.core.environment import Secret

PACKAGE = Path(environment.__file__).parents[1]
# They run in the process of the SDK, or are the SDK: the variables there are what is under test.
OF_THE_SDK = ("fixture.py", "launch.py", "process_group.py", "smoke.py", "adapter_proxy.py")
READERS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def reads_the_environment(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in READERS:
                return True
            case ast.ImportFrom(module="os", names=names) if READERS & {one.name for one in names}:
                return True
    return False


@pytest.mark.parametrize("source", ["import os\nos.getenv('A')", "from os import environ as e", "os.environ | {}"])
def test_a_reader_of_the_environment_is_found(source: str) -> None:
    assert reads_the_environment(source)


def test_no_other_module_reads_the_environment() -> None:
    files = [
        file
        for file in PACKAGE.rglob("*.py")
        if "aris3_client_sdk" not in file.parts and not any(file.match(name) for name in OF_THE_SDK)
    ]
    files.append(Path(__file__).parents[2] / "docs" / "conf.py")
    assert len(files) > 100
    found = [file.name for file in files if reads_the_environment(file.read_text(encoding="utf-8"))]
    assert [Path(environment.__file__).name] == found


@pytest.mark.parametrize(
    "shown", [str, repr, "{}".format, "%s".__mod__, lambda it: repr([it]), lambda it: repr({1: it})]
)
def test_a_secret_is_not_shown(shown) -> None:  # type: ignore[no-untyped-def]
    assert "hunter2" not in shown(Secret("hunter2"))


@pytest.mark.parametrize("written", [pickle.dumps, msgspec.json.encode])
def test_a_secret_is_not_written_to_a_file_or_to_another_process(written) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError):
        written(Secret("hunter2"))


def test_a_build_of_pages_is_told_what_it_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.site_variables("", "", ""):
        monkeypatch.delenv(name, raising=False)
    assert environment.site() == ("", "en", "en")
    for name, value in environment.site_variables("1.1.1", "es", "en").items():
        monkeypatch.setenv(name, value)
    assert environment.site() == ("1.1.1", "es", "en")
    assert environment.site_url() == ""


def test_the_first_token_that_is_not_blank_is_taken() -> None:
    assert environment.github_token({"GITHUB_TOKEN": " ", "GH_TOKEN": " b\n"}).reveal() == "b"
    assert not environment.github_token({})


def test_the_credentials_of_a_service_have_the_names_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith(environment.SERVICE)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("ATALAYA_SERVICE_STORE_ID", "s-1")
    found = environment.credentials()
    assert {name: secret.reveal() for name, secret in found.items()} == {"store_id": "s-1"}
