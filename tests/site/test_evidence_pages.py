"""Tests that each kind of evidence has one page, with its files and with a link to each record that never changes."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from msgspec.structs import replace

from atalaya.evidence.ledger import file_lines, holdings, ledger, naming
from atalaya.records.judged import Judgement, Trace
from atalaya.records.stored import STORED, Conclusion, Environment, Evidence, JobAttempt, Observation
from atalaya.site.build.kept_pages import KeptPages
from atalaya.site.fragments import evidence_pages, segments
from atalaya.site.fragments.evidence_pages import RAW_SHOWN, ROWS_SHOWN, write_pages
from atalaya.site.fragments.ledger import evidence
from atalaya.site.fragments.record_columns import SHOWN
from atalaya.site.i18n.language import Language
from atalaya.site.markup import html_markup, myst
from atalaya.site.markup.renderer import Renderer
from tests.docs.building import with_ledger
from tests.site import example
from tests.site.example import NOW, T0

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
PRESSED_KB = 600  # of a page


def job(number: int, conclusion: Conclusion = Conclusion.SUCCESS) -> JobAttempt:
    at = T0 + timedelta(minutes=number)
    return JobAttempt(
        run_id=f"r{number}",
        environment=Environment.CI,
        occurred_at=at,
        recorded_at=at,
        workflow="w",
        job="j",
        variant="",
        attempt=1,
        commit="c",
        conclusion=conclusion,
        origin="o",
    )


def judged(folder: Path, base: Judgement | None = None, **changes: Any) -> Judgement:
    """A judgement of just what lies in a ledger."""
    found = ledger.survey(folder)
    return replace(base or example.judgement(), segments=tuple(one.info for one in found.segments), **changes)


def pages(folder: Path, out: Path, voice: Renderer = EN, **changes: Any) -> dict[str, Any]:
    write_pages(judged(folder, **changes), holdings.holdings(folder), out, voice)
    return {file.stem: parsed(file) for file in (out / "evidence").glob("*.html")}


def parsed(file: Path) -> Any:
    return html.fromstring(file.read_text(encoding="utf-8"))


def rows(page: Any) -> dict[str, Any]:
    """The rows of records by their ids."""
    return {row.get("id"): row for row in page.xpath("//table[contains(@class, 'listed')]/tbody/tr")}


def test_each_record_is_a_row_with_its_instant_its_columns_and_its_raw_text(tmp_path):
    (path,) = ledger.write(tmp_path / "e", [job(n) for n in range(3)])
    (info,) = ledger.segments(tmp_path / "e")
    page = pages(tmp_path / "e", tmp_path)["job"]
    row = rows(page)[f"record-{info.digest[:16]}-2"]
    cells = [cell.text_content() for cell in row]
    assert cells[:-1] == ["2", "2026-03-02 09:01:00", "w", "j", "success", "1", "r1"]
    assert f"JSON{path.read_text(encoding='utf-8').splitlines()[1]}" == cells[-1]
    assert [f"#record-{info.digest[:16]}-2"] == row.xpath("td[1]/a/@href")


def test_a_link_to_a_record_stays_what_it_is_when_segments_come_and_after_a_compaction(tmp_path):
    folder = tmp_path / "e"
    ledger.write(folder, [job(n) for n in range(3)])
    before = {id: row[6].text_content() for id, row in rows(pages(folder, tmp_path)["job"]).items()}
    for number in range(10, 16):
        ledger.write(folder, [job(number, Conclusion.FAILURE)])
    grown = rows(pages(folder, tmp_path)["job"])
    assert ledger.compact(folder)
    compacted = rows(pages(folder, tmp_path)["job"])
    for later in (grown, compacted):
        assert before == {id: later[id][6].text_content() for id in before}


def test_a_file_can_be_taken_along_from_pages_in_both_languages(tmp_path):
    (path,) = ledger.write(tmp_path / "e", [job(1)])
    for voice, href in ((EN, path.name), (ES, f"../../evidence/{path.name}")):
        page = pages(tmp_path / "e", tmp_path / voice.language.code, voice)["job"]
        (link,) = page.xpath("//a[@download]")
        assert (href, path.name) == (link.get("href"), link.text_content())
        assert holdings.holdings(tmp_path / "e").files[naming.identity(path.name)][0].sha256 in page.text_content()
    write_pages(judged(tmp_path / "e"), holdings.holdings(tmp_path / "e"), tmp_path / "front", ES, front="es")
    page = parsed(tmp_path / "front" / "evidence" / "job.html")
    assert [path.name] == page.xpath("//a[@download]/@href")


def test_a_segment_of_a_compacted_file_leads_to_that_file_and_keeps_its_name(tmp_path):
    (path,) = ledger.write(tmp_path / "e", [job(1)])
    ledger.write(tmp_path / "e", [job(2)])
    (compacted,) = ledger.compact(tmp_path / "e")
    (info,) = (one for one in ledger.segments(tmp_path / "e") if one.name == path.name)
    row = pages(tmp_path / "e", tmp_path)["job"].xpath("//tr[@id = $id]", id=segments.segment_id(info))[0]
    assert [compacted.name] == row.xpath(".//a[@download]/@href")
    assert path.name in row.text_content()


def test_what_is_not_fine_comes_first_and_what_is_cut_is_said_with_where_it_is(tmp_path):
    ledger.write(tmp_path / "e", [job(n, Conclusion.FAILURE if n == 5 else Conclusion.SUCCESS) for n in range(1200)])
    page = pages(tmp_path / "e", tmp_path)["job"]
    listed = rows(page)
    assert [row[0].text_content() for row in listed.values()][:2] == ["6", "1200"]
    assert len(listed) == ROWS_SHOWN
    assert len(page.xpath("//td/details")) == RAW_SHOWN
    text = " ".join(page.text_content().split())
    assert "250 of 1,200 records are listed" in text
    assert "50 of them show their raw text. That of each other one is in its file" in text
    assert "success: 1,199, failure: 1" in text


def test_a_record_that_a_figure_leads_to_is_listed_however_many_there_are(tmp_path):
    folder = tmp_path / "e"
    ledger.write(folder, [job(n) for n in range(1200)])
    (segment,) = ledger.survey(folder).segments
    traces = tuple(Trace(record=segment.records[n], segment=segment.info.name, line=n + 1) for n in (0, 7))
    listed = rows(pages(folder, tmp_path, traces=traces)["job"])
    assert {segments.record_id(segment.info, line) for line in (1, 8)} <= listed.keys()
    assert len(listed) == ROWS_SHOWN + 2


def test_every_link_of_the_evidence_page_leads_to_a_page_of_a_kind_and_to_a_place_on_it(tmp_path):
    judgement = with_ledger(example.judgement(strangers=True), tmp_path / "e")
    write_pages(judgement, holdings.holdings(tmp_path / "e"), tmp_path, EN)
    ids = {file.stem: set(parsed(file).xpath("//@id")) for file in (tmp_path / "evidence").glob("*.html")}
    targets = re.findall(r"<1\.1\.0 evidence/([a-z]+)(?:#([a-z0-9-]+))?>", evidence(judgement, EN))
    assert {kind for kind, _ in targets} == ids.keys()
    assert [one for one in targets if one[1] and one[1] not in ids[one[0]]] == []
    assert len([place for _, place in targets if place.startswith("record-")]) > 20


def test_every_kind_of_record_has_columns_and_each_column_shows_something_of_a_record(tmp_path):
    assert STORED.keys() == SHOWN.keys()
    for kind, shown in SHOWN.items():
        fields = STORED[kind].__struct_fields__
        columns = (*shown.columns, *([shown.counted_by] if shown.counted_by else []))
        named = [column.shows for column in columns if isinstance(column.shows, str)]
        assert [one for one in named if one not in fields and not hasattr(STORED[kind], one)] == [], kind


def test_strangers_make_no_element_of_their_own_on_the_page_of_any_kind(tmp_path):
    made = {}
    for name, strangers in (("calm", False), ("hostile", True)):
        judgement = with_ledger(example.judgement(strangers=strangers, incidents=True), tmp_path / name)
        write_pages(judgement, holdings.holdings(tmp_path / name), tmp_path / f"{name}-html", EN)
        made[name] = {file.stem: parsed(file) for file in (tmp_path / f"{name}-html").rglob("*.html")}
    assert made["calm"].keys() == made["hostile"].keys() >= {"job", "test", "event", "reading", "transition", "said"}
    folds = {"details", "summary", "p", "span"}  # of which a longer page has some
    for kind, page in made["hostile"].items():
        assert {one.tag for one in page.iter()} <= {one.tag for one in made["calm"][kind].iter()} | folds, kind
        assert page.xpath("//@*[starts-with(name(), 'on')] | //@src | //@style") == []
        assert [href for href in page.xpath("//@href") if re.search(r":|//|\s|<", href)] == []
        assert example.MARK in page.text_content()


def test_a_text_of_5000_characters_is_cut_in_its_cell_and_as_raw_text(tmp_path):
    ledger.write(tmp_path / "e", [replace(job(1), workflow="x" * 5000)])
    row = next(iter(rows(pages(tmp_path / "e", tmp_path)["job"]).values()))
    assert f"{'x' * html_markup.CELL_LIMIT}… (5000 characters)" == row[2].text_content()
    assert len(row[-1].text_content()) < evidence_pages.RAW_LIMIT + 50


def test_the_page_is_in_the_language_of_the_reader(tmp_path):
    ledger.write(tmp_path / "e", [job(1)])
    assert "Toda la evidencia" in pages(tmp_path / "e", tmp_path, ES)["job"].text_content()


def test_pages_of_kinds_that_are_gone_are_taken_away_and_others_keep_their_time(tmp_path):
    ledger.write(tmp_path / "e", [job(1)])
    judgement, held = judged(tmp_path / "e"), holdings.holdings(tmp_path / "e")
    written = write_pages(judgement, held, tmp_path, EN)
    assert [tmp_path / "evidence" / "job.html"] == list(written)
    assert write_pages(judgement, held, tmp_path, EN) == ()
    write_pages(replace(judgement, segments=()), held, tmp_path, EN)
    assert list((tmp_path / "evidence").iterdir()) == []


def hourly(folder: Path, hours: int) -> None:
    """A watch of so many hours that leaves a segment of jobs and one of observations in each."""
    for hour in range(hours):
        seen: list[Evidence] = [
            Observation(
                run_id=f"r{hour}",
                environment=Environment.LOOPBACK,
                occurred_at=T0 + timedelta(hours=hour / 10),
                recorded_at=T0 + timedelta(hours=hour / 10),
                promise=f"family.promise-{n}",
                severity=next(iter(example.Severity)),
                outcome=example.Outcome.KEPT,
                reason="",
                duration_s=0.0,
                trials=1,
                subject_digest="d",
            )
            for n in range(3)
        ]
        ledger.write(folder, [job(hour), *seen])


def test_a_thousand_segments_make_no_page_more_than_two_and_the_work_of_a_page_stays_bounded(tmp_path, monkeypatch):
    said: Counter[str] = Counter()
    visible = myst.visible

    def counted(value: str, *args: Any, **named: Any) -> str:
        said["strangers' texts"] += 1
        return visible(value, *args, **named)

    monkeypatch.setattr(myst, "visible", counted)
    lines_in = file_lines.lines_in
    monkeypatch.setattr(file_lines, "lines_in", lambda path: said.update(["files read again"]) or lines_in(path))
    work, made, fragments = {}, {}, {}
    for hours in (1, 500):
        folder, out = tmp_path / f"e{hours}", tmp_path / f"html{hours}"
        hourly(folder, hours)
        judgement = judged(folder, as_of=NOW)
        said.clear()
        write_pages(judgement, holdings.holdings(folder), out, EN)
        work[hours], made[hours] = dict(said), sorted(out.rglob("*.html"))
        fragments[hours] = evidence(judgement, EN).count("\n")
    assert ["job", "observation"] == [file.stem for file in made[500]] == [file.stem for file in made[1]]
    assert fragments[1] == fragments[500]  # the release's evidence page has a row a kind
    assert work[500]["files read again"] <= 2 * RAW_SHOWN
    # Of each segment its name and its file, of each row that is listed its cells and its raw text.
    assert work[500]["strangers' texts"] <= 2 * (500 * 6 + ROWS_SHOWN * 12)
    for file in made[500]:
        page = parsed(file)
        assert len(page.xpath("//table[contains(@class, 'files')]/tbody/tr[.//a[@download]]")) == 500
        assert len(gzip.compress(file.read_bytes())) < PRESSED_KB * 1000 / 4
        open_rows = page.xpath("//tbody/tr[not(ancestor::details)]")
        assert len(open_rows) <= 2 * evidence_pages.BEGUN
        assert (
            len(page.xpath("//details[contains(@class, 'fold')][not(ancestor::details)]")) <= evidence_pages.BEGUN + 3
        )


@pytest.mark.parametrize(
    ("metric", "kinds"), [("pass-rate", ["job"]), ("stale-cache", ["event", "job", "observation"])]
)
def test_behind_a_metric_stand_the_segments_of_the_kinds_that_it_counts(metric, kinds):
    judgement = example.judgement()
    expected = [one.name for one in judgement.segments if one.kind in kinds]
    assert expected == [one.name for one in segments.behind(metric, judgement)]


def made_again(folder: Path, out: Path, voice: Renderer = EN, front: str = "en", **changes: Any) -> list[str]:
    """The kinds whose pages were made, where those that need not be are kept; each is what it is without that."""
    made = []
    page = evidence_pages.page

    def seen(kind: str, *given: Any, **named: Any) -> str:
        made.append(kind)
        return page(kind, *given, **named)

    judgement, held = judged(folder, **changes), holdings.holdings(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evidence_pages, "page", seen)
        write_pages(judgement, held, out / "kept", voice, front, KeptPages(out / "seals.json"))
    write_pages(judgement, held, out / "anew", voice, front)
    kept, anew = (
        {file.name: file.read_bytes() for file in (out / name / "evidence").iterdir()} for name in ("kept", "anew")
    )
    assert kept == anew
    return sorted(made)


def test_only_the_page_of_a_kind_whose_evidence_changed_is_made_again(tmp_path):
    folder = tmp_path / "e"
    with_ledger(example.judgement(), folder)
    kinds = made_again(folder, tmp_path)
    assert len(kinds) > 3
    assert made_again(folder, tmp_path) == []
    ledger.write(folder, [job(1)])
    assert made_again(folder, tmp_path) == ["job"]
    for number in range(2, 40):
        ledger.write(folder, [job(number)])
    made_again(folder, tmp_path)
    assert ledger.compact(folder)  # which changes only the files that are listed
    assert "job" in made_again(folder, tmp_path)
    assert made_again(folder, tmp_path) == []


def test_the_page_of_a_kind_is_made_again_where_it_leads_elsewhere_or_a_figure_leads_to_it(tmp_path):
    folder = tmp_path / "e"
    ledger.write(folder, [job(number) for number in range(ROWS_SHOWN + 9)])
    (segment,) = ledger.survey(folder).segments
    made_again(folder, tmp_path)
    assert made_again(folder, tmp_path, voice=ES, front="es") == ["job"]
    assert made_again(folder, tmp_path, front="es") == ["job"]
    assert made_again(folder, tmp_path, voice=ES, front="es") == ["job"]
    assert made_again(folder, tmp_path, voice=ES, front="es") == []
    trace = Trace(record=segment.records[0], segment=segment.info.name, line=1)
    assert made_again(folder, tmp_path, voice=ES, front="es", traces=(trace,)) == ["job"]
    assert made_again(folder, tmp_path, voice=ES, front="es", traces=(trace,)) == []
