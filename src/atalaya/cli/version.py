"""Atalaya's own version."""

from __future__ import annotations

from atalaya.core.places import DISTRIBUTION


def own_version() -> str | None:
    """As it is installed; None where it runs from a checkout that is not."""
    from importlib import metadata  # it takes longer to import than the parser, and few commands ask for a version

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
