"""What is kept of a verdict that people get to read, and of the ledger that it was made from?"""

from __future__ import annotations

from msgspec.structs import replace

from checks.records import Evidence, Judgement, Release, RollCall, Said, happened_at
from checks.stages.place import Place, keep, new_metadata


def say(place: Place, release: Release, judgement: Judgement) -> Judgement:
    """Keep the verdict if it is news, and the names of the segments that nobody has named yet."""
    from checks.evidence import ledger, roll_call
    from checks.release.decisions import is_news

    verdict = judgement.verdict
    kept: list[Evidence] = []
    if is_news(judgement):
        said = Said(
            **happened_at(new_metadata(release), judgement.as_of),
            word=verdict.word,
            rule=verdict.rule,
            verdict=judgement.digest,
            because=tuple(str(reason) for reason in verdict.because),
        )
        kept.append(said)
        judgement = replace(judgement, said=(*judgement.said, said))
    if names := roll_call.unnamed(ledger.survey(place.releases / release.version / "evidence")):
        kept.append(RollCall(**new_metadata(release), segments=names))
    if kept:
        keep(place, release, kept)
    return judgement
