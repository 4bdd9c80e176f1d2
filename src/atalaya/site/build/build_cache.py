"""A cache of judgements and pages, which are made again only when their inputs change.

A judgement is a pure function of what lies in the tree, so the digest of all that names its result. What has
been published is kept under that digest in ``docs/_build/published``, which git ignores, as Sphinx keeps its own
pickles beside it: a closed release costs a few digests, however much evidence it has. Without the store everything
is made anew, with the same bytes.

The clock is an input of one kind: which instant a watch is judged as of depends on whether its window has ended by
now. So what is kept says from when until when the same tree is judged as of the same instant.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from atalaya.core.settings import Settings
from atalaya.core.source_digest import digest, files, program, versions
from atalaya.core.whole_file import write_whole
from atalaya.core.window import ends_at
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release, WatchTransition
from atalaya.watch.baseline import Recall, Tried, candidates
from atalaya.watch.judgement import is_superseded
from atalaya.watch.seal import all_followers, disputed_by
from atalaya.watch.seal import digest_of as seal_digest
from atalaya.watch.states import CLOSED, INVALID

TOOLS = ("babel", "duckdb", "jinja2", "msgspec", "scipy")

# What lies elsewhere than in the folder of that name below ``_generated``.
BESIDE = {"reference": ("reference/promises", "reference/rules")}


class Valid(NamedTuple):
    """When, by the clock, the same tree is judged as of the same instant: from ``since`` until before ``until``."""

    since: datetime
    until: datetime


ALWAYS = Valid(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Kept(NamedTuple):
    """What was made, from what, the files that were written of it, and when it may be used again.

    ``baseline`` is the release that a judgement is compared with; empty where there is none.
    """

    made_from: str
    baseline: str
    judgement: Judgement | None
    files: tuple[str, ...]
    valid: Valid


class KeptTry(NamedTuple):
    """What a release came to as a baseline as of an instant, and from what it was judged."""

    made_from: str
    as_of: datetime
    tried: Tried

    def holds(self, as_of: datetime) -> bool:
        """Whether it comes to the same as of another instant."""
        return as_of == self.as_of or self.tried.settled_at <= min(as_of, self.as_of)


class Store:
    """What has been published into one docs folder, under these settings, by the checks of one pack."""

    def __init__(self, docs: Path, releases: Path, settings: Settings, pack: Path) -> None:
        self.docs, self.releases, self.settings, self.pack = docs, releases, settings, pack
        # A release is read for itself, and for those that may be compared with it.
        self.digest = cache(digest)
        self.state = cache(self._state_of)

    def release(
        self, release: Release, releases: Sequence[Release], make: Callable[[], Judgement], *, now: datetime
    ) -> Judgement:
        """The judgement of one of the releases; ``make`` judges it and writes its fragments, unless that is kept.

        :param now: what the clock said when the build began.
        """
        made_from = self._inputs(release, releases)  # read before it is judged: a tree may change meanwhile
        kept = self._read(release.version, lambda kept: made_from(kept.baseline))
        if kept is None or kept.judgement is None or not kept.valid.since <= now < kept.valid.until:
            judgement = make()
            self._keep(release.version, made_from(judgement.baseline), judgement, valid(judgement, now))
            return judgement
        return kept.judgement

    def _inputs(self, release: Release, releases: Sequence[Release]) -> Callable[[str], str]:
        """What a judgement is made from, by the release that turned out to be its baseline.

        Its own folder, and those of the releases that were tried as its baseline. Of all others only whether one was
        opened since, and whether one began from another seal.
        """
        fixed = self._fixed(release, releases)
        own, *others = [(one.version, self.state(one.version)) for one in (release, *candidates(releases, release))]

        def made_from(baseline: str) -> str:
            names = [name for name, _ in others]
            tried = others[: names.index(baseline) + 1] if baseline in names else others
            return _made_from([*fixed, *(part for one in (own, *tried) for part in one)])

        return made_from

    def _fixed(self, release: Release, releases: Sequence[Release]) -> list[str]:
        """What a judgement is made from beside folders of releases."""
        is_past = is_superseded(self.releases / release.version, release, releases)
        return [msgspec.json.encode(self.settings).decode(), self.digest(self.pack), str(is_past)]

    def recall(self, releases: Sequence[Release]) -> Recall:
        """Keeps what each of the releases came to as a baseline.

        Where none was accepted, all of them are tried for each judgement of a later one: each is read once.
        """
        known: dict[str, object] = {}

        def recalled(other: Release, as_of: datetime, judge: Callable[[], Tried]) -> Tried:
            made_from = _made_from([*self._fixed(other, releases), self.state(other.version)])
            file = self.docs / "_build" / "accepted" / other.version
            if other.version not in known:
                known[other.version] = _unpickled(file)
            kept = known[other.version]
            if isinstance(kept, KeptTry) and kept.made_from == made_from and kept.holds(as_of):
                return kept.tried
            tried = judge()
            known[other.version] = new = KeptTry(made_from, as_of, tried)
            write_whole(file, pickle.dumps(new))
            return tried

        return recalled

    def _state_of(self, version: str) -> str:
        """A release's folder, and which others began from another seal than the one in it."""
        folder = self.releases / version
        disputed = disputed_by(self._followers.get(version, ()), seal_digest(folder))
        return "\0".join((self.digest(folder), *(step.run_id for step in disputed)))

    @cached_property
    def _followers(self) -> dict[str, tuple[WatchTransition, ...]]:
        return all_followers(self.releases)

    def reference(self, inputs: Iterable[Path], make: Callable[[], object]) -> None:
        """The generated part of the reference, which ``make`` writes from the code and from these files."""
        made_from = _made_from([self.digest(self.pack), *(digest(file) for file in inputs if file.is_file())])
        if self._read("reference", lambda _: made_from) is None:
            make()
            self._keep("reference", made_from, None)

    def _read(self, name: str, made_from: Callable[[Kept], str]) -> Kept | None:
        """What is kept, if it was made from the same and all that was written is there still."""
        kept = _unpickled(self._file(name))
        if not isinstance(kept, Kept) or kept.files != self._written(name) or kept.made_from != made_from(kept):
            return None
        return kept

    def _keep(self, name: str, made_from: str, judgement: Judgement | None, valid: Valid = ALWAYS) -> None:
        baseline = judgement.baseline if judgement else ""
        kept = Kept(made_from, baseline, judgement, self._written(name), valid)
        write_whole(self._file(name), pickle.dumps(kept))

    def _file(self, name: str) -> Path:
        return self.docs / "_build" / "published" / name

    def _written(self, name: str) -> tuple[str, ...]:
        folders = [self.docs / "_generated" / name, *(self.docs / one for one in BESIDE.get(name, ()))]
        return tuple(file.relative_to(self.docs).as_posix() for folder in folders for file in files(folder))


def valid(judgement: Judgement, now: datetime) -> Valid:
    """When the tree that was judged ``now`` is judged as of the same instant, if it stays as it is.

    A watch that was closed, and a rehearsal, for ever. Others until their window ends, and after that for ever; and
    never where a record lies ahead of the clock, since its time comes between two builds.
    """
    release = judgement.release
    if release.rehearsal or judgement.state in (CLOSED, INVALID):
        return ALWAYS
    if judgement.as_of >= now:
        return Valid(now, now)
    ends = ends_at(release)
    return Valid(judgement.as_of, ends if now < ends else ALWAYS.until)


def _unpickled(file: Path) -> object:
    try:
        return pickle.loads(file.read_bytes())  # our own, as Sphinx's beside it
    except Exception:  # there is none, or another version wrote it: it is made again
        return None


def _made_from(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join((*versions(TOOLS), program(), *parts)).encode()).hexdigest()
