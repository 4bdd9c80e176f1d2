"""Tests that each hostile zip gives a message, and each valid one gives its files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
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


def nested(depth: int) -> bytes:
    """A report in so many zips, one in the other, and a last one round them."""
    content = REPORT
    for _ in range(depth):
        content = made(("a", content))
    return made(("a", content))


def tarred(*entries: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, inside in entries:
            info = tarfile.TarInfo(name)
            info.size = len(inside)
            archive.addfile(info, io.BytesIO(inside))
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
        (lambda: nested(4), ReadStatus.DECLINED, "nested deeper than 3"),
        (lambda: made(("sdk.whl", made(("sdk-1.dist-info/WHEEL", b"")))), ReadStatus.UNSUPPORTED, "a package"),
        (lambda: made(("a.7z", b"7z\xbc\xaf...")), ReadStatus.UNREADABLE, "packed with 7-Zip"),
        (lambda: made(("a.gz", gzip.compress(REPORT)[:-12])), ReadStatus.UNREADABLE, "not an archive"),
        (lambda: made(("a.gz", gzip.compress(bytes(32 * 1024 * 1024)))), ReadStatus.DECLINED, "200 times its size"),
        (lambda: made(("a.tar", tarred(("../up", REPORT)))), ReadStatus.DECLINED, "leads out"),
        (lambda: made(("a", b""), ("a", b"")), ReadStatus.DECLINED, "stands twice"),
        (lambda: made(("a", b""), ("A", b"")), ReadStatus.DECLINED, "stands twice"),
        (lambda: made(("a", REPORT), method=zipfile.ZIP_LZMA), ReadStatus.UNREADABLE, "method 14"),
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
        "wheel",
        "7z",
        "gz-cut",
        "gz-bomb",
        "tar-up",
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


def test_so_much_comes_out_of_an_archive_and_no_more() -> None:
    mib = 1024 * 1024
    assert (10_000, 64 * mib, 512 * mib) == (archives.ENTRIES, archives.ENTRY_BYTES, archives.TOTAL_BYTES)
    assert (200, 8 * mib) == (archives.RATIO, archives.RATIO_ABOVE_BYTES)
    assert (archives.NAME_BYTES, archives.PART_BYTES) == (1_000, 200)


def test_each_limit_of_an_archive_allows_its_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(*contents: bytes) -> list[bool]:
        entries = ((str(number), content) for number, content in enumerate(contents))
        return [member.content is not None for member in files_in(made(*entries))]

    monkeypatch.setattr(archives, "ENTRY_BYTES", 20)
    assert sizes(b"x" * 20, b"x" * 21) == [True, False]
    monkeypatch.setattr(archives, "TOTAL_BYTES", 30)
    assert sizes(b"x" * 20, b"x" * 11, b"x" * 10) == [True, False, True]
    monkeypatch.setattr(archives, "ENTRIES", 2)
    assert sizes(b"", b"") == [True, True]
    assert sizes(b"", b"", b"") == [False]


def test_what_packs_well_is_held_against_its_ratio_only_above_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    content = made(("a", bytes(5_000)))
    assert only(content).content == bytes(5_000)
    monkeypatch.setattr(archives, "RATIO_ABOVE_BYTES", 5_000)
    monkeypatch.setattr(archives, "RATIO", 1)
    assert only(content).content == bytes(5_000)
    monkeypatch.setattr(archives, "RATIO_ABOVE_BYTES", 4_999)
    assert "declined: it unpacks to more than 1 times its size." == only(content).reason  # noqa: SIM300
    monkeypatch.setattr(archives, "RATIO", 5_000)
    assert only(content).content == bytes(5_000)


def test_entries_are_counted_across_the_pieces_in_which_a_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A marker of four bytes may be cut between any two of them, and none may be counted twice."""
    monkeypatch.setattr(archives, "ENTRIES", 1)
    for size in range(4, 12):
        monkeypatch.setattr(archives, "PIECE_BYTES", size)
        assert only(made(("a", REPORT))).content == REPORT
        (refused,) = files_in(made(("a", REPORT), ("b", REPORT)))
        assert (refused.name, refused.status) == ("", ReadStatus.DECLINED)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a" * 200, ""),
        ("a" * 201, "its name is too long"),
        ("/".join(["a" * 199] * 5), ""),
        ("/".join(["a" * 199] * 5) + "/a", "its name is too long"),
        ("", "it has no name"),
        ("a ", "its name is no plain path"),
        (".a/b c", ""),
        *((f"ab{character}c", "its name holds a character that no file name should") for character in ':*?"<>|'),
    ],
)
def test_the_name_of_an_entry_is_a_plain_path_of_bearable_length(name: str, reason: str) -> None:
    assert trouble_with(name) == reason


@pytest.mark.parametrize("beginning", archives.ARCHIVES)
def test_what_begins_as_an_archive_and_is_none_is_unreadable(beginning: bytes) -> None:
    member = only(made(("a", beginning + b" and more")))
    assert (member.content, member.status, member.name) == (None, ReadStatus.UNREADABLE, "a")


@each_row(
    ("name", "content", "inside"),
    [
        ("a.zip", lambda: made(("r.xml", REPORT)), "a.zip/r.xml"),
        ("a.xml.gz", lambda: gzip.compress(REPORT), "a.xml.gz/a.xml"),
        ("a.xml.bz2", lambda: bz2.compress(REPORT), "a.xml.bz2/a.xml"),
        ("a.xml.xz", lambda: lzma.compress(REPORT), "a.xml.xz/a.xml"),
        ("logs", lambda: tarred(("./b/r.xml", REPORT)), "logs/b/r.xml"),
        ("a.tar.gz", lambda: gzip.compress(tarred(("r.xml", REPORT))), "a.tar.gz/r.xml"),
        ("a.zip", lambda: made(("b.zip", made(("r.xml", REPORT)))), "a.zip/b.zip/r.xml"),
    ],
)
def test_an_archive_in_an_archive_is_opened(name: str, content: Callable[[], bytes], inside: str) -> None:
    assert only(made((name, content()))) == Member(inside, REPORT)


def test_archives_in_archives_are_opened_so_deep_and_no_deeper() -> None:
    assert (only(nested(3)).content, only(nested(4)).content) == (REPORT, None)


def test_the_limits_hold_for_all_that_an_archive_holds_together(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = made(("a", b"x" * 200))
    monkeypatch.setattr(archives, "TOTAL_BYTES", len(inner) + 300)
    members = list(files_in(made(("1.zip", inner), ("2.zip", inner))))
    assert [member.content is not None for member in members] == [True, False]


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
