"""Other SDKs than the bundled one, as projects in a folder of their own, ready to be installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from checks.proving.defects import BY_ID, plant
from checks.proving.prove import REFERENCE

HERE = Path(__file__).parent


def healthy(into: Path) -> Path:
    """The reference SDK, packaged once more."""
    project = into / "healthy"
    shutil.copytree(REFERENCE.parent, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return project


def with_defect(into: Path, defect: str) -> Path:
    """The same with one seeded defect in it."""
    project = healthy(into)
    shutil.rmtree(project / "src")
    plant(BY_ID[defect], REFERENCE, into).rename(project / "src")
    return project


def on_requests(into: Path) -> Path:
    """The same on requests in place of httpx."""
    project = healthy(into)
    shutil.copy(HERE / "requests_transport.py", project / "src" / "aris3_client_sdk" / "transport.py")
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    assert '"httpx>=0.27"' in text
    pyproject.write_text(text.replace('"httpx>=0.27"', '"requests>=2.32"'), encoding="utf-8")
    return project
