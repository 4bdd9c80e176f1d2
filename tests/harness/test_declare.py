"""Tests that the tables of a check pack are read as they are written, and are data alone."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness.declare import (
    MAJOR,
    Defect,
    Defects,
    Limitation,
    Limitations,
    Promise,
    Promises,
    StandIns,
    Statements,
)
from atalaya.records.results import Statement
from tests.ours import DEFECTS, FAMILIES, LIMITATIONS, PROMISES

ROOT = Path(__file__).parents[2]


WRITTEN = Promises("x").documented(MAJOR, checkpoint_h=0, section="1")


def documented(doc: str | None, name: str = "is_kept") -> Callable[[], None]:
    def function() -> None: ...

    function.__name__, function.__doc__ = name, doc
    return function


def test_a_promise_has_its_id_from_its_name_and_its_sentences_from_its_docstring() -> None:
    promises = Promises("cache")

    @promises.add(MAJOR, checkpoint_h=24)
    def is_kept() -> None:
        """It is
        kept.

        Why: Since it
        matters.

        How: By a look.
        """

    expected = Promise(
        id="cache.is-kept",
        severity=MAJOR,
        checkpoint_h=24,
        says="It is kept.",
        why="Since it matters.",
        how="By a look.",
    )
    assert [expected] == list(promises)


def test_an_id_that_is_no_name_is_given() -> None:
    defects, limitations = Defects("cache"), Limitations("cache")
    defects.add("file.py", id="500-is-fine")(documented("It is.\n\n- a\n+ b"))
    limitations.add(id="errors.are-few", against="errors.fit")(documented("They are.\n\nProposal: More."))
    assert [defect.id for defect in defects] == ["500-is-fine"]
    limitation = Limitation(id="errors.are-few", says="They are.", proposal="More.", against="errors.fit")
    assert [limitation] == list(limitations)


def test_a_defect_is_the_lines_of_a_diff_below_its_sentence() -> None:
    defects = Defects("cache")

    @defects.add("file.py", "cache.is-kept", "cache.is-whole")
    def lost_at_night() -> None:
        """It is lost.

          if night:
        -     keep()
        +     lose()
        +
        +     sleep()
        """

    expected = ("cache.is-kept", "cache.is-whole")
    old, new = "if night:\n    keep()", "if night:\n    lose()\n\n    sleep()"
    assert [Defect("lost-at-night", "It is lost.", "file.py", old, new, expected)] == list(defects)


def test_a_stand_in_has_or_lacks_the_limitation_of_its_name() -> None:
    stand_ins = StandIns("cache")
    stand_ins.has("file.py")(documented("\n- a\n", "is_small"))
    stand_ins.lacks("file.py", id="errors.are-few")(documented("\n- a\n+ b\n"))
    assert [(one.id, one.old, one.new) for one in stand_ins] == [
        ("cache.is-small-there", "a", ""),
        ("errors.are-few-gone", "a", "b"),
    ]


def test_a_sentence_of_the_contract_has_its_promises_or_its_reason_indented_below_it() -> None:
    statements = Statements("cache")

    @statements.section("4")
    def the_client() -> None:
        """The client.

        It is kept,
        always.
            cache.is-kept,
            cache.is-whole
        It is blue.
            Untested: Nobody
            sees it.
        """

    assert [
        Statement(section="4", says="It is kept, always.", promises=("cache.is-kept", "cache.is-whole")),
        Statement(section="4", says="It is blue.", reason="Nobody sees it."),
    ] == list(statements)


SAYS = "Its documentation says: "
DOCUMENTED = """What it says.

is-kept: It is kept,
always.
    Source: "It keeps
    things." (README)
    How: By a look.
    Broken in file.py: It is lost.
      if night:
    -     keep()
    +     lose()
    Found in a/file.py: It is
    broken.
    - mended()
    + broken()
is-small: It is small.
    Source: "Small."
    How: So.
    Found in file.py: It is large.
    - 1
    + 2
