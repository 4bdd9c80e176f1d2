"""Tests that the site builds without a warning in both languages, and that untrusted text is inert."""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from babel.messages.pofile import read_po
from lxml import html

from atalaya.core.errors import ReleaseError, UsageError
from atalaya.site.build.site import publish_releases
from atalaya.site.build.skeleton import pages
from atalaya.site.i18n import catalogue
from atalaya.site.markup import myst
from tests.docs.building import URL, Site
from tests.docs.conftest import RELEASES
from tests.ours import PROMISES, pack_of
from tests.site import example
from tests.site.headings import headings

pytestmark = pytest.mark.begun_first

DOCS = Path(__file__).parents[2] / "docs"
VERSIONS = ("1.1.0", "1.0.9", "rehearsal-7")
NAMES = [name.removesuffix(".md") for name in pages()]


def parsed(file: Path):
    return html.fromstring(file.read_text(encoding="utf-8"))


def all_pages(site):
    return sorted(file for file in site.out.rglob("*.html") if "_static" not in file.parts)


def article(file: Path):
    (found,) = parsed(file).xpath("//article[contains(@class, 'bd-article')]")
    return found


def table_of(tree) -> list[list[str]]:
    return [[cell.text_content().strip() for cell in row] for row in tree.xpath("(.//table)[1]//tr")]


def test_every_release_has_every_page_in_both_languages(site):
    expected = {
        f"{version}/{language}{name}.html" for version in VERSIONS for language in ("", "es/") for name in NAMES
    }
    assert set() == expected - {file.relative_to(site.out).as_posix() for file in all_pages(site)}
    assert (site.out / "index.html").is_file()
    assert (site.out / "es" / "index.html").is_file()


def test_strangers_make_no_element_and_no_link(site):
    alone = (site.out / "1.1.0", site.out / "1.0.9")
    for name in NAMES:
        for language in ("", "es/"):
            calm, hostile = (article(folder / f"{language}{name}.html") for folder in alone)
            assert not hostile.xpath(".//script | .//img | .//iframe | .//style | .//object | .//form")
            assert [
                value
                for value in hostile.xpath(".//@href | .//@src")
                if ("javascript" in value or "evil" in value or example.MARK in value)
                and not re.fullmatch(r"(?:\.\./)*1\.0\.9/evidence/[\w.%~-]+\.jsonl", value)  # a file of that name
            ] == []
            assert not hostile.xpath(".//@*[starts-with(name(), 'on')]")
            assert headings(calm) == headings(hostile)


def test_strangers_text_is_shown_as_it_is(site):
    shown = article(site.out / "1.0.9" / "evidence.html").text_content()
    for text in example.HOSTILE:
        assert myst.visible(text).strip() in shown


def test_no_hidden_character_of_a_stranger_reaches_a_page(site):
    for name in NAMES:
        text = (site.out / "1.0.9" / f"{name}.html").read_text(encoding="utf-8")
        assert not re.search("[\u200b\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08\x1b]", text)


def test_strangers_cannot_borrow_the_classes_that_the_script_looks_for(site):
    assert len(article(site.out / "1.0.9" / "index.html").xpath(".//*[contains(@class, 'verdict-word')]")) == 1


def test_the_spanish_page_has_the_runbooks_table_of_incidents(site):
    expected = [
        ["Fecha (UTC)", "Impacto", "Causa raíz", "Fix aplicado", "Estado"],
        ["Sin incidentes", "N/A", "N/A", "N/A", "Cerrado"],
    ]
    assert expected == table_of(article(site.out / "1.1.0" / "es" / "incidents.html"))


def test_the_english_page_has_it_in_english(site):
    expected = ["No incidents", "N/A", "N/A", "N/A", "Closed"]
    assert expected == table_of(article(site.out / "1.1.0" / "incidents.html"))[1]


