"""Judges what users install, against the last accepted release: on each Python, by its files, by what it offers.

These are signs of health as the figures of its runs are: beside the five metrics, and in none of them. An import time
is of one machine and shown only; what could not be had, or was never looked at, is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from atalaya.core.words import Text, text
from atalaya.metrics.health.signs import (
    COMPAT_DEPENDENCIES,
    COMPAT_PYTHON,
    NO_BASIS,
    NOTHING,
    PUBLIC_API,
    PUBLISHED_FILES,
    sign,
)
from atalaya.records.judged import HealthSign, HealthState, SeenRun
from atalaya.records.stored import Artefact, Compatibility, Evidence, Outcome, PublicApi
from atalaya.watch.api_changes import Incomparable, changes

MOST_TOLD, MOST_KEPT = 3, 100  # sentences of what has changed: in the line, and in the list below it

STATES: dict[Outcome, HealthState] = {
    Outcome.KEPT: HealthState.WITHIN,
    Outcome.BROKEN: HealthState.OVER,
    Outcome.NOT_APPLICABLE: HealthState.SHOWN,
    Outcome.UNKNOWN: HealthState.UNKNOWN,
}
INSTALLED = "installed"  # the origin of what was read from the SDK that was run, and from no commit
SDISTS = (".tar.gz", ".zip")


class Installed(NamedTuple):
    """What a ledger holds of what users install, oldest first."""

    rooms: tuple[Compatibility, ...] = ()
    apis: tuple[PublicApi, ...] = ()
    looks: tuple[Artefact, ...] = ()


class Before(NamedTuple):
    """The last accepted release, and what its ledger holds."""

    version: str
    installed: Installed


def installed(records: Sequence[Evidence]) -> Installed:
    """What these records hold; they are those that count, oldest first."""
    return Installed(
        tuple(one for one in records if isinstance(one, Compatibility)),
        tuple(one for one in records if isinstance(one, PublicApi)),
        tuple(one for one in records if isinstance(one, Artefact) and not one.problem),
    )


def signs(now: Installed, before: Before | None) -> Iterator[HealthSign]:
    """Every sign, a line each; one without any record says so."""
    yield from _compat(COMPAT_PYTHON, [one for one in now.rooms if not one.dependencies], before)
    yield from _compat(COMPAT_DEPENDENCIES, [one for one in now.rooms if one.dependencies], before)
    yield _files(now.looks, before)
    yield _api(now.apis, before)


# ── on each Python, and with each set of dependencies ────────────────────────


def _compat(id: str, rooms: Sequence[Compatibility], before: Before | None) -> Iterator[HealthSign]:
    allowed = text("It can be installed and imported, and a client of it be built.")
    if not rooms:
        yield sign(id, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    for room in sorted({_room(one) for one in rooms}):
        seen = [one for one in rooms if _room(one) == room]
        last = seen[-1]
        was = [one for one in before.installed.rooms if _room(one) == room] if before else []
        decided = [one for one in seen if one.outcome in (Outcome.KEPT, Outcome.BROKEN)]
        yield sign(
            id,
            STATES[last.outcome],
            _shown(last),
            allowed,
            _beside(before.version, was[-1]) if before and was else NO_BASIS,
            about=last.dependencies or last.python,
            runs=tuple(SeenRun(one.occurred_at, one.outcome is Outcome.KEPT) for one in decided),
        )


def _room(one: Compatibility) -> tuple[tuple[int, ...], str, str]:
    """What an environment is told from others by; versions sort as numbers."""
    numbers = tuple(int(part) for part in one.python.split(".") if part.isdigit())
    return numbers, one.python if not one.dependencies else "", one.dependencies


def _shown(one: Compatibility) -> Text:
    if one.outcome is not Outcome.KEPT:
        return text("{reason}", reason=one.reason)
    if one.import_ms is None or one.client_ms is None:
        return text("On {python} it is imported in {ms:.0f} ms.", python=one.ran_on, ms=one.import_ms or 0.0)
    return text(
        "On {python} it is imported in {ms:.0f} ms, and a first client is built in {client_ms:.0f} ms.",
        python=one.ran_on,
        ms=one.import_ms,
        client_ms=one.client_ms,
    )


def _beside(version: str, was: Compatibility) -> Text:
    """What the last accepted release showed there; a time of another day is shown, and no test is made of it."""
    match was.outcome:
        case Outcome.KEPT:
            return text("{version}: {said}", version=version, said=_shown(was))
        case Outcome.BROKEN:
            return text("{version} failed there too: {reason}", version=version, reason=was.reason)
        case _:
            return text("Of {version} it is not known: {reason}", version=version, reason=was.reason)


# ── sdist and wheel ──────────────────────────────────────────────────────────


def _files(looks: Sequence[Artefact], before: Before | None) -> HealthSign:
    """Whether every kind of file is served that the last accepted release had."""
    allowed = text("every kind of file that the last accepted release had")
    if not looks:
        return sign(PUBLISHED_FILES, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    sdists, wheels = _kinds(looks[-1])
    said = _files_said(sdists, wheels)
    told = [one for one in before.installed.looks if one.files] if before else []
    if before is None or not told:
        state = HealthState.NO_BASIS if sdists or wheels else HealthState.UNKNOWN
        return sign(PUBLISHED_FILES, state, said, allowed, NO_BASIS)
    base = _kinds(told[-1])
    reason = text("{version}: {said}", version=before.version, said=_files_said(*base))
    runs = tuple(SeenRun(one.occurred_at, _has(one, base)) for one in looks)
    state = HealthState.WITHIN if _has(looks[-1], base) else HealthState.OVER
    return sign(PUBLISHED_FILES, state, said, allowed, reason, runs=runs)


def _kinds(look: Artefact) -> tuple[int, int]:
    """How many sdists and how many wheels it lists that nobody has yanked."""
    names = [file.name for file in look.files if not file.yanked]
    return sum(name.endswith(SDISTS) for name in names), sum(name.endswith(".whl") for name in names)


def _has(look: Artefact, base: tuple[int, int]) -> bool:
    return all(now or not was for now, was in zip(_kinds(look), base, strict=True))


def _files_said(sdists: int, wheels: int) -> Text:
    return text("sdists: {sdists}, wheels: {wheels}", sdists=sdists, wheels=wheels)


# ── what it offers ───────────────────────────────────────────────────────────


def _api(apis: Sequence[PublicApi], before: Before | None) -> HealthSign:
    """What broke, in sentences. It is shown only: a release may mean to break what it breaks."""
    allowed = text("none")
    own = [one for one in apis if one.origin == INSTALLED]
    if not own:
        return sign(PUBLIC_API, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    last = own[-1]
    names = text("modules: {n}", n=len(last.modules))
    old = _api_of(before, apis) if before else None
    if before is None or old is None:
        return sign(PUBLIC_API, HealthState.NO_BASIS, names, allowed, NO_BASIS)
    against = text("Compared with {version}, by griffe.", version=before.version)
    try:
        found = changes(old, last)
    except Incomparable as why:
        reason = text("It cannot be compared with {version}: {why}", version=before.version, why=str(why))
        return sign(PUBLIC_API, HealthState.UNKNOWN, names, allowed, reason)
    if not found:
        said = text("Nothing that users could rely on is gone or has changed.")
        return sign(PUBLIC_API, HealthState.WITHIN, said, allowed, against, k=0)
    return sign(PUBLIC_API, HealthState.SHOWN, _first(found), allowed, against, k=len(found), says=found[:MOST_KEPT])


def _api_of(before: Before, apis: Sequence[PublicApi]) -> PublicApi | None:
    """What the last accepted release offered: by its own ledger, else as this watch read it from its commit."""
    own = [one for one in before.installed.apis if one.origin == INSTALLED]
    read = [one for one in apis if one.origin != INSTALLED and one.version == before.version]
    return next(reversed([*read, *own]), None)


def _first(found: tuple[Text, ...]) -> Text:
    values: dict[str, Any] = {f"said_{number}": one for number, one in enumerate(found[:MOST_TOLD])}
    shown = Text(template=" ".join(f"{{{name}}}" for name in values), values=values)
    if len(found) <= MOST_TOLD:
        return shown
    return text("{shown} And {n} more.", shown=shown, n=len(found) - MOST_TOLD)