"""


def test_a_documented_promise_has_its_sentence_and_its_defects_below_it() -> None:
    promises = Promises("cache")
    promises.documented(MAJOR, checkpoint_h=24, section="2")(documented(DOCUMENTED))
    assert [(one.id, one.severity, one.checkpoint_h, one.says, one.why, one.how) for one in promises] == [
        ("cache.is-kept", MAJOR, 24, "It is kept, always.", f'{SAYS}"It keeps things." (README)', "By a look."),
        ("cache.is-small", MAJOR, 24, "It is small.", f'{SAYS}"Small."', "So."),
    ]
    assert promises.statements == [
        Statement(section="2", says='"It keeps things." (README)', promises=("cache.is-kept",)),
        Statement(section="2", says='"Small."', promises=("cache.is-small",)),
    ]
    kept = ("cache.is-kept",)
    assert promises.defects == [
        Defect("cache-is-kept-1", "It is lost.", "file.py", "if night:\n    keep()", "if night:\n    lose()", kept),
        Defect("cache-is-kept-2", "It is broken.", "a/file.py", "mended()", "broken()", kept, found=True),
        Defect("cache-is-small", "It is large.", "file.py", "1", "2", ("cache.is-small",), found=True),
    ]


def test_what_mends_a_defect_is_the_way_back() -> None:
    defect = Defect("d", "It is.", "file.py", "a", "b", ("x.y",))
    assert defect.mended == defect._replace(old="b", new="a")


@pytest.mark.parametrize(
    ("add", "doc", "why"),
    [
        (Promises("x").add(MAJOR, checkpoint_h=0), None, "it has no docstring"),
        (Promises("x").add(MAJOR, checkpoint_h=0), "It is.\n\nHow: So.", "a paragraph for each of: Why, How"),
        (Promises("x").add(MAJOR, checkpoint_h=0), "It is.\n\nHow: So.\n\nWhy: So.", "for each of: Why, How"),
        (Limitations("x").add(), "It is.\n\nProposal: So.\n\nAnd more.", "a paragraph for each of: Proposal"),
        (Defects("x").add("file.py"), "It is.", "needs a diff"),
        (Defects("x").add("file.py"), "It is.\n\n  nothing changes", "needs a diff"),
        (Defects("x").add("file.py"), "It is.\n\n- a\n+b", "needs a diff"),
        (Statements("x").section("1"), "The client.\n\nIt is kept.", "'It is kept.' stand no promises"),
        (WRITTEN, "It.\n\na: It is.", "'a: It is.' stand no promises"),
        (WRITTEN, "It.\n\na: It is.\n    How: So.", "x.a needs a sentence, and below it a Source and How"),
        (WRITTEN, "It.\n\na\n    Source: S.\n    How: So.", "x.a needs a sentence"),
        (WRITTEN, "It.\n\na: It is.\n    So it is.\n    How: So.", "'So it is.' has no label"),
        (WRITTEN, "It.\n\na: It is.\n    Source: S.\n    How: So.\n    Broken in a.py: No.", "needs a diff"),
    ],
)
def test_a_docstring_that_is_not_as_it_should_be_is_an_error_that_says_where(
    add: Callable[[Callable[[], None]], object], doc: str | None, why: str
) -> None:
    with pytest.raises(HarnessError, match=rf"test_declare\.py:\d+ is_kept: .*{why}"):
        add(documented(doc))


def test_the_tables_of_each_family_import_nothing_but_what_declares_them() -> None:
    for file in (
        family.folder / f"{name}.py" for family in FAMILIES for name in ("promises", "limitations", "defects")
    ):
        imports = [
            node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert {getattr(node, "module", None) for node in imports} <= {"__future__", "atalaya.harness.declare"}, file


def test_the_pack_is_read_where_no_test_runner_and_no_sdk_is_installed() -> None:
    missing = ("pytest", "hypothesis", "requests", "httpx", "pydantic", "dotenv")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({missing})); from tests.ours import PACK; "
        "print(len(PACK.promises), len(PACK.limitations), len(PACK.defects))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(PROMISES)), str(len(LIMITATIONS)), str(len(DEFECTS))]
