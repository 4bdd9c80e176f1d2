"""The fields of GitHub's answers that are read; all other fields are dropped.

Only those that are named here: everything else, people's names and addresses among it, is dropped when an answer is
decoded, before anything is cached or stored. Lenient in what may be missing; an answer of another shape is no answer.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

SOME_RUNNER = "(a runner)"


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is read. Times stay text: what is no time must not make the whole document unreadable."""


class Item(Payload, frozen=True, kw_only=True):
    """One thing of a list. ``id`` is GitHub's, and two of one id are the same thing."""

    id: int


class Run(Item, frozen=True, kw_only=True):
    """A run of a workflow, as one of its attempts left it."""

    name: str | None = None
    path: str | None = None
    head_sha: str | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    run_attempt: int = 1
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None


class Step(Payload, frozen=True, kw_only=True):
    """One step of a job."""

    name: str | None = None
    conclusion: str | None = None
    completed_at: str | None = None


class Job(Item, frozen=True, kw_only=True):
    """One job of one attempt of a run. What is UNSET was not told, which is not the same as told to be nothing."""

    name: str | None = None
    run_attempt: int | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    runner_name: str | UnsetType | None = UNSET
    steps: tuple[Step, ...] | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        # Whether there was a runner is asked; whose machine it was is nobody's business.
        if isinstance(self.runner_name, str) and self.runner_name:
            msgspec.structs.force_setattr(self, "runner_name", SOME_RUNNER)


class Artifact(Item, frozen=True, kw_only=True):
    """One archive that a run left."""

    name: str | None = None
    expired: bool = False
    created_at: str | None = None


class Runs(Payload, frozen=True, kw_only=True):
    """A page of runs."""

    total_count: int
    workflow_runs: tuple[Run, ...]

    @property
    def items(self) -> tuple[Run, ...]:
        return self.workflow_runs


class Jobs(Payload, frozen=True, kw_only=True):
    """A page of the jobs of one attempt."""

    total_count: int
    jobs: tuple[Job, ...]

    @property
    def items(self) -> tuple[Job, ...]:
        return self.jobs


class Artifacts(Payload, frozen=True, kw_only=True):
    """A page of the artifacts of a run, whatever attempt left them."""

    total_count: int
    artifacts: tuple[Artifact, ...]

    @property
    def items(self) -> tuple[Artifact, ...]:
        return self.artifacts


P = TypeVar("P", bound=Payload)


def decoded(content: bytes, kind: type[P]) -> P:
    """The fields that are read, of a document of one kind.

    :raises msgspec.MsgspecError: it is not JSON, or of another shape.
    """
    return msgspec.json.decode(content, type=kind, strict=False)
