"""The fragments of the promises themselves: what each is, which sentence it tests, and what it has caught."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

from atalaya.harness.pack import Pack
from atalaya.records.results import Promise
from atalaya.records.stored import EventKind
from atalaya.selftest.detector_record import Detector, Detectors, Sight, standing
from atalaya.selftest.kill_matrix import Cell, by_defect, by_family, by_promise, family_of
from atalaya.selftest.last_run import SelfTest
from atalaya.selftest.seeded_logs import LAYOUTS, WORDINGS
from atalaya.site.build.atomic_write import write_pages
from atalaya.site.fragments.history import page_of_family
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.backlog import mended_by

PAGES = Path("reference") / "promises"


def fragment_of(id: str) -> str:
    """The name of the fragment that a promise's page includes."""
    return f"promise-{id.replace('.', '-')}"


def history_of_promise(id: str) -> str:
    """Where on the pages of the history a promise stands: its row is named as each row that begins with an id."""
    return f"{page_of_family(id.partition('.')[0])}#{id.replace('.', '-')}"


def write_promise_pages(docs: Path, pack: Pack) -> tuple[Path, ...]:
    """Write the page of each promise, which only includes its fragment, and take away those of promises gone."""
    return write_pages(
        docs / PAGES,
        # The label is what other projects link to, by objects.inv.
        {
            promise.id: f"(promise-{promise.id})=\n# `{promise.id}`\n\n```{{live}} {fragment_of(promise.id)}\n```\n"
            for promise in pack.promises
        },
    )


def about_the_checks(
    pack: Pack, selftest: SelfTest | None, detectors: Detectors | None = None
) -> dict[str, Callable[[Renderer], str]]:
    """The fragments that tell what a pack checks, and what self-tests found of it, by name."""
    fragments: dict[str, Callable[[Renderer], str]] = {
        "promises": lambda voice: render("promises", voice, promises=pack.promises),
        "weaknesses": lambda voice: render("limitations", voice, limitations=pack.limitations, mended_by=mended_by),
        "statements": partial(statements, pack),
        "matrix": partial(matrix, pack, selftest, detectors),
    }
    return fragments | _of_each_promise(pack, selftest)


def _of_each_promise(pack: Pack, selftest: SelfTest | None) -> dict[str, Callable[[Renderer], str]]:
    """The fragment of each promise. What is of all promises is looked up once: there are hundreds."""
    caught = selftest.turned_red() if selftest else {}
    last_red = selftest.last_red() if selftest else {}
    defects = _defects(pack)

    def fragment(promise: Promise, voice: Renderer) -> Markdown:
        return render(
            "promise",
            voice,
            promise=promise,
            statements=[statement for statement in pack.statements if promise.id in statement.promises],
            sections=pack.sections,
            caught=caught.get(promise.id, ()),
            last_red=last_red.get(promise.id),
            defects=defects,
            history_of=history_of_promise,
        )

    return {fragment_of(promise.id): partial(fragment, promise) for promise in pack.promises}


def _defects(pack: Pack) -> dict[str, str]:
    return {defect.id: defect.says for defect in pack.defects}


def statements(pack: Pack, voice: Renderer) -> Markdown:
    """Every sentence of the contract: a table for each section, with what tests it or why nothing does."""
    return render(
        "statements",
        voice,
        statements=pack.statements,
        by_section=[(name, list(rows)) for name, rows in groupby(pack.statements, key=lambda one: one.section)],
        sections=pack.sections,
        tested=sum(bool(statement.promises) for statement in pack.statements),
        promises=len(pack.promises),
    )


def faults(voice: Renderer) -> Markdown:
    """The ways in which the loopback service can fail on purpose."""
    from atalaya.mock_server.faults import FAULTS
    from atalaya.mock_server.tls import TLS_FAULTS

    return render("faults", voice, of_transport=FAULTS, of_tls=TLS_FAULTS)


def matrix(pack: Pack, selftest: SelfTest | None, detectors: Detectors | None, voice: Renderer) -> Markdown:
    """Which defect is caught by which promise, and which event by which detector."""
    seen = _detectors(pack, detectors, voice)
    if selftest is None:
        return render("matrix", voice, selftest=None, detectors=seen)
    proven, of = selftest.proven, family_of(pack)
    rows = by_defect(proven, of)
    table = by_family(proven, of, [family.name for family in pack.families])
    return render(
        "matrix",
        voice,
        selftest=selftest,
        detectors=seen,
        survivors=[caught.id for caught in proven.defects if caught.survived],
        by_family={down: [_cell(c, voice) for c in cells.values()] for down, cells in table.items()},
        by_promise=by_promise(proven),
        by_defect=[
            (family, [row for row in rows if row.family == family])
            for family in dict.fromkeys(row.family for row in rows)
        ],
        defects=_defects(pack),
    )


def _detectors(pack: Pack, kept: Detectors | None, voice: Renderer) -> Markdown:
    """What was seeded into what each detector of events sees, and whether it was caught."""
    now = tuple(standing(pack, kept))
    smoke = next(one.sight for one in now if one.detector is Detector.SMOKE)
    logs = next(one.sight for one in now if one.detector is Detector.LOGS)
    return render(
        "detectors",
        voice,
        standing=now,
        kinds=tuple(EventKind),
        smoke=smoke.seeded if smoke else {},
        says={one.id: one.says for one in pack.seeded},
        wordings=_wordings(logs) if logs else {},
        layouts=tuple(LAYOUTS),
    )


def _wordings(logs: Sight) -> dict[EventKind, list[tuple[str, int, int]]]:
    """Of each kind the lines that were seeded, with in how many layouts each was read, and shown."""
    lines: dict[EventKind, list[tuple[str, int, int]]] = {}
    for kind, seeded in logs.seeded.items():
        for name, line in WORDINGS[kind].items():
            read = [caught for id, caught in seeded.items() if id.startswith(f"{name}/")]
            if read:
                lines.setdefault(kind, []).append((line, sum(read), len(read)))
    return lines


def _cell(cell: Cell, voice: Renderer) -> Markdown:
    if not cell.expected and not cell.besides:
        return Markdown("·")
    besides = Markdown(" \\+ ") + voice.number(cell.besides) if cell.besides else Markdown()
    return voice.number(cell.expected) + besides
