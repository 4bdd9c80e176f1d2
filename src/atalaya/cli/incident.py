"""The commands that record incidents, opened by a rule or by a person, and migrate old incident pages."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from atalaya.cli.as_of import judge_all, judged
from atalaya.cli.context import Context
from atalaya.cli.instants import utc_now
from atalaya.cli.output import print_json, write_text
from atalaya.cli.recording import TICK, append_evidence, metadata_after, new_metadata
from atalaya.cli.terminal_summary import say_what_is_not_recorded
from atalaya.cli.which_release import named_or_open
from atalaya.cli.who import signer, who
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.scrub import scrub
from atalaya.records.judged import Judgement
from atalaya.records.stored import IncidentStep, Release, Severity

if TYPE_CHECKING:
    from atalaya.watch.incidents.migration import OldPage


def open_by_rule(place: Context, release: Release, judgement: Judgement) -> bool:
    """Open, and open again, what the rules say; each with its page. Whether there was anything to do."""
    from atalaya.watch.incidents.incident_rules import due

    # No step of a rule comes before the evidence that it rests on, though another clock was ahead.
    steps = due(judgement, at=max(utc_now(), judgement.as_of + TICK))
    for step in steps:
        place.console.row(step.state, f"{step.incident}, {step.severity}: {step.impact}")
    if steps:
        _keep(place, release, judgement, steps)
    return bool(steps)


def incidents_by_rule(place: Context, release: Release) -> None:
    """Judge a release after new evidence, and open what the rules say of it."""
    if (place.releases / release.version / "release.toml").exists():
        open_by_rule(place, release, judged(place, release, None))


def _keep(place: Context, release: Release, judgement: Judgement, steps: Sequence[IncidentStep]) -> None:
    """Record the steps; then an incident that has no page gets one, for people to write on."""
    from atalaya.watch.incidents.incidents import new_page

    append_evidence(place, release, steps)
    for step in steps:
        page = _page(place, release, step.incident)
        if not page.exists() and all(one.incident != step.incident for one in judgement.pages):
            write_text(page, new_page(step.incident))


def _page(place: Context, release: Release, id: str) -> Path:
    from atalaya.watch.incidents.incidents import slug

    return place.releases / release.version / "incidents" / f"{slug(id)}.md"


def incident(place: Context, args: argparse.Namespace) -> int:
    """List the incidents; open one (`new`); or record how one stands now (`open`: the only one that is not over)."""
    if args.id == "redact":
        return _redacted(place, args)
    if args.of:
        raise UsageError(f"release incident {args.id} {args.of}: give one incident, or `redact` and one.")
    release = named_or_open(place, args.release, "release incident", to_write=bool(args.id))
    for name in ("impact", "root_cause", "fix"):
        if getattr(args, name) is not None:
            setattr(args, name, " ".join(getattr(args, name).split()))
    if not args.id:
        return _listed(place, release, as_json=args.json)
    if args.id == "new":
        return _new(place, release, args)
    if args.id == "open":
        args.id = _the_only_one(place, release)
    return _changed(place, release, args)


def _the_only_one(place: Context, release: Release) -> str:
    """The incident that is not over.

    :raises UsageError: there is none, or there are several: which is meant, a person says.
    """
    from atalaya.watch.states import OVER

    found = {one.incident: one.state for one in judge_all(place, release).transitions}
    left = [id for id, state in found.items() if state not in OVER]
    if len(left) != 1:
        raise UsageError(
            f"release incident open: the only incident that is not over is meant. There are: "
            f"{', '.join(left) or 'none'}. Name one by its id."
        )
    return left[0]


def _listed(place: Context, release: Release, *, as_json: bool) -> int:
    judgement = judged(place, release, None)
    if as_json:
        print_json({"release": release.version, "incidents": judgement.incidents, "followed": judgement.followed})
        return 0
    told = {one.incident: one for one in judgement.followed}
    for one in judgement.incidents:
        place.console.row(one.state, f"{one.id}, {one.severity}, since {one.at:%Y-%m-%d %H:%M} UTC: {one.impact}")
        if one.id in told and told[one.id].landed_at:
            place.console.line(f"    {told[one.id].proof}")
    if not judgement.incidents:
        place.console.line("  no incidents")
    say_what_is_not_recorded(place.console, judgement)
    return 0


def _redacted(place: Context, args: argparse.Namespace) -> int:
    """Take a text out of an incident's records and pages, whether the release is closed or not; and say that it was."""
    from atalaya.cli.collect_github import CACHE
    from atalaya.watch.incidents import redaction

    release = named_or_open(place, args.release, "release incident redact")
    if release.rehearsal:
        raise ReleaseError(f"{release.version}: a rehearsal is written by nobody. Make it anew: {release.made_by}.")
    folder = place.releases / release.version
    ids = redaction.known(folder)
    id = next((one for one in ids if one.lower() == args.of.lower()), None)
    if id is None:
        raise UsageError(
            f"release incident redact {args.of}: no such incident is recorded. There are: "
            f"{', '.join(sorted(ids)) or 'none'}."
        )
    if not args.why:
        raise UsageError("release incident redact: give a reason for those who read it later: --why TEXT.")
    by, secret = signer(place, args), _secret_of_stdin()
    done = redaction.redact(folder, id, secret, new_metadata(release), by=by, why=args.why)
    (place.root / CACHE).unlink(missing_ok=True)  # it holds what was read of comments, and nothing rests on it
    if done.record is None:
        place.console.line(f"  {id}: the text stands in none of its records and pages")
    else:
        pages = sum(not file.path.startswith("evidence/") for file in done.record.files)
        place.console.row("redacted", f"{id}: {done.record.records} records, {pages} pages; by {by}: {args.why}")
        place.console.line("    build the pages anew: atalaya site; and share it: atalaya sync push")
        place.console.line("    change the secret: who has seen it, git's history and GitHub's issues have it still")
    for name in done.left:
        place.console.row("left", f"{name}: what was measured is never changed, and it holds the text")
    return 1 if done.left else 0


