"""The exit code of each word of a verdict."""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.records.stored import VerdictStatus

# WAITING is 3 under --strict.
EXIT: dict[VerdictStatus, int] = {
    VerdictStatus.GO: 0,
    VerdictStatus.ON_TRACK: 0,
    VerdictStatus.WAITING: 0,
    VerdictStatus.INVALID: 1,
    VerdictStatus.NO_GO: 1,
    VerdictStatus.EXTEND: 1,
    VerdictStatus.OFF_TRACK: 1,
    VerdictStatus.INCONCLUSIVE: 3,
}
UNKNOWN = 3  # where no verdict can be believed


def exit_code(judgement: Judgement, *, strict: bool) -> int:
    word = judgement.verdict.word
    return 3 if strict and word is VerdictStatus.WAITING else EXIT[word]
