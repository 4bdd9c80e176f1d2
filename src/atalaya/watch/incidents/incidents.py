"""Reads the pages of incidents: free text, and what their front matter says that no record does.

An incident is its records. Its page, ``incidents/<slug of its id>.md``, is for people: whatever stands in it, is
missing from it or is wrong with it, nothing is judged by it. ``index.md`` and names that begin with an underscore are
no pages of incidents.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import IncidentPage
from atalaya.records.stored import IncidentStep, Severity
from atalaya.watch.states import INCIDENT, states

FENCE = "---"
STATES = states(INCIDENT)
MOST_BYTES = 1_000_000  # a page that is larger was written by no person, and would be read with each judgement
MOST_LINES, LONGEST = 12, 200  # what is shown of front matter that is not recorded
STRUCTURE = tuple("|>[]{}&*!%@`?,#")  # what begins a value that is more than one line of text to YAML
ALL = "incidents"  # the page of all incidents
_LINKED = re.compile(r"[a-zA-Z0-9._-]+")  # the names of pages that the role ``release`` leads to
_LIVE = re.compile(r"^```\{live\} incident-(\S+)\n```\n+", re.MULTILINE)


class Parts(NamedTuple):
    """A page, taken apart: the lines of its front matter, the words of its first heading, and the free text."""

    front: tuple[str, ...]
    title: str
    body: str


def slug(id: str) -> str:
    """The id of an incident as files are called that are about it: another id is another file.

    >>> slug("INC-3F2A91"), slug("la caché")
    ('inc-3f2a91', 'la-cach-342814')
    """
    name = re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-") or "incident"
    if name == id.lower():
        return name
    return f"{name[:60]}-{hashlib.sha256(id.encode('utf-8', 'backslashreplace')).hexdigest()[:6]}"


def read_pages(folder: Path, transitions: Sequence[IncidentStep]) -> tuple[IncidentPage, ...]:
    """The pages of a folder, by name. A folder that does not exist holds none; no page is an error.

    :param transitions: the steps of all incidents, in order.
    """
    latest = latest_by_slug(transitions)
    return tuple(_read_page(file, latest) for file in page_files(folder))


def latest_by_slug(transitions: Sequence[IncidentStep]) -> dict[str, IncidentStep]:
    """The last step of each incident, by the name of the file that is its page."""
    return {slug(one.incident): one for one in transitions}


def page_files(folder: Path) -> list[Path]:
    """The files of a folder that are pages of incidents."""
    return [file for file in sorted(folder.glob("*.md")) if file.name != "index.md" and file.name[0] != "_"]


def document(page: IncidentPage) -> str:
    """The name of a page on the site, from the front of its release; the table of all incidents, where no link can."""
    name = page.name.removesuffix(".md")
    return f"incidents/{name}" if _LINKED.fullmatch(name) and page.problem is None else ALL


def page_of(incident: str, pages: Iterable[IncidentPage]) -> str:
    """Where an incident is told of: on its page; without one that can be shown, on the page of all, at its account."""
    of_it = (document(page) for page in pages if page.incident == incident)
    return next((name for name in of_it if name != ALL), f"{ALL}#{account_id(incident)}")


def account_id(incident: str) -> str:
    """The id, on the page of all incidents, of what is told of one that has no page."""
    return f"incident-{slug(incident)}"


def address_of(incident: str, pages: Iterable[IncidentPage]) -> str:
    """:func:`page_of` as an address, from the front of the release."""
    name, hash, anchor = page_of(incident, pages).partition("#")
    return f"{name}.html{hash}{anchor}"


def pasted(id: str) -> str:
    """The id as it is pasted; one that a shell or Markdown might read otherwise, as a placeholder.

    >>> pasted("INC-3F2A91"), pasted("$(reboot)")
    ('INC-3F2A91', 'ID')
    """
    return id if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", id) else "ID"


def _read_page(file: Path, latest: Mapping[str, IncidentStep]) -> IncidentPage:
    name = file.name.encode("utf-8", "replace").decode()
    content = content_of(file)
    parts = taken_apart(content, slug(file.stem)) if isinstance(content, str) else Parts((), "", "")
    last = recorded_for(file, parts, latest)
    lines = [line for line in parts.front if line.strip() and line[0] != "#" and not says(line, last)]
    shown = [line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in lines[:MOST_LINES]]
    return IncidentPage(
        name=name,
        incident=last.incident if last else "",
        title=one_line(parts.title),
        not_recorded=(*shown, *(["…"] if len(lines) > MOST_LINES else [])),
        problem=content if isinstance(content, Text) else None,
    )


def recorded_for(file: Path, parts: Parts, latest: Mapping[str, IncidentStep]) -> IncidentStep | None:
    """The last step of the incident that a page is about: by its name, else by the id in its front matter."""
    ids = [value for key, value in map(_field, parts.front) if key == "id" and value]
    return next((latest[name] for name in (slug(file.stem), *map(slug, ids)) if name in latest), None)


def content_of(file: Path) -> str | Text:
    """What a page holds, or why it cannot be shown."""
    try:
        about = file.lstat()
        if not stat.S_ISREG(about.st_mode) or file.parent.is_symlink():
            return text("It is a link or no file at all. Put the text itself there.")
        if about.st_size > MOST_BYTES:
            return text(
                "It has {size} bytes, and a page may have {most}. Shorten it.", size=about.st_size, most=MOST_BYTES
            )
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return text("It is not UTF-8 text. Save it as that.")
    except OSError as why:
        return text("It cannot be read: {why}.", why=why.strerror or str(why))


def taken_apart(content: str, own: str) -> Parts:
    """The parts of a page.

    :param own: the name of its own fragment, which stands above the free text anyway.
    """
    lines = content.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    front: list[str] = []
    if len(ends) > 1 and ends[0] == 0:
        front, lines = lines[1 : ends[1]], lines[ends[1] + 1 :]
    body = "\n".join(lines).strip("\n") + "\n"
    title = ""
    if body.startswith("# "):
        heading, _, body = body.partition("\n")
        title = heading[2:].strip()
    body = _LIVE.sub(lambda found: "" if found[1] == own else found[0], body.lstrip("\n"))
    return Parts(tuple(front), title, body)


def new_page(id: str, body: str = "", *, title: str = "") -> str:
    """The text of a page: its heading, and what a person wrote, or is to write."""
    return f"# {title or id}\n\n" + (
        body
        or "Write here what happened, in the order in which it did: this text is yours.\n"
        "What is recorded of the incident stands above it on the site. To change that: "
        f"`atalaya release incident {id} --state STATE --root-cause TEXT --fix TEXT --why TEXT`.\n"
    )


# ── front matter ─────────────────────────────────────────────────────────────


def one_line(value: str) -> str:
    """A value as one line that can be printed, which is how it is compared.

    >>> one_line("  polls are\\nstale ")
    'polls are stale'
    """
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(value.split()))


def _instant(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("it is no instant with a zone, such as 2026-01-31T09:00:00Z")


def _severity(value: str) -> Severity:
    return Severity(_one_of([one.value for one in Severity], value))


def _one_of(words: Sequence[str], value: str) -> str:
    if value.lower() not in words:
        raise ValueError(f"it is not one of {', '.join(words)}")
    return value.lower()


def _several(value: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, value.split(","))))


# What the front matter of an old page may hold: how each value is read, and the field of the record that holds it.
FIELDS: dict[str, tuple[Callable[[str], object], str]] = {
    "id": (one_line, "incident"),
    "at": (_instant, "opened_at"),
    "severity": (_severity, "severity"),
    "state": (partial(_one_of, STATES), "state"),
    "metric": (partial(_one_of, tuple(METRICS)), "metric"),
    "impact": (one_line, "impact"),
    "root_cause": (one_line, "root_cause"),
    "fix": (one_line, "fix"),
    "rule": (one_line, "rule"),
    "fingerprint": (_several, "fingerprints"),
    "blocks": (_several, "blocks"),
}


def _field(line: str) -> tuple[str, str]:
    """The key and the value of a line of front matter, the key empty where it is none."""
    key, colon, rest = line.partition(":")
    value = rest.strip()
    if not colon or key != key.strip() or value.startswith(STRUCTURE):
        return "", line
    if value.startswith('"'):
        try:
            return key, one_line(str(json.loads(value)))
        except ValueError:
            return "", line
    if value.startswith("'") and value.endswith("'") and len(value) > 1:
        value = value[1:-1].replace("''", "'")
    return key, one_line(value)


def value_of(line: str) -> tuple[str, object]:
    """The key and the value of one field of an incident.

    :raises ValueError: the line holds none, or a value that no record may hold.
    """
    key, value = _field(line)
    if key not in FIELDS:
        raise ValueError("it is no field of an incident")
    return key, FIELDS[key][0](value)


def says(line: str, last: IncidentStep | None) -> bool:
    """Whether a line of front matter says nothing, or just what the last record of its incident says."""
    key, value = _field(line)
    if key in FIELDS and not value:
        return True
    try:
        read = value_of(line)[1]
    except ValueError:
        return False
    if last is None:
        return False
    held = getattr(last, FIELDS[key][1])
    if isinstance(read, tuple):
        return set(read) <= set(held)
    return bool(read == (one_line(held) if isinstance(held, str) else held))
