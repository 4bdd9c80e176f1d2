"""Is what users install seen as it is, from a real index over a real socket, whatever that index does?"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.console import Console
from checks.errors import UsageError
from checks.evidence import artefact as reader
from checks.evidence import ledger
from checks.records import Artefact, Environment, RunContext, VerdictWord
from checks.release.artefact import RULES, findings
from checks.release.folder import load
from checks.release.moves import before, moves
from checks.settings import load as load_settings
from checks.stages.incidents import open_by_rule
from checks.stages.place import Place, judged
from checks.subject.installer import find_installer
from tests.commands import opened, run
from tests.evidence.index import Index, sdist, wheel

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHEEL, SDIST = "acme_sdk-1.1.0-py3-none-any.whl", "acme_sdk-1.1.0.tar.gz"
OURS = wheel("acme-sdk", "1.1.0", ("acme-lib",))


@pytest.fixture
def index() -> Iterator[Index]:
    made = Index()
    made.publish("acme-sdk", WHEEL, OURS)
    made.publish("acme-sdk", SDIST, sdist("acme_sdk", "1.1.0"))
    made.publish("acme-sdk", "acme_sdk-1.0.0-py3-none-any.whl", wheel("acme-sdk", "1.0.0"))
    made.publish("acme-lib", "acme_lib-2.0-py3-none-any.whl", wheel("acme-lib", "2.0"))
    yield made
    made.close()


def stamp(hours: float = 0) -> dict[str, Any]:
    at = T0 + timedelta(hours=hours)
    return {"run_id": f"r{hours}", "environment": Environment.LOOPBACK, "occurred_at": at, "recorded_at": at}


def look(served: Index, hours: float = 0, **changes: Any) -> Artefact:
    asked = {
        "project": "acme-sdk",
        "version": "1.1.0",
        "index": served.url,
        "resolve": lambda *_: (),
    } | changes
    return reader.look(**asked, **stamp(hours))


def rules(*records: Any) -> list[str]:
    return [f"{one.rule} {one.file}" for one in findings(records)]


# ── what is seen ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", ["json", "html"])
def test_every_file_of_the_version_is_seen_with_the_digest_of_its_bytes(form: str, index: Index) -> None:
    index.form = form
    seen = look(index)
    assert {WHEEL, SDIST} == {file.name for file in seen.files}
    (ours,) = (file for file in seen.files if file.name == WHEEL)
    assert (hashlib.sha256(OURS).hexdigest(), len(OURS), False) == (ours.sha256, ours.size_bytes, ours.yanked)
    assert ("", ours.sha256) == (seen.problem, ours.claimed)


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_yank_and_its_reason_are_seen(form: str, index: Index) -> None:
    first = look(index)
    index.form = form
    index.publish("acme-sdk", WHEEL, OURS, yanked="breaks <b>everything</b>" if form == "json" else "breaks")
    then = look(index, 30)
    assert [f"artefact-yanked {WHEEL}"] == rules(first, then)
    assert "breaks" in then.files[0].yanked_reason or "breaks" in then.files[1].yanked_reason


def test_other_bytes_under_the_same_name_are_seen_also_where_the_index_claims_the_old_ones(
    index: Index,
) -> None:
    first = look(index)
    other = wheel("acme-sdk", "1.1.0", ("acme-lib",), extra="replaced")
    index.publish("acme-sdk", WHEEL, other, claimed=first.files[-1].claimed if first.files[-1].name == WHEEL else
                  first.files[0].claimed)  # fmt: skip
    assert [f"artefact-replaced {WHEEL}", f"artefact-claim {WHEEL}"] == rules(first, look(index, 30))


def test_a_file_that_is_gone_and_one_that_was_added_are_seen(index: Index) -> None:
    first = look(index)
    del index.files["acme-sdk"][SDIST]
    added = "acme_sdk-1.1.0-py2-none-any.whl"
    index.publish("acme-sdk", added, OURS)
    assert {f"artefact-gone {SDIST}", f"artefact-added {added}"} == set(rules(first, look(index, 30)))


def test_a_project_that_was_deleted_is_gone_and_not_unknown(index: Index) -> None:
    first = look(index)
    del index.files["acme-sdk"]
    assert {f"artefact-gone {SDIST}", f"artefact-gone {WHEEL}"} == set(rules(first, look(index, 30)))


def test_changed_metadata_is_seen(index: Index) -> None:
    first = look(index)
    index.publish("acme-sdk", WHEEL, OURS, python=">=3.13")
    assert [f"artefact-metadata {WHEEL}"] == rules(first, look(index, 30))


def test_what_ci_built_is_held_against_what_is_served(index: Index, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / WHEEL).write_bytes(OURS)
    (tmp_path / "dist" / SDIST).write_bytes(b"another")
    built = reader.built(tmp_path / "dist", **stamp())
    assert [f"artefact-not-built {SDIST}"] == rules(built, look(index))
    with zipfile.ZipFile(tmp_path / "dist.zip", "w") as archive:
        archive.writestr(f"../../{WHEEL}", OURS)
    assert [(WHEEL, hashlib.sha256(OURS).hexdigest())] == [
        (one.name, one.sha256) for one in reader.built(tmp_path / "dist.zip", **stamp()).files
    ]


@pytest.mark.parametrize("content", [None, b"no zip"])
def test_nothing_built_is_a_mistake_that_is_told(content: bytes | None, tmp_path: Path) -> None:
    place = tmp_path / "dist"
    place.mkdir() if content is None else place.write_bytes(content)
    with pytest.raises(UsageError, match="dist"):
        reader.built(place, **stamp())


def test_an_index_that_is_as_it_was_has_nothing_wrong(index: Index) -> None:
    assert rules(look(index), look(index, 30)) == []


# ── an index that goes wrong ─────────────────────────────────────────────────


def test_an_index_in_trouble_is_asked_again_and_one_that_stays_so_is_unknown(index: Index) -> None:
    index.answers = [503]
    assert look(index).problem == ""
    index.answers = [503] * 20
    then = look(index, 30)
    assert ("answers 503" in then.problem, ()) == (True, then.files)
    assert rules(look_first := then) == [], look_first


def test_an_index_that_is_not_there_is_a_record_that_says_so_without_its_password(index: Index) -> None:
    index.close()
    seen = look(index, index=index.url.replace("//", "//ana:hunter2@"))
    assert ("cannot be reached" in seen.problem, False) == (True, "hunter2" in str(seen))


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (b"{", "cannot be read"), (b"[]", "cannot be read"), (b'{"files": 7}', "cannot be read"),
        (b'{"files": [{"url": "x"}]}', "cannot be read"), (b'{"files": []}', ""),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_unknown(page: bytes, problem: str, index: Index) -> None:
    index.page = lambda _: page
    seen = look(index)
    assert (problem in seen.problem, ()) == (True, seen.files)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<script>.whl", "acme_sdk-1.1.0\n.whl", "acme_sdk-1.1.0-py3-none-any.exe"]
)
def test_a_name_that_is_no_packages_is_passed_over(name: str, index: Index) -> None:
    index.publish("acme-sdk", name, b"x")
    assert {WHEEL, SDIST} == {file.name for file in look(index).files}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:alert(1)"])
def test_only_http_is_fetched(url: str, index: Index) -> None:
    index.publish("acme-sdk", WHEEL, OURS, url=url)
    (ours,) = (file for file in look(index).files if file.name == WHEEL)
    assert (ours.sha256, "neither http nor https" in ours.problem) == ("", True)


@pytest.mark.parametrize(
    "url", ["http://[bad/x", "http://127.0.0.1:99999999/x", f"http://{'a' * 70}.example/x"]
)
def test_an_address_that_is_none_is_unknown_and_ends_nothing(url: str, index: Index) -> None:
    index.publish("acme-sdk", WHEEL, OURS, url=url)
    seen = look(index)
    assert seen.problem or [file.problem for file in seen.files if file.name == WHEEL] != [""]


def test_what_is_too_large_is_not_read_to_its_end(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FILE_BYTES", 100)
    (ours,) = (file for file in look(index).files if file.name == WHEEL)
    assert (ours.sha256, "larger than 100 bytes" in ours.problem) == ("", True)


def test_a_loop_of_redirects_ends(index: Index) -> None:
    index.answers = [302] * 50
    assert "leads on and on" in look(index).problem


# ── what it brings along ─────────────────────────────────────────────────────


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_a_dependency_that_moves_is_named_with_its_versions(
    uv: bool, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not uv:
        monkeypatch.setenv("ATALAYA_UV", "")

    def resolve(requirement: str, at: str) -> tuple[str, ...]:
        return find_installer(tmp_path, print).resolve(requirement, index=at)

    first = look(index, 0, resolve=resolve)
    assert first.resolved == ("acme-lib==2.0", "acme-sdk==1.1.0"), first.unresolved
    index.publish("acme-lib", "acme_lib-2.1-py3-none-any.whl", wheel("acme-lib", "2.1"))
    then = look(index, 29, resolve=resolve)
    (move,) = moves([first, then])
    assert ("acme-lib", "2.0", "2.1", "index", T0 + timedelta(hours=29)) == (
        move.what, move.before, move.after, move.where, move.at
    )  # fmt: skip


def test_what_cannot_be_resolved_is_unknown_with_its_reason(index: Index, tmp_path: Path) -> None:
    del index.files["acme-lib"]
    seen = look(index, resolve=lambda what, at: find_installer(tmp_path, print).resolve(what, index=at))
    assert (seen.resolved, "acme-lib" in seen.unresolved) == ((), True)


def context(hours: float, *freeze: str, os: str = "Linux-6.1", python: str = "3.12.1") -> RunContext:
    return RunContext(
        **stamp(hours), producer="checks", subject_name="s", subject_version="1", subject_digest="d" * 64,
        subject_source="x", python=python, implementation="CPython", os=os, freeze=freeze,
    )  # fmt: skip


def test_what_moved_before_it_broke_is_named_the_nearest_first() -> None:
    found = moves([
        context(0, "urllib3==2.0", "idna==3"), context(20, "urllib3==2.1", "idna==3"),
        context(29, "urllib3==2.2", "idna==3"), context(29.5, "urllib3==2.2", "idna==3", python="3.12.2"),
    ])  # fmt: skip
    assert [(move.what, move.before, move.after) for move in found] == [
        ("urllib3", "2.0", "2.1"),
        ("urllib3", "2.1", "2.2"),
        ("Python", "3.12.1", "3.12.2"),
    ]
    assert [move.what for move in before(found, T0 + timedelta(hours=30))] == ["Python", "urllib3", "urllib3"]
    assert list(before(found, T0 + timedelta(hours=60))) == []


def test_two_machines_that_take_turns_move_nothing() -> None:
    here, there = ("a==1",), ("a==2",)
    runs = [context(h, *(here if h % 2 else there), os="Linux-6" if h % 2 else "Darwin-24") for h in range(6)]
    assert moves(runs) == ()


# ── in a watch ───────────────────────────────────────────────────────────────


def settings(root: Path, index: Index) -> None:
    (root / "watch.toml").write_text(
        f'[artefact]\nproject = "acme-sdk"\nversion = "1.1.0"\nindex = "{index.url}"\n', encoding="utf-8"
    )


def test_the_command_keeps_what_it_saw_and_a_replaced_file_opens_a_critical_incident(
    root: Path, index: Index
) -> None:
    folder = opened(root, at=(datetime.now(UTC) - timedelta(hours=30)).isoformat())
    settings(root, index)
    first = run("artefact", "--release", "1.1.1", root=root)
    assert first.returncode == 0, first.stderr
    index.publish("acme-sdk", WHEEL, wheel("acme-sdk", "1.1.0", ("acme-lib",), extra="evil"))
    assert run("artefact", "--release", "1.1.1", root=root).returncode == 0
    place, release = Place(root, load_settings(root / "watch.toml"), Console()), load(folder)
    assert open_by_rule(place, release, judged(place, release, None))
    told = judged(place, release, None)
    assert [one.rule for one in told.followed] == ["artefact-replaced"]
    assert VerdictWord.OFF_TRACK is told.verdict.word
    assert not open_by_rule(place, release, told)


def test_a_dry_run_keeps_nothing_and_an_index_out_of_reach_is_unknown(root: Path, index: Index) -> None:
    folder = opened(root)
    settings(root, index)
    done = run("artefact", "--release", "1.1.1", "--dry-run", "--json", root=root)
    assert json.loads(done.stdout)["looked"][0]["project"] == "acme-sdk"
    assert ledger.read(folder / "evidence", Artefact) == []
    index.close()
    assert run("artefact", "--release", "1.1.1", root=root).returncode == 3


def test_without_a_project_nothing_is_looked_at_and_that_is_said(root: Path) -> None:
    opened(root)
    done = run("artefact", "--release", "1.1.1", root=root)
    assert (done.returncode, "[artefact] project" in done.stderr) == (2, True)


def test_every_rule_is_tried_above() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.id for rule in RULES if f"{rule.id} " not in source] == []
