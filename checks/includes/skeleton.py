"""Which pages does a new release begin with?

They hold prose and ``live`` directives, and no version number: so each sentence is translated once, for
every release. People may edit them afterwards; what is measured comes in through the directives.
"""

from __future__ import annotations


def pages() -> dict[str, str]:
    """The pages of a release's folder, by file name."""
    return {name: text.lstrip("\n") for name, text in _PAGES.items()}


_PAGES = {
    "index.md": """
# How the release is doing

```{live} banner
```

```{live} glance
```

```{live} reasons
```

## The watch so far

```{live} timeline
```

## The five metrics

```{live} metrics
```

## What was known at each checkpoint

```{live} looks
```

```{toctree}
:hidden:

T+0 <t00>
T+24 <t24>
T+48 <t48>
T+72 <t72>
Contracts <contracts>
Incidents <incidents>
Decisions <rollback>
Backlog <backlog>
Report <report>
Evidence <evidence>
```
""",
    "t00.md": """
# T+0: release and first validation

```{live} banner
```

The main pipeline has to be green, the smoke has to run against what was published,
and the configuration has to be strict, with no address built in.

```{live} t00
```
""",
    "t24.md": """
# T+24: first productive cycle

```{live} banner
```

A day of CI is in.
The first network errors and polling timeouts have to be read one by one,
and no poll may have been answered from the cache.

```{live} t24
```
""",
    "t48.md": """
# T+48: stability on the way

```{live} banner
```

The trend of the flaky tests has to be measured and the smoke repeated,
and tests have to show that a request which bypasses the cache does bypass it.

```{live} t48
```
""",
    "t72.md": """
# T+72: end of the watch

```{live} banner
```

The figures have to be final, incidents closed or handed over, and the backlog for the next version published.

```{live} t72
```
""",
    "contracts.md": """
# Contracts

```{live} banner
```

A promise is one sentence of what the SDK owes its users.
A check that has never been seen red proves nothing, so each promise shows when a seeded defect last turned it red.

```{live} contracts
```

## Weaknesses beyond the contract

```{live} findings
```
""",
    "incidents.md": """
# Incidents

```{live} banner
```

Everything that hurt somebody in the window, with its cause and its fix.

```{live} incidents
```

```{incident-pages}
```
""",
    "rollback.md": """
# Going on, or going back

```{live} banner
```

What is published cannot be unpublished, but it can be kept from doing more harm.
Whoever decides writes down which verdict they read: its digest stands on the front page.

## If the release has to be taken back

1. **Stop the roll-out.**
   Take the release out of every deployment that still has to come, and pin those that have it to the version before.
2. **Yank it.**
   On PyPI: *Your projects*, *Manage*, *Releases*, *Options*, *Yank*.
   Whoever asks for exactly this version still gets it; nobody else does.
   Do not delete it: a file that is gone breaks those who have pinned it, and its name can never be used again.
3. **Tell those who have it.**
   Say in the changelog and where your users read what is wrong, since which version, and what to install instead.
4. **Write it down.**
   `python -m checks release decide roll-back --why TEXT`, or `yank`, `stop`, `go-on`.
5. **Go on watching.**
   The watch sees that the file is yanked.
   It may be closed before its end: `python -m checks release close --early --why TEXT`.

## What was decided

```{live} decisions
```
""",
    "backlog.md": """
# Backlog for the next version

```{live} banner
```

Each item is a check that does not exist, or does not pass, yet.

```{live} backlog
```

## What this release began with

```{live} asked
```
""",
    "report.md": """
# Report

```{live} banner
```

All that the watch has come to, on one page.
It is final when the watch is closed; from then on the folder of the release is sealed.

```{live} seal
```

```{live} verdict
```

```{live} metrics
```

```{live} incidents
```

## Decisions

```{live} decisions
```

## What is left open

```{live} questions
```

## Where the next version begins

```{live} backlog
```
""",
    "evidence.md": """
# Evidence

```{live} banner
```

Every figure on these pages can be computed again from the files below.
Evidence is only ever added: a file is named after its content, and never changed.

## How each figure comes about

```{live} figures
```

## Through the window

```{live} chart-pass-rate
```

```{live} chart-network
```

```{live} chart-latency
```

## Tests that did not just pass

```{live} chart-flaky
```

```{live} flaky
```

## What users install

```{live} artefact
```

## What moved

An answer to "it broke at T+30" is often "a package moved at T+29".

```{live} moves
```

## Where it was seen

Runs on loopback, in CI and against a real service are counted apart.

```{live} environments
```

## At which pace

```{live} pace
```

## By which thresholds

A change after T+0 counts from when it was recorded, and one that was not recorded makes the verdict invalid.

```{live} settings
```

## Was somebody watching?

```{live} coverage
```

## From each figure to its evidence

```{live} evidence
```
""",
}
