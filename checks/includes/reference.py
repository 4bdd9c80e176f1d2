"""What do the reference pages print, made from the declarations that the code itself runs on?"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from checks import environment, settings
from checks.calibration import calibrate
from checks.contracts.pack import Pack
from checks.evidence import schema
from checks.includes import calibration, contract, embedding, figures, incidents, kinds, myst, rules
from checks.includes.files import write_if_changed
from checks.includes.language import LANGUAGES, Language
from checks.includes.voice import Voice
from checks.proving import selftest
from checks.records import N_

FOLDER = "reference"


def inputs(docs: Path, pack: Pack) -> list[Path]:
    """The files that are printed beside what the code says."""
    return [docs / calibrate.FILE, *(selftest.path(family) for family in pack.families)]


def publish_reference(docs: Path, pack: Pack) -> tuple[Path, ...]:
    """Write the generated part of the reference in every language; returns what had to be written.

    :param pack: the checks that it tells of.
    """
    fragments = FRAGMENTS | contract.about_the_checks(pack, selftest.read(pack))
    fragments |= figures.about_the_metrics()
    fragments |= calibration.about_the_verdict(calibrate.read(docs))
    written = [*contract.write_promise_pages(docs, pack), *rules.write_rule_pages(docs)]
    for code in LANGUAGES:
        voice = Voice(Language(code))
        for name, fragment in fragments.items():
            file = docs / "_generated" / FOLDER / code / f"{name}.md"
            if write_if_changed(file, fragment(voice).rstrip("\n") + "\n"):
                written.append(file)
    file = docs / "_generated" / FOLDER / "evidence.schema.json"
    if write_if_changed(file, json.dumps(schema.document(), indent=2, sort_keys=True) + "\n"):
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


FRAGMENTS: dict[str, Callable[[Voice], str]] = {
    "settings": keys,
    "variables": variables,
    **rules.about_the_rules(),
    "faults": contract.faults,
    "records": kinds.records,
    "states": incidents.machines,
    "opening": incidents.opening_rules,
    "fragments": embedding.fragments,
}
