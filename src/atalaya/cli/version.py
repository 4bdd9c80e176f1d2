"""Atalaya's own version."""

from __future__ import annotations

from importlib import metadata

from atalaya.core.places import DISTRIBUTION


def own_version() -> str | None:
    """As it is installed; None where it runs from a checkout that is not."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
