"""Tests of `atalaya init` in a team's repository: what it writes, what it leaves alone, and what it takes back."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from atalaya.adopt.find import sdks
from atalaya.cli.main import main
from atalaya.core.settings import load
from tests.adopt.team import SDK, git, repository, tree
from tests.commands import ROOT

HERE = "acme/atalaya@" + "1" * 40
WRITTEN = {
    ".github/workflows/atalaya.yml",
    "docs/atalaya/.readthedocs.yaml",
    "docs/atalaya/README.md",
    "docs/atalaya/conf.py",
    "docs/atalaya/init.json",
    "watch.toml",
}


@pytest.fixture
def team(tmp_path: Path) -> Path:
    return repository(tmp_path)


def atalaya(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As a person types it in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 2
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def init(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = atalaya("init", "--yes", "--uses", HERE, "--tag", "v1", *arguments, cwd=root)
    assert done.returncode == 0, done.stderr
    return done


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


# ── what is written ──────────────────────────────────────────────────────────


def test_from_any_folder_it_sets_the_repository_up_and_touches_nothing_else(team: Path) -> None:
    before = tree(team)
    said = init(team / "app").stderr
    assert changed(before, tree(team)) == {*WRITTEN, ".gitignore"}
    assert tree(team)[".gitignore"].startswith(before[".gitignore"])
    for told in ("aris3-client-sdk 1.1.1", SDK, "acme/aris3", "clients-python-sdk", "post-release-smoke"):
        assert told in said
    assert "backend" not in said


def test_what_is_set_is_what_was_found_and_each_value_is_explained(team: Path) -> None:
    init(team)
    settings = load(team / "watch.toml", {}).settings
    assert (settings.subject.path, settings.ci.repo) == (SDK, "acme/aris3")
    assert (team / settings.subject.sdk).samefile(team / SDK)
    assert settings.ci.workflows == ("clients-python-sdk", "post-release-smoke")
    lines = (team / "watch.toml").read_text(encoding="utf-8").splitlines()
    values = [number for number, line in enumerate(lines) if " = " in line]
    assert [lines[at] for at in values if not lines[at - 1].startswith("# ")] == []


def test_every_value_that_is_proposed_can_be_set(team: Path) -> None:
    init(team)
    lines = (team / "watch.toml").read_text(encoding="utf-8").splitlines()
    proposed = [line.removeprefix("# ") if " = " in line else line for line in lines]
    text = "\n".join(line for line in proposed if not line.startswith("# "))
    (team / "watch.toml").write_text(text, encoding="utf-8")
    assert len(tomllib.loads(text)) == len({line for line in lines if line.startswith("[")})
    assert load(team / "watch.toml", {}).settings.artefact.project == "aris3-client-sdk"


def test_the_workflow_calls_the_reusable_one_by_its_digest_and_grants_what_is_asked_for(team: Path) -> None:
    init(team)
    jobs = yaml.safe_load((team / ".github/workflows/atalaya.yml").read_text())["jobs"]
    assert jobs["watch"]["uses"] == "acme/atalaya/.github/workflows/watch.yml@" + "1" * 40
    assert jobs["watch"]["with"] == {"sdk": SDK, "pythons": "3.10 3.11 3.12"}
    assert (jobs.keys(), jobs["watch"]["permissions"]["actions"]) == ({"watch"}, "read")
    init(team, "--dispatch")
    jobs = yaml.safe_load((team / ".github/workflows/atalaya.yml").read_text())["jobs"]
    assert jobs["dispatch"]["permissions"] == {"contents": "write", "actions": "write", "checks": "read"}
    assert load(team / "watch.toml", {}).settings.ci.dispatch is True
    assert " # v1\n" in (team / ".github/workflows/atalaya.yml").read_text()


def test_the_home_is_a_page_of_the_sphinx_site_that_is_there(team: Path) -> None:
    for extensions, page in (('["myst_parser"]', "index.md"), ("[]", "index.rst")):
        (team / "docs" / "conf.py").write_text(f"extensions = {extensions}\n", encoding="utf-8")
        init(team)
        names = {one.name for one in (team / "docs" / "atalaya").iterdir()}
        assert names == {".readthedocs.yaml", "init.json", page}
        assert atalaya("init", "--remove", "--yes", cwd=team).returncode == 0


def test_a_sphinx_that_would_read_the_releases_is_told_how_to_leave_them_out_in_a_line_that_runs(team: Path) -> None:
    conf, line = team / "docs" / "conf.py", 'exclude_patterns {} ["atalaya/releases/**"]'
    for theirs, expected in (
        ('extensions = ["myst_parser"]\n', line.format("=")),
        ('extensions = ["myst_parser"]\nexclude_patterns = ["drafts"]\n', line.format("+=")),
        ('extensions = ["myst_parser", "atalaya.sphinxext"]\n', ""),
        ('extensions = ["myst_parser"]\nexclude_patterns = ["atalaya/releases/**"]\n', ""),
        ("extensions = []\n", ""),
    ):
        conf.write_text(theirs, encoding="utf-8")
        said = init(team).stderr
        added = next((one.strip() for one in said.splitlines() if one.strip().startswith("exclude_patterns")), "")
        assert (theirs, added) == (theirs, expected)
        found: dict[str, list[str]] = {}
        exec(theirs + added, found)
        assert not added or "atalaya/releases/**" in found["exclude_patterns"]
        assert atalaya("init", "--remove", "--yes", cwd=team).returncode == 0


def test_a_team_without_a_schedule_has_no_slots_to_miss_and_it_stays_so(team: Path) -> None:
    for arguments, every_h in (((), 1), (("--by-hand",), 0), ((), 0)):
        init(team, *arguments)
        triggers = yaml.safe_load((team / ".github/workflows/atalaya.yml").read_text())[True]
        assert (arguments, "schedule" in triggers) == (arguments, every_h > 0)
        assert load(team / "watch.toml", {}).settings.watch.every_h == every_h


def test_a_schedule_that_a_person_took_out_of_the_workflow_is_none(team: Path) -> None:
    init(team)
    workflow = team / ".github/workflows/atalaya.yml"
    text = workflow.read_text(encoding="utf-8").splitlines(keepends=True)
    workflow.write_text("".join(one for one in text if "cron" not in one and "schedule:" not in one), encoding="utf-8")
    init(team)
    assert load(team / "watch.toml", {}).settings.watch.every_h == 0


def test_the_pythons_that_are_tried_are_those_of_the_matrix_else_those_of_the_sdk(team: Path) -> None:
    workflow = team / ".github/workflows/clients-python-sdk.yml"
    matrix = '    strategy:\n      matrix:\n        python-version: ["3.10", "3.13"]\n'
    without = workflow.read_text(encoding="utf-8")
    for text, pythons in ((without, ("3.10", "3.11", "3.12")), (without + matrix, ("3.10", "3.13"))):
        workflow.write_text(text, encoding="utf-8")
        init(team)
        assert load(team / "watch.toml", {}).settings.compat.pythons == pythons
        jobs = yaml.safe_load((team / ".github/workflows/atalaya.yml").read_text())["jobs"]
        assert jobs["watch"]["with"]["pythons"] == " ".join(pythons)


def test_the_pythons_are_those_that_the_sdk_says_it_supports(tmp_path: Path) -> None:
    named = 'classifiers = ["Programming Language :: Python :: 3.12"]'
    for says, pythons in (
        ('requires-python = ">=3.10,<3.13"', ("3.10", "3.11", "3.12")),
        ('requires-python = ">=3.10"\n' + named, ("3.12",)),
        ('requires-python = "nonsense"', ()),
        ("", ()),
    ):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "acme-sdk"\n{says}\n', encoding="utf-8")
        (found,) = sdks(tmp_path, package="acme", distribution="acme-sdk", bundled=tmp_path)
        assert (says, pythons) == (says, found.pythons)


def test_a_plain_folder_can_be_set_up_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme-sdk"\nversion = "2.0"\n', encoding="utf-8")
    init(tmp_path)
    settings = load(tmp_path / "watch.toml", {}).settings
    assert (settings.subject.sdk, settings.subject.path, settings.ci.repo) == ("./", "", "")


# ── again, and taken back ────────────────────────────────────────────────────


def test_run_again_it_changes_nothing_and_takes_back_exactly_what_it_wrote(team: Path) -> None:
    before = tree(team)
    init(team)
    once = tree(team)
    said = atalaya("init", "--yes", cwd=team / "clients").stderr
    assert ("nothing is to be written" in said, tree(team)) == (True, once)
    assert atalaya("init", "--remove", "--yes", cwd=team / "app").returncode == 0
    assert tree(team) == before
    assert not (team / "docs" / "atalaya").exists()


@pytest.mark.parametrize("ignored", [None, b"", b"*.log", b"*.log\n", b"a\r\nb\r\n", b"a\nb\r\n"], ids=repr)
def test_the_ignored_files_are_given_back_byte_for_byte(ignored: bytes | None, team: Path) -> None:
    file = team / ".gitignore"
    file.unlink()
    if ignored is not None:
        file.write_bytes(ignored)
    init(team)
    assert (team / "watch.toml").is_file()
    git(team, "check-ignore", "-q", ".atalaya/site/conf.py")
    atalaya("init", "--remove", "--yes", cwd=team)
    assert (file.read_bytes() if file.exists() else None) == (ignored or None)


def test_what_a_person_edited_is_kept_and_named(team: Path) -> None:
    init(team)
    file = team / "watch.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("every_h = 1", "every_h = 2"), encoding="utf-8")
    edited = file.read_bytes()
    said = init(team, "--dispatch").stderr
    assert ("kept      watch.toml: edited since" in said, file.read_bytes()) == (True, edited)
    said = atalaya("init", "--remove", "--yes", cwd=team).stderr
    assert ("kept      watch.toml: edited since" in said, file.read_bytes()) == (True, edited)
    assert not (team / ".github/workflows/atalaya.yml").exists()


def test_what_was_there_before_is_kept_and_named(team: Path) -> None:
    (team / "watch.toml").write_text("[watch]\nlanguage = 'es'\n", encoding="utf-8")
    said = init(team).stderr
    assert "kept      watch.toml: it was there before" in said
    atalaya("init", "--remove", "--yes", cwd=team)
    assert (team / "watch.toml").read_text(encoding="utf-8") == "[watch]\nlanguage = 'es'\n"


def test_a_dry_run_shows_each_file_and_writes_none(team: Path) -> None:
    before = tree(team)
    done = atalaya("init", "--dry-run", cwd=team)
    assert (done.returncode, tree(team) == before) == (0, True)
    assert 'sdk = "./clients/python/aris3_client_sdk"' in done.stdout
    init(team)
    once = tree(team)
    assert atalaya("init", "--remove", "--dry-run", cwd=team).returncode == 0
    assert tree(team) == once


def test_evidence_is_never_taken_back(team: Path) -> None:
    init(team)
    kept = team / "docs" / "atalaya" / "releases" / "1.1.1" / "release.toml"
    kept.parent.mkdir(parents=True)
    kept.touch()
    said = atalaya("init", "--remove", "--yes", cwd=team).stderr
    assert ("docs/atalaya/releases/ stays" in said, kept.exists()) == (True, True)


def test_a_newer_atalaya_is_pinned_by_running_it_again(team: Path) -> None:
    init(team)
    init(team, "--uses", "acme/atalaya@" + "2" * 40)
    assert "2" * 40 in (team / ".github/workflows/atalaya.yml").read_text()


def test_a_workflow_that_cannot_run_yet_is_named_before_all_that_comes_next(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atalaya.adopt.find.own_origin", lambda: None)  # nobody knows where Atalaya came from
    asks = "cannot run before this:\n    atalaya init --uses OWNER/REPO@COMMIT\n"
    said = atalaya("init", "--yes", cwd=team)
    assert (said.returncode, asks in said.stderr) == (0, True), said.stderr
    assert said.stderr.index(asks) < said.stderr.index("git add")
    assert asks not in init(team).stderr


# ── which SDK ────────────────────────────────────────────────────────────────


def test_where_several_may_be_meant_they_are_named_and_nobody_guesses(team: Path) -> None:
    (team / SDK / "src" / "aris3_client_sdk" / "__init__.py").unlink()
    done = atalaya("init", "--yes", cwd=team)
    assert (done.returncode, ", app. " in done.stderr, "--sdk " in done.stderr) == (2, True, True)
    assert not (team / "watch.toml").exists()
    assert init(team, "--sdk", "clients/python/aris3_cli").returncode == 0
    assert 'sdk = "./clients/python/aris3_cli"' in (team / "watch.toml").read_text(encoding="utf-8")


def test_a_person_is_asked_which_and_whether(team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (team / SDK / "src" / "aris3_client_sdk" / "__init__.py").unlink()

    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Person("1\ny\nn\n"))
    done = atalaya("init", cwd=team)
    assert (done.returncode, "nothing was changed" in done.stderr) == (2, True)
    monkeypatch.setattr(sys, "stdin", Person("1\nn\ny\n"))
    assert atalaya("init", cwd=team).returncode == 0
    assert load(team / "watch.toml", {}).settings.watch.every_h == 0
    assert SDK in (team / "watch.toml").read_text(encoding="utf-8")


REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("--sdk", "nowhere"), "--sdk nowhere: no folder of"),
    (("--sdk", "docs"), "There are: clients/python/aris3_client_sdk"),
    (("--uses", "acme/atalaya@main"), "give OWNER/REPO@COMMIT"),
    (("--remove",), "nothing was written here"),
)


def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_written(team: Path) -> None:
    before = tree(team)
    for arguments, says in REFUSED:
        done = atalaya("init", "--yes", *arguments, cwd=team)
        assert (done.returncode, says in done.stderr, done.stderr.count("\n")) == (2, True, 1), done.stderr
    done = atalaya("init", cwd=team)  # nobody is there to be asked
    assert (done.returncode, "Give --yes" in done.stderr) == (2, True)
    assert tree(team) == before


def test_a_clone_of_atalaya_and_a_link_to_elsewhere_are_refused(team: Path, tmp_path: Path) -> None:
    assert "is Atalaya itself" in atalaya("init", "--yes", cwd=ROOT).stderr
    (tmp_path / "outside").mkdir()
    (team / "docs" / "atalaya").symlink_to(tmp_path / "outside")
    done = atalaya("init", "--yes", cwd=team)
    assert (done.returncode, "a link leads out of the repository" in done.stderr) == (2, True)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_program_reads_what_became_of_each_file(team: Path) -> None:
    said = json.loads(init(team, "--json").stdout)
    assert (said["sdk"]["version"], said["files"]["watch.toml"]) == ("1.1.1", "write")


# ── from then on ─────────────────────────────────────────────────────────────


def test_every_command_works_from_any_folder_and_generates_nothing_among_their_docs(team: Path) -> None:
    init(team)
    git(team, "add", "-A")
    git(team, "commit", "-qm", "Watch releases with Atalaya")
    opened = atalaya("release", "open", "1.1.1", "--commit", "HEAD", "--by", "Ana", cwd=team / "clients" / "python")
    assert opened.returncode == 0, opened.stderr
    assert (team / "docs/atalaya/releases/1.1.1/release.toml").is_file()
    published = atalaya("publish", cwd=team / "app")
    assert published.returncode == 0, published.stderr
    assert (team / ".atalaya/site/_generated/1.1.1/en/verdict.md").is_file()
    beside = git(team, "ls-files", "-o", "--exclude-standard").splitlines()
    assert [path for path in beside if not path.startswith("docs/atalaya/releases/1.1.1/")] == []


@pytest.mark.long
def test_the_site_is_built_under_the_teams_own_title(team: Path) -> None:
    init(team)
    assert atalaya("release", "open", "1.1.1", "--commit", "HEAD", "--by", "Ana", cwd=team).returncode == 0
    done = atalaya("site", cwd=team / "app")
    assert done.returncode == 0, done.stderr
    page = (team / ".atalaya/site/_build/html/1.1.1/index.html").read_text(encoding="utf-8")
    assert "aris3-client-sdk releases</title>" in page