@pytest.mark.parametrize("language", ["", "es/"])
@pytest.mark.parametrize("page", ["reference/promises.html", f"reference/promises/{PROMISES[0].id}.html"])
def test_beside_a_page_stand_all_root_pages_once_with_the_one_that_it_belongs_to_marked(site, language, page):
    (sidebar,) = parsed(site.out / language / page).xpath("//nav[contains(@class, 'all-pages')]")
    names = [Path(target).stem for target in sidebar.xpath(".//a/@href")]
    written = [file for folder in ("guides", "concepts", "reference") for file in (DOCS / folder).glob("*.md")]
    written.append(DOCS / "history.md")
    # A link to the page itself is "#", which is no name.
    assert sorted({file.stem for file in written} - {Path(page).stem}) == sorted(set(names) - {"#"})
    assert len(written) == len(names)
    assert len(sidebar.xpath(".//*[contains(@class, 'caption-text')]")) == 6
    assert len(sidebar.xpath("./ul/li[contains(@class, 'current')]")) == 1


@pytest.mark.parametrize("language", ["", "es/"])
def test_the_page_of_an_incident_is_published_and_linked(site, language):
    folder = site.out / "rehearsal-7" / language
    assert "What happened, for people." in article(folder / "incidents" / "stuck.html").text_content()
    assert "incidents/stuck.html" in article(folder / "incidents.html").xpath(".//a/@href")
    assert not article(site.out / "1.1.0" / language / "incidents.html").xpath(".//ul")


def test_what_is_recorded_stands_above_the_text_of_the_page_and_front_matter_as_not_recorded(site):
    page = article(site.out / "rehearsal-7" / "incidents" / "stuck.html")
    said = page.text_content()
    assert page.xpath("string(.//h1)").startswith("Exports stayed at CREATED")
    assert said.index("The queue was paused.") < said.index("What happened, for people.")
    assert page.xpath("string(.//*[contains(@class, 'not-recorded')]//pre)").strip() == "state: open"
    assert said.count("The queue was paused.") == 1


def test_a_page_that_cannot_be_shown_is_named_and_ends_no_build(site):
    folder = site.out / "rehearsal-7"
    assert (
        "The page broken.md cannot be shown: It is not UTF-8 text." in article(folder / "incidents.html").text_content()
    )
    assert not (folder / "incidents" / "broken.html").exists()
    assert not (folder / "incidents" / "linked.html").exists()
    garbled = article(folder / "incidents" / "garbled.html").text_content()
    assert "No record is about this page" in garbled
    assert garbled.index("{[: <b>&") < garbled.index("Half a page.")


def test_pages_that_people_write_are_translated_too(site):
    assert "T+72: cierre de estabilización" in article(site.out / "1.1.0" / "es" / "t72.html").text_content()
    assert "Primeros pasos" in article(site.out / "es" / "guides" / "get-started.html").text_content()


def test_the_cells_of_a_table_are_translated_too_and_code_in_them_stays(site):
    # The first has prose alone, the second code alone in its first column.
    cells = table_of(article(site.out / "es" / "guides" / "set-up-in-github.html"))
    files = table_of(article(site.out / "es" / "guides" / "close-a-release.html"))
    assert [cells[1][0], files[1][0]] == ["Dos ejecuciones hacen push a la vez", "report.html"]


def test_every_page_of_a_rehearsal_says_so_and_no_other_page_does(site):
    for file in all_pages(site):
        header = parsed(file).xpath("string(//aside[contains(@class, 'bd-header-announcement')]//strong)")
        is_rehearsal = file.relative_to(site.out).parts[0] == "rehearsal-7"
        assert is_rehearsal == header.startswith(("REHEARSAL", "SIMULACRO"))


def test_every_table_has_a_caption_and_says_of_each_cell_of_a_header_what_it_is_the_header_of(site):
    for file in all_pages(site):
        for table in parsed(file).xpath("//main//table"):
            assert table.xpath("string(./caption)").strip(), file
            assert table.xpath("./thead//th") or all(row.xpath("./th") for row in table.xpath("./tbody/tr")), file
            assert table.xpath(".//th[not(@scope = 'col' or @scope = 'row')]") == [], file


