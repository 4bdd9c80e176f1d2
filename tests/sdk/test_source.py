"""Tests that each way of naming the SDK is interpreted correctly."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

import pytest

from atalaya.core.errors import SubjectError
from atalaya.sdk.source import Kind, local_path
from atalaya.sdk.source import classify as classified
from tests.ours import BUNDLED, PACKAGE
from tests.tables import each_row

classify = partial(classified, package=PACKAGE, bundled=BUNDLED)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "sdk" / "src" / "aris3_client_sdk"
    (package / "clients").mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / "sdk" / "pyproject.toml").touch()
    return tmp_path / "sdk"


def test_nothing_asked_for_means_the_bundled_sdk() -> None:
    assert (classify("").kind, classify(" ").path, classify("").label) == (Kind.BUNDLED, BUNDLED, "bundled")


@pytest.mark.parametrize(
    "inside", [".", "src", "src/aris3_client_sdk", "src/aris3_client_sdk/clients", "pyproject.toml"]
)
def test_a_path_into_a_project_means_the_whole_project(project: Path, inside: str) -> None:
    source = classify(str(project / inside))
    assert (Kind.PROJECT, project) == (source.kind, source.path)


def test_a_flat_project_with_setup_py_is_a_project(tmp_path: Path) -> None:
    (tmp_path / "aris3_client_sdk").mkdir()
    (tmp_path / "aris3_client_sdk" / "__init__.py").touch()
    (tmp_path / "setup.py").touch()
    assert Kind.PROJECT is classify(str(tmp_path / "aris3_client_sdk")).kind


def test_a_relative_path_starts_at_the_base(project: Path) -> None:
    assert project == classify("sdk", base=project.parent).path


def test_an_install_target_inside_somebodys_project_is_a_folder(project: Path) -> None:
    target = project / "scratch" / "target"
    (target / "aris3_client_sdk").mkdir(parents=True)
    (target / "aris3_client_sdk" / "__init__.py").touch()
    source = classify(str(target))
    assert (Kind.FOLDER, target) == (source.kind, source.path)


def test_a_package_folder_alone_is_imported_from_the_folder_that_holds_it(tmp_path: Path) -> None:
    (tmp_path / "aris3_client_sdk").mkdir()
    (tmp_path / "aris3_client_sdk" / "__init__.py").touch()
    source = classify(str(tmp_path / "aris3_client_sdk"))
    assert (Kind.FOLDER, tmp_path) == (source.kind, source.path)


@pytest.mark.parametrize("name", ["aris3_client_sdk-1.1.0-py3-none-any.whl", "aris3_client_sdk-1.1.0.tar.gz"])
def test_a_wheel_and_a_source_distribution_are_archives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert Kind.ARCHIVE is classify(str(tmp_path / name)).kind


def test_an_environment_folder_means_its_python(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    (tmp_path / "pyvenv.cfg").touch()
    source = classify(str(tmp_path))
    assert (Kind.ENVIRONMENT, tmp_path / "bin" / "python") == (source.kind, source.path)


def test_a_python_is_an_environment_and_its_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    source = classify(str(tmp_path / "python3"))
    assert (Kind.ENVIRONMENT, tmp_path / "python3") == (source.kind, source.path)


@each_row(
    "asked",
    [
        "aris3-client-sdk",
        "aris3-client-sdk==1.1.0",
        "aris3-client-sdk>=1,<2",
        "aris3_client_sdk[cli] ~= 1.1",
        "aris3-client-sdk; python_version > '3'",
        "aris3-client-sdk @ git+https://example.org/sdk@main#subdirectory=clients/python",
    ],
)
def test_what_an_index_or_a_repository_has_is_a_requirement(asked: str) -> None:
    source = classify(asked)
    assert (source.kind, source.path) == (Kind.REQUIREMENT, None)


def test_a_direct_reference_to_this_machine_is_a_requirement_with_a_path(project: Path) -> None:
    source = classify(f"aris3-client-sdk @ {project.as_uri()}")
    assert (Kind.REQUIREMENT, project) == (source.kind, source.path)


@each_row("asked", ["sdk/", "./sdk", "../sdk", "~/no-such-sdk", "/no/such", "sdk-1.0.whl"])
def test_a_path_that_does_not_exist_says_what_may_be_given(asked: str) -> None:
    expected = (
        f"no such path {asked!r}. Give a path, a requirement such as 'pkg==1.1.0', "
        f"or leave it out to watch the bundled SDK."
    )
    with pytest.raises(SubjectError, match=f"^{re.escape(expected)}$"):
        classify(asked)


def test_a_reference_to_a_path_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SubjectError, match="there is no such path"):
        classify("aris3-client-sdk @ file:///no/such/sdk")


@each_row("asked", ["two words", "--index-url=x", "sdk==", "sdk @", "sdk[cli"])
def test_text_that_is_neither_path_nor_requirement_is_refused(asked: str) -> None:
    with pytest.raises(SubjectError, match="neither a path nor a requirement"):
        classify(asked)


def test_a_folder_without_an_sdk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"holds no pyproject\.toml or setup\.py, no aris3_client_sdk/"):
        classify(str(tmp_path))


def test_an_environment_without_a_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    with pytest.raises(SubjectError, match="an environment without a Python"):
        classify(str(tmp_path))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SubjectError, match="neither an archive"):
        classify(str(tmp_path / "notes.txt"))


@pytest.mark.parametrize(
    "asked", ["C:\\sdk", "C:sdk", "c:/work/sdk", "clients\\python", ".\\sdk", "\\\\host\\share\\sdk"]
)
def test_a_path_of_windows_is_never_taken_for_a_requirement_or_an_address(asked: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"^no such path "):
        classified(asked, tmp_path, package="aris3_client_sdk", bundled=tmp_path)
    assert local_path(asked, tmp_path) is None
