"""What do the pages say of the promises themselves: what each is, which sentence it tests, and what it has caught?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

from checks.contracts.pack import Pack
from checks.includes import myst
from checks.includes.files import write_pages
from checks.includes.voice import Voice
from checks.proving.matrix import Cell, DefectRow, by_defect, by_family, by_promise, family_of
from checks.proving.prove import Proven
from checks.proving.selftest import SelfTest
from checks.records import N_, Promise, Statement

PAGES = Path("reference") / "promises"


def link(id: str) -> str:
    """A link to the page of a promise, from any page of the site."""
    return f"{{promise}}`{id}`"


def fragment_of(id: str) -> str:
    """The name of the fragment that a promise's page includes."""
    return f"promise-{id.replace('.', '-')}"


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


def about_the_checks(pack: Pack, selftest: SelfTest | None) -> dict[str, Callable[[Voice], str]]:
    """The fragments that tell what a pack checks, and what a self-test found of it, by name."""
    fragments: dict[str, Callable[[Voice], str]] = {
        "promises": partial(promises, pack),
        "weaknesses": partial(limitations, pack),
        "statements": partial(statements, pack),
        "matrix": partial(matrix, pack, selftest),
    }
    for promise in pack.promises:
        fragments[fragment_of(promise.id)] = partial(_promise, pack, promise, selftest)
    return fragments


def _promise(pack: Pack, promise: Promise, selftest: SelfTest | None, voice: Voice) -> str:
    return myst.paragraphs(
        voice.ours(promise.says),
        f"{voice.badge(promise.severity)} "
        + voice(N_("Needed at {checkpoint}."), checkpoint=f"T+{promise.checkpoint_h}"),
        voice(N_("Why it matters: {why}"), why=promise.why),
        voice(N_("How it is tested: {how}"), how=promise.how),
        voice(N_("To test it alone: `nox -s checks -- --promise {id}`"), id=promise.id),
        _sentences(pack, promise, voice),
        _seen_red(pack, promise, selftest, voice),
    )


def _sentences(pack: Pack, promise: Promise, voice: Voice) -> str:
    said = [statement for statement in pack.statements if promise.id in statement.promises]
    rows = [[_title(pack, statement.section, voice), voice.ours(statement.says)] for statement in said]
    if not rows:
        return ""
    header = [voice(N_("Section")), voice(N_("What the contract says"))]
    caption = voice(N_("The sentences of the contract that it tests"))
    return myst.table(caption, header, rows, classes="cards sentences", widths="25 75")


def _seen_red(pack: Pack, promise: Promise, selftest: SelfTest | None, voice: Voice) -> str:
    last = selftest.last_red(promise.id) if selftest else None
    if selftest is None or last is None:
        return voice(N_("It has never been seen red: until it is, it proves nothing."))
    says = {defect.id: defect.says for defect in pack.defects}
    rows = [
        [
            myst.paragraphs(myst.span(voice.literal(caught.id), "row-name"), voice.plain(says.get(caught.id, ""))),
            voice(N_("it should")) if promise.id in caught.expected else voice(N_("besides")),
        ]
        for caught in selftest.turned_red(promise.id)
    ]
    header = [voice(N_("Seeded defect")), voice(N_("Turned it red"))]
    caption = voice(N_("What it has caught"))
    return myst.paragraphs(
        f"{voice(N_('Last seen red:'))} {voice.at(last)}",
        myst.table(caption, header, rows, classes="cards defects", widths="75 25"),
    )


def promises(pack: Pack, voice: Voice) -> str:
    """Every promise, a table for each contract."""
    ordered = sorted(pack.promises, key=lambda promise: promise.contract)
    return myst.paragraphs(
        *(_contract(name, list(family), voice) for name, family in groupby(ordered, key=lambda one: one.contract))
    )


def _contract(name: str, family: list[Promise], voice: Voice) -> str:
    header = [voice(N_("Promise")), voice(N_("Severity")), voice(N_("Checkpoint")), voice(N_("Why it matters"))]
    rows = [
        [
            myst.paragraphs(myst.span(link(promise.id), "row-name"), voice.ours(promise.says)),
            voice.badge(promise.severity),
            f"T+{promise.checkpoint_h}",
            voice.ours(promise.why),
        ]
        for promise in family
    ]
    caption = voice(N_("{contract}: {n} promises"), contract=name, n=len(family))
    return myst.table(caption, header, rows, classes="cards promises", widths="44 13 13 30")


def limitations(pack: Pack, voice: Voice) -> str:
    """Every limitation that is looked for beyond the contract."""
    header = [voice(N_("Weakness")), voice(N_("What would mend it"))]
    rows = [
        [
            myst.paragraphs(myst.span(voice.literal(limitation.id), "row-name"), voice.ours(limitation.says)),
            voice.ours(limitation.proposal),
        ]
        for limitation in pack.limitations
    ]
    caption = voice(N_("Weaknesses that are looked for beyond the contract"))
    return myst.table(caption, header, rows, classes="cards findings")


def _title(pack: Pack, section: str, voice: Voice) -> str:
    """What a section of the contract is called."""
    return voice(pack.sections[section]) if section in pack.sections else myst.escaped(section)


