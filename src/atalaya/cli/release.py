"""The `release` commands: open, withdraw, record, extend, checkpoint and decide."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from atalaya.cli.as_of import judged
from atalaya.cli.close import first_step, say_what_was_asked
from atalaya.cli.commit import commit_of
from atalaya.cli.console import Console
from atalaya.cli.context import Context, told_version
from atalaya.cli.instants import instant, utc_now
from atalaya.cli.output import print_json
from atalaya.cli.recording import append_evidence, metadata_after, new_metadata
from atalaya.cli.which_release import named_or_open
from atalaya.cli.who import signer, who
from atalaya.core import places
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.window import EXTENSION_H, LONGEST_H, MOST_EXTENSIONS, due_at, ends_at
from atalaya.records.judged import Checkpoint, DutyState, Judgement
from atalaya.records.stored import Decision, Release, SettingsSnapshot, Signature, WatchTransition

SOONEST = timedelta(days=1)  # a watch may be opened so long before its T+0


def release_open(place: Context, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch.folder import open_release, require_free

    opened_at = instant(args.at) if args.at else utc_now()
    if opened_at > utc_now() + SOONEST:
        raise UsageError(
            f"--at {args.at}: {opened_at:%Y-%m-%d %H:%M} UTC is more than a day ahead. T+0 is when the release is out: "
            f"open its watch then, or look at the year and the clock."
        )
    _require_buildable(place, args.version)
    require_free(place.releases, args.version)
    if not args.other_version:
        _require_same_version(place, args.version)
    commit = commit_of(place, args.commit, unverified=args.unverified)
    release = Release(version=args.version, commit=commit, opened_at=opened_at)
    step = first_step(place, release, args)
    folder = open_release(place.releases, release, pages())
    try:
        append_evidence(place, release, [step])
    except BaseException:
        shutil.rmtree(folder)  # a watch without its first step would begin from nothing
        raise
    say_what_was_asked(place, step)
    place.console.line(f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: atalaya watch")
    return 0


def _require_buildable(place: Context, version: str) -> None:
    """
    :raises ReleaseError: the site has a page of its own where the release's would be.
    """
    from atalaya.site.build.site import taken_names
    from atalaya.watch import folder

    if version.startswith(folder.LOCAL):
        raise ReleaseError(f"{version}: `{folder.LOCAL}` is how this machine's own watches begin. Choose another name.")
    if version.casefold() in taken_names(place.docs):
        raise ReleaseError(
            f"{version}: no release can be called so: the site has a folder or a page of that name. Name it after its "
            f"version, as 1.1.0."
        )


def _require_same_version(place: Context, release: str) -> None:
    """
    :raises ReleaseError: the SDK under watch says that it is another version than the release.
    """
    from atalaya.sdk.source_version import differ

    subject = place.loaded.settings.subject
    sdk = told_version(place, subject.sdk)
    if not sdk.version:
        place.console.line("  version: what the SDK under watch says of itself is seen when it is installed")
        return
    other = differ(release, sdk.version)
    if sdk.is_bundled and other is not False:
        place.console.line(f"  version: the bundled SDK is watched, {sdk.version}. Yours: [subject] sdk in watch.toml")
    elif other is None:
        place.console.line(f"  version: the SDK is {sdk.version}, and {release} is no version to hold it against")
    elif other:
        raise ReleaseError(
            f"{release}: the SDK under watch is {sdk.version} ({sdk.where}). Watch what was released ([subject] sdk in "
            f"watch.toml), or name the release {sdk.version}. If it is meant so: --other-version."
        )


def withdraw(place: Context, args: argparse.Namespace) -> int:
    """Take back the opening of a release, as long as nothing was collected: its folder goes, as if it never was."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch import folder
    from atalaya.watch.seal import followers_of

    release = folder.load(place.releases / args.version)
    where = place.releases / release.version
    if release.rehearsal:
        raise ReleaseError(f"{release.version}: a rehearsal was never opened. Take its folder away: {where}.")
    if found := list(folder.beside_opening(where, release, pages())):
        raise ReleaseError(
            f"{release.version}: it cannot be taken back, for there is more than its opening: {', '.join(found[:3])}"
            f"{f' and {len(found) - 3} more' if len(found) > 3 else ''}. What was seen stays: close it instead: "
            f"atalaya release decide roll-back --why TEXT, then atalaya release close --early --why TEXT."
        )
    if followers := followers_of(place.releases, release.version):
        raise ReleaseError(
            f"{release.version}: a release that was opened later begins from it "
            f"({', '.join(sorted(step.run_id.removeprefix('opening-') for step in followers))}). Withdraw that first."
        )
    folder.remove(where)
    for left in (Path("_generated"), Path("_build", "doctrees"), places.READ):
        shutil.rmtree(place.docs / left / release.version, ignore_errors=True)
    (place.docs / "_build" / "published" / release.version).unlink(missing_ok=True)
    place.console.line(
        f"  {release.version} was taken back: {where} is gone. Where it was pushed or committed, take it away there too"
    )
    return 0


