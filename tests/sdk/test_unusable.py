"""Tests that an SDK that cannot be installed or imported is told from another package, and from a poor machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atalaya.core.errors import BrokenSubject, NoPython, SubjectError
from atalaya.harness.unprepared import run_without_sdk
from atalaya.records.results import Subject
from atalaya.records.stored import Outcome, Presence
from atalaya.sdk.prepare import _not_installed, prepare
from atalaya.sdk.source import Kind, Source
from tests.commands import run, unreachable
from tests.ours import LIMITATIONS, PACK, PROMISES

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sdk_stubs import INIT, sdk_folder, sdk_project, sdk_wheel, wheel

FILES = {"aris3_client_sdk/__init__.py": INIT}
SUBJECT = Subject(name="aris3-client-sdk", version=None, digest="", source="here")


def project_that_cannot_be_built(folder: Path) -> Path:
    root = sdk_project(folder / "sdk")
    (root / "pyproject.toml").write_text("[project]\nname = 'aris3-client-sdk'\n[build-system]\nrequires = 'no list'\n")
    return root


def package_without_its_init(folder: Path) -> Path:
    return wheel(folder, {"aris3_client_sdk/config.py": ""})


def empty_environment(folder: Path) -> Path:
    (folder / "pyvenv.cfg").write_text("")
    return folder


# What is watched, the error that it ends with, and whether it was installed, where it is the SDK's own fault.
UNUSABLE: dict[str, tuple[Callable[[Path], Path], type[SubjectError], bool | None]] = {
    "its import raises": (lambda at: sdk_folder(at / "target", "1 / 0"), BrokenSubject, True),
    "its import leaves": (lambda at: sdk_folder(at / "target", "raise SystemExit(0)"), BrokenSubject, True),
    "its import ends the process": (lambda at: sdk_wheel(at, "import os; os._exit(7)"), BrokenSubject, True),
    "its code is no Python": (lambda at: sdk_wheel(at, "def broken(:"), BrokenSubject, True),
    "it needs what it does not declare": (lambda at: sdk_wheel(at, "import no_such_thing"), BrokenSubject, True),
    "its wheel holds another package": (lambda at: wheel(at, {"aris3_client/__init__.py": ""}), BrokenSubject, True),
    "its wheel holds nothing": (lambda at: wheel(at, {}), BrokenSubject, True),
    "its package lost its beginning": (package_without_its_init, BrokenSubject, True),
    "it cannot be built": (project_that_cannot_be_built, BrokenSubject, False),
    "its build leaves a file out": (lambda at: sdk_project(at / "sdk", left_out="config.py"), BrokenSubject, False),
    "another package's wheel": (lambda at: wheel(at, {"other.py": ""}, name="other"), SubjectError, None),
    "it is for another Python": (lambda at: wheel(at, FILES, declares="Requires-Python: >=3.99\n"), NoPython, None),
    "an environment without a Python": (empty_environment, NoPython, None),
}


SOON = [*UNUSABLE][::3]


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in SOON else [pytest.mark.long]) for case in UNUSABLE]
)
def test_what_cannot_be_used_is_the_sdks_the_users_or_the_machines_to_mend(case: str, tmp_path: Path) -> None:
    make, kind, imports = UNUSABLE[case]
    with pytest.raises(SubjectError) as refused, prepare(str(make(tmp_path)), pack=PACK):
        pass
    assert type(refused.value) is kind, refused.value
    assert getattr(refused.value, "imports", None) is imports


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Because there is no version of aris3-client-sdk==9 and you require aris3-client-sdk==9.", SubjectError),
        ("Because aris3-client-sdk was not found in the package registry and you require it.", SubjectError),
        ("Because only aris3-client-sdk<=1.0 is available and you require aris3-client-sdk==9.", SubjectError),
        ("No matching distribution found for aris3_client_sdk==9.", SubjectError),
        ("Because no-such-thing was not found in the package registry and aris3-client-sdk==9 depends on it.", True),
        ("Because only aris3-client-sdk==9 is available, and depends on aris3-tools, which is not.", True),
        ("No matching distribution found for no-such-thing>=1.", True),
        ("Failed to build aris3-client-sdk==9.", True),
        ("Because the current Python version (3.11.7) does not satisfy Python>=3.13 and it depends on it.", NoPython),
        ("Package 'aris3-client-sdk' requires a different Python: 3.11.7 not in '>=3.13'.", NoPython),
    ],
)
def test_an_installers_words_say_whose_fault_it_is(said: str, kind: type[SubjectError] | bool) -> None:
    asked = Source(kind=Kind.REQUIREMENT, asked="aris3-client-sdk==9")
    assert (BrokenSubject if kind is True else kind) is type(_not_installed(asked, said))


def outcomes(why: SubjectError, *wanted: str) -> dict[str, Outcome]:
    return {check.id: check.outcome for check in run_without_sdk(PACK, why, subject=SUBJECT, wanted=wanted).checks}


@pytest.mark.parametrize(("imports", "id"), [(True, "package.imports"), (False, "package.installs")])
def test_one_promise_is_broken_and_nothing_is_known_of_all_others(imports: bool, id: str) -> None:
    why = BrokenSubject("it cannot be had", imports=imports)
    expected = dict.fromkeys([promise.id for promise in PROMISES], Outcome.UNKNOWN) | {id: Outcome.BROKEN}
    assert expected == outcomes(why)
    assert {id: Outcome.BROKEN, "config.no-fallback": Outcome.UNKNOWN} == outcomes(why, "config.no-fallback")
    findings = run_without_sdk(PACK, why, subject=SUBJECT).findings
    assert [(one.id, Presence.UNKNOWN) for one in LIMITATIONS] == [(one.id, one.seen) for one in findings]


def test_a_machine_that_lacks_something_breaks_no_promise() -> None:
    assert set(outcomes(NoPython("there is no Python 3.99")).values()) == {Outcome.UNKNOWN}


def checked(root: Path, sdk: Path | str, **environ: str) -> tuple[int, dict[str, str], str]:
    """The exit code of a check, the outcomes in its report, and what it said."""
    report = root / "report.json"
    done = run("check", "--sdk", str(sdk), "--report", str(report), root=root, **environ)
    assert report.exists(), done.stderr
    return done.returncode, {one["id"]: one["outcome"] for one in json.loads(report.read_text())["checks"]}, done.stderr


def test_check_reports_an_sdk_that_cannot_be_imported_and_ends_with_1(root: Path) -> None:
    code, told, said = checked(root, sdk_folder(root / "target", "1 / 0"))
    assert (code, told["package.imports"], told["config.no-fallback"]) == (1, "broken", "unknown")
    assert "ZeroDivisionError" in said
    assert "config.no-fallback" not in said


def test_check_reports_an_index_out_of_reach_and_ends_with_3(root: Path) -> None:
    code, told, said = checked(root, "aris3-client-sdk==1.1.0", **unreachable(root))
    assert (code, set(told.values())) == (3, {"unknown"})
    assert "No package index could be reached" in said
