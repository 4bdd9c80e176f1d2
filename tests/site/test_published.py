"""Tests that the pages show which published files were checked and which not, without markup of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from msgspec.structs import replace
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from atalaya.core.words import text
from atalaya.records.judged import ArtefactFinding, EnvironmentChange, Judgement
from atalaya.records.stored import Artefact, Built, BuiltFile, Environment, PublishedFile, Severity
from atalaya.site.fragments.package import MOST, artefact, moves
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example
from tests.site.example import DIGEST, HOSTILE, T0
from tests.tables import each_row

EN = Renderer(Language("en"))
STAMP: dict[str, Any] = {"run_id": "r", "environment": Environment.LOOPBACK, "occurred_at": T0, "recorded_at": T0}
PARSER: MarkdownIt = create_md_parser(MdParserConfig(enable_extensions={"attrs_inline", "colon_fence"}), RendererHTML)
UNKNOWN, YES, NO = "○ not known", "● yes", "✖ no"


def file(name: str = "a-1.whl", **changes: Any) -> PublishedFile:
    said: dict[str, Any] = {
        "claimed": DIGEST,
        "sha256": DIGEST,
        "size_bytes": 7,
        "yanked": False,
        "yanked_reason": "",
        "requires_python": "",
        "metadata": "",
    }
    return PublishedFile(name=name, **(said | changes))


def judged(*files: PublishedFile, built: dict[str, str] | None = None, **changes: Any) -> Judgement:
    """A watch with one look; ``changes`` are of the look, or of the judgement where it has the name."""
    found = {name: changes.pop(name) for name in ("published", "moves") if name in changes}
    said: dict[str, Any] = {"project": "a", "version": "1", "index": "https://index.example/", "resolved": ("a==1",)}
    looked = Artefact(**STAMP, files=files, **(said | changes))
    by_ci = (
        ()
        if built is None
        else (
            Built(
                **STAMP,
                origin="dist",
                files=tuple(BuiltFile(name=name, sha256=one, size_bytes=7) for name, one in built.items()),
            ),
        )
    )
    return replace(example.judgement(), artefacts=(looked,), built=by_ci, **found)


def finding(**changes: Any) -> ArtefactFinding:
    said: dict[str, Any] = {"file": "a-1.whl", "says": text("{file} was yanked: {reason}", file="a-1.whl", reason="-")}
    return ArtefactFinding(rule="artefact-yanked", severity=Severity.CRITICAL, at=T0, **(said | changes))


def row(page: str, name: str) -> list[str]:
    """The cells of the file's row."""
    (found,) = (part for part in page.split("* - ") if part.startswith(f"`{name}`"))
    return [cell.strip() for cell in found.split("\n  - ")]


# ── what was seen ────────────────────────────────────────────────────────────


def test_where_nobody_looked_it_is_not_known_and_the_setting_is_named() -> None:
    page = artefact(replace(example.judgement(), artefacts=()), EN)
    assert ("is not known" in page, "`[artefact] project`" in page) == (True, True), page


def test_nothing_is_called_wrong_only_where_every_file_was_seen() -> None:
    assert "Nothing is wrong with what is served" in artefact(judged(file()), EN)


@pytest.mark.parametrize(
    ("files", "more"), [((file(), file("b-1.whl", sha256="", problem="it drips")), 0), ((file(),), 1)]
)
def test_where_a_file_was_not_seen_the_page_counts_it_and_calls_nothing_right(
    files: tuple[PublishedFile, ...], more: int
) -> None:
    page = artefact(judged(*files, not_looked_at=more), EN)
    assert ("Nothing is wrong" in page, "Of 1 files it is not known" in page) == (False, True), page


def test_files_that_were_passed_over_are_counted() -> None:
    page = artefact(judged(file(), not_looked_at=57), EN)
    assert "57 more files of this version are listed\\, and were not looked at" in page


def test_an_index_that_could_not_be_asked_is_not_said_to_list_nothing() -> None:
    page = artefact(judged(problem="it drips"), EN)
    assert ("`it drips`" in page, "listed no file" in page, "Nothing is wrong" in page) == (True, False, False)


def test_an_index_that_lists_nothing_is_said_to() -> None:
    page = artefact(judged(), EN)
    assert ("It listed no file of this version" in page, "Nothing is wrong" in page) == (True, False)


def test_what_is_wrong_is_still_shown_where_the_last_look_could_not_ask() -> None:
    page = artefact(judged(problem="it drips", published=(finding(),)), EN)
    assert ("was yanked" in page, "First seen on 2026" in page.replace("\\", "")) == (True, True), page