def test_every_link_within_the_site_leads_to_a_page_and_to_a_place_on_it(site):
    ids = {file: set(parsed(file).xpath("//@id")) for file in all_pages(site)}
    without_page = {promise.id for promise in PROMISES} - site.pack.promise.keys()
    judged = {status.promise.id for judgement in RELEASES.values() for status in judgement.promises}
    without_history = {promise.id.replace(".", "-") for promise in PROMISES if promise.id not in judged}
    broken = []
    for file in ids:
        for target in parsed(file).xpath("//a/@href"):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            place = place / "index.html" if place.is_dir() else place
            if place.stem in without_page:
                continue
            # The releases of this site have a few promises only, and so has their history.
            if place.stem.startswith("promises-") and parts.fragment in without_history:
                continue
            known = ids.get(place, {unquote(parts.fragment)} if place.is_file() else None)
            if known is None or (parts.fragment and unquote(parts.fragment) not in known):
                broken.append(f"{file.relative_to(site.out)}: {target}")
    assert broken == []


def test_from_a_figure_on_the_front_page_its_evidence_is_two_links_away(site):
    folder = site.out / "1.1.0"
    to_figure = article(folder / "index.html").xpath(".//*[contains(@class, 'glance')]//tbody//a/@href")
    assert len(to_figure) == 5
    for target in to_figure:
        page, _, anchor = target.partition("#")
        figure = parsed(folder / page).xpath("//details[.//@id = $id]", id=anchor)[0]
        to_segments = [link for link in figure.xpath(".//a/@href") if link.startswith("evidence/")]
        assert to_segments or "No evidence stands behind it yet" in figure.text_content()
        for page_of_kind, _, place in (link.partition("#") for link in to_segments):
            row = parsed(folder / page_of_kind).xpath("//tr[@id = $id]", id=place)[0]
            (download,) = row.xpath(".//a[@download]/@href")
            assert (folder / "evidence" / download).is_file()
    assert any("#record-" in link for link in parsed(folder / "evidence.html").xpath("//details//a/@href"))


def loaded(file: Path) -> dict[Path, int]:
    """The files that a browser loads for a page, with itself and what its style sheets import: compressed bytes."""
    tree = parsed(file)
    asked = tree.xpath("//script/@src | //img/@src | //link[@rel = 'stylesheet' or @rel = 'icon']/@href")
    files = [one for one in asked if not one.startswith("data:")]  # such an icon is in the page
    found = {file, *((file.parent / urlsplit(one).path).resolve() for one in files)}
    for sheet in [one for one in found if one.suffix == ".css"]:
        found |= {(sheet.parent / one).resolve() for one in re.findall(r'@import "([^"]+)"', sheet.read_text("utf-8"))}
    return {one: len(gzip.compress(one.read_bytes())) for one in found}


def test_the_whole_site_has_one_folder_of_static_files_and_no_source_maps(site):
    assert [site.out / "_static"] == [folder for folder in site.out.rglob("_static") if folder.is_dir()]
    assert list(site.out.rglob("*.map")) == []
    assert (site.out / "_static" / "es" / "language_data.js").is_file()


@pytest.mark.parametrize("version", ["", *VERSIONS])
@pytest.mark.parametrize("language", ["", "es/"])
def test_a_page_is_light_and_all_that_it_loads_is_there(site, version, language):
    for name in ("index", "search", *(NAMES if version else ["reference/metrics/pass-rate"])):
        file = site.out / version / language / f"{name}.html"
        weights = loaded(file)
        assert len(weights) <= (20 if name == "search" else 15), (file, sorted(weights))
        assert sum(weights.values()) <= 600_000, file
        shared = [one for one in weights if "_static" in one.parts]
        assert all(one.is_relative_to(site.out / "_static") for one in shared), file
        assert any("_static/atalaya.css?v=" in one for one in parsed(file).xpath("//link/@href")), file


