"""Tests that what a command reads, decodes and writes grows with what is new: work is counted, and no second."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atalaya.cli import collect
from atalaya.cli.context import Context
from atalaya.cli.main import main
from atalaya.cli.publish import write_pages
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import file_lines, ledger, listing
from atalaya.evidence.readers.collector import Gathered
from atalaya.metrics.engine import duckdb_rows
from atalaya.metrics.engine.engine import opened
from atalaya.records.stored import CaseOutcome, Environment, Reading, RunContext, TestAttempt
from atalaya.site.fragments import evidence_pages
from atalaya.site.markup import templating
from atalaya.watch.judgement import judge_release
from tests.benchmarks import release as made
from tests.benchmarks.release import VERSION
from tests.cli.test_release_command import place_of
from tests.commands import ROOT
from tests.counting import counted
from tests.ours import PACK

TESTS = 30
RUNS = (3, 12)
FOR_HELP = ("commands", "console", "examples", "main", "version")
LATER = made.T0 + timedelta(hours=72)


def ledger_of(root: Path, runs: int) -> Path:
    root.mkdir()
    return made.make(root, runs=runs, tests=TESTS)


def judged(evidence: Path) -> None:
    book = evidence.parent
    release = made.Release(version=VERSION, commit=made.COMMIT, opened_at=made.T0)
    judge_release(book, release, as_of=LATER, settings=Settings(), pack=PACK)


@pytest.mark.parametrize("runs", RUNS)
def test_a_judgement_opens_each_file_once_and_decodes_each_record_once(tmp_path: Path, runs: int) -> None:
    evidence = ledger_of(tmp_path / "of", runs)
    there = Counter({path.name: 1 for path in listing.files(evidence)})
    assert len(there) == 3 * runs  # tests, jobs and readings
    with counted() as work:
        judged(evidence)
    assert work.opened == there
    assert work.decoded == {"test": runs * TESTS, "job": runs, "reading": runs}


def test_a_judgement_of_compacted_evidence_opens_each_file_once_too(tmp_path: Path) -> None:
    evidence = ledger_of(tmp_path / "of", RUNS[1])
    ledger.compact(evidence)
    with counted() as work:
        judged(evidence)
    assert set(work.opened.values()) == {1}
    assert work.decoded == {"test": RUNS[1] * TESTS, "job": RUNS[1], "reading": RUNS[1]}


def test_a_judgement_holds_no_more_of_the_tests_that_passed_whatever_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {}
    survey = ledger.survey

    def seen(*args, **options):
        found = survey(*args, **options)
        tests = [one for of in found.segments for one in of.records if isinstance(one, TestAttempt)]
        held[runs] = sum(one.outcome is CaseOutcome.PASSED for one in tests)
        return found

    monkeypatch.setattr(ledger, "survey", seen)
    for runs in RUNS:
        judged(ledger_of(tmp_path / f"{runs}", runs))
    assert held == dict.fromkeys(RUNS, 0)


def collected(root: Path, run: int) -> Counter[str]:
    """Collect one report more. Returns how many files of each kind the ledger has since."""
    at = made.T0 + timedelta(hours=71)
    report = root / "reports" / f"again-{run}" / "ubuntu-py311.xml"
    made.write_report(report, at, TESTS, made.random.Random(run))
    main(["--root", str(root), "collect", "--junit", str(report), "--run", f"again-{run}", "--release", VERSION])
    return Counter(
        path.name.partition("-")[0] for path in listing.files(root / "docs" / "releases" / VERSION / "evidence")
    )


def test_to_collect_one_run_more_opens_what_is_there_once_and_writes_what_is_new(tmp_path: Path) -> None:
    written = []
    for runs in RUNS:
        evidence = ledger_of(tmp_path / f"{runs}", runs)
        root = tmp_path / f"{runs}"
        before = collected(root, 1)
        old = {path.name for path in listing.files(evidence)}
        with counted() as work:
            after = collected(root, 2)
        written.append(after - before)
        for kind in ("test", "job", "event"):
            # Once, by the judgement; and what is new once more, to be named in the manifest.
            assert {name: 1 for name in old if name.startswith(f"{kind}-")} == {
                name: times for name, times in work.of(kind).items() if name in old
            }
        assert work.decoded["test"] <= (runs + 1) * TESTS + 3 * TESTS
    assert written[0] == written[1]
    assert written[0]["test"] == 1


def test_a_long_segment_is_loaded_a_lot_at_a_time_and_is_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = made.make(tmp_path, runs=1, tests=3000)
    read, sizes = duckdb_rows.read, []

    def seen(connection, record, files, **how):
        sizes.extend(file.stat().st_size for file in files if record is TestAttempt)
        return read(connection, record, files, **how)

    monkeypatch.setattr(duckdb_rows, "read", seen)
    tables = []
    for most in (duckdb_rows.LOT_BYTES, 100_000):
        monkeypatch.setattr(duckdb_rows, "LOT_BYTES", most)
        sizes.clear()
        with opened(evidence) as engine:
            tables.append(engine._database.rows("FROM test_attempts ORDER BY ALL", {}))
    assert (len(sizes) > 2, max(sizes) <= 100_000 + file_lines.BLOCK_BYTES) == (True, True), sizes
    assert (len(tables[0]), tables[0] == tables[1]) == (3000, True)


def test_nothing_of_the_reports_is_held_while_their_release_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    judged_by = collect.incidents_by_rule

    def looked(*given: object) -> None:
        gc.collect()
        held.append(sum(isinstance(one, Gathered) for one in gc.get_objects()))
        judged_by(*given)

    monkeypatch.setattr(collect, "incidents_by_rule", looked)
    ledger_of(tmp_path / "of", RUNS[0])
    collected(tmp_path / "of", 1)
    assert held == [0]


def test_to_show_the_help_imports_no_command_and_nothing_that_one_needs() -> None:
    for given in ("--help", "--version", "jugde"):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "atalaya", given], cwd=ROOT, capture_output=True, text=True
        )
        imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
        ours = {name.removeprefix("atalaya.") for name in imported if name.startswith("atalaya.")}
        light = {f"core.{name}" for name in ("engines", "environment", "errors", "places", "scrub")}
        assert ours == {"cli", "core", *light, *(f"cli.{name}" for name in FOR_HELP)}, given
        assert not imported & {"msgspec", "tomllib", "uuid"}, given


def test_to_build_pages_imports_nothing_that_judges_a_release_and_each_build_imports_nothing_more() -> None:
    code = """
