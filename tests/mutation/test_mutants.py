"""Tests that mutants are made by rule and have names, and that their results are reported correctly."""

import ast
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from atalaya.core.errors import HarnessError, UsageError
from atalaya.harness.pack import Pack
from atalaya.records.results import CheckResult
from atalaya.records.stored import Outcome, Severity
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.seeded_faults import inject
from tests.ours import DEFECT, PACK, PACKAGE, PROMISES, REFERENCE, pack_of
from tests.tables import each_row
from tools.mutation import mutate as tool
from tools.mutation import results
from tools.mutation.__main__ import main
from tools.mutation.answers import Answers, Unchanged, key_of
from tools.mutation.mutants import OPERATORS, Mutant, all_mutants, applied, mutants_of
from tools.mutation.mutate import Target, bundled, choose, lying_at, mutate
from tools.mutation.results import Explained, Fate, MutantResult, Mutated, Why, explanations, summary, tried

pytestmark = pytest.mark.begun_first
CONFIG = "config.py"

# ── how they are made ────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def mutants() -> dict[str, Mutant]:
    made = all_mutants(REFERENCE / PACKAGE, PACK.mutated)
    assert len({mutant.id for mutant in made}) == len(made)
    return {mutant.id: mutant for mutant in made}


def made(source: str, operator: str) -> list[str]:
    """What a rule makes of one line of source."""
    found = mutants_of("a.py", source)
    return [applied(mutant, source) for mutant in found if mutant.operator == operator]


@each_row(
    ("operator", "source", "expected"),
    [
        ("compare", "a < b", ["a <= b", "a >= b"]),
        ("compare", "a not in b", ["a in b"]),
        ("compare", "a is None", ["a is not None"]),
        ("compare", "a < b == c", ["a <= b == c", "a >= b == c", "a < b != c"]),
        ("boolean", "a and b and c", ["a or b and c", "a and b or c"]),
        ("operand", "a or b.c(d)", ["a", "b.c(d)"]),
        ("operand", "a and b and c", ["b and c", "a and c", "a and b"]),
        ("operand", "a * (b + c)", ["a", "(b + c)", "a * (b)", "a * (c)"]),
        ("position", "f(a, b, c=d)", ["f(b, a, c=d)", "f(a, c=d)"]),
        ("position", "f(a)", []),
        ("position", "f(*a, b)", []),
        ("element", "a in {1, 2, 3}", ["a in {2, 3}", "a in {1, 3}", "a in {1, 2}"]),
        ("element", "try: a\nexcept (E, F): b", ["try: a\nexcept (F): b", "try: a\nexcept (E): b"]),
        ("element", "{'a': b, 'c': d}", ["{'c': d}", "{'a': b}"]),
        ("element", "{'a': b, **c}", []),
        ("element", "a, b = c", []),
        ("statement", "del a[b]", ["pass"]),
        ("negation", "not a", ["a"]),
        ("negation", "b if a else c", ["b if not (a) else c"]),
        ("arithmetic", "2.0**a", ["2.0*a"]),
        ("number", "x = 3", ["x = 4", "x = 2"]),
        ("number", "x = 0.2", ["x = 0.4", "x = 0.1"]),
        ("text", "x = 'GET'", ["x = 'XGET'"]),
        ("text", "x = ''", ["x = 'X'"]),
        ("text", "raise E('why')", ['raise E("")']),
        ("text", "raise E(f'why {a}')", ['raise E("")']),
        ("truth", "f(True)", ["f(False)"]),
        ("statement", "a.b = c", ["pass"]),
        ("statement", "a.clear()", ["pass"]),
        ("statement", "a = b", []),
        ("raise", "raise E from cause", ["pass"]),
        ("return", "def f(): return a", ["def f(): return None"]),
        ("decorator", "@cache\ndef f(): ...", ["\ndef f(): ..."]),
        ("decorator", "@(cache)\ndef f(): ...", []),  # what remains would be no Python
        ("except", "try: a\nexcept E as e: b", ["try: a\nexcept () as e: b", "try: a\nexcept Exception as e: b"]),
        ("extreme", "max(a, b)", ["min(a, b)"]),
        ("loop", "for a in b: c(a)", ["for a in (): c(a)", "for a in b: c(a); break"]),
        ("parent", "class A(E): ...\nclass B(A): ...", ["class A(E): ...\nclass B(E): ..."]),
        ("argument", "f(a, b=c, d=e)", ["f(a, d=e)", "f(a, b=c, )"]),
        ("argument", "f(a=True)", []),
        ("shape", "a.strip().lower()", ["a.strip()", "a.lower()"]),
        ("shape", "copy.deepcopy(a)", ["a"]),
        ("shape", 'f"/{a.lstrip()}"', ['f"/{a}"']),
    ],
)
def test_a_rule_makes_these_changes(operator: str, source: str, expected: list[str]) -> None:
    assert sorted(expected) == sorted(made(source, operator))