def test_a_search_speaks_the_language_of_its_pages(site):
    for file in (site.out / "search.html", site.out / "1.1.0" / "search.html"):
        spanish = parsed(file.parent / "es" / "search.html").xpath("//script/@src")
        english = parsed(file).xpath("//script/@src")
        assert next(one for one in spanish if "language_data" in one).endswith("../_static/es/language_data.js")
        assert next(one for one in english if "language_data" in one).endswith("_static/language_data.js")
        assert [one for one in english if "/es/" in one] == []
        assert any("_static/es/translations.js?v=" in one for one in spanish)


def test_no_page_loads_anything_from_another_host(site):
    for file in all_pages(site):
        links = "//link[not(@rel = 'canonical' or @rel = 'alternate')]/@href"  # those two lead, and load nothing
        loaded = parsed(file).xpath(f"//script/@src | {links} | //img/@src | //iframe/@src | //source/@src")
        assert [target for target in loaded if urlsplit(target).netloc] == []
    for sheet in site.out.glob("_static/atalaya.*"):
        assert "http" not in sheet.read_text(encoding="utf-8")


def test_the_verdict_is_told_by_word_and_shape_with_its_end(site):
    card = article(site.out / "1.1.0" / "index.html").xpath(".//*[contains(@class, 'verdict-card')]")[0]
    assert "▲ OFF TRACK" in card.text_content()
    assert [found.text_content() for found in card.xpath(".//*[contains(@class, 'valid-until')]")] == [
        "2026-03-05 12:00 UTC"
    ]


def test_the_landing_page_lists_the_releases_with_their_verdicts(site):
    rows = table_of(article(site.out / "index.html"))
    assert set(VERSIONS) == {row[0].split()[0] for row in rows[1:]}
    assert {"▲ OFF TRACK"} == {row[1] for row in rows[1:]}


def test_the_switcher_names_every_release(site):
    entries = json.loads((site.out / "switcher.json").read_text(encoding="utf-8"))
    assert set(VERSIONS) == {entry["version"] for entry in entries}
    assert sum(entry["preferred"] for entry in entries) == 1
    assert "rehearsal-7 (REHEARSAL, OFF TRACK)" in {entry["name"] for entry in entries}
    assert "rehearsal-7 (SIMULACRO, FUERA DE RUMBO)" in {entry["names"]["es"] for entry in entries}


def test_machines_find_the_figures_beside_the_pages(site):
    document = json.loads((site.out / "1.1.0" / "metrics.json").read_text(encoding="utf-8"))
    assert document["release"]["version"] == "1.1.0"


def test_what_has_not_changed_is_not_built_again_and_what_has_is(site):
    site.build()
    (said,) = site.said
    number, _, of = said.removeprefix("unchanged: ").split()[:3]
    assert number == of
    fragment = site.docs / "_generated" / "1.1.0" / "en" / "incidents.md"
    before = fragment.read_text(encoding="utf-8")
    fragment.write_text(before.replace("No incidents", "None at all"), encoding="utf-8")
    site.build()
    assert [line.split(":")[0] for line in site.said] == ["unchanged", "1.1.0 (en)"]
    assert "None at all" in (site.out / "1.1.0" / "incidents.html").read_text(encoding="utf-8")
    fragment.write_text(before, encoding="utf-8")
    site.build(only=["1.1.0"])


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory):
    """A site without a release, in Spanish first, built where a site with one had been."""
    site = Site(tmp_path_factory.mktemp("bare"), pack_of(PROMISES[::40])).copy_docs()
    publish_releases(site.docs, [])
    gone = site.out / "0.9.0"
    gone.mkdir(parents=True)
    (gone / "index.html").write_text("old")
    (site.out / "switcher.json").write_text(json.dumps([{"version": "0.9.0"}, {"version": "../docs"}]))
    site.build(language="es")
    return site


def test_without_a_release_the_landing_page_says_so(bare_site):
    assert "No release is being watched yet." in article(bare_site.out / "en" / "index.html").text_content()


def test_pages_of_a_release_that_is_gone_are_taken_away(bare_site):
    assert not (bare_site.out / "0.9.0").exists()
    assert bare_site.docs.exists()


