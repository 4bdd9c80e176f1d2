"""The `rehearse` command: simulates a whole watch, its runs and people, and saves it as a release.

The folder appears when the whole watch has gone through, and not before.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from atalaya.cli.as_of import judged
from atalaya.cli.compat import offered
from atalaya.cli.context import Context
from atalaya.cli.instants import instant
from atalaya.cli.output import write_text
from atalaya.cli.prove import hear_caught
from atalaya.cli.terminal_summary import summarise
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.settings import Settings
from atalaya.core.window import HOUR
from atalaya.harness.scenarios import Extend, Report, Scenario, Sign
from atalaya.metrics.definitions import METRICS, counting_events
from atalaya.records.judged import Incident
from atalaya.records.results import CheckRun, SmokeRun
from atalaya.records.stored import (
    Environment,
    Evidence,
    IncidentStep,
    Metadata,
    Release,
    Signature,
    WatchTransition,
    record_metadata,
)
from atalaya.watch.states import EXTENDED

if TYPE_CHECKING:
    from atalaya.sdk.prepare import Prepared
    from atalaya.selftest.prove import Caught, Proven
    from atalaya.watch.rehearsal import Slot

ON_CALL = "on-call (rehearsed)"


def rehearse(place: Context, args: argparse.Namespace) -> int:
    """Go through a whole watch on a made-up calendar, with the runs and the faults real."""
    from atalaya.evidence.ledger import ledger
    from atalaya.sdk.prepare import prepare
    from atalaya.site.build.skeleton import pages
    from atalaya.watch.folder import open_release

    args.name = args.name or next(
        name for number in count(1) if not (place.releases / (name := f"rehearsal-{number}")).exists()
    )
    final = place.releases / args.name
    if final.exists():
        raise ReleaseError(f"{final}: there is such a release. Give another name with --as.")
    scenarios = place.pack.scenarios
    if args.scenario not in scenarios:
        raise UsageError(f"--scenario {args.scenario}: there is no such scenario. There are: {', '.join(scenarios)}.")
    scenario, opened_at = scenarios[args.scenario], instant(args.at)
    place.releases.mkdir(parents=True, exist_ok=True)
    # Beside the place that it is for, since only there it can be moved in one step. No release is ever found in it.
    with tempfile.TemporaryDirectory(prefix=".rehearsing-", dir=place.releases) as name:
        with prepare("", pack=place.pack, echo=place.console.line) as prepared:
            release = Release(
                version=args.name,
                commit=prepared.subject.digest,
                opened_at=opened_at,
                window_h=scenario.window_h,
                rehearsal=True,
                made_by=_command(args),
            )
            made = open_release(Path(name), release, pages())
            people = People(scenario, opened_at, run_id=f"{args.scenario}-{args.seed}-people")
            records = list(_rehearsed(place, args, prepared, people))
        written = ledger.write(made / "evidence", records)
        for page, text in people.pages().items():
            write_text(made / "incidents" / page, text)
        try:
            made.rename(final)
        except OSError as why:
            raise ReleaseError(f"{final}: cannot be made: {why}. Give another name with --as.") from None
    place.console.line(f"  kept: {len(records)} records in {len(written)} segments of {args.name}")
    summarise(place.console, judged(place, release, None))
    return 0


def _command(args: argparse.Namespace) -> str:
    """The command that makes this rehearsal again."""
    given = ["--scenario", args.scenario, "--seed", str(args.seed), "--at", args.at, "--name", args.name]
    return "atalaya rehearse " + shlex.join([*given, *(["--no-self-test"] if args.no_self_test else [])])


def _rehearsed(place: Context, args: argparse.Namespace, prepared: Prepared, people: People) -> Iterator[Evidence]:
    """The evidence of a rehearsal: the settings in force, the proof that the checks can see, what the SDK offers, and
    the watch itself."""
    from atalaya.evidence.from_runs import from_checks, from_proof, from_smoke
    from atalaya.watch.rehearsal import rehearse as run_it
    from atalaya.watch.rehearsed_ci import CiRun
    from atalaya.watch.state_at import in_force_record

    console, opened_at = place.console, people.opened_at
    yield in_force_record(Settings(), people.metadata(opened_at), by=ON_CALL, why="T+0")
    if not args.no_self_test:
        yield from from_proof(
            _proof(place, prepared),
            run_id=f"{args.scenario}-{args.seed}-proof",
            environment=Environment.REHEARSAL,
            recorded_at=opened_at,
            occurred_at=opened_at,
        )
    yield from offered(prepared, people.metadata(opened_at), version=args.name)
    watch = run_it(prepared, people.scenario, name=args.scenario, seed=args.seed, opened_at=opened_at)
    for slot in watch:
        for record in people.before(slot.hour) if slot.smoked else ():
            console.line(f"  {people.told(record)}")
            yield record
        for run in slot.runs:
            made: dict[str, Any] = {"environment": Environment.REHEARSAL}
            made |= {"occurred_at": slot.at, "recorded_at": slot.at}
            if isinstance(run, CiRun):
                console.line(f"  T+{slot.hour:04.1f} {run.says}")
                yield from run.evidence
            elif isinstance(run, CheckRun):
                found = Counter(str(check.outcome) for check in run.checks)
                told = ", ".join(f"{n} {outcome}" for outcome, n in found.items())
                console.line(f"  T+{slot.hour:04.1f} checks: {told}")
                yield from from_checks(run, commit=run.subject.digest, **made)
            else:
                console.line(f"  T+{slot.hour:04.1f} smoke: {run.waits} waits, {len(run.events)} events")
                yield from from_smoke(run, commit=run.subject.digest, **made)
        people.see(slot)
    for record in people.before(people.scenario.ends_h + 1):
        console.line(f"  {people.told(record)}")
        yield record


def _proof(place: Context, prepared: Prepared) -> Proven:
    """The self-test that lies in the tree, where it is of this SDK and of these defects; else one that is made now.

    Of both, only what each defect should turn red: a quick self-test has shown it to no other promise.
    """
    from atalaya.selftest import last_run
    from atalaya.selftest.prove import prove

    kept = last_run.read(place.pack)
    now = {defect.id: defect.expected for defect in place.pack.defects}
    if (
        kept is not None
        and kept.is_of(prepared.subject.digest)
        and {one.id: one.expected for one in kept.defects} == now
    ):
        place.console.line(f"  the self-test of {kept.made_at:%Y-%m-%d %H:%M} UTC stands: {len(now)} seeded defects")
        return replace(kept.proven, defects=tuple(_expected(one) for one in kept.defects))
    place.console.line(f"  first, {len(now)} seeded defects are shown to the checks")
    return prove(prepared, expected_only=True, hear=lambda caught: hear_caught(place.console, caught))


def _expected(caught: Caught) -> Caught:
    return replace(caught, caught_by=tuple(id for id in caught.expected if id in caught.caught_by))


class People:
    """What the people of a scenario do, hour by hour, and what they leave in the ledger and on the pages."""

    def __init__(self, scenario: Scenario, opened_at: datetime, *, run_id: str) -> None:
        self.scenario = scenario
        self.opened_at = opened_at
        self.run_id = run_id
        self._to_do = list(scenario.acts)
        self._incidents: dict[str, Incident] = {}
        self._reports: dict[str, list[str]] = {}
        self._counted: Counter[str] = Counter()
        self._since: dict[str, Counter[str]] = {}  # by incident, from its fix on

    def before(self, hour: float) -> Iterator[Evidence]:
        """What they do until this hour's runs, those things that wait for proof among them."""
        done = [act for act in self._to_do if act.at_h <= hour and self._may(act)]
        self._to_do = [act for act in self._to_do if act not in done]
        for act in done:
            waited = isinstance(act, Report) and act.once_proven
            yield self._do(act, hour - 0.5 if waited else act.at_h)

    def see(self, slot: Slot) -> None:
        """Count what this hour's smoke tried and lost: what a fix has to prove itself by."""
        for run in slot.runs:
            if isinstance(run, SmokeRun):
                seen: Counter[str] = Counter()
                for it, counted in counting_events():
                    seen[f"{it.id} events"] = sum(event.kind is counted.kind for event in run.events)
                    seen[f"{it.id} tried"] = counted.trials(run)
                    seen[f"{it.id} runs"] = 1
                    seen[f"{it.id} bad runs"] = int(seen[f"{it.id} events"] > 0)
                for since in self._since.values():
                    since.update(seen)
                self._counted.update(seen)

    def pages(self) -> dict[str, str]:
        """The page of each incident, by its name."""
        from atalaya.watch.incidents.incidents import new_page, slug

        return {
            f"{slug(id)}.md": new_page(f"{id}: {incident.impact}", "\n".join([*self._reports[id], ""]))
            for id, incident in self._incidents.items()
        }

    def told(self, record: Evidence) -> str:
        """What somebody did, and when, for the lines that show how far it is."""
        at = f"T+{(record.occurred_at - self.opened_at) / HOUR:04.1f}"
        match record:
            case IncidentStep():
                return f"{at} {record.incident}: {record.state}"
            case WatchTransition():
                return f"{at} the window is extended to {record.window_h} h"
            case Signature():
                return f"{at} {record.duty}: signed"
            case _:
                return f"{at} {record.kind}"

    def _may(self, act: Report | Sign | Extend) -> bool:
        return not (isinstance(act, Report) and act.once_proven) or self._proven(act.incident)

    def _proven(self, id: str) -> bool:
        """Whether what came after the fix rejects, at 95 %, that the rate from before it is still there."""
        from atalaya.metrics.event_counts import Fix, Sick

        since, metric = self._since.get(id), self._incidents[id].metric if id in self._incidents else ""
        if since is None or metric not in METRICS or METRICS[metric].events is None:
            return False
        names = ("events", "tried", "bad runs", "runs")
        after = {name: since[f"{metric} {name}"] for name in names}
        before = {name: self._counted[f"{metric} {name}"] - after[name] for name in names}
        fix = Fix(
            at=self.opened_at,
            events_before=before["events"],
            trials_before=before["tried"],
            events_since=after["events"],
            trials_since=after["tried"],
            sick=(Sick("telling", before["bad runs"], before["runs"], after["runs"], after["bad runs"]),),
        )
        return not fix.events_since and fix.is_shown

    def _do(self, act: Report | Sign | Extend, at_h: float) -> Evidence:
        at = self.opened_at + timedelta(hours=at_h)
        match act:
            case Report():
                return self._report(act, at)
            case Sign():
                return Signature(
                    **self.metadata(at), checkpoint_h=act.checkpoint_h, duty=act.duty, by=ON_CALL, note=act.note
                )
            case Extend():
                return WatchTransition(
                    **self.metadata(at), state=EXTENDED, window_h=act.window_h, by=ON_CALL, why=act.why
                )

    def metadata(self, at: datetime) -> Metadata:
        """The metadata of what one of them writes down at an instant."""
        return record_metadata(self.run_id, Environment.REHEARSAL, at)

    def _report(self, act: Report, at: datetime) -> Evidence:
        from atalaya.watch.state_at import transition_of

        known = self._incidents.get(act.incident) or Incident(
            id=act.incident,
            at=at,
            impact=act.impact,
            root_cause="",
            fix="",
            state=act.state,
            severity=act.severity,
            metric=act.metric,
        )
        written = {name: getattr(act, name) for name in ("impact", "root_cause", "fix") if getattr(act, name)}
        incident = replace(known, state=act.state, **written)
        self._incidents[act.incident] = incident
        self._reports.setdefault(act.incident, []).append(f"- {at:%Y-%m-%d %H:%M} UTC, {act.state}: {act.why}")
        if act.state == "monitoring":
            self._since[act.incident] = Counter()
        return transition_of(incident, self.metadata(at), by=ON_CALL, why=act.why)
