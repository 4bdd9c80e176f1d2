"""The commands by name, in the order of the help, with the sentence that it has for each.

They stand apart from what runs them, so that the help of all of them imports none.
"""

from __future__ import annotations

# A test holds each of them to what its own parser says.
COMMANDS: dict[str, str] = {
    "init": "Set up the watch in your own repository: settings, a home for release pages, a workflow.",
    "status": "Show where the watch stands, in ten lines: offline, and by what was judged last.",
    "watch": "Observe, collect, judge, publish, build the site; then say where to read it.",
    "check": "Run the contract checks against an SDK.",
    "smoke": "Run the runbook's smoke.",
    "compat": "Start the SDK on each Python, and with the lowest and highest versions of its dependencies.",
    "artefact": "Look at what the package index serves of the release, and hold it against what CI built.",
    "collect": "Take in what CI said: the files given, or all that watch.toml names, GitHub among it.",
    "repeat": "Run the team's own tests many times with pytest, and keep each attempt: what passes and fails is flaky.",
    "judge": "Judge a release: as of its newest evidence, and once its window has ended, as of that end at least.",
    "notify": "Tell a chat by its webhook what has happened since it was last told; --dry-run prints it and sends "
    "nothing.",
    "publish": "Write the includes of every release, in each language.",
    "site": "Build the versioned site from what is in the tree: offline, and with no SDK.",
    "serve": "Build the site, serve it on loopback, and build it again when a page or evidence changes.",
    "prove": "Run every check against every seeded defect, and the detectors on seeded events; fails when one "
    "survives.",
    "release": "open, checkpoint, incident, decide, close: the life of a watch",
    "evidence": "look after the evidence",
    "sync": "keep the evidence of many runners in one branch",
    "fleet": "Show the releases of many repositories, as `fleet.toml` lists them, and write their page.",
    "completion": "Print the lines that let a shell complete commands and options.",
    "rehearse": "Go through a whole watch on a made-up calendar, with the runs and the faults real.",
}
ALIASES: dict[str, tuple[str, ...]] = {"check": ("checks",)}
