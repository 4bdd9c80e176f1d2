"""Tests that imports go in one direction."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_evidence_and_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_a_package_says_what_it_is_and_does_nothing_else() -> None:
    for init in [*(ROOT / "src").rglob("__init__.py"), *(ROOT / "checks").rglob("__init__.py")]:
        if "reference_sdk" not in init.parts:
            text = init.read_text(encoding="utf-8").strip()
            assert text.startswith('"""'), init
            assert text.endswith('"""'), init
            assert text.count('"""') == 2, init
