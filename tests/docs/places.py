"""Project folders in the states that the guides describe, in which the commands of the pages are run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from atalaya.mock_server.control import Control
from atalaya.mock_server.server_process import ServiceProcess
from tests.cli.test_notify import Receiver
from tests.commands import ROOT, run
from tests.docs.building import Site
from tests.evidence.index import Index, wheel
from tests.other_sdks.renamed.derive import ADAPTER, derive
from tests.ours import PACK, REFERENCE
from tests.sync.clones import NOBODY, Shared, git, opened
from tests.sync.github import serving

_KEPT = tempfile.TemporaryDirectory(prefix="atalaya-places-")
SDK = Path("path/to/your/sdk")
HOURS = 30  # since T+0, where the window is open
REPORT = """<testsuite name="s" timestamp="{at}">
<testcase classname="c" name="good"/><testcase classname="c" name="also_good"/></testsuite>"""
LOG = "{at} ERROR timed out after 60 s waiting for job 17\n"


class Place(NamedTuple):
    """A project's folder, what a command finds in the environment there, and what its placeholders stand for."""

    root: Path
    environ: Mapping[str, str] = MappingProxyType({})
    values: Mapping[str, str] = MappingProxyType({})


Make = Callable[[Path], AbstractContextManager[Place]]


def _at(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")


def _done(*arguments: str, root: Path) -> str:
    done = run(*arguments, root=root, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _copied(root: Path, name: str, make: Callable[[Path], None]) -> Path:
    """A project as ``make`` makes it: once, since most commands begin from the same."""
    kept = Path(_KEPT.name) / name
    if not kept.exists():
        make(kept)
    return shutil.copytree(kept, root, dirs_exist_ok=True)


def _began(root: Path, hours: float) -> Path:
    """A project with CI's reports and a log, and a release that has taken them in."""
    return _copied(root, f"began-{hours}", lambda kept: _begin(kept, hours))


def _begin(root: Path, hours: float) -> None:
    (root / "path" / "to" / "reports").mkdir(parents=True)
    (root / "docs" / "releases").mkdir(parents=True)
    at = _at(hours - 1)
    (root / "path" / "to" / "reports" / "good.xml").write_text(REPORT.format(at=at), encoding="utf-8")
    (root / "smoke.log").write_text(LOG.format(at=at), encoding="utf-8")
    (root / "watch.toml").write_text('[ci]\njunit = ["path/to/reports"]\n', encoding="utf-8")
    _done("release", "open", "1.1.0", "--commit", "0123abc", "--at", _at(hours), root=root)
    _done("collect", "--release", "1.1.0", root=root)


@contextmanager
def empty(folder: Path) -> Iterator[Place]:
    """Nothing but a folder for releases."""
    (folder / "docs" / "releases").mkdir(parents=True)
    yield Place(folder)


@contextmanager
def just_opened(folder: Path) -> Iterator[Place]:
    """A release whose watch was opened, and nothing more."""
    (folder / "docs" / "releases").mkdir(parents=True)
    _done("release", "open", "1.1.0", "--commit", "0123abc", root=folder)
    yield Place(folder)


@contextmanager
def watched(folder: Path) -> Iterator[Place]:
    """A release whose window is open, with an incident whose fix has to be shown."""
    root = _copied(folder, "watched", _hurt)
    yield Place(root, values={"ID": _incident(root), "[ID]": ""})


@contextmanager
def hurt(folder: Path) -> Iterator[Place]:
    """A release whose window is open, with an incident that is open."""
    root = _began(folder, HOURS)
    _open_one(root)
    yield Place(root, values={"ID": _incident(root)})


@contextmanager
def older(folder: Path) -> Iterator[Place]:
    """A release whose window is open, with the page of an incident as an older Atalaya wrote it."""
    root = _began(folder, HOURS)
    _open_one(root)
    page = next((root / "docs" / "releases" / "1.1.0" / "incidents").glob("*.md"))
    page.write_text(f"---\nid: {_incident(root)}\nfix: emptied\n---\n{page.read_text()}")
    yield Place(root)


def _incident(root: Path) -> str:
    return next((root / "docs" / "releases" / "1.1.0" / "incidents").glob("*.md")).stem.upper()


def _open_one(root: Path) -> None:
    _done("release", "incident", "new", "--impact", "slow", "--severity", "major", root=root)


def _hurt(kept: Path) -> None:
    root = _began(kept, HOURS)
    _open_one(root)
    incident = _incident(root)
    why = ("--root-cause", "a cache", "--fix", "emptied", "--why", "it is out")
    _done("release", "incident", incident, "--state", "monitoring", *why, root=root)


@contextmanager
def over(folder: Path) -> Iterator[Place]:
    """A release whose window has ended."""
    yield Place(_began(folder, 73))


@contextmanager
def taken_back(folder: Path) -> Iterator[Place]:
    """A release that its users were taken back from."""
    root = _began(folder, HOURS)
    _done("release", "decide", "roll-back", "--why", "it loses data", root=root)
    yield Place(root)


@contextmanager
def sealed(folder: Path) -> Iterator[Place]:
    """A release that is closed."""
    yield Place(_copied(folder, "sealed", _close))


def _close(kept: Path) -> None:
    _done("release", "close", "--why", "it is over", root=_began(kept, 73))


@contextmanager
def rehearsed(folder: Path) -> Iterator[Place]:
    """The rehearsals of this tree."""
    shutil.copytree(ROOT / "docs" / "releases" / "rehearsal-2", folder / "docs" / "releases" / "rehearsal-2")
    yield Place(folder, values={"VERSION": "rehearsal-2", "TIME": "2026-11-03T09:00:00Z"})


@contextmanager
def with_sdk(folder: Path) -> Iterator[Place]:
    """The source of an SDK."""
    shutil.copytree(REFERENCE.parent, folder / SDK, ignore=shutil.ignore_patterns("__pycache__"))
    yield Place(folder, values={"PATH_OR_REQUIREMENT": str(SDK)})


@contextmanager
def renamed(folder: Path) -> Iterator[Place]:
    """The source of an SDK of other names, and the adapter that the guide shows."""
    (folder / SDK.parent).mkdir(parents=True)
    derive(REFERENCE.parent, folder).rename(folder / SDK)
    shutil.copy2(ADAPTER, folder / "adapter.toml")
    yield Place(folder)


@contextmanager
def many(folder: Path) -> Iterator[Place]:
    """A list of two repositories: one whose release is watched, and one that has none yet."""
    (folder / "billing" / "docs" / "releases").mkdir(parents=True)
    _began(folder / "orders", HOURS)
    (folder / "docs" / "releases").mkdir(parents=True)
    listed = '[[source]]\npath = "orders"\n\n[[source]]\npath = "billing"\n'
    (folder / "fleet.toml").write_text(listed, encoding="utf-8")
    yield Place(folder)


@contextmanager
def served(folder: Path) -> Iterator[Place]:
    """A service that listens, and what it asks its callers for."""
    secrets = {"ATALAYA_SERVICE_ACCESS_TOKEN": "tok", "ATALAYA_SERVICE_STORE_ID": "s-1"}
    with (
        ServiceProcess(pack=PACK.folder) as service,
        Control(service.control_port) as control,
        control.open_scope() as scope,
    ):
        scope.default_life("CREATED", "READY")
        yield Place(folder, secrets, {"URL": scope.base_url})


@contextmanager
def published(folder: Path) -> Iterator[Place]:
    """An open release whose package is on an index."""
    index = Index()
    index.publish("acme-sdk", "acme_sdk-1.1.0-py3-none-any.whl", wheel("acme-sdk", "1.1.0"))
    root = _began(folder, HOURS)
    with (root / "watch.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[artefact]\nproject = "acme-sdk"\nindex = "{index.url}"\n')
    yield Place(root)
    index.close()


@contextmanager
def listening(folder: Path) -> Iterator[Place]:
    """An open release, and a chat that listens at the address in a file."""
    receiver = Receiver()
    (folder / ".atalaya-webhook").write_text(receiver.url, encoding="utf-8")
    yield Place(_began(folder, HOURS), {"HOME": str(folder), "ATALAYA_NOTIFY_WEBHOOK": receiver.url})
    receiver.server.shutdown()
    receiver.server.server_close()


def _cloned(folder: Path, *, pushed: bool) -> tuple[Shared, Path]:
    """A shared repository, and a clone with a release that is open."""
    made = Shared(folder)
    root = made.clone("mine")
    opened(root, "1.1.0", datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    if pushed:
        _done("sync", "push", root=root)
    return made, root


@contextmanager
def unshared(folder: Path) -> Iterator[Place]:
    """A clone with a release that is on no branch yet."""
    yield Place(_cloned(folder, pushed=False)[1], NOBODY)


@contextmanager
def joining(folder: Path) -> Iterator[Place]:
    """A clone of somebody who has nothing of the shared release yet."""
    made, _ = _cloned(folder, pushed=True)
    yield Place(made.clone("theirs"), NOBODY)


@contextmanager
def edited(folder: Path) -> Iterator[Place]:
    """A clone in which somebody has edited a page that is on the branch."""
    _, root = _cloned(folder, pushed=True)
    (root / "docs" / "releases" / "1.1.0" / "t00.md").write_text("# T+0\n\nAll was well.\n", encoding="utf-8")
    yield Place(root, NOBODY)


@contextmanager
def proposing(folder: Path) -> Iterator[Place]:
    """A clone whose branch has a sealed release, and a GitHub to propose it to."""
    made, root = _cloned(folder, pushed=True)
    made.commit("1.1.0/seal.json", "{}\n")
    token = {"GITHUB_TOKEN": "ghs_0123456789abcdef0123", "GITHUB_REPOSITORY": "acme/sdk"}
    with serving() as github:
        yield Place(root, NOBODY | {"GITHUB_API_URL": github.url} | token)


@contextmanager
def moved(folder: Path) -> Iterator[Place]:
    """The clone in which the release was opened, and a main branch that has moved since the evidence branch began."""
    made, root = _cloned(folder, pushed=True)
    other = made.clone("other")
    (other / "README.md").write_text("the project, changed\n", encoding="utf-8")
    git(other, "commit", "-qam", "Change")
    git(other, "push", "-q", "origin", "main")
    yield Place(root, NOBODY)


@contextmanager
def site(folder: Path) -> Iterator[Place]:
    """The docs of this tree with few of their pages: what all of them come to, tests of the whole site see."""
    made = Site(folder).copy_docs()
    (made.docs / "releases").mkdir()
    for name in ("guides", "concepts"):
        shutil.rmtree(made.docs / name)
    for page in (made.docs / "reference").glob("*.md"):
        if page.stem not in ("metrics", "promises", "rules", "settings"):
            page.unlink()
    front = (made.docs / "index.md").read_text(encoding="utf-8").partition("## What it does")[0]
    listed = "```{toctree}\n:hidden:\n:glob:\n\nreference/*\n```\n"
    (made.docs / "index.md").write_text(front + listed, encoding="utf-8")
    yield Place(folder)
