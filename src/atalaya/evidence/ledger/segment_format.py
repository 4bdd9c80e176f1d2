"""What stands in a segment: records as lines, lines as records, and the digest that they come to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from atalaya.core.errors import EvidenceError, HarnessError
from atalaya.evidence.ledger.naming import AT
from atalaya.records.stored import FORMAT, STORED, Evidence

TIMES = ("occurred_at", "recorded_at")
RECORDED = b',"recorded_at":"'
RECORDED_AT = re.compile(RECORDED + b'[^"]*"')
ENCODER = msgspec.json.Encoder(order="sorted")
E = TypeVar("E", bound=Evidence)


def in_utc(record: E) -> E:
    """The same record, its times in UTC."""
    if record.occurred_at.tzinfo is UTC and record.recorded_at.tzinfo is UTC:
        return record
    for name in TIMES:
        if getattr(record, name).tzinfo is None:
            raise HarnessError(
                f"{record.kind}: {name} has no zone. Times in records are aware and in UTC: mend the writer."
            )
    return msgspec.structs.replace(record, **{name: getattr(record, name).astimezone(UTC) for name in TIMES})


def encode(records: list[Evidence]) -> bytes:
    """Records of one kind as they are stored, a line each, proven to come back equal.

    A struct does not check its types, so this does.
    """
    kind = type(records[0])
    try:
        lines = ENCODER.encode_lines(records)
        same = decoder_of(kind).decode_lines(lines) == records
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError) as why:
        raise HarnessError(f"{kind.kind}: a record cannot be stored: {why}. Mend the writer.") from why
    if not same:
        raise HarnessError(f"{kind.kind}: a record does not come back as it was (a NaN in it?). Mend the writer.")
    return lines


@lru_cache
def decoder_of(kind: type[E]) -> msgspec.json.Decoder[E]:
    """The strict decoder of one kind of record."""
    return msgspec.json.Decoder(kind)


def without_times(lines: bytes, number: int) -> bytes:
    """Lines with their keys in order, each without its ``recorded_at``: what the digest is taken over.

    In a text a quotation mark is escaped, so no text looks like the member. A record inside may have one like it.
    """
    if first := RECORDED_AT.search(lines):
        parts = lines.split(first[0])
        left = b"".join(parts)
        if len(parts) == number + 1 and RECORDED not in left:  # all at one instant, as one call records them
            return left
    if lines.count(RECORDED) != number:
        return b"".join(_encode_without_time(msgspec.json.decode(line)) for line in lines.splitlines())
    return RECORDED_AT.sub(b"", lines)


def digest_of(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 of the canonical content: each record with its keys in order and without ``recorded_at``.

    It is taken over what stands in the file, not over what this version makes of it: a field that a later
    version adds does not change the digest of the segments that were there before.
    """
    sha = hashlib.sha256()
    for row in rows:
        sha.update(_encode_without_time(row))
    return sha.hexdigest()


def _encode_without_time(row: dict[str, Any]) -> bytes:
    told = {key: value for key, value in row.items() if key != "recorded_at"}
    return msgspec.json.encode(told, order="deterministic") + b"\n"


def rows_of(path: Path, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Lines as JSON objects, of any version."""
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as why:
            raise EvidenceError(
                f"{path}:{number}: not a record: {why}. It was changed after it was written: restore it from "
                f"version control."
            ) from why
    if not rows:
        raise EvidenceError(f"{path}: empty. A segment holds at least one record: restore it from version control.")
    return rows


def records_of(path: Path, kind: str, rows: Sequence[dict[str, Any]]) -> tuple[Evidence, ...]:
    """Objects as records of a kind, strictly decoded."""
    records = []
    for number, row in enumerate(rows, start=1):
        written_as = row.get("format", 1)
        if not isinstance(written_as, int) or written_as > FORMAT:
            raise EvidenceError(
                f"{path}:{number}: written in format {written_as!r}, and this Atalaya reads up to {FORMAT}. "
                f"Install the version that wrote it, or a newer one."
            )
        try:
            record = msgspec.convert(row, STORED[kind])
        except msgspec.MsgspecError as why:
            raise EvidenceError(
                f"{path}:{number}: {why}. Its digest is right, so it is from a newer Atalaya: install that version."
            ) from why
        if record.occurred_at.tzinfo is None or record.recorded_at.tzinfo is None:
            raise EvidenceError(f"{path}:{number}: a time without a zone. Restore the file from version control.")
        records.append(record)
    return tuple(records)


def recorded_at_of(rows: Iterable[dict[str, Any]]) -> str:
    """When the first of some rows was recorded, as a segment's name has it."""
    try:
        return min(msgspec.convert(row["recorded_at"], datetime) for row in rows).astimezone(UTC).strftime(AT)
    except (OverflowError, ValueError):
        return "a time that cannot be"
