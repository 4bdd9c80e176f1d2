"""The `init` command: set a team's own repository up for the watch, and take that back."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya.cli.console import Console, put_line
from atalaya.cli.context import Context
from atalaya.cli.output import print_json
from atalaya.core.errors import UsageError
from atalaya.core.places import BESIDE, EMBEDS, EXTENSION, SETTINGS
from atalaya.core.words import first_of

if TYPE_CHECKING:
    from atalaya.adopt.find import Sdk, Uses
    from atalaya.adopt.plan import Step
    from atalaya.adopt.texts import Choices

NAMED = 12  # so many projects are offered


def init(place: Context, args: argparse.Namespace) -> int:
    """Set up the watch in your own repository: settings, a home for release pages, a workflow."""
    from atalaya.adopt import plan

    root = _root(place, args)
    if args.remove:
        return _take_back(place.console, root, args)
    choices = _choices(place._replace(root=root), args)
    steps = plan.plan(root, choices)
    _show(place.console, root, choices, steps)
    if args.json:
        _print(root, steps, sdk=choices.sdk._asdict())
    if args.dry_run:
        for step in () if args.json else steps:
            put_line(f"# ── {step.path}: {step.fate} ──\n{step.text}")
        return 0
    if all(step.fate in (plan.Fate.SAME, plan.Fate.KEEP) for step in steps):
        place.console.line("  nothing is to be written")
        return 0
    _require_consent(args, "Write these files?")
    plan.apply(root, steps, choices.uses)
    _what_next(place.console, root, choices, steps)
    return 0


def _root(place: Context, args: argparse.Namespace) -> Path:
    """The folder to set up: the one that is set up, or was named, else the top of its git repository.

    :raises UsageError: it is a clone of Atalaya.
    """
    from atalaya.adopt.find import top_of
    from atalaya.sdk.git_repository import is_ours

    is_known = args.root is not None or (place.root / SETTINGS).is_file()
    root = place.root if is_known else top_of(place.root) or place.root
    if is_ours(root):
        raise UsageError(f"init: {root} is Atalaya itself. Run it in the repository of your SDK.")
    if not (root / BESIDE).exists() and any((root / "docs" / "releases").glob("*/release.toml")):
        raise UsageError(
            f"init: docs/releases holds watches already, and {BESIDE}/ would be their new home. Move them first: "
            f"mkdir -p {BESIDE} && git mv docs/releases {BESIDE}/releases."
        )
    return root


# ── what is there ────────────────────────────────────────────────────────────


def _choices(place: Context, args: argparse.Namespace) -> Choices:
    """What was found, asked for, or set before."""
    from atalaya.adopt import find, texts

    settings, root = place.loaded.settings, place.root
    is_set_up = (root / SETTINGS).is_file()
    sdk = _sdk(place, args)
    schedule = _has_schedule(root, args, set_before=settings.watch.every_h > 0 if is_set_up else None)
    conf = root / "docs" / "conf.py"
    theirs = conf.read_text(encoding="utf-8", errors="replace") if conf.is_file() else ""
    found = find.workflows(root, sdk, leave_out=[texts.WORKFLOW])
    return texts.Choices(
        sdk=sdk,
        repository=(settings.ci.repo if is_set_up else "") or find.github_repository(root),
        workflows=found,
        uses=_uses(root, args),
        dispatch=args.dispatch or settings.ci.dispatch,
        issues=args.issues or settings.incidents.github,
        schedule=schedule,
        base_url=args.base_url or settings.smoke.base_url,
        sphinx="" if not theirs or EXTENSION in theirs else ".md" if "myst" in theirs else ".rst",
        exclude=_exclude(theirs),
    )


def _exclude(conf: str) -> str:
    """The line that a ``conf.py`` needs so that Sphinx leaves the releases alone; empty where it does already.

    They are Markdown, which Sphinx reads with MyST only, and our extension leaves them out by itself.
    """
    releases = f"{BESIDE.removeprefix('docs/')}/releases"
    if "myst" not in conf or EMBEDS in conf or EXTENSION in conf or releases in conf:
        return ""
    is_there = re.search(r"^exclude_patterns\b", conf, re.MULTILINE)
    return f'exclude_patterns {"+=" if is_there else "="} ["{releases}/**"]'


def _has_schedule(root: Path, args: argparse.Namespace, *, set_before: bool | None) -> bool:
    """Whether the workflow runs by itself: as asked for, as it stands, as set before, else as somebody answers."""
    from atalaya.adopt.texts import WORKFLOW

    if args.by_hand:
        return False
    if (file := root / WORKFLOW).is_file():
        text = file.read_text(encoding="utf-8", errors="replace")
        return re.search(r"^\s*-?\s*cron\s*:", text, re.MULTILINE) is not None
    if set_before is not None:
        return set_before
    if args.yes or args.dry_run or args.remove or not sys.stdin.isatty():
        return True
    return _answer("Let a schedule watch each release, twice an hour? [Y/n] ").lower() not in ("n", "no")


def _uses(root: Path, args: argparse.Namespace) -> Uses:
    from atalaya.adopt import find, plan, texts

    if not args.uses:
        return find.own_origin() or plan.remembered(root).uses or texts.NOWHERE
    given = find.uses(args.uses, args.tag)
    if given is None:
        raise UsageError(f"--uses {args.uses}: give OWNER/REPO@COMMIT, the commit in full: 40 digits and letters.")
    return given


def _sdk(place: Context, args: argparse.Namespace) -> Sdk:
    """The SDK: as named, else as set before, else the only one that it can be, else as somebody answers.

    :raises UsageError: there is none, or nobody says which.
    """
    from atalaya.adopt.find import sdks

    pack = place.pack
    named = args.sdk or place.loaded.settings.subject.sdk
    found = sdks(place.root, package=pack.package, distribution=pack.distribution, bundled=pack.reference)
    if named:
        return _named(place.root, named, found)
    if not found:
        raise UsageError(f"init: no pyproject.toml below {place.root} names a project. Name its folder: --sdk PATH.")
    theirs = [one for one in found if one.is_of_the_pack] or list(found)
    if len(theirs) == 1:
        return theirs[0]
    if args.yes or not sys.stdin.isatty():
        raise UsageError(f"init: several projects may be the SDK: {_listed(theirs)}. Name one: --sdk {theirs[0].path}.")
    for number, one in enumerate(theirs[:NAMED], 1):
        place.console.line(f"  {number}  {one.path}  ({one.name} {one.version})")
    answer = _answer(f"Which of them is the SDK? [1-{len(theirs[:NAMED])}] ")
    if not answer.isdigit() or not 1 <= int(answer) <= len(theirs[:NAMED]):
        raise UsageError(f"init: {answer!r} is none of them. Answer with a number, or name one: --sdk PATH.")
    return theirs[int(answer) - 1]


def _named(root: Path, named: str, found: Sequence[Sdk]) -> Sdk:
    """The project in a folder, named from here or from the root."""
    slashed = named.replace("\\", "/")  # as it is typed on Windows
    places = [Path.cwd() / named, root / named, Path.cwd() / slashed, root / slashed]
    for folder in (one.resolve() for one in places if one.is_dir()):
        for one in found:
            if (root / one.path).resolve() == folder:
                return one
    there = f"There are: {_listed(found)}." if found else "None lies below it."
    raise UsageError(f"--sdk {named}: no folder of {root} with a pyproject.toml that names a project. {there}")


def _listed(found: Sequence[Sdk]) -> str:
    return first_of([one.path for one in found], NAMED)


# ── what is said and asked ───────────────────────────────────────────────────


def _show(console: Console, root: Path, choices: Choices, steps: Sequence[Step]) -> None:
    from atalaya.adopt.plan import Fate
    from atalaya.adopt.texts import NOWHERE

    sdk = choices.sdk
    console.line(f"  in {root}")
    console.line(f"  the SDK: {sdk.name} {sdk.version or '(its version is set elsewhere)'} in {sdk.path}")
    if not sdk.is_of_the_pack:
        console.line("    its package has another name than the contract's: see `adapter` in watch.toml")
    console.line(f"  on GitHub: {choices.repository or 'origin is not there; name `repo` in watch.toml'}")
    for one in choices.workflows:
        by_hand = "can be started by hand" if one.by_hand else "cannot be started by hand"
        on_push = "" if one.on_push else ", and never runs on a push: start it at each release"
        console.line(f"  it is tested by: {one.name} ({one.file}), which {by_hand}{on_push}")
    if not choices.workflows:
        console.line("  no workflow tests it: name one as `workflows` in watch.toml once there is one")
    if choices.uses == NOWHERE:
        console.line("  where Atalaya is on GitHub is not known here: name it, --uses OWNER/REPO@COMMIT, and run again")
    for step in steps:
        console.row(str(step.fate), f"{step.path}{f': {step.why}' if step.why else ''}", width=9)
    if any(step.fate is Fate.KEEP for step in steps):
        console.line("  to have one that was kept as it would be written: move it away, and run this again")


def _what_next(console: Console, root: Path, choices: Choices, steps: Sequence[Step]) -> None:
    from atalaya.adopt.plan import MEMORY, Fate
    from atalaya.adopt.texts import NOWHERE

    written = [step.path for step in steps if step.fate in (Fate.WRITE, Fate.RENEW)]
    if choices.uses == NOWHERE:
        console.line("  written, but what it wrote for GitHub and Read the Docs cannot run before this:")
        console.line("    atalaya init --uses OWNER/REPO@COMMIT")
        console.line("  and what comes next:")
    else:
        console.line("  written. What comes next:")
    tops = dict.fromkeys(BESIDE if path.startswith(f"{BESIDE}/") else path for path in (*written, MEMORY))
    if (root / ".git").exists():  # `:/` is its top, whichever folder this is pasted in
        added = " ".join(f":/{path}" for path in tops)
        console.line(f"    git add {added} && git commit -m 'Watch releases with Atalaya'")
    console.line("    atalaya watch")
    console.line(f"    atalaya release open {choices.sdk.version or 'VERSION'} --commit HEAD && atalaya sync push")
    if choices.exclude:
        console.line(
            "  for your Sphinx, which would read the release pages as its own, add at the end of docs/conf.py:"
        )
        console.line(f"    {choices.exclude}")


def _print(root: Path, steps: Sequence[Step], **more: object) -> None:
    print_json({"root": str(root), **more, "files": {one.path: str(one.fate) for one in steps}})


def _take_back(console: Console, root: Path, args: argparse.Namespace) -> int:
    from atalaya.adopt import plan

    steps = plan.removal(root)
    for step in steps:
        console.row(str(step.fate), f"{step.path}{f': {step.why}' if step.why else ''}", width=9)
    if (root / BESIDE / "releases").is_dir():
        console.line(f"  {BESIDE}/releases/ stays: it is what was seen of releases")
    if args.json:
        _print(root, steps)
    if args.dry_run:
        return 0
    _require_consent(args, "Remove these files?")
    plan.take_back(root, steps)
    console.line("  taken back")
    return 0


def _require_consent(args: argparse.Namespace, question: str) -> None:
    """
    :raises UsageError: nobody can be asked, or the answer is no.
    """
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("init: nobody can be asked here. Give --yes, or look first: --dry-run.")
    if _answer(f"{question} [y/N] ").lower() not in ("y", "yes", "s", "sí", "si"):
        raise UsageError("init: nothing was changed.")


def _answer(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
