"""Tests that any page can embed a release's fragments, and that machines get their own files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from atalaya.core.window import CHECKPOINTS_H
from atalaya.metrics.definitions import METRICS
from atalaya.site.build.atomic_write import fragment_file
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments.embedding import SAYS
from atalaya.site.outputs.badge import endpoint, svg
from tests.commands import ROOT
from tests.site import example


def test_every_fragment_is_told_of_and_no_other() -> None:
    assert sorted(set(SAYS) ^ {*FRAGMENTS, *(f"t{hours:02}" for hours in CHECKPOINTS_H)}) == []


def test_every_metric_has_a_label_that_others_can_link_to() -> None:
    pages = {id: ROOT / "docs" / "reference" / "metrics" / f"{id}.md" for id in METRICS}
    for id, page in pages.items():
        assert page.read_text(encoding="utf-8").startswith(f"(metric-{id})=\n# {METRICS[id].title}\n")


@pytest.mark.parametrize("strangers", [False, True])
def test_a_badge_says_the_word_and_the_instant(strangers: bool) -> None:
    judgement = example.judgement(strangers=strangers, rehearsal=strangers)
    drawn = ElementTree.fromstring(svg(judgement))
    shown = "".join(drawn.itertext())
    said = json.loads(endpoint(judgement))
    assert ("OFF TRACK" in shown, "UTC" in shown, 1) == (True, True, said["schemaVersion"])
    assert ("REHEARSAL" in shown) is strangers
    assert "OFF TRACK" in said["message"]
    fields = [drawn.findall(f"{{*}}{name}") for name in ("rect", "g/{*}text")]
    assert all(float(box.attrib["width"]) > 6 * len(word.text or "") for box, word in zip(*fields, strict=True))
    assert float(drawn.attrib["width"]) == sum(float(box.attrib["width"]) for box in fields[0])


def _published(docs: Path, *names: str) -> None:
    entries = [{"name": name, "version": name.split()[0], "rehearsal": "REHEARSAL" in name} for name in names]
    for entry in entries:
        folder = docs / "_generated" / entry["version"] / "en"
        folder.mkdir(parents=True)
        (folder / "metrics.md").write_text(entry["version"], encoding="utf-8")
    (docs / "_generated").mkdir(exist_ok=True)
    (docs / "_generated" / "switcher.json").write_text(json.dumps(entries), encoding="utf-8")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("1.1.0 (GO)", "1.0.0 (GO)"), "1.1.0"),
        (("r1 (REHEARSAL, GO)", "1.0.0 (GO)"), "1.0.0"),
        (("r1 (REHEARSAL, GO)",), "r1"),
        ((), None),
    ],
)
def test_the_latest_is_the_newest_that_was_no_rehearsal(
    names: tuple[str, ...], expected: str | None, tmp_path: Path
) -> None:
    _published(tmp_path, *names)
    file = fragment_file(tmp_path, "latest", "en", "metrics")
    assert expected == (file.read_text(encoding="utf-8") if file else None)


def test_what_is_not_published_is_no_file(tmp_path: Path) -> None:
    assert (fragment_file(tmp_path, "latest", "en", "x"), fragment_file(tmp_path, "1.0", "en", "x")) == (None, None)
