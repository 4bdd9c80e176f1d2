"""Removes credentials, personal addresses and internal host details from text before it is published.

Evidence holds what strangers' tools printed. Before any of it is shown, what looks like a credential, an
address of a person or the inside of a machine is replaced by a word that says what stood there.
"""

from __future__ import annotations

import re

# In order: a wide rule must not eat a part of what a narrow one would have named. A rule that may begin anywhere in a
# run of signs has a bound, or begins where the run does: else a page of one long word takes minutes.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
    ),
    (
        "credentials",
        re.compile(
            r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|digest)\s+)?[^\s\"',;]+"
        ),
    ),
    ("credentials", re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}")),
    ("cookie", re.compile(r"(?i)\b(?:set-)?cookie[\"']?\s*:\s*[^\r\n]+")),
    ("token", re.compile(r"\bgh[a-z]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}")),
    ("token", re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{8,}")),
    ("token", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}")),
    ("token", re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")),
    (
        "secret",
        re.compile(
            r"(?i)(?<![\w-])[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;]{6,}"
        ),
    ),
    ("credentials", re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)")),
    ("signed query", re.compile(r"(?i)(?<=\?)[^\s\"'<>?]*(?:signature|x-amz-|x-goog-|sig=|se=|sv=)[^\s\"'<>]*")),
    ("e-mail", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]+)+")),
    (
        "private address",
        re.compile(r"\b(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})\b"),
    ),
    ("home", re.compile(r"(?:/home/|/Users/|\b[A-Za-z]:\\Users\\)[^\s/\\:\"']+|(?<![\w/])/root(?=/)")),
)


def scrub(value: str) -> str:
    """The same text without what must not be published.

    >>> scrub("GET https://ana:s3cret@example.test/x from 10.1.2.3")
    'GET https://[credentials]@example.test/x from [private address]'
    """
    for what, pattern in PATTERNS:
        value = pattern.sub(f"[{what}]", value)
    return value
