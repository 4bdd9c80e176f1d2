"""Tests that a template is compiled once, and again where it changed or what was kept of it cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from atalaya.core.whole_file import HALF
from atalaya.site.markup import compiled_templates, templating
from atalaya.site.markup.compiled_templates import FOLDER, CompiledTemplates
from atalaya.site.markup.templating import kept_compiled

PAGE = {"a": "{% for n in range(2) %}{{ n }},{% endfor %}"}


def filled(file: Path, made_by: str = "1", templates: dict[str, str] = PAGE) -> tuple[list[str], list[str]]:
    """What the templates say in a new process, and which of them it had to compile."""
    environment = Environment(loader=DictLoader(templates))
    compiled = []
    compile_ = environment.compile

    def seen(source, name=None, filename=None, **options):
        compiled.append(str(name))
        return compile_(source, name, filename, **options)

    environment.compile = seen
    environment.bytecode_cache = kept = CompiledTemplates(file, environment, made_by)
    said = [environment.get_template(name).render() for name in templates]
    kept.save()
    return said, compiled


def test_a_template_that_was_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    assert filled(tmp_path / "it") == (["0,1,"], ["a"])
    assert filled(tmp_path / "it") == (["0,1,"], [])


def test_a_template_that_changed_is_compiled_again_and_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    filled(tmp_path / "it", templates={"a": "long " * 5000, "b": "b"})
    size = (tmp_path / "it").stat().st_size
    assert filled(tmp_path / "it", templates={"a": "new", "b": "b"}) == (["new", "b"], ["a"])
    assert (tmp_path / "it").stat().st_size < size - 20_000
    assert filled(tmp_path / "it", templates={"a": "new", "b": "b"}) == (["new", "b"], [])


def test_what_another_version_compiled_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "it")
    assert filled(tmp_path / "it", made_by="2") == (["0,1,"], ["a"])
    assert filled(tmp_path / "it", made_by="2") == (["0,1,"], [])
    monkeypatch.setattr(compiled_templates, "versions", lambda tools: ("another Jinja",))
    assert filled(tmp_path / "it", made_by="2") == (["0,1,"], ["a"])


def test_what_is_damaged_is_compiled_anew_and_kept_whole(tmp_path: Path) -> None:
    file = tmp_path / "it"
    filled(file)
    whole = file.read_bytes()
    flipped = bytes((*whole[:-9], whole[-9] ^ 1, *whole[-8:]))
    for damaged in (b"", b"\0", whole[:-1], whole[:64], whole + b"\0", flipped, b"0" * 64 + whole[64:]):
        file.write_bytes(damaged)
        assert filled(file) == (["0,1,"], ["a"])
        assert file.read_bytes() == whole


def test_two_that_compile_at_once_keep_what_both_did(tmp_path: Path) -> None:
    first, second = (Environment(loader=DictLoader({name: name})) for name in "ab")
    for one in (first, second):
        one.bytecode_cache = CompiledTemplates(tmp_path / "it", one, "1")
    first.get_template("a")
    second.get_template("b")
    first.bytecode_cache.save()
    second.bytecode_cache.save()
    assert filled(tmp_path / "it", templates={"a": "a", "b": "b"}) == (["a", "b"], [])


def test_one_that_is_interrupted_leaves_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "it")
    before = (tmp_path / "it").read_bytes()

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        filled(tmp_path / "it", templates={"a": "new"})
    assert (tmp_path / "it").read_bytes() == before
    assert [file for file in tmp_path.iterdir() if file.name.endswith(HALF)] == []


def test_a_build_keeps_the_templates_of_both_kinds_of_markup(tmp_path: Path) -> None:
    def compiled() -> dict[str, int]:
        found = {}
        for environment, name in (
            (templating._environment, "glance.md"),
            (templating._html_environment, "report.html"),
        ):
            environment.cache_clear()
            with kept_compiled(tmp_path):
                environment().get_template(name)
                found[name] = len(environment().bytecode_cache._new)
            assert environment().bytecode_cache is None
        return found

    assert min(compiled().values()) > 0
    assert {file.name for file in (tmp_path / FOLDER).iterdir()} == {"markdown", "html"}
    assert max(compiled().values()) == 0
