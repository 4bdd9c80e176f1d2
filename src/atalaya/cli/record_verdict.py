"""Records a published verdict and the segment manifest behind it."""

from __future__ import annotations

from msgspec.structs import replace

from atalaya.cli.context import Context, append_evidence, new_metadata
from atalaya.records.judged import Judgement
from atalaya.records.stored import Evidence, Release, SegmentManifest, VerdictRecord, happened_at


def say(place: Context, release: Release, judgement: Judgement) -> Judgement:
    """Keep the verdict if it is news, and the names of the segments that nobody has named yet."""
    from atalaya.evidence.ledger import ledger, manifest
    from atalaya.watch.decisions import is_news

    verdict = judgement.verdict
    kept: list[Evidence] = []
    if is_news(judgement):
        said = VerdictRecord(
            **happened_at(new_metadata(release), judgement.as_of),
            word=verdict.word,
            rule=verdict.rule,
            verdict=judgement.digest,
            because=tuple(str(reason) for reason in verdict.because),
        )
        kept.append(said)
        judgement = replace(judgement, said=(*judgement.said, said))
    if names := manifest.unnamed(ledger.survey(place.releases / release.version / "evidence")):
        kept.append(SegmentManifest(**new_metadata(release), segments=names))
    if kept:
        append_evidence(place, release, kept)
    return judgement