def test_every_rule_is_used_on_the_sdk(mutants: dict[str, Mutant]) -> None:
    assert set(OPERATORS) == {mutant.operator for mutant in mutants.values()}


def test_every_file_that_the_contract_speaks_about_has_mutants(mutants: dict[str, Mutant]) -> None:
    assert set(PACK.mutated) == {mutant.file for mutant in mutants.values()}


@each_row(
    "source",
    [
        '"""A docstring of 3 words."""',
        "x: Literal['a', 1]",
        "def f(a: 'int | None') -> 'str': ...",
        "if TYPE_CHECKING:\n    x = f('a', 1)",
        "from a import b",
        "x = field(repr=False)",
        "def __repr__(self): return 'a' + str(1)",
        "assert a is not None",
        "class A(Record, frozen=True): ...",
        "x = N_('A sentence.')",
        "x: Annotated[int, Meta(description='A sentence.')]",
        "Number = TypeVar('Number', int, float)",
    ],
)
def test_what_no_caller_could_notice_is_left_alone(source: str) -> None:
    assert mutants_of("a.py", source) == ()


def test_a_mutant_is_python_and_differs_in_its_one_place(mutants: dict[str, Mutant]) -> None:
    for mutant in mutants.values():
        source = (REFERENCE / PACKAGE / mutant.file).read_text(encoding="utf-8")
        changed = applied(mutant, source)
        ast.parse(changed)
        assert (source != changed, source.encode()[: mutant.start]) == (True, changed.encode()[: mutant.start])


def test_a_mutant_keeps_its_name_when_lines_are_added_above_it() -> None:
    source = "def f(a):\n    return a > 0 and a < 9\n"
    moved = "import os\n\n\n" + source
    assert [mutant.id for mutant in mutants_of("a.py", source)] == [mutant.id for mutant in mutants_of("a.py", moved)]


def test_the_same_change_twice_in_one_function_has_two_names() -> None:
    found = mutants_of("a.py", "def f():\n    g()\n    g()\n")
    assert [mutant.line for mutant in found] == [2, 3]
    assert len({mutant.id for mutant in found}) == 2


# ── the survivors that are explained ─────────────────────────────────────────


def test_every_explained_survivor_still_exists_and_is_the_change_it_was(mutants: dict[str, Mutant]) -> None:
    assert {id: told.change for id, told in explanations(PACK.survivors).items()} == {
        id: mutants[id].change if id in mutants else "there is no such mutant any more"
        for id in explanations(PACK.survivors)
    }


def test_every_explanation_is_a_sentence() -> None:
    assert [told.id for told in explanations(PACK.survivors).values() if len(told.reason.split()) < 5] == []


