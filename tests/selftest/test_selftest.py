"""Tests that the self-test keeps one file a family, and a row a defect."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.errors import UsageError
from atalaya.harness.declare import Defect, Family
from atalaya.harness.pack import Pack
from atalaya.sdk.source_hash import package_digest
from atalaya.selftest.last_run import Run, SelfTest, counted, path, read, write
from atalaya.selftest.prove import Caught
from tests.ours import PACK

AT = datetime(2026, 1, 31, 9, tzinfo=UTC)


def family(name: str, folder: Path, *defects: str) -> Family:
    (folder / name).mkdir()
    declared = tuple(Defect(id, "It is broken.", "file.py", "old", "new", (f"{name}.works",)) for id in defects)
    return Family(name, folder / name, (), (), (), declared, ())


def pack_of(folder: Path, *families: Family) -> Pack:
    return Pack(name="p", module="p", folder=folder, package="p", distribution="p", prefix="P_", families=families)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return pack_of(tmp_path, family("one", tmp_path, "b", "a"), family("two", tmp_path, "c"))


def run(*ids: str, hour: int = 0, digest: str = "d", caught_by: str = "") -> Run:
    rows = tuple(Caught(id=id, expected=("one.works",), caught_by=(caught_by or "one.works",)) for id in ids)
    return Run(made_at=AT + timedelta(hours=hour), python="3.11.7", subject_digest=digest, to_all=True, defects=rows)


def rows(test: SelfTest | None) -> list[tuple[str, int]]:
    """Each defect with the hour of the run that its row is of."""
    assert test is not None
    return sorted((one.id, (run.made_at - AT).seconds // 3600) for run in test.runs for one in run.defects)


def test_a_whole_run_writes_the_file_of_each_family_sorted(pack: Pack) -> None:
    write(pack, run("b", "a", "c"), whole=True)
    text = path(pack.families[0]).read_text()
    assert text.index('"a"') < text.index('"b"')
    assert '"c"' not in text
    assert '"c"' in path(pack.families[1]).read_text()
    assert read(pack) == SelfTest(pack=pack, runs=(run("a", "b"), run("c")))


def test_a_whole_run_takes_the_place_of_all_that_was_kept(pack: Pack) -> None:
    write(pack, run("a", "b", "c"), whole=True)
    write(pack, run("a", hour=1), whole=True)
    assert rows(read(pack)) == [("a", 1)]


def test_a_single_defect_replaces_its_row_and_no_other(pack: Pack) -> None:
    write(pack, run("a", "b", "c"), whole=True)
    write(pack, run("b", hour=1), whole=False)
    assert rows(read(pack)) == [("a", 0), ("b", 1), ("c", 0)]


def test_a_single_defect_neither_reads_nor_writes_the_file_of_another_family(pack: Pack) -> None:
    path(pack.families[1]).write_text("half a merge")
    write(pack, run("b"), whole=False)
    assert path(pack.families[1]).read_text() == "half a merge"


def test_a_defect_that_is_new_is_added_and_one_that_is_gone_is_left_out(pack: Pack, tmp_path: Path) -> None:
    write(pack, run("a", "b"), whole=True)
    first, second = pack.families[0].defects
    renamed = pack.families[0]._replace(defects=(first._replace(id="new"), second))
    changed = pack_of(tmp_path, renamed, pack.families[1])
    write(changed, run("new", hour=1), whole=False)
    assert rows(read(changed)) == [("a", 0), ("new", 1)]


def test_it_is_of_a_source_only_where_every_row_is(pack: Pack) -> None:
    write(pack, run("a", "b"), whole=True)
    kept = read(pack)
    assert kept is not None
    assert kept.is_of("d")
    write(pack, run("b", digest="other"), whole=False)
    kept = read(pack)
    assert kept is not None
    assert (kept.is_of("d"), kept.is_of("other")) == (False, False)


def test_no_file_is_no_self_test_and_no_error(pack: Pack) -> None:
    assert read(pack) is None


def test_a_file_that_cannot_be_read_is_an_error_that_says_how_to_write_it_anew(pack: Pack) -> None:
    path(pack.families[1]).write_text("{")
    with pytest.raises(UsageError, match=r"selftest\.json: this is no self-test: .*atalaya prove"):
        read(pack)


def test_a_self_test_of_these_defects_and_this_reference_counts(pack: Pack) -> None:
    source = pack.source / pack.package
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    now = package_digest(source)
    assert counted(pack) is None
    write(pack, run("a", "b", digest=now), whole=True)
    assert counted(pack) is None  # one that is declared was not shown
    rows = run("a", "b", "c", digest=now).defects
    missed = replace(rows[1], caught_by=())
    of_two = replace(rows[2], expected=("two.works",), caught_by=("two.works",))
    write(pack, replace(run(digest=now), defects=(rows[0], missed, of_two)), whole=True)
    assert counted(pack) == (3, 2)
    (source / "__init__.py").write_text("changed = 1")
    assert counted(pack) is None


def test_a_self_test_of_an_installed_reference_counts_for_that_requirement_alone(pack: Pack) -> None:
    pinned, other = (dataclasses.replace(pack, requirement=f"p=={version}") for version in ("1", "2"))
    of_two = replace(run("c").defects[0], expected=("two.works",), caught_by=("two.works",))
    kept = replace(run("a", "b"), defects=(*run("a", "b").defects, of_two), requirement="p==1")
    write(pinned, kept, whole=True)
    assert (counted(pinned), counted(other), counted(pack)) == ((3, 3), None, None)


def test_the_self_test_in_the_tree_counts_from_the_first_run_on() -> None:
    assert counted(PACK) == (len(PACK.defects), len(PACK.defects))
