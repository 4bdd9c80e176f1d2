"""Tests that the evidence of many runners is merged into one branch, never lost or changed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from atalaya.core.errors import EvidenceError, NetworkError, ReleaseError, UsageError
from tests.commands import ROOT
from tests.sync.clones import NOBODY, T0, Shared, git, opened, seen


def test_a_branch_that_is_not_there_begins_from_the_commit_that_is_checked_out(shared: Shared) -> None:
    assert git(shared.bare, "rev-parse", "evidence~1") == git(shared.bare, "rev-parse", "main")
    assert {
        "docs/releases/1.1.1/release.toml",
        "docs/releases/1.1.1/t00.md",
        "docs/releases/1.1.1/incidents.md",
    } == shared.files()


def test_what_one_runner_saw_another_one_gets_to_the_byte(shared: Shared) -> None:
    one, other = shared.clone("one"), shared.clone("other")
    git(other, "config", "core.autocrlf", "true")
    shared.pull(one)
    segment = seen(one, "one")
    shared.push(one)
    shared.pull(other)
    assert segment.read_bytes() == (other / segment.relative_to(one)).read_bytes()


def test_nothing_new_makes_no_commit(shared: Shared) -> None:
    before = git(shared.bare, "rev-parse", "evidence")
    root = shared.clone("one")
    shared.pull(root)
    shared.push(root)
    assert git(shared.bare, "rev-parse", "evidence") == before


def test_five_runners_at_once_lose_nothing_of_each_others(shared: Shared) -> None:
    roots = [shared.clone(f"runner-{number}") for number in range(5)]
    for root in roots:
        shared.pull(root)
    segments = {f"docs/releases/1.1.1/evidence/{seen(root, root.name).name}" for root in roots}
    # In processes of their own, so that they really race; judging is left out, or the test would take a minute.
    code = (
        "import sys; from pathlib import Path; from atalaya.sync.branch import Branch; "
        "Branch(Path(sys.argv[1]), 'origin', 'evidence', print).push(message='', edited=False, visible=lambda: 'v')"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(root)], cwd=ROOT, env={**os.environ, **NOBODY})
        for root in roots
    ]
    assert [one.wait(timeout=600) for one in running] == [0] * 5
    assert segments <= shared.files()
    assert git(shared.bare, "rev-list", "--count", "main..evidence") == "6"


def test_a_runner_that_is_overtaken_each_time_gives_up_in_words(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    seen(root, "one")

    def faster() -> str:
        other = shared.clone(f"faster-{len(list(shared.folder.iterdir()))}")
        shared.pull(other)
        seen(other, other.name)
        shared.push(other)
        return "v"

    with pytest.raises(NetworkError, match="somebody else was faster on evidence"):
        shared.branch(root).push(message="", edited=False, visible=faster, tries=2)


def test_a_clone_without_a_history_pulls_and_pushes(shared: Shared) -> None:
    root = shared.clone("shallow", "--depth=1")
    shared.pull(root)
    segment = seen(root, "one")
    shared.push(root)
    assert f"docs/releases/1.1.1/evidence/{segment.name}" in shared.files()
    assert git(root, "rev-parse", "--is-shallow-repository") == "true"


def test_a_clone_with_a_whole_history_keeps_it(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    assert git(root, "rev-parse", "--is-shallow-repository") == "false"


def test_what_a_rewritten_branch_has_lost_is_put_back_and_said(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    segment = seen(root, "one")
    shared.push(root)
    git(shared.bare, "update-ref", "refs/heads/evidence", git(shared.bare, "rev-parse", "evidence~1"))
    lost = shared.files()
    shared.commit("1.1.1/notes.md", "after\n")
    shared.push(root)
    assert f"docs/releases/1.1.1/evidence/{segment.name}" not in lost
    assert {f"docs/releases/1.1.1/evidence/{segment.name}", "docs/releases/1.1.1/notes.md"} <= shared.files()
    assert [line for line in shared.said if "1 files that the branch had lost were put back" in line] != []


def test_a_pull_says_what_the_branch_has_lost(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    segment = seen(root, "one")
    shared.push(root)
    git(shared.bare, "update-ref", "refs/heads/evidence", git(shared.bare, "rev-parse", "evidence~1"))
    shared.pull(root)
    assert (
        f"  evidence has lost 1 files that are here: 1.1.1/evidence/{segment.name}. Push puts them back." in shared.said
    )
    assert segment.exists()


def test_a_branch_that_was_deleted_is_made_again_with_all_that_is_here(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    before = shared.files()
    git(shared.bare, "update-ref", "-d", "refs/heads/evidence")
    shared.push(root)
    assert shared.files() == before


def test_a_segment_altered_on_the_branch_stops_pull_and_push_and_is_named(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    segment = seen(root, "one")
    shared.push(root)
    shared.commit(f"1.1.1/evidence/{segment.name}", "{}\n")
    for act in (shared.pull, shared.push):
        with pytest.raises(EvidenceError, match=f"{segment.name}: its bytes here are not those on evidence"):
            act(root)
    assert shared.content(f"1.1.1/evidence/{segment.name}") == "{}"
    assert segment.read_text() != "{}\n"


def test_what_a_watch_began_as_is_the_same_for_all(shared: Shared) -> None:
    root = shared.clone("one")
    opened(root, opened_at=T0 + timedelta(hours=1))
    with pytest.raises(EvidenceError, match=r"release\.toml"):
        shared.push(root)


def test_of_two_runners_that_open_the_same_incident_the_first_ones_page_stays(shared: Shared) -> None:
    one, other = shared.clone("one"), shared.clone("other")
    for root in (one, other):
        shared.pull(root)
        (root / "docs/releases/1.1.1/incidents").mkdir(exist_ok=True)
        (root / "docs/releases/1.1.1/incidents/inc-1.md").write_text(f"by {root.name}\n")
    segment = seen(other, "other")
    shared.push(one)
    shared.push(other)
    assert shared.content("1.1.1/incidents/inc-1.md") == "by one"
    assert f"docs/releases/1.1.1/evidence/{segment.name}" in shared.files()
    assert [line for line in shared.said if "those of evidence stay: 1.1.1/incidents/inc-1.md" in line] != []


def test_a_persons_edit_of_a_page_is_pushed_where_it_is_asked_for(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    (root / "docs/releases/1.1.1/t00.md").write_text("# T+0, read\n")
    shared.push(root)
    before = shared.content("1.1.1/t00.md")
    shared.push(root, edited=True)
    assert (before, shared.content("1.1.1/t00.md")) == ("# T+0", "# T+0, read")


def test_a_page_that_nobody_edited_here_follows_the_branch(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    shared.commit("1.1.1/t00.md", "# T+0, read\n")
    assert shared.pull(root) == ("1.1.1/t00.md",)
    assert (root / "docs/releases/1.1.1/t00.md").read_text() == "# T+0, read\n"


def test_a_page_edited_on_both_sides_is_thrown_away_on_neither(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    page = root / "docs/releases/1.1.1/t00.md"
    page.write_text("# mine\n")
    shared.commit("1.1.1/t00.md", "# theirs\n")
    for act in (lambda: shared.pull(root), lambda: shared.push(root, edited=True)):
        with pytest.raises(ReleaseError, match=r"1\.1\.1/t00\.md: edited here and on evidence too"):
            act()
    assert (page.read_text(), shared.content("1.1.1/t00.md")) == ("# mine\n", "# theirs")


def test_to_a_release_that_is_sealed_on_the_branch_nothing_is_added_and_that_is_said(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    shared.commit("1.1.1/seal.json", "{}\n")
    sealed = shared.files()
    segment = seen(root, "late")
    plan = shared.push(root)
    assert (plan.late, shared.files()) == ((f"1.1.1/evidence/{segment.name}",), sealed)
    assert [line for line in shared.said if "after their release was sealed" in line] != []
    with pytest.raises(ReleaseError, match="the release is sealed on evidence"):
        shared.push(root, edited=True)


def test_of_two_people_who_close_at_once_the_second_is_told(shared: Shared) -> None:
    roots = [shared.clone("one"), shared.clone("other")]
    for root in roots:
        shared.pull(root)
        (root / "docs/releases/1.1.1/seal.json").write_text(f'"{root.name}"\n')
    shared.push(roots[0])
    with pytest.raises(ReleaseError, match="the release is sealed on evidence"):
        shared.push(roots[1])
    assert shared.content("1.1.1/seal.json") == '"one"'


def test_a_seal_that_misses_what_a_runner_added_meanwhile_is_not_pushed(shared: Shared) -> None:
    closer, runner = shared.clone("closer"), shared.clone("runner")
    for root in (closer, runner):
        shared.pull(root)
    (closer / "docs/releases/1.1.1/seal.json").write_text("{}\n")
    seen(runner, "meanwhile")
    shared.push(runner)
    with pytest.raises(ReleaseError, match="it was closed here without"):
        shared.push(closer)
    assert "docs/releases/1.1.1/seal.json" not in shared.files()


def test_a_page_that_was_edited_on_the_branch_is_not_written_under_a_seal_made_here(shared: Shared) -> None:
    closer = shared.clone("closer")
    shared.pull(closer)
    (closer / "docs/releases/1.1.1/seal.json").write_text("{}\n")
    shared.commit("1.1.1/t00.md", "# T+0, read\n")
    with pytest.raises(ReleaseError, match=r"it was closed here without 1\.1\.1/t00\.md"):
        shared.push(closer)
    assert (closer / "docs/releases/1.1.1/t00.md").read_text() == "# T+0\n"


def test_a_seal_over_edited_pages_needs_the_pages_too(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    (root / "docs/releases/1.1.1/seal.json").write_text("{}\n")
    (root / "docs/releases/1.1.1/incidents.md").write_text("# none\n")
    with pytest.raises(ReleaseError, match="Push with --edited"):
        shared.push(root)
    shared.push(root, edited=True)
    assert {"docs/releases/1.1.1/seal.json"} <= shared.files()


def test_watches_of_one_machine_and_rehearsals_of_the_project_are_not_shared(shared: Shared) -> None:
    root = shared.clone("one")
    rehearsal = opened(root, "rehearsal-9")
    (rehearsal / "release.toml").write_text(
        (rehearsal / "release.toml").read_text().replace("rehearsal = false", "rehearsal = true")
    )
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Rehearse")
    opened(root, "local-1.1.1")
    shared.push(root)
    assert {path.split("/")[2] for path in shared.files()} == {"1.1.1"}


def test_a_link_in_this_tree_is_refused(shared: Shared, tmp_path: Path) -> None:
    root = shared.clone("one")
    shared.pull(root)
    (root / "docs/releases/1.1.1/notes.md").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="a link or no plain file"):
        shared.push(root)


@pytest.mark.parametrize("name", ["a b.md", "a\nb.md", "-rf.md", "$(id).md", "é.md"])
def test_a_name_that_a_shell_or_a_page_could_misread_is_refused(shared: Shared, name: str) -> None:
    root = shared.clone("one")
    shared.commit(f"1.1.1/{name}", "x\n")
    with pytest.raises(UsageError, match="no name for a file of a release"):
        shared.pull(root)


def test_a_link_on_the_branch_is_refused_and_nothing_is_written_through_one_here(
    shared: Shared, tmp_path: Path
) -> None:
    root, outside = shared.clone("one"), tmp_path / "outside"
    outside.mkdir()
    (root / "docs/releases").mkdir(parents=True)
    (root / "docs/releases/1.1.1").symlink_to(outside)
    with pytest.raises(UsageError, match="link"):
        shared.pull(root)
    assert list(outside.iterdir()) == []
    (root / "docs/releases/1.1.1").unlink()
    (root / "docs/releases").rmdir()
    (root / "docs/releases").symlink_to(outside)
    with pytest.raises(UsageError, match="link"):
        shared.pull(root)
    assert list(outside.iterdir()) == []
    (root / "docs/releases").unlink()
    (root / "docs/releases").mkdir()
    other = shared.clone("linking")
    git(other, "checkout", "-q", "evidence")
    (other / "docs/releases/1.1.1/x.md").symlink_to("/etc/hostname")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "Link")
    git(other, "push", "-q", "origin", "evidence")
    with pytest.raises(UsageError, match="a link or no plain file"):
        shared.pull(root)


def test_a_remote_that_takes_nothing_says_why_at_once(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)
    seen(root, "one")
    hook = shared.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho the branch is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(UsageError, match="the branch is protected"):
        shared.push(root)


def test_a_name_that_git_would_take_for_an_option_is_refused(shared: Shared) -> None:
    from atalaya.sync.branch import Branch

    with pytest.raises(UsageError, match="cannot be names"):
        Branch(shared.clone("one"), "--upload-pack=id", "evidence", print)