def test_no_survivor_is_explained_twice() -> None:
    lines = PACK.survivors.read_text(encoding="utf-8").splitlines()
    ids = Counter(line for line in lines if line.startswith("id = "))
    assert [line for line, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("text", ["[[survivor]]\nid = 'a'\n", "survivor = 3", "[[survivor"])
def test_a_list_of_survivors_in_another_shape_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text(text)
    with pytest.raises(HarnessError, match=r"survivors\.toml"):
        explanations(file)


# ── which are meant ──────────────────────────────────────────────────────────


def test_mutants_are_chosen_by_file_and_by_name() -> None:
    made = choose(bundled(PACK), [CONFIG])
    assert {CONFIG} == {mutant.file for mutant in made}
    assert (made[1], made[0]) == choose(bundled(PACK), [CONFIG], [made[1].id, made[0].id])


def test_a_sample_is_the_same_for_its_seed_and_begins_a_larger_one() -> None:
    short = bundled(PACK)._replace(files=("idempotency.py",))
    few, more, others = (choose(short, sample=n, seed=seed) for n, seed in ((5, 1), (9, 1), (5, 2)))
    assert (few, more[:5], len(set(few) & set(others)) < 5) == (more[:5], few, True)


def project(folder: Path, text: str) -> Path:
    """Another SDK of the contract's name, as far as its text goes."""
    package = folder / "src" / PACKAGE
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[project]\n")
    (package / "__init__.py").write_text(text)
    return folder


def test_the_mutants_of_another_sdk_are_those_of_all_its_modules(tmp_path: Path) -> None:
    target = lying_at(str(project(tmp_path, "def f(a, b):\n    return a - b\n")), PACK, PACKAGE)
    assert target == Target(tmp_path / "src" / PACKAGE, PACKAGE, ("__init__.py",))
    assert {mutant.operator for mutant in choose(target)} == {"return", "operand", "arithmetic"}


def test_mutants_are_listed_without_running_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--sdk", str(project(tmp_path, "def f(a):\n    return a > 0\n")), "--dry-run", "--sample", "2"]
    assert main(asked) == 0
    shown = capsys.readouterr().err
    assert ("return a > 0 → " in shown, shown.splitlines()[-1]) == (True, "2 mutants")


def test_what_is_for_an_sdk_does_not_go_with_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--own", "--sdk", "."])
    assert (ended.value.code, "--own changes the machine" in capsys.readouterr().err) == (2, True)


# ── answers that are kept ────────────────────────────────────────────────────

UNCHANGED = Unchanged(kept={"config.env-file": 0.1}, red=("a.b",), slowest_s=0.1)


def test_what_was_found_is_known_to_the_next_run_of_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "new" / "mutants.jsonl"
    before = Answers(file, "a key")
    before.keep(UNCHANGED)
    before.keep(tried(SAME, Fate.SURVIVED))
    with file.open("a") as cut:
        cut.write('{"key":"a key","ans')  # a run that was killed while it wrote
    after = Answers(file, "a key")
    assert (after.unchanged, list(after.known)) == (UNCHANGED, ["same"])
    after.keep(tried(TOLD, Fate.SURVIVED))
    assert list(Answers(file, "a key").known) == ["same", "told"]
    assert (Answers(file, "another").known, Answers(file, "another").unchanged) == ({}, None)


def test_an_answer_counts_for_its_sdk_and_its_checks(tmp_path: Path) -> None:
    one, other = (bundled(PACK).folder, project(tmp_path, "").joinpath("src", PACKAGE))
    assert (key_of(one, PACK), key_of(other, PACK) != key_of(one, PACK)) == (key_of(one, PACK), True)


def test_what_is_known_is_not_tried_again(tmp_path: Path, prepared: Prepared) -> None:
    answers = Answers(tmp_path / "mutants.jsonl", "a key")
    answers.keep(UNCHANGED)
    answers.keep(tried(SAME, Fate.KILLED, ("a.c",)))
    found = mutate(prepared, [SAME], explained={}, answers=answers)  # anything else would say that it survives
    assert ([one.fate for one in found.mutants], found.left_out, found.tried) == ([Fate.KILLED], ("a.b",), 0)


@pytest.mark.parametrize(("files", "ids", "words"), [(["a.py"], [], "--file a.py"), ([CONFIG], ["a"], "--id a")])
def test_what_does_not_exist_cannot_be_chosen(files: list[str], ids: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=f"{words}: .* (Those that are|Near it): .*config"):
        choose(bundled(PACK), files, ids)


# ── what became of each ──────────────────────────────────────────────────────


def crafted(id: str, new: str, old: str = "") -> Mutant:
    """A change of our own making: in place of ``old``, or at the top of config.py."""
    source = (REFERENCE / PACKAGE / CONFIG).read_text(encoding="utf-8")
    start = len(source[: source.index(old)].encode())
    return Mutant(id, CONFIG, 1, "crafted", old, new, start, start + len(old.encode()), new)


SAME = crafted("same", "# a remark\n")
TOLD = crafted("told", "# another remark\n")
BROKEN = crafted("broken", "read_timeout_seconds=1.0", "read_timeout_seconds=read")
OPEN = crafted("open", "read_timeout_seconds=2.0", "read_timeout_seconds=read")
NO_SDK = crafted("no-sdk", "raise ImportError('gone')\n", "import os\n")
# It ends by itself, long after nobody waits for it any more.
HANGS = crafted("hangs", "sum(range(10**9))\n    _load_env_file(env_file)", "_load_env_file(env_file)")
EXPLAINED = Explained(id="told", change="", why=Why.EQUIVALENT, reason="a remark is no code")


@pytest.fixture(scope="module")
def quick(prepared: Prepared) -> Iterator[Prepared]:
    """With the checks of the configuration, whose file is changed here: what becomes of a mutant does not depend on how
    many look at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool, "PATIENCE_S", 1.5)
        yield replace(prepared, pack=pack_of(one for one in PROMISES if one.id.startswith("config.")))


@pytest.fixture(scope="module")
def became(quick: Prepared) -> dict[str, MutantResult]:
    found = mutate(
        quick, [SAME, TOLD, BROKEN, OPEN, NO_SDK, HANGS], explained={"told": EXPLAINED, "open": EXPLAINED}, jobs=2
    )
    return {one.id: one for one in found.mutants}


def test_a_change_that_breaks_a_promise_is_killed_by_it(became: dict[str, MutantResult]) -> None:
    (by,) = became["broken"].by
    assert (became["broken"].fate, by.partition(".")[0]) == (Fate.KILLED, "config")


def test_a_change_that_nobody_notices_survives_unexplained(became: dict[str, MutantResult]) -> None:
    assert (became["same"].fate, became["same"].explained) == (Fate.SURVIVED, "")
    assert became["same"].diff[:2] == ("@@ -1,2 +1,3 @@", "+# a remark")
    assert [one.id for one in Mutated(mutants=tuple(became.values())).unexplained] == ["same"]


def test_a_survivor_that_is_explained_says_why(became: dict[str, MutantResult]) -> None:
    assert (became["told"].fate, became["told"].explained) == (Fate.SURVIVED, "equivalent: a remark is no code")


def test_what_is_explained_and_turns_red_all_the_same_is_a_mistake(became: dict[str, MutantResult]) -> None:
    assert [one.id for one in Mutated(mutants=tuple(became.values())).mistaken] == ["open"]


def test_what_cannot_be_imported_is_no_sdk(became: dict[str, MutantResult]) -> None:
    assert (became["no-sdk"].fate, became["no-sdk"].reason) == (Fate.INVALID, "ImportError: gone")


def test_what_gives_no_answer_is_killed_by_the_first_check_that_waits_for_one(became: dict[str, MutantResult]) -> None:
    hangs = became["hangs"]
    assert (hangs.fate, len(hangs.by), "gave no answer" in hangs.reason) == (Fate.KILLED, 1, True)


def test_checks_that_could_not_tell_in_their_time_are_not_all_waited_for() -> None:
    hearing = tool._Hearing(SimpleNamespace(patience_s=1.5, stopping=threading.Event()))  # type: ignore[arg-type]
    slow = CheckResult(id="a.b", severity=Severity.MAJOR, outcome=Outcome.UNKNOWN, reason="busy", duration_s=1.5)
    for _ in range(tool.HANGS - 1):
        hearing._hear(slow)
    with pytest.raises(tool._EnoughHeard):
        hearing._hear(slow)


def test_the_order_of_the_mutants_is_kept(became: dict[str, MutantResult]) -> None:
    assert list(became) == ["same", "told", "broken", "open", "no-sdk", "hangs"]


def test_a_run_that_is_broken_off_leaves_nothing(
    quick: Prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt(one: MutantResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mutate(quick, [BROKEN, SAME, TOLD], explained={}, jobs=2, hear=interrupt)
    assert [*tmp_path.iterdir()] == []


def test_what_the_sdk_breaks_without_any_change_is_left_out(
    quick: Prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planted = inject(PACK, DEFECT["fallback-address"], tmp_path)
    monkeypatch.setattr(Pack, "source", property(lambda pack: planted))
    found = mutate(quick, [BROKEN], explained={})
    assert found.left_out == ("config.no-fallback",)
    assert ["config.no-fallback" in line for line in summary(found) if line.startswith("broken without")] == [True]


def test_an_sdk_that_keeps_nothing_is_an_error(
    quick: Prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('gone')\n")
    monkeypatch.setattr(Pack, "source", property(lambda pack: tmp_path))
    with pytest.raises(HarnessError, match="keeps no promise without any change"):
        mutate(quick, [SAME], explained={})


def test_the_summary_fits_on_a_terminal_and_names_the_gaps(became: dict[str, MutantResult]) -> None:
    lines = summary(Mutated(mutants=tuple(became.values())))
    assert [line for line in lines if len(line) > results.WIDTH] == []
    assert "survived, unexplained: 1" in lines
