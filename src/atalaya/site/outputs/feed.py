"""Writes an Atom feed (RFC 4287) of a watch; the same notifications give the same bytes.

Links are relative to the feed, as the pages' own are: nobody knows at build time where the site will stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree

from atalaya.core.words import N_, Text
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release
from atalaya.site.markup import myst
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.notifications import Notification, happenings

NAMESPACE = "http://www.w3.org/2005/Atom"
NEWEST = 100  # a feed is for what is new; the pages hold the rest
NAME = "feed.atom"


class Told(NamedTuple):
    """A happening, the release that it is of, and the way from the feed to that release's front."""

    release: Release
    happening: Notification
    way: str


def of_release(judgement: Judgement, voice: Renderer, url: str = "") -> str:
    """The feed of one release, in one language.

    :param url: the address of the site, which its ids begin with; empty where it is not known.
    """
    release = judgement.release
    told = [Told(release, one, "") for one in happenings(judgement)]
    title = _title(release, voice)
    return _feed(told, voice, title=title, name=release.version, began=release.opened_at, url=url)


def of_site(judgements: Sequence[Judgement], voice: Renderer, way: str, url: str = "") -> str:
    """The feed of all releases. ``way`` leads from a release's folder to its pages in this language."""
    told = [Told(one.release, each, f"{one.release.version}/{way}") for one in judgements for each in happenings(one)]
    began = min((one.release.opened_at for one in judgements), default=datetime(2026, 1, 1, tzinfo=UTC))
    return _feed(told, voice, title="Atalaya", name="site", began=began, url=url)


def _title(release: Release, voice: Renderer) -> str:
    name = f"Atalaya {release.version}"
    return f"{voice.language.gettext(N_('REHEARSAL'))}: {name}" if release.rehearsal else name


def _id(name: str, voice: Renderer, url: str) -> str:
    """A name for ever (RFC 4151): one's own, where the site has an address that says whose it is."""
    host, _, path = url.partition("://")[2].partition("/")
    authority = host.partition(":")[0].lower() or "atalaya.invalid"
    return f"tag:{authority},2026:{path}{'/' if path and not path.endswith('/') else ''}{name}/{voice.language.code}"


def _feed(told: Sequence[Told], voice: Renderer, *, title: str, name: str, began: datetime, url: str) -> str:
    newest = sorted(told, key=lambda one: (one.happening.at, one.happening.id), reverse=True)[:NEWEST]
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": voice.language.code})
    _add(feed, "id", _id(name, voice, url))
    _add(feed, "title", title)
    _add(feed, "updated", _at(newest[0].happening.at if newest else began))
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": NAME, "type": "application/atom+xml"})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": "index.html", "type": "text/html"})
    _add(ElementTree.SubElement(feed, "author"), "name", "Atalaya")
    for one in newest:
        _entry(feed, one, voice, url)
    ElementTree.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode") + "\n"


def _entry(feed: ElementTree.Element, one: Told, voice: Renderer, url: str) -> None:
    happening = one.happening
    entry = ElementTree.SubElement(feed, "entry")
    # The same in the release's feed and the site's, so that who reads both is told once.
    _add(entry, "id", f"{_id(one.release.version, voice, url)}/{happening.id}")
    _add(entry, "title", f"{_title(one.release, voice)}: {said(happening.title, voice)}")
    _add(entry, "updated", _at(happening.at))
    ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": one.way + happening.page, "type": "text/html"})
    content = ElementTree.SubElement(entry, "content", {"type": "text"})
    content.text = said(happening.body, voice)


def said(sentence: Text, voice: Renderer) -> str:
    """A sentence as plain text, in which nothing is hidden and nothing is illegal in XML."""
    return myst.visible(voice.language.say(sentence), 1000)


def _add(to: ElementTree.Element, name: str, words: str) -> None:
    ElementTree.SubElement(to, name).text = myst.visible(words)


def _at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
