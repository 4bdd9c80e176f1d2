"""Redacts a text from all that a release's folder holds of an incident, sealed or not."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from atalaya.core.errors import UsageError
from atalaya.core.whole_file import write_whole
from atalaya.evidence.ledger import ledger, redaction
from atalaya.records.stored import Evidence, IncidentNote, IncidentStep, Metadata, RedactedFile, Redaction
from atalaya.watch.seal import NAME as SEAL

SHORTEST = 4  # characters: what is shorter stands in too many words
EVIDENCE = "evidence"


class Redacted(NamedTuple):
    """What was done, and the segments that hold the text still."""

    record: Redaction | None
    left: tuple[str, ...]


def redact(folder: Path, incident: str, secret: str, metadata: Metadata, *, by: str, why: str) -> Redacted:
    """Take a text out of an incident's records, of the verdicts that quote them, and of the pages.

    What is new is on disk before what it replaces is removed, so that it may be interrupted, and run again.

    :raises UsageError: the text cannot be a secret.
    """
    if len(secret.strip()) < SHORTEST or "\n" in secret or secret in redaction.REDACTED:
        raise UsageError(f"redact: the text has to be on one line, and to have {SHORTEST} characters at least.")
    evidence = folder / EVIDENCE

    def is_meant(record: Evidence) -> bool:
        return getattr(record, "incident", incident) == incident

    replaced = redaction.replace_segments(evidence, secret, is_meant)
    pages = dict(_pages(folder, secret))
    record = None
    if replaced.removed or pages:
        contents = [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in replaced.files]
        contents += [(path.relative_to(folder).as_posix(), content) for path, content in pages.items()]
        record = Redaction(
            **metadata,
            incident=incident,
            by=by.replace(secret, redaction.REDACTED),
            why=why.replace(secret, redaction.REDACTED),
            records=len(replaced.records),
            removed=replaced.removed,
            files=tuple(RedactedFile(path=path, sha256=hashlib.sha256(of).hexdigest()) for path, of in contents),
            comments=tuple(sorted({one.comment for one in replaced.records if isinstance(one, IncidentNote)})),
        )
        ledger.write(evidence, [record])
        for path, content in pages.items():
            write_whole(path, content)
        redaction.take_away(evidence, replaced.removed)
    return Redacted(record, tuple(redaction.still_in(evidence, secret)))


def known(folder: Path) -> frozenset[str]:
    """The incidents that are recorded."""
    return frozenset(one.incident for one in ledger.readable(folder / EVIDENCE, IncidentStep))


def _pages(folder: Path, secret: str) -> Iterator[tuple[Path, bytes]]:
    """The files beside the evidence that hold the text, as they are to be: as it is, and as JSON and HTML have it."""
    forms = {secret, html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file() or file.name == SEAL or (folder / EVIDENCE) in file.parents:
            continue
        before = file.read_bytes()
        after = before
        for form in sorted(forms, key=len, reverse=True):
            after = after.replace(form.encode(), redaction.REDACTED.encode())
        if after != before:
            yield file, after
