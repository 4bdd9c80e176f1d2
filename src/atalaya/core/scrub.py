"""Removes credentials, personal addresses and internal host details from text before it is published.

Evidence holds what strangers' tools printed. Before any of it is shown, what looks like a credential, an
address of a person or the inside of a machine is replaced by a word that says what stood there.
"""

from __future__ import annotations

import re

# In order: a wide rule must not eat a part of what a narrow one would have named. A rule that may begin anywhere in a
# run of signs has a bound, or begins where the run does: else a page of one long word takes minutes. Before the
# pattern stand single characters and signs, in small letters, of each of which a text that it matches holds one: most
# texts hold none of any rule, and a character is looked for twenty times as fast as a sign.
PATTERNS: tuple[tuple[str, str, tuple[str, ...], re.Pattern[str]], ...] = (
    (
        "private key",
        "-",
        ("-----begin ",),
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
    ),
    (
        "credentials",
        "=:",
        ("authorization",),
        re.compile(
            r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|digest)\s+)?[^\s\"',;]+"
        ),
    ),
    ("credentials", "b", ("bearer", "basic"), re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}")),
    ("cookie", ":", ("cookie",), re.compile(r"(?i)\b(?:set-)?cookie[\"']?\s*:\s*[^\r\n]+")),
    ("token", "_", ("gh", "github_pat_"), re.compile(r"\bgh[a-z]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}")),
    ("token", "-", ("xox",), re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{8,}")),
    ("token", "a", ("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}")),
    ("token", ".", ("eyj",), re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")),
    (
        "secret",
        "=:",
        ("passw", "secret", "token", "apikey", "api_key", "api-key"),
        re.compile(
            r"(?i)(?<![\w-])[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;]{6,}"
        ),
    ),
    ("credentials", "@", ("://",), re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)")),
    (
        "signed query",
        "?",
        ("?",),
        re.compile(r"(?i)(?<=\?)[^\s\"'<>?]*(?:signature|x-amz-|x-goog-|sig=|se=|sv=)[^\s\"'<>]*"),
    ),
    # What signs in to a git server by SSH is called `git` everywhere, and is nobody's address.
    ("e-mail", "@", ("@",), re.compile(r"[\w.+-]{1,64}(?<!(?<![\w.+-])git)@[\w-]{1,63}(?:\.[\w-]+)+")),
    (
        "private address",
        ".",
        ("10.", "192.168.", "172."),
        re.compile(r"\b(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})\b"),
    ),
    (
        "home",
        "/\\",
        ("/home/", "/users/", ":\\users\\", "/root/"),
        re.compile(r"(?:/home/|/Users/|\b[A-Za-z]:\\Users\\)[^\s/\\:\"']+|(?<![\w/])/root(?=/)"),
    ),
)
ALL_SIGNS = " ".join(sign for _, characters, signs, _ in PATTERNS for sign in (characters, *signs))


def scrub(value: str) -> str:
    """The same text without what must not be published.

    >>> scrub("GET https://ana:s3cret@example.test/x from 10.1.2.3")
    'GET https://[credentials]@example.test/x from [private address]'
    >>> scrub("git@example.test:acme/sdk.git, pushed by ana.git@example.test")
    'git@example.test:acme/sdk.git, pushed by [e-mail]'
    """
    # Beyond ASCII, some letters are alike for a pattern that have no small letter in common: then each rule is tried.
    signs_in = value.lower() if value.isascii() else ALL_SIGNS
    for what, characters, signs, pattern in PATTERNS:
        for character in characters:
            if character in signs_in:
                break
        else:
            continue
        for sign in signs:
            if sign in signs_in:
                value = pattern.sub(f"[{what}]", value)
                break
    return value
