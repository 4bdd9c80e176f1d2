"""Do the records hold what the stages rely on?"""

import msgspec
import pytest

from checks import records
from checks.records import STORED, Outcome, Text, Word, text
from tests.tables import each_row


@each_row("word", [w for w in vars(records).values() if isinstance(w, type) and issubclass(w, Word) and w is not Word])
def test_no_word_has_a_truth_value(word: type[Word]) -> None:
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
