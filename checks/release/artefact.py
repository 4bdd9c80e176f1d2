"""Is what users install what CI built, and is it what it was at T+0?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from checks.records import N_, Artefact, ArtefactFinding, Built, Evidence, PublishedFile, Severity, Text, text


class Compared(NamedTuple):
    """A file as it is now, as it was at first, and as CI built it; None where there is none."""

    now: PublishedFile | None
    first: PublishedFile | None
    built: str | None


class Rule(NamedTuple):
    """One line of the table: what is wrong with a file, and how much it matters."""

    id: str
    severity: Severity
    says: str
    tells: Callable[[Compared], Text | None]


def _not_as_built(one: Compared) -> Text | None:
    if one.now is None or one.built is None or not one.now.sha256 or one.now.sha256 == one.built:
        return None
    return text("{file} is not what CI built: {now} is served, {built} was built.", file=one.now.name,
                now=one.now.sha256[:12], built=one.built[:12])  # fmt: skip


def _replaced(one: Compared) -> Text | None:
    if one.now is None or one.first is None or not (one.now.sha256 and one.first.sha256):
        return None
    if one.now.sha256 == one.first.sha256:
        return None
    return text("{file} was replaced: it was {first}, and is {now}.", file=one.now.name, first=one.first.sha256[:12],
                now=one.now.sha256[:12])  # fmt: skip


def _claim_differs(one: Compared) -> Text | None:
    if one.now is None or not one.now.claimed or not one.now.sha256 or one.now.claimed == one.now.sha256:
        return None
    return text("The index names another digest of {file} than its bytes have.", file=one.now.name)


def _yanked(one: Compared) -> Text | None:
    if one.now is None or not one.now.yanked:
        return None
    return text("{file} was yanked: {reason}", file=one.now.name, reason=one.now.yanked_reason or "-")


def _gone(one: Compared) -> Text | None:
    if one.now is not None or one.first is None:
        return None
    return text("{file} is gone from the index.", file=one.first.name)


def _metadata(one: Compared) -> Text | None:
    if one.now is None or one.first is None:
        return None
    if (one.now.requires_python, one.now.metadata) == (one.first.requires_python, one.first.metadata):
        return None
    return text("The metadata of {file} has changed: it asked for Python {first}, and asks for {now}.",
                file=one.now.name, first=one.first.requires_python or "-",
                now=one.now.requires_python or "-")  # fmt: skip


def _added(one: Compared) -> Text | None:
    if one.now is None or one.first is not None:
        return None
    return text("{file} was added after T+0.", file=one.now.name)


RULES: tuple[Rule, ...] = (
    Rule(
        "artefact-not-built", Severity.CRITICAL, N_("A published file is not what CI built."), _not_as_built
    ),
    Rule(
        "artefact-replaced", Severity.CRITICAL, N_("A published file has other bytes than before."), _replaced
    ),
    Rule(
        "artefact-claim",
        Severity.CRITICAL,
        N_("The index names a digest that the file has not."),
        _claim_differs,
    ),
    Rule("artefact-yanked", Severity.CRITICAL, N_("A published file was yanked."), _yanked),
    Rule("artefact-gone", Severity.CRITICAL, N_("A published file is gone."), _gone),
    Rule("artefact-metadata", Severity.MAJOR, N_("The metadata of a published file has changed."), _metadata),
    Rule("artefact-added", Severity.MAJOR, N_("A file was published after T+0."), _added),
)


def findings(records: Sequence[Evidence]) -> tuple[ArtefactFinding, ...]:
    """What is wrong with what is served by the newest look, held against the first look and against CI.

    :param records: those that count, oldest first.
    """
    looks = [one for one in records if isinstance(one, Artefact) and not one.problem]
    if not looks:
        return ()
    built = {file.name: file.sha256 for one in records if isinstance(one, Built) for file in one.files}
    first, now = ({file.name: file for file in look.files} for look in (looks[0], looks[-1]))
    return tuple(_found(first, now, built, looks[-1].occurred_at))


def _found(
    first: dict[str, PublishedFile], now: dict[str, PublishedFile], built: dict[str, str], at: datetime
) -> Iterator[ArtefactFinding]:
    for name in sorted(first.keys() | now.keys()):
        compared = Compared(now.get(name), first.get(name), built.get(name))
        for rule in RULES:
            says = rule.tells(compared)
            if says is not None:
                yield ArtefactFinding(rule=rule.id, severity=rule.severity, file=name, says=says, at=at)
