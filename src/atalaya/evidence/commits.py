"""Compares commits as people write them, cut short or not, and by the SDK that they hold."""

from __future__ import annotations

from collections.abc import Iterable

from atalaya.records.stored import CommitTree


def same_commit(one: str, other: str) -> bool:
    """Whether two names are of one commit. Either may be cut short; upper and lower case are alike.

    >>> same_commit("88CA038", "88ca03868465"), same_commit("88ca038", "c6075b4")
    (True, False)
    """
    one, other = one.lower(), other.lower()
    return one.startswith(other) or other.startswith(one)


def same_tree(commit: str, trees: Iterable[CommitTree]) -> frozenset[str]:
    """The commits, in lower case, in which the SDK's path has the git tree that it has in this one.

    Empty where the tree of this commit is not known.
    """
    known = list(trees)
    ours = {(one.path, one.tree) for one in known if commit and one.tree and same_commit(one.commit, commit)}
    return frozenset(one.commit.lower() for one in known if (one.path, one.tree) in ours)
