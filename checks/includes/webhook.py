"""What is sent to a chat, in the form that Slack reads and others understand, and how?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from checks.errors import NetworkError, UsageError
from checks.includes.feed import said
from checks.includes.voice import SHAPES, Voice
from checks.records import N_, Judgement
from checks.release.happenings import Happening

TIMEOUT_S = 10.0
ATTEMPTS = 4
LONGEST_BLOCK = 3000  # characters, as Slack takes them
LONGEST_TITLE = 150
MOST_BLOCKS = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def message(judgement: Judgement, untold: Sequence[Happening], voice: Voice) -> dict[str, Any]:
    """One message for all that has not been told: the newest in full, the others by their number."""
    release, verdict = judgement.release, judgement.verdict
    rehearsal = f"{voice.language.gettext(N_('REHEARSAL'))}: " if release.rehearsal else ""
    word = voice.language.gettext(str(verdict.word.value))
    title = _safe(f"{rehearsal}{SHAPES[verdict.word][0]} {word}: Atalaya {release.version}")[:LONGEST_TITLE]
    shown = untold[-MOST_BLOCKS:]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title}}]
    for one in shown:
        words = f"*{_safe(said(one.title, voice))}*\n{_safe(said(one.body, voice))}"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": words[:LONGEST_BLOCK]}})
    if more := len(untold) - len(shown):
        words = voice.language.gettext(N_("and {n} before that")).format(n=more)
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": words}]})
    lines = [title, *(_safe(said(one.title, voice)) for one in shown)]
    return {"text": "\n".join(lines)[:LONGEST_BLOCK], "blocks": blocks}


def _safe(words: str) -> str:
    """Slack's three signs escaped, so that no name calls a channel; a star cannot end the bold."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "∗")


def send(webhook: str, body: dict[str, Any]) -> None:
    """Post it, again where the other side is busy or broken. The address is a secret, and is in no message.

    :raises NetworkError: it was not taken.
    :raises UsageError: the address is none that may be sent to.
    """
    parts = urlsplit(webhook)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise UsageError("the webhook has to begin with https://: what is sent names what fails.")
    try:
        for attempt in stamina.retry_context(
            on=_is_worth_another, attempts=ATTEMPTS, timeout=60, wait_initial=0.5
        ):
            with attempt:
                # Who is sent elsewhere is not followed: the message is for this address alone.
                httpx.post(webhook, json=body, timeout=TIMEOUT_S, follow_redirects=False).raise_for_status()
    except httpx.HTTPStatusError as why:
        raise NetworkError(f"it answered {why.response.status_code}. Nothing was marked as told.") from None
    except httpx.HTTPError as why:
        raise NetworkError(
            f"it cannot be reached ({type(why).__name__}). Nothing was marked as told."
        ) from None


def _is_worth_another(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (429, 500, 502, 503, 504)
    return isinstance(error, httpx.TransportError)
