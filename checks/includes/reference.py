"""What do the reference pages print, made from the declarations that the code itself runs on?"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from checks import environment, settings
from checks.calibration import calibrate
from checks.evidence import schema
from checks.includes import calibration, contract, embedding, figures, incidents, kinds, myst, rules
from checks.includes.files import write_if_changed
from checks.includes.language import LANGUAGES, Language
from checks.includes.voice import Voice
from checks.proving import selftest
from checks.records import N_, Promise
from checks.release.incidents import schema as incident_schema
from checks.verdict import MANDATORY

FOLDER = "reference"
INPUTS = (selftest.FILE, calibrate.FILE)  # what is printed beside what the code says


def publish_reference(docs: Path) -> tuple[Path, ...]:
    """Write the generated part of the reference in every language; returns what had to be written."""
    fragments = FRAGMENTS | contract.about_the_checks(selftest.read(docs))
    fragments |= calibration.about_the_verdict(calibrate.read(docs))
    written = [*contract.write_promise_pages(docs), *rules.write_rule_pages(docs)]
    for code in LANGUAGES:
        voice = Voice(Language(code))
        for name, fragment in fragments.items():
            file = docs / "_generated" / FOLDER / code / f"{name}.md"
            if write_if_changed(file, fragment(voice).rstrip("\n") + "\n"):
                written.append(file)
    for name, document in (("evidence", schema.document()), ("incident", incident_schema())):
        file = docs / "_generated" / FOLDER / f"{name}.schema.json"
        if write_if_changed(file, json.dumps(document, indent=2, sort_keys=True) + "\n"):
            written.append(file)
    return tuple(written)


def keys(voice: Voice) -> str:
    """Every key of ``watch.toml``, a table for each section."""
    header = [voice(N_("Key")), voice(N_("Default")), voice(N_("What it says")), voice(N_("Variable"))]
    tables = []
    for section, of_section in groupby(settings.every_key(), key=lambda key: key.section):
        rows = [
            [
                myst.span(voice.literal(key.name), "row-name"),
                _default(key.default, voice),
                voice.ours(key.description),
                voice.literal(key.variable),
            ]
            for key in of_section
        ]
        caption = voice(N_("Section {section}"), section=f"[{section}]")
        tables.append(myst.table(caption, header, rows, classes="cards settings", widths="19 18 38 25"))
    return myst.paragraphs(*tables)


def variables(voice: Voice) -> str:
    """Every ``ATALAYA_*`` variable that is no setting."""
    header = [voice(N_("Variable")), voice(N_("What it says"))]
    rows = [[voice.literal(name), voice.ours(description)] for name, description in environment.OWN.items()]
    return myst.table(
        voice(N_("Variables that are no settings")), header, rows, classes="cards settings", widths="40 60"
    )


def _default(value: Any, voice: Voice) -> str:
    return voice.literal(json.dumps(value, ensure_ascii=False)) if value not in ("", ()) else voice(N_("empty"))


def promises(voice: Voice) -> str:
    """Every promise, a table for each contract."""
    from checks.contracts.promises import PROMISES

    ordered = sorted(PROMISES, key=lambda promise: promise.contract)
    return myst.paragraphs(
        *(_contract(name, list(family), voice) for name, family in groupby(ordered, key=lambda one: one.contract))
    )


def _contract(name: str, family: list[Promise], voice: Voice) -> str:
    header = [voice(N_("Promise")), voice(N_("Severity")), voice(N_("Checkpoint")), voice(N_("Why it matters"))]
    rows = [
        [
            myst.paragraphs(myst.span(contract.link(promise.id), "row-name"), voice.ours(promise.says)),
            voice.badge(promise.severity),
            f"T+{promise.checkpoint_h}",
            voice.ours(promise.why),
        ]
        for promise in family
    ]
    caption = voice(N_("{contract}: {n} promises"), contract=name, n=len(family))
    return myst.table(caption, header, rows, classes="cards promises", widths="44 13 13 30")


def weaknesses(voice: Voice) -> str:
    """Every weakness that is looked for beyond the contract."""
    from checks.contracts.findings import WEAKNESSES

    header = [voice(N_("Weakness")), voice(N_("What would mend it"))]
    rows = [
        [
            myst.paragraphs(myst.span(voice.literal(weakness.id), "row-name"), voice.ours(weakness.says)),
            voice.ours(weakness.proposal),
        ]
        for weakness in WEAKNESSES
    ]
    caption = voice(N_("Weaknesses that are looked for beyond the contract"))
    return myst.table(caption, header, rows, classes="cards findings")


FRAGMENTS: dict[str, Callable[[Voice], str]] = {
    "settings": keys,
    "variables": variables,
    "promises": promises,
    "weaknesses": weaknesses,
    **rules.about_the_rules(),
    "statements": contract.statements,
    "faults": contract.faults,
    "records": kinds.records,
    "states": incidents.machines,
    "opening": incidents.opening_rules,
    "fragments": embedding.fragments,
    **{f"metric-{id}": partial(figures.described, id) for id in MANDATORY},
}
