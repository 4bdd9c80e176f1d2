"""Records a published verdict and the segment manifest behind the evidence."""

from __future__ import annotations

from msgspec.structs import replace

from atalaya.cli.context import Context
from atalaya.cli.recording import append_evidence, new_metadata
from atalaya.records.judged import Judgement
from atalaya.records.stored import Evidence, Metadata, Release, SegmentManifest, VerdictRecord, happened_at


def say(place: Context, release: Release, judgement: Judgement) -> Judgement:
    """Keep the verdict if it is news, and the names of the segments that nobody has named yet."""
    from atalaya.watch.decisions import is_news

    verdict = judgement.verdict
    kept: list[Evidence] = []
    metadata = new_metadata(release)  # of both, so that the verdict is known to rest on what the roll names
    if is_news(judgement):
        said = VerdictRecord(
            **happened_at(metadata, judgement.as_of),
            word=verdict.word,
            rule=verdict.rule,
            verdict=judgement.digest,
            because=tuple(str(reason) for reason in verdict.because),
        )
        kept.append(said)
        judgement = replace(judgement, said=(*judgement.said, said))
    kept += _roll(place, release, metadata)
    if kept:
        append_evidence(place, release, kept)
    return judgement


def call_the_roll(place: Context, release: Release) -> None:
    """Keep the names of the segments that nobody has named yet: one that is taken away from now on is missed."""
    if kept := _roll(place, release, new_metadata(release)):
        append_evidence(place, release, kept)


def _roll(place: Context, release: Release, metadata: Metadata) -> list[SegmentManifest]:
    from atalaya.evidence.ledger import manifest

    names, digests = manifest.unnamed(place.releases / release.version / "evidence")
    return [SegmentManifest(**metadata, segments=names, digests=digests)] if names else []
