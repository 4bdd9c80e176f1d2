"""The badge of a watched release for a README, with the time at which it was true.

A picture cannot grow old by itself, as a page does, so its words hold the instant.
"""

from __future__ import annotations

import json
from html import escape

from atalaya.core.words import instant
from atalaya.records.judged import Judgement
from atalaya.site.markup.renderer import SHAPES

COLOURS = {"good": "#17633f", "bad": "#a82017", "unsure": "#7d4f00", "unknown": "#4f5a66"}
CHARACTER_PX = 6.6  # of an 11 px sans-serif, at the most: a badge may be too wide, and never cut
HEIGHT_PX = 20


def words(judgement: Judgement) -> tuple[str, str, str]:
    """The label, the message and the tone of a badge."""
    release, verdict = judgement.release, judgement.verdict
    shape, tone = SHAPES[verdict.word]
    label = f"{'REHEARSAL ' if release.rehearsal else ''}{release.version}"
    return label, f"{shape} {verdict.word.value}, {instant(judgement.as_of)}", tone


def endpoint(judgement: Judgement) -> str:
    """The badge in the form that shields.io reads from an address."""
    label, message, tone = words(judgement)
    document = {"schemaVersion": 1, "label": label, "message": message, "color": COLOURS[tone].removeprefix("#")}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def svg(judgement: Judgement) -> str:
    """The badge itself."""
    label, message, tone = words(judgement)
    left, right = (round(len(text) * CHARACTER_PX + 14) for text in (label, message))
    middle = HEIGHT_PX / 2 + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT_PX}" role="img" '
        f'aria-label="{escape(label)}: {escape(message)}">\n'
        f"<title>{escape(label)}: {escape(message)}</title>\n"
        f'<rect width="{left}" height="{HEIGHT_PX}" fill="#24323d"/>\n'
        f'<rect x="{left}" width="{right}" height="{HEIGHT_PX}" fill="{COLOURS[tone]}"/>\n'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\n'
        f'<text x="7" y="{middle:g}">{escape(label)}</text>\n'
        f'<text x="{left + 7}" y="{middle:g}">{escape(message)}</text>\n'
        "</g>\n</svg>\n"
    )
