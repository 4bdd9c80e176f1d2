"""The fragments of the promises themselves: what each is, which sentence it tests, and what it has caught."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from checks.contracts.promises import PROMISES, STATEMENTS
from checks.includes.files import write_pages
from checks.includes.myst import Markdown
from checks.includes.templating import render
from checks.includes.voice import Voice
from checks.proving.defects import DEFECTS
from checks.proving.matrix import Cell, by_defect, by_family, by_promise
from checks.proving.selftest import SelfTest
from checks.records import N_, Promise

PAGES = Path("reference") / "promises"

# The sections of the contract, under the names that a reader knows them by.
SECTIONS: dict[str, str] = {
    "1": N_("The package"),
    "2": N_("Configuration"),
    "3": N_("Tracing and idempotency"),
    "4": N_("The HTTP client, and its cache of GETs"),
    "5": N_("Errors"),
    "6": N_("Clients and session"),
    "7": N_("Exports, and the wait for them"),
}


def fragment_of(id: str) -> str:
    """The name of the fragment that a promise's page includes."""
    return f"promise-{id.replace('.', '-')}"


def write_promise_pages(docs: Path) -> tuple[Path, ...]:
    """Write the page of each promise, which only includes its fragment, and take away those of promises gone."""
    return write_pages(
        docs / PAGES,
        # The label is what other projects link to, by objects.inv.
        {
            promise.id: f"(promise-{promise.id})=\n# `{promise.id}`\n\n```{{live}} {fragment_of(promise.id)}\n```\n"
            for promise in PROMISES
        },
    )


def about_the_checks(selftest: SelfTest | None) -> dict[str, Callable[[Voice], str]]:
    """The fragments that tell what a self-test found: one for each promise, and the matrix of all, by name."""
    fragments: dict[str, Callable[[Voice], str]] = {"matrix": partial(matrix, selftest)}
    for promise in PROMISES:
        fragments[fragment_of(promise.id)] = partial(_promise, promise, selftest)
    return fragments


def _promise(promise: Promise, selftest: SelfTest | None, voice: Voice) -> Markdown:
    return render(
        "promise",
        voice,
        promise=promise,
        statements=[statement for statement in STATEMENTS if promise.id in statement.promises],
        sections=SECTIONS,
        caught=selftest.turned_red(promise.id) if selftest else (),
        last_red=selftest.last_red(promise.id) if selftest else None,
        defects=_defects(),
    )


def _defects() -> dict[str, str]:
    return {defect.id: defect.says for defect in DEFECTS}


def statements(voice: Voice) -> Markdown:
    """Every sentence of the contract: a table for each section, with what tests it or why nothing does."""
    tested = sum(bool(statement.promises) for statement in STATEMENTS)
    return render("statements", voice, statements=STATEMENTS, sections=SECTIONS, tested=tested, promises=len(PROMISES))


def faults(voice: Voice) -> Markdown:
    """The ways in which the loopback service can fail on purpose."""
    from checks.service.faults import FAULTS
    from checks.service.tls import TLS_FAULTS

    return render("faults", voice, of_transport=FAULTS, of_tls=TLS_FAULTS)


def matrix(selftest: SelfTest | None, voice: Voice) -> Markdown:
    """Which defect is caught by which promise: what each check sees, and each family's defects."""
    if selftest is None:
        return render("matrix", voice, selftest=None)
    proven, rows = selftest.proven, by_defect(selftest.proven)
    return render(
        "matrix",
        voice,
        selftest=selftest,
        survivors=[caught.id for caught in proven.defects if caught.survived],
        by_family={down: [_cell(c, voice) for c in cells.values()] for down, cells in by_family(proven).items()},
        by_promise=by_promise(proven),
        by_defect=[
            (family, [row for row in rows if row.family == family])
            for family in dict.fromkeys(row.family for row in rows)
        ],
        defects=_defects(),
    )


def _cell(cell: Cell, voice: Voice) -> Markdown:
    if not cell.expected and not cell.besides:
        return Markdown("·")
    besides = Markdown(" \\+ ") + voice.number(cell.besides) if cell.besides else Markdown()
    return voice.number(cell.expected) + besides
