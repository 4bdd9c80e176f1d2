"""Benchmarks the build of a site of one, of thirteen and of forty releases: from nothing, after one new segment of
evidence, and where nothing is new.

Run by ``nox -s bench``. All but one of the releases are closed; all have the evidence of a rehearsed watch, and two
languages. The floor is a build by Sphinx alone of one release in one language in which nothing has changed. Figures are
never asserted; what is asserted is that the builds that nothing changed for were not made.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import JobAttempt
from tests.benchmarks.table import Table

ROOT = Path(__file__).parents[2]
REHEARSED = ROOT / "docs" / "releases" / "rehearsal-1"
SIZES = (1, 13, 40)
QUICK = SIZES[:1]
TURNS = 3
NEW_SEGMENT = 2  # times a build by Sphinx alone
LIVE = "2.0.0"


def place_of(root: Path, releases: int) -> Path:
    """A project with so many releases, the last of which is watched."""
    ignored = shutil.ignore_patterns("_build", "_generated", "releases", "*.mo")
    shutil.copytree(ROOT / "docs", root / "docs", ignore=ignored)
    shutil.copy(ROOT / "watch.toml", root)
    # Each a second after the one before: what is opened at the same time is held against one another.
    for second, version in enumerate((*(f"1.{minor}.0" for minor in range(releases - 1)), LIVE)):
        folder = root / "docs" / "releases" / version
        shutil.copytree(REHEARSED, folder)
        file = folder / "release.toml"
        told = file.read_text(encoding="utf-8").replace('"rehearsal-1"', f'"{version}"')
        file.write_text(told.replace("T09:00:00Z", f"T09:00:{second:02}Z", 1), encoding="utf-8")
    return root


def taken_s(run: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    run()
    return time.perf_counter() - began_s


def site(root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "atalaya", "--root", str(root), "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def sphinx_alone(root: Path) -> None:
    docs, doctrees = root / "docs", root / "docs" / "_build" / "doctrees" / LIVE / "en"
    told = {"SITE_RELEASE": LIVE, "SITE_LANGUAGE": "en", "SITE_FRONT_LANGUAGE": "en", "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-b",
            "html",
            "-c",
            str(docs),
            "-d",
            str(doctrees),
            str(docs / "releases" / LIVE),
            str(docs / "_build" / "html" / LIVE),
        ],
        cwd=ROOT,
        env=os.environ | told,
        check=True,
    )


def add_a_segment(root: Path, turn: int) -> None:
    evidence = root / "docs" / "releases" / LIVE / "evidence"
    job = ledger.readable(evidence, JobAttempt)[-1]
    ledger.write(evidence, [replace(job, run_id=f"added-{turn}")])


@pytest.mark.parametrize("releases", SIZES)
def test_a_site_of_releases(bench: Table, releases: int, tmp_path: Path) -> None:
    if bench.quick and releases not in QUICK:
        pytest.skip("not in a quick run")
    place = place_of(tmp_path, releases)
    cold_s = taken_s(lambda: site(place))
    alone, again, still = [], [], []
    for turn in range(1 if bench.quick else TURNS):
        alone.append(taken_s(lambda: sphinx_alone(place)))
        add_a_segment(place, turn)
        said: list[str] = []
        again.append(taken_s(lambda said=said: said.append(site(place))))
        made = [line for line in said[0].splitlines() if ": built" in line]
        assert [line for line in made if not line.startswith((LIVE, "site"))] == []
        assert len([line for line in made if line.startswith(LIVE)]) == 2
        still.append(taken_s(lambda said=said: said.append(site(place))))
        assert [line for line in said[1].splitlines() if ": built" in line] == []
    floor_s, size = statistics.median(alone), f"{releases} releases in 2 languages"
    for what, took_s, most in (
        ("site, from nothing", cold_s, None),
        ("site, one new segment", statistics.median(again), NEW_SEGMENT),
        ("site, nothing new", statistics.median(still), None),
    ):
        bench.add(
            what,
            size,
            f"{took_s:.1f} s",
            floor=("Sphinx alone, one release, nothing changed", took_s / floor_s),
            target=f"at most {most} times the floor" if most else "",
            met=took_s <= most * floor_s if most and not bench.quick else None,
        )
