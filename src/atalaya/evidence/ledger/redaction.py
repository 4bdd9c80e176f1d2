"""Takes a text out of what was written down of incidents, and tells what was redacted from what is missing.

Evidence is never changed, and that stays so: what is measured is out of reach here. Of what people and rules wrote, a
segment that holds the text is replaced by one that does not, and a record of its own says that it was: when, by whom
and why, and never what. So a segment that is gone is either named by such a record, or it was taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from atalaya.core.words import Text, text
from atalaya.evidence.ledger import ledger, listing, naming, opening
from atalaya.evidence.ledger import parquet as compacted
from atalaya.records.stored import Evidence, IncidentNote, IncidentStep, Redaction, VerdictRecord

REDACTED = "[redacted]"
# The fields of a record that hold prose. A record of another kind is never touched.
PROSE: dict[type[Evidence], tuple[str, ...]] = {
    IncidentStep: ("impact", "root_cause", "fix", "by", "why"),
    IncidentNote: ("text",),
    VerdictRecord: ("because",),
}
KINDS = frozenset(kind.kind for kind in PROSE)


class Replaced(NamedTuple):
    """What became of a ledger: the files and segments that are to go, those in their place, the records in question."""

    removed: tuple[str, ...]
    files: tuple[Path, ...]
    records: tuple[Evidence, ...]


def removed_by(records: Iterable[Evidence]) -> frozenset[str]:
    """What redactions took away, without times of recording. None may take away what was measured."""
    names = (name for one in records if isinstance(one, Redaction) for name in one.removed)
    return frozenset(naming.identity(name) for name in names if name.partition("-")[0] in KINDS)


def in_words(one: Redaction) -> Text:
    """What was redacted, and by whom."""
    return text(
        "On {at}, {by} redacted {n} records of {incident}: {why}",
        at=one.occurred_at,
        by=one.by,
        n=one.records,
        incident=one.incident,
        why=one.why,
    )


def without(record: Evidence, secret: str) -> Evidence:
    """The same record with the text taken out of its prose."""
    changed = {}
    for name in PROSE.get(type(record), ()):
        value = getattr(record, name)
        is_one = isinstance(value, str)
        after = value.replace(secret, REDACTED) if is_one else tuple(one.replace(secret, REDACTED) for one in value)
        if after != value:
            changed[name] = after
    return replace(record, **changed) if changed else record


def replace_segments(folder: Path, secret: str, is_meant: Callable[[Evidence], bool]) -> Replaced:
    """Write what is to stand in the place of each segment that holds the text. Nothing is taken away yet.

    :raises EvidenceError: a segment cannot be read.
    :raises UsageError: the folder cannot be written.
    """
    removed: list[str] = []
    written: list[Path] = []
    touched: list[Evidence] = []
    for file in listing.files(folder):
        if file.name.partition("-")[0] not in KINDS:
            continue
        segments = opening.open_file(file)
        after = [[without(one, secret) if is_meant(one) else one for one in of.records] for of in segments]
        changed = [of for of, records in zip(segments, after, strict=True) if list(of.records) != records]
        if not changed:
            continue
        for of, records in zip(segments, after, strict=True):
            is_alone = file.suffix != compacted.SUFFIX
            if of in changed or not is_alone:  # the others of a compacted file stand alone from now on
                written += ledger.write(folder, records)
            touched += [one for one, before in zip(records, of.records, strict=True) if one != before]
        removed += dict.fromkeys([file.name, *(of.info.name for of in changed)])
    return Replaced(tuple(removed), tuple(dict.fromkeys(written)), tuple(touched))


def take_away(folder: Path, removed: Sequence[str]) -> None:
    """Remove the files that a redaction names, as often as it is asked for."""
    for name in removed:
        if name.partition("-")[0] in KINDS and "/" not in name:
            (folder / name).unlink(missing_ok=True)


def still_in(folder: Path, secret: str) -> list[str]:
    """The segments that hold the text all the same: what was measured, which is never changed."""
    return [
        of.info.name
        for of in ledger.survey(folder).segments
        if any(_holds(msgspec.to_builtins(one), secret) for one in of.records)
    ]


def _holds(value: object, secret: str) -> bool:
    if isinstance(value, str):
        return secret in value
    if isinstance(value, dict):
        return any(_holds(one, secret) for one in value.values())
    return isinstance(value, list | tuple) and any(_holds(one, secret) for one in value)
