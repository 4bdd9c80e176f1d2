"""Tests that each hostile zip gives a message, and each valid one gives its files."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atalaya.evidence.readers import archives
from atalaya.evidence.readers.archives import Member, files_in, trouble_with
from atalaya.records.stored import ReadStatus
from tests.tables import each_row

REPORT = b"<testsuite/>"


def made(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, inside in entries:
            archive.writestr(name, inside)
    return content.getvalue()


def only(content: bytes) -> Member:
    (member,) = files_in(content)
    return member


def named(name: str) -> bytes:
    """A zip with an entry of a name that zipfile itself would not write so."""
    if not name.isascii():
        return made((name, REPORT))
    plain = "x" * len(name)
    return made((plain, REPORT)).replace(plain.encode(), name.encode())


def a_link(target: bytes = b"/etc/passwd") -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return made((info, target))


def encrypted() -> bytes:
    content = bytearray(made(("a.xml", REPORT)))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    return bytes(content)


def damaged() -> bytes:
    content = bytearray(made(("a.xml", REPORT * 100), method=zipfile.ZIP_STORED))
    content[60] ^= 0xFF
    return bytes(content)


def understated() -> bytes:
    """A bomb that declares a size of ten bytes."""
    content = bytearray(made(("a.xml", bytes(64 * 1024 * 1024))))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(signature) + at, 10)
    return bytes(content)


@pytest.mark.parametrize("given", ["bytes", "path", "file"])
def test_an_honest_zip_gives_its_files(given: str, tmp_path: Path) -> None:
    content = made(("junit/", b""), ("junit/a.xml", REPORT), ("b.json", b"{}"))
    (tmp_path / "a.zip").write_bytes(content)
    source: Any = {"bytes": content, "path": tmp_path / "a.zip", "file": io.BytesIO(content)}[given]
    assert [Member("junit/a.xml", REPORT), Member("b.json", b"{}")] == list(files_in(source))


@each_row(
    ("name", "reason"),
    [
        ("../a", "leads out"),
        ("a/../b", "leads out"),
        ("/a", "absolute"),
        ("C:/a", "drive"),
        ("a\\b", "backslash"),
        ("a\0b", "a character"),
        ("a\x1bb", "a character"),
        ("a\u202eb", "a character"),
        ("ab:c", "a character"),
        ("a/./b", "no plain path"),
        ("a//b", "no plain path"),
        ("a.", "no plain path"),
        ("é" * 600, "too long"),
    ],
)
def test_a_name_that_is_no_plain_path_is_declined_and_says_why(name: str, reason: str) -> None:
    member = only(named(name))
    assert (member.content, member.status, reason in member.reason) == (None, ReadStatus.DECLINED, True)


def test_a_name_that_is_declined_can_be_shown() -> None:
    assert only(named("a\x1bb")).name == "a\\x1bb"


@each_row(
    ("content", "status", "reason"),
    [
        (a_link, ReadStatus.DECLINED, "a link"),
        (encrypted, ReadStatus.UNREADABLE, "no password"),
        (damaged, ReadStatus.UNREADABLE, "Bad CRC"),
        (lambda: made(("a.zip", made(("a", b"")))), ReadStatus.UNSUPPORTED, "an archive in an archive"),
        (lambda: made(("a", b""), ("a", b"")), ReadStatus.DECLINED, "stands twice"),
        (lambda: made(("a", b""), ("A", b"")), ReadStatus.DECLINED, "stands twice"),
        (lambda: made(("a", REPORT), method=zipfile.ZIP_LZMA), ReadStatus.UNSUPPORTED, "method 14"),
        (lambda: made(("a", bytes(32 * 1024 * 1024))), ReadStatus.DECLINED, "200 times its size"),
        (lambda: made(*((f"{n}", b"") for n in range(10_001))), ReadStatus.DECLINED, "10,000 entries"),
        (lambda: b"<html>", ReadStatus.UNREADABLE, "not a zip"),
        (lambda: b"", ReadStatus.UNREADABLE, "not a zip"),
        (lambda: made(("a", REPORT))[:-30], ReadStatus.UNREADABLE, "not a zip"),
    ],
    ids=[
        "link",
        "encrypted",
        "crc",
        "nested",
        "twice",
        "twice-folded",
        "lzma",
        "bomb",
        "entries",
        "html",
        "empty",
        "cut",
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_refused_is_named_with_its_reason(
    content: Callable[[], bytes], status: ReadStatus, reason: str
) -> None:
    members = list(files_in(content()))
    assert {(None, status, True)} == {(each.content, each.status, reason in each.reason) for each in members}


def test_a_size_that_is_declared_is_not_believed() -> None:
    member = only(understated())
    assert member.content is None


def test_the_sum_of_the_files_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TOTAL_BYTES", 30)
    members = list(files_in(made(("a", b"x" * 20), ("b", b"y" * 20), ("c", b"z" * 10))))
    assert [member.name for member in members if member.content is not None] == ["a", "c"]


def test_one_file_that_is_refused_does_not_take_the_others_with_it() -> None:
    members = list(files_in(made(("../a", REPORT), ("b", REPORT))))
    assert [member.content for member in members] == [None, REPORT]


def test_what_cannot_be_unpacked_here_is_said_and_the_rest_is_unpacked(tmp_path: Path) -> None:
    members = list(archives.unpack(made(("a", REPORT), ("a/b", REPORT), ("c", REPORT)), tmp_path))
    assert [(each.name, each.content is not None) for each in members] == [("a", True), ("a/b", False), ("c", True)]
    assert {"a", "c"} == {path.name for path in tmp_path.iterdir()}


def test_no_zip_that_was_tampered_with_raises() -> None:
    whole = made(("a.xml", REPORT * 50), ("b/c.json", b"{}" * 40), ("d", b""))
    draw = random.Random(72)
    for _ in range(3_000):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        for member in files_in(bytes(content[: draw.choice([len(content), draw.randrange(len(content))])])):
            assert (member.content is None) == (member.status is not ReadStatus.READ)
            assert member.content is None or not trouble_with(member.name)
