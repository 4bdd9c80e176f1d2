"""Lists the commands that the pages show, and resolves each to the command that it runs.

Shown is what stands in a block of shell, and what begins in running text as the front door or ``atalaya``
does. A session of nox that hands over to the command line comes to the command that it hands over to, as the noxfile
says it: so ``nox -s checks -- --promise ID`` and ``nox -s check -- --promise ID`` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MADE = {"_build", "_generated", "promises"}  # folders of docs that nobody writes
SHELL = {"console", "shell", "sh", "bash"}
DOORS = ("python3 noxfile.py", "uvx nox", "pipx run nox", "nox")
CHECKS = "atalaya"
_INLINE = re.compile(rf"`((?:{'|'.join(map(re.escape, DOORS))})(?: [^`]+)?|{CHECKS} [^`]+|\.ci/[^`]+|git [^`]+)`")
_OPTION = re.compile(r"`(--[a-z-]+)[^`]*`")
_FENCE = re.compile(r"(`{3,})(.*)")
_HANDING_OVER = re.compile(r'^def (\w+)\(session\):\n(?:(?!^def ).*\n)*?    atalaya\(session, "(\w+)"', re.MULTILINE)

HANDED_OVER: dict[str, str] = dict(_HANDING_OVER.findall((ROOT / "noxfile.py").read_text(encoding="utf-8")))


class Shown(NamedTuple):
    """A command, as a page shows it."""

    page: str
    text: str


def pages() -> Iterator[Path]:
    """Every page that people write, and the two that one meets before there is a site."""
    yield from (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
    for file in sorted((ROOT / "docs").rglob("*.md")):
        if not MADE & set(file.relative_to(ROOT).parts):
            yield file


def shown() -> tuple[Shown, ...]:
    """Every command of every page."""
    return tuple(
        Shown(page.relative_to(ROOT).as_posix(), text)
        for page in pages()
        for text in _commands(page.read_text(encoding="utf-8"))
    )


def options() -> set[tuple[str, str]]:
    """Every page and option that stands alone in its running text."""
    return {
        (page.relative_to(ROOT).as_posix(), option)
        for page in pages()
        for option in _OPTION.findall(_parts(page.read_text(encoding="utf-8"))[1])
    }


def in_blocks(page: str) -> tuple[str, ...]:
    """What the commands in the blocks of a page come to: those that are pasted."""
    blocks, _ = _parts((ROOT / page).read_text(encoding="utf-8"))
    return tuple(command for text in _lines(blocks) for command in comes_to(text))


def _commands(markdown: str) -> Iterator[str]:
    blocks, prose = _parts(markdown)
    yield from _lines(blocks)
    yield from _INLINE.findall(prose)


def _lines(blocks: str) -> Iterator[str]:
    for line in blocks.replace("\\\n", " ").splitlines():
        if line.strip():
            yield " ".join(re.sub(r"\s#\s.*", "", line.removeprefix("$ ")).split())


def _parts(markdown: str) -> tuple[str, str]:
    """What stands in blocks of shell, and what stands in no block."""
    blocks, prose, fence, kind = [], [], "", ""
    for line in markdown.splitlines():
        found = _FENCE.fullmatch(line.strip())
        if not fence and found:
            fence, kind = found[1], found[2]
        elif fence and line.strip() == fence:
            fence = ""
        elif not fence:
            prose.append(line)
        elif kind in SHELL:
            blocks.append(line)
    return "\n".join(blocks), "\n".join(prose)


def comes_to(text: str) -> tuple[str, ...]:
    """The commands behind a command: several, where it names several sessions.

    >>> comes_to("python3 noxfile.py -s judge -- --explain pass-rate")
    ('atalaya judge --explain pass-rate',)
    >>> comes_to("nox -s lint types")
    ('nox -s lint', 'nox -s types')
    """
    door = next((door for door in DOORS if f"{text} ".startswith(f"{door} ")), None)
    if door is None:
        return (text,)
    for_nox, _, arguments = text.removeprefix(door).strip().partition(" -- ")
    first, _, names = for_nox.partition(" ")
    if first not in ("", "-s"):
        return (f"nox {for_nox}",)
    return tuple(_session(name, arguments) for name in names.split() or ["watch"])


def _session(name: str, arguments: str) -> str:
    if name in HANDED_OVER:
        return f"{CHECKS} {HANDED_OVER[name]} {arguments}".strip()
    return f"nox -s {name} -- {arguments}" if arguments else f"nox -s {name}"


def sessions(text: str) -> list[str]:
    """The sessions of nox that a command names."""
    door = next((door for door in DOORS if text.startswith(f"{door} -s ")), None)
    return text.removeprefix(f"{door} -s ").partition(" -- ")[0].split() if door else []
