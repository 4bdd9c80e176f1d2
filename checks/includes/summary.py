"""What does a run say at its end, where the run is shown: GitHub-flavoured Markdown, at most a page?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from checks.includes.voice import SHAPES, Voice
from checks.records import N_, Judgement, Text, Word
from checks.release.states import OVER

_PIPE = re.compile(r"\\?\|")
MOST = 25  # lines of one kind: a summary is no archive


def summary(judgement: Judgement, voice: Voice) -> str:
    """The verdict, the five metrics, what is open, and what to do. Strangers' words are code, and do nothing."""
    verdict, release = judgement.verdict, judgement.release
    coming = next((point for point in judgement.checkpoints if point.due_at > judgement.as_of), None)
    open_still = [one for one in judgement.incidents if one.state not in OVER]
    parts = [
        f"## {_word(verdict.word, voice)}: Atalaya {voice.literal(release.version)}",
        f"**{voice(N_('REHEARSAL: nothing here happened.'))}**" if release.rehearsal else "",
        voice(
            N_("As of {at}, valid until {until}. Digest {digest}."),
            at=verdict.as_of,
            until=verdict.valid_until,
            digest=judgement.digest[:12],
        ),
        voice(N_("Next is {title}, due on {at}."), title=coming.title, at=coming.due_at) if coming else "",
        _list(verdict.because, voice),
        _table(
            [voice(N_("Metric")), voice(N_("State")), voice(N_("Figure")), voice(N_("Threshold"))],
            [
                [voice.literal(one.id), _word(one.state, voice), voice.say(one.text), voice.say(one.threshold)]
                for one in judgement.metrics
            ],
        ),
        f"### {voice(N_('Open incidents'))}\n\n"
        + _table(
            [voice(N_("Incident")), voice(N_("State")), voice(N_("Impact"))],
            [
                [
                    f"{voice.literal(one.id)} ({voice.word(one.severity)})",
                    voice.literal(one.state),
                    voice.literal(one.impact),
                ]
                for one in open_still[:MOST]
            ],
        )
        if open_still
        else "",
        f"### {voice(N_('What to do next'))}\n\n{_list(verdict.next_steps, voice)}" if verdict.next_steps else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _word(word: Word, voice: Voice) -> str:
    return f"{SHAPES[word][0]} {voice.word(word)}"


def _list(texts: Sequence[Text], voice: Voice) -> str:
    return "\n".join(f"- {voice.say(text)}" for text in texts[:MOST])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    # A cell ends at a pipe, even in code, and readers differ on how many backslashes keep it: none is left.
    return "\n".join("| " + " | ".join(_PIPE.sub("¦", cell) for cell in line) + " |" for line in lines)
