"""The tools of a contributor's machine agree with those of CI."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_hooks_before_a_commit_run_the_versions_of_the_lock() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    lock = (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = re.findall(r'\["([\w-]+==[\w.]+)"\]', hooks)
    assert {pin.partition("==")[0] for pin in pinned} == {"ruff", "zizmor"}
    assert [pin for pin in pinned if pin not in lock] == []


def test_the_hooks_leave_evidence_and_real_reports_alone() -> None:
    exclude = re.search(
        r"^exclude: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert exclude
    for path in ("docs/releases/rehearsal-1/evidence/x.jsonl", "tests/evidence/samples/junit/a.xml"):
        assert re.search(exclude[1], path), path
    assert not re.search(exclude[1], "tests/evidence/test_junit.py")


def test_the_container_starts_with_the_front_door() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert "python3 noxfile.py" in container["postCreateCommand"]
    assert "chromium" in container["onCreateCommand"]
