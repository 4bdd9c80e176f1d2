"""The commands that close a watch and verify that its sealed folder is unchanged."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from atalaya.cli.as_of import ahead, judge_now, judged
from atalaya.cli.context import Context
from atalaya.cli.handover import write_handover
from atalaya.cli.instants import utc_now
from atalaya.cli.notify import deliver
from atalaya.cli.output import print_json, write_json, write_text
from atalaya.cli.recording import append_evidence, metadata_after, new_metadata
from atalaya.cli.who import who
from atalaya.core.errors import ReleaseError
from atalaya.core.whole_file import HALF, write_whole
from atalaya.core.window import EXTENSION_H, LONGEST_H, ends_at
from atalaya.records.judged import Judgement, SealState
from atalaya.records.stored import IncidentStep, Release, WatchTransition, record_metadata


def close(place: Context, args: argparse.Namespace) -> int:
    """Close a watch: carry its open incidents over, write the report and the backlog, seal the folder."""
    from atalaya.watch import close_checks, folder
    from atalaya.watch.seal import closing_step

    release = _to_close(place, args.release)
    where = place.releases / release.version
    step = closing_step(where)
    if step is None:
        _require_no_record_ahead(place, release)
        _require_no_extension(place, release)
        judgement = judge_now(place, release)
        carried = _carried(place, judgement, release, args)
        left = replace(
            judgement,
            incidents=tuple(
                replace(one, state="carried over") if one.id in {step.incident for step in carried} else one
                for one in judgement.incidents
            ),
        )
        hindered = [
            *close_checks.hinders(left, now=utc_now(), early=args.early),
            *map(str, judgement.disputed),
            *close_checks.left_on_pages(judgement),
        ]
        if hindered:
            for one in hindered:
                place.console.row("refused", one)
            first = (
                " Record how each incident stands: atalaya release incident ID --state STATE --why TEXT."
                if judgement.disputed
                else ""
            )
            raise ReleaseError(f"{release.version} cannot be closed yet: what hinders it stands above.{first}")
        append_evidence(place, release, carried)
        judgement = judge_now(place, release)
        step = WatchTransition(
            **new_metadata(release, judgement.as_of),
            state=close_checks.ends_as(judgement),
            window_h=folder.lasts_h(where, release),
            by=who(place, args),
            why=args.why,
            verdict=judgement.digest,
        )
        append_evidence(place, release, [step])
    judgement = judged(place, release, None)
    _write_close_out(place, where, judgement)
    deliver(place, judgement)  # a sealed folder takes no notice any more, so this is not kept
    _seal(where, judgement, step)
    _say(place, judgement, where)
    return 0


def _require_no_record_ahead(place: Context, release: Release) -> None:
    """
    :raises ReleaseError: what a clock ahead of ours has recorded would be sealed without being judged.
    """
    if (until := ahead(place, release, utc_now())) is not None:
        raise ReleaseError(
            f"{release.version} cannot be closed yet: a clock that is ahead has recorded something of "
            f"{until:%Y-%m-%d %H:%M:%S} UTC. Close it after that, and set the clock that wrote it."
        )


def _require_no_extension(place: Context, release: Release) -> None:
    """
    :raises ReleaseError: a critical incident asks for a longer window first.
    """
    if (longer := _longer_h(place, release, utc_now())) is not None:
        raise ReleaseError(
            f"{release.version} cannot be closed yet: {LONGER}. It has to be watched for {longer} h. Make its window "
            f"longer: atalaya watch does, and so does atalaya release extend --release {release.version} --why TEXT."
        )


def _to_close(place: Context, named: str | None) -> Release:
    """The release named, else the one that is neither sealed nor a rehearsal, if there is just one."""
    from atalaya.watch import folder
    from atalaya.watch.seal import is_sealed

    if named:
        release = folder.load(place.releases / named)
        if is_sealed(place.releases / named):
            raise ReleaseError(f"{named}: it is closed and sealed already. See it: atalaya release verify {named}.")
        if release.rehearsal:
            raise ReleaseError(f"{named}: a rehearsal is not closed: it never was a watch. Name another release.")
        return release
    found = [
        one
        for one in folder.find(place.releases)
        if not one.rehearsal
        and not one.version.startswith(folder.LOCAL)
        and not is_sealed(place.releases / one.version)
    ]
    if len(found) != 1:
        names = ", ".join(one.version for one in found) or "none"
        raise ReleaseError(f"release close: name the release with --release. Those that are not closed: {names}.")
    return found[0]


def _carried(place: Context, judgement: Judgement, release: Release, args: argparse.Namespace) -> list[IncidentStep]:
    """A step for each incident that is to be carried over.

    :raises ReleaseError: there is no such incident, or it is over already.
    """
    from atalaya.watch.states import CARRIED_OVER, INCIDENT, is_allowed

    latest = {one.incident: one for one in judgement.transitions}
    steps = []
    for id in args.carry:
        if id not in latest:
            raise ReleaseError(
                f"--carry {id}: no such incident is recorded. There are: {', '.join(latest) or 'none'}. One that only "
                f"a page tells of is recorded by: atalaya release migrate."
            )
        if not is_allowed(INCIDENT, latest[id].state, CARRIED_OVER):
            raise ReleaseError(
                f"--carry {id}: it is {latest[id].state}, and need not be carried over. Where that is not shown, "
                f"reopen it first: atalaya release incident {id} --state reopened --why TEXT."
            )
        said = {"state": CARRIED_OVER, "by": who(place, args), "why": args.why}
        steps.append(replace(latest[id], **metadata_after(release, latest[id]), **said))
    return steps


def _write_close_out(place: Context, where: Path, judgement: Judgement) -> None:
    """The report for machines and for printers, the backlog, and what a team publishes."""
    from atalaya.site.i18n.language import Language
    from atalaya.site.markup.renderer import Renderer
    from atalaya.site.outputs.handover import FOLDER
    from atalaya.site.outputs.json_output import closing_json
    from atalaya.site.outputs.printable import report
    from atalaya.watch.close_checks import asked_of_the_next

    write_text(where / "report.json", closing_json(judgement))
    write_text(where / "report.html", report(judgement, Renderer(Language(place.loaded.settings.watch.language))))
    write_json(where / "backlog.json", asked_of_the_next(judgement))
    write_handover(where / FOLDER, judgement)


def _seal(where: Path, judgement: Judgement, step: WatchTransition) -> None:
    """The seal comes last, whole or not at all, and lies on disk when this returns."""
    from atalaya.watch import seal

    for left in (*where.rglob(f".*{HALF}"), *where.rglob(".segment-*.tmp")):
        left.unlink()  # of a writer that was killed: nobody writes any more
    content = seal.make(where, judgement, step)
    try:
        write_whole(where / seal.NAME, content, lasting=True)
    except OSError as why:
        raise ReleaseError(f"{where}: cannot be sealed: {why}. Make room, and close it again.") from None


def _say(place: Context, judgement: Judgement, where: Path) -> None:
    from atalaya.site.outputs.handover import FOLDER
    from atalaya.watch.seal import state_of

    sealed = state_of(where)
    console = place.console
    console.row(
        str(judgement.verdict.word),
        f"{judgement.release.version} is closed and sealed: {sealed.files} files, seal {sealed.digest[:12]}",
    )
    console.line(f"  the report: {where / 'report.html'}")
    console.line(f"  to publish: {where / FOLDER}: the backlog, and go or no go")
    console.line(f"  open questions: {len(judgement.questions)}")
    console.line("  the next release begins with:")
    for item in judgement.backlog[:5]:
        console.line(f"    {item.priority} {item.id}: {item.says}")
    if len(judgement.backlog) > 5:
        console.line(f"    and {len(judgement.backlog) - 5} more, in {where / FOLDER / 'backlog.md'}")


def verify(place: Context, args: argparse.Namespace) -> int:
    """Prove that the folder of a closed release is what was sealed, or say what differs."""
    from atalaya.watch.seal import followers_of, state_of

    versions = [args.version] if args.version and _is_sealed_or_there(place, args.version) else _to_verify(place)
    states = {name: state_of(place.releases / name, followers_of(place.releases, name)) for name in versions}
    for name, state in states.items():
        _say_state(place, name, state)
    if args.json:
        print_json(
            {
                "schema": "atalaya.seals/1",
                "releases": {
                    name: {
                        "sealed": state.is_sealed,
                        "closed_at": state.closed_at,
                        "by": state.by,
                        "files": state.files,
                        "digest": state.digest,
                        "differs": [str(one) for one in state.differs],
                        "redacted": [str(one) for one in state.redacted],
                    }
                    for name, state in states.items()
                },
            }
        )
    if any(state.differs for state in states.values()):
        return 1
    return 0 if any(state.is_sealed for state in states.values()) else 3


def _is_sealed_or_there(place: Context, version: str) -> bool:
    """
    :raises ReleaseError: there is neither a seal nor a release of that name.
    """
    from atalaya.watch import folder, seal

    # What is sealed is held against its seal before anything in it is believed.
    return seal.is_sealed(place.releases / version) or bool(folder.load(place.releases / version).version)


def _to_verify(place: Context) -> list[str]:
    """All that is sealed, whatever its other files say by now, and the watches that are not sealed yet."""
    from atalaya.watch import folder, seal

    sealed = [file.parent.name for file in place.releases.glob(f"*/{seal.NAME}")]
    others = [file.parent for file in place.releases.glob("*/release.toml") if file.parent.name not in sealed]
    return sorted([*sealed, *(where.name for where in others if not folder.load(where).rehearsal)])


def _say_state(place: Context, name: str, state: SealState) -> None:
    if state.differs:
        place.console.row("broken", f"{name}: it is not what was sealed")
        for one in state.differs:
            place.console.line(f"    {one}")
    elif state.is_sealed:
        place.console.row("kept", f"{name}: {state.files} files, as they were sealed; seal {state.digest[:12]}")
    else:
        place.console.row("unknown", f"{name}: it is not sealed yet")
    for one in state.redacted:
        place.console.row("redacted", f"{name}: {one}")


def extend_what_needs_it(place: Context) -> None:
    """A watch whose window has ended with a critical incident open goes on for 24 hours, twice at most."""
    from atalaya.watch import folder
    from atalaya.watch.states import EXTENDED

    now = utc_now()
    for release in folder.find(place.releases):
        longer = _longer_h(place, release, now)
        if longer is None:
            continue
        why = f"{LONGER[0].upper()}{LONGER[1:]}."
        step = WatchTransition(**new_metadata(release), state=EXTENDED, window_h=longer, by="atalaya", why=why)
        append_evidence(place, release, [step])
        place.console.line(f"  {release.version} is watched for {longer} h: {why}")


LONGER = "a critical incident is open at the end of the window"


def _longer_h(place: Context, release: Release, now: datetime) -> int | None:
    """For how many hours a watch has to go on whose window has just ended with a critical incident open; else None."""
    from atalaya.watch import close_checks, folder
    from atalaya.watch.seal import closing_step, is_sealed

    where = place.releases / release.version
    if release.rehearsal or is_sealed(where) or not ends_at(release) <= now < ends_at(release, LONGEST_H):
        return None
    lasts = folder.lasts_h(where, release)
    ends = ends_at(release, lasts)
    if not ends <= now < ends_at(release, lasts + EXTENSION_H) or closing_step(where) is not None:
        return None
    return lasts + EXTENSION_H if close_checks.needs_longer(judged(place, release, ends)) else None


def first_step(place: Context, release: Release, args: argparse.Namespace) -> WatchTransition:
    """The step that opens a watch, with what the last closed one asked for."""
    import hashlib
    import json

    import msgspec

    from atalaya.core.errors import EvidenceError
    from atalaya.records.stored import BacklogCarryover
    from atalaya.watch import folder, seal
    from atalaya.watch.states import OPEN

    before = [
        one
        for one in folder.find(place.releases)
        if not one.rehearsal
        and not one.version.startswith(folder.LOCAL)
        and one.version != release.version
        and one.opened_at < release.opened_at
    ]
    at = max(utc_now(), release.opened_at)
    made = record_metadata(f"opening-{release.version}", release.own_environment, at)
    opened: dict[str, Any] = {"state": OPEN, "window_h": release.window_h, "by": who(place, args)}
    opened["why"] = "the release is out"
    if not before:
        return WatchTransition(**made, **opened)
    last = before[0]
    where = place.releases / last.version
    sealed = where / seal.NAME
    if differs := seal.state_of(where, seal.followers_of(place.releases, last.version)).differs:
        for problem in differs:
            place.console.row("broken", f"the seal of {last.version}: {problem}")
        raise ReleaseError(
            f"{release.version} cannot begin from {last.version}, which is not what was sealed. Restore its folder: "
            f"git checkout COMMIT -- {where}; then see that nothing differs: atalaya release verify {last.version}."
        )
    if not sealed.is_file():
        place.console.line(f"  {last.version} was never closed: close it, so that this one begins with its backlog")
        return WatchTransition(**made, **opened, previous=last.version)
    try:
        asked = msgspec.json.decode((where / "backlog.json").read_bytes(), type=tuple[BacklogCarryover, ...])
    except (OSError, msgspec.MsgspecError, json.JSONDecodeError) as why:
        raise EvidenceError(f"{where / 'backlog.json'}: cannot be read: {why}. Restore it from git.") from None
    digest = hashlib.sha256(sealed.read_bytes()).hexdigest()
    return WatchTransition(**made, **opened, previous=last.version, previous_seal=digest, asked=asked)


def say_what_was_asked(place: Context, step: WatchTransition) -> None:
    """The backlog that a watch begins with, and which items have a check by now."""
    from atalaya.watch.inherited_backlog import has_check, priority_of

    if not step.asked:
        return
    checked = {*place.pack.promise, *(one.id for one in place.pack.limitations)}
    place.console.line(f"  from the backlog of {step.previous}:")
    for item in step.asked[:20]:
        known = has_check(item, checked)
        has = "has a check" if known else "has no check yet"
        place.console.row("known" if known else "unknown", f"{priority_of(item)} {item.id}, {has}: {item.says}")
    if len(step.asked) > 20:
        place.console.line(f"    and {len(step.asked) - 20} more")
