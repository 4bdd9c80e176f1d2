"""Tests of the extension for other people's Sphinx projects: any theme, MyST and reStructuredText."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from atalaya.sdk.installer import find_installer
from tests.commands import ROOT

HOSTILE = "<script>alert(1)</script>"
FRAGMENT = f"""\
:::{{list-table}} The metrics
:header-rows: 1
:class: metrics

* - Metric
  - State
* - [{{metric}}`Flaky tests <flaky-tests>`]{{.row-name}}
  - [MEETS]{{.state .tone-good}}
* - {HOSTILE}
  - {{release}}`its evidence <1.1.1 evidence#x>` and {{promise}}`polling.fresh-status`
* - [The records]{{#behind-flaky-tests}}
  - [what is behind](#behind-flaky-tests)
:::

```{{raw}} html
<svg class="chart spark"><title>Flaky tests</title></svg>
```
"""
PAGES = {
    "myst": ("index.md", "# Ours\n\n```{live} metrics\n```\n"),
    "rst": ("index.rst", "Ours\n====\n\n.. live:: metrics\n   :release: 1.1.1\n"),
}
THEMES = ("alabaster", "furo", "sphinx_rtd_theme")
# What a project may have today; 9 is the newest that this Python runs.
VERSIONS = ("sphinx==7.4.* myst-parser==3.*", "sphinx==7.4.*", "sphinx==8.1.*", "sphinx==8.2.*", "sphinx==9.*")


@pytest.fixture(params=PAGES)
def theirs(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository that is set up, with a release that was published, and docs of another theme."""
    (tmp_path / "watch.toml").touch()
    release = tmp_path / "docs" / "atalaya" / "releases" / "1.1.1"
    release.mkdir(parents=True)
    (release / "verdict.md").write_text("# A page of another site\n")
    generated = tmp_path / ".atalaya" / "site" / "_generated"
    (generated / "1.1.1" / "en").mkdir(parents=True)
    (generated / "switcher.json").write_text(json.dumps([{"version": "1.1.1"}]))
    (generated / "1.1.1" / "en" / "metrics.md").write_text(FRAGMENT)
    name, text = PAGES[request.param]
    (tmp_path / "docs" / name).write_text(text)
    myst = '"myst_parser", ' if name.endswith(".md") else ""
    (tmp_path / "docs" / "conf.py").write_text(
        f'extensions = [{myst}"atalaya.sphinxext"]\nhtml_theme = "alabaster"\n'
        'atalaya_url = "https://example.org/watch/"\nnitpicky = True\n'
    )
    return tmp_path


def built(root: Path, *, python: str | Path = sys.executable, theme: str = "alabaster") -> str:
    argv = [python, "-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-E", "-D", f"html_theme={theme}", "docs", "out"]
    done = subprocess.run(argv, cwd=root, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return (root / "out" / "index.html").read_text(encoding="utf-8")


def assert_it_stands(page: str) -> None:
    for expected in (
        '<span class="state tone-good">MEETS</span>',
        'href="https://example.org/watch/reference/metrics/flaky-tests.html"',
        'href="https://example.org/watch/1.1.1/evidence.html#x"',
        'href="https://example.org/watch/reference/promises/polling.fresh-status.html"',
        '<svg class="chart spark">',
        'id="behind-flaky-tests"',
        'href="#behind-flaky-tests"',
        "_static/live.css",
    ):
        assert expected in page, expected
    assert HOSTILE not in page


def test_a_fragment_stands_on_a_page_of_any_syntax_and_leads_to_the_release_pages(theirs: Path) -> None:
    assert_it_stands(built(theirs))
    assert (theirs / "out" / "_static" / "live.css").is_file()
    assert not (theirs / "out" / "atalaya").exists()


@pytest.mark.long
@pytest.mark.parametrize("versions", VERSIONS)
def test_it_stands_with_each_sphinx_and_theme_that_a_project_may_have(versions: str, theirs: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    scratch = theirs / "scratch"
    scratch.mkdir()
    installer = find_installer(scratch, print)
    python = installer.create(scratch / "environment")
    needs = [*project["dependencies"], *project["optional-dependencies"]["embed"]]
    installer.install(python, [*needs, "furo", "sphinx-rtd-theme", *versions.split()], called=versions)
    for theme in THEMES:
        assert_it_stands(built(theirs, python=python, theme=theme))


def test_the_words_of_the_project_are_translated_and_those_of_a_fragment_are_not(theirs: Path) -> None:
    docs, generated = theirs / "docs", theirs / ".atalaya" / "site" / "_generated" / "1.1.1"
    (generated / "es").mkdir()
    (generated / "es" / "metrics.md").write_text(f"Ours\n\n{FRAGMENT}")
    with (docs / "conf.py").open("a") as conf:
        conf.write('language = "es"\nlocale_dirs = ["locale"]\n')
    catalogue = docs / "locale" / "es" / "LC_MESSAGES" / "index.po"
    catalogue.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"'
    catalogue.write_text(f'{head}\n\nmsgid "Ours"\nmsgstr "Lo propio"\n')
    page = built(theirs)
    assert ("<h1>Lo propio" in page, "<p>Ours</p>" in page, "<p>Lo propio</p>" in page) == (True, True, False)


def test_without_an_address_the_words_stay_and_lead_nowhere(theirs: Path) -> None:
    conf = theirs / "docs" / "conf.py"
    conf.write_text(conf.read_text().replace("https://example.org/watch/", ""))
    page = built(theirs)
    assert ("Flaky tests" in page, "its evidence" in page, "reference/metrics" in page) == (True, True, False)


def test_the_address_is_that_of_the_settings_where_the_project_gives_none(theirs: Path) -> None:
    conf = theirs / "docs" / "conf.py"
    conf.write_text(conf.read_text().replace("https://example.org/watch/", ""))
    (theirs / "watch.toml").write_text('[site]\nurl = "https://example.org/watch"\n')
    assert_it_stands(built(theirs))


def test_what_was_not_published_is_told_where_it_is_asked_for(theirs: Path) -> None:
    (theirs / ".atalaya" / "site" / "_generated" / "switcher.json").unlink()
    (theirs / ".atalaya" / "site" / "_generated" / "1.1.1" / "en" / "metrics.md").unlink()
    argv = [sys.executable, "-m", "sphinx", "-W", "-q", "docs", "out"]
    done = subprocess.run(argv, cwd=theirs, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True)
    assert (done.returncode, "Run `atalaya publish`" in done.stderr) == (1, True), done.stderr
