"""Which incidents are written down, and how do they stand?

An incident is a page, ``incidents/*.md``. What the table and the verdict need stands in its front matter, one
``key: value`` a line, as both this module and MyST read it; the rest of the page is for people.
``index.md`` and names that begin with an underscore are no incidents. :class:`FrontMatter` is the published schema.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from checks.errors import ReleaseError
from checks.metrics.definitions import METRICS
from checks.records import Incident, Severity
from checks.release.states import INCIDENT, states

FENCE = "---"
REQUIRED = ("id", "at", "severity", "state", "impact", "root_cause", "fix")
STATES = states(INCIDENT)
KNOWN = tuple(one.value for one in Severity)
STRUCTURE = tuple("|>[]{}&*!%@`?,-#")  # what begins a value that is more than one line of text to YAML


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True):
    """The front matter of an incident's page. Other keys are the page's own."""

    id: Annotated[str, Meta(min_length=1, description="The incident's name, one of a kind in its release.")]
    at: Annotated[datetime, Meta(tz=True, description="When it was first seen, with a zone: 2026-01-31T09:00:00Z.")]
    severity: Annotated[Severity, Meta(description="critical stops a release, major extends its watch.")]
    state: Annotated[
        str,
        Meta(
            description="How it stands; the table of its states says what follows.",
            extra_json_schema={"enum": list(STATES)},
        ),
    ]
    impact: Annotated[str, Meta(min_length=1, description="Whom it hurt, and how.")]
    root_cause: Annotated[str, Meta(description="Why it happened; empty while nobody knows.")]
    fix: Annotated[str, Meta(description="What was done about it; empty while nothing was.")]
    metric: Annotated[
        str,
        Meta(
            description="The metric that it spoils: what is counted since the fix has to show that it holds.",
            extra_json_schema={"enum": ["", *METRICS]},
        ),
    ] = ""
    rule: Annotated[str, Meta(description="The rule that opened it; none where a person did.")] = ""
    fingerprint: Annotated[
        str, Meta(description="Its cause, by what broke, the type of the error and the place: the same one opens once.")
    ] = ""
    blocks: Annotated[str, Meta(description="The duties that it stands in the way of.")] = ""


def schema() -> dict[str, Any]:
    """The JSON Schema of an incident's front matter.

    >>> schema()["$defs"]["FrontMatter"]["required"]
    ['id', 'at', 'severity', 'state', 'impact', 'root_cause', 'fix']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:atalaya:incident:1",
        "title": "Front matter of an incident's page",
        **msgspec.json.schema(FrontMatter),
    }


class Field(NamedTuple):
    """One value of the front matter, and where it stands."""

    value: str
    place: str


def slug(id: str) -> str:
    """The id of an incident as files are called that are about it: another id is another file.

    >>> slug("INC-3F2A91"), slug("la caché")
    ('inc-3f2a91', 'la-cach-342814')
    """
    name = re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-") or "incident"
    if name == id.lower():
        return name
    return f"{name[:60]}-{hashlib.sha256(id.encode('utf-8', 'backslashreplace')).hexdigest()[:6]}"


class Page(NamedTuple):
    """An incident as people wrote it down, the name of its file, and where in it the state stands."""

    name: str
    incident: Incident
    state_line: int = 1

    @property
    def state_at(self) -> str:
        """Where the state stands, as seen from the release's folder."""
        return f"incidents/{self.name}:{self.state_line}"


def read_pages(folder: Path) -> tuple[Page, ...]:
    """The pages of a folder, the oldest incident first. A folder that does not exist holds none.

    :raises ReleaseError: a page is not an incident: where, what, and what to write instead.
    """
    pages, wrong = survey_pages(folder)
    if wrong:
        raise ReleaseError(f"{folder}/{wrong[0]}")
    return pages


def survey_pages(folder: Path) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The pages that can be read, the oldest incident first, and what is wrong with the others.

    What is wrong begins with the file and the line: a slip in one page must not end a watch.
    """
    read: dict[str, Page] = {}
    wrong = []
    for page in sorted(folder.glob("*.md")):
        if page.name == "index.md" or page.name[0] == "_":
            continue
        try:
            one = read_page(page)
            if one.incident.id in read:
                other = read[one.incident.id].name
                raise ReleaseError(f"{page}: the id {one.incident.id!r} is {other}'s already. Give this one its own.")
            read[one.incident.id] = one
        except ReleaseError as why:
            wrong.append(str(why).removeprefix(f"{folder}/"))
    return tuple(sorted(read.values(), key=lambda one: (one.incident.at, one.incident.id))), tuple(wrong)


def read_page(page: Path) -> Page:
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
    incident = Incident(
        id=fields["id"].value,
        at=_instant(fields["at"]),
        impact=fields["impact"].value,
        root_cause=fields["root_cause"].value,
        fix=fields["fix"].value,
        state=_one_of(fields["state"], "state", STATES),
        severity=Severity(_one_of(fields["severity"], "severity", KNOWN)),
        metric=_one_of(fields["metric"], "metric", ("", *METRICS)) if "metric" in fields else "",
    )
    return Page(page.name, incident, int(fields["state"].place.rpartition(":")[2]))


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
            raise ReleaseError(f"{place} {key}: the single quotes do not match. Mend them, or use double ones.")
        return written[1:-1].replace("''", "'")
    # To YAML these are a list, a mapping, a comment or a block, and the page would not be built.
    if written.startswith(STRUCTURE) or ": " in written or written.endswith(":") or " #" in written:
        raise ReleaseError(f"{place} {key}: put the value in double quotes: {json.dumps(written, ensure_ascii=False)}")
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
        raise ReleaseError(f"{field.place} {key}: {field.value!r} is not one of {', '.join(words)}. Choose one.")
    return word


# ── writing ──────────────────────────────────────────────────────────────────


def new_page(incident: Incident, *, says: str, **more: str) -> str:
    """The text of a page for an incident: its front matter, and what a person has to complete."""
    values = {
        "id": incident.id,
        "at": f"{incident.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "severity": str(incident.severity),
        "state": incident.state,
        "metric": incident.metric,
        "impact": incident.impact,
        "root_cause": incident.root_cause,
        "fix": incident.fix,
        **more,
    }
    front = [f"{key}: {_quoted(value)}" for key, value in values.items()]
    return "\n".join([FENCE, *front, FENCE, "", f"# {incident.id}", "", says, ""])


def edited(page: Path, changes: Mapping[str, str]) -> str:
    """The text of a page with other values in its front matter; all else as it was.

    :raises ReleaseError: the page is none of an incident.
    """
    read_page(page)
    lines = page.read_text(encoding="utf-8-sig").splitlines()
    end = next(number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE)
    for key, value in changes.items():
        written = f"{key}: {_quoted(value)}"
        at = next((n for n in range(1, end) if lines[n].partition(":")[0] == key), None)
        if at is None:
            lines.insert(end, written)
            end += 1
        else:
            lines[at] = written
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    """One line that YAML and JSON read alike, whatever stands in it."""
    one_line = " ".join(value.split())
    return json.dumps("".join(sign if sign.isprintable() else "\ufffd" for sign in one_line), ensure_ascii=False)
