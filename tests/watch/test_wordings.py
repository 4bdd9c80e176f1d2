"""Tests that what a probe saw can be said in other languages."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Finding, Presence
from atalaya.watch.wordings import worded
from tests.ours import PACK

RELEASES = Path(__file__).parents[2] / "docs" / "releases"
# What SDKs say in their own words: the name of an error, and its message.
NO_SENTENCE = {"{}: {}"}


def probes_say() -> Iterator[str]:
    """Each sentence that a probe may return, with a pair of braces for each value."""
    for file in PACK.files("probe_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("probe_"):
                for returned in (one.value for one in ast.walk(node) if isinstance(one, ast.Return)):
                    options = (returned.body, returned.orelse) if isinstance(returned, ast.IfExp) else (returned,)
                    yield from filter(None, map(said, options))


def said(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=pieces):
            return "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in pieces)
    return ""


def fits(sentence: str, wording: str) -> bool:
    """Whether all that a probe says in this way is said by that wording."""
    pieces = [words for words, *_ in string.Formatter().parse(wording)]
    found = worded(sentence.replace("{}", "VALUE"), [wording])
    return found is not None and len(pieces) > 0


def test_each_sentence_of_a_probe_has_a_wording() -> None:
    sentences = set(probes_say()) - NO_SENTENCE
    assert len(sentences) > 40
    assert {one for one in sentences if not any(fits(one, wording) for wording in PACK.wordings)} == set()


def test_each_wording_is_one_of_a_probe() -> None:
    sentences = set(probes_say())
    assert [wording for wording in PACK.wordings if not any(fits(one, wording) for one in sentences)] == []


def test_what_was_seen_in_the_rehearsals_can_be_said_in_other_languages() -> None:
    found = [one for folder in RELEASES.iterdir() for one in ledger.readable(folder / "evidence", Finding)]
    seen = [one for one in found if one.seen is Presence.SEEN]
    assert len(seen) > 60
    assert [one.weakness for one in seen if worded(one.reason, PACK.wordings) is None] == []
    assert [one.weakness for one in seen if str(worded(one.reason, PACK.wordings)) != one.reason] == []


def test_of_several_that_fit_the_one_with_the_most_words_is_taken() -> None:
    wordings = ("a budget took {n}", "a budget took {n} s of retries")
    assert worded("a budget took 7 s of retries", wordings).values == {"n": 7}


def test_what_nobody_has_worded_stays_as_it_was_said() -> None:
    assert worded("ValueError: no", PACK.wordings) is None
