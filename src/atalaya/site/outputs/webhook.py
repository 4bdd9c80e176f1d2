"""Builds and sends the chat message, in Slack's webhook format, which other tools also read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from atalaya.core import environment, network
from atalaya.core.environment import Secret
from atalaya.core.errors import NetworkError, UsageError
from atalaya.core.words import N_
from atalaya.records.judged import Judgement
from atalaya.site.markup.renderer import SHAPES, Renderer
from atalaya.site.outputs.feed import said
from atalaya.watch.notifications import Notification

TIMEOUT_S = 10.0
ATTEMPTS = 4
LONGEST_WAIT_S = 30.0  # that one answer may ask for: a watch has more to do than wait
LONGEST_BLOCK = 3000  # characters, as Slack takes them
LONGEST_TITLE = 150
MOST_BLOCKS = 20


def message(judgement: Judgement, untold: Sequence[Notification], voice: Renderer) -> dict[str, Any]:
    """One message for all that has not been told: the newest in full, the others by their number."""
    release, verdict = judgement.release, judgement.verdict
    rehearsal = f"{voice.language.gettext(N_('REHEARSAL'))}: " if release.rehearsal else ""
    word = voice.language.gettext(str(verdict.word.value))
    title = _safe(f"{rehearsal}{SHAPES[verdict.word][0]} {word}: Atalaya {release.version}")[:LONGEST_TITLE]
    shown = untold[-MOST_BLOCKS:]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title}}]
    for one in shown:
        words = f"*{_safe(said(one.title, voice))}*\n{_safe(said(one.body, voice))}"
        blocks.append({"type": "section", "text": _marked(words)})
    if more := len(untold) - len(shown):
        words = voice.language.gettext(N_("and {n} before that")).format(n=more)
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": words}]})
    lines = [title, *(_safe(said(one.title, voice)) for one in shown)]
    return {"text": "\n".join(lines)[:LONGEST_BLOCK], "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _marked(words: str) -> dict[str, Any]:
    """A text in which Slack makes no link or mention of its own out of what a stranger wrote."""
    return {"type": "mrkdwn", "text": words[:LONGEST_BLOCK], "verbatim": True}


def _safe(words: str) -> str:
    """Slack's three signs escaped, so that no name calls a channel; a star cannot end the bold."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "∗")


def send(webhook: Secret, body: dict[str, Any]) -> None:
    """Post it, again where the other side is busy or broken. The address is a secret, and is in no message.

    :raises NetworkError: it was not taken.
    :raises UsageError: the address is none that may be sent to.
    """
    _require_private(webhook.reveal())
    try:
        for attempt in stamina.retry_context(on=_is_worth_another, attempts=ATTEMPTS, timeout=60, wait_initial=0.5):
            with attempt:
                _post(webhook.reveal(), body)
    except _Refused as why:
        raise NetworkError(f"it answered {why.status}. Nothing was marked as told.") from None
    except httpx.HTTPError as why:
        raise NetworkError(
            f"it cannot be reached ({network.what(why)}). {network.mend(why)} Nothing was marked as told."
        ) from None


class _Refused(Exception):
    """An answer that is no success. httpx's own error would carry the address into whatever logs a retry."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"it answered {answer.status_code}")
        self.status = answer.status_code
        self.after = answer.headers.get("Retry-After", "")


def _post(webhook: str, body: dict[str, Any]) -> None:
    # Who is sent elsewhere is not followed: the message is for this address alone. What is answered is not read.
    with network.client(timeout=TIMEOUT_S) as client, client.stream("POST", webhook, json=body) as answer:
        if not answer.is_success:
            raise _Refused(answer)


def _is_worth_another(error: Exception) -> bool | float:
    """Whether to try again; where the other side says when, the seconds until then."""
    if isinstance(error, _Refused):
        if error.status != 429 and error.status < 500:
            return False
        return min(float(error.after), LONGEST_WAIT_S) if error.after.isdecimal() else True
    return isinstance(error, httpx.TransportError)


def _require_private(webhook: str) -> None:
    try:
        parts = urlsplit(webhook)
        httpx.URL(webhook, port=parts.port)  # a port out of range is found out here
    except (ValueError, httpx.InvalidURL):
        raise UsageError("the webhook is no address. Give the one that the chat shows, whole.") from None
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or parts.hostname not in environment.LOOPBACK:
        raise UsageError("the webhook has to begin with https://: what is sent names what fails.")
