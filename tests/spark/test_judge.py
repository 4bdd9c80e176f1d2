"""Tests that `judge --engine spark` says what `judge` says, byte for byte, and what is missing where it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands import ROOT, run

REHEARSALS = sorted(path.name for path in (ROOT / "docs" / "releases").glob("rehearsal-*"))
SMALLEST = REHEARSALS[0]
EARLY = ("--as-of", "2026-11-02T21:00:00Z")  # 12 hours after its T+0: few checkpoints have passed


def judged(release: str, *more: str, root: Path = ROOT, **environ: str) -> str:
    done = run("judge", "--json", "--release", release, *more, root=root, **{"SPARK_REMOTE": ""} | environ)
    assert done.stdout, done.stderr
    return done.stdout


@pytest.mark.parametrize("release", REHEARSALS)
def test_spark_judges_as_duckdb_does(release: str) -> None:
    assert judged(release) == judged(release, "--engine=spark")


def test_a_spark_connect_server_judges_as_duckdb_does(server: str) -> None:
    assert judged(SMALLEST, *EARLY) == judged(SMALLEST, *EARLY, "--engine=spark", SPARK_REMOTE=server)


def test_a_server_that_does_not_see_the_files_is_sent_them(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from atalaya.metrics.engine import spark_database

    monkeypatch.setattr(spark_database, "_seen", lambda path: f"file:///elsewhere{path}")
    assert judged(SMALLEST, *EARLY) == judged(SMALLEST, *EARLY, "--engine=spark", SPARK_REMOTE=server)


def test_compacted_evidence_is_judged_alike(tmp_path: Path) -> None:
    of_release = tmp_path / "docs" / "releases" / SMALLEST
    shutil.copytree(ROOT / "docs" / "releases" / SMALLEST, of_release)
    assert run("evidence", "compact", "--release", SMALLEST, root=tmp_path).returncode == 0
    assert list((of_release / "evidence").glob("*.parquet"))
    assert judged(SMALLEST, *EARLY, root=tmp_path) == judged(SMALLEST, *EARLY, "--engine=spark", root=tmp_path)


def test_a_server_that_is_not_there_ends_with_3_and_says_what_to_do() -> None:
    done = run("judge", "--release", SMALLEST, "--engine=spark", root=ROOT, SPARK_REMOTE="sc://127.0.0.1:1")
    assert done.returncode == 3
    assert "no Spark Connect server answers at 127.0.0.1:1" in done.stderr
    assert "unset SPARK_REMOTE" in done.stderr


@pytest.mark.parametrize("remote", ["http://host", "sc://", "host:15002", "sc://host:port"])
def test_what_is_no_address_of_a_server_ends_with_2(remote: str) -> None:
    done = run("judge", "--release", SMALLEST, "--engine=spark", root=ROOT, SPARK_REMOTE=remote)
    assert (done.returncode, "sc://host" in done.stderr) == (2, True)


def test_a_machine_without_java_ends_with_2_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atalaya.metrics.engine import spark_database

    monkeypatch.setattr(spark_database, "_on_this_machine", spark_database._on_this_machine.__wrapped__)
    environ = {"SPARK_REMOTE": "", "PATH": str(tmp_path), "JAVA_HOME": ""}
    done = run("judge", "--release", SMALLEST, "--engine=spark", root=ROOT, **environ)
    assert done.returncode == 2
    assert "there is no Java" in done.stderr
    assert "openjdk-17-jre-headless" in done.stderr
