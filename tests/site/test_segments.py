"""Tests that a segment's page shows the file as it was recorded, whoever wrote it."""

from __future__ import annotations

import pytest
from lxml import html

from atalaya.evidence.ledger.ledger import Segment
from atalaya.site.fragments import segments
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN, ES = Renderer(Language("en")), Renderer(Language("es"))


def segment(judgement, records=None) -> Segment:
    made = tuple(trace.record for trace in judgement.traces)
    return Segment(judgement.segments[0], made if records is None else records)


def test_each_record_is_a_row_with_its_instant_and_its_content():
    judgement = example.judgement()
    one = segment(judgement)
    page = html.fromstring(f"<main>{segments.page(one, EN)}</main>")
    rows = page.xpath(".//tbody/tr")
    assert len(one.records) == len(rows)
    assert one.records[0].run_id in rows[0].text_content()
    assert f"{one.records[0].occurred_at:%Y-%m-%d %H:%M} UTC" in rows[0].text_content()


def test_strangers_make_no_element_of_their_own():
    calm, hostile = (
        html.fromstring(f"<main>{segments.page(segment(judgement), EN)}</main>")
        for judgement in (example.judgement(), example.judgement(strangers=True))
    )
    folded = {"details", "summary"}  # of which a longer segment has some
    assert {one.tag for one in calm.iter()} | folded == {one.tag for one in hostile.iter()} | folded
    assert hostile.xpath("//@*[starts-with(name(), 'on')]") == []


def test_a_long_segment_is_cut_and_says_so():
    judgement = example.judgement()
    record = judgement.traces[0].record
    page = segments.page(segment(judgement, (record,) * (segments.RECORDS_SHOWN + 1200)), EN)
    assert page.count("<tr><td>") == segments.RECORDS_SHOWN
    assert "1,200 more are in the file." in page


def test_the_page_is_in_the_language_of_the_reader():
    judgement = example.judgement()
    assert "tal como se registró" in segments.page(segment(judgement), ES)


def test_pages_of_segments_that_are_gone_are_taken_away_and_others_keep_their_time(tmp_path):
    judgement = example.judgement()
    one = segment(judgement)
    written = segments.write_pages(judgement, [one], tmp_path, EN)
    assert [tmp_path / "segments" / f"{segments.name_of(one.info)}.html"] == list(written)
    assert segments.write_pages(judgement, [one], tmp_path, EN) == ()
    segments.write_pages(judgement, [], tmp_path, EN)
    assert list((tmp_path / "segments").iterdir()) == []


@pytest.mark.parametrize(
    ("metric", "kinds"), [("pass-rate", ["job"]), ("stale-cache", ["event", "job", "observation"])]
)
def test_behind_a_metric_stand_the_segments_of_the_kinds_that_it_counts(metric, kinds):
    judgement = example.judgement()
    expected = [one.name for one in judgement.segments if one.kind in kinds]
    assert expected == [one.name for one in segments.behind(metric, judgement)]