def statements(pack: Pack, voice: Voice) -> str:
    """Every sentence of the contract: a table for each section, with what tests it or why nothing does."""
    tested = sum(bool(statement.promises) for statement in pack.statements)
    said = voice(
        N_("{n} sentences: {tested} are tested by {promises} promises, and each of the other {rest} says why not."),
        n=len(pack.statements),
        tested=tested,
        promises=len(pack.promises),
        rest=len(pack.statements) - tested,
    )
    tables = [
        _section(_title(pack, section, voice), list(of_section), voice)
        for section, of_section in groupby(pack.statements, key=lambda statement: statement.section)
    ]
    return myst.paragraphs(said, *tables)


def _section(title: str, of_section: list[Statement], voice: Voice) -> str:
    header = [voice(N_("What the contract says")), voice(N_("Tested by, or why not"))]
    rows = [
        [
            voice.ours(statement.says),
            myst.bullets(link(id) for id in statement.promises) if statement.promises else voice.ours(statement.reason),
        ]
        for statement in of_section
    ]
    return myst.table(title, header, rows, classes="cards sentences", widths="60 40")


def faults(voice: Voice) -> str:
    """The ways in which the loopback service can fail on purpose."""
    from checks.service.faults import FAULTS
    from checks.service.tls import TLS_FAULTS

    header = [voice(N_("Fault")), voice(N_("What the client meets"))]
    rows = [[myst.span(voice.literal(name), "row-name"), voice.ours(fault.says)] for name, fault in FAULTS.items()]
    caption = voice(N_("The faults that a script can ask for by name"))
    of_tls = [
        [myst.span(voice.literal(name), "row-name"), voice.ours(fault.says)] for name, fault in TLS_FAULTS.items()
    ]
    of_tls_caption = voice(N_("The certificates that a service can present"))
    return myst.paragraphs(
        myst.table(caption, header, rows, classes="cards faults", widths="30 70"),
        myst.table(of_tls_caption, header, of_tls, classes="cards faults", widths="30 70"),
    )


def matrix(pack: Pack, selftest: SelfTest | None, voice: Voice) -> str:
    """Which defect is caught by which promise: what each check sees, and each family's defects."""
    if selftest is None:
        return voice(N_("No self-test has been kept yet: `nox -s prove` makes one."))
    proven = selftest.proven
    survivors = [caught.id for caught in proven.defects if caught.survived]
    said = [
        voice(
            N_("{caught} of {n} seeded defects were caught by every promise that they break."),
            caught=len(proven.defects) - len(survivors),
            n=len(proven.defects),
        ),
        voice(N_("Survived: {names}."), names=", ".join(survivors)) if survivors else voice(N_("None survived.")),
        voice(N_("Checks that never turned red: {names}."), names=", ".join(proven.promises_never_red))
        if proven.promises_never_red
        else voice(N_("Every check turned red at least once.")),
        voice(N_("Each defect was shown to every check that enters what it changes, but for those that explore."))
        if selftest.to_all
        else voice(N_("Each defect was shown only to the checks that should turn red: false alarms are not in it.")),
    ]
    rows = by_defect(proven, family_of(pack))
    tables = [
        _defects(pack, family, [row for row in rows if row.family == family], voice)
        for family in dict.fromkeys(row.family for row in rows)
    ]
    when = f"{voice(N_('Made:'))} {voice.at(selftest.made_at)}, Python {myst.escaped(selftest.python)}"
    return myst.paragraphs(" ".join(said), when, _confusion(pack, proven, voice), _sights(proven, voice), *tables)


def _confusion(pack: Pack, proven: Proven, voice: Voice) -> str:
    table = by_family(proven, family_of(pack), [family.name for family in pack.families])
    header = [voice(N_("Defects of")), *(myst.escaped(name) for name in table)]
    rows = [[myst.escaped(down), *(_cell(cell, voice) for cell in cells.values())] for down, cells in table.items()]
    caption = voice(
        N_("Defects of a family that turned promises of a family red; after the plus, where they do not break them")
    )
    return myst.table(caption, header, rows, classes="matrix")


def _cell(cell: Cell, voice: Voice) -> str:
    if not cell.expected and not cell.besides:
        return "·"
    return voice.number(cell.expected) + (f" \\+ {voice.number(cell.besides)}" if cell.besides else "")


def _sights(proven: Proven, voice: Voice) -> str:
    """What each check sees: how many of the defects that break its promise, and so what share at the least."""
    header = [voice(N_("Promise")), voice(N_("Caught")), voice(N_("At the least (95 %)")), voice(N_("Red besides"))]
    rows = [
        [
            link(row.promise),
            f"{voice.number(row.caught)} / {voice.number(row.n)}",
            "–" if row.low is None else voice.number(row.low, ".0%"),
            voice.number(len(row.also_red_for)),
        ]
        for row in by_promise(proven)
    ]
    caption = voice(N_("What each check sees of the defects that break its promise"))
    return myst.table(caption, header, rows, classes="cards sights", widths="52 14 18 16")


def _defects(pack: Pack, family: str, of_family: list[DefectRow], voice: Voice) -> str:
    says = {defect.id: defect.says for defect in pack.defects}
    header = [voice(N_("Seeded defect")), voice(N_("Caught by")), voice(N_("Missed by")), voice(N_("Red besides"))]
    rows = [
        [
            myst.paragraphs(myst.span(voice.literal(row.defect), "row-name"), voice.plain(says.get(row.defect, ""))),
            *(myst.bullets(link(id) for id in ids) if ids else "–" for ids in (row.caught, row.missed, row.besides)),
        ]
        for row in of_family
    ]
    caption = voice(N_("{family}: {n} seeded defects"), family=family, n=len(of_family))
    return myst.table(caption, header, rows, classes="cards defects", widths="40 30 10 20")
