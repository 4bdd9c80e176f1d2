"""Finds the git tree of the SDK's folder in a commit: two commits of one tree hold the same SDK.

Git is asked where the SDK's own repository is on this machine, GitHub otherwise. A tree never changes, so a commit
is asked about once, and the answer is kept as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from atalaya.core.errors import NetworkError
from atalaya.evidence.commits import same_commit, same_tree
from atalaya.evidence.github.client import Absent, Client, Refused, Spent
from atalaya.evidence.github.payloads import Commit, CommitOf, Folder
from atalaya.records.stored import CommitTree, Metadata

MOST_ASKED = 100  # commits in one collection
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SHORT = re.compile(r"[0-9a-f]{4,64}")

InGit = Callable[[str, str], str | None]  # the tree of a commit and a path


class Trees:
    """What is known of the trees of one folder, and how more is found out.

    :param known: the trees that are recorded already.
    :param in_git: asks the SDK's repository; None where it is not on this machine.
    """

    def __init__(
        self,
        client: Client,
        repo: str,
        path: str,
        known: Iterable[CommitTree],
        in_git: InGit | None,
        metadata: Metadata,
    ) -> None:
        self.path = "/".join(part for part in path.split("/") if part not in ("", "."))
        self.records = [record for record in known if record.path == self.path]
        self.troubles: dict[str, str] = {}  # by commit: why it is not known yet
        self.absent: dict[str, str] = {}  # by commit: why it will not be known
        self._client, self._repo, self._in_git, self._metadata = client, repo, in_git, metadata
        self._folders: dict[str, Folder] = {}
        self._asked = 0
        self._spent = ""

    def knows(self, commit: str) -> bool:
        """Whether the tree of a commit is recorded."""
        return any(same_commit(commit, record.commit) for record in self.records)

    def same_as(self, commit: str) -> frozenset[str]:
        """The commits, in lower case, whose tree is that of this one."""
        return same_tree(commit, self.records)

    def whole(self, commit: str) -> str:
        """The whole SHA of a commit that is recorded, or that GitHub knows, by its beginning; else empty."""
        recorded = (one.commit for one in self.records if SHA.fullmatch(one.commit) and same_commit(one.commit, commit))
        known = next(recorded, "")
        if known or self._spent or not SHORT.fullmatch(commit):
            return known
        try:
            sha = self._client.page(f"repos/{self._repo}/commits/{commit}", CommitOf).value.sha
        except NetworkError:  # the tree of it will be asked for, and then the reason is said
            return ""
        return sha if SHA.fullmatch(sha) else ""

    def stop(self, why: str) -> None:
        """Ask GitHub no more."""
        self._spent = why

    def find(self, commit: str) -> CommitTree | None:
        """The tree of a commit that is not recorded yet; None where it cannot be found out, or is recorded."""
        commit = commit.lower()
        if self.knows(commit):
            return None
        if not SHORT.fullmatch(commit):
            self.absent[commit] = "It is no commit's SHA."
            return None
        tree = self._in_git(commit, self.path) if self._in_git else None
        found = (commit, tree, "git") if tree else self._of_github(commit)
        if found is None:
            return None
        record = CommitTree(**self._metadata, commit=found[0], path=self.path, tree=found[1], asked_of=found[2])
        self.records.append(record)
        return record

    def _of_github(self, commit: str) -> tuple[str, str, str] | None:
        note = f"no tree {self._repo} {commit} {self.path}"
        if self._client.cache.noted(note):
            self.absent[commit] = self._why_absent()
            return None
        if self._spent or self._asked == MOST_ASKED:
            self.troubles[commit] = self._spent or f"More than {MOST_ASKED} commits to ask about. Run again."
            return None
        self._asked += 1
        try:
            sha, tree = self._walk(commit)
        except Spent as why:
            self._spent = self.troubles[commit] = str(why)
            return None
        except Absent:  # it will not be there the next time either
            self._client.cache.note(note)
            self.absent[commit] = self._why_absent()
            return None
        except NetworkError as why:
            self.troubles[commit] = str(why)
            return None
        return sha, tree, "github"

    def _why_absent(self) -> str:
        return f"GitHub has no folder {self.path!r} in it." if self.path else "GitHub does not know it."

    def _walk(self, commit: str) -> tuple[str, str]:
        """The commit's whole SHA, and the tree of the path in it.

        :raises Absent: there is no such commit, or no such folder in it.
        """
        parts = self.path.split("/") if self.path else []
        sha, tree = commit, commit  # GitHub takes a commit for its tree
        if not SHA.fullmatch(commit):
            named = self._client.page(f"repos/{self._repo}/commits/{commit}", CommitOf).value
            sha, tree = named.sha, named.commit.tree.sha
        elif not parts:
            tree = self._client.page(f"repos/{self._repo}/git/commits/{commit}", Commit).value.tree.sha
        for part in parts:
            folder = self._folder(tree)
            entry = next((each for each in folder.tree if each.path == part), None)
            if entry is None and folder.truncated:
                raise Refused(f"GitHub does not tell all that is in {self._repo} at {commit}.")
            if entry is None or entry.type != "tree" or not entry.sha:
                raise Absent(f"{part}: no folder of {commit}.")
            tree = entry.sha
        if not (SHA.fullmatch(sha) and SHA.fullmatch(tree)):
            raise Refused(f"GitHub's answer about {commit} names no commit and tree.")
        return sha, tree

    def _folder(self, tree: str) -> Folder:
        if not SHA.fullmatch(tree):
            raise Refused("GitHub's answer names a tree that is none.")
        if tree not in self._folders:
            self._folders[tree] = self._client.page(f"repos/{self._repo}/git/trees/{tree}", Folder).value
        return self._folders[tree]
