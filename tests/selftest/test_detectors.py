"""Tests of what is seeded into what the smoke sees and what the log reader reads, and of the record of it."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.errors import UsageError
from atalaya.core.scrub import scrub
from atalaya.evidence.readers import logs
from atalaya.harness.declare import SeededEvent
from atalaya.harness.fault_plan import FaultInjection
from atalaya.harness.pack import Pack
from atalaya.mock_server.faults import FAULTS
from atalaya.records.stored import EventKind
from atalaya.sdk.prepare import Prepared
from atalaya.selftest import detector_record
from atalaya.selftest.detector_record import CODE, Detector, Detectors, Measured, Sight, digest, path, read, write
from atalaya.selftest.detectors import ReadLog, show_logs, show_smoke
from atalaya.selftest.seeded_faults import changed
from atalaya.selftest.seeded_logs import DECOYS, LAYOUTS, WORDINGS
from tests.ours import PACK, PACKAGE, REFERENCE
from tests.tables import each_row

NETWORK, TIMEOUT, STALE = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT, EventKind.STALE_READ
SEEDED = {one.id: one for one in PACK.seeded}
CHANGES = [one for one in PACK.seeded if one.file]
ALL_WELL = Sight(seeded={STALE: {"one": True, "two": True}, NETWORK: {"three": True}}, nothing={"healthy": True})
# What the smoke did not see at first, one of each kind, and a fault.
HANDFUL = (
    "second-poll-reads-the-cache",
    "lost-first-poll-is-answered-from-the-cache",
    "late-and-returned-as-failed",
    "late-and-told-as-an-error-of-the-service",
    "cancelled-unless-told-otherwise",
    "close-at-1",
)


def find(log: bytes) -> list[EventKind]:
    return [event.kind for event in logs.read(log, scrub=scrub).events]


def some(*ids: str) -> list[SeededEvent]:
    return [SEEDED[id] for id in ids]


def copy_of(pack: Pack, folder: Path) -> Pack:
    """The same pack in another folder, whose files may be changed."""
    ignored = shutil.ignore_patterns("__pycache__", "locale", "selftest.json")
    return dataclasses.replace(pack, folder=Path(shutil.copytree(pack.folder, folder / "pack", ignore=ignored)))


def known_as(pack: Pack, sight: Sight, *detectors: Detector) -> Detectors:
    """What a self-test of the pack as it is would have kept."""
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    made = {one: Measured(made_at=at, python="3", digest=digest(pack, one), sight=sight) for one in detectors}
    return Detectors(detectors=made)


# ── what is seeded ──


def test_each_kind_of_event_comes_about_in_twenty_ways_or_more() -> None:
    ways = Counter(one.event for one in PACK.seeded)
    assert {kind: ways[kind] >= 20 for kind in EventKind} == dict.fromkeys(EventKind, True)
    assert len(SEEDED) == len(PACK.seeded)


def test_no_two_ways_are_the_same() -> None:
    what = [one._replace(id="", says="") for one in PACK.seeded]
    assert [one for one, times in Counter(what).items() if times > 1] == []


@each_row("change", CHANGES, ids=[change.id for change in CHANGES])
def test_every_change_finds_its_place_and_leaves_python(change: SeededEvent) -> None:
    text = changed(change, (REFERENCE / PACKAGE / change.file).read_text(encoding="utf-8"))
    compile(text, change.file, "exec")


def test_each_fault_that_breaks_an_exchange_strikes_each_request_of_a_wait() -> None:
    answered = {"slow", "drip", "close-after-answer", "garbage-body", "error-500"}
    struck = {(one.fault, one.request) for one in PACK.seeded if one.event is NETWORK}
    assert {(fault, request) for fault in FAULTS.keys() - answered for request in range(3)} == struck
    for one in PACK.seeded:
        if one.fault:
            FaultInjection(wait=one.wait, request=one.request, fault=one.fault, times=one.times)


# ── what the smoke sees ──


def test_the_smoke_sees_what_is_seeded_and_nothing_where_nothing_is(prepared: Prepared) -> None:
    seen = show_smoke(prepared, seeded=some(*HANDFUL))
    assert (seen.survivors, seen.false_alarms) == ((), ())
    assert {kind: seen.shown(kind) for kind in EventKind} == {STALE: 2, TIMEOUT: 3, NETWORK: 1}


def test_a_smoke_that_is_blind_to_stale_reads_catches_fewer(prepared: Prepared, tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    smoke = pack.folder / "smoke.py"
    text = smoke.read_text(encoding="utf-8")
    sees = "if stale := self._stale(wait, polls, _told(heard), stamp_of(primed.value)):"
    assert text.count(sees) == 1
    smoke.write_text(text.replace(sees, 'if stale := "":'), encoding="utf-8")
    seen = show_smoke(replace(prepared, pack=pack), seeded=some("polls-read-the-cache", "close-at-1"))
    assert (seen.caught(STALE), seen.shown(STALE)) == (0, 1)
    assert (seen.caught(NETWORK), seen.survivors) == (1, ("polls-read-the-cache",))


def test_a_smoke_that_sees_events_everywhere_is_told_apart(prepared: Prepared, tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    smoke = pack.folder / "smoke.py"
    text = smoke.read_text(encoding="utf-8")
    smoke.write_text(text.replace("> AT_ONCE_S:\n", "> -1:\n"), encoding="utf-8")
    seen = show_smoke(replace(prepared, pack=pack), seeded=some("polls-read-the-cache"))
    assert (seen.survivors, seen.false_alarms) == ((), ("healthy",))


def test_a_smoke_that_ends_without_a_result_has_caught_nothing(prepared: Prepared, tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    (pack.folder / "smoke.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    seen = show_smoke(replace(prepared, pack=pack), seeded=some("close-at-1"))
    assert seen.survivors == ("close-at-1",)


def test_a_pack_that_seeds_nothing_runs_no_smoke(prepared: Prepared) -> None:
    assert Sight(seeded={}) == show_smoke(prepared, seeded=())


# ── what the log reader reads ──


def test_each_wording_is_read_in_each_layout_and_no_decoy_is() -> None:
    seen = show_logs(find)
    assert (seen.survivors, seen.false_alarms) == ((), ())
    assert {kind: len(WORDINGS[kind]) * len(LAYOUTS) for kind in EventKind} == {
        kind: seen.shown(kind) for kind in EventKind
    }
    assert len(seen.nothing) == len(DECOYS) * len(LAYOUTS)


def test_each_kind_is_worded_in_both_languages() -> None:
    spoken = {kind: {name[:3] for name in wordings} for kind, wordings in WORDINGS.items()}
    assert {kind: {"en-", "es-"} for kind in EventKind} == spoken


@each_row(
    ("reads", "caught", "false_alarms"),
    [
        (lambda log: [], {NETWORK: False, TIMEOUT: False, STALE: False}, False),
        (lambda log: [STALE], {NETWORK: False, TIMEOUT: False, STALE: True}, True),
        (lambda log: [STALE, STALE], {NETWORK: False, TIMEOUT: False, STALE: False}, True),
        (
            lambda log: [one for one in find(log) if one is not STALE],
            {NETWORK: True, TIMEOUT: True, STALE: False},
            False,
        ),
    ],
    ids=["sees nothing", "calls all stale", "counts twice", "blind to stale reads"],
)
def test_a_reader_is_credited_with_what_it_reads_once_and_as_what_it_is(
    reads: ReadLog, caught: dict[EventKind, bool], false_alarms: bool
) -> None:
    seen = show_logs(reads, layouts=("plain", "github"))
    assert {kind: seen.caught(kind) == seen.shown(kind) for kind in EventKind} == caught
    assert {kind: seen.caught(kind) for kind in EventKind if not caught[kind]} == {
        kind: 0 for kind in EventKind if not caught[kind]
    }
    assert (seen.false_alarms != ()) is false_alarms


# ── the record ──


def test_the_record_in_the_tree_is_of_this_code_and_nothing_survived() -> None:
    kept = read(PACK)
    now = list(detector_record.standing(PACK, kept))
    assert [str(one.why_not) for one in now if one.why_not is not None] == []
    assert [(one.sight.survivors, one.sight.false_alarms) for one in now if one.sight] == [((), ())] * 2
    smoke = detector_record.sight(PACK, Detector.SMOKE)
    assert smoke is not None
    assert {id: kind for kind, seeded in smoke.seeded.items() for id in seeded} == {
        one.id: one.event for one in PACK.seeded
    }


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    made = known_as(pack, ALL_WELL, *Detector)
    write(pack, made)
    assert read(pack) == made
    assert detector_record.sight(pack, Detector.SMOKE) == ALL_WELL


def test_a_record_that_cannot_be_read_is_an_error_that_says_how_to_write_it_anew(tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    path(pack).write_text("{")
    with pytest.raises(UsageError, match=r"detectors\.json: this is no self-test: .*atalaya prove"):
        read(pack)


def counts(pack: Pack, kept: Detectors) -> dict[Detector, bool]:
    return {one.detector: one.sight is not None for one in detector_record.standing(pack, kept)}


def reasons(pack: Pack, kept: Detectors | None) -> list[str]:
    return [str(one.why_not) for one in detector_record.standing(pack, kept) if one.why_not is not None]


@each_row("file", ["smoke.py", "fixture.py", "service.py", "capabilities.py"])
def test_a_changed_smoke_makes_its_record_count_for_nothing(file: str, tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path / file)
    kept = known_as(pack, ALL_WELL, *Detector)
    assert counts(pack, kept) == {Detector.SMOKE: True, Detector.LOGS: True}
    with (pack.folder / file).open("a") as source:
        source.write("\nMORE = 1\n")
    assert counts(pack, kept) == {Detector.SMOKE: False, Detector.LOGS: True}
    assert [said.split(":")[0] for said in reasons(pack, kept)] == [
        "Its code is another than that which was tested on 2026-01-31 09"
    ]


def machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the machine's files that are in a digest, in place of them."""
    copy = folder / "machine"
    for name in {name for names in CODE.values() for name in names}:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(detector_record.MACHINE / name, copy / name)
    monkeypatch.setattr(detector_record, "MACHINE", copy)
    return copy