def record(place: Context, args: argparse.Namespace) -> int:
    """Record the thresholds that were changed in watch.toml."""
    release = named_or_open(place, args.release, "release record", to_write=True)
    records = list(_changed_settings(place, release, args))
    if records:
        append_evidence(place, release, records)
    else:
        place.console.line("  everything is recorded as it stands")
    return 0


def _changed_settings(place: Context, release: Release, args: argparse.Namespace) -> Iterator[SettingsSnapshot]:
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.state_at import differing, in_force_record, in_order

    settings = place.loaded.settings
    folder = place.releases / release.version / "evidence"
    changes = in_order(ledger.readable(folder, SettingsSnapshot), SettingsSnapshot)
    altered = ledger.survey(folder, {SettingsSnapshot.kind}).damaged
    differ = differing(changes[-1], settings, place.loaded.origins) if changes else ()
    for then, now in differ:
        place.console.line(f"  {then} becomes {now}")
    if differ or not (changes or altered):
        metadata, set_here = new_metadata(release), place.loaded.origins
        yield in_force_record(settings, metadata, by=who(place, args), why=args.why, set_here=set_here)


def extend(place: Context, args: argparse.Namespace) -> int:
    """Watch a release for 24 hours more; twice at the most."""
    from atalaya.watch.folder import lasts_h
    from atalaya.watch.states import EXTENDED

    release = named_or_open(place, args.release, "release extend", to_write=True)
    lasts = lasts_h(place.releases / release.version, release)
    longer = lasts + EXTENSION_H
    if longer > LONGEST_H:
        raise ReleaseError(
            f"{release.version}: its watch lasts {lasts} h already, and {MOST_EXTENSIONS} extensions are all there "
            f"are. Decide by its verdict."
        )
    if utc_now() >= ends_at(release, longer):
        raise ReleaseError(
            f"{release.version}: {EXTENSION_H} h more would have ended on {ends_at(release, longer):%Y-%m-%d %H:%M} "
            f"UTC already. Nobody was watching: open the release anew."
        )
    append_evidence(
        place,
        release,
        [WatchTransition(**new_metadata(release), state=EXTENDED, window_h=longer, by=who(place, args), why=args.why)],
    )
    place.console.line(f"  {release.version} is watched for {longer} h")
    return 0


def checkpoint(place: Context, args: argparse.Namespace) -> int:
    """Show what each checkpoint asks for and how it stands; with --sign, sign a duty that no machine can see."""
    release = named_or_open(place, args.release, "release checkpoint", to_write=bool(args.sign))
    if args.sign:
        return _sign(place, release, args)
    judgement, now = judged(place, release, None), utc_now()
    if args.json:
        from atalaya.site.outputs.json_output import checkpoints

        print_json(
            {
                "release": release.version,
                "as_of": judgement.as_of,
                "checkpoints": [
                    written | {"is_due": point.due_at <= now}
                    for written, point in zip(checkpoints(judgement), judgement.checkpoints, strict=True)
                ],
            }
        )
    else:
        for point in judgement.checkpoints:
            _show(place.console, point, now)
        _show_next(place.console, judgement, now)
    return 0


