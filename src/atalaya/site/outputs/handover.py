"""What a team publishes at the end of a watch: the backlog, as Markdown and as CSV, and the go/no-go page.

Each is written in every language of the pages, into one folder that no site is built from. The Markdown is
GitHub-flavoured, so that it can be copied into any repository.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO

from atalaya.core.scrub import scrub
from atalaya.core.words import N_
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import BacklogItem, Judgement
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.myst import visible
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.site.outputs.summary import cell
from atalaya.watch.backlog import RULES
from atalaya.watch.states import OVER, in_words

FOLDER = "handover"
FIRST = "en"  # the language of the files whose names bear none
TOP = 10
LONGEST = 2000  # signs of one cell of a CSV
NOT_ESTIMATED = N_("not estimated")
HEADER = (
    N_("number"),
    N_("priority"),
    N_("item"),
    N_("impact"),
    N_("effort"),
    N_("acceptance criterion"),
    N_("why"),
    N_("holds"),
)
# An escape that a person who reads the file itself need not meet, since the sign is no markup there. Code is left as it
# is, and so is the escape of a sign that could open code.
_NEEDLESS = re.compile(
    r"(?P<kept>\\[\\`]|(?<!`)(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`))"
    r"|\\(?P<sign>[,;'()%]|(?<=[^\W\d_]\\)\.(?=[\s*]|$)|(?<=[`)%]\\)\.(?=\s|$)|(?<=[\w`)%]\\):(?=\s|$)|(?<=\w\\)[-/](?=\w))",
    re.MULTILINE,
)
# What a spreadsheet takes for a formula, or reads over before one.
FORMULA = tuple("=+-@|%\t\r\n\uff1d\uff0b\uff0d\uff20")


def handover(judgement: Judgement) -> dict[str, str]:
    """The files by their names: ``backlog.md``, ``backlog.csv``, ``go-no-go.md``, and each as ``.es`` in Spanish."""
    return {
        f"{name}{'' if code == FIRST else f'.{code}'}.{suffix}": content
        for code in LANGUAGES
        for name, suffix, content in _files(judgement, Renderer(Language(code)))
    }


def _files(judgement: Judgement, voice: Renderer) -> Iterator[tuple[str, str, str]]:
    yield "backlog", "md", backlog_markdown(judgement, voice)
    yield "backlog", "csv", backlog_csv(judgement, voice.language)
    yield "go-no-go", "md", go_no_go(judgement, voice)


def backlog_markdown(judgement: Judgement, voice: Renderer) -> str:
    """The backlog as a team publishes it: the top ten, the rest, and what each holds."""
    return _readable(
        render(
            "handover-backlog",
            voice,
            judgement=judgement,
            items=list(enumerate(judgement.backlog, start=1)),
            top=TOP,
            rules=RULES,
            cell=cell,
        )
    )


def go_no_go(judgement: Judgement, voice: Renderer) -> str:
    """The verdict, what it rests on, what is open, what was decided and by whom, and what to do."""
    return _readable(
        render(
            "go-no-go",
            voice,
            judgement=judgement,
            titles={id: metric.title for id, metric in METRICS.items()},
            incidents=[one for one in judgement.incidents if one.state not in OVER],
            closing=judgement.steps[-1] if judgement.steps and judgement.steps[-1].verdict else None,
            first=list(enumerate(judgement.backlog[:3], start=1)),
            cell=cell,
            in_words=in_words,
        )
    )


def backlog_csv(judgement: Judgement, language: Language) -> str:
    """The backlog for a spreadsheet: a header, and a row for each item."""
    written = StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow([language.gettext(name) for name in HEADER])
    for number, item in enumerate(judgement.backlog, start=1):
        rows.writerow([_inert(one) for one in _cells(number, item, language)])
    return written.getvalue()


def _readable(page: str) -> str:
    r"""A page without the escapes that it does not need.

    >>> _readable(r"Met\, as a\-b\. Not 1\. \*x\* `c\,d`")
    'Met, as a-b. Not 1\\. \\*x\\* `c\\,d`\n'
    """
    return _NEEDLESS.sub(lambda found: found["kept"] or found["sign"], page) + "\n"


def _cells(number: int, item: BacklogItem, language: Language) -> Iterator[str]:
    yield str(number)
    yield str(item.priority)
    yield language.say(item.says)
    yield language.gettext(str(item.impact))
    yield language.gettext(NOT_ESTIMATED if item.effort is None else str(item.effort))
    yield language.say(item.accepts)
    yield language.say(item.why)
    yield "; ".join(part.id for part in item.parts)


def _inert(words: str) -> str:
    """A cell that no spreadsheet computes: whatever it begins with, it is text, on one line.

    >>> _inert("=1+1"), _inert(" +1"), _inert("plain")
    ("'=1+1", "' +1", 'plain')
    """
    shown = visible(scrub(words), LONGEST)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