def test_each_file_of_a_detector_is_in_its_digest_and_in_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = machine(tmp_path, monkeypatch)
    for name in sorted({name for names in CODE.values() for name in names}):
        kept = known_as(PACK, ALL_WELL, *Detector)
        with (copy / name).open("a") as source:
            source.write("\nMORE = 1\n")
        assert counts(PACK, kept) == {one: name not in CODE[one] for one in Detector}, name


def test_every_file_of_a_detector_is_there() -> None:
    named = [detector_record.MACHINE / name for names in CODE.values() for name in names]
    named += [PACK.folder / name for names in detector_record.OF_THE_PACK.values() for name in names]
    assert [file for file in named if not file.is_file()] == []


def test_a_change_of_what_is_seeded_makes_the_smokes_record_count_for_nothing() -> None:
    kept = known_as(PACK, ALL_WELL, *Detector)
    fewer = dataclasses.replace(PACK, seeded=PACK.seeded[1:])
    assert counts(fewer, kept) == {Detector.SMOKE: False, Detector.LOGS: True}


def test_line_ends_are_no_change(tmp_path: Path) -> None:
    pack = copy_of(PACK, tmp_path)
    before = digest(pack, Detector.SMOKE)
    source = pack.folder / "smoke.py"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert digest(pack, Detector.SMOKE) == before


@each_row(
    ("kept", "said"),
    [
        (None, "Nothing has been seeded into what it sees: `atalaya prove --detectors` does it."),
        (
            known_as(PACK, Sight(seeded={}), *Detector),
            "The check pack declares nothing to be seeded into what it sees.",
        ),
    ],
    ids=["no record", "a record of nothing"],
)
def test_what_was_shown_nothing_says_so(kept: Detectors | None, said: str) -> None:
    assert reasons(PACK, kept) == [said] * 2


def test_a_sight_counts_what_was_shown_and_caught() -> None:
    seen: Sequence[tuple[int, int]] = [
        (one.shown(STALE), one.caught(STALE))
        for one in (ALL_WELL, Sight(seeded={STALE: {"one": True, "two": False}}), Sight(seeded={}))
    ]
    assert seen == [(2, 2), (2, 1), (0, 0)]
