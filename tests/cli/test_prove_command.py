"""Tests of what `prove` says and keeps of the detectors of events."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atalaya.cli import prove
from atalaya.cli.console import Console
from atalaya.cli.main import main
from atalaya.harness.pack import Pack
from atalaya.records.stored import EventKind
from atalaya.sdk.prepare import Prepared
from atalaya.selftest import detector_record, detectors
from atalaya.selftest.detector_record import Detector, Sight
from tests.ours import PACK

SEES_ALL = Sight(seeded={EventKind.STALE_READ: {"bypass-reads": True}}, nothing={"healthy": True})
BLIND = Sight(seeded={EventKind.STALE_READ: {"bypass-reads": False}}, nothing={"healthy": True})
ALARMED = Sight(seeded={EventKind.STALE_READ: {"bypass-reads": True}}, nothing={"healthy": False})


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return dataclasses.replace(PACK, folder=tmp_path)


def run(pack: Pack, prepared: Prepared, patch: pytest.MonkeyPatch, sight: Sight) -> tuple[bool, dict[str, Any]]:
    """Test the detectors of a pack, where the smoke sees what is given."""
    patch.setattr(detectors, "show_smoke", lambda prepared, hear: sight)
    report: dict[str, Any] = {}
    place: Any = SimpleNamespace(pack=pack, console=Console())
    return prove.prove_detectors(place, prepared, report), report


def test_what_the_detectors_saw_is_kept_told_and_reported(
    pack: Pack, prepared: Prepared, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    well, report = run(pack, prepared, monkeypatch, SEES_ALL)
    said = capsys.readouterr().err
    assert well is True
    assert "smoke: caught 1 of 1 stale-read\n" in said
    assert "logs: caught 496 of 496 network-error, 310 of 310 polling-timeout, 310 of 310 stale-read\n" in said
    assert detector_record.sight(pack, Detector.SMOKE) == SEES_ALL
    assert report["detectors"]["smoke"]["sight"]["seeded"] == {"stale-read": {"bypass-reads": True}}


@pytest.mark.parametrize(
    ("sight", "word"),
    [(BLIND, "survived: bypass-reads"), (ALARMED, "seen where nothing was: healthy")],
    ids=["a survivor", "a false alarm"],
)
def test_a_detector_that_errs_is_shown_and_fails(
    pack: Pack,
    prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sight: Sight,
    word: str,
) -> None:
    well, _ = run(pack, prepared, monkeypatch, sight)
    assert well is False
    assert word in capsys.readouterr().err


def test_the_exit_code_is_1_where_a_detector_errs(
    tmp_path: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watch.toml").write_text("")
    for well, code in ((True, 0), (False, 1)):
        monkeypatch.setattr(prove, "prove_detectors", lambda place, prepared, report, well=well: well)
        assert main(["--root", str(tmp_path), "prove", "--detectors"]) == code


def test_the_detectors_alone_show_no_defect_to_the_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--root", str(tmp_path), "prove", "--detectors", "--defect", "bypass-reads"])
    assert "leave out --defect" in capsys.readouterr().err
