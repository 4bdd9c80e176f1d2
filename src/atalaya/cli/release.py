"""The `release` commands: open, record, extend, checkpoint and decide."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, timedelta

from atalaya.cli.close import first_step, say_what_was_asked
from atalaya.cli.console import Console
from atalaya.cli.context import (
    Context,
    append_evidence,
    instant,
    judged,
    named_or_open,
    new_metadata,
    print_json,
    utc_now,
    who,
)
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.window import EXTENSION_H, LONGEST_H, MOST_EXTENSIONS, due_at, ends_at
from atalaya.records.judged import Checkpoint, DutyState, Judgement
from atalaya.records.stored import Decision, Release, SettingsSnapshot, Signature, WatchTransition

SOONEST = timedelta(days=1)  # a watch may be opened so long before its T+0


def release_open(place: Context, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch.folder import open_release

    opened_at = instant(args.at) if args.at else utc_now()
    if opened_at > utc_now() + SOONEST:
        raise UsageError(
            f"--at {args.at}: {opened_at:%Y-%m-%d %H:%M} UTC is more than a day ahead. T+0 is when the release is out: "
            f"open its watch then, or look at the year and the clock."
        )
    release = Release(version=args.version, commit=args.commit.lower(), opened_at=opened_at)
    folder = open_release(place.releases, release, pages())
    step = first_step(place, release, args)
    append_evidence(place, release, [step])
    say_what_was_asked(place, step)
    place.console.line(
        f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: python3 noxfile.py"
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
    altered = ledger.survey(folder, SettingsSnapshot.kind).damaged
    differ = differing(changes[-1], settings, place.loaded.origins) if changes else ()
    for then, now in differ:
        place.console.line(f"  {then} becomes {now}")
    if differ or not (changes or altered):
        yield in_force_record(settings, new_metadata(release), by=who(args), why=args.why)


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
        [WatchTransition(**new_metadata(release), state=EXTENDED, window_h=longer, by=who(args), why=args.why)],
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
    signed = Signature(**new_metadata(release), checkpoint_h=asked.hours, duty=asked.id, by=who(args), note=args.note)
    append_evidence(place, release, [signed])
    place.console.line(f"  signed: T+{asked.hours}, {asked.id}")
    return 0


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
        by=who(args),
        why=args.why,
        verdict_as_of=judgement.as_of if digest == judgement.digest or said is None else said.occurred_at,
    )
    append_evidence(place, release, [decision])
    place.console.line(f"  {args.action}: {decision.by} read {word}, {digest[:12]}")
    return 0
