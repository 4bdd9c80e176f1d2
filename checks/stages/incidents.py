"""What do the commands do that write down incidents, by rule or by hand?"""

from __future__ import annotations

import argparse
import secrets

from checks.errors import ReleaseError, UsageError
from checks.records import Incident, Judgement, Release, Severity, Transition
from checks.stages.place import (
    TICK,
    Place,
    judged,
    keep,
    metadata_after,
    named_or_open,
    new_metadata,
    print_json,
    utc_now,
    who,
    write_text,
)

TO_COMPLETE = (
    "Write here what happened, in the order in which it did. In the front matter above, complete `impact`, and "
    "`root_cause` and `fix` as soon as they are known; then run `python -m checks release record --why TEXT`."
)


def open_by_rule(place: Place, release: Release, judgement: Judgement) -> bool:
    """Open, and open again, what the rules say; each with its page. Whether there was anything to do."""
    from checks.release.opening import due

    # No step of a rule comes before the evidence that it rests on, though another clock was ahead.
    steps = due(judgement, at=max(utc_now(), judgement.as_of + TICK))
    for step in steps:
        _write_page(place, release, step, TO_COMPLETE)
        place.console.row(step.state, f"{step.incident}, {step.severity}: {step.impact}")
    if steps:
        keep(place, release, steps)
    return bool(steps)


def _write_page(place: Place, release: Release, step: Transition, says: str) -> None:
    """The page of an incident, if it has none yet; of one that has, the state alone."""
    from checks.release.incidents import edited, new_page, slug, survey_pages

    folder = place.releases / release.version / "incidents"
    there = next((page for page in survey_pages(folder)[0] if page.incident.id == step.incident), None)
    if (folder / f"{slug(step.incident)}.md").exists() and there is None:
        return  # somebody's slip is in it, and is told
    if there is not None:
        write_text(folder / there.name, edited(folder / there.name, {"state": step.state}))
        return
    incident = Incident(
        id=step.incident,
        at=step.opened_at,
        impact=step.impact,
        root_cause=step.root_cause,
        fix=step.fix,
        state=step.state,
        severity=step.severity,
        metric=step.metric,
    )
    body = f"```{{live}} incident-{slug(step.incident)}\n```\n\n{says}"
    more = {"rule": step.rule, "fingerprint": ", ".join(step.fingerprints[:3]), "blocks": ", ".join(step.blocks)}
    write_text(folder / f"{slug(step.incident)}.md", new_page(incident, says=body, **more))


def write_what_is_gone(place: Place, release: Release) -> None:
    """The page of each incident that was recorded and has none any more: what was recorded cannot be deleted."""
    from checks.evidence import ledger
    from checks.release.incidents import survey_pages
    from checks.release.standing import in_order, incident_steps

    folder = place.releases / release.version
    there = {page.incident.id for page in survey_pages(folder / "incidents")[0]}
    steps, _ = incident_steps(in_order(ledger.readable(folder / "evidence", Transition), Transition))
    for last in {step.incident: step for step in steps}.values():
        if last.incident not in there:
            _write_page(place, release, last, TO_COMPLETE)
            place.console.row("written", f"{last.incident}: its page was gone")


def incident(place: Place, args: argparse.Namespace) -> int:
    """List the incidents; open one (`new`); or say how one stands now."""
    release = named_or_open(place, args.release, "release incident", to_write=bool(args.id))
    if not args.id:
        return _listed(place, release, as_json=args.json)
    if args.id == "new":
        return _new(place, release, args)
    return _changed(place, release, args)


def _listed(place: Place, release: Release, *, as_json: bool) -> int:
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
    return 0


def drawn_id() -> str:
    """An id that nobody else draws, on this machine or another: two incidents opened at once stay two."""
    return f"INC-{secrets.token_hex(3).upper()}"


def _new(place: Place, release: Release, args: argparse.Namespace) -> int:
    if not args.impact or not args.severity:
        raise UsageError("release incident new: say whom it hurts and how badly: --impact TEXT --severity WORD.")
    from checks.release.incidents import slug

    judgement = judged(place, release, None)
    id, made = drawn_id(), new_metadata(release)
    step = Transition(
        **made,
        incident=id,
        opened_at=made["occurred_at"].replace(microsecond=0),
        state=args.to or "open",
        severity=Severity(args.severity),
        impact=args.impact,
        root_cause=args.root_cause or "",
        fix=args.fix or "",
        metric=args.metric or "",
        by=who(args),
        why=args.why or "somebody saw it",
    )
    _require_step(step, None, judgement, f"release incident new --to {step.state}")
    _write_page(place, release, step, TO_COMPLETE)
    keep(place, release, [step])
    place.console.row(step.state, f"{id}: {place.releases / release.version / 'incidents' / slug(id)}.md")
    return 0


