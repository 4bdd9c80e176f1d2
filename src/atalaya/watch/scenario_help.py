"""Says what happens in the scenarios of a rehearsal, hour by hour: for the help, which must not wait for more."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from atalaya.harness.scenarios import (
    Build,
    Dispatch,
    Extend,
    Happening,
    Network,
    PullRequest,
    Repeat,
    Report,
    Scenario,
    Schedule,
    Sign,
    Squash,
    Visit,
)


def scenario_help(scenarios: Mapping[str, Scenario]) -> str:
    """The scenarios as the command's help tells them: what happens in each, hour by hour."""
    lines = [
        "The same scenario, seed and T+0 give the same release, to the byte. Nothing is kept before its end.",
        "",
        "scenarios:",
    ]
    for name, scenario in scenarios.items():
        lines += [f"  {name}", *textwrap.wrap(scenario.says, 92, initial_indent="    ", subsequent_indent="    ")]
        happenings = sorted(scenario.happenings, key=lambda one: one.at_h)
        lines += [f"      T+{one.at_h:g}  {_in_words(one)}" for one in happenings if not isinstance(one, Sign)]
    return "\n".join(lines)


def _in_words(happening: Happening) -> str:
    match happening:
        case Build(defect="") | Network(faults=0.0):
            return "the defect is gone" if isinstance(happening, Build) else "the network is well again"
        case Build():
            often = f"every {happening.every} hours " if happening.every > 1 else ""
            return f"{often}the SDK has the seeded defect {happening.defect}"
        case Network():
            return f"the network takes {happening.faults:g} requests of a smoke, on average"
        case Schedule():
            return "the schedule fires again" if happening.fires else "the schedule stops firing"
        case Visit():
            return "somebody runs the checks and the smoke by hand"
        case Dispatch():
            again = f", and every {happening.every_h} hours from then on" if happening.every_h else ""
            of = f" of {happening.commit}" if happening.commit else ""
            of += f" of T+{happening.again_of:g} again" if happening.again_of is not None else ""
            return f"CI runs {jobs_in_words(happening.jobs)}{of} ({happening.event}){again}"
        case PullRequest():
            ill = f", which has the seeded defect {happening.defect}" if happening.defect else ""
            return f"CI runs {jobs_in_words(happening.jobs)} of {happening.merge}{ill}"
        case Squash():
            return f"git is asked: {happening.branch} holds the SDK that was released"
        case Repeat():
            return f"the SDK's own tests are run {happening.times} times each"
        case Report():
            return f"{happening.incident}: {happening.state}{', once the fix is proven' * happening.once_proven}"
        case Extend():
            return f"the window is extended to {happening.window_h} h"
        case Sign():
            return f"{happening.duty} is signed"


def jobs_in_words(jobs: Sequence[str]) -> str:
    """How many jobs they are."""
    return "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
