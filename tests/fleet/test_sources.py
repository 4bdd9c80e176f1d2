"""Tests that each kind of source is found, and that one which cannot be reached is unknown and hides no other."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from atalaya.core import places
from atalaya.core.errors import SettingsError
from atalaya.core.fleet_settings import SourceSettings, load
from atalaya.evidence.ledger import ledger
from atalaya.fleet import remotes, sources
from atalaya.fleet.judging import Judging
from atalaya.fleet.remotes import Checkout, fetch
from atalaya.fleet.sources import FoundSource, find
from atalaya.records.fleet import NotJudged
from atalaya.records.stored import CaseOutcome
from tests.fleet.many import read, release, said, sealed
from tests.fleet.test_reading import attempt
from tests.sync.clones import NOBODY, git
from tests.tables import each_row


def found(folder: Path, text: str) -> list[FoundSource]:
    (folder / "fleet.toml").write_text(text, encoding="utf-8")
    return list(find(load(folder / "fleet.toml"), folder / "cache"))


def names(one: FoundSource) -> list[str]:
    return [place.name for place in one.releases]


def test_a_repository_and_a_folder_of_releases_are_both_a_path(tmp_path: Path) -> None:
    sealed(release(tmp_path / "orders" / "docs" / "releases", "1.0.0", real=True))
    (tmp_path / "orders" / "watch.toml").write_text("[watch]\nvalid_h = 30\n")
    sealed(release(tmp_path / "billing", "2.0.0", real=True))
    (tmp_path / "billing" / "notes").mkdir()
    orders, billing = found(
        tmp_path, '[[source]]\npath = "orders"\nsite = "https://w.example"\n[[source]]\npath = "billing"\n'
    )
    assert (names(orders), names(billing)) == (["1.0.0"], ["2.0.0"])
    assert orders.settings is not None
    assert (orders.settings.watch.valid_h, billing.settings, orders.site) == (30.0, None, "https://w.example/")
    assert tmp_path / "orders" / "docs" / "_generated" / "1.0.0" / "metrics.json" == orders.releases[0].published


def test_releases_may_lie_anywhere_below_a_repository(tmp_path: Path) -> None:
    release(tmp_path / "mono" / "clients" / "python" / "watches", "1.0.0", real=True)
    (one,) = found(tmp_path, '[[source]]\npath = "mono"\nreleases = "clients/python/watches"\n')
    assert names(one) == ["1.0.0"]


@pytest.mark.parametrize("kind", ["path", "parquet"])
def test_a_folder_that_is_not_there_is_an_error_and_no_release_that_is_fine(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"fleet.toml:1 {kind}: 'nowhere': there is no such folder"):
        found(tmp_path, f'[[source]]\n{kind} = "nowhere"\n')


def test_a_source_without_a_release_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun" / "docs" / "releases").mkdir(parents=True)
    empty, begun = found(tmp_path, '[[source]]\npath = "empty"\n[[source]]\npath = "begun"\n')
    assert (empty.source.problem, begun.source.problem) == (
        "there is no folder of releases in it",
        "there is no release in it",
    )


@each_row("pages", ["docs", "docs/atalaya"])
def test_the_page_of_a_release_is_looked_for_where_its_repository_writes_it(pages: str, tmp_path: Path) -> None:
    root = tmp_path / pages.replace("/", "-")
    release(root / pages / "releases", "1.0.0", real=True)
    (one,) = found(tmp_path, f'[[source]]\npath = "{root.name}"\n')
    assert one.releases[0].published == places.project_of(root) / "_generated" / "1.0.0" / "metrics.json"
    (other,) = found(tmp_path, f'[[source]]\npath = "{root.name}/{pages}"\nreleases = "releases"\n')
    assert other.releases[0].published == root / pages / "_generated" / "1.0.0" / "metrics.json"


def test_a_link_that_leads_out_of_a_source_is_not_followed(tmp_path: Path, by: Judging) -> None:
    sealed(release(tmp_path / "secret", "1.0.0", real=True))
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "watches").symlink_to(tmp_path / "secret")
    (one,) = found(tmp_path, '[[source]]\npath = "orders"\nreleases = "watches"\n')
    assert (names(one), one.source.problem) == ([], "a link leads out of it")
    (tmp_path / "billing").mkdir()
    release(tmp_path / "billing", "1.0.0", real=True)
    (tmp_path / "billing" / "2.0.0").symlink_to(tmp_path / "secret" / "1.0.0")
    (tmp_path / "billing" / "latest").symlink_to("1.0.0")  # a second name of one that is there
    (one,) = found(tmp_path, '[[source]]\npath = "billing"\n')
    assert names(one) == ["1.0.0", "2.0.0"]
    assert "links are not followed" in read("billing", one.releases[1], by).row.problem


def test_no_link_hides_a_release_or_takes_a_source_away(tmp_path: Path) -> None:
    for name in ("1.0.0", ".1.1.0"):
        release(tmp_path / "orders", name, real=True)
    (tmp_path / "orders" / "1.1.0").symlink_to(".1.1.0")  # which is listed nowhere else
    (tmp_path / "orders" / "gone").symlink_to("nowhere")
    (tmp_path / "orders" / "loop").symlink_to("loop")
    (tmp_path / "orders" / "manual").symlink_to(tmp_path)  # nothing of a release
    (one,) = found(tmp_path, '[[source]]\npath = "orders"\n')
    assert names(one) == ["1.0.0", "1.1.0", "gone", "loop"]


def test_a_release_that_lost_its_first_file_is_no_release_less(tmp_path: Path) -> None:
    """It cannot be read, and is shown so: the one before it is not the newest for that."""
    for version in ("1.0.0", "1.1.0"):
        compacted(release(tmp_path / "orders", version, real=True) / "evidence")
    (tmp_path / "orders" / "notes").mkdir()
    (tmp_path / "orders" / "1.1.0" / "release.toml").unlink()
    (one,) = found(tmp_path, '[[source]]\npath = "orders"\n')
    assert names(one) == ["1.0.0", "1.1.0"]
    for file in (tmp_path / "orders" / "1.1.0" / "evidence").glob("*.parquet"):
        file.unlink()
    ledger.write(tmp_path / "orders" / "1.1.0" / "evidence", [attempt("new", CaseOutcome.FAILED)])
    (one,) = found(tmp_path, '[[source]]\nparquet = "orders"\n')
    assert names(one) == ["1.0.0", "1.1.0"]
    ledger.write(tmp_path / "orders", [attempt("stray", CaseOutcome.FAILED)])
    (one,) = found(tmp_path, '[[source]]\nparquet = "orders"\n')
    assert names(one) == ["1.0.0", "1.1.0"]


def test_a_release_that_nobody_may_open_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is root may open everything: the system is made to refuse."""
    for version in ("1.0.0", "1.1.0"):
        release(tmp_path / "orders", version, real=True)
    closed, scandir, lexists = tmp_path / "orders" / "1.1.0", os.scandir, os.path.lexists

    def refused(path: Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(os.path, "lexists", lambda path: Path(path).parent != closed and lexists(path))
    (one,) = found(tmp_path, '[[source]]\npath = "orders"\n')
    assert names(one) == ["1.0.0", "1.1.0"]


def test_a_repository_with_checks_of_its_own_is_not_judged_here(tmp_path: Path) -> None:
    """Its checks are code, and a page of others is no reason to run it."""
    for name, text in (("own", '[checks]\npacks = ["checks"]\n'), ("broken", "[checks\n")):
        release(tmp_path / name / "docs" / "releases", "1.0.0", real=True)
        (tmp_path / name / "watch.toml").write_text(text)
    own, broken = found(tmp_path, '[[source]]\npath = "own"\n[[source]]\npath = "broken"\n')
    assert (own.not_judged, broken.not_judged) == (NotJudged.OWN_PACK, NotJudged.SETTINGS)


def test_variables_of_this_machine_are_no_settings_of_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATALAYA_WATCH_VALID_H", "1")
    release(tmp_path / "orders" / "docs" / "releases", "1.0.0", real=True)
    (tmp_path / "orders" / "watch.toml").write_text("")
    (one,) = found(tmp_path, '[[source]]\npath = "orders"\n')
    assert one.settings is not None
    assert one.settings.watch.valid_h == 25.0


def compacted(evidence: Path) -> None:
    ledger.write(evidence, [attempt("old", CaseOutcome.PASSED)])
    said(evidence.parent, real=True)
    ledger.compact(evidence)
    assert list(evidence.glob("*.parquet"))


def test_compacted_evidence_is_one_release_or_a_folder_of_them(tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        compacted(release(tmp_path / "stock", version, real=True) / "evidence")
    one, two = found(
        tmp_path, '[[source]]\nparquet = "stock/1.0.0/evidence"\nsubject = "a"\n[[source]]\nparquet = "stock"\n'
    )
    assert (names(one), names(two)) == (["evidence"], ["1.0.0", "1.1.0"])


def test_a_link_among_evidence_that_was_handed_over_is_shown_and_one_that_cannot_be_opened_hides_no_other(
    tmp_path: Path, by: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        compacted(release(tmp_path / "stock", version, real=True) / "evidence")
    (tmp_path / "stock" / "1.1.0").rename(tmp_path / "elsewhere")
    (tmp_path / "stock" / "1.1.0").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "stock" / "1.3.0").symlink_to("nowhere")
    (tmp_path / "stock" / "manual").mkdir()
    listdir, closed = os.listdir, tmp_path / "stock" / "1.2.0"

    def refused(path: Path) -> list[str]:
        if Path(path) in (closed, closed / "evidence"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refused)
    shutil.copytree(tmp_path / "stock" / "1.0.0" / "evidence", tmp_path / "stock" / "0.9.0")
    (tmp_path / "stock" / "0.9.0" / "evidence").touch()  # a file, and no folder
    (one,) = found(tmp_path, '[[source]]\nparquet = "stock"\n')
    assert (names(one), one.source.problem) == (["0.9.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0"], "")
    problems = [bool(read("stock", place, by).row.problem) for place in one.releases]
    assert problems[1:] == [False, True, True, True]


# ── git ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def remote(tmp_path: Path) -> str:
    """A repository with a release on its branch ``evidence``, and all that a stranger can put beside it."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "README.md").write_text("the project\n")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Begin")
    git(work, "switch", "-qc", "evidence")
    sealed(release(work / "docs" / "releases", "1.0.0", real=True))
    (work / "docs" / "releases" / "2.0.0").symlink_to("/etc")
    (work / ".gitattributes").write_text("* text eol=crlf ident\n")
    (work / "watch.toml").write_text("[watch]\nvalid_h = 30\n")
    (work / "large.bin").write_bytes(b"x" * 1000)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Add a release")
    return work.as_uri()


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)


def test_the_shared_branch_of_a_repository_is_fetched_as_it_was_committed(tmp_path: Path, remote: str) -> None:
    (one,) = found(tmp_path, f'[[source]]\ngit = "{remote}"\nsubject = "orders"\n')
    assert (one.source.problem, names(one), len(one.source.revision)) == ("", ["1.0.0"], 40)
    folder = one.releases[0].folder
    committed = tmp_path / "work" / "docs" / "releases" / "1.0.0"
    for name in ("report.json", "seal.json", "release.toml"):
        assert (committed / name).read_bytes() == (folder / name).read_bytes()
    assert one.settings is not None
    assert one.settings.watch.valid_h == 30
    top = folder.parents[2]
    assert {".git", "docs", "watch.toml"} == {one.name for one in top.iterdir()}
    assert not (top / "docs" / "releases" / "2.0.0").is_symlink()


def test_a_branch_that_has_not_moved_is_not_written_again(tmp_path: Path, remote: str) -> None:
    text = f'[[source]]\ngit = "{remote}"\nsubject = "orders"\n'
    first = found(tmp_path, text)[0].releases[0].folder / "report.json"
    before = first.stat().st_mtime_ns
    work = tmp_path / "work"
    sealed(release(work / "docs" / "releases", "1.1.0", real=True))
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Add another")
    (one,) = found(tmp_path, text)
    assert (["1.0.0", "1.1.0"], before) == (names(one), first.stat().st_mtime_ns)
    git(work, "rm", "-rq", "docs/releases/1.0.0")
    git(work, "commit", "-qm", "Take one away")
    assert names(found(tmp_path, text)[0]) == ["1.1.0"]


def test_a_repository_without_the_shared_branch_is_read_on_its_default_branch(tmp_path: Path, remote: str) -> None:
    work = tmp_path / "work"
    git(work, "switch", "-q", "main")
    git(work, "merge", "-q", "evidence")
    git(work, "branch", "-qD", "evidence")
    (one,) = found(tmp_path, f'[[source]]\ngit = "{remote}"\n')
    assert names(one) == ["1.0.0"]
    (one,) = found(tmp_path, f'[[source]]\ngit = "{remote}"\nbranch = "gone"\n')
    assert ("it has no branch 'gone'" in one.source.problem, names(one)) == (True, [])


def test_a_remote_that_cannot_be_reached_is_unknown_and_hides_no_other(tmp_path: Path, remote: str) -> None:
    gone, there = found(
        tmp_path, f'[[source]]\ngit = "{tmp_path.as_uri()}/gone.git"\n[[source]]\ngit = "{remote}"\nsubject = "b"\n'
    )
    assert (bool(gone.source.problem), names(gone), names(there)) == (True, [], ["1.0.0"])


def test_a_remote_that_was_reached_once_is_not_shown_as_of_then(tmp_path: Path, remote: str) -> None:
    text = f'[[source]]\ngit = "{remote}"\nsubject = "orders"\n'
    assert names(found(tmp_path, text)[0]) == ["1.0.0"]
    (tmp_path / "work").rename(tmp_path / "moved")
    (one,) = found(tmp_path, text)
    assert (bool(one.source.problem), names(one)) == (True, [])


def test_each_branch_is_fetched_once_however_many_name_it(tmp_path: Path, remote: str) -> None:
    asked: list[str] = []

    def fetched(cache: Path, source: SourceSettings) -> Checkout:
        asked.append(source.git)
        return fetch(cache, source)

    text = "".join(f'[[source]]\ngit = "{remote}"\nsubject = "{name}"\n' for name in ("a", "b"))
    (tmp_path / "fleet.toml").write_text(text)
    both = list(find(load(tmp_path / "fleet.toml"), tmp_path / "cache", fetched=fetched))
    assert ([names(one) for one in both], asked) == ([["1.0.0"], ["1.0.0"]], [remote])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The clone that the command runs in, with the cache in it, and an edit that nobody has committed yet."""
    root = tmp_path / "own"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "code.py").write_text("committed\n")
    (root / ".gitignore").write_text(".atalaya\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin")
    (root / "code.py").write_text("an edit\n")
    return root


@pytest.mark.parametrize("how", ["a hook", "a cache that lost its head"])
def test_no_other_repository_is_taken_for_that_of_the_cache(
    tmp_path: Path, remote: str, own: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = [git(own, *words) for words in (("rev-parse", "HEAD"), ("config", "--list", "--local"))]
    (tmp_path / "fleet.toml").write_text(f'[[source]]\ngit = "{remote}"\n')
    cache = own / ".atalaya" / "fleet" / "git"

    def look() -> list[str]:
        return names(*find(load(tmp_path / "fleet.toml"), cache))

    if how == "a hook":
        monkeypatch.setenv("GIT_DIR", str(own / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(own))
    else:
        look()
        (head,) = cache.glob("*/.git/HEAD")
        head.unlink()
        git(tmp_path / "work", "commit", "-q", "--allow-empty", "-m", "Move on")
    assert look() == ["1.0.0"]
    monkeypatch.delenv("GIT_DIR", raising=False)
    monkeypatch.delenv("GIT_WORK_TREE", raising=False)
    assert [git(own, *words) for words in (("rev-parse", "HEAD"), ("config", "--list", "--local"))] == state
    assert (own / "code.py").read_text() == "an edit\n"


def test_two_runs_at_once_and_one_that_was_killed_keep_no_branch_from_being_fetched(
    tmp_path: Path, remote: str
) -> None:
    text = f'[[source]]\ngit = "{remote}"\nsubject = "orders"\n'
    (tmp_path / "fleet.toml").write_text(text)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(lambda: list(find(load(tmp_path / "fleet.toml"), tmp_path / "cache"))) for _ in range(4)]
    assert [(one.source.problem, names(one)) for run in runs for one in run.result()] == [("", ["1.0.0"])] * 4
    (index,) = (tmp_path / "cache").glob("*/.git/index")
    index.with_name("index.lock").touch()
    (index.parent / "refs" / "atalaya" / "fleet.lock").touch()
    git(tmp_path / "work", "rm", "-rq", "large.bin")
    git(tmp_path / "work", "commit", "-qm", "Move on")
    assert [(one.source.problem, names(one)) for one in found(tmp_path, text)] == [("", ["1.0.0"])]
    shutil.rmtree(index.parent / "objects")
    assert [(one.source.problem, names(one)) for one in found(tmp_path, text)] == [("", ["1.0.0"])]


@pytest.mark.parametrize(
    ("variables", "says"),
    [({}, True), ({"GIT_SSH_COMMAND": "ssh -i key"}, False), ({"GIT_SSH": "/usr/bin/ssh"}, False)],
)
def test_nobody_is_asked_for_a_password_by_ssh(
    variables: dict[str, str], says: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_SSH_COMMAND", "GIT_SSH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("GIT_SSH_COMMAND" in remotes._environment(tmp_path / "x")) is says


def test_a_git_that_is_not_there_takes_no_clone_away(tmp_path: Path, remote: str, monkeypatch) -> None:
    text = f'[[source]]\ngit = "{remote}"\n'
    found(tmp_path, text)
    (head,) = (tmp_path / "cache").glob("*/.git/HEAD")
    monkeypatch.setenv("PATH", "")
    assert "no such program" in found(tmp_path, text)[0].source.problem
    assert head.is_file()


def test_a_fetch_that_is_not_waited_for_any_more_keeps_nobody(tmp_path: Path) -> None:
    begun, ends = Event(), Event()

    def fetched(cache: Path, source: SourceSettings) -> Checkout:
        begun.set()
        ends.wait(60)
        return Checkout(cache, "")

    before = {*threading.enumerate()}
    with sources._fetching([SourceSettings(git="x")], tmp_path, fetched):
        assert begun.wait(60)
    fetching = {*threading.enumerate()} - before
    ends.set()
    assert [one.daemon for one in fetching] == [True]  # the end of the program does not wait for it