def _show(console: Console, point: Checkpoint, now: datetime) -> None:
    from atalaya.watch.checkpoints import SIGNABLE

    console.stage(f"{point.title}, {_when(point.due_at, now)}")
    for duty in point.duties:
        console.row(str(duty.state), f"{duty.id}: {duty.says}")
        console.line(f"    {duty.evidence}")
        if duty.id in SIGNABLE and duty.state is DutyState.PERSON_SIGNS:
            console.line(f"    sign it: atalaya release checkpoint --sign {duty.id} --note TEXT")


def _show_next(console: Console, judgement: Judgement, now: datetime) -> None:
    coming = [point for point in judgement.checkpoints if point.due_at > now]
    ends = ends_at(judgement.release)
    console.stage("next")
    if coming:
        console.line(f"  T+{coming[0].hours} {_when(coming[0].due_at, now)}")
    else:
        console.line(f"  the window's end, {_when(ends, now)}")
    for step in judgement.verdict.next_steps:
        console.line(f"  {step}")


def _when(at: datetime, now: datetime) -> str:
    """An instant, and how far it is.

    >>> from datetime import UTC
    >>> _when(datetime(2026, 3, 4, 9, tzinfo=UTC), datetime(2026, 3, 3, 10, 30, tzinfo=UTC))
    'due on 2026-03-04 09:00 UTC, in 22 h 30 min'
    """
    minutes = round((at - now) / timedelta(minutes=1))
    away = f"{abs(minutes) // 60} h {abs(minutes) % 60} min"
    return f"due on {at:%Y-%m-%d %H:%M} UTC, " + (f"in {away}" if minutes > 0 else f"{away} ago")


def _sign(place: Context, release: Release, args: argparse.Namespace) -> int:
    from atalaya.watch.checkpoints import SIGNABLE, duties_of

    asked = next((one for one in duties_of(place.pack.duties) if one.id == args.sign), None)
    if asked is None or asked.id not in SIGNABLE:
        raise UsageError(f"{args.sign}: no duty that a person signs. There are: {', '.join(SIGNABLE)}.")
    if utc_now() < (due := due_at(release, asked.hours)):
        raise ReleaseError(f"{asked.id}: it is due on {due:%Y-%m-%d %H:%M} UTC, and nothing can be signed before.")
    before = _signatures(place, release, asked.id)
    signed = Signature(
        **metadata_after(release, before[-1] if before else None),
        checkpoint_h=asked.hours,
        duty=asked.id,
        by=signer(place, args),
        note=args.note,
    )
    append_evidence(place, release, [signed])
    place.console.line(f"  signed: T+{asked.hours}, {asked.id}, by {signed.by}")
    if before:
        place.console.row("replaced", "the pages show the newest signature; those before stay in the ledger:")
    for one in before:
        place.console.line(f"    {one.occurred_at:%Y-%m-%d %H:%M} UTC, {one.by}: {one.note or '(no note)'}")
    return 0


def _signatures(place: Context, release: Release, duty: str) -> list[Signature]:
    """All that were given for a duty, the newest last."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.state_at import in_order

    found = ledger.readable(place.releases / release.version / "evidence", Signature)
    return [one for one in in_order(found, Signature) if one.duty == duty]


def decide(place: Context, args: argparse.Namespace) -> int:
    """Write down what was done about a verdict: who read which one, and went on, stopped, rolled back or yanked."""
    from atalaya.watch.decisions import meant

    release = named_or_open(place, args.release, "release decide", to_write=True)
    judgement = judged(place, release, None)
    word, digest = meant(judgement, args.verdict)
    said = next((one for one in judgement.said if one.verdict == digest), None)
    decision = Decision(
        **new_metadata(release),
        action=args.action,
        word=word,
        verdict=digest,
        by=who(place, args),
        why=args.why,
        verdict_as_of=judgement.as_of if digest == judgement.digest or said is None else said.occurred_at,
    )
    append_evidence(place, release, [decision])
    place.console.line(f"  {args.action}: {decision.by} read {word}, {digest[:12]}")
    return 0
