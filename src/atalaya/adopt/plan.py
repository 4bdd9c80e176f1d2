"""Plans what `atalaya init` writes into a repository, compares it with what is there, and takes it back.

What was written is remembered beside it, with the digest of each file: a file that a person has edited since is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from atalaya.adopt import texts
from atalaya.adopt.find import Uses, uses
from atalaya.adopt.texts import Choices
from atalaya.core.errors import UsageError
from atalaya.core.places import BESIDE, SETTINGS
from atalaya.core.whole_file import write_whole
from atalaya.core.words import StrictEnum

IGNORE = ".gitignore"
MEMORY = f"{BESIDE}/init.json"
SCHEMA = "atalaya.init/1"


class Fate(StrictEnum):
    """What becomes of a file."""

    WRITE = "write"
    RENEW = "renew"  # it is as it was written, and is to say something else now
    SAME = "unchanged"
    KEEP = "kept"  # a person wrote it, or has edited it since
    REMOVE = "remove"
    GONE = "gone"


class Step(NamedTuple):
    """One file, and what becomes of it. ``text`` is the whole of it as it is to be; of ``.gitignore`` the block."""

    path: str
    fate: Fate
    text: str = ""
    why: str = ""


class Memory(NamedTuple):
    """What was written: the digest of each file, the text that was added to ``.gitignore``, the folders made for it."""

    files: Mapping[str, str]
    ignored: str = ""
    folders: tuple[str, ...] = ()
    uses: Uses | None = None  # where the reusable workflow is called from


def files_of(choices: Choices) -> dict[str, str]:
    """The files to write, with their texts; what is added to ``.gitignore`` apart."""
    home = (
        {f"{BESIDE}/index{choices.sphinx}": texts.page_in_sphinx(choices)}
        if choices.sphinx
        else {f"{BESIDE}/README.md": texts.readme(choices), f"{BESIDE}/conf.py": texts.conf_py(choices)}
    )
    return {
        SETTINGS: texts.watch_toml(choices),
        **home,
        f"{BESIDE}/.readthedocs.yaml": texts.readthedocs(choices),
        texts.WORKFLOW: texts.workflow(choices),
    }


def plan(root: Path, choices: Choices) -> list[Step]:
    """What becomes of each file. Nothing is written.

    :raises UsageError: a file cannot be read, or a link leads out of the repository.
    """
    memory = remembered(root)
    steps = [_step(root, path, text, memory) for path, text in files_of(choices).items()]
    return [*steps, _ignoring(root, memory)]


def _step(root: Path, path: str, text: str, memory: Memory) -> Step:
    there = _read(root, path)
    if there is None:
        return Step(path, Fate.WRITE, text)
    if there == text:
        return Step(path, Fate.SAME, text)
    if digest(there) == memory.files.get(path):
        return Step(path, Fate.RENEW, text)
    edited = path in memory.files
    return Step(path, Fate.KEEP, text, "edited since it was written" if edited else "it was there before")


def _ignoring(root: Path, memory: Memory) -> Step:
    there, block = _read(root, IGNORE, exactly=True) or "", texts.ignored()
    if _in(there, block):
        return Step(IGNORE, Fate.SAME, block)
    if _in(there, memory.ignored):
        return Step(IGNORE, Fate.RENEW, block)
    if texts.BEGINS in there:
        return Step(IGNORE, Fate.KEEP, block, "its block was edited since it was written")
    return Step(IGNORE, Fate.WRITE, block)


def apply(root: Path, steps: list[Step], calls: Uses) -> None:
    """Write what is to be written, and remember it. Where there is nothing to write, nothing is touched."""
    todo = [one for one in steps if one.fate in (Fate.WRITE, Fate.RENEW)]
    if not todo:
        return
    memory = remembered(root)
    files, ignored = dict(memory.files), memory.ignored
    folders = [*memory.folders, *_missing(root, [*(one.path for one in todo), MEMORY])]
    for one in todo:
        if one.path == IGNORE:
            ignored = _add_block(root, one.text, memory.ignored)
        else:
            _write(root, one.path, one.text)
            files[one.path] = digest(one.text)
    said = {
        "schema": SCHEMA,
        "uses": f"{calls.repository}@{calls.commit}",
        "tag": calls.tag,
        "files": files,
        "ignored": ignored,
        "folders": list(dict.fromkeys(folders)),
    }
    _write(root, MEMORY, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def _add_block(root: Path, block: str, before: str) -> str:
    """Add the block, or put it in the place of the older one; what was added, to be taken out again."""
    there = _read(root, IGNORE, exactly=True) or ""
    if old := _in(there, before):
        added = block if before == before.lstrip("\n") else f"\n{block}"
        after = there.replace(old, _as_in(there, added), 1)
    else:
        added = block if not there or there.endswith("\n") else f"\n{block}"
        after = there + _as_in(there, added)
    write_whole(root / IGNORE, after.encode())
    return added


def _as_in(there: str, text: str) -> str:
    """A text with the ends of lines of another."""
    return text.replace("\n", "\r\n") if "\r\n" in there else text


def _in(there: str, text: str) -> str:
    """A text as it stands in another, whichever ends of lines git has given it since; empty where it does not."""
    return next((form for form in (text, text.replace("\n", "\r\n")) if form and form in there), "")


# ── taking it back ───────────────────────────────────────────────────────────


def removal(root: Path) -> list[Step]:
    """What becomes of each file that was written, where all of it is taken back. Nothing is removed.

    :raises UsageError: nothing was written here.
    """
    memory = remembered(root)
    if not memory.files and not memory.ignored:
        raise UsageError(f"init --remove: nothing was written here ({root / MEMORY} is not there).")
    steps = []
    for path, written in memory.files.items():
        there = _read(root, path)
        if there is None:
            steps.append(Step(path, Fate.GONE))
        elif digest(there) == written:
            steps.append(Step(path, Fate.REMOVE))
        else:
            steps.append(Step(path, Fate.KEEP, why="edited since it was written"))
    there = _read(root, IGNORE, exactly=True)
    if memory.ignored and there is not None:
        gone = Step(IGNORE, Fate.KEEP, why="its block was edited since it was written")
        steps.append(Step(IGNORE, Fate.REMOVE) if _in(there, memory.ignored) else gone)
    return steps


def take_back(root: Path, steps: list[Step]) -> None:
    """Remove what is to be removed, and the folders that were made for it where nothing else lies in them."""
    memory = remembered(root)
    for one in steps:
        if one.fate is not Fate.REMOVE:
            continue
        if one.path == IGNORE:
            there = _read(root, IGNORE, exactly=True) or ""
            if left := there.replace(_in(there, memory.ignored), "", 1):
                write_whole(root / IGNORE, left.encode())
                continue
        (root / one.path).unlink()
    (root / MEMORY).unlink()
    for folder in sorted(memory.folders, key=len, reverse=True):
        if (root / folder).is_dir() and not any((root / folder).iterdir()):
            (root / folder).rmdir()


# ── files ────────────────────────────────────────────────────────────────────


def remembered(root: Path) -> Memory:
    """What was written here before; nothing where nothing was.

    :raises UsageError: what says so cannot be read.
    """
    said = _read(root, MEMORY)
    if said is None:
        return Memory({})
    try:
        table = json.loads(said)
        files = {str(path): str(known) for path, known in table["files"].items()}
        calls = uses(str(table["uses"]), str(table["tag"]))
        memory = Memory(files, str(table["ignored"]), tuple(map(str, table["folders"])), calls)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{root / MEMORY}: cannot be read. Restore it from git, and run again.") from None
    for path in (*memory.files, *memory.folders):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise UsageError(f"{root / MEMORY}: {path!r} lies outside of the repository. Restore the file from git.")
    return memory


def digest(text: str) -> str:
    """The SHA-256 of a text, whichever ends of lines git has given its file."""
    return hashlib.sha256(text.encode()).hexdigest()


def _missing(root: Path, paths: list[str]) -> Iterator[str]:
    """The folders that are to be made for files."""
    for path in paths:
        for folder in PurePosixPath(path).parents:
            if folder.parts and not (root / folder).exists():
                yield folder.as_posix()


def _read(root: Path, path: str, *, exactly: bool = False) -> str | None:
    file = root / path
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root)):
        raise UsageError(f"{file}: a link leads out of the repository. Take it away, and run again.")
    try:
        text = file.read_bytes().decode("utf-8")
        return text if exactly else text.replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as why:
        raise UsageError(f"{file}: cannot be read: {why}. Give it back as UTF-8 text, or move it away.") from None


def _write(root: Path, path: str, text: str) -> None:
    """With the ends of lines that the file has, where it is there."""
    file = root / path
    has_crlf = file.is_file() and b"\r\n" in file.read_bytes()
    write_whole(file, (text.replace("\n", "\r\n") if has_crlf else text).encode())
