"""Tests of the properties of the records that the stages rely on."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from atalaya.core import window
from atalaya.core.words import StrictEnum, Text, text
from atalaya.records.stored import STORED, Environment, Evidence, Outcome, Release, happened_at, record_metadata

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_no_word_has_a_truth_value() -> None:
    assert Outcome in StrictEnum.__subclasses__()
    for word in StrictEnum.__subclasses__():
        with pytest.raises(TypeError, match="no truth value"):
            bool(next(iter(word)))


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        text("a").template = "b"  # type: ignore[misc]


def test_a_sentence_is_filled_in_english() -> None:
    assert str(Text(template="{n} of {m}", values={"n": 1, "m": 2})) == "1 of 2"


def test_every_kind_of_evidence_has_a_name_of_its_own() -> None:
    assert all(record.kind == kind for kind, record in STORED.items())


def test_an_outcome_survives_the_way_through_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Outcome.UNKNOWN), type=Outcome) is Outcome.UNKNOWN


def test_a_record_happened_when_it_was_written_down_unless_something_else_is_known() -> None:
    earlier = NOW.replace(hour=8)
    made = record_metadata("r", Environment.CI, NOW)
    assert (made["occurred_at"], made["recorded_at"]) == (NOW, NOW)
    assert record_metadata("r", Environment.CI, NOW, earlier) == happened_at(made, earlier)
    assert happened_at(made, earlier) == {**made, "occurred_at": earlier}


def test_the_metadata_of_a_record_is_all_that_every_kind_of_evidence_has() -> None:
    fields = {field.name for field in msgspec.structs.fields(Evidence)} - {"format"}
    assert set(record_metadata("r", Environment.CI, NOW)) == fields


def test_what_a_rehearsal_writes_down_is_rehearsed() -> None:
    release = Release(version="1.1.0", commit="", opened_at=NOW)
    assert release.own_environment is Environment.LOOPBACK
    assert msgspec.structs.replace(release, rehearsal=True).own_environment is Environment.REHEARSAL


def test_no_other_module_makes_the_metadata_of_a_record() -> None:
    made = []
    for file in Path(window.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            keys = node.keys if isinstance(node, ast.Dict) else ()
            if {"environment", "recorded_at"} <= {key.value for key in keys if isinstance(key, ast.Constant)}:
                made.append(record_metadata.__module__.endswith(file.stem))
    assert made == [True]
