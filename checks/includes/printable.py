"""How does the end of a watch look on paper: one file that needs nothing else, and that nobody's text can disturb?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from checks.includes import myst
from checks.includes.voice import SHAPES, Voice
from checks.records import N_, Judgement, Text, Word, instant
from checks.window import ends_at

STYLE = """
:root { color-scheme: light; }
body { font: 10.5pt/1.45 system-ui, sans-serif; color: #1d2730; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1.5rem; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 1.8rem 0 .5rem; }
.word { font-size: 1.9rem; font-weight: 650; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
caption { text-align: left; font-weight: 650; font-size: 1.15rem; padding: 1.2rem 0 .4rem; }
.state { white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #c9cec9;
  overflow-wrap: anywhere; }
th { font-size: .85em; color: #55616c; } .muted { color: #55616c; }
.rehearsal { border: 2px dashed #7d4f00; padding: .6rem .9rem; font-weight: 650; }
@media (max-width: 40rem) { body { padding: 0 .75rem; } table { table-layout: fixed; font-size: .8em; }
  p, li, caption { overflow-wrap: anywhere; } .state { white-space: normal; } }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 9pt; } tr, h2 { break-inside: avoid; }
  h2 { break-after: avoid; } @page { margin: 16mm 14mm; } }
""".strip()


def report(judgement: Judgement, voice: Voice) -> str:
    """The whole report of a release as one HTML file."""
    release, verdict = judgement.release, judgement.verdict
    said = Said(voice)
    title = said(N_("Report of {version}"), version=release.version)
    ends = ends_at(release)
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="rehearsal">{said(N_("REHEARSAL: nothing here happened."))}</p>' if release.rehearsal else "",
        f'<p class="word">{said.word(verdict.word)}</p>',
        said.paragraph(
            N_("Watched from {start} to {end}, {hours} h; judged as of {at} by the rule {rule}."),
            start=release.opened_at,
            end=ends,
            hours=release.window_h,
            at=verdict.as_of,
            rule=verdict.rule,
        ),
        said.paragraph(N_("Digest of the verdict: {digest}"), digest=judgement.digest),
        said.list(N_("Why"), verdict.because),
        _metrics(judgement, said),
        _checkpoints(judgement, said),
        _incidents(judgement, said),
        _decisions(judgement, said),
        _questions(judgement, said),
        _backlog(judgement, said),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="{voice.language.code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


class Said:
    """One language, and the only ways from a value to HTML: everything is made visible, then escaped."""

    def __init__(self, voice: Voice) -> None:
        self.language = voice.language

    def __call__(self, sentence: str, **values: object) -> str:
        return self.text(Text(template=sentence, values=values))

    def text(self, text: Text) -> str:
        """A sentence, ours or computed."""
        return escape(self.language.say(text, escape=lambda value: myst.visible(value, 600)))

    def stranger(self, value: str) -> str:
        """A person's words, or a stranger's."""
        return escape(myst.visible(value, 600)) or "–"

    def word(self, word: Word) -> str:
        """A state, told by its shape and its word."""
        words = escape(self.language.gettext(str(word.value)))
        return f'<span class="state">{SHAPES[word][0]} {words}</span>'

    def paragraph(self, sentence: str, **values: object) -> str:
        return f"<p>{self(sentence, **values)}</p>"

    def list(self, title: str, texts: Sequence[Text]) -> str:
        items = "".join(f"<li>{self.text(text)}</li>" for text in texts)
        return f"<h2>{self(title)}</h2>\n<ul>{items}</ul>" if items else ""

    def table(self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """A table with a caption; its cells are HTML already."""
        head = "".join(f'<th scope="col">{self(name)}</th>' for name in header)
        lines = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return (
            f"<table><caption>{self(title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{lines}\n</tbody></table>"
        )


def _at(at: datetime) -> str:
    return escape(instant(at))


def _metrics(judgement: Judgement, said: Said) -> str:
    header = (N_("Metric"), N_("State"), N_("Figure"), N_("Threshold"), N_("Reason"))
    rows = (
        (escape(one.id), said.word(one.state), said.text(one.text), said.text(one.threshold), said.text(one.reason))
        for one in judgement.metrics
    )
    return said.table(N_("The five metrics"), header, rows)


def _checkpoints(judgement: Judgement, said: Said) -> str:
    header = (N_("Checkpoint"), N_("Duty"), N_("State"), N_("Evidence"))
    rows = (
        (f"T+{point.hours}", said.text(duty.says), said.word(duty.state), said.text(duty.evidence))
        for point in judgement.checkpoints
        for duty in point.duties
    )
    return said.table(N_("Checkpoints"), header, rows)


def _incidents(judgement: Judgement, said: Said) -> str:
    header = (N_("Date (UTC)"), N_("Impact"), N_("Root cause"), N_("Fix applied"), N_("State"))
    rows = [
        (
            _at(one.at),
            f"{said.stranger(one.id)} ({said.word(one.severity)}): {said.stranger(one.impact)}",
            said.stranger(one.root_cause),
            said.stranger(one.fix),
            said.stranger(one.state),
        )
        for one in judgement.incidents
    ]
    absent = said(N_("N/A"))
    return said.table(
        N_("Incidents"), header, rows or [(said(N_("No incidents")), absent, absent, absent, said(N_("Closed")))]
    )


def _decisions(judgement: Judgement, said: Said) -> str:
    header = (N_("When (UTC)"), N_("Decision"), N_("The verdict that was read"), N_("By"), N_("Why"))
    rows = [
        (
            _at(one.occurred_at),
            said.stranger(one.action),
            f"{said.word(one.word)} {said.stranger(one.verdict[:12])}",
            said.stranger(one.by),
            said.stranger(one.why),
        )
        for one in judgement.decisions
    ]
    return said.table(N_("Decisions"), header, rows) if rows else ""


def _questions(judgement: Judgement, said: Said) -> str:
    header = (N_("Question"), N_("What is open"), N_("Item of the backlog"))
    rows = [(said.stranger(one.id), said.text(one.says), said.stranger(one.item)) for one in judgement.questions]
    return said.table(N_("Open questions"), header, rows) if rows else ""


def _backlog(judgement: Judgement, said: Said) -> str:
    header = (N_("Priority"), N_("Item"), N_("Why"), N_("Proven done by"))
    rows = [
        (
            str(one.priority),
            f"{said.text(one.says)} ({said.stranger(one.id)})",
            said.text(one.why),
            said.stranger(one.proven_by),
        )
        for one in judgement.backlog
    ]
    return said.table(N_("Backlog for the next version"), header, rows) if rows else ""
