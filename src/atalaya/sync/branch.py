"""Merges the evidence of many runners into one shared branch without losing any.

By adding only. A commit is the branch's newest tree and the files that it has not; where somebody was faster it is
made anew on theirs. Nothing is ever forced. What a person edits on purpose is another matter, and asked for by name;
and what a redaction took away goes from the branch too, and never comes back from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import stamina

from atalaya.core import environment, places
from atalaya.core.errors import EvidenceError, NetworkError, ReleaseError, UsageError
from atalaya.core.words import first_of
from atalaya.evidence.ledger import atomic_write, ledger, naming
from atalaya.evidence.ledger.redaction import removed_by
from atalaya.records.stored import Redaction
from atalaya.sync.changed import TRAILER
from atalaya.sync.git import Git, failure
from atalaya.watch.folder import LOCAL, load
from atalaya.watch.seal import NAME as SEAL

TOML = "release.toml"
TRIES = 24
PATIENCE_S = 600.0
# A name that means the same to each shell, file system and page. A dot in front hides a file, and is left out.
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}", re.ASCII)
DEEPEST = 6
# What the other side says where somebody was faster.
OVERTAKEN = ("[rejected]", "cannot lock ref", "failed to update ref", "incorrect old value", "already exists")

Files = Mapping[str, str]  # a path below the folder of releases, and the name that git gives to its bytes
Echo = Callable[[str], None]


class Overtaken(NetworkError):
    """Somebody was faster: made anew on theirs, it may go through."""


class Tip(NamedTuple):
    """The branch as it is now. ``commit`` is empty where there is no such branch yet."""

    commit: str
    files: Files


class Plan(NamedTuple):
    """What a push does with each file that the branch has not, or has with other bytes."""

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()  # edited here, and the branch's is kept
    late: tuple[str, ...] = ()  # of a folder that is sealed on the branch
    redacted: tuple[str, ...] = ()  # on the branch still


class Redactions(NamedTuple):
    """What redactions took away, without times of recording, and what stands there since, with its digest."""

    gone: frozenset[str]
    made: frozenset[tuple[str, str]]


class Branch:
    """The shared branch of one remote, as seen from one working tree."""

    def __init__(self, root: Path, remote: str, name: str, echo: Echo) -> None:
        self.git, self.remote, self.name, self._echo = Git(root), remote, name, echo
        self.releases = places.releases_of(root)
        self.below = self.releases.relative_to(root).as_posix()
        named = not remote.startswith("-") and not name.startswith("-")
        if not named or self.git.tried("check-ref-format", f"refs/heads/{name}")[0]:
            raise UsageError(f"--remote {remote!r} --branch {name!r}: these cannot be names. Give others.")
        below = PurePosixPath(self.below)
        if any((root / part).is_symlink() for part in (below, *below.parents)):
            raise UsageError(f"{self.releases}: a link leads out of the project. Take it away.")
        self._fetched, self._seen = f"refs/atalaya/fetched/{name}", f"refs/atalaya/seen/{name}"
        self._head = self._files_of("HEAD")
        self._rehearsals = frozenset(self._rehearsals_of_head())

    # ── bringing ─────────────────────────────────────────────────────────────

    def pull(self) -> tuple[str, ...]:
        """Bring what the branch has and this tree has not; the paths that were brought.

        A page that nobody edited here follows the branch.

        :raises EvidenceError: a segment has other bytes here. :raises ReleaseError: a page was edited on both sides.
        """
        tip = self.fetch()
        if not tip.commit:
            self._echo(f"  {self.remote} has no branch {self.name} yet: there is nothing to bring")
            return ()
        brought, edited = self._bring(tip)
        seen = self._files_of(self._seen)
        both = [path for path in edited if tip.files[path] != self._base(path, seen)]
        if both:
            raise self._both(both)
        self._remember(tip.commit)
        if lost := [path for path in self._local() if path in seen and path not in tip.files]:
            self._echo(
                f"  {self.name} has lost {len(lost)} files that are here: {first_of(lost)}. Push puts them back."
            )
        self._echo(f"  {self.name}: {len(brought)} files were brought")
        return brought

    def fetch(self) -> Tip:
        """The branch as the remote has it now."""
        code, out, said = self.git.tried("ls-remote", "--exit-code", "--heads", self.remote, f"refs/heads/{self.name}")
        if code == 2 and not out:
            return Tip("", self._head)
        if code:
            raise failure("ls-remote", said)
        # A whole clone stays whole, and one without a history is not made to fetch it.
        shallow = ["--depth=1"] if self.git.line("rev-parse", "--is-shallow-repository") == "true" else []
        self.git.output(
            "fetch", "--quiet", "--no-tags", *shallow, self.remote, f"+refs/heads/{self.name}:{self._fetched}"
        )
        return Tip(self.git.line("rev-parse", self._fetched), self._files_of(self._fetched))

    def _bring(self, tip: Tip) -> tuple[tuple[str, ...], list[str]]:
        """Write what is missing here. Returns it, and the pages that say something else here than there."""
        local, seen = self._local(), self._files_of(self._seen)
        shared = {path: blob for path, blob in tip.files.items() if self._is_ours(path)}
        gone = self._redacted().gone
        missing = [path for path in shared if path not in local and not _is_gone(path, gone)]
        differ = [path for path in shared if path in local and local[path] != shared[path]]
        _require_same([path for path in differ if _is_fixed(path)], where=self.name)
        follow = [path for path in differ if local[path] in (seen.get(path), self._head.get(path))]
        wanted = (*missing, *follow)
        self._require_whole_seals(wanted, local, tip.files)
        self._write({path: shared[path] for path in wanted})
        self._take_away(local)
        return wanted, [path for path in differ if path not in follow]

    def _require_whole_seals(self, wanted: Sequence[str], local: Files, there: Files) -> None:
        for path in wanted:
            seal = f"{path.split('/')[0]}/{SEAL}"
            if seal in local and seal not in there:
                raise ReleaseError(
                    f"{self.below}/{seal}: it was closed here without {path}, which is on {self.name}. Take the seal "
                    f"and what came with it away (git status shows it), pull, and close it again."
                )

    def _redacted(self) -> Redactions:
        """What redactions took away, and what they left, as the folders here say it."""
        gone: set[str] = set()
        made: set[tuple[str, str]] = set()
        for folder in self._folders():
            records = ledger.readable(folder / "evidence", Redaction)
            gone |= {f"{folder.name}/evidence/{name}" for name in removed_by(records)}
            made |= {(f"{folder.name}/{file.path}", file.sha256) for one in records for file in one.files}
        return Redactions(frozenset(gone), frozenset(made))

    def _take_away(self, local: Files) -> None:
        """Remove here what somebody redacted elsewhere."""
        gone = self._redacted().gone
        for path in local:
            if _is_gone(path, gone):
                (self.releases / path).unlink(missing_ok=True)

    def _write(self, wanted: Files) -> None:
        for path, content in zip(wanted, self._contents(list(wanted.values())), strict=True):
            file = self.releases / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if self.releases.resolve() not in file.parent.resolve().parents:
                raise UsageError(f"{file}: a link leads out of {self.below}. Take it away, and pull again.")
            atomic_write.put(file, content)

    def _contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """The bytes as they were committed, whatever the settings of this clone do to ends of lines."""
        if not blobs:
            return
        answer = self.git.output("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
        at = 0
        for _ in blobs:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split()[2])
            yield answer[end + 1 : end + 1 + size]
            at = end + size + 2

    # ── adding ───────────────────────────────────────────────────────────────

    def push(self, *, message: str, edited: bool, visible: Callable[[], str], tries: int = TRIES) -> Plan:
        """Add what this tree has and the branch has not, again and again until nobody was faster.

        :param edited: also what a person changed in pages, but never evidence, and nothing of a sealed folder.
        :param visible: the digest of what a reader of this tree sees; empty where that cannot be told.
        """
        logging.getLogger("stamina").setLevel(logging.ERROR)
        seen = self._files_of(self._seen)
        retry = stamina.retry_context(
            on=Overtaken, attempts=tries, timeout=PATIENCE_S, wait_initial=0.2, wait_max=8.0, wait_jitter=1.0
        )
        for attempt in retry:
            with attempt:
                return self._push_once(seen, message=message, edited=edited, visible=visible)
        raise AssertionError("a retry ends by returning or raising")

    def _push_once(self, seen: Files, *, message: str, edited: bool, visible: Callable[[], str]) -> Plan:
        tip = self.fetch()
        self._bring(tip)
        plan = self._plan(tip, seen, edited=edited)
        self._tell(plan)
        changed = (*plan.added, *plan.edited)
        if not changed and not plan.redacted:
            self._echo(f"  {self.name}: it has everything that is here")
            return plan
        parent = tip.commit or self.git.line("rev-parse", "HEAD")
        commit = self._commit(parent, changed, message, visible, without=plan.redacted)
        self._send(commit)
        self._remember(commit)
        back = [path for path in plan.added if path in seen]
        if back:
            self._echo(f"  {len(back)} files that the branch had lost were put back: {first_of(back)}")
        self._echo(f"  {self.name}: {len(plan.added)} files were added, {len(plan.edited)} edited")
        if plan.redacted:
            self._echo(f"  {len(plan.redacted)} redacted files were taken off the branch; its history has them still")
        return plan

    def _plan(self, tip: Tip, seen: Files, *, edited: bool) -> Plan:
        local = {path: blob for path, blob in self._local().items() if self._is_ours(path)}
        sealed = {path.split("/")[0] for path in tip.files if path.endswith(f"/{SEAL}") and path.count("/") == 1}
        redactions = self._redacted()
        added: list[str] = []
        late: list[str] = []
        differ: list[str] = []
        redacted: list[str] = []
        for path, blob in local.items():
            if path not in tip.files:
                is_late = path.split("/")[0] in sealed and not self._is_of_a_redaction(path, redactions)
                (late if is_late else added).append(path)
            elif tip.files[path] != blob:
                (redacted if self._is_of_a_redaction(path, redactions) else differ).append(path)
        _require_same([path for path in differ if _is_fixed(path)], where=self.name)
        closed = [path for path in differ if path.split("/")[0] in sealed]
        if (edited and (closed or late)) or any(path.endswith(f"/{SEAL}") for path in closed):
            raise ReleaseError(
                f"{first_of([*closed, *late])}: the release is sealed on {self.name}, and nothing is added to it. Take "
                f"away what was changed here (git status shows it), and pull."
            )
        if edited and (both := [path for path in differ if tip.files[path] != self._base(path, seen)]):
            raise self._both(both)
        new_seals = {path.split("/")[0] for path in added if path.endswith(f"/{SEAL}")}
        unpushed = [] if edited else [path for path in differ if path.split("/")[0] in new_seals]
        if unpushed:
            raise ReleaseError(
                f"{first_of(unpushed)}: edited here and not on {self.name}, and the seal is over it. "
                "Push with --edited."
            )
        return Plan(
            added=tuple(added),
            edited=(*redacted, *(differ if edited else ())),
            redacted=tuple(path for path in tip.files if self._is_ours(path) and _is_gone(path, redactions.gone)),
            stays=() if edited else tuple(differ),
            late=tuple(late),
        )

    def _is_of_a_redaction(self, path: str, redactions: Redactions) -> bool:
        """Whether a file is a redaction's record, or stands there as one of them says."""
        if path.split("/")[1:2] == ["evidence"] and path.split("/")[-1].startswith(f"{Redaction.kind}-"):
            return True
        return (path, hashlib.sha256((self.releases / path).read_bytes()).hexdigest()) in redactions.made

    def _tell(self, plan: Plan) -> None:
        if plan.stays:
            self._echo(
                f"  {len(plan.stays)} pages say something else here, and those of {self.name} stay: "
                f"{first_of(plan.stays)}. A person pushes theirs with --edited."
            )
        if plan.late:
            self._echo(
                f"  {len(plan.late)} files came after their release was sealed on {self.name}, and were not added: "
                f"{first_of(plan.late)}"
            )

    def _commit(
        self, parent: str, changed: Sequence[str], message: str, visible: Callable[[], str], without: Sequence[str] = ()
    ) -> str:
        names = [f"{self.below}/{path}" for path in changed]
        # --no-filters: the bytes as they lie there, which is what a segment's name is about.
        blobs = self.git.line(
            "hash-object", "-w", "--no-filters", "--stdin-paths", stdin="".join(f"{name}\n" for name in names).encode()
        ).split()
        with tempfile.TemporaryDirectory(prefix="atalaya-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git.output("read-tree", parent, env=index)
            rows = [f"100644 {blob}\t{self.git.prefix}{name}\0" for name, blob in zip(names, blobs, strict=True)]
            rows += [f"0 {'0' * 40}\t{self.git.prefix}{self.below}/{path}\0" for path in without]
            self.git.output("update-index", "-z", "--index-info", stdin="".join(rows).encode(), env=index)
            tree = self.git.line("write-tree", env=index)
        seen_as = visible()
        trailer = f"\n\n{TRAILER}: {digest_with_pages(self.git, tree, seen_as, self.below)}" if seen_as else ""
        text = f"{message or _message((*changed, *without))}{trailer}\n"
        return self.git.line("commit-tree", tree, "-p", parent, "-F", "-", stdin=text.encode(), env=self._identity())

    def _identity(self) -> Mapping[str, str]:
        """Who commits: as git knows them; on a runner it knows nobody."""
        if self.git.tried("var", "GIT_COMMITTER_IDENT")[0] == 0 and self.git.tried("config", "user.email")[0] == 0:
            return {}
        both = [(role, what) for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
        known = {"NAME": "Atalaya", "EMAIL": "atalaya@localhost"}
        given = environment.everything()
        return {f"GIT_{role}_{what}": given.get(f"GIT_{role}_{what}") or known[what] for role, what in both}

    def _send(self, commit: str) -> None:
        code, out, said = self.git.tried("push", "--porcelain", self.remote, f"{commit}:refs/heads/{self.name}")
        if code:
            told = out.decode("utf-8", "replace") + said
            if any(word in told for word in OVERTAKEN) and "hook declined" not in told:
                raise Overtaken(
                    f"git push: somebody else was faster on {self.name}, each time. Nothing is lost: run again."
                )
            raise failure("push", told)

    # ── which files there are ────────────────────────────────────────────────

    def _files_of(self, ref: str) -> dict[str, str]:
        """The files of releases in a commit; none where there is no such commit."""
        if self.git.tried("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")[0]:
            return {}
        below = f"{self.git.prefix}{self.below}/"
        rows = self.git.output("ls-tree", "-r", "-z", "--full-tree", ref, "--", below)
        found = {}
        for row in filter(None, rows.split(b"\0")):
            about, _, raw = row.partition(b"\t")
            mode, _, blob = about.decode().split()
            path = raw.decode("utf-8", "backslashreplace").removeprefix(below)
            if _is_shared(path):
                _require_safe(path, is_file=mode in ("100644", "100755"), where=ref)
                found[path] = blob
        return found

    def _local(self) -> dict[str, str]:
        """The files of this tree that may be shared, and the names that git would give them."""
        paths = [path for folder in sorted(self._folders()) for path in _walk(folder, self.releases)]
        names = "".join(f"{self.below}/{path}\n" for path in paths).encode()
        blobs = self.git.line("hash-object", "--no-filters", "--stdin-paths", stdin=names).split() if paths else []
        return dict(zip(paths, blobs, strict=True))

    def _folders(self) -> Iterator[Path]:
        for folder in self.releases.iterdir() if self.releases.is_dir() else ():
            if not _is_shared(folder.name) or (folder.is_file() and not folder.is_symlink()):
                continue
            _require_safe(folder.name, is_file=not folder.is_symlink(), where="this tree")
            if (folder / TOML).exists():
                yield folder

    def _is_ours(self, path: str) -> bool:
        """Whether it is shared: not of a rehearsal that came with the project itself."""
        return path.split("/")[0] not in self._rehearsals

    def _rehearsals_of_head(self) -> Iterator[str]:
        for path in self._head:
            if path.endswith(f"/{TOML}") and (self.releases / path).exists():
                with contextlib.suppress(ReleaseError):  # what cannot be read is told where it is judged
                    if load((self.releases / path).parent).rehearsal:
                        yield path.split("/")[0]

    def _base(self, path: str, seen: Files) -> str | None:
        """What a page was when it was last the same here and there."""
        return seen.get(path) or self._head.get(path)

    def _remember(self, commit: str) -> None:
        self.git.output("update-ref", self._seen, commit)

    def _both(self, paths: Sequence[str]) -> ReleaseError:
        page = f"{self.git.prefix}{self.below}/{paths[0]}"
        return ReleaseError(
            f"{first_of(paths)}: edited here and on {self.name} too, and neither is thrown away. Keep your text "
            f"elsewhere, take theirs with `git show {self._fetched}:{page} > {self.below}/{paths[0]}`, "
            f"pull, and edit it anew."
        )


def digest_with_pages(git: Git, tree: str, judged: str, releases: str) -> str:
    """What a reader can see: what was judged, and each page that people write."""
    rows = git.output("ls-tree", "-r", "-z", "--full-tree", tree, "--", f"{git.prefix}{releases}/").split(b"\0")
    pages = [row for row in rows if b"/evidence/" not in row]
    return hashlib.sha256(b"\0".join([judged.encode(), *pages])).hexdigest()


# ── names ────────────────────────────────────────────────────────────────────


def _is_shared(path: str) -> bool:
    """Not a watch of one machine, and nothing that is hidden: a file half-written, or another program's.

    >>> [_is_shared(path) for path in ("1.1.1/t00.md", "local-1/t00.md", "1.1.1/evidence/.segment-x.tmp")]
    [True, False, False]
    """
    return not path.startswith(LOCAL) and not any(part.startswith(".") and part.strip(".") for part in path.split("/"))


def _require_safe(path: str, *, is_file: bool, where: str) -> None:
    parts = path.split("/")
    if not is_file:
        raise UsageError(f"{path!r} in {where}: a link or no plain file, and none is shared. Take it away.")
    if len(parts) > DEEPEST or not all(SAFE.fullmatch(part) for part in parts):
        raise UsageError(
            f"{path!r} in {where}: no name for a file of a release. Use letters, digits, dots, plus, hyphens."
        )


def _walk(folder: Path, releases: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        path = file.relative_to(releases).as_posix()
        if not _is_shared(path):
            continue
        _require_safe(path, is_file=not file.is_symlink() and (file.is_file() or file.is_dir()), where="this tree")
        if file.is_dir():
            yield from _walk(file, releases)
        else:
            yield path


def _is_fixed(path: str) -> bool:
    """Whether a file never changes once it is there: evidence, and what a watch began as."""
    parts = path.split("/")
    return parts[1:2] == ["evidence"] or parts[1:] == [TOML]


def _is_gone(path: str, gone: frozenset[str]) -> bool:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{naming.identity(name)}" in gone


def _require_same(paths: Sequence[str], *, where: str) -> None:
    if paths:
        raise EvidenceError(
            f"{first_of(paths)}: its bytes here are not those on {where}, and evidence "
            f"never changes. One of them was altered: `atalaya evidence verify` says which; restore it."
        )


def _message(changed: Sequence[str]) -> str:
    releases = sorted({path.split("/")[0] for path in changed})
    return f"Add what was seen of {', '.join(releases)}"
