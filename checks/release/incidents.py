"""Which incidents did people write down, and how do they stand?

An incident is a page, ``incidents/*.md``. What the table and the verdict need stands in its front matter, one
``key: value`` a line, as both this module and MyST read it; the rest of the page is for people.
``index.md`` and names that begin with an underscore are no incidents.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from checks.errors import ReleaseError
from checks.records import Incident, Severity
from checks.release.states import INCIDENT, states
from checks.verdict import MANDATORY

FENCE = "---"
REQUIRED = ("id", "at", "severity", "state", "impact", "root_cause", "fix")
STATES = states(INCIDENT)
STRUCTURE = tuple("|>[]{}&*!%@`?,-#")  # what begins a value that is more than one line of text to YAML


class Field(NamedTuple):
    """One value of the front matter, and where it stands."""

    value: str
    place: str


class Page(NamedTuple):
    """An incident as people wrote it down, and the name of its file."""

    name: str
    incident: Incident


def read_pages(folder: Path) -> tuple[Page, ...]:
    """The pages of a folder, the oldest incident first. A folder that does not exist holds none.

    :raises ReleaseError: a page is not an incident: where, what, and what to write instead.
    """
    pages = [page for page in sorted(folder.glob("*.md")) if page.name != "index.md" and page.name[0] != "_"]
    read: dict[str, tuple[Incident, Path]] = {}
    for page in pages:
        incident = read_incident(page)
        if incident.id in read:
            other = read[incident.id][1].name
            raise ReleaseError(f"{page}: the id {incident.id!r} is {other}'s already. Give this one its own.")
        read[incident.id] = (incident, page)
    found = (Page(page.name, incident) for incident, page in read.values())
    return tuple(sorted(found, key=lambda one: (one.incident.at, one.incident.id)))


def read_incidents(folder: Path) -> tuple[Incident, ...]:
    """The incidents of a folder, oldest first, as their pages have them."""
    return tuple(page.incident for page in read_pages(folder))


def read_incident(page: Path) -> Incident:
    """The incident of one page.

    :raises ReleaseError: its front matter cannot be read, or lacks something.
    """
    try:
        lines = page.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        raise ReleaseError(f"{page}: cannot be read: {why}. Give it back as UTF-8 text.") from None
    fields = _front_matter(page, lines)
    absent = [key for key in REQUIRED if key not in fields]
    if absent:
        raise ReleaseError(
            f"{page}:1 the front matter lacks {', '.join(absent)}. Add a line `key:` for each; root_cause and fix "
            f"may be empty as long as they are not known."
        )
    for key in ("id", "impact"):
        if not fields[key].value:
            raise ReleaseError(f"{fields[key].place} {key} is empty. Write it in a few words.")
    return Incident(
        id=fields["id"].value,
        at=_instant(fields["at"]),
        impact=fields["impact"].value,
        root_cause=fields["root_cause"].value,
        fix=fields["fix"].value,
        state=_one_of(fields["state"], "state", STATES),
        severity=Severity(_one_of(fields["severity"], "severity", tuple(one.value for one in Severity))),
        metric=_one_of(fields["metric"], "metric", ("", *MANDATORY)) if "metric" in fields else "",
    )


def _front_matter(page: Path, lines: list[str]) -> dict[str, Field]:
    if not lines or lines[0].rstrip() != FENCE:
        raise ReleaseError(
            f"{page}:1 an incident begins with a line of `---`, and this page does not. Add its front matter, or "
            f"let the file's name begin with an underscore."
        )
    fields: dict[str, Field] = {}
    for number, line in enumerate(lines[1:], start=2):
        place = f"{page}:{number}"
        if line.rstrip() == FENCE:
            return fields
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, rest = line.partition(":")
        if not colon or line[0].isspace() or key != key.strip() or (rest and not rest[0].isspace()):
            raise ReleaseError(f"{place} {line.strip()!r} is no `key: value` on one line. Write it as one.")
        if key in fields:
            raise ReleaseError(f"{place} {key} is there twice. Take one of the two out.")
        fields[key] = Field(_value(rest.strip(), place, key), place)
    raise ReleaseError(f"{page}:1 the front matter is not closed. End it with a line of `---`.")


def _value(written: str, place: str, key: str) -> str:
    """The text of a value, plain or quoted, as YAML would read it."""
    if written.startswith('"'):
        try:
            value = json.loads(written)
        except ValueError:
            raise ReleaseError(f"{place} {key}: the double quotes do not match. Mend them.") from None
        return str(value)
    if written.startswith("'"):
        inner = written[1:-1].replace("''", "")
        if len(written) < 2 or not written.endswith("'") or "'" in inner:
            raise ReleaseError(
                f"{place} {key}: the single quotes do not match. Mend them, or use double ones."
            )
        return written[1:-1].replace("''", "'")
    # To YAML these are a list, a mapping, a comment or a block, and the page would not be built.
    if written.startswith(STRUCTURE) or ": " in written or written.endswith(":") or " #" in written:
        raise ReleaseError(
            f"{place} {key}: put the value in double quotes: {json.dumps(written, ensure_ascii=False)}"
        )
    return written


def _instant(field: Field) -> datetime:
    try:
        at = datetime.fromisoformat(field.value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ReleaseError(
            f"{field.place} at: {field.value!r} is no instant with a zone. Write it in UTC, as 2026-01-31T09:00:00Z."
        )
    return at.astimezone(UTC)


def _one_of(field: Field, key: str, words: tuple[str, ...]) -> str:
    word = field.value.lower()
    if word not in words:
        raise ReleaseError(
            f"{field.place} {key}: {field.value!r} is not one of {', '.join(words)}. Choose one."
        )
    return word
