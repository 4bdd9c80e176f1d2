"""Tests that what breaks between two versions of an SDK is told in plain sentences, from source alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from atalaya.records.stored import ApiModule, PublicApi, record_metadata
from atalaya.sdk.public_api import outline
from atalaya.watch.api_changes import SAYS, Incomparable, changes
from tests.watch.watched import LOOPBACK, at


def api(source: str, *, problem: str = "", hours: float = 0, version: str = "1.0.0", **modules: str) -> PublicApi:
    """What an SDK named ``acme`` offers, whose root module has this source."""
    files = {"acme": source} | {f"acme.{name}": content for name, content in modules.items()}
    return PublicApi(
        **record_metadata("r", LOOPBACK, at(hours)),
        package="acme",
        version=version,
        subject_digest=version,
        origin="installed",
        modules=tuple(ApiModule(name=name, source=outline(content)) for name, content in files.items()),
        problem=problem,
    )


def told(old: str, new: str) -> list[str]:
    return list(map(str, changes(api(old), api(new))))


SENTENCES = (
    ("def f(a, b=1): ...", "def f(a): ...", "f lost its argument b."),
    ("def f(a, b): ...", "def f(b, a): ...", "f takes its argument a at another place."),
    ("def f(a, /): ...", "def f(*, a): ...", "f took its argument a as positional-only, and takes it as keyword-only."),
    ("def f(a=1): ...", "def f(a=2): ...", "f had 1 as the default of a, and has 2."),
    ("def f(a=1): ...", "def f(a): ...", "f requires its argument a, which could be left out."),
    ("def f(): ...", "def f(a): ...", "f requires a new argument, a."),
    ("class A:\n    def f(self): ...", "class A: ...", "A.f is gone."),
    ("class A: ...", "def A(): ...", "A was a class, and is a function."),
    ("class A: ...\nclass B(A): ...", "class A: ...\nclass B: ...", "B inherited from A, and inherits from -."),
)


def test_each_change_that_breaks_is_one_sentence() -> None:
    for old, new, sentence in SENTENCES:
        assert sentence in told(old, new), sentence


def test_what_is_added_or_private_or_only_done_otherwise_breaks_nobody() -> None:
    old = "def f(a): return 1\ndef _g(a): ...\n"
    assert told(old, "def f(a, b=2): return 2\ndef h(): ...\n") == []


def test_a_name_that_a_package_offers_again_has_changed_once() -> None:
    again = "from acme.deep import f\n__all__ = ['f']\n"
    found = changes(api(again, deep="def f(a): ..."), api(again, deep="def f(): ..."))
    assert [str(one) for one in found] == ["f lost its argument a."]


def test_a_module_that_is_gone_is_named_in_full() -> None:
    found = changes(api("", deep="x = 1", stays="y = 1"), api("", stays="y = 1"))
    assert [str(one) for one in found] == ["acme.deep is gone."]


def test_a_kind_of_change_that_is_not_known_is_told_all_the_same() -> None:
    import griffe

    assert {one.name for one in griffe.BreakageKind} >= SAYS.keys() - {""}
    assert "{name}" in SAYS[""]


def test_what_cannot_be_read_is_not_the_same_but_unknown() -> None:
    with pytest.raises(Incomparable, match="too much"):
        changes(api(""), api("", problem="too much"))
    newer = ApiModule(name="acme.deep", source="type X = = int")  # as a Python of tomorrow may have it
    old = api("", deep="x = 1")
    for broken in (replace(old, modules=()), replace(old, modules=(*old.modules[:1], newer))):
        with pytest.raises(Incomparable):
            changes(old, broken)


def test_a_long_name_is_cut() -> None:
    name = "f" * 4_000
    (sentence,) = told(f"def {name}(): ...", "")
    assert len(sentence) < 200
