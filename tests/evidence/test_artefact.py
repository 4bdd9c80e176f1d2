"""Tests of the package index lookup: a real index on a real socket, with every fault."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.cli.as_of import judged
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.incident import open_by_rule
from atalaya.core.errors import NetworkError, UsageError
from atalaya.core.settings import load as load_settings
from atalaya.core.words import text
from atalaya.evidence.ledger import ledger
from atalaya.evidence.package_index import lookup as reader
from atalaya.records.judged import ArtefactFinding
from atalaya.records.stored import (
    Artefact,
    Environment,
    IncidentStep,
    PublishedFile,
    RunContext,
    Severity,
    VerdictStatus,
)
from atalaya.sdk.installer import Uv, find_installer
from atalaya.watch.drift import before, moves
from atalaya.watch.folder import load
from atalaya.watch.incidents.fingerprint import cause_of_finding
from atalaya.watch.incidents.fix_verification import follow
from atalaya.watch.incidents.incident_rules import sightings
from atalaya.watch.package_findings import RULES, as_built, findings
from tests.commands import opened, run
from tests.evidence.index import DRIPS, Index, sdist, wheel
from tests.hangs import cpu_seconds
from tests.site import example

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
        "deadline_s": 60,
    } | changes
    return reader.look(**asked, metadata=stamp(hours))


def rules(*records: Any) -> list[str]:
    """What is wrong now."""
    return [f"{one.rule} {one.file}" for one in findings(records) if one.gone_at is None]


def courses(*records: Any) -> list[tuple[str, float, float | None]]:
    """Each rule that ever told, from which hour, and the hour in which it was seen to be over."""

    def hour(at: datetime | None) -> float | None:
        return None if at is None else (at - T0) / timedelta(hours=1)

    return [(one.rule, hour(one.at) or 0.0, hour(one.gone_at)) for one in findings(records)]


def bytes_of(seen: Artefact, name: str) -> str:
    return next(file.sha256 for file in seen.files if file.name == name)


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


def test_other_bytes_under_the_same_name_are_seen_also_where_the_index_claims_the_old_ones(index: Index) -> None:
    first = look(index)
    other = wheel("acme-sdk", "1.1.0", ("acme-lib",), extra="replaced")
    index.publish(
        "acme-sdk",
        WHEEL,
        other,
        claimed=first.files[-1].claimed if first.files[-1].name == WHEEL else first.files[0].claimed,
    )
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
    built = reader.built(tmp_path / "dist", stamp())
    assert [(f"artefact-not-built {SDIST}", T0)] == [
        (f"{one.rule} {one.file}", one.at) for one in findings([look(index), built])
    ]
    with zipfile.ZipFile(tmp_path / "dist.zip", "w") as archive:
        archive.writestr(f"../../{WHEEL}", OURS)
    assert [(WHEEL, hashlib.sha256(OURS).hexdigest())] == [
        (one.name, one.sha256) for one in reader.built(tmp_path / "dist.zip", stamp()).files
    ]


def test_a_file_that_ci_never_built_is_a_finding_at_the_first_look_also_where_it_cannot_be_fetched(
    index: Index, tmp_path: Path
) -> None:
    (tmp_path / WHEEL).write_bytes(OURS)
    index.publish("acme-sdk", SDIST, b"x", url="/nowhere")
    built = reader.built(tmp_path, stamp())
    (found,) = findings([built, look(index)])
    assert (found.rule, found.file, found.at) == ("artefact-not-built", SDIST, T0)
    assert "not among what CI built" in str(found.says)


def test_where_ci_said_nothing_no_file_is_called_other_than_built(index: Index) -> None:
    assert (rules(look(index)), as_built([])) == ([], None)


def test_what_ci_built_a_second_time_is_cis_too(index: Index, tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(OURS)
    (tmp_path / SDIST).write_bytes(index.files["acme-sdk"][SDIST])
    first = reader.built(tmp_path, stamp())
    (tmp_path / WHEEL).write_bytes(wheel("acme-sdk", "1.1.0", extra="built again"))
    assert rules(first, look(index), reader.built(tmp_path, stamp(10))) == []


@pytest.mark.parametrize("content", [None, b"no zip"])
def test_nothing_built_is_a_mistake_that_is_told(content: bytes | None, tmp_path: Path) -> None:
    place = tmp_path / "dist"
    place.mkdir() if content is None else place.write_bytes(content)
    with pytest.raises(UsageError, match="dist"):
        reader.built(place, stamp())


def test_an_index_that_is_as_it_was_has_nothing_wrong(index: Index) -> None:
    assert rules(look(index), look(index, 30)) == []


# ── through time ─────────────────────────────────────────────────────────────


def test_other_bytes_that_were_put_back_before_the_next_look_stay_a_finding_with_both_instants(index: Index) -> None:
    first = look(index)
    index.publish("acme-sdk", WHEEL, wheel("acme-sdk", "1.1.0", extra="evil"))
    evil = look(index, 10)
    index.publish("acme-sdk", WHEEL, OURS)
    assert courses(first, evil, look(index, 20), look(index, 30)) == [("artefact-replaced", 10, 20)]


def test_a_yank_that_was_taken_back_and_a_file_that_came_back_stay_findings(index: Index) -> None:
    first = look(index)
    index.publish("acme-sdk", WHEEL, OURS, yanked="oops")
    held = index.files["acme-sdk"].pop(SDIST)
    worse = look(index, 10)
    index.publish("acme-sdk", WHEEL, OURS, yanked=False)
    index.publish("acme-sdk", SDIST, held)
    assert {("artefact-yanked", 10, 20), ("artefact-gone", 10, 20)} == set(courses(first, worse, look(index, 20)))


def test_a_fault_that_comes_back_is_there_again_since_its_first_sighting(index: Index) -> None:
    good = index.files["acme-sdk"]
    evil = good | {WHEEL: wheel("acme-sdk", "1.1.0", extra="evil")}
    looks = []
    for hours, files in ((0, good), (10, evil), (20, good), (30, evil)):
        index.files["acme-sdk"] = files
        looks.append(look(index, hours))
    assert courses(*looks) == [("artefact-replaced", 10, None)]
    assert [T0 + timedelta(hours=30)] == [one.last_at for one in findings(looks)]


def test_a_look_before_the_upload_is_no_baseline(index: Index) -> None:
    held = index.files.pop("acme-sdk")
    before_it = look(index)
    index.files["acme-sdk"] = held
    assert rules(before_it, look(index, 1), look(index, 2)) == []


def test_a_file_that_was_added_and_taken_away_again_between_two_others_is_both(index: Index) -> None:
    first, added = look(index), "acme_sdk-1.1.0-py2-none-any.whl"
    index.publish("acme-sdk", added, OURS)
    second = look(index, 10)
    del index.files["acme-sdk"][added]
    assert courses(first, second, look(index, 20)) == [("artefact-gone", 20, None), ("artefact-added", 10, 20)]


def test_a_file_whose_first_fetch_failed_is_held_against_its_first_bytes_that_came(index: Index) -> None:
    index.publish("acme-sdk", WHEEL, OURS, url="/nowhere")
    unseen = look(index)
    index.publish("acme-sdk", WHEEL, OURS, url=f"/files/{WHEEL}")
    seen = look(index, 10)
    index.publish("acme-sdk", WHEEL, wheel("acme-sdk", "1.1.0", extra="evil"))
    assert ("", hashlib.sha256(OURS).hexdigest()) == (bytes_of(unseen, WHEEL), bytes_of(seen, WHEEL))
    assert courses(unseen, seen, look(index, 20)) == [("artefact-replaced", 20, None)]


def test_a_look_that_could_not_fetch_a_file_neither_mends_nor_breaks_it(index: Index) -> None:
    first = look(index)
    index.publish("acme-sdk", WHEEL, wheel("acme-sdk", "1.1.0", extra="evil"))
    evil = look(index, 10)
    index.publish("acme-sdk", WHEEL, OURS, url="/nowhere")
    assert courses(first, evil, look(index, 20)) == [("artefact-replaced", 10, None)]


def test_an_index_out_of_reach_mends_nothing(index: Index) -> None:
    first = look(index)
    index.publish("acme-sdk", WHEEL, OURS, yanked="oops")
    yanked = look(index, 10)
    index.close()
    assert courses(first, yanked, look(index, 20)) == [("artefact-yanked", 10, None)]


def test_a_name_that_is_listed_twice_hides_nothing() -> None:
    def listed(hours: float, *digests: str) -> Artefact:
        files = tuple(
            PublishedFile(
                name=WHEEL,
                claimed="",
                sha256=one,
                size_bytes=1,
                yanked=False,
                yanked_reason="",
                requires_python="",
                metadata="",
            )
            for one in digests
        )
        return Artefact(**stamp(hours), project="acme-sdk", version="1.1.0", index="x", files=files, resolved=())

    good, evil = "a" * 64, "b" * 64
    first = listed(0, good)
    assert [courses(first, listed(10, *both)) for both in ((good, evil), (evil, good))] == [
        [("artefact-replaced", 10, None)]
    ] * 2


# ── an index that goes wrong ─────────────────────────────────────────────────


@pytest.mark.parametrize("how", sorted(DRIPS))
def test_an_index_that_drips_ends_no_watch_and_is_unknown_for_that_reason(how: str, index: Index) -> None:
    index.drips = {"/simple/acme-sdk/": how}
    seen = look(index, deadline_s=1.0)
    assert index.dripped_to_the_end == 0
    assert ((), "in the 1 s that a look may take" in seen.problem) == (seen.files, True), seen.problem


@pytest.mark.parametrize("how", sorted(DRIPS))
def test_a_file_that_drips_is_unknown_with_what_comes_after_it_and_all_are_named(how: str, index: Index) -> None:
    index.drips = {f"/files/{WHEEL}": how}
    seen = look(index, deadline_s=2.0)
    assert index.dripped_to_the_end == 0
    assert (seen.problem, seen.not_known) == ("", 2)
    assert [file.name for file in seen.files if "in the 2 s" in file.problem] == [WHEEL, SDIST]
    assert "in the 2 s that a look may take" in seen.unresolved


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_a_dependency_that_drips_is_unknown_and_the_files_are_known(
    uv: bool, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not uv:
        monkeypatch.setenv("ATALAYA_UV", "")
    installer = find_installer(tmp_path, print)
    index.drips, index.drips_for_s = {"/simple/acme-lib/": "body"}, 600
    seen = look(
        index, deadline_s=8, resolve=lambda what, at, within_s: installer.resolve(what, index=at, within_s=within_s)
    )
    assert index.dripped_to_the_end == 0
    assert (seen.not_known, seen.resolved, "answers too slowly" in seen.unresolved) == (0, (), True), seen


@pytest.mark.skipif(os.name == "nt", reason="there are no groups of processes")
def test_what_a_resolver_started_ends_with_it(tmp_path: Path) -> None:
    slow = tmp_path / "uv"
    slow.write_text("#!/bin/sh\nsleep 300 &\necho $! > child\nwait\n", encoding="utf-8")
    slow.chmod(0o755)
    with pytest.raises(NetworkError, match="stopped after"):
        Uv(slow, tmp_path, print).resolve("acme-sdk", index="http://127.0.0.1:9/", within_s=1.0)
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    assert _ends(child), f"{child} is still there"


def _ends(pid: int) -> bool:
    """Whether a process is gone, or waits to be buried, within some seconds."""
    for _ in range(100):
        try:
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8"):
                return True
            os.kill(pid, 0)
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_names_that_take_long_to_read_are_not_read(index: Index) -> None:
    tags = ".".join(f"t{n}" for n in range(1000))
    index.publish("acme-sdk", f"acme_sdk-1.1.0-{tags}-{tags}-{tags}.whl", b"x")
    assert {WHEEL, SDIST} == {file.name for file in look(index).files}


@pytest.mark.parametrize("page", ["<a href='x'>" + "<!-- " * 400_000, "<a " * 700_000], ids=["comment", "tags"])
def test_a_page_that_never_closes_ends_with_the_deadline(page: str, index: Index) -> None:
    index.form = "html"
    index.page = lambda _: page.encode()
    with cpu_seconds(60):
        look(index, deadline_s=1.0)


def test_files_beyond_what_a_look_takes_are_counted_and_called_neither_gone_nor_added(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = look(index)
    monkeypatch.setattr(reader, "MOST_FILES", 2)
    early = "acme_sdk-1.1.0-cp1-none-any.whl"
    index.publish("acme-sdk", early, OURS)
    full = look(index, 10)
    assert (1, 1, [early, WHEEL]) == (full.not_looked_at, full.not_known, [file.name for file in full.files])
    assert [f"artefact-added {early}"] == rules(first, full)
    assert rules(full, look(index, 20)) == []
    del index.files["acme-sdk"][early]
    assert [f"artefact-gone {early}"] == rules(full, look(index, 20))


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
        (b"{", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'{"files": 7}', "cannot be read"),
        (b'{"files": [{"url": "x"}]}', "cannot be read"),
        (b'{"files": []}', ""),
    ],
)
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


@pytest.mark.parametrize("url", ["http://[bad/x", "http://127.0.0.1:99999999/x", f"http://{'a' * 70}.example/x"])
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

    def resolve(requirement: str, at: str, within_s: float) -> tuple[str, ...]:
        return find_installer(tmp_path, print).resolve(requirement, index=at, within_s=within_s)

    first = look(index, 0, resolve=resolve)
    assert first.resolved == ("acme-lib==2.0", "acme-sdk==1.1.0"), first.unresolved
    index.publish("acme-lib", "acme_lib-2.1-py3-none-any.whl", wheel("acme-lib", "2.1"))
    then = look(index, 29, resolve=resolve)
    (move,) = moves([first, then])
    assert ("acme-lib", "2.0", "2.1", "index", T0 + timedelta(hours=29)) == (
        move.what,
        move.before,
        move.after,
        move.where,
        move.at,
    )


def test_what_cannot_be_resolved_is_unknown_with_its_reason(index: Index, tmp_path: Path) -> None:
    del index.files["acme-lib"]
    seen = look(
        index,
        resolve=lambda what, at, within_s: find_installer(tmp_path, print).resolve(what, index=at, within_s=within_s),
    )
    assert (seen.resolved, "acme-lib" in seen.unresolved) == ((), True)


UBUNTU, UBUNTU_2 = "Ubuntu 24.04.1 LTS, x86_64", "Ubuntu 24.04.2 LTS, x86_64"


def context(hours: float, *freeze: str, os: str = UBUNTU, python: str = "3.12.1", **where: Any) -> RunContext:
    return RunContext(
        **(stamp(hours) | where),
        producer="checks",
        subject_name="s",
        subject_version="1",
        subject_digest="d" * 64,
        subject_source="x",
        python=python,
        implementation="CPython",
        os=os,
        freeze=freeze,
    )


def test_what_moved_before_it_broke_is_named_the_nearest_first() -> None:
    found = moves(
        [
            context(0, "urllib3==2.0", "idna==3"),
            context(20, "urllib3==2.1", "idna==3"),
            context(29, "urllib3==2.2", "idna==3"),
            context(29.5, "urllib3==2.2", "idna==3", python="3.12.2"),
        ]
    )
    assert [(move.what, move.before, move.after) for move in found] == [
        ("urllib3", "2.0", "2.1"),
        ("urllib3", "2.1", "2.2"),
        ("Python", "3.12.1", "3.12.2"),
    ]
    assert [move.what for move in before(found, T0 + timedelta(hours=30))] == ["Python", "urllib3", "urllib3"]
    assert list(before(found, T0 + timedelta(hours=60))) == []


@pytest.mark.parametrize(
    "other",
    [
        {"os": "Darwin 24.1.0, arm64"},
        {"os": "Ubuntu 24.04.1 LTS, aarch64"},
        {"os": "Windows 10, AMD64"},
        {"python": "3.13.0"},
        {"environment": Environment.CI},
    ],
)
def test_two_environments_that_cannot_be_compared_take_turns_and_move_nothing(other: dict[str, Any]) -> None:
    runs = [context(h, "a==1") if h % 2 else context(h, "a==2", **other) for h in range(6)]
    assert moves(runs) == ()


def test_a_run_whose_sdk_could_not_be_installed_moves_nothing() -> None:
    without_sdk = replace(context(1), subject_digest="")
    assert moves([context(0, "a==1"), without_sdk, context(2, "a==1")]) == ()


def test_two_hosts_that_take_turns_are_one_change_of_the_host_and_move_no_package() -> None:
    runs = [context(h, "a==1", os=UBUNTU_2 if h % 2 else UBUNTU) for h in range(6)]
    assert [(move.what, move.before, move.after, (move.at - T0) / timedelta(hours=1)) for move in moves(runs)] == [
        ("system", UBUNTU, UBUNTU_2, 1.0)
    ]


def test_a_package_that_moves_on_hosts_that_take_turns_is_told_once() -> None:
    runs = [context(h, f"a=={1 if h < 3 else 2}", os=UBUNTU_2 if h % 2 else UBUNTU) for h in range(8)]
    assert [("a", "1", "2", T0 + timedelta(hours=3))] == [
        (move.what, move.before, move.after, move.at) for move in moves(runs) if move.what != "system"
    ]


def test_a_package_that_moves_together_with_the_host_is_seen_beside_it() -> None:
    found = moves([context(0, "a==1"), context(1, "a==2", os=UBUNTU_2)])
    assert [move.what for move in found] == ["a", "system"]


def test_hosts_with_other_packages_that_take_turns_are_told_once() -> None:
    runs = [context(h, f"a=={h % 2}", os=UBUNTU_2 if h % 2 else UBUNTU) for h in range(8)]
    assert [move.what for move in moves(runs)] == ["a", "system"]


def test_a_package_that_goes_back_is_a_move_also_where_hosts_take_turns() -> None:
    versions = (1, 1, 2, 2, 1, 1)
    runs = [context(h, f"a=={one}", os=UBUNTU_2 if h % 2 else UBUNTU) for h, one in enumerate(versions)]
    assert [(move.before, move.after) for move in moves(runs) if move.what == "a"] == [("1", "2"), ("2", "1")]


# ── what it leads to ─────────────────────────────────────────────────────────


def found_at(hours: float, *, gone: float | None = None) -> ArtefactFinding:
    (replaced,) = (rule for rule in RULES if rule.id == "artefact-replaced")
    return ArtefactFinding(
        rule=replaced.id,
        severity=Severity.CRITICAL,
        file=WHEEL,
        says=text("{file} was replaced.", file=WHEEL),
        at=T0 + timedelta(hours=hours),
        last_at=T0 + timedelta(hours=hours + 1),
        gone_at=None if gone is None else T0 + timedelta(hours=gone),
    )


def test_a_fault_that_is_over_opens_an_incident_all_the_same() -> None:
    told = replace(example.judgement(), promises=(), published=(found_at(10, gone=20),))
    (seen,) = (one for one in sightings(told) if one.rule == "artefact-replaced")
    assert (T0 + timedelta(hours=10), T0 + timedelta(hours=11)) == (seen.first_at, seen.last_at)


@pytest.mark.parametrize(("gone", "shown"), [(None, False), (20.0, True)])
def test_a_fix_is_shown_by_a_look_that_saw_it_mended(gone: float | None, shown: bool) -> None:
    one = found_at(10, gone=gone)
    landed = IncidentStep(
        **stamp(15),
        incident="INC-1",
        opened_at=T0,
        state="monitoring",
        severity=Severity.CRITICAL,
        impact="x",
        root_cause="",
        fix="put back",
        metric="",
        by="ana",
        why="x",
        rule=one.rule,
        fingerprints=(cause_of_finding(one),),
    )
    (followed,) = follow([landed], observations=[], events=[], metrics=[], published=[one])
    assert shown is followed.shown


# ── in a watch ───────────────────────────────────────────────────────────────


def settings(root: Path, index: Index) -> None:
    (root / "watch.toml").write_text(
        f'[artefact]\nproject = "acme-sdk"\nversion = "1.1.0"\nindex = "{index.url}"\n', encoding="utf-8"
    )


def test_the_command_keeps_what_it_saw_and_a_replaced_file_opens_a_critical_incident(root: Path, index: Index) -> None:
    folder = opened(root, at=(datetime.now(UTC) - timedelta(hours=30)).isoformat())
    settings(root, index)
    first = run("artefact", "--release", "1.1.1", root=root)
    assert first.returncode == 0, first.stderr
    index.publish("acme-sdk", WHEEL, wheel("acme-sdk", "1.1.0", ("acme-lib",), extra="evil"))
    assert run("artefact", "--release", "1.1.1", root=root).returncode == 0
    place, release = Context(root, load_settings(root / "watch.toml"), Console()), load(folder)
    assert open_by_rule(place, release, judged(place, release, None))
    told = judged(place, release, None)
    assert [one.rule for one in told.followed] == ["artefact-replaced"]
    assert VerdictStatus.OFF_TRACK is told.verdict.word
    assert not open_by_rule(place, release, told)


def test_a_dry_run_keeps_nothing_and_an_index_out_of_reach_is_unknown(root: Path, index: Index) -> None:
    folder = opened(root)
    settings(root, index)
    done = run("artefact", "--release", "1.1.1", "--dry-run", "--json", root=root)
    assert json.loads(done.stdout)["looked"][0]["project"] == "acme-sdk"
    assert ledger.read(folder / "evidence", Artefact) == []
    index.close()
    assert run("artefact", "--release", "1.1.1", root=root).returncode == 3


def test_a_look_that_left_a_file_unseen_is_unknown(root: Path, index: Index) -> None:
    opened(root)
    settings(root, index)
    index.publish("acme-sdk", WHEEL, OURS, url="/nowhere")
    assert run("artefact", "--release", "1.1.1", "--dry-run", root=root).returncode == 3


def test_without_a_project_nothing_is_looked_at_and_that_is_said(root: Path) -> None:
    opened(root)
    done = run("artefact", "--release", "1.1.1", root=root)
    assert (done.returncode, "[artefact] project" in done.stderr) == (2, True)


def test_every_rule_is_tried_above() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.id for rule in RULES if f"{rule.id} " not in source] == []