def test_what_was_mended_says_from_when_to_when_and_stands_behind_what_is_wrong_now() -> None:
    over = finding(says=text("{file} is gone from the index.", file="b.whl"), gone_at=T0 + timedelta(hours=3))
    page = artefact(judged(file(), published=(over, finding())), EN).replace("\\", "")
    assert "First seen on 2026-03-02 09:00 UTC, and no more on 2026-03-02 12:00 UTC." in page
    assert page.index("was yanked") < page.index("is gone from the index")


def test_a_flood_of_findings_is_cut_and_says_by_how_many() -> None:
    page = artefact(judged(file(), published=tuple(finding() for _ in range(MOST + 3))), EN)
    assert (page.count("was yanked"), "And 3 more" in page) == (MOST, True)


# ── what CI built ────────────────────────────────────────────────────────────


@each_row(
    ("built", "served", "says"),
    [
        (None, file(), UNKNOWN),
        ({"a-1.whl": DIGEST}, file(), YES),
        ({"a-1.whl": "0" * 64}, file(), NO),
        ({"b-1.whl": DIGEST}, file(), NO),
        ({"a-1.whl": DIGEST}, file(sha256="", problem="x"), UNKNOWN),
        ({"b-1.whl": DIGEST}, file(sha256="", problem="x"), NO),
    ],
    ids=["CI is silent", "as built", "other bytes", "never built", "not fetched", "never built, not fetched"],
)
def test_each_file_says_whether_ci_built_it(built: dict[str, str] | None, served: PublishedFile, says: str) -> None:
    assert says in row(artefact(judged(served, built=built), EN), "a-1.whl")[3]


def test_where_ci_said_nothing_the_page_says_that_nothing_is_held_against_it() -> None:
    assert "What CI built is not known" in artefact(judged(file()), EN)


# ── what it brings along ─────────────────────────────────────────────────────


@pytest.mark.parametrize(("resolved", "why"), [((), ""), ((), "the index drips")])
def test_what_could_not_be_resolved_is_not_called_none(resolved: tuple[str, ...], why: str) -> None:
    page = artefact(judged(file(), resolved=resolved, unresolved=why), EN)
    assert ("brings along is not known" in page, "0 packages" in page, why in page) == (True, False, True)


# ── strangers ────────────────────────────────────────────────────────────────


def everywhere(words: str) -> list[str]:
    """Both fragments with these words wherever a stranger's can stand."""
    told = judged(
        file(words, yanked=True, yanked_reason=words, sha256=""),
        file(words, problem=words, sha256=""),
        project=words,
        version=words,
        index=words,
        problem=words or " ",  # none at all is no problem
        resolved=(words, words),
        published=(finding(file=words, says=text("{file} was yanked: {reason}", file=words, reason=words)),),
        moves=(EnvironmentChange(what=words, before=words, after=words, at=T0, where=words),),
    )
    unresolved = replace(told, artefacts=(replace(told.artefacts[0], unresolved=words or " "),))
    return [artefact(told, EN), artefact(unresolved, EN), moves(told, EN)]


def shape(page: str) -> list[str]:
    """The blocks that MyST makes of a page, and of what stands inside its directives."""
    found = []
    for token in PARSER.parse(page):
        found.append(f"{token.type} {token.info}")
        if token.type == "colon_fence":
            found += shape(token.content)
    return found


def inline(page: str) -> set[str]:
    """The kinds of what stands inside its lines."""
    found: set[str] = set()
    for token in PARSER.parse(page):
        found |= {child.type for child in token.children or ()}
        if token.type == "colon_fence":
            found |= inline(token.content)
    return found


@each_row("words", HOSTILE, ids=range(len(HOSTILE)))
def test_strangers_words_make_no_block_and_no_markup(words: str) -> None:
    for page, calm in zip(everywhere(words), everywhere("calm"), strict=True):
        assert shape(calm) == shape(page)
        assert inline(calm) | {"text"} == inline(page) | {"text", "code_inline"}
        assert [one for one in page if one in "\x00\x1b\u202e\u2028\ud800"] == []


def test_empty_words_are_shown_as_a_dash() -> None:
    nothing = EnvironmentChange(what="", before="", after="", at=T0, where="")
    page = moves(replace(example.judgement(), moves=(nothing,)), EN)
    assert (page.count("–"), "`" in page) == (4, False)


def test_where_nothing_moved_it_is_said_how_far_that_was_looked_for() -> None:
    assert "as far as was looked" in moves(replace(example.judgement(), moves=()), EN)


def test_a_move_stands_with_its_hour_of_the_watch() -> None:
    moved = EnvironmentChange(what="idna", before="3.1", after="3.2", at=T0 + timedelta(hours=29.5), where="index")
    page = moves(replace(example.judgement(), moves=(moved,)), EN).replace("\\", "")
    assert [one in page for one in ("`idna`", "T+29.5", "`3.2`")] == [True] * 3
