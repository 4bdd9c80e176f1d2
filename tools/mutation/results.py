"""The records of what became of each mutant, and how they are told."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from atalaya.core.errors import HarnessError
from atalaya.core.words import Record, StrictEnum
from atalaya.selftest.prove import at_the_least
from tools.mutation.mutants import Mutant, applied

WIDTH = 100
CONTEXT = 2  # lines round a change that is shown


class Fate(StrictEnum):
    """What became of a mutant."""

    KILLED = "killed"  # a promise turned red, or a test failed
    UNSURE = "unsure"  # none did, but a check that could tell before could not any more
    SURVIVED = "survived"  # every check said what it says of the SDK as it is
    INVALID = "invalid"  # it cannot even be imported, so it is no SDK


class Why(StrictEnum):
    """Why a mutant may survive."""

    EQUIVALENT = "equivalent"  # nobody who uses the SDK can see a difference
    LEFT_OPEN = "left-open"  # the contract permits both


class Explained(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One survivor that is no gap in the checks: the change as a person reads it, and why it may survive."""

    id: str
    change: str
    why: Why
    reason: str


class MutantResult(Record, frozen=True, kw_only=True):
    """One mutant, and what became of it.

    ``by`` are the promises or the test that noticed. ``diff`` is there where none did.
    """

    id: str
    file: str
    line: int
    operator: str
    before: str
    after: str
    fate: Fate
    by: tuple[str, ...] = ()
    reason: str = ""
    explained: str = ""
    diff: tuple[str, ...] = ()


class Mutated(Record, frozen=True, kw_only=True):
    """All that one ``mutate`` found.

    ``left_out`` are the promises that the SDK breaks as it is: they can notice nothing. ``cpu_s`` is what the
    ``tried`` mutants took that were not known from a run before, without what it took to look at the SDK as it is.
    """

    mutants: tuple[MutantResult, ...]
    left_out: tuple[str, ...] = ()
    tried: int = 0
    cpu_s: float = 0.0

    @property
    def unexplained(self) -> tuple[MutantResult, ...]:
        """The gaps: what survived, and nobody has said why it may."""
        return tuple(one for one in self.mutants if one.fate is Fate.SURVIVED and not one.explained)

    @property
    def mistaken(self) -> tuple[MutantResult, ...]:
        """What turned red though it is explained: the explanation is wrong, or the check is."""
        return tuple(one for one in self.mutants if one.fate is Fate.KILLED and one.explained)


def explanations(file: Path) -> dict[str, Explained]:
    """The survivors that somebody has looked at, by their id.

    :raises HarnessError: the file does not have the shape of such a list.
    """
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=dict[str, tuple[Explained, ...]])
    except (OSError, msgspec.DecodeError) as why:
        raise HarnessError(f"{file}: the explained survivors cannot be read: {why}. Mend the file.") from why
    return {one.id: one for one in read.get("survivor", ())}


def tried(mutant: Mutant, fate: Fate, by: tuple[str, ...] = (), reason: str = "") -> MutantResult:
    """What became of a mutant, with what is known of it."""
    return MutantResult(
        id=mutant.id,
        file=mutant.file,
        line=mutant.line,
        operator=mutant.operator,
        before=mutant.before,
        after=mutant.after,
        fate=fate,
        by=by,
        reason=reason,
    )


def diff_of(mutant: Mutant, source: str) -> tuple[str, ...]:
    """The change as a diff, with a few lines round it.

    :param source: the file's, without the change.
    """
    before, after = source.splitlines(), applied(mutant, source).splitlines()
    diff = difflib.unified_diff(before, after, mutant.file, mutant.file, n=CONTEXT, lineterm="")
    return tuple(diff)[2:]


# ── in words ─────────────────────────────────────────────────────────────────


def summary(mutated: Mutated) -> list[str]:
    """A table of the files, and then each mutant that survived or could not be told, at most 100 columns wide."""
    lines = [_row("file", "mutants", *map(str, Fate), "at the least")]
    files = dict.fromkeys(one.file for one in mutated.mutants)
    lines += [_figures(file, [one for one in mutated.mutants if one.file == file]) for file in files]
    lines.append(_figures("all", mutated.mutants))
    if mutated.tried:
        lines.append(
            f"{mutated.cpu_s / mutated.tried:.1f} CPU-seconds a mutant, of {mutated.tried} that were tried now"
        )
    if mutated.left_out:
        lines.append(f"broken without any change, and so left out: {', '.join(mutated.left_out)}")
    survived = [one for one in mutated.mutants if one.fate is Fate.SURVIVED]
    for title, chosen in (
        ("survived, unexplained", mutated.unexplained),
        ("explained, and red all the same", mutated.mistaken),
        ("not told apart", [one for one in mutated.mutants if one.fate is Fate.UNSURE]),
        ("survived, explained", [one for one in survived if one.explained]),
    ):
        if chosen:
            lines += ["", f"{title}: {len(chosen)}"]
            lines += [line for one in chosen for line in _told(one)]
    return lines


def _figures(name: str, all_of: Sequence[MutantResult]) -> str:
    fates = Counter(one.fate.value for one in all_of)
    judged = fates["killed"] + fates["survived"]
    low = at_the_least(fates["killed"], judged)
    counts = (str(fates[fate.value]) for fate in Fate)
    return _row(name, str(len(all_of)), *counts, "" if low is None else f"{low:.1%}")


def _row(name: str, *cells: str) -> str:
    return f"{name:<28}" + "".join(f"{cell:>{max(9, len(cell) + 2)}}" for cell in cells)


def _told(one: MutantResult) -> list[str]:
    lines = [f"  {one.id}  (line {one.line})"]
    lines += [f"    {line}" for line in one.diff or (f"- {one.before}", f"+ {one.after or '(gone)'}")]
    if one.by:
        lines.append(f"    {one.by[0]}: {one.reason}")
    if one.explained:
        lines.append(f"    {one.explained}")
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines]
