"""The kinds of pages of the site, with the path of one page of each kind."""

from __future__ import annotations

from tests.ours import PROMISES

NO_FAULTS, HOSTILE = "1.1.0", "1.2.0"  # the later one is what the site's own pages embed
LANGUAGES = ("", "es/")  # the folder of each, below the front

# Of a release. ``printable`` is its report as one file, which `close` writes into the release's folder.
OF_A_RELEASE = (
    "index",
    "t00",
    "t24",
    "t48",
    "t72",
    "contracts",
    "incidents",
    "incidents/{incident}",
    "rollback",
    "backlog",
    "report",
    "evidence",
    "evidence/job",
    "evidence/test",
    "evidence/event",
    "evidence/reading",
    "evidence/transition",
    "printable",
)
INCIDENTS = {NO_FAULTS: "i1", HOSTILE: "s0"}

# Of the site: of those that are written by hand, one of each; all that are generated.
OF_THE_SITE = (
    "index",
    "guides/embed",
    "concepts/silence-is-not-success",
    "history",
    "history/promises-polling",
    "history/tests",
    "fleet",
    "fleet/releases-1",
    "reference/calibration",
    "reference/command-line",
    "reference/contract",
    "reference/faults",
    "reference/fleet",
    "reference/metrics",
    "reference/metrics/pass-rate",
    "reference/promises",
    "reference/promises/{promise}",
    "reference/records",
    "reference/rules",
    "reference/rules/all-met",
    "reference/self-test",
    "reference/settings",
    "reference/states",
    "search",
)


def of_release(release: str) -> list[str]:
    """The pages of a release in both languages, from the front of the site."""
    return [
        f"{release}/{language}{kind}.html".replace("{incident}", INCIDENTS[release])
        for language in LANGUAGES
        for kind in OF_A_RELEASE
    ]


def of_site() -> list[str]:
    """The pages of the site itself, in both languages."""
    return [
        f"{language}{kind}.html".replace("{promise}", PROMISES[0].id) for language in LANGUAGES for kind in OF_THE_SITE
    ]
