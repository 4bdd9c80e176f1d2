"""Tests that a seal is valid only for the folder as it was closed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from atalaya.core.errors import ReleaseError
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import VerdictStatus, WatchTransition
from atalaya.watch.seal import make, require_unsealed, state_of
from tests.watch.watched import Watched, at, healthy, in_force, stamp


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    watched = Watched(tmp_path_factory.mktemp("releases"))
    watched.keep(in_force(0), *healthy())
    step = WatchTransition(**stamp(72.5, "close"), state="closed", window_h=72, by="ana", why="over")
    watched.keep(step)
    (watched.folder / "t00.md").write_text("# T+0\n", encoding="utf-8")
    (watched.folder / "seal.json").write_bytes(make(watched.folder, watched.judged(), step))
    return watched


@pytest.fixture
def copy(closed: Watched, tmp_path: Path) -> Path:
    return Path(shutil.copytree(closed.folder, tmp_path / closed.folder.name))


def told(folder: Path) -> list[str]:
    return [str(one) for one in state_of(folder).differs]


def test_a_folder_that_nobody_touched_is_untouched_wherever_it_lies(copy: Path, closed: Watched) -> None:
    state = state_of(copy)
    assert (True, "GO", "ana", at(72.5)) == (state.is_sealed, state.word, state.by, state.closed_at)
    assert told(copy) == []
    assert state.digest == state_of(closed.folder).digest


def changed(folder: Path) -> str:
    with (folder / "t00.md").open("a") as file:
        file.write(" ")
    return "t00.md was changed."


def gone(folder: Path) -> str:
    segment = next((folder / "evidence").glob("job-*"))
    segment.unlink()
    return f"evidence/{segment.name} is gone."


def added(folder: Path) -> str:
    (folder / "evidence" / "more.jsonl").write_text("{}\n")
    return "evidence/more.jsonl was added."


def another_releases(folder: Path) -> str:
    file = folder / "seal.json"
    file.write_text(file.read_text().replace('"release": "1.1.0"', '"release": "1.0.9"'))
    return "The seal is that of `1.0.9`.".replace("`", "")


def torn(folder: Path) -> str:
    (folder / "seal.json").write_text("{")
    return "seal.json cannot be read: Input data was truncated"


def of_the_future(folder: Path) -> str:
    file = folder / "seal.json"
    file.write_text(file.read_text().replace("atalaya.seal/1", "atalaya.seal/9"))
    return "The seal is of the format atalaya.seal/9, which this Atalaya does not know."


def linked(folder: Path) -> str:
    (folder / "t00.md").rename(folder.parent / "elsewhere.md")
    (folder / "t00.md").symlink_to(folder.parent / "elsewhere.md")
    return "a link cannot be sealed"


@pytest.mark.parametrize("change", [changed, gone, added, another_releases, torn, of_the_future, linked])
def test_whatever_is_changed_is_named(change: Callable[[Path], str], copy: Path) -> None:
    expected = change(copy)
    assert any(expected in one for one in told(copy)), told(copy)


def test_a_seal_that_was_made_anew_does_not_fit_the_next_releases_first_record(copy: Path) -> None:
    followed = WatchTransition(
        **stamp(100, "next"),
        state="open",
        window_h=72,
        by="ana",
        why="out",
        previous="1.1.0",
        previous_seal=state_of(copy).digest,
    )
    assert state_of(copy, [followed]).differs == ()
    changed(copy)
    file = copy / "seal.json"
    file.write_bytes(make(copy, Watched.judged(_as_watched(copy)), followed))
    assert told(copy) == []
    assert [str(one) for one in state_of(copy, [followed]).differs] == [
        "seal.json itself was made anew: the next release began from another one."
    ]
    file.unlink()
    assert len(state_of(copy, [followed]).differs) == 1


def _as_watched(folder: Path) -> Watched:
    watched = Watched.__new__(Watched)
    whole = Watched(folder.parent / "other")
    watched.release, watched.settings, watched.folder = whole.release, whole.settings, folder
    return watched


def test_a_broken_seal_is_an_invalid_verdict_and_no_crash(copy: Path) -> None:
    watched = _as_watched(copy)
    assert VerdictStatus.GO is watched.judged().verdict.word
    changed(copy)
    assert VerdictStatus.INVALID is watched.judged().verdict.word


def test_nothing_may_write_to_what_is_sealed_or_about_to_be(copy: Path) -> None:
    with pytest.raises(ReleaseError, match="closed and sealed"):
        require_unsealed(copy)
    (copy / "seal.json").unlink()
    with pytest.raises(ReleaseError, match="its closing was interrupted"):
        require_unsealed(copy)
    for step in (copy / "evidence").glob("watch-*"):
        step.unlink()
    require_unsealed(copy)


def test_a_settings_record_whose_digest_is_another_makes_the_verdict_invalid(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    record = in_force(0)
    watched.keep(record, *healthy())
    assert VerdictStatus.GO is watched.judged().verdict.word
    from msgspec.structs import replace

    forged = Watched(tmp_path / "forged")
    lowered = tuple(line.replace("0.95", "0.5") for line in record.settings)  # type: ignore[attr-defined]
    forged.keep(replace(record, settings=lowered), *healthy())
    assert VerdictStatus.INVALID is forged.judged().verdict.word
    assert ledger.survey(forged.folder / "evidence").problems == ()
