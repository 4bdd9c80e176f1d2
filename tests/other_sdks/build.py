"""Other SDKs than the bundled one, as projects in a folder of their own, ready to be installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from atalaya.selftest.seeded_faults import inject
from tests.other_sdks.sdk import Sdk
from tests.ours import DEFECT, PACK, REFERENCE

HERE = Path(__file__).parent
DESCRIBED = HERE / "as_described"
PACKAGE = Path("src/aris3_client_sdk")


def healthy(into: Path) -> Path:
    """The reference SDK, packaged once more."""
    return _copy_of(REFERENCE.parent, into / "healthy")


def with_defect(into: Path, defect: str) -> Path:
    """The same with one seeded defect in it."""
    project = healthy(into)
    shutil.rmtree(project / "src")
    inject(PACK, DEFECT[defect], into).rename(project / "src")
    return project


def on_requests(into: Path) -> Path:
    """The same on requests in place of httpx."""
    project = healthy(into)
    shutil.copy(HERE / "requests_transport.py", project / "src" / "aris3_client_sdk" / "transport.py")
    _run_on_requests(project)
    return project


def built(into: Path, sdk: Sdk) -> Path:
    """One of the other SDKs, as a project named after it."""
    project = _copy_of(REFERENCE.parent if sdk.bundled else DESCRIBED, into / sdk.id)
    package = project / PACKAGE
    for name, ours in sdk.modules:
        shutil.copy(HERE / ours, package / name)
    for edit in sdk.edits:
        module = package / edit.file
        text = module.read_text(encoding="utf-8")
        found = text.count(edit.old)
        assert found == 1, f"{sdk.id}: {edit.file} has this {found} times, not once: {edit.old!r}"
        module.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    if sdk.bundled and sdk.runs_on == "requests":
        _run_on_requests(project)
    return project


def _copy_of(base: Path, project: Path) -> Path:
    shutil.copytree(base, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return project


def _run_on_requests(project: Path) -> None:
    """Have the bundled SDK's project ask for requests in place of httpx."""
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    assert '"httpx>=0.27"' in text
    pyproject.write_text(text.replace('"httpx>=0.27"', '"requests>=2.32"'), encoding="utf-8")
