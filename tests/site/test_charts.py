"""Tests that each chart shows what its table says, words first, and escapes untrusted text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from atalaya.records.judged import Judgement, TimeSeries
from atalaya.records.stored import VerdictStatus, WatchTransition
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.charts import charts, drawing
from atalaya.site.fragments.figures import at_looks, metrics
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example
from tests.tables import each_row

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
CHARTS = ("timeline", "chart-pass-rate", "chart-network", "chart-flaky", "chart-latency")
WITH_SPARKS = (*CHARTS, "metrics")
SVG = "{http://www.w3.org/2000/svg}"
RAW = re.compile(r"^( *)```\{raw\} html\n(.*?)\n\1```$", re.MULTILINE | re.DOTALL)
HARMLESS = {"g", "svg", "title", "desc", "line", "rect", "circle", "path", "text", "tspan", "figure", "figcaption", "p"}
T0 = example.T0


def raw_of(fragment: str) -> list[ElementTree.Element]:
    """Each block of HTML, which has to be XML too."""
    return [ElementTree.fromstring(f"<div>{html}</div>") for _, html in RAW.findall(fragment)]


def svgs(name: str, judgement: Judgement, voice: Renderer = EN) -> list[ElementTree.Element]:
    found = [element for raw in raw_of(FRAGMENTS[name](judgement, voice)) for element in raw.iter(f"{SVG}svg")]
    return [svg for svg in found if svg.get("role") == "img"]


def full(*, strangers: bool = False) -> Judgement:
    """A watch in which everything happened, and that was extended once."""
    judgement = example.judgement(strangers=strangers, incidents=True)
    longer = WatchTransition(
        run_id="longer",
        environment=judgement.contexts[0].environment,
        occurred_at=T0 + timedelta(hours=49),
        recorded_at=T0 + timedelta(hours=49),
        state="extended",
        window_h=96,
        by="ana",
        why="INC-1 is not proven",
    )
    return replace(judgement, release=replace(judgement.release, window_h=96), steps=(*judgement.steps, longer))


@each_row("voice", [EN, ES], ids=["en", "es"])
@each_row("strangers", [False, True])
@each_row("name", WITH_SPARKS)
def test_each_chart_is_xml_with_a_title_and_a_description(name: str, strangers: bool, voice: Renderer) -> None:
    drawn = svgs(name, full(strangers=strangers), voice)
    assert drawn
    assert [[f"{SVG}title", f"{SVG}desc"]] * len(drawn) == [[child.tag for child in svg[:2]] for svg in drawn]
    assert all((child.text or "").strip() for svg in drawn for child in svg[:2])


@each_row("name", WITH_SPARKS)
def test_a_strangers_text_is_text_and_nothing_else(name: str) -> None:
    elements = [one for raw in raw_of(FRAGMENTS[name](full(strangers=True), EN)) for one in raw.iter()]
    assert {one.tag.removeprefix(SVG) for one in elements} <= HARMLESS | {"div"}
    assert [key for one in elements for key in one.attrib if key.startswith("on") or key in ("href", "style")] == []


@each_row("string", example.HOSTILE)
def test_the_name_of_an_incident_and_of_a_test_can_be_anything(string: str) -> None:
    judgement = example.judgement(incidents=True)
    one = replace(
        judgement,
        incidents=(replace(judgement.incidents[0], id=string, state=string),),
        flaky=(replace(judgement.flaky[1], test=string),),
    )
    for name in ("timeline", "chart-flaky"):
        assert {of.tag.removeprefix(SVG) for svg in svgs(name, one) for of in svg.iter()} <= HARMLESS


@each_row("name", CHARTS)
def test_no_line_of_a_chart_begins_with_what_could_close_it(name: str) -> None:
    for _, html in RAW.findall(FRAGMENTS[name](full(strangers=True), EN)):
        assert [line for line in html.splitlines() if not line.lstrip().startswith("<")] == []


@each_row("name", WITH_SPARKS)
def test_a_chart_asks_nobody_and_has_no_colour_of_its_own(name: str) -> None:
    html = "".join(html for _, html in RAW.findall(FRAGMENTS[name](full(), EN)))
    assert not re.search(r"url\(|href|#[0-9a-f]{3,6}\b|style=|fill=|stroke=", html.replace(drawing.XMLNS, ""))


@each_row("name", CHARTS)
def test_below_each_chart_its_numbers_are_folded_in_a_table(name: str) -> None:
    fragment = FRAGMENTS[name](full(), EN)
    assert fragment.index("```{raw}") < fragment.index("{dropdown}") < fragment.index("{list-table}")


@each_row("hours", [72, 96, 120])
@each_row("word", list(VerdictStatus))
@each_row("voice", [EN, ES], ids=["en", "es"])
def test_no_verdict_lies_on_another_where_the_page_is_narrow(word: VerdictStatus, hours: int, voice: Renderer) -> None:
    words = f"○ {voice.language.gettext(word.value)}"
    marks = [drawing.Mark(at_h, words, len(words), "") for at_h in (24.0, 48.0, 50.0, 72.0, float(hours))]
    placed = list(zip(drawing.lanes(marks, hours), (drawing.extent(mark, hours) for mark in marks), strict=True))
    assert [
        (one, other)
        for (lane, one), (beside, other) in combinations(placed, 2)
        if lane == beside and one[0] < other[1] and other[0] < one[1]
    ] == []
    assert all(begins >= -drawing.LETTER and ends <= drawing.NARROW + drawing.LETTER for _, (begins, ends) in placed)


@each_row(("low", "high"), [(0, 0.003), (0, 1), (0.62, 1), (0.9, 1), (0, 106.5), (0, 4e6), (0, 7e-5)])
def test_an_axis_holds_its_values_with_few_round_numbers(low: float, high: float) -> None:
    places = drawing.ticks(low, high)
    assert 2 <= len(places) <= 5
    assert places[0] <= low < high <= places[-1]


def numbers(words: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", words.replace("\\", "").replace(",", ""))]


def test_the_rate_is_drawn_at_the_height_that_the_table_says() -> None:
    judgement = full()
    (svg,) = svgs("chart-pass-rate", judgement)
    assert judgement.course is not None
    last = judgement.course.so_far[-1]
    point = svg.findall(f"{SVG}circle[@class='point']")[-1]
    ticks = {
        float((text.text or "").rstrip("%")) / 100: float(text.get("y", "")) - 4
        for text in svg.findall(f"{SVG}text")
        if (text.text or "").endswith("%")
    }
    (low, at_low), (high, at_high) = min(ticks.items()), max(ticks.items())
    assert last.value is not None
    expected = at_high + (at_low - at_high) * (high - last.value) / (high - low)
    assert expected == pytest.approx(float(point.get("cy", "")), abs=0.02)
    row = FRAGMENTS["chart-pass-rate"](judgement, EN).strip().splitlines()
    so_far = next(line for line in reversed(row) if "…" in line)
    assert [round(100 * end, 1) for end in (last.value, last.low or 0, last.high or 0)] == numbers(so_far)


def test_what_is_counted_stands_over_each_column_and_in_the_table() -> None:
    judgement = full()
    assert judgement.course is not None
    (svg,) = svgs("chart-network", judgement)
    over = [text.text for text in svg.findall(f"{SVG}text[@class='value']")]
    assert [str(part.events) for part in judgement.course.errors] == over
    fragment = FRAGMENTS["chart-network"](judgement, EN).replace("\\", "")
    assert all(f"{part.events} / {part.trials:,}" in fragment for part in judgement.course.errors)


@pytest.mark.parametrize("count", [0, 9_999, 10_000, 999_999])
def test_what_is_counted_has_room_over_its_column_in_the_longest_window(count: int) -> None:
    assert drawing.LETTER * len(f"/ {charts.figure_of(count, EN)}") <= drawing.NARROW / 5


def test_a_day_without_a_request_has_no_column() -> None:
    (svg,) = svgs("chart-network", full())
    assert (len(svg.findall(f"{SVG}text[@class='value']")), len(svg.findall(f"{SVG}rect[@class='column']"))) == (3, 2)


def test_the_least_reliable_test_stands_first_and_one_of_which_nothing_is_known_is_not_drawn() -> None:
    judgement = full()
    likely = replace(judgement.flaky[3], score=replace(judgement.flaky[3].score, mean=0.2, high=0.4))
    drawn = svgs("chart-flaky", replace(judgement, flaky=(*judgement.flaky, replace(likely, test="worst"))))
    names = ["".join(text.itertext()) for text in drawn[0].findall(f"{SVG}text[@class='name']")]
    assert (len(judgement.flaky), True) == (len(names), names[0].endswith("worst"))


def test_an_incident_lasts_from_when_it_opened_to_when_it_was_last_said_to_be_over() -> None:
    judgement = example.judgement(incidents=True)
    (incident,), (step, *_) = judgement.incidents, judgement.transitions
    story = (("open", 29), ("monitoring", 30), ("resolved", 31), ("reopened", 33), ("monitoring", 36), ("resolved", 40))
    steps = tuple(
        replace(step, incident=incident.id, state=state, occurred_at=T0 + timedelta(hours=hours))
        for state, hours in story
    )
    judgement = replace(judgement, transitions=steps, followed=())
    assert charts.Span(29, 36, 40) == charts.span_of(incident, judgement)
    back = replace(incident, state="reopened")
    assert charts.Span(29, None, 50) == charts.span_of(back, replace(judgement, transitions=steps[:4]))


def test_an_incident_of_another_state_than_it_shows_is_never_drawn_as_over() -> None:
    judgement = example.judgement(incidents=True)
    unsure = replace(judgement.incidents[0], state="<b>gone</b>")
    assert charts.span_of(unsure, replace(judgement, followed=())).ends_h == 50


def test_too_many_incidents_are_counted_and_those_that_are_not_over_are_drawn() -> None:
    judgement = example.judgement(incidents=True)
    many = tuple(
        replace(judgement.incidents[0], id=f"I-{n:02}", state="open" if n > 25 else "resolved") for n in range(30)
    )
    fragment = FRAGMENTS["timeline"](replace(judgement, incidents=many), EN)
    assert "table of incidents\\: 22" in fragment
    (svg,) = svgs("timeline", replace(judgement, incidents=many))
    drawn = "".join(svg.itertext())
    assert all(f"I-{n}" in drawn for n in range(26, 30))


def test_a_gap_of_coverage_is_drawn_where_the_table_says_it_is() -> None:
    judgement = example.judgement()
    (svg,) = svgs("timeline", judgement)
    gaps = svg.findall(f"{SVG}rect[@class='gap']")
    # T+24 with three hours on either side, and the gap of the schedule from T+30 to T+37.5
    assert [(gap.get("x"), gap.get("width")) for gap in gaps] == [("29.17%", "8.33%"), ("41.67%", "10.42%")]
    for hours in ("6.0", "7.5"):
        assert f"Nobody looked for {hours} h" in FRAGMENTS["timeline"](judgement, EN)


def test_now_is_marked_while_the_window_is_open_and_not_afterwards() -> None:
    judgement = example.judgement()
    over = replace(judgement, as_of=T0 + timedelta(hours=73))
    marked = [bool(svgs("timeline", one)[0].findall(f"{SVG}line[@class='now']")) for one in (judgement, over)]
    assert marked == [True, False]


def test_the_last_point_of_a_spark_is_what_the_metric_says_now() -> None:
    judgement = example.judgement()
    for metric in judgement.metrics:
        hours, now = at_looks(judgement, metric)[-1]
        assert (50, metric.value, metric.state) == (hours, now.value, now.state)


def test_a_metric_that_was_never_known_has_no_spark() -> None:
    judgement = example.judgement()
    assert len(raw_of(metrics(replace(judgement, metrics=judgement.metrics[:1]), EN))) == 1
    assert raw_of(metrics(replace(judgement, metrics=judgement.metrics[-1:]), EN)) == []


def test_a_look_at_which_a_metric_was_not_known_is_a_ring_and_no_zero() -> None:
    spark = svgs("metrics", example.judgement())[2]  # the network errors
    assert len(spark.findall(f"{SVG}circle[@class='absent']")) == 2
    assert spark[1].text == "T+24: not known; T+48: not known; T+50: 0 (0 … 0.00249)"


def nothing(judgement: Judgement) -> Judgement:
    return replace(
        judgement, course=TimeSeries(target=0.95), flaky=(), as_of=judgement.release.opened_at, looks=(), incidents=()
    )


@each_row("change", [nothing, lambda one: replace(nothing(one), course=None)], ids=["empty", "none"])
@each_row("name", CHARTS)
def test_where_nothing_is_known_words_say_so_and_no_empty_chart(
    name: str, change: Callable[[Judgement], Judgement]
) -> None:
    fragment = FRAGMENTS[name](change(example.judgement()), EN)
    assert ("{raw}" in fragment, bool(fragment.strip())) == (False, True)


def test_a_rehearsal_has_no_durations_to_show() -> None:
    assert "virtual time" in FRAGMENTS["chart-latency"](example.judgement(rehearsal=True), EN)


@each_row("name", WITH_SPARKS)
def test_a_chart_is_the_same_bytes_each_time_and_another_in_each_language(name: str) -> None:
    first, second, spanish = (FRAGMENTS[name](full(), voice) for voice in (EN, EN, ES))
    assert first == second
    assert first != spanish


def test_numbers_and_days_are_written_in_the_readers_language() -> None:
    judgement = full()
    drawn = (svgs("timeline", judgement, voice)[0] for voice in (EN, ES))
    days = [svg.findtext(f"{SVG}text[@class='day']") for svg in drawn]
    assert [EN.language.day(T0), ES.language.day(T0)] == days
    assert days[0] != days[1]
    assert "95,0\u00a0%" in "".join(raw_of(FRAGMENTS["chart-pass-rate"](judgement, ES))[0].itertext())


def test_an_hour_is_written_whole_where_it_is() -> None:
    assert [charts._when(hours, EN) for hours in (24.0, 7.5)] == ["T\\+24", "T\\+7\\.5"]


def test_the_table_of_the_timeline_is_in_order_of_time() -> None:
    happened = FRAGMENTS["timeline"](full(), EN).partition("list-table")[2]
    hours = [float(hour.replace("\\", "")) for hour in re.findall(r"^ *\* - T\\\+([\d.\\]+)$", happened, re.MULTILINE)]
    assert len(hours) > 5
    assert hours == sorted(hours)


@pytest.mark.parametrize(("letters", "shown"), [(34, "n" * 34), (35, "…" + "n" * 33)])
def test_the_name_of_a_test_has_34_letters_at_the_most_in_its_chart(letters: int, shown: str) -> None:
    judgement = full()
    named = replace(judgement, flaky=tuple(replace(one, test="n" * letters) for one in judgement.flaky))
    (svg, *_) = svgs("chart-flaky", named)
    names = ["".join(text.itertext()) for text in svg.findall(f"{SVG}text[@class='name']")]
    assert {name.split(" ", 1)[1] for name in names} == {shown}


# ── where each thing is drawn ────────────────────────────────────────────────

DRAWN = Path(__file__).with_name("drawn")


def places(name: str) -> str:
    """Each element of a chart with its attributes, a line each, without its words: those may be written otherwise."""
    lines = []
    for raw in raw_of(FRAGMENTS[name](full(), EN)):
        for element in raw.iter():
            kept = (f'{key}="{value}"' for key, value in element.attrib.items() if not key.startswith("aria"))
            lines.append(" ".join([element.tag.removeprefix(SVG), *kept]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", WITH_SPARKS)
def test_everything_is_drawn_where_it_was(name: str) -> None:
    """After a change that is meant, look at the pages and write the files: ``python -m tests.site.test_charts``."""
    assert (DRAWN / f"{name}.txt").read_text(encoding="utf-8") == places(name)


@each_row("name", ["chart-pass-rate", "chart-network"])
def test_incidents_and_their_fixes_are_marked_where_they_were(name: str) -> None:
    judgement = full()
    (incident,), (told,) = judgement.incidents, judgement.followed
    judgement = replace(judgement, followed=(replace(told, incident=incident.id, landed_at=T0 + timedelta(hours=48)),))
    (svg,) = svgs(name, judgement)
    drawn = [
        (line.get("x1"), line.get("class")) for line in svg.findall(f"{SVG}line") if "moment" in line.get("class", "")
    ]
    assert drawn == [("30.21%", "moment tone-bad"), ("50%", "moment tone-unsure")]
    table = FRAGMENTS[name](judgement, EN).replace("\\", "")
    assert f"`{incident.id}` was opened" in table
    assert f"The fix of `{incident.id}` landed" in table


@each_row("name", CHARTS[:4])
def test_each_place_of_a_chart_says_its_value_in_the_order_of_the_keys(name: str) -> None:
    (svg,) = svgs(name, full())
    said = [(title.text or "") for title in svg.findall(f"{SVG}g[@class='says']/{SVG}title")]
    assert all(said)
    hours = [float(found[1]) for one in said if (found := re.match(r"T\+([\d.]+) – T\+", one))]
    assert hours == sorted(hours)
    table = FRAGMENTS[name](full(), EN).replace("\\", "")
    assert all(number in table for one in said for number in re.findall(r"\d+\.\d%", one))


def test_of_many_incidents_a_chart_marks_its_own_and_says_how_many_it_leaves_out() -> None:
    judgement = full()
    (one,) = judgement.incidents
    others = tuple(replace(one, id=f"N{n}", metric="network-errors", about=("network-errors",)) for n in range(5))
    own = replace(one, id="own", metric="pass-rate", about=("pass-rate",))
    (svg,) = svgs("chart-pass-rate", replace(judgement, incidents=(*others, own)))
    words = [text.text for text in svg.findall(f"{SVG}text") if "moment-word" in text.get("class", "")]
    assert "✖ own" in words
    assert len(words) == 4
    assert "table of incidents: 2" in FRAGMENTS["chart-pass-rate"](replace(judgement, incidents=(*others, own)), EN)


if __name__ == "__main__":
    DRAWN.mkdir(exist_ok=True)
    for each in WITH_SPARKS:
        (DRAWN / f"{each}.txt").write_text(places(each), encoding="utf-8")
