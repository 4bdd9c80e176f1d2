"""Tests that a redaction removes a text's bytes, says that it did, and is told from damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.errors import UsageError
from atalaya.evidence.ledger import ledger, manifest
from atalaya.records.stored import IncidentNote, IncidentStep, Redaction, SegmentManifest, WatchTransition
from atalaya.site.fragments.incident_page import page_fragments
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.incidents.redaction import Redacted, redact
from atalaya.watch.seal import make, state_of
from tests.watch.watched import Watched, in_force, stale, stamp, transition

SECRET = "hunter2-tok<en>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A watch whose incident has a secret in two records, in a note and on its page, all named by a roll call."""
    watched = Watched(tmp_path_factory.mktemp("releases"))
    watched.keep(in_force(0), stale(29))
    watched.keep(transition(30, "open"), transition(30.5, "open", incident="INC-2", impact="another"))
    watched.keep(transition(31, "acknowledged", why=f"it was {SECRET}", root_cause=f"{SECRET} leaked"))
    note = {"incident": "INC-1", "comment": 7, "by": "member", "text": f"see {SECRET}"}
    watched.keep(IncidentNote(**stamp(32, "note-7"), **note))
    names, digests = manifest.unnamed(watched.folder / "evidence")
    watched.keep(SegmentManifest(**stamp(33, "roll"), segments=names, digests=digests))
    (watched.folder / "incidents" / "inc-1.md").write_text(f"# INC-1\n\nThe token {SECRET} stood here.\n")
    return watched


@pytest.fixture
def watched(made: Watched, tmp_path: Path) -> Watched:
    copy = Watched(tmp_path)
    shutil.rmtree(copy.folder)
    shutil.copytree(made.folder, copy.folder)
    return copy


def cut(watched: Watched, secret: str = SECRET, incident: str = "INC-1") -> Redacted:
    return redact(watched.folder, incident, secret, stamp(40, "cut"), by="Ana", why=f"it held {secret}")  # type: ignore[arg-type]


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def wrong(watched: Watched) -> list[str]:
    survey = ledger.survey(watched.folder / "evidence")
    return [*survey.problems, *map(str, manifest.differs(survey))]


def test_the_bytes_are_gone_and_a_record_says_when_by_whom_and_why_and_never_what(watched: Watched) -> None:
    assert SECRET.encode() in everything(watched.folder)
    done = cut(watched)
    assert done.record is not None
    assert SECRET.encode() not in everything(watched.folder)
    assert (done.record.records, done.record.by, done.record.why) == (2, "Ana", "it held [redacted]")
    assert (done.record.comments, done.left) == ((7,), ())
    (step,) = [one for one in ledger.read(watched.folder / "evidence", IncidentStep) if one.state == "acknowledged"]
    assert (step.why, step.root_cause) == ("it was [redacted]", "[redacted] leaked")


def test_it_is_told_from_damage_and_changes_no_verdict(watched: Watched) -> None:
    before = watched.judged()
    cut(watched)
    after = watched.judged()
    assert wrong(watched) == []
    assert (before.verdict, before.as_of, before.digest) == (after.verdict, after.as_of, after.digest)
    page = str(page_fragments(after, Renderer(Language("en")))["incident-inc-1"])
    assert "A text was removed from 2 records" in page
    next((watched.folder / "evidence").glob("event-*")).unlink()
    assert len(wrong(watched)) == 1


def test_no_redaction_takes_away_what_was_measured(watched: Watched) -> None:
    file = next((watched.folder / "evidence").glob("event-*"))
    forged = Redaction(**stamp(40, "x"), incident="INC-1", by="Eve", why="x", records=1, removed=(file.name,))
    watched.keep(forged)
    file.unlink()
    assert len(wrong(watched)) == 1


def test_what_was_measured_stays_and_is_named_where_it_holds_the_text(watched: Watched) -> None:
    watched.keep(replace(stale(34), message=f"got {SECRET}"))
    assert [name.partition("-")[0] for name in cut(watched).left] == ["event"]


def test_another_incident_is_left_alone_and_what_is_not_there_is_no_redaction(watched: Watched) -> None:
    assert cut(watched, incident="INC-2").record is not None  # the page, which is a file of the release
    assert SECRET in "".join(one.why for one in ledger.read(watched.folder / "evidence", IncidentStep))
    assert cut(watched, "nowhere-to-be-found").record is None


@pytest.mark.parametrize("text", ["", "   ", "abc", "two\nlines", "[redacted]", "redacted"])
def test_what_can_be_no_secret_is_refused(text: str, watched: Watched) -> None:
    with pytest.raises(UsageError, match="redact"):
        cut(watched, text)


def test_it_is_taken_out_of_a_compacted_file_too(watched: Watched) -> None:
    watched.keep(in_force(41))
    ledger.compact(watched.folder / "evidence")
    assert list((watched.folder / "evidence").glob("transition-*.parquet"))
    cut(watched)
    assert ledger.survey(watched.folder / "evidence").problems == ()
    assert {one.incident for one in ledger.read(watched.folder / "evidence", IncidentStep)} == {"INC-1", "INC-2"}
    assert SECRET not in str(ledger.read(watched.folder / "evidence", IncidentStep))
    assert wrong(watched) == []


def test_a_sealed_folder_is_redacted_and_not_broken_and_a_change_beside_it_is_seen(watched: Watched) -> None:
    step = WatchTransition(**stamp(72.5, "close"), state="closed", window_h=72, by="ana", why="over")
    watched.keep(step)
    (watched.folder / "seal.json").write_bytes(make(watched.folder, watched.judged(), step))
    cut(watched)
    state = state_of(watched.folder)
    assert (state.differs, len(state.redacted)) == ((), 1)
    assert "Ana redacted 2 records of INC-1" in str(state.redacted[0])
    (watched.folder / "incidents" / "inc-1.md").write_text("All was well.")
    assert [str(one) for one in state_of(watched.folder).differs] == ["incidents/inc-1.md was changed."]
