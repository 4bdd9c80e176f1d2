"""Writes an incident as an issue of GitHub: what opens it, and a comment for each step that it took since.

What strangers wrote is shown as it is and does nothing there: it mentions nobody, leads nowhere, closes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from atalaya.core.words import N_, Text, sentence
from atalaya.evidence.github.issues import LABEL, Said, Wanted
from atalaya.records.judged import Incident, Judgement
from atalaya.records.stored import IncidentStep
from atalaya.site.fragments.incidents import NAMES
from atalaya.site.markup.myst import visible
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.incidents.incidents import address_of, pasted, slug
from atalaya.watch.owners import action_of, owners_of_incident
from atalaya.watch.states import RESOLVED

LONGEST = 1_000  # characters of one text of a stranger's
LONGEST_TITLE = 200
NOTHING_WIDE = "\u200b"  # a sign that takes no room, and ends what GitHub would make a mention or a link of
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()+.!|~$-])")
# A name that the team set: it is meant to be told.
_MENTION = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[A-Za-z0-9][A-Za-z0-9_.-]{0,99})?")
_LINKS = re.compile(r"([@#]|:(?=//)|(?i:\bwww(?=[.])|\bgh(?=-[0-9])))")


def as_issue(judgement: Judgement, incident: Incident, voice: Renderer) -> Wanted:
    """The issue that an incident is to be, as of a judgement."""
    taken = [one for one in judgement.transitions if one.incident == incident.id]
    return Wanted(
        incident=incident.id,
        title=_title(judgement, incident),
        opening=Said(_marker(judgement, incident), "\n".join(_opening(judgement, incident, voice))),
        labels=(LABEL, f"{LABEL}: {incident.state}", f"{LABEL}: {incident.severity.value}"),
        is_closed=incident.state == RESOLVED,
        events=tuple(_events(taken, voice)),
    )


def _marker(judgement: Judgement, incident: Incident) -> str:
    """The hidden line by which the issue is found again, in whatever words the rest is."""
    return f"<!-- atalaya:incident {judgement.release.version} {slug(incident.id)} -->"


def _title(judgement: Judgement, incident: Incident) -> str:
    words = visible(f"{incident.id}, {judgement.release.version}: {incident.impact}")
    return _LINKS.sub(rf"\1{NOTHING_WIDE}", words)[:LONGEST_TITLE]


def _opening(judgement: Judgement, incident: Incident, voice: Renderer) -> Iterator[str]:
    settings = judgement.settings
    yield harmless(incident.impact)
    yield ""
    yield _fact(N_("Release"), harmless(judgement.release.version), voice)
    yield _fact(N_("Severity"), voice.language.gettext(str(incident.severity.value)), voice)
    yield _fact(N_("Since"), voice.language.value(incident.at), voice)
    if owners := owners_of_incident(incident, settings):
        yield _fact(N_("Owner"), ", ".join(map(_owner, owners)), voice)
    yield _fact(N_("What is to be done"), _say(action_of(incident.severity, settings), voice), voice)
    told = next((one for one in judgement.followed if one.incident == incident.id), None)
    if told is not None and told.blocks:
        yield _fact(N_("Stands in the way of"), ", ".join(map(harmless, told.blocks)), voice)
    if url := settings.site.url:
        page = f"{judgement.release.version}/{address_of(incident.id, judgement.pages)}"
        yield _fact(N_("Its page"), f"<{url.rstrip('/')}/{page}>", voice)
    yield ""
    yield _say(
        sentence(
            N_(
                "Its record says how it stands, and this issue follows: it closes when the fix is shown, and opens "
                "again when it comes back. To record a step:"
            )
        ),
        voice,
    )
    yield ""
    yield f"    atalaya release incident {pasted(incident.id)} --state STATE --why TEXT"


def _events(taken: list[IncidentStep], voice: Renderer) -> Iterator[Said]:
    """A comment for each step after the first that a reader sees. Two runners that saw the same say it once."""
    before = taken[0] if taken else None
    for one in taken[1:]:
        assert before is not None
        if _seen(one) != _seen(before):
            yield Said(f"<!-- atalaya:event {_name(one)} -->", "\n".join(_event(one, before, voice)))
        before = one


def _seen(one: IncidentStep) -> tuple[object, ...]:
    return one.state, one.severity, one.impact, one.root_cause, one.fix, one.fingerprints


def _name(one: IncidentStep) -> str:
    """After what does not change when records gain a field, or a text is taken out of them."""
    key = "\0".join((one.incident, one.occurred_at.isoformat(), one.run_id, one.state))
    return hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:20]


def _event(one: IncidentStep, before: IncidentStep, voice: Renderer) -> Iterator[str]:
    state = voice.language.gettext(NAMES.get(one.state, one.state))
    yield f"**{state}** · {voice.language.value(one.occurred_at)} · {harmless(one.by)}"
    yield ""
    yield harmless(one.why)
    changed = [
        (N_("Severity"), voice.language.gettext(str(one.severity.value)), one.severity is not before.severity),
        (N_("Impact"), harmless(one.impact), one.impact != before.impact),
        (N_("Root cause"), harmless(one.root_cause), one.root_cause != before.root_cause),
        (N_("Fix applied"), harmless(one.fix), one.fix != before.fix),
    ]
    if any(is_another for *_, is_another in changed):
        yield ""
    for title, words, is_another in changed:
        if is_another:
            yield _fact(title, words or "–", voice)


def _fact(title: str, words: str, voice: Renderer) -> str:
    return f"- {voice.language.gettext(title)}: {words}"


def _say(words: Text, voice: Renderer) -> str:
    return voice.language.say(words, escape=harmless)


def _owner(name: str) -> str:
    return name if _MENTION.fullmatch(name) else _inert(name)


def harmless(words: str) -> str:
    r"""A stranger's text on one line, in which GitHub finds no mention, no reference, no markup and no address.

    >>> harmless("@everyone: fixes #12 <b>`x`")
    '@\u200beveryone: fixes #\u200b12 &lt;b&gt;\\`x\\`'
    """
    return _inert(visible(" ".join(words.split()), LONGEST))


def _inert(words: str) -> str:
    shown = _MARKDOWN.sub(r"\\\1", _LINKS.sub(rf"\1{NOTHING_WIDE}", words))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