import gc, sys
import atalaya.site.build.build_preload
print(gc.isenabled(), gc.get_freeze_count() > 10_000, *sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    collects, frozen, *imported = told.stdout.split()
    assert (collects, frozen) == ("True", "True")
    assert set(imported) & {"numpy", "scipy", "duckdb", "atalaya.watch.judgement"} == set()
    assert {"pydata_sphinx_theme", "soupsieve", "sphinx_design.extension", "sphinx.search.es"} <= set(imported)


def test_a_site_in_which_nothing_is_new_asks_no_distribution() -> None:
    """SciPy's functions take a third of a second to import, which is as long as all the rest of such a run."""
    code = """
import sys
import atalaya.cli.publish, atalaya.site.build.build_cache, atalaya.site.build.site
print("scipy.special" in sys.modules, "duckdb" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


def times_of(folder: Path) -> dict[str, int]:
    """When each file below a folder was written."""
    return {file.relative_to(folder).as_posix(): file.stat().st_mtime_ns for file in folder.rglob("*.*")}


def as_another_process_begins() -> None:
    """Forget the templates that this one has compiled."""
    for environment in (templating._environment, templating._html_environment):
        environment.cache_clear()


def test_to_publish_after_one_new_segment_writes_what_shows_it_and_nothing_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = ledger_of(tmp_path / "of", RUNS[0])
    place: Context = place_of(tmp_path / "of")
    generated = place.docs / "_generated"
    as_another_process_begins()
    write_pages(place)
    before = times_of(generated)
    begun: list[str] = []
    write_pages(place, begin=lambda: begun.append("again"))
    assert begun == []  # so no process begins to import Sphinx
    (reading,) = ledger.read(evidence, Reading)[:1]
    context = RunContext(
        run_id="new",
        environment=Environment.LOOPBACK,
        occurred_at=reading.occurred_at,
        recorded_at=reading.recorded_at,
        producer="checks",
        subject_name="sdk",
        subject_version="1.1.0",
        subject_digest="d",
        subject_source="",
        python="3.11",
        implementation="CPython",
        os="Linux",
    )
    ledger.write(evidence, [context])
    made: Counter[str] = Counter()
    compiled: list[object] = []
    page, compile_ = evidence_pages.page, templating._Environment.compile

    def counted_page(kind: str, *given: Any, **named: Any) -> str:
        made[kind] += 1
        return page(kind, *given, **named)

    monkeypatch.setattr(evidence_pages, "page", counted_page)

    def counted_template(self: Any, *given: Any, **named: Any) -> Any:
        compiled.append(given)
        return compile_(self, *given, **named)

    monkeypatch.setattr(templating._Environment, "compile", counted_template)
    as_another_process_begins()
    with counted() as work:
        write_pages(place, begin=lambda: begun.append("new"))
    assert begun == ["new"]
    after = times_of(generated)
    again = {name for name in after if before.get(name) != after[name]}
    kinds = {name.rpartition("/")[2] for name in again if "/evidence/" in name}
    assert kinds == {"context.html"}
    assert len(again) < len(after) / 2
    # Whose pages need not be written need not be made either; and no template is compiled twice.
    assert made == {"context": 2}
    assert compiled == []
    # Once to judge it, and once to write the pages of evidence, whose rows are not in a judgement.
    assert max(work.opened.values()) == 2
