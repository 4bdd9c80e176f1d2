"""Finds the commits in which the SDK is the one that was released."""

from __future__ import annotations

from collections.abc import Sequence

from atalaya.records.stored import CommitTree, Release


def same_tree(release: Release, trees: Sequence[CommitTree]) -> frozenset[str]:
    """The commits, in lower case, in which the SDK's path has the git tree that it has in the released commit.

    Empty where the tree of the released commit is not known. Commits may be cut short, as people write them.
    """
    released = release.commit.lower()
    if not released:
        return frozenset()
    ours = {
        (one.path, one.tree)
        for one in trees
        if one.tree and (one.commit.lower().startswith(released) or released.startswith(one.commit.lower()))
    }
    return frozenset(one.commit.lower() for one in trees if (one.path, one.tree) in ours)
