"""Completion of commands and options in a shell: the `completion` command, and what the shell then asks."""

from __future__ import annotations

import argparse

from atalaya.cli.console import put_line
from atalaya.cli.context import Context
from atalaya.cli.output import print_json

SHELLS = ("bash", "zsh", "fish")


def completion(place: Context, args: argparse.Namespace) -> int:
    """Print the lines that let a shell complete commands and options."""
    from argcomplete.shell_integration import shellcode

    code = shellcode(["atalaya"], shell=args.shell)
    if args.json:
        print_json({"shell": args.shell, "code": code})
    else:
        put_line(code.strip())
    return 0


def answer(of: argparse.ArgumentParser) -> None:
    """Answer the shell that asks what can follow; the process ends here."""
    import argcomplete

    argcomplete.autocomplete(of)
