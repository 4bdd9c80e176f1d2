"""The commands that synchronise evidence from many runners through one shared branch."""

from __future__ import annotations

import argparse
import sys

from atalaya.cli.as_of import judged
from atalaya.cli.context import Context
from atalaya.cli.output import print_json
from atalaya.core import environment
from atalaya.core.errors import AtalayaError, UsageError


def pull(place: Context, args: argparse.Namespace) -> int:
    """Bring the releases of the shared branch into this working tree: what is missing, and nothing over an edit."""
    from atalaya.sync.branch import Branch

    brought = Branch(place.root, args.remote, args.branch, place.console.line).pull()
    if args.json:
        print_json({"brought": brought})
    return 0


def push(place: Context, args: argparse.Namespace) -> int:
    """Add what this working tree has to the shared branch; nothing that is there is changed, or forced."""
    from atalaya.sync.branch import Branch

    plan = Branch(place.root, args.remote, args.branch, place.console.line).push(
        message=args.message, edited=args.edited, visible=lambda: _visible(place)
    )
    if args.json:
        print_json(plan._asdict())
    return 0


def _visible(place: Context) -> str:
    """What a reader of this tree sees; empty, so that pages are built, where that cannot be told."""
    from atalaya.watch import folder
    from atalaya.watch.render_key import visible_digest

    try:
        tracked = [one for one in folder.find(place.releases) if not one.version.startswith(folder.LOCAL)]
        return " ".join(visible_digest(judged(place, one, None)) for one in tracked if not one.rehearsal)
    except AtalayaError as why:
        place.console.line(f"  what a reader sees cannot be told: {why}")
        return ""


def propose(place: Context, args: argparse.Namespace) -> int:
    """Open the one pull request that brings what is sealed on the shared branch to the main one."""
    from atalaya.evidence.github.client import API
    from atalaya.sync.branch import Branch
    from atalaya.sync.pull_request import Proposal
    from atalaya.watch.seal import NAME

    echo = place.console.line
    there, here = (Branch(place.root, args.remote, name, echo).fetch() for name in (args.branch, args.base))
    for name, tip, mend in (
        (args.branch, there, "Push what is here: atalaya sync push. Or name another: --branch NAME."),
        (args.base, here, "Name the main branch: --base NAME."),
    ):
        if not tip.commit:
            raise UsageError(f"sync propose: {args.remote} has no branch {name}, so nothing can be proposed. {mend}")
    sealed = sorted(path.split("/")[0] for path in there.files if path.endswith(f"/{NAME}"))
    missing = [folder for folder in sealed if f"{folder}/{NAME}" not in here.files]
    if not missing:
        echo(f"  {args.base} has every sealed release of {args.branch}: there is nothing to propose")
        return 0
    repo = place.loaded.settings.ci.repo or environment.github_repository()
    address, is_new = Proposal(environment.github_api() or API, environment.github_token(), repo).open(
        branch=args.branch, base=args.base, releases=missing
    )
    echo(f"  {', '.join(missing)}: {'proposed' if is_new else 'proposed before'}: {address}")
    if args.json:
        print_json({"releases": missing, "address": address, "new": is_new})
    return 0


def changed(place: Context, args: argparse.Namespace) -> int:
    """End with 183 where a reader sees what they saw before, so that no pages need to be built; else with 0."""
    from atalaya.sync.changed import decide

    code, why = decide(place.root, args.branch)
    print(why, file=sys.stderr)
    return code
