"""Findings about the published package: not what CI built, or changed since the first look-up.

Each look is held against the one before it, so that a fault that was mended between two looks stays told. Where a look
could not see, nothing begins and nothing ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import dropwhile
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.words import N_, Text, text
from atalaya.records.judged import ArtefactFinding
from atalaya.records.stored import Artefact, Built, Evidence, Outcome, PublishedFile, Severity


class Known(NamedTuple):
    """What a file of one name is held against.

    ``first`` is how the index listed it when it was first seen, and ``sha256`` the first digest that its bytes had,
    empty while nobody could fetch them. ``is_late`` means that the first look that saw files did not list it.
    """

    first: PublishedFile
    sha256: str
    is_late: bool


class Compared(NamedTuple):
    """A file as one look saw it, None where it was gone; ``built`` are the digests that CI gave to this name.

    ``built`` is None where CI said nothing of what it built, and empty where it did not build this one.
    """

    now: PublishedFile | None
    known: Known
    built: tuple[str, ...] | None


class Rule(NamedTuple):
    """One line of the table: what is wrong with a file, and how much it matters.

    ``tells`` gives a sentence where it is wrong, KEPT where it is not, UNKNOWN where nobody can tell.
    """

    id: str
    severity: Severity
    says: str
    tells: Callable[[Compared], Text | Outcome]


def _not_as_built(one: Compared) -> Text | Outcome:
    if one.now is None:
        return Outcome.KEPT
    if one.built is None:
        return Outcome.UNKNOWN
    if not one.built:
        return text("{file} is served, and is not among what CI built.", file=one.now.name)
    if not one.now.sha256:
        return Outcome.UNKNOWN
    if one.now.sha256 in one.built:
        return Outcome.KEPT
    return text(
        "{file} is not what CI built: {now} is served, {built} was built.",
        file=one.now.name,
        now=one.now.sha256[:12],
        built=one.built[-1][:12],
    )


def _replaced(one: Compared) -> Text | Outcome:
    if one.now is None:
        return Outcome.KEPT
    if not (one.now.sha256 and one.known.sha256):
        return Outcome.UNKNOWN
    if one.now.sha256 == one.known.sha256:
        return Outcome.KEPT
    return text(
        "{file} was replaced: it was {first}, and is {now}.",
        file=one.now.name,
        first=one.known.sha256[:12],
        now=one.now.sha256[:12],
    )


def _claim_differs(one: Compared) -> Text | Outcome:
    if one.now is None:
        return Outcome.KEPT
    if not (one.now.claimed and one.now.sha256):
        return Outcome.UNKNOWN
    if one.now.claimed == one.now.sha256:
        return Outcome.KEPT
    return text("The index names another digest of {file} than its bytes have.", file=one.now.name)


def _yanked(one: Compared) -> Text | Outcome:
    if one.now is None or not one.now.yanked:
        return Outcome.KEPT
    return text("{file} was yanked: {reason}", file=one.now.name, reason=one.now.yanked_reason or "-")


def _gone(one: Compared) -> Text | Outcome:
    if one.now is not None:
        return Outcome.KEPT
    return text("{file} is gone from the index.", file=one.known.first.name)


def _metadata(one: Compared) -> Text | Outcome:
    now, first = one.now, one.known.first
    if now is None or (now.requires_python, now.metadata) == (first.requires_python, first.metadata):
        return Outcome.KEPT
    return text(
        "The metadata of {file} has changed: it asked for Python {first}, and asks for {now}.",
        file=now.name,
        first=first.requires_python or "-",
        now=now.requires_python or "-",
    )


def _added(one: Compared) -> Text | Outcome:
    if one.now is None or not one.known.is_late:
        return Outcome.KEPT
    return text("{file} was added after the first look that saw the release.", file=one.now.name)


RULES: tuple[Rule, ...] = (
    Rule("artefact-not-built", Severity.CRITICAL, N_("A published file is not what CI built."), _not_as_built),
    Rule("artefact-replaced", Severity.CRITICAL, N_("A published file has other bytes than before."), _replaced),
    Rule("artefact-claim", Severity.CRITICAL, N_("The index names a digest that the file has not."), _claim_differs),
    Rule("artefact-yanked", Severity.CRITICAL, N_("A published file was yanked."), _yanked),
    Rule("artefact-gone", Severity.CRITICAL, N_("A published file is gone."), _gone),
    Rule("artefact-metadata", Severity.MAJOR, N_("The metadata of a published file has changed."), _metadata),
    Rule("artefact-added", Severity.MAJOR, N_("A file was published after the others."), _added),
)


def as_built(said: Iterable[Built]) -> dict[str, tuple[str, ...]] | None:
    """The digests that CI gave to each name, the newest last: a second build of the same file is CI's too.

    None where CI said nothing.
    """
    found: dict[str, tuple[str, ...]] = {}
    for file in (file for one in said for file in one.files):
        found[file.name] = (*(other for other in found.get(file.name, ()) if other != file.sha256), file.sha256)
    return found or None


def findings(records: Sequence[Evidence]) -> tuple[ArtefactFinding, ...]:
    """What was wrong with what was served, by file and by rule: since when, and whether it still is.

    It begins with the first look that saw files: before the upload there is nothing to hold them against.

    :param records: those that count, oldest first.
    """
    asked = (one for one in records if isinstance(one, Artefact) and not one.problem)
    looks = list(dropwhile(lambda look: not look.files, asked))
    built = as_built(one for one in records if isinstance(one, Built))
    known: dict[str, Known] = {}
    there: set[str] = set()
    found: dict[tuple[str, int], ArtefactFinding] = {}
    for look in looks:
        served = _by_name(look)
        for name in served.keys() | there:
            files = served.get(name, ())
            if not files and not _covers(look, name):
                continue
            is_late = look is not looks[0] and _covers(looks[0], name)
            known[name] = _known(known.get(name), files, is_late=is_late)
            said = None if built is None else built.get(name, ())
            compared = [Compared(now, known[name], said) for now in files or (None,)]
            for number, rule in enumerate(RULES):
                told = _worst([rule.tells(one) for one in compared])
                seen = _seen(found.get((name, number)), rule, name, told, look.occurred_at)
                if seen is not None:
                    found[name, number] = seen
        there = served.keys() | {name for name in there if not _covers(look, name)}
    return tuple(found[key] for key in sorted(found))


def _by_name(look: Artefact) -> Mapping[str, tuple[PublishedFile, ...]]:
    """The files of a look. An index can list a name twice, and either may be what a user gets."""
    files: dict[str, tuple[PublishedFile, ...]] = {}
    for file in look.files:
        files[file.name] = (*files.get(file.name, ()), file)
    return files


def _covers(look: Artefact, name: str) -> bool:
    """Whether a look would have shown a file of this name: those that it passed over sort behind its last one."""
    return not look.not_looked_at or name <= max((file.name for file in look.files), default="")


def _known(was: Known | None, files: Sequence[PublishedFile], *, is_late: bool) -> Known:
    sha256 = next((file.sha256 for file in files if file.sha256), "")
    if was is None:
        return Known(files[0], sha256, is_late)
    return was if was.sha256 else was._replace(sha256=sha256)


def _worst(told: Sequence[Text | Outcome]) -> Text | Outcome:
    wrong = next((one for one in told if isinstance(one, Text)), None)
    if wrong is not None:
        return wrong
    return Outcome.UNKNOWN if Outcome.UNKNOWN in told else Outcome.KEPT


def _seen(
    was: ArtefactFinding | None, rule: Rule, file: str, told: Text | Outcome, at: datetime
) -> ArtefactFinding | None:
    """A finding after one more look: its first sighting stays."""
    if isinstance(told, Text):
        return ArtefactFinding(
            rule=rule.id, severity=rule.severity, file=file, says=told, at=was.at if was else at, last_at=at
        )
    if was is not None and was.gone_at is None and told is Outcome.KEPT:
        return replace(was, gone_at=at)
    return was
