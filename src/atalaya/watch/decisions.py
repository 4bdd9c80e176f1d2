"""Decisions that people may record about a verdict, and the verdict that each one refers to.

A decision names a verdict by its digest, so that it cannot be said later that another one was read.
"""

from __future__ import annotations

from collections.abc import Sequence

from atalaya.core.errors import UsageError
from atalaya.core.words import N_
from atalaya.records.judged import Judgement
from atalaya.records.stored import VerdictRecord, VerdictStatus

LEAST_CHARS = 8  # of a digest, so that it means one verdict

GO_ON, STOP, ROLL_BACK, YANK = "go-on", "stop", "roll-back", "yank"

ACTIONS: dict[str, str] = {
    GO_ON: N_("The release goes on as it is."),
    STOP: N_("The roll-out stops where it is; who has the release keeps it."),
    ROLL_BACK: N_("Users go back to the release before."),
    YANK: N_("The index is told to give the release to nobody who does not ask for exactly it."),
}
TAKES_BACK = (ROLL_BACK, YANK)  # a watch may be closed early after these

# The verdicts whose pages lead to the duty of rolling back.
RED = (VerdictStatus.NO_GO, VerdictStatus.INVALID, VerdictStatus.OFF_TRACK)


def meant(judgement: Judgement, digest: str) -> tuple[VerdictStatus, str]:
    """The word and the whole digest of the verdict that is meant: the one of now, or one that was said before.

    :raises UsageError: no verdict of this watch has such a digest.
    """
    said: Sequence[tuple[VerdictStatus, str]] = [(one.word, one.verdict) for one in judgement.said]
    known = [(judgement.verdict.word, judgement.digest), *reversed(said)]
    if not digest:
        return known[0]
    if len(digest) >= LEAST_CHARS:
        for word, whole in known:
            if whole.startswith(digest.lower()):
                return word, whole
    raise UsageError(
        f"--verdict {digest}: no verdict of {judgement.release.version} has that digest. The one of now is "
        f"{judgement.digest[:12]}, {judgement.verdict.word}; give at least {LEAST_CHARS} characters."
    )


def is_news(judgement: Judgement) -> bool:
    """Whether the word or the rule is another one than what was said last."""
    last: VerdictRecord | None = judgement.said[-1] if judgement.said else None
    return last is None or (last.word, last.rule) != (judgement.verdict.word, judgement.verdict.rule)
