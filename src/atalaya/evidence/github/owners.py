"""Finds the job, and the attempt of it, that left a file in an artifact.

GitHub tells neither. The attempt is in the artifact's name, or told by the time at which it was made; the job is the
one whose name is most in that of the file, and that ran at that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from atalaya.evidence.readers.collector import job_and_attempt
from atalaya.records.stored import Conclusion, JobAttempt

SLACKS = (timedelta(0), timedelta(minutes=1))  # an artifact may be finished as its job ends
NEVER_RAN = (Conclusion.SKIPPED, Conclusion.STARTUP_FAILURE, Conclusion.PENDING, Conclusion.STALE)
WORD = re.compile(r"[0-9]+(?:\.[0-9]+)+|[a-z]+|[0-9]+")
OF_FILES = frozenset({"artifact", "artifacts", "json", "log", "logs", "report", "reports", "results", "txt", "xml"})
PYTHON = re.compile(r"(?<![a-z])(?:cp|py|python)[-_ ]?(3)\.?(\d{1,2})(?![0-9])")
SYSTEMS = {"ubuntu": "linux", "darwin": "macos", "mac": "macos", "osx": "macos", "win": "windows", "win32": "windows"}


def words(name: str) -> frozenset[str]:
    """The words of a name, with one word for what is written in several ways.

    >>> sorted(words("gate-logs-Linux-py3.11-full") & words("ubuntu-latest / python 3.11 / full"))
    ['3.11', 'full', 'linux']
    >>> sorted(words("unit-py311"))
    ['3.11', 'unit']
    """
    spelt = PYTHON.sub(r" \1.\2 ", name.lower())
    return frozenset(SYSTEMS.get(word, word) for word in WORD.findall(spelt)) - OF_FILES


def attempt_marked(file: str) -> int | None:
    """The attempt that a file's name tells; None where it tells none."""
    job, attempt = job_and_attempt(file)
    return attempt if job != file else None


def owners(file: str, made_at: datetime | None, executed: Sequence[JobAttempt]) -> tuple[JobAttempt, ...]:
    """The executions of jobs that may have left a file: one, where it is known which.

    :param file: its name, with that of its artifact before it.
    :param made_at: when its artifact was made.
    :param executed: each execution of each job of the run.
    """
    found = [one for one in executed if one.conclusion not in NEVER_RAN]
    marked = attempt_marked(file)
    if marked is not None:
        found = [one for one in found if one.attempt == marked] or found
    if made_at is not None:
        then = ([one for one in found if _ran_at(one, made_at, slack)] for slack in SLACKS)
        found = next(filter(None, then), found)
    return tuple(_best_named(job_and_attempt(file)[0], found))


def _ran_at(one: JobAttempt, at: datetime, slack: timedelta) -> bool:
    if one.duration_s is None:
        return False
    return one.occurred_at - timedelta(seconds=one.duration_s) - slack <= at <= one.occurred_at + slack


def _best_named(file: str, executed: Sequence[JobAttempt]) -> Iterable[JobAttempt]:
    """Those whose names have most words in the file's; of two, the one whose every word is there."""
    there = words(file)
    names = {one.job: words(one.job) for one in executed}
    most = max((len(name & there) for name in names.values()), default=0)
    best = {job for job, name in names.items() if len(name & there) == most}
    whole = {job for job in best if names[job] <= there}
    if most and len(whole) == 1:
        best = whole
    return (one for one in executed if one.job in best)
