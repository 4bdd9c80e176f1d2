"""What stands in one file of evidence, record by record?

Each segment has a page of its own, so that from any figure its evidence is two links away. These pages have no
source in the release's folder, which is sealed one day: they are made whole from the ledger, as HTML, and the
extension puts the frame of the site around them.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from checks.evidence.ledger import Segment
from checks.includes import files, myst
from checks.includes.myst import Markdown
from checks.includes.runbook import KINDS, RUNBOOK
from checks.includes.voice import Voice
from checks.records import N_, Evidence, Judgement, SegmentInfo, instant

FOLDER = "segments"
RECORDS_SHOWN = 200
RECORD_LIMIT = 1500  # characters: the longest record of the bundled SDK has about 900


def link(segment: SegmentInfo, judgement: Judgement) -> Markdown:
    """The name of a segment, which leads to its page."""
    return myst.page(segment.name, judgement.release.version, f"{FOLDER}/{name_of(segment)}")


def name_of(segment: SegmentInfo) -> str:
    """What its page is called: the beginning of its digest, so it never changes either."""
    return segment.digest[:16]


def behind(metric: str, judgement: Judgement) -> list[SegmentInfo]:
    """The segments that hold records which a metric counts."""
    return [segment for segment in judgement.segments if segment.kind in KINDS.get(metric, ())]


def write_pages(judgement: Judgement, segments: Iterable[Segment], out: Path, voice: Voice) -> tuple[Path, ...]:
    """Write the page of each segment that the judgement rests on, and take away those of segments gone.

    ``out`` is the folder of the release's fragments in one language. Returns the files that had to be written.
    """
    listed = {segment.name for segment in judgement.segments}
    texts = {name_of(segment.info): page(segment, voice) for segment in segments if segment.info.name in listed}
    return files.write_pages(out / FOLDER, texts, ".html")


def page(segment: Segment, voice: Voice) -> str:
    """The body of the page. The first line is a comment with its title."""
    info, say = segment.info, voice.language.gettext
    metrics = [say(RUNBOOK[id].title) for id, kinds in KINDS.items() if info.kind in kinds]
    facts = [
        (say(N_("Kind")), info.kind),
        (say(N_("Environments")), ", ".join(info.environments) or "–"),
        (say(N_("Records")), voice.language.number(info.records)),
        (say(N_("First")), instant(info.first_at)),
        (say(N_("Last")), instant(info.last_at)),
        (say(N_("Digest")), info.digest),
        (say(N_("Figures")), ", ".join(metrics) or say(N_("none of the five"))),
    ]
    about = say(
        N_("A file of evidence is named after its content, and never changed. What it holds stands below as recorded.")
    )
    left_out = len(segment.records) - RECORDS_SHOWN
    more = say(N_("{n} more are in the file.")).replace("{n}", voice.language.number(left_out))
    return "\n".join(
        [
            f"<h1>{say(N_('Segment'))} <code>{_shown(info.name)}</code></h1>",
            f"<p>{about}</p>",
            '<dl class="facts">',
            *(f"<dt>{name}</dt><dd>{_shown(value)}</dd>" for name, value in facts),
            "</dl>",
            _table(segment.records[:RECORDS_SHOWN], voice),
            f"<p>{more}</p>" if left_out > 0 else "",
            f'<p><a href="../evidence.html#segment-{name_of(info)}">{say(N_("All evidence of this release"))}</a></p>',
        ]
    )


def _table(records: Sequence[Evidence], voice: Voice) -> str:
    say = voice.language.gettext
    names = (N_("When"), N_("Environment"), N_("The record"))
    heads = "".join(f'<th class="head" scope="col">{say(name)}</th>' for name in names)
    rows = "\n".join(
        f'<tr><td><span class="instant">{instant(one.occurred_at)}</span></td><td>{_shown(one.environment.value)}</td>'
        f"<td><code>{_shown(_line(one))}</code></td></tr>"
        for one in records
    )
    return (
        f'<div class="pst-scrollable-table-container"><table class="table cards records">'
        f"<caption>{say(N_('The records, one by one'))}</caption>"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _line(record: Evidence) -> str:
    """What the record says beyond where and when, as it stands in the file."""
    said = msgspec.to_builtins(record)
    kept = {name: value for name, value in said.items() if name not in ("occurred_at", "environment", "format")}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _shown(text: str) -> str:
    return html.escape(myst.visible(text, RECORD_LIMIT))
