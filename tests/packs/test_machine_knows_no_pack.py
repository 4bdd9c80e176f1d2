"""Tests that nothing of one SDK stands in the machine's own files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = ROOT / "src" / "atalaya"
PACK = ROOT / "checks"
OF_THE_PACK = re.compile(r"aris3|ARIS3|ExportsClient|/exports")
ITS_WORDS = re.compile(r"wait_for_export|\b(?:an|the|each) exports?\b")  # a translation may outlive its sentence
TEXTS = (".py", ".sql", ".ini", ".toml", ".po", ".json", ".jsonl", ".md", ".html", ".css", ".js")


def files() -> list[Path]:
    return [
        file
        for file in sorted(MACHINE.rglob("*"))
        if file.suffix in TEXTS and not file.is_relative_to(PACK) and "__pycache__" not in file.parts
    ]


def test_the_machine_names_nothing_of_the_pack() -> None:
    told = {
        file.relative_to(ROOT).as_posix(): found[0]
        for file in files()
        if (found := OF_THE_PACK.search(file.read_text(encoding="utf-8")))
    }
    assert told == {}


def test_the_machine_speaks_of_nothing_that_only_one_sdk_has() -> None:
    told = {
        file.relative_to(ROOT).as_posix(): found[0]
        for file in files()
        if file.suffix != ".po" and (found := ITS_WORDS.search(file.read_text(encoding="utf-8")))
    }
    assert told == {}


@pytest.mark.parametrize("suffix", [".py", ".sql", ".po"])
def test_files_of_each_kind_are_read(suffix: str) -> None:
    assert [file for file in files() if file.suffix == suffix] != []


def test_the_pack_names_its_sdk() -> None:
    assert OF_THE_PACK.search((PACK / "pack.py").read_text(encoding="utf-8"))
