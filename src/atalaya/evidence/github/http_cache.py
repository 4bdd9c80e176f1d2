"""The cache of GitHub answers, for conditional requests that return "304 Not Modified".

Our own, and not hishel's: that one answers within ``max-age`` (60 s at GitHub) without asking, so that a failure a
minute old stays unseen, and it keeps the request's headers, the token among them, and whole bodies with people's
addresses in a file that all may read. Here stands what is read of an answer, under a digest of address and
credentials.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.core.environment import Secret

NO_TOKEN = Secret()
CLAIMED_MIN = 10
KEPT_DAYS = 45  # a run may be run again for 30
TABLES = """
CREATE TABLE IF NOT EXISTS pages (
  key TEXT PRIMARY KEY, etag TEXT NOT NULL, next TEXT NOT NULL, sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  body BLOB NOT NULL, stored_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, stored_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
"""


class Stored(NamedTuple):
    """One answer. ``body`` holds the fields that are read; digest and size are of the answer as it came."""

    etag: str
    next: str
    sha256: str
    size_bytes: int
    body: bytes


class Cache:
    """A file of answers. Nothing rests on it but the number of requests, so its own troubles stop nobody.

    ``trouble`` is why there is no such file; empty where there is one.
    """

    def __init__(self, path: Path, token: Secret = NO_TOKEN) -> None:
        self._credentials = hashlib.sha256(token.reveal().encode()).hexdigest()
        self.trouble = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._pages = _sound(path)
        except (OSError, sqlite3.Error) as why:
            self.trouble = f"{path}: no answers can be kept there, so each is asked for in full: {why}"
            self._pages = _opened(":memory:")

    def get(self, url: str) -> Stored | None:
        """What was answered to these credentials under an address."""
        rows = self._run("SELECT etag, next, sha256, size_bytes, body FROM pages WHERE key = ?", self._key(url))
        return Stored(*rows[0]) if rows else None

    def put(self, url: str, stored: Stored) -> None:
        self._run(
            "INSERT OR REPLACE INTO pages (key, etag, next, sha256, size_bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
            self._key(url),
            *stored,
        )

    def noted(self, what: str) -> bool:
        """Whether something was noted before."""
        return bool(self._run("SELECT 1 FROM notes WHERE key = ?", self._key(what)))

    def note(self, what: str) -> None:
        self._run("INSERT OR REPLACE INTO notes (key) VALUES (?)", self._key(what))

    def claim(self, what: str) -> bool:
        """Take something to be done by one process of this machine; False where another took it some minutes ago."""
        taken = self._run(
            "INSERT INTO notes (key) VALUES (?) ON CONFLICT (key) DO UPDATE SET stored_at = CURRENT_TIMESTAMP "
            f"WHERE stored_at < datetime('now', '-{CLAIMED_MIN} minutes') RETURNING 1",
            self._key(what),
        )
        return bool(taken) or bool(self.trouble)

    def give_back(self, what: str) -> None:
        """What was claimed was not done."""
        self._run("DELETE FROM notes WHERE key = ?", self._key(what))

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._pages.execute(statement, values).fetchall()
        except sqlite3.Error:  # another process holds it for too long, or the disk is full
            return []

    def close(self) -> None:
        self._pages.close()

    def _key(self, what: str) -> str:
        return hashlib.sha256(f"{self._credentials} {what}".encode()).hexdigest()


def _sound(path: Path) -> sqlite3.Connection:
    """The file, made for its owner alone before SQLite makes it for all to read; one that is damaged, anew."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    try:
        return _opened(path)
    except sqlite3.OperationalError:  # locked, or not ours to write: it may be whole
        raise
    except sqlite3.DatabaseError:
        path.unlink()
        return _sound(path)


def _opened(path: Path | str) -> sqlite3.Connection:
    # No transactions to forget: each statement is on disk, or not there, when it returns.
    pages = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        pages.execute("PRAGMA synchronous = OFF")
        pages.executescript(TABLES)
        for table in ("pages", "notes"):
            pages.execute(f"DELETE FROM {table} WHERE stored_at < datetime('now', '-{KEPT_DAYS} days')")
    except BaseException:
        pages.close()
        raise
    return pages
