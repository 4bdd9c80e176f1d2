"""The kill matrix: which seeded defects turned which promises red, and which they did not.

The confusion matrix of the checks: a miss and a false alarm weigh the same in it. Pure functions from what
``prove`` found to rows, and from rows to lines for a terminal.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from atalaya.core.words import Record
from atalaya.harness.pack import Pack
from atalaya.selftest.prove import Caught, Proven

WIDTH = 100


class DefectRow(Record, frozen=True, kw_only=True):
    """One defect: what it breaks, which of that was caught or missed, and what turned red besides."""

    defect: str
    family: str
    expected: tuple[str, ...]
    caught: tuple[str, ...]
    missed: tuple[str, ...]
    besides: tuple[str, ...]


class PromiseRow(Record, frozen=True, kw_only=True):
    """One promise: of ``n`` defects that break it ``caught`` turned it red, and so did those in ``also_red_for``.

    ``low`` is the share of such defects that its check sees at the least; None where there was none.
    """

    promise: str
    n: int
    caught: int
    low: float | None
    also_red_for: tuple[str, ...]


class Cell(Record, frozen=True, kw_only=True):
    """How many defects of one family turned promises of another red: such as they break, and others."""

    expected: int = 0
    besides: int = 0


def by_defect(proven: Proven, families: Mapping[str, str]) -> tuple[DefectRow, ...]:
    """A row for each defect, in the order in which they were shown."""
    return tuple(
        DefectRow(
            defect=one.id,
            family=_family(one, families),
            expected=one.expected,
            caught=tuple(id for id in one.expected if id in one.caught_by),
            missed=one.missed,
            besides=one.besides,
        )
        for one in proven.defects
    )


def by_promise(proven: Proven) -> tuple[PromiseRow, ...]:
    """A row for each promise, in the order of the table of promises."""
    return tuple(
        PromiseRow(
            promise=sight.promise,
            n=sight.n,
            caught=sight.caught,
            low=sight.low,
            also_red_for=tuple(one.defect for one in proven.unexpected if one.promise == sight.promise),
        )
        for sight in proven.sensitivity
    )


def by_family(proven: Proven, families: Mapping[str, str], names: Sequence[str]) -> dict[str, dict[str, Cell]]:
    """The table of confusion: for each family of defects, and each family of promises, a cell.

    A defect counts once in each half of a cell, however many promises of that family it turned red.
    """
    expected: Counter[tuple[str, str]] = Counter()
    besides: Counter[tuple[str, str]] = Counter()
    for row in by_defect(proven, families):
        expected.update((row.family, name) for name in {_of(id) for id in row.caught})
        besides.update((row.family, name) for name in {_of(id) for id in row.besides})
    return {
        down: {across: Cell(expected=expected[down, across], besides=besides[down, across]) for across in names}
        for down in names
    }


def _family(one: Caught, families: Mapping[str, str]) -> str:
    return families.get(one.id) or (_of(one.expected[0]) if one.expected else "")


def _of(promise: str) -> str:
    return promise.partition(".")[0]


def family_of(pack: Pack) -> dict[str, str]:
    """Each seeded defect of a pack, and the family that it is written in."""
    return {defect.id: family.name for family in pack.families for defect in family.defects}


# ── in words ─────────────────────────────────────────────────────────────────


def told(proven: Proven, pack: Pack) -> list[str]:
    """The whole matrix as lines of at most 100 columns."""
    return [*_promises(proven), "", *_families(proven, pack), *_confusions(proven, pack)]


def _promises(proven: Proven) -> list[str]:
    lines = ["  What each check sees, of the defects that break its promise (at the least: 95 %, one-sided)"]
    for row in by_promise(proven):
        least = "never tried" if row.low is None else f"{row.low:.0%} at the least"
        also = f"red for {len(row.also_red_for)} besides" if row.also_red_for else ""
        lines.append(f"  {row.promise:<46}{f'{row.caught}/{row.n}':>7}   {least:<18}{also}".rstrip())
    return lines


def _families(proven: Proven, pack: Pack) -> list[str]:
    table = by_family(proven, family_of(pack), [family.name for family in pack.families])
    lines = ["  Defects of a family (down) that turned promises of a family red (across); + where not expected"]
    lines.append("  " + " " * 12 + "".join(f"{name:>10}" for name in table))
    for down, cells in table.items():
        lines.append(f"  {down:<12}" + "".join(f"{_cell(cell):>10}" for cell in cells.values()))
    return lines


def _cell(cell: Cell) -> str:
    if not cell.expected and not cell.besides:
        return "·"
    return f"{cell.expected}" + (f"+{cell.besides}" if cell.besides else "")


def _confusions(proven: Proven, pack: Pack) -> list[str]:
    lines: list[str] = []
    shown = by_defect(proven, family_of(pack))
    for title, rows in (
        ("missed", [(row.defect, row.missed) for row in shown]),
        ("red though not expected", [(row.defect, row.besides) for row in shown]),
    ):
        for defect, ids in rows:
            if ids:
                words = f"{title}: {defect}: {', '.join(ids)}"
                lines += textwrap.wrap(
                    words, WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
                )
    return ["", *lines] if lines else []
