"""What do users install, is it what CI built, and what moved under it?"""

from __future__ import annotations

from checks.includes import myst
from checks.includes.voice import Voice
from checks.records import N_, Artefact, ArtefactFinding, Judgement, Move, PublishedFile
from checks.release.artefact import as_built
from checks.window import elapsed_h

MOST = 200  # lines of a list: a hostile index can make more than anybody reads


def artefact(judgement: Judgement, voice: Voice) -> str:
    """What the index serves, held against CI and against T+0."""
    if not judgement.artefacts:
        return voice(
            N_(
                "What is published has not been looked at: whether users get what CI built is not known. "
                "`[artefact] project` in `watch.toml` names it."
            )
        )
    newest = judgement.artefacts[-1]
    built = as_built(judgement.built)
    return myst.paragraphs(
        voice(
            N_("{project} {version} on {index}, looked at {n} times, the last on {at}."),
            project=newest.project,
            version=newest.version,
            index=newest.index,
            n=len(judgement.artefacts),
            at=newest.occurred_at,
        ),
        voice(N_("It could not be asked then: {why}"), why=newest.problem) if newest.problem else "",
        _wrong(judgement.published, newest, voice),
        _files(newest, built, voice),
        voice(N_("{n} more files of this version are listed, and were not looked at."), n=newest.not_looked_at)
        if newest.not_looked_at
        else "",
        "" if built else voice(N_("What CI built is not known, so nothing is held against it.")),
        _brings(newest, voice),
    )


def _wrong(published: tuple[ArtefactFinding, ...], newest: Artefact, voice: Voice) -> str:
    """What is wrong, then what was; where nothing is, whether everything was seen."""
    if published:
        ranked = sorted(published, key=lambda one: one.gone_at is not None)
        lines = [f"{voice.say(one.says)} {_since(one, voice)}" for one in ranked[:MOST]]
        if len(ranked) > MOST:
            lines.append(voice(N_("And {n} more."), n=len(ranked) - MOST))
        return myst.bullets(lines)
    if newest.problem or not newest.files:
        return ""
    if newest.not_known:
        return voice(
            N_("Nothing wrong was seen in what could be looked at. Of {n} files it is not known."), n=newest.not_known
        )
    return voice(N_("Nothing is wrong with what is served."))


def _since(one: ArtefactFinding, voice: Voice) -> str:
    if one.gone_at is None:
        return voice(N_("First seen on {at}."), at=one.at)
    return voice(N_("First seen on {at}, and no more on {gone}."), at=one.at, gone=one.gone_at)


def _files(newest: Artefact, built: dict[str, tuple[str, ...]] | None, voice: Voice) -> str:
    if not newest.files:
        return "" if newest.problem else voice(N_("It listed no file of this version."))
    header = [
        voice(N_("File")),
        voice(N_("Bytes")),
        voice(N_("SHA-256")),
        voice(N_("As CI built it")),
        voice(N_("Yanked")),
    ]
    rows = [
        [
            voice.literal(file.name),
            voice.number(file.size_bytes) if file.size_bytes is not None else "–",
            voice.literal(file.sha256[:16]) if file.sha256 else voice.plain(file.problem),
            _as_built(file, built, voice),
            voice.mark("✖", voice(N_("yes")), "bad") if file.yanked else voice.mark("●", voice(N_("no")), "good"),
        ]
        for file in newest.files
    ]
    return myst.table(voice(N_("What users get")), header, rows, classes="cards artefact")


def _as_built(file: PublishedFile, built: dict[str, tuple[str, ...]] | None, voice: Voice) -> str:
    if built is None or (file.name in built and not file.sha256):
        return voice.mark("○", voice(N_("not known")), "unknown")
    if file.sha256 in built.get(file.name, ()):
        return voice.mark("●", voice(N_("yes")), "good")
    return voice.mark("✖", voice(N_("no")), "bad")


def _brings(newest: Artefact, voice: Voice) -> str:
    if newest.unresolved or not newest.resolved:  # it brings itself along, at least
        return voice(N_("What installing it brings along is not known: {why}"), why=newest.unresolved)
    return myst.dropdown(
        voice(N_("What installing it brings along: {n} packages"), n=len(newest.resolved)), myst.block(newest.resolved)
    )


def moves(judgement: Judgement, voice: Voice) -> str:
    """Every package, Python and system that changed in the window, and when."""
    if not judgement.moves:
        return voice(N_("Nothing moved between two runs on the same machine, as far as was looked."))
    caption = voice(N_("What moved in the window: {n} changes"), n=len(judgement.moves))
    return table(judgement, judgement.moves, caption, voice)


def table(judgement: Judgement, found: tuple[Move, ...], caption: str, voice: Voice) -> str:
    """A row for each change, with its hour of the watch."""
    header = [
        voice(N_("When (UTC)")),
        voice(N_("Hour")),
        voice(N_("What")),
        voice(N_("From")),
        voice(N_("To")),
        voice(N_("Where")),
    ]
    rows = [
        [
            voice.at(move.at),
            _hour(judgement, move, voice),
            myst.span(voice.literal(move.what), "row-name"),
            voice.literal(move.before),
            voice.literal(move.after),
            voice.literal(move.where),
        ]
        for move in found[:MOST]
    ]
    return myst.table(caption, header, rows, classes="cards moves")


def _hour(judgement: Judgement, move: Move, voice: Voice) -> str:
    hours = elapsed_h(judgement.release, move.at)
    return f"T\\+{voice.number(hours, '.1f')}"
