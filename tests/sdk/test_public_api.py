"""Tests that what an SDK offers is read from its source, without running it, and without what functions do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from atalaya.sdk.git_repository import python_files
from atalaya.sdk.public_api import MOST_BYTES, files_below, files_in, modules_of, outline
from tests.ours import BUNDLED

SOURCE = '''
"""Says what it is."""
__all__ = ["Client"]
SECRET = open("/etc/passwd").read()
print("runs")
for each in range(3):
    pass

class Client(Base):
    """Speaks."""
    limit: int = field(default=3)
    retries: int = 1 + 1
    again = other.name

    def __init__(self, url: str = "x", *, retries: int = 2) -> None:
        self.url = url
        self.left: int = retries
        other.thing = 3

    async def get(self, key): return await self._ask(key)
'''


def test_names_and_signatures_stay_and_what_is_done_goes() -> None:
    expected = """
__all__ = ['Client']
SECRET = ...

class Client(Base):
    limit: int = field(default=3)
    retries: int = ...
    again = other.name

    def __init__(self, url: str='x', *, retries: int=2) -> None:
        self.url = ...
        self.left: int = ...

    async def get(self, key):
        ..."""
    assert outline(SOURCE) == expected.strip()


def test_the_modules_of_the_bundled_sdk_are_all_read_and_fit_in_a_record() -> None:
    files = files_in(BUNDLED / "src" / "aris3_client_sdk")
    modules, problem = modules_of(files, "aris3_client_sdk")
    assert (len(modules), problem) == (len(files), "")
    assert "aris3_client_sdk.clients" in {one.name for one in modules}
    assert sum(len(one.source) for one in modules) < 40_000


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "No module of it was found."),
        ({"not-a-name.py": b""}, "No module of it was found."),
        ({"a.py": b"def f(:"}, "acme.a cannot be read: SyntaxError."),
        ({"a.py": b"x" + b"\0"}, "acme.a cannot be read: "),
        ({"a.py": b"def f(a='" + b"x" * MOST_BYTES + b"'): ..."}, f"There is more than {MOST_BYTES} bytes of it."),
    ],
)
def test_what_cannot_be_read_whole_says_why(files: dict[str, bytes], problem: str) -> None:
    assert modules_of(files, "acme")[1].startswith(problem)


def test_a_package_is_found_where_projects_have_it() -> None:
    for head in ("src/", "", "python/"):
        files = {f"{head}acme/sdk/__init__.py": b"a", f"{head}acme/sdk/b.py": b"b", "setup.py": b"c"}
        assert files_below(files, "acme.sdk") == {"__init__.py": b"a", "b.py": b"b"}
    assert files_below({"acme/other/__init__.py": b""}, "acme.sdk") == {}


def test_the_files_of_a_commit_are_those_of_then(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        named = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *named, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "a.py").write_bytes(b"then = 1\n")
    (tmp_path / "sdk" / "notes.txt").write_bytes(b"no")
    git("add", ".")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD").strip()
    (tmp_path / "sdk" / "a.py").write_bytes(b"now = 1\n")
    assert python_files(tmp_path, commit, "sdk") == {"a.py": b"then = 1\n"}
    assert python_files(tmp_path, commit, "") == {"sdk/a.py": b"then = 1\n"}
    assert python_files(tmp_path, "0" * 40, "sdk") == {}