def _secret_of_stdin() -> str:
    """The text that is to go: typed unseen, or piped in. Not an argument, since shells and systems keep those."""
    if sys.stdin.isatty():
        return getpass.getpass("The text to remove: ")
    return sys.stdin.readline().rstrip("\r\n")


def drawn_id() -> str:
    """An id that nobody else draws, on this machine or another: two incidents opened at once stay two."""
    import secrets

    return f"INC-{secrets.token_hex(3).upper()}"


def _new(place: Context, release: Release, args: argparse.Namespace) -> int:
    if not args.impact or not args.severity:
        raise UsageError("release incident new: say whom it hurts and how badly: --impact TEXT --severity WORD.")
    judgement = judged(place, release, None)
    id, made = drawn_id(), new_metadata(release)
    step = IncidentStep(
        **made,
        incident=id,
        opened_at=made["occurred_at"].replace(microsecond=0),
        state=args.state or "open",
        severity=Severity(args.severity),
        impact=args.impact,
        root_cause=args.root_cause or "",
        fix=args.fix or "",
        metric=args.metric or "",
        by=who(place, args),
        why=args.why or "somebody saw it",
    )
    _require_step(step, None, judgement, f"release incident new --state {step.state}")
    _keep(place, release, judgement, (step,))
    place.console.row(step.state, f"{id}: {_page(place, release, id)}")
    _say_if_secret(place, release, step)
    return 0


def _changed(place: Context, release: Release, args: argparse.Namespace) -> int:
    """Record how an incident stands: one step, checked before anything is written."""
    from atalaya.watch.state_at import incident_of, transition_of

    judgement = judge_all(place, release)
    latest = {one.incident: one for one in judgement.transitions}
    last = next((one for id, one in latest.items() if id.lower() == args.id.lower()), None)
    if last is None:
        raise UsageError(
            f"{args.id}: no such incident is recorded. There are: {', '.join(latest) or 'none'}; `new` opens one."
        )
    if not args.why:
        raise UsageError("release incident: give a reason for those who read it later: --why TEXT.")
    if args.impact == "":
        raise UsageError("release incident --impact: it is empty. Say in a few words whom it hurts, and how.")
    severity = Severity(args.severity) if args.severity else None
    asked = {
        "state": args.state,
        "severity": severity,
        "metric": args.metric,
        "impact": args.impact,
        "root_cause": args.root_cause,
        "fix": args.fix,
    }
    before = incident_of(last)
    after = replace(before, **{key: value for key, value in asked.items() if value is not None})
    if after == before and args.state is None:
        place.console.line("  it is recorded as it stands")
        return 0
    step = transition_of(after, metadata_after(release, last), by=who(place, args), why=args.why)
    _require_step(step, last, judgement, f"release incident {last.incident} --state {step.state}")
    place.console.row(step.state, step.incident)
    _keep(place, release, judgement, (step,))
    _say_if_secret(place, release, step)
    return 0


def _say_if_secret(place: Context, release: Release, step: IncidentStep) -> None:
    """Say what only the pages hide, while nobody else has it yet."""
    told = (step.impact, step.root_cause, step.fix, step.why)
    if any(scrub(one) != one for one in told):
        place.console.line(
            "    this holds what looks like a secret, or like a person's address. The pages leave it out; the evidence "
            "has it. Take it out before you share that: atalaya release incident redact "
            f"{step.incident} --release {release.version} --why TEXT"
        )


