"""Finds the name of whoever gives a command, as it is recorded and published."""

from __future__ import annotations

import argparse
import getpass
import re

from atalaya.cli.context import Context
from atalaya.core import environment
from atalaya.core.errors import UsageError


def who(place: Context, args: argparse.Namespace) -> str:
    """Who says so: as named, else as the workflow or git knows them, else the account of this machine, said aloud.

    What is recorded is published, so no address of an e-mail is.

    :raises UsageError: an address was named.
    """
    return _named(place, args) or _account_aloud(place)


def signer(place: Context, args: argparse.Namespace) -> str:
    """As :func:`who`, for what is a person's word: an account that is nobody's is no name.

    :raises UsageError: an address was named, or nobody can be.
    """
    name, account = _named(place, args), _account()
    if not name and not _is_a_name(account):
        raise UsageError(
            f"nobody says who does this: git has no user.name here, and the account {account or 'of this machine'!r} "
            f"is nobody's name. Give --by NAME, or set it: git config user.name NAME."
        )
    return name or _account_aloud(place)


def _named(place: Context, args: argparse.Namespace) -> str:
    """As given with ``--by``, else as the workflow or git says; empty where none of them does."""
    from atalaya.sdk.git_repository import user_name

    if args.by.strip():
        if _ADDRESS.search(args.by):
            raise UsageError(f"--by {args.by}: the pages are public, and that is an address. Give a name.")
        return " ".join(args.by.split())
    for name in (environment.github_actor(), user_name(place.root)):
        if _is_a_name(name):
            return " ".join(name.split())
    return ""


def _account_aloud(place: Context) -> str:
    account = _account() or "unknown"
    place.console.line(f"  by {account}, as this machine calls the account; another name: --by NAME")
    return account


_ADDRESS = re.compile(r"\S@\S")
# What accounts of containers and services are called: whoever works there, it is not their name.
_NOBODY = frozenset({"", "nobody", "root", "unknown", "none", "anonymous", "admin", "administrator", "user", "runner"})


def _is_a_name(text: str) -> bool:
    return text.strip().casefold() not in _NOBODY and not _ADDRESS.search(text)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without an entry, as containers have
        return ""
