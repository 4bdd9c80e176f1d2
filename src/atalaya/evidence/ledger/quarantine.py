"""Keeps the bytes of unreadable files in a private local folder of limited size.

The ledger keeps a digest and a reason. The bytes themselves may hold anything, so they stay on this machine,
for its owner alone, in a folder that version control does not see, and only so many of them: the oldest go
first.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256 as sha256_over
from pathlib import Path

from atalaya.core.errors import EngineError, EvidenceError
from atalaya.evidence.ledger.atomic_write import put
from atalaya.evidence.ledger.file_lines import regular

FOLDER = Path(".atalaya") / "quarantine"  # beneath the project
MOST_BYTES = 64 * 1024 * 1024
MOST_FILE_BYTES = 16 * 1024 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")


def keep(
    folder: Path,
    source: Path | bytes,
    sha256: str,
    most_bytes: int = MOST_BYTES,
    most_file_bytes: int = MOST_FILE_BYTES,
) -> Path | None:
    """Keep a file's bytes under their digest; the path, or None where they are not kept.

    That is where they are too many, where the file is no longer what was read, or where it is not a file. It
    is never an error: what could not be read is in the ledger, whether its bytes are kept or not.
    """
    if not DIGEST.fullmatch(sha256):
        return None
    try:
        content = _bounded(source, min(most_bytes, most_file_bytes))
        if content is None or sha256_over(content).hexdigest() != sha256:
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / sha256
        if not path.exists():
            _make_room(folder, most_bytes - len(content))
            put(path, content, mode=0o600)
    except (OSError, EvidenceError, EngineError):
        return None
    return path


def _bounded(source: Path | bytes, most_bytes: int) -> bytes | None:
    if isinstance(source, bytes):
        content = source
    else:
        with regular(source) as file:
            content = file.read(most_bytes + 1)
    return content if len(content) <= most_bytes else None


def _make_room(folder: Path, most_bytes: int) -> None:
    """Take the oldest away until the rest has so many bytes at the most."""
    kept = [(entry.stat(follow_symlinks=False), entry) for entry in os.scandir(folder) if DIGEST.fullmatch(entry.name)]
    total = sum(status.st_size for status, _ in kept)
    for status, entry in sorted(kept, key=lambda each: (each[0].st_mtime_ns, each[1].name)):
        if total <= most_bytes:
            return
        os.unlink(entry.path)  # noqa: PTH108 - the entry is at hand
        total -= status.st_size
