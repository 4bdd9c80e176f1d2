"""The record of what each detector of events sees, and the digest of the code that it was measured on.

``prove`` leaves it in the pack as ``detectors.json``. A release that is watched with this very code needs no
self-test of its own to say what its zeros are worth; where the code is another, the record counts for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

import atalaya
from atalaya.core.kept_record import encoded, kept_in
from atalaya.core.words import Record, StrictEnum, Text, text
from atalaya.harness.pack import Pack
from atalaya.records.stored import EventKind
from atalaya.sdk.source_hash import digest_of

SCHEMA = "atalaya.detectors/1"
NAME = "detectors.json"  # in the folder of the pack
MACHINE = Path(atalaya.__file__).parent


class Detector(StrictEnum):
    """What looks for events."""

    SMOKE = "smoke"
    LOGS = "logs"


# What decides whether a detector sees an event: its code, what the seeding does, and of the pack what stands below.
CODE: Mapping[Detector, tuple[str, ...]] = {
    Detector.SMOKE: (
        "harness/fault_plan.py",
        "harness/fixture.py",
        "harness/smoke.py",
        "harness/virtual_clock.py",
        "mock_server/control.py",
        "mock_server/faults.py",
        "mock_server/scenario.py",
        "selftest/detectors.py",
    ),
    Detector.LOGS: (
        "evidence/readers/alike.py",
        "evidence/readers/classifier.py",
        "evidence/readers/layouts.py",
        "evidence/readers/logs.py",
        "evidence/readers/words.py",
        "selftest/detectors.py",
        "selftest/seeded_logs.py",
    ),
}
OF_THE_PACK: Mapping[Detector, tuple[str, ...]] = {
    Detector.SMOKE: ("capabilities.py", "fixture.py", "service.py", "smoke.py"),
    Detector.LOGS: (),
}


class Sight(Record, frozen=True, kw_only=True):
    """What one detector saw: of what was seeded, by the kind of event, each id with whether it was caught.

    ``nothing`` is what it must see nothing in, each id with whether it saw nothing.
    """

    seeded: Mapping[EventKind, Mapping[str, bool]]
    nothing: Mapping[str, bool] = {}

    def shown(self, kind: EventKind) -> int:
        """How many events of a kind were seeded."""
        return len(self.seeded.get(kind, {}))

    def caught(self, kind: EventKind) -> int:
        """How many of them were seen."""
        return sum(self.seeded.get(kind, {}).values())

    @property
    def survivors(self) -> tuple[str, ...]:
        """What was seeded and not seen."""
        return tuple(id for of_kind in self.seeded.values() for id, caught in of_kind.items() if not caught)

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """What was taken for an event, and is none."""
        return tuple(id for id, well in self.nothing.items() if not well)


class Measured(Record, frozen=True, kw_only=True):
    """What one detector saw, when, on which Python, and the digest of its code."""

    made_at: datetime
    python: str
    digest: str
    sight: Sight


class Detectors(Record, frozen=True, kw_only=True):
    """What the file of a pack holds: what each of its detectors saw."""

    detectors: Mapping[Detector, Measured]
    schema: str = SCHEMA


def path(pack: Pack) -> Path:
    """The file of a pack."""
    return pack.folder / NAME


def read(pack: Pack) -> Detectors | None:
    """What the file of a pack holds; None where there is none yet.

    :raises UsageError: it is there, and is not what ``prove`` writes.
    """
    return kept_in(path(pack), Detectors, what="self-test", again="Write it anew: atalaya prove")


def write(pack: Pack, found: Detectors) -> None:
    """Keep what was found, in place of all that was kept before."""
    path(pack).write_text(encoded(found), encoding="utf-8")


def digest(pack: Pack, detector: Detector) -> str:
    """The digest of a detector's code, and of what is seeded into what it sees."""
    files = {name: _digest_of_text(MACHINE / name) for name in CODE[detector]}
    files |= {f"pack/{name}": _digest_of_text(pack.folder / name) for name in OF_THE_PACK[detector]}
    if detector is Detector.SMOKE:
        # The rows and not their file: families declare some of them, among much else.
        files["pack.seeded"] = hashlib.sha256(msgspec.json.encode(pack.seeded)).hexdigest()
    return digest_of(files)


def _digest_of_text(file: Path) -> str:
    """The digest of a source, whatever its line ends are; of one that is missing, that of nothing."""
    try:
        text = file.read_text(encoding="utf-8")  # which makes all line ends alike
    except FileNotFoundError:
        text = ""
    return hashlib.sha256(text.encode()).hexdigest()


class Standing(Record, frozen=True, kw_only=True):
    """What is known of a detector now: ``sight`` is None where nothing counts, and ``why_not`` says why."""

    detector: Detector
    sight: Sight | None
    made_at: datetime | None
    why_not: Text | None = None


def standing(pack: Pack, kept: Detectors | None) -> Iterator[Standing]:
    """What is known of each detector, from what was kept.

    :param kept: what the file of the pack holds: see :func:`read`.
    """
    for detector in Detector:
        measured = None if kept is None else kept.detectors.get(detector)
        why_not = _why_not(pack, detector, measured)
        yield Standing(
            detector=detector,
            sight=measured.sight if measured and why_not is None else None,
            made_at=measured.made_at if measured else None,
            why_not=why_not,
        )


def _why_not(pack: Pack, detector: Detector, measured: Measured | None) -> Text | None:
    """Why what was measured does not count; None where it does."""
    if measured is None:
        return text("Nothing has been seeded into what it sees: `atalaya prove --detectors` does it.")
    if measured.digest != digest(pack, detector):
        return text(
            "Its code is another than that which was tested on {at}: `atalaya prove --detectors` tests it.",
            at=measured.made_at,
        )
    if not measured.sight.seeded:
        return text("The check pack declares nothing to be seeded into what it sees.")
    return None


def sight(pack: Pack, detector: Detector) -> Sight | None:
    """What a detector of this very code is known to see; None where nothing is known."""
    return next(one.sight for one in standing(pack, read(pack)) if one.detector is detector)