def _require_step(step: IncidentStep, last: IncidentStep | None, judgement: Judgement, where: str) -> None:
    """
    :raises ReleaseError: the table of states has no such step, or the fix that it speaks of is not shown.
    """
    from atalaya.watch.states import CARRIED_OVER, INCIDENT, NEW, RESOLVED, is_allowed, successors

    before = last.state if last else NEW
    if not is_allowed(INCIDENT, before, step.state):
        raise ReleaseError(
            f"{where}: {step.incident} cannot become {step.state}: it is {before or 'new'}, and from there it can "
            f"become {', '.join(successors(INCIDENT, before))}. Give one of those."
        )
    if step.state == CARRIED_OVER != before:
        raise ReleaseError(
            f"{where}: {step.incident} is carried over when its watch is closed, and no sooner: "
            f"atalaya release close --carry {step.incident} --why TEXT. Leave it at {before} until then."
        )
    if step.state == RESOLVED != before:
        told = next((one for one in judgement.followed if one.incident == step.incident), None)
        if told is None or not told.shown:
            why = told.proof if told else "nothing is known of it"
            raise ReleaseError(
                f"{where}: {step.incident} is not shown to be resolved: {why} Leave it at {before} until it is."
            )


# ── pages of the old shape ───────────────────────────────────────────────────


def migrate(place: Context, args: argparse.Namespace) -> int:
    """Turn the front matter of incidents' pages into records, and the pages into free text, where a watch is open."""
    releases = [named_or_open(place, args.release, "release migrate", to_write=True)] if args.release else _open(place)
    if not releases:
        place.console.line("  no release is open: what is closed stays as it was sealed")
    refused = sum(_migrate(place, release, args) for release in releases)
    if refused:
        raise ReleaseError(
            f"release migrate: {refused} pages stay as they are. What hinders each stands above: mend it, and run it "
            f"again."
        )
    return 0


def _open(place: Context) -> list[Release]:
    """The releases whose folders may still be written to."""
    from atalaya.watch import folder
    from atalaya.watch.seal import closing_step, is_sealed

    found = [one for one in folder.find(place.releases) if not one.rehearsal]
    folders = {one.version: place.releases / one.version for one in found}
    return [one for one in found if not is_sealed(folders[one.version]) and not closing_step(folders[one.version])]


def _migrate(place: Context, release: Release, args: argparse.Namespace) -> int:
    """Migrate the pages of one release, each with its record first, then its text. How many could not be."""
    from atalaya.watch.incidents.incidents import latest_by_slug, page_files
    from atalaya.watch.incidents.migration import old_page

    judgement, refused, done = judged(place, release, None), 0, 0
    for file in page_files(place.releases / release.version / "incidents"):
        try:
            page = old_page(file, latest_by_slug(judgement.transitions))
        except ReleaseError as why:
            place.console.row("refused", f"{release.version}, {why}")
            refused += 1
            continue
        if page is None:
            continue
        done += 1
        step, kept = _step_of(place, release, page, judgement, args)
        if step is not None:
            append_evidence(place, release, [step])
            judgement = judged(place, release, None)
        write_text(file, page.as_text(kept))
        file.rename(page.target)
        place.console.row("free text", f"{release.version}, {file.name}: it is {page.target.name} now")
        for line in kept:
            place.console.line(f"    no record can hold this, so it is at the end of the text: {line.strip()}")
    if not done and not refused:
        place.console.line(f"  {release.version}: every page is free text")
    return refused


def _step_of(
    place: Context, release: Release, page: OldPage, judgement: Judgement, args: argparse.Namespace
) -> tuple[IncidentStep | None, tuple[str, ...]]:
    """The record that a page asks for, if there is none that says the same, and the lines that stay text."""
    from atalaya.watch.state_at import incident_of, transition_of
    from atalaya.watch.states import OPEN

    kept, why = page.kept, args.why or "its page said so"
    step = transition_of(page.incident, metadata_after(release, page.last), by=who(place, args), why=why)
    step = replace(step, **page.causes)
    try:
        _require_step(step, page.last, judgement, page.file.name)
    except ReleaseError as why:
        place.console.row("not recorded", str(why))
        kept += (f"state: {step.state}",)
        step = replace(step, state=page.last.state if page.last else OPEN)
    before = incident_of(page.last) if page.last else None
    after = incident_of(step)
    if before == after and not page.causes:
        return None, kept
    changes = [
        f"{name} {getattr(after, name)}"
        for name in after.__struct_fields__
        if before is None or getattr(before, name) != getattr(after, name)
    ]
    place.console.row("recorded", f"{step.incident}: {', '.join(changes) or 'its causes'}")
    return step, kept