def test_the_front_language_can_be_spanish(bare_site):
    assert parsed(bare_site.out / "index.html").get("lang") == "es"
    assert parsed(bare_site.out / "en" / "index.html").get("lang") == "en"


def test_a_release_that_was_never_published_is_named_with_the_command_to_run(empty_site):
    empty_site.add("1.2.0", example.judgement())
    (empty_site.docs / "_generated" / "1.2.0" / "es" / "t24.md").unlink()
    with pytest.raises(ReleaseError, match=r"t24\.md.*atalaya publish"):
        empty_site.build()


def test_what_sphinx_refuses_fails_the_build_and_is_named_page_by_page(empty_site):
    (empty_site.docs / "concepts" / "zero-is-a-claim.md").write_text("# Zero\n\n[x](nowhere.md)\n", encoding="utf-8")
    (empty_site.docs / "reference" / "rules.md").write_text("# Rules\n\n```{live} nonsense\n```\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        empty_site.build()
    assert "zero-is-a-claim.md:3" in str(refused.value)
    assert "nonsense.md is missing" in str(refused.value)
    assert "atalaya publish" in str(refused.value)


def test_a_release_that_is_asked_for_and_not_there_is_a_usage_error(empty_site):
    with pytest.raises(ReleaseError, match="no such release: 9"):
        empty_site.build(only=["9.9.9"])


def test_a_release_named_like_a_page_of_the_site_is_refused(empty_site):
    empty_site.add("guides", example.judgement())
    with pytest.raises(ReleaseError, match="another page"):
        empty_site.build()


def test_the_list_of_releases_is_not_written_again_when_it_stays_the_same(empty_site):
    assert publish_releases(empty_site.docs, []) == ()
    assert publish_releases(empty_site.docs, [example.judgement()])


def test_every_sentence_of_the_pages_is_translated():
    with (DOCS / "locale" / "es" / "LC_MESSAGES" / "docs.po").open("rb") as file:
        translated = {message.id for message in read_po(file) if message.id and message.string}
    assert [message for message in catalogue.page_sentences(DOCS) if message not in translated] == []


def test_the_source_folder_is_left_as_it_was(site):
    assert not list((site.docs / "releases").rglob("*.html"))
    assert not os.environ.get("SITE_RELEASE")


def test_a_page_of_the_site_embeds_a_figure_of_the_latest_release(site):
    page = (site.out / "guides" / "embed.html").read_text(encoding="utf-8")
    assert "The five metrics so far" in page
    assert "Las cinco métricas" in (site.out / "es" / "guides" / "embed.html").read_text(encoding="utf-8")


def test_other_projects_find_every_metric_and_promise_by_its_label(site):
    from atalaya.metrics.definitions import METRICS

    listed = zlib.decompress((site.out / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode("utf-8")
    labels = {line.split(" std:label ")[0] for line in listed.splitlines() if " std:label " in line}
    wanted = {f"metric-{id}" for id in METRICS} | {f"promise-{id}" for id in site.pack.promise}
    assert wanted <= labels


def test_a_badge_and_a_feed_lie_beside_the_pages(site):
    for name in ("1.1.0/badge.svg", "1.1.0/badge.json", "1.1.0/feed.atom", "1.1.0/es/feed.atom", "feed.atom"):
        assert (site.out / name).is_file(), name
    front = (site.out / "1.1.0" / "index.html").read_text(encoding="utf-8")
    assert '<link rel="alternate" type="application/atom+xml"' in front


def test_a_site_that_knows_its_address_says_it_on_each_page_and_lists_its_pages(site):
    out = site.out
    for page, other in (("1.0.9/t24.html", "1.0.9/es/t24.html"), ("guides/embed.html", "es/guides/embed.html")):
        for file, language in ((page, "en"), (other, "es")):
            tree = parsed(out / file)
            assert [URL + file] == tree.xpath("//link[@rel = 'canonical']/@href"), language
            named = {link.get("hreflang"): link.get("href") for link in tree.xpath("//head/link[@hreflang]")}
            assert {"en": URL + page, "es": URL + other, "x-default": URL + page} == named
    listed = html.fromstring((out / "sitemap.xml").read_bytes()).xpath("//loc/text()")
    assert {f"{URL}index.html", f"{URL}1.0.9/es/t24.html"} <= set(listed)
    assert all((out / unquote(one.removeprefix(URL))).is_file() for one in listed)
    assert {f"{URL}index.html", f"{URL}es/index.html"} == set(parsed(out / "404.html").xpath("//a/@href"))


def test_a_site_without_an_address_says_nothing_that_needs_it(bare_site):
    assert not (bare_site.out / "sitemap.xml").exists()
    for file in all_pages(bare_site):
        assert (
            parsed(file).xpath("//link[@rel = 'canonical'] | //head/link[@hreflang] | //meta[@property='og:url']") == []
        )
    assert parsed(bare_site.out / "404.html").xpath("//a") == []
    assert parsed(bare_site.out / "404.html").xpath("//section/@lang") == ["es", "en"]


def test_a_page_says_in_its_head_what_it_is_about_and_a_release_what_its_verdict_is(site):
    def said(file: Path) -> list[str]:
        tree = parsed(file)
        assert len(tree.xpath("//head/title")) == 1
        names = ("@property = 'og:title'", "@property = 'og:description'", "@name = 'description'")
        return [str(tree.xpath(f"string(//meta[{name}]/@content)")) for name in names]

    for language, word in (("", "OFF TRACK"), ("es/", "▲")):
        title, description, same = said(site.out / "1.0.9" / language / "index.html")
        assert title.startswith("1.0.9: ▲ ")
        assert word in title
        assert "2026-03-05 12:00 UTC" in description
        assert description == same
    assert said(site.out / "rehearsal-7" / "index.html")[0].startswith("REHEARSAL: rehearsal-7: ")
    for page in (site.out / "guides" / "embed.html", site.out / "es" / "reference" / "settings.html"):
        assert said(page)[2], page
    assert parsed(site.out / "index.html").xpath("string(//head/title)") == "Atalaya"


@pytest.mark.parametrize("language", ["", "es/"])
def test_every_setting_and_every_command_of_the_reference_has_a_link_to_itself(site, language):
    from atalaya.core.settings import every_key

    settings = parsed(site.out / language / "reference" / "settings.html")
    links = set(settings.xpath("//tr//a[contains(@class, 'headerlink')]/@href"))
    assert {f"#{key.section}-{key.name}".replace("_", "-").lower() for key in every_key()} <= links
    assert links <= {f"#{id}" for id in settings.xpath("//tr/@id")}
    commands = parsed(site.out / language / "reference" / "command-line.html").xpath("//tr/@id")
    assert {"atalaya-init", "nox-s-watch-no-checks"} <= set(commands)


def test_the_inventory_holds_no_label_of_a_page_that_is_not_there(site):
    for folder in (site.out, site.out / "1.1.0", site.out / "1.1.0" / "es"):
        listed = zlib.decompress((folder / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode("utf-8")
        places = {re.split(r" std:\S+ -?\d+ ", line)[1].split(" ")[0].partition("#")[0] for line in listed.splitlines()}
        assert [place for place in places if not (folder / place).is_file()] == []


@pytest.mark.long
def test_the_site_is_the_same_in_another_folder_and_at_another_time(tmp_path, few_promises):
    built = []
    for place in ("one", "another"):
        one = Site(tmp_path / place, few_promises).copy_docs()
        publish_releases(one.docs, [one.add("1.1.0", example.judgement(strangers=True))])
        if place == "another":
            for file in one.docs.rglob("*"):
                os.utime(file, (1_000_000_000, 1_000_000_000))
        one.build()
        built.append({file.relative_to(one.out): file.read_bytes() for file in one.out.rglob("*") if file.is_file()})
    assert built[0].keys() == built[1].keys()
    assert [str(file) for file in built[0] if built[0][file] != built[1][file]] == []
