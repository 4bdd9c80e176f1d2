"""The names of a ledger's files: what each says of its content, and which of two is read."""

from __future__ import annotations

import re
from pathlib import Path

from atalaya.core.errors import EvidenceError
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.readers.model import printable
from atalaya.records.stored import STORED

SUFFIX = ".jsonl"
PACKED = ".gz"  # follows the suffix of a segment that is compressed
DIGEST_CHARS = 32
IDENTITY = rf"(?P<kind>[a-z]+(?:-[a-z]+)*)-(?P<digest>[0-9a-f]{{{DIGEST_CHARS}}})"
# Segments of the first versions do not name their time.
NAME = re.compile(rf"{IDENTITY}(?:-(?P<at>[0-9]{{8}}T[0-9]{{12}}Z))?\.jsonl(?:\.gz)?")
AT = "%Y%m%dT%H%M%S%fZ"


def identity(name: str) -> str:
    """What a segment is, whenever it was recorded and however it is packed: its kind and its digest.

    >>> identity("job-0123456789abcdef0123456789abcdef-20261125T120000000000Z.jsonl.gz")
    'job-0123456789abcdef0123456789abcdef'
    """
    match = re.match(rf"{IDENTITY}(?![^-.])", name)
    return match[0] if match else name


def preferred(path: Path) -> tuple[str, str, str]:
    """Sorts files by what they are; of one segment the earliest comes first, and one that is not packed."""
    match = NAME.fullmatch(path.name)
    return identity(path.name), (match["at"] or "") if match else "", path.name


def kind_of(path: Path) -> str:
    """The kind that a file's name says. One that is not known must stop the reader: a part is not the whole."""
    if path.suffix != compacted.SUFFIX:
        return parts_of(path)["kind"]
    match = compacted.NAME.fullmatch(path.name)
    kind = match["kind"] if match else compacted.check_name(path, "")
    return _known(path, kind)


def parts_of(path: Path) -> re.Match[str]:
    """The parts of a segment's name."""
    match = NAME.fullmatch(path.name)
    if match is None:
        raise EvidenceError(
            f"{path.parent}/{printable(path.name)}: not a segment: the name is not "
            f"<kind>-<{DIGEST_CHARS} hex digits>-<time>{SUFFIX}, or with {PACKED}. "
            f"Move it out of the ledger, or give it back its name."
        )
    _known(path, match["kind"])
    return match


def _known(path: Path, kind: str) -> str:
    if kind not in STORED:
        raise EvidenceError(
            f"{path}: evidence of the kind '{kind}' is from a newer Atalaya. Install that version to read it."
        )
    return kind
