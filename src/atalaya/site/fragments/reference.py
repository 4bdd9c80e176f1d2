"""The fragments of the reference, made from the declarations that the code itself runs on."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

from atalaya.core import environment, fleet_settings, settings
from atalaya.core.words import N_
from atalaya.evidence.ledger import schema
from atalaya.harness.pack import Pack
from atalaya.records import fleet_schema
from atalaya.selftest import detector_record, last_run
from atalaya.site.build.atomic_write import write_if_changed
from atalaya.site.fragments import (
    calibration,
    contract,
    embedding,
    figures,
    incidents,
    network,
    record_reference,
    rules,
)
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch import calibration_record

FOLDER = "reference"


def inputs(docs: Path, pack: Pack) -> list[Path]:
    """The files that are printed beside what the code says."""
    return [
        docs / calibration_record.FILE,
        *(last_run.path(family) for family in pack.families),
        detector_record.path(pack),
    ]


def publish_reference(docs: Path, pack: Pack) -> tuple[Path, ...]:
    """Write the generated part of the reference in every language; returns what had to be written.

    :param pack: the checks that it tells of.
    """
    fragments = FRAGMENTS | contract.about_the_checks(pack, last_run.read(pack), detector_record.read(pack))
    fragments |= figures.about_the_metrics()
    fragments |= calibration.about_the_verdict(calibration_record.read(docs))
    written = [*contract.write_promise_pages(docs, pack), *rules.write_rule_pages(docs)]
    for code in LANGUAGES:
        voice = Renderer(Language(code))
        for name, fragment in fragments.items():
            file = docs / "_generated" / FOLDER / code / f"{name}.md"
            if write_if_changed(file, fragment(voice).rstrip("\n") + "\n"):
                written.append(file)
    for name, said in (("evidence", schema.document()), ("fleet", fleet_schema.document())):
        file = docs / "_generated" / FOLDER / f"{name}.schema.json"
        if write_if_changed(file, json.dumps(said, indent=2, sort_keys=True) + "\n"):
            written.append(file)
    return tuple(written)


def keys(voice: Renderer) -> Markdown:
    """Every key of ``watch.toml``, a table for each section."""
    sections = [(name, list(keys)) for name, keys in groupby(settings.every_key(), key=lambda key: key.section)]
    return render("settings-keys", voice, sections=sections, json=_json)


def fleet_keys(voice: Renderer) -> Markdown:
    """Every key of ``fleet.toml``."""
    sections = [(name, list(keys)) for name, keys in groupby(fleet_settings.every_key(), key=lambda key: key.section)]
    return render("fleet-keys", voice, sections=sections, source=fleet_settings.SOURCE, json=_json)


_json = partial(json.dumps, ensure_ascii=False)


def variables(voice: Renderer) -> Markdown:
    """Every ``ATALAYA_*`` variable that is no setting."""
    header = [voice(N_("Variable")), voice(N_("What it says"))]
    rows = [[voice.literal(name), voice.ours(description)] for name, description in environment.OWN.items()]
    caption = voice(N_("Variables that are no settings"))
    return myst.table(caption, header, rows, classes="cards settings", widths="40 60")


FRAGMENTS: dict[str, Callable[[Renderer], str]] = {
    "settings": keys,
    "fleet-settings": fleet_keys,
    "variables": variables,
    **rules.about_the_rules(),
    "network-table": network.table,
    "faults": contract.faults,
    "records": record_reference.records,
    "states": incidents.machines,
    "opening": incidents.opening_rules,
    "fragments": embedding.fragments,
}
