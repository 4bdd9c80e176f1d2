"""The fields of GitHub's answers that are read; all other fields are dropped.

Only those that are named here: everything else, people's names and addresses among it, is dropped when an answer is
decoded, before anything is cached or stored. Lenient in what may be missing; an answer of another shape is no answer.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

SOME_RUNNER = "(a runner)"


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is read. Times stay text: what is no time must not make the whole document unreadable.

    ``bare`` is the field that a document is which has no name of its own: a list.
    """

    bare: ClassVar[str] = ""


class Item(Payload, frozen=True, kw_only=True):
    """One thing of a list. ``id`` is GitHub's, and two of one id are the same thing."""

    id: int


class Repository(Payload, frozen=True, kw_only=True):
    """A repository; its name is not read, since it may be a person's."""

    id: int | None = None


class Run(Item, frozen=True, kw_only=True):
    """A run of a workflow, as one of its attempts left it."""

    name: str | None = None
    path: str | None = None
    workflow_id: int | None = None
    head_sha: str | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    run_attempt: int = 1
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None
    repository: Repository | None = None
    head_repository: Repository | None = None


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
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        # Whether there was a runner is asked; whose machine it was is nobody's business.
        if isinstance(self.runner_name, str) and self.runner_name:
            msgspec.structs.force_setattr(self, "runner_name", SOME_RUNNER)


class Artifact(Item, frozen=True, kw_only=True):
    """One archive that a run left."""

    name: str | None = None
    expired: bool = False
    size_in_bytes: int | None = None
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


class Workflow(Item, frozen=True, kw_only=True):
    """One workflow: its name now, and its file."""

    name: str | None = None
    path: str = ""
    state: str | None = None


class WorkflowsListed(Payload, frozen=True, kw_only=True):
    """A page of the workflows of a repository."""

    total_count: int
    workflows: tuple[Workflow, ...]

    @property
    def items(self) -> tuple[Workflow, ...]:
        return self.workflows


class Artifacts(Payload, frozen=True, kw_only=True):
    """A page of the artifacts of a run, whatever attempt left them."""

    total_count: int
    artifacts: tuple[Artifact, ...]

    @property
    def items(self) -> tuple[Artifact, ...]:
        return self.artifacts


class Annotation(Payload, frozen=True, kw_only=True):
    """One remark on a check run."""

    message: str | None = None


class Annotations(Payload, frozen=True, kw_only=True):
    """The remarks on a check run. A job is one, under the same number."""

    bare: ClassVar[str] = "items"
    items: tuple[Annotation, ...]


class Head(Payload, frozen=True, kw_only=True):
    """The commit that a branch or a tag points at."""

    sha: str


class Ref(Payload, frozen=True, kw_only=True):
    """A branch or a tag."""

    name: str
    commit: Head


class Refs(Payload, frozen=True, kw_only=True):
    """A page of branches or of tags."""

    bare: ClassVar[str] = "items"
    items: tuple[Ref, ...]


class Home(Payload, frozen=True, kw_only=True):
    """A repository as GitHub tells of it."""

    default_branch: str = ""
    private: bool | None = None


class Account(Payload, frozen=True, kw_only=True):
    """What somebody is on GitHub, without their name."""

    id: int = 0
    type: str = ""


class Written(Item, frozen=True, kw_only=True):
    """What somebody wrote, and what they are to the repository."""

    body: str | None = None
    user: Account | None = None
    author_association: str = ""
    created_at: str | None = None
    updated_at: str | None = None


class Label(Payload, frozen=True, kw_only=True):
    """A label of an issue."""

    name: str = ""


class Issue(Written, frozen=True, kw_only=True):
    """An issue. A pull request is listed as one too."""

    number: int
    state: str = ""
    labels: tuple[Label, ...] = ()


class Issues(Payload, frozen=True, kw_only=True):
    """A page of issues."""

    bare: ClassVar[str] = "items"
    items: tuple[Issue, ...]


class Comments(Payload, frozen=True, kw_only=True):
    """A page of the comments of an issue."""

    bare: ClassVar[str] = "items"
    items: tuple[Written, ...]


class Tree(Payload, frozen=True, kw_only=True):
    """A tree of git, by its id."""

    sha: str


class Commit(Payload, frozen=True, kw_only=True):
    """A commit, as the Git API has it."""

    sha: str
    tree: Tree


class CommitOfGit(Payload, frozen=True, kw_only=True):
    """What git knows of a commit."""

    tree: Tree


class CommitOf(Payload, frozen=True, kw_only=True):
    """The commit that a name stands for."""

    sha: str
    commit: CommitOfGit


class Entry(Payload, frozen=True, kw_only=True):
    """One entry of a folder in a commit."""

    path: str
    type: str
    sha: str | None = None


class Folder(Payload, frozen=True, kw_only=True):
    """One folder in a commit. ``truncated`` where GitHub does not tell all of its entries."""

    tree: tuple[Entry, ...]
    truncated: bool = False


P = TypeVar("P", bound=Payload)


def decoded(content: bytes, kind: type[P]) -> P:
    """The fields that are read, of a document of one kind.

    :raises msgspec.MsgspecError: it is not JSON, or of another shape.
    """
    if kind.bare and content.lstrip().startswith(b"["):
        content = b'{"%b":%b}' % (kind.bare.encode(), content)
    return msgspec.json.decode(content, type=kind, strict=False)
