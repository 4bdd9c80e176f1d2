"""Tests that the builds of a site are started in an order in which none is waited for alone."""

from __future__ import annotations

import os
from pathlib import Path

from atalaya.site.build.site import Build, longest_first


def build(folder: Path, name: str, pages: int) -> Build:
    source, doctrees = folder / name, folder / "doctrees" / name
    for number in range(pages):
        (source / "evidence").mkdir(parents=True, exist_ok=True)
        (source / f"{number}.md").touch()
    return Build(release=name, language="en", source=source, out=folder, doctrees=doctrees, sources=(source,))


def test_a_build_with_more_that_changed_comes_first_and_equal_ones_as_they_were(tmp_path: Path) -> None:
    root, new, other = build(tmp_path, "root", 9), build(tmp_path, "new", 3), build(tmp_path, "other", 3)
    for number in range(20):
        (other.source / "evidence" / f"{number}.jsonl").touch()  # no page
    assert longest_first([new, root, other]) == [root, new, other]

    root.doctrees.mkdir(parents=True)
    (root.doctrees / "environment.pickle").touch()
    for file in root.source.glob("*.md"):
        os.utime(file, (0, 0))
    assert longest_first([root, other, new]) == [other, new, root]