def _changed(place: Place, release: Release, args: argparse.Namespace) -> int:
    """Edit the page of an incident, and record it: one step, checked before anything is written."""
    from checks.release.incidents import edited, read_pages

    write_what_is_gone(place, release)
    folder = place.releases / release.version / "incidents"
    page = next((one for one in read_pages(folder) if one.incident.id.lower() == args.id.lower()), None)
    if page is None:
        names = ", ".join(one.incident.id for one in read_pages(folder)) or "none"
        raise UsageError(f"{args.id}: no page in {folder} is about it. There are: {names}; `new` opens one.")
    if not args.why:
        raise UsageError("release incident: give a reason for those who read it later: --why TEXT.")
    asked = {
        "state": args.to,
        "severity": args.severity,
        "metric": args.metric,
        "impact": args.impact,
        "root_cause": args.root_cause,
        "fix": args.fix,
    }
    changes = {key: value for key, value in asked.items() if value is not None}
    file = folder / page.name
    before = file.read_text(encoding="utf-8")
    write_text(file, edited(file, changes))
    try:
        steps = recorded_pages(place, release, by=who(args), why=args.why, only=page.incident.id)
    except ReleaseError:
        write_text(file, before)
        raise
    if steps:
        keep(place, release, steps)
    else:
        place.console.line("  it is recorded as it stands")
    return 0


def recorded_pages(
    place: Place, release: Release, *, by: str, why: str, only_worse: bool = False, only: str = ""
) -> list[Transition]:
    """A record for each page of an incident that says something else than the last one.

    :param only_worse: whether to leave out those that take something back, for which somebody has to give a reason.
    :param only: the id of the incident to look at; all where it is empty.
    :raises ReleaseError: a page takes a step that there is not, or says without proof that a fix holds.
    """
    from checks.evidence import ledger
    from checks.release.incidents import read_pages, survey_pages
    from checks.release.standing import not_recorded, takes_nothing_back, transition_of

    folder = place.releases / release.version
    records = ledger.readable(folder / "evidence", Transition)
    # A schedule goes on without a page that has a slip in it: the verdict tells of that.
    found = survey_pages(folder / "incidents")[0] if only_worse else read_pages(folder / "incidents")
    pages = [page for page in not_recorded(records, found) if only in ("", page.incident.id)]
    if only_worse:
        pages = [page for page in pages if takes_nothing_back(records, page)]
    if not pages:
        return []
    judgement = judged(place, release, None)
    last = {one.incident: one for one in judgement.transitions}
    steps = []
    for page in pages:
        step = transition_of(page, metadata_after(release, last.get(page.incident.id)), by=by, why=why)
        _require_step(step, last.get(step.incident), judgement, str(folder / page.state_at))
        place.console.row(step.state, f"{page.name}: {step.incident}")
        steps.append(step)
    return steps


def _require_step(step: Transition, last: Transition | None, judgement: Judgement, where: str) -> None:
    """
    :raises ReleaseError: the table of states has no such step, or the fix that it speaks of is not shown.
    """
    from checks.release.states import CARRIED_OVER, INCIDENT, NEW, RESOLVED, leads_to, may

    before = last.state if last else NEW
    if not may(INCIDENT, before, step.state):
        raise ReleaseError(
            f"{where}: {step.incident} cannot become {step.state}: it is {before or 'new'}, and from there it can "
            f"become {', '.join(leads_to(INCIDENT, before))}. Write one of those."
        )
    if step.state == CARRIED_OVER != before:
        raise ReleaseError(
            f"{where}: {step.incident} is carried over when its watch is closed, and no sooner: "
            f"python -m checks release close --carry {step.incident} --why TEXT. Leave it at {before} until then."
        )
    if step.state == RESOLVED != before:
        told = next((one for one in judgement.followed if one.incident == step.incident), None)
        if told is None or not told.shown:
            why = told.proof if told else "nothing is known of it"
            raise ReleaseError(
                f"{where}: {step.incident} is not shown to be resolved: {why} Leave it at {before} until it is."
            )
