"""Tells which of the workflows that count a run is of.

A workflow is its number and its file. What GitHub calls a run's name may be another: a ``run-name``, or the name
before somebody changed it. So a name of the settings stands for a file first, then for the workflow that has that name
now, and last for the one whose runs had it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from atalaya.core.scrub import scrub
from atalaya.evidence.github.payloads import Run, Workflow

Key = int | str  # the number of a workflow, or its file


def file_of(run: Run) -> str:
    """The file of a run's workflow, below the root of its repository; empty where it does not tell."""
    return (run.path or "").partition("@")[0]


class Workflows:
    """The workflows of one repository.

    :param names: those that count, as the settings have them; none means all.
    :param listed: what GitHub lists; empty where it does not tell.
    :param runs: the runs that are looked at, oldest first.
    :param recorded: the name under which jobs of a workflow were recorded, by its file.
    """

    def __init__(
        self, names: Sequence[str], listed: Sequence[Workflow], runs: Sequence[Run], recorded: Mapping[str, str]
    ) -> None:
        self._names, self.listed = names, listed
        self._of: dict[Key, str] = {}
        self._ids = {run.workflow_id: file_of(run) for run in reversed(runs) if run.workflow_id is not None}
        self._ids.update((one.id, one.path) for one in listed)
        there = {one.path for one in listed}
        found: set[str] = set()  # names of which it is known which workflow they stand for now
        for file, name in recorded.items():
            if name in names or not names:
                self._claim(name, (file, *self._numbers(file)))
                found |= {name} if file in there else set()
        for file in dict.fromkeys(filter(None, (*self._ids.values(), *map(file_of, runs)))):
            for name in (name for name in names if name in spelt(file)):
                self._claim(name, (file, *self._numbers(file)))
                found.add(name)
        for told in (self._listed_names(), self._runs_names(runs)):
            pairs = [(key, called) for key, called in told if called in names and called not in found]
            for key, called in pairs:
                self._claim(called or "", (key,))
                found.add(called or "")

    def name_of(self, run: Run) -> str | None:
        """The name under which a run's jobs count; None where they do not."""
        keys = [key for key in (run.workflow_id, file_of(run)) if key]
        known = next((self._of[key] for key in keys if key in self._of), None)
        if known is not None or (self._names and keys):
            return known
        called = next((one.name for one in self.listed if one.id == run.workflow_id), None) or run.name
        if self._names:
            return called if called in self._names else None
        return scrub(called or PurePosixPath(file_of(run)).stem or "(no name)")

    def of(self, name: str) -> Workflow | None:
        """The workflow that GitHub lists for a name of the settings."""
        return next((one for one in self.listed if self._of.get(one.id) == name), None)

    def _claim(self, name: str, keys: Iterable[Key]) -> None:
        for key in keys:
            self._of.setdefault(key, name)

    def _numbers(self, file: str) -> Iterator[int]:
        return (number for number, of in self._ids.items() if of == file)

    def _listed_names(self) -> Iterator[tuple[Key, str | None]]:
        for one in self.listed:
            yield one.id, one.name
            yield one.path, one.name

    def _runs_names(self, runs: Iterable[Run]) -> Iterator[tuple[Key, str | None]]:
        """Names of runs, under the file whose number they have: whatever the name, they are of one workflow."""
        for run in runs:
            for key in (run.workflow_id, file_of(run) or self._ids.get(run.workflow_id or 0, "")):
                if key:
                    yield key, run.name


def spelt(file: str) -> tuple[str, ...]:
    """How settings may name a workflow's file.

    >>> spelt(".github/workflows/ci.yml")
    ('.github/workflows/ci.yml', 'ci.yml', 'ci')
    """
    path = PurePosixPath(file)
    return (file, path.name, path.stem)
