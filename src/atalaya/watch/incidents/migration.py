"""Turns the front matter of an old page of an incident into what its record lacks, and free text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import ReleaseError
from atalaya.core.words import Text
from atalaya.records.judged import Incident
from atalaya.records.stored import IncidentStep, Severity
from atalaya.watch.incidents.incidents import content_of, new_page, recorded_for, says, slug, taken_apart, value_of
from atalaya.watch.state_at import incident_of
from atalaya.watch.states import OPEN

REQUIRED = ("id", "at", "severity", "impact")  # of an incident that no record holds yet
_CAUSES = (("rule", "rule"), ("fingerprint", "fingerprints"), ("blocks", "blocks"))
# What an old page began with: it asks to complete the front matter, which is gone.
_TEMPLATE = re.compile(
    r"^Write here what happened, in the order in which it did\. In the front matter .*\n?", re.MULTILINE
)


class OldPage(NamedTuple):
    """A page whose front matter is to go.

    ``incident`` is as its record and its front matter together have it, ``causes`` what a step carries beside that.
    ``kept`` are the lines that no record can hold: they become text.
    """

    file: Path
    target: Path
    last: IncidentStep | None
    incident: Incident
    causes: Mapping[str, object]
    title: str
    body: str
    kept: tuple[str, ...]

    def as_text(self, kept: tuple[str, ...]) -> str:
        """The page as free text, with these lines of its front matter at the end."""
        body = _TEMPLATE.sub("", self.body.rstrip("\n") + "\n")
        if kept:
            fence = "`" * max((3, *(1 + len(run) for line in kept for run in re.findall("`+", line))))
            body += "\n".join(("\n## From the front matter, not recorded\n", f"{fence}text", *kept, fence, ""))
        return new_page(self.incident.id, body.lstrip("\n"), title=self.title)


def old_page(file: Path, latest: Mapping[str, IncidentStep]) -> OldPage | None:
    """A page of the old shape, taken apart; None where it has no front matter.

    :param latest: the last step of each incident, by its slug.
    :raises ReleaseError: it cannot become a record or free text: why, and what to do.
    """
    content = content_of(file)
    if isinstance(content, Text):
        raise ReleaseError(f"{file.name}: {content}")
    parts = taken_apart(content, slug(file.stem))
    if not parts.front:
        return None
    last = recorded_for(file, parts, latest)
    values, kept, wrong = _sorted(parts.front, last)
    id = str(values.get("id", last.incident if last else ""))
    if last is not None and slug(id) != slug(last.incident):
        raise ReleaseError(
            f"{file.name}: by its name it is about {last.incident}, and its front matter says {id}. Rename the file, "
            f"or correct the id."
        )
    if last is None and (lacks := [key for key in REQUIRED if key not in values]):
        raise ReleaseError(
            f"{file.name}: no record is about it, and to make one its front matter lacks {', '.join(lacks)}. "
            + "".join(f"{line}. " for line in wrong)
            + "Write them, or let the name of a page that is about no incident begin with an underscore."
        )
    target = file.with_name(f"{slug(id)}.md")
    if target.exists() and not target.samefile(file):
        raise ReleaseError(f"{file.name}: {target.name} is about {id} too. Move the text of one into the other.")
    causes = {name: values.pop(key) for key, name in _CAUSES if key in values}
    incident = replace(_blank(values) if last is None else incident_of(last), **values)
    if last is not None:
        incident = replace(incident, id=last.incident)
    return OldPage(file, target, last, incident, causes, parts.title, parts.body, tuple(kept))


def _sorted(front: tuple[str, ...], last: IncidentStep | None) -> tuple[dict[str, object], list[str], list[str]]:
    """What a record is to hold, the lines that stay text, and what is wrong with fields among those."""
    values: dict[str, object] = {}
    kept, wrong = [], []
    for number, line in enumerate(front, 2):
        if not line.strip() or says(line, last):
            continue
        try:
            key, value = value_of(line)
            if key in values:
                raise ValueError("it is there twice")
            values[key] = value
        except ValueError as why:
            kept.append(line)
            wrong.append(f"Line {number}, {line.strip()[:80]!r}: {why}")
    return values, kept, wrong


def _blank(values: Mapping[str, object]) -> Incident:
    at, severity = values["at"], values["severity"]
    assert isinstance(at, datetime)
    assert isinstance(severity, Severity)
    return Incident(id="", at=at, severity=severity, impact="", root_cause="", fix="", state=OPEN)
