"""Mutants of the machine's own modules: which are drawn, and what becomes of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from atalaya.core.errors import HarnessError, UsageError
from tools.mutation import own
from tools.mutation.__main__ import main
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.own import MACHINE, OWN_SURVIVORS, ROOT, TESTS, choose_own, mutate_own, share_killed
from tools.mutation.results import Explained, Fate, MutantResult, Mutated, Why, explanations

# ── which are drawn ──────────────────────────────────────────────────────────


def test_every_module_that_is_changed_and_every_file_that_should_notice_exist() -> None:
    named = [*(MACHINE / module for module in TESTS), *(ROOT / file for files in TESTS.values() for file in files)]
    assert [file for file in named if not file.is_file()] == []


def test_every_module_of_the_metrics_is_changed() -> None:
    metrics = MACHINE / "metrics"
    there = {file.relative_to(MACHINE).as_posix() for file in metrics.rglob("*.py") if file.name != "__init__.py"}
    there -= {"metrics/engine/spark_database.py"}  # its tests need Java, and a minute to start it
    assert there == {module for module in TESTS if module.startswith("metrics/")}


@pytest.mark.long
def test_a_sample_is_the_same_for_a_seed_whatever_is_drawn_beside_it() -> None:
    alone = choose_own(["core/settings.py"], sample=5, seed=3)
    assert alone == choose_own(["verdict/rules.py", "core/settings.py"], sample=5, seed=3)[5:]
    assert alone != choose_own(["core/settings.py"], sample=5, seed=4)
    assert len(choose_own(["metrics/detector_power.py"], sample=10_000)) < 10_000


@pytest.mark.long
def test_a_mutant_is_chosen_by_its_name() -> None:
    first, second = choose_own(["core/settings.py"], sample=2)
    assert (second, first) == choose_own(ids=[second.id, first.id])


@pytest.mark.parametrize(
    ("chosen", "words"),
    [({"modules": ["records/stored.py"]}, "--module records/stored.py"), ({"ids": ["a.py:b"]}, "--id a.py:b")],
)
def test_what_is_not_changed_cannot_be_chosen(chosen: dict[str, list[str]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        choose_own(**chosen)


def test_a_module_without_own_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--root", str(tmp_path), "--module", "verdict/rules.py"])
    assert (left.value.code, "--module is for --own" in capsys.readouterr().err) == (2, True)


# ── the survivors that are explained ─────────────────────────────────────────


def test_every_explained_survivor_still_exists_and_is_the_change_it_was() -> None:
    told = explanations(OWN_SURVIVORS)
    modules = {id.partition(":")[0] for id in told}
    made = {mutant.id: mutant.change for module in modules for mutant in own._mutants(module)}
    assert {id: one.change for id, one in told.items()} == {id: made.get(id, "there is none any more") for id in told}
    assert [one.id for one in told.values() if len(one.reason.split()) < 5] == []


# ── what becomes of each ─────────────────────────────────────────────────────

MODULE = "def half(n):\n    while n < 0:\n        n = n + 2\n    return n / 2, 'unseen'\n"
TEST = "from machine.half import half\n\ndef test_half():\n    assert half(-2)[0] == 0\n    assert half(4)[0] == 2\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree with one module and its test, in place of the machine's."""
    for name, text in (
        ("machine/half.py", MODULE),
        ("tests/test_half.py", TEST),
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['.']\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(own, "MACHINE", tmp_path / "machine")
    monkeypatch.setattr(own, "ROOT", tmp_path)
    monkeypatch.setattr(own, "TESTS", {"half.py": ("tests/test_half.py",)})
    monkeypatch.setattr(own, "PATIENCE_S", 6.0)
    monkeypatch.setattr(own, "PATIENCE", 2)
    return tmp_path


def mutant(after: str) -> Mutant:
    (found,) = (one for one in mutants_of("half.py", MODULE) if one.after == after)
    return found


def test_a_test_that_fails_kills_what_no_test_sees_survives_and_what_does_not_end_is_killed(tree: Path) -> None:
    seen, unseen, endless = mutant("return n * 2, 'unseen'"), mutant("return n / 2, 'Xunseen'"), mutant("n = n - 2")
    explained = {unseen.id: Explained(id=unseen.id, change="", why=Why.LEFT_OPEN, reason="nobody reads it")}
    found = mutate_own([seen, unseen, endless], explained=explained, jobs=2).mutants
    assert [one.fate for one in found] == [Fate.KILLED, Fate.SURVIVED, Fate.KILLED]
    assert [one.by for one in found] == [("FAILED tests/test_half.py::test_half",), (), ("time limit",)]
    assert found[1].explained == "left-open: nobody reads it"
    assert (tree / "machine/half.py").read_text(encoding="utf-8") == MODULE


def test_tests_that_fail_without_any_change_are_an_error(tree: Path) -> None:
    (tree / "tests/test_half.py").write_text("def test_half():\n    assert False\n", encoding="utf-8")
    with pytest.raises(HarnessError, match=r"half\.py: its tests fail without any change: FAILED .*test_half"):
        mutate_own([mutant("n = n - 2")], explained={})


def test_what_is_explained_counts_as_a_survivor() -> None:
    def tried(fate: Fate) -> MutantResult:
        return MutantResult(
            id="", file="", line=1, operator="", before="", after="", fate=fate, explained="equivalent: so"
        )

    assert share_killed(Mutated(mutants=(tried(Fate.KILLED), tried(Fate.SURVIVED)))) == 0.5
