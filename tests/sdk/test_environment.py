"""Tests that the checks import what users get, and write to nothing that the user named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atalaya.core.errors import NetworkError, NoPython, SubjectError
from atalaya.sdk import installer
from atalaya.sdk.installer import Pip
from atalaya.sdk.prepare import Prepared, prepare, scrubbed_environ
from atalaya.sdk.source_hash import package_digest, source_files
from tests.ours import BUNDLED, PACK

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from sdk_stubs import INIT, sdk_folder, sdk_project, sdk_wheel, wheel  # noqa: E402

# An index that nobody serves, and no memory of an earlier one.
UNREACHABLE = {
    "UV_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "UV_HTTP_RETRIES": "0",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_CONFIG_FILE": os.devnull,
}


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files of this test's own, which must be empty again at its end."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def imported(prepared: Prepared, expression: str) -> str:
    """What an expression over the SDK gives, on the Python and with the paths that were prepared."""
    code = (
        f"import sys; sys.path[:0] = {[str(path) for path in prepared.paths]!r}\n"
        f"import aris3_client_sdk as sdk, pytest, msgspec\nprint({expression})"
    )
    argv = [str(prepared.python), "-I", "-B", "-c", code]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def listing(folder: Path) -> dict[str, int]:
    """All that lies in a folder, with the time of its last change."""
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


# ── each kind of source ──────────────────────────────────────────────────────


def test_the_bundled_sdk_is_installed_beside_the_recorder() -> None:
    said: list[str] = []
    with prepare("", echo=said.append, pack=PACK) as prepared:
        subject, names = prepared.subject, {line.partition("==")[0] for line in prepared.host.freeze}
        assert {"aris3-client-sdk", "pytest", "msgspec"} <= names
        assert (subject.name, subject.source) == ("aris3-client-sdk", "bundled")
        assert package_digest(BUNDLED / "src" / "aris3_client_sdk") == subject.digest
        assert str(prepared.python.parents[1]) in imported(prepared, "sdk.__file__")
    assert said == ["Preparing the SDK (bundled) in a private environment."]


def test_pip_prepares_the_same_where_there_is_no_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = sdk_wheel(tmp_path)
    with prepare(str(archive), pack=PACK) as with_uv:
        pass
    monkeypatch.setenv("ATALAYA_UV", "")
    with prepare(str(archive), pack=PACK) as with_pip:
        assert imported(with_pip, "sdk.__version__") == "0.0.1"
    assert (with_uv.subject, with_uv.host) == (with_pip.subject, with_pip.host)


def test_a_project_is_built_from_a_copy_and_never_written_to(tmp_path: Path) -> None:
    root = sdk_project(tmp_path / "sdk")
    before = listing(root)
    with prepare(str(root / "src"), pack=PACK) as prepared:
        assert prepared.subject.version == "1.2.3"
        assert package_digest(root / "src" / "aris3_client_sdk") == prepared.subject.digest
    assert before == listing(root)


def test_what_an_earlier_build_left_behind_is_not_used(tmp_path: Path) -> None:
    root = sdk_project(tmp_path / "sdk", stale=True)
    sdk_folder(root / "build" / "lib", "raise SystemExit('stale')")
    with prepare(str(root), pack=PACK) as prepared:
        assert imported(prepared, "sdk.__version__") == "0.0.1"


def test_a_changed_source_is_seen_at_once(tmp_path: Path) -> None:
    root = sdk_project(tmp_path / "sdk")
    with prepare(str(root), pack=PACK) as first:
        pass
    (root / "src" / "aris3_client_sdk" / "config.py").write_text("ONE = 2\n")
    with prepare(f"aris3-client-sdk @ {root.as_uri()}", pack=PACK) as second:
        assert package_digest(root / "src" / "aris3_client_sdk") == second.subject.digest
    assert first.subject.digest != second.subject.digest


@pytest.mark.parametrize("how", ["{path}", "aris3-client-sdk @ {uri}"])
def test_a_build_that_leaves_a_file_out_is_refused_by_its_name(tmp_path: Path, how: str) -> None:
    root = sdk_project(tmp_path / "sdk", left_out="config.py")
    with (
        pytest.raises(SubjectError, match=r"aris3_client_sdk/config\.py is missing from the package"),
        prepare(how.format(path=root, uri=root.as_uri()), pack=PACK),
    ):
        pass


@pytest.mark.long
def test_a_rebuilt_wheel_of_the_same_version_is_not_taken_from_a_cache(tmp_path: Path) -> None:
    with prepare(str(sdk_wheel(tmp_path)), pack=PACK) as first:
        pass
    archive = sdk_wheel(tmp_path, INIT + "TWO = 2\n")
    with prepare(f"aris3-client-sdk @ {archive.as_uri()}", pack=PACK) as second:
        assert imported(second, "sdk.TWO") == "2"
    assert first.subject.digest != second.subject.digest


def test_a_folder_is_imported_from_where_it_is(tmp_path: Path) -> None:
    folder = sdk_folder(tmp_path / "target")
    with prepare(str(folder), pack=PACK) as prepared:
        assert (folder,) == prepared.paths
        assert prepared.subject.version == "0.0.1"
        assert str(folder / "aris3_client_sdk" / "__init__.py") == imported(prepared, "sdk.__file__")


def test_an_sdk_without_a_version_has_none(tmp_path: Path) -> None:
    with prepare(str(sdk_folder(tmp_path / "target", "")), pack=PACK) as prepared:
        assert prepared.subject.version is None


def test_an_environment_gets_the_recorder_from_a_folder_beside_it(tmp_path: Path) -> None:
    env = tmp_path / "env"
    python = _environment_with(env, sdk_wheel(tmp_path))
    before = listing(env)
    with prepare(str(env), pack=PACK) as prepared:
        assert (python, "1.2.3") == (prepared.python, prepared.subject.version)
        assert str(env) in imported(prepared, "sdk.__file__")
        assert str(env) not in imported(prepared, "pytest.__file__")
    assert before == listing(env)


def test_what_is_installed_is_compiled_before_any_process_imports_it() -> None:
    with prepare("", pack=PACK) as prepared:
        cached = Path(imported(prepared, "pytest.__cached__"))
        assert cached.is_file(), cached
        assert Path(imported(prepared, "sdk.__cached__")).is_file()


def test_the_recorder_must_fit_what_the_sdk_chose(tmp_path: Path) -> None:
    env = tmp_path / "env"
    older = wheel(tmp_path, {"msgspec.py": ""}, name="msgspec", version="0.1")
    _environment_with(env, sdk_wheel(tmp_path), older)
    with pytest.raises(SubjectError, match="The SDK's own pins leave no room for it"), prepare(str(env), pack=PACK):
        pass


# ── what goes wrong ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("init", "why"),
    [
        ("import no_such_thing", r"ModuleNotFoundError: No module named 'no_such_thing'\. Install what"),
        ("raise SystemExit('not today')", "SystemExit: not today"),
        ("print('hello'); 1 / 0", "ZeroDivisionError: division by zero"),
        ("import os, sys; sys.stderr.write('gone\\n'); sys.stderr.flush(); os._exit(7)", "exit code 7 .*: gone"),
    ],
)
def test_an_sdk_that_cannot_be_imported_is_quoted(tmp_path: Path, init: str, why: str) -> None:
    with pytest.raises(SubjectError, match=why), prepare(str(sdk_folder(tmp_path / "target", init)), pack=PACK):
        pass


def test_an_import_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atalaya.sdk.interpreter_probe.IMPORT_DEADLINE_S", 0.5)
    folder = sdk_folder(tmp_path / "target", "import time; time.sleep(600)")
    with pytest.raises(SubjectError, match="stopped after"), prepare(str(folder), pack=PACK):
        pass


def test_what_the_sdk_prints_does_not_disturb(tmp_path: Path) -> None:
    folder = sdk_folder(tmp_path / "target", INIT + "print('{}', flush=True)\n")
    with prepare(str(folder), pack=PACK) as prepared:
        assert prepared.subject.version == "0.0.1"


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    archive = wheel(tmp_path, {"other.py": ""}, name="other")
    with pytest.raises(SubjectError, match="It does not hold the SDK"), prepare(str(archive), pack=PACK):
        pass


def test_a_project_of_something_else_is_refused_before_it_is_built(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("not even TOML")
    with pytest.raises(SubjectError, match="there is no aris3_client_sdk/ in it"), prepare(str(tmp_path), pack=PACK):
        pass


def test_a_requirement_that_no_index_has_is_the_users_to_mend() -> None:
    with (
        pytest.raises(SubjectError, match=r"cannot be installed: .*msgspec==0\.0\.0\.1"),
        prepare("msgspec==0.0.0.1", pack=PACK),
    ):
        pass


@pytest.mark.parametrize("uv", [True, False])
@pytest.mark.parametrize("built", [True, False])
def test_an_index_out_of_reach_is_the_networks_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: bool, uv: bool
) -> None:
    sdk = "aris3-client-sdk==1.1.0"
    if built:
        project = sdk_project(tmp_path / "sdk") / "pyproject.toml"
        project.write_text(project.read_text().replace("requires = []", 'requires = ["hatchling"]'))
        sdk = str(project.parent)
    for name, value in {**UNREACHABLE, "UV_CACHE_DIR": str(tmp_path / "cache"), "PIP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    if not uv:
        monkeypatch.setenv("ATALAYA_UV", "")
    with pytest.raises(NetworkError, match="Check the network"), prepare(sdk, pack=PACK):
        pass


def test_without_uv_the_python_that_is_named_is_used_where_it_is_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "python9.9").symlink_to(sys.executable)
    pip = Pip(sys.executable, tmp_path, print)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # an installer works elsewhere
    here = ("{}.{}".format(*sys.version_info), "9.9", "python9.9", "../python9.9")
    for number, asked in enumerate((sys.executable, *here, "")):
        assert pip.create(tmp_path / str(number), asked).is_relative_to(tmp_path / str(number))
    for asked, says in (("9.8", r"no python9\.8 on PATH"), (f"{tmp_path}/nope", "there is no such program")):
        with pytest.raises(NoPython, match=says):
            pip.create(tmp_path / "none", asked)


def test_a_machine_with_nothing_to_install_with_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATALAYA_UV", "")
    for module in ("pip", "ensurepip"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SubjectError, match=r"lacks ensurepip\. Install uv, or .* python3-venv"), prepare("", pack=PACK):
        pass


def test_a_uv_that_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATALAYA_UV", "/no/such/uv")
    with pytest.raises(SubjectError, match=r"^ATALAYA_UV: '/no/such/uv'"), prepare("", pack=PACK):
        pass


def test_credentials_in_an_index_address_are_not_quoted() -> None:
    said = "error: Failed to fetch: `https://me:secret@index.example/simple/x/`"
    assert installer.last_words(said) == "Failed to fetch: `https://***@index.example/simple/x/`."


# ── what stays, and what is seen ─────────────────────────────────────────────


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_nothing_stays_behind_after_a_signal(
    tmp_path: Path, temporary: Path, number: signal.Signals, code: int
) -> None:
    folder = sdk_folder(tmp_path / "target")
    script = (
        f"import sys, time\nsys.path[:0] = [{str(ROOT / 'src')!r}, {str(ROOT)!r}]\n"
        f"from atalaya.sdk.prepare import prepare\nfrom tests.ours import PACK\n"
        f"try:\n    with prepare({str(folder)!r}, pack=PACK):\n"
        f"        print('ready', flush=True)\n        time.sleep(60)\n"
        f"except KeyboardInterrupt:\n    sys.exit(130)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(temporary)}
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "ready\n"
        assert list(temporary.glob("atalaya-*")) != []
        child.send_signal(number)
        assert code == child.wait(120)
    assert list(temporary.iterdir()) == []


def test_the_sdk_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARIS3_API_BASE_URL", "HTTPS_PROXY", "http_proxy", "PYTHONPATH", "NETRC", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "x")
    seen = scrubbed_environ(tmp_path)
    assert {"PATH", "HOME", "NO_PROXY"} <= set(seen)
    assert set() == {name for name, value in seen.items() if value == "x"}
    assert (str(tmp_path), str(tmp_path), "127.0.0.1", "1", "1") == (
        seen["HOME"],
        seen["XDG_DATA_HOME"],
        seen["NO_PROXY"],
        seen["PYTHON_DOTENV_DISABLED"],
        seen["PYTHONDONTWRITEBYTECODE"],
    )


def test_a_link_back_to_its_own_folder_is_not_followed(tmp_path: Path) -> None:
    root = sdk_project(tmp_path / "sdk")
    (root / "src" / "aris3_client_sdk" / "loop").symlink_to(root / "src")
    (root / "dangling").symlink_to("nowhere")
    with prepare(str(root), pack=PACK) as prepared:
        assert package_digest(root / "src" / "aris3_client_sdk") == prepared.subject.digest


def test_a_digest_is_over_the_source_and_not_over_what_python_made_of_it(tmp_path: Path) -> None:
    package = sdk_folder(tmp_path) / "aris3_client_sdk"
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "left.py").touch()
    (package / "data.json").touch()
    assert list(source_files(package)) == ["__init__.py"]


def test_a_warm_start_asks_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = str(sdk_wheel(tmp_path))
    with prepare(archive, pack=PACK):
        pass
    monkeypatch.setenv("UV_OFFLINE", "1")
    with prepare(archive, pack=PACK) as prepared:
        assert prepared.subject.version == "1.2.3"


def _environment_with(env: Path, *wheels: Path) -> Path:
    """A plain environment that somebody made, with these wheels in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    python = installer.interpreter_in(env)
    site = installer.site_packages_in(env)
    for archive in wheels:
        subprocess.run([str(python), "-m", "zipfile", "-e", str(archive), str(site)], check=True)
    return python
