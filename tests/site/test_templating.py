"""What a template may show, and that every sentence of the templates gets the values that it asks for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from jinja2 import DictLoader, TemplateSyntaxError, UndefinedError

from atalaya.core.words import placeholders
from atalaya.site.i18n.language import Language
from atalaya.site.markup import templating
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render, render_html, said_by, templates

ES = Renderer(Language("es"))


@pytest.fixture
def filled(monkeypatch):
    """Fills in a template that is not in a file."""

    def fill(template, **values):
        environment = templating._environment().overlay(loader=DictLoader({"it.md": template}), cache_size=0)
        monkeypatch.setattr(templating, "_environment", lambda: environment)
        return render("it", ES, **values)

    return fill


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ value | literal }}", "`a*b`"),
        ("{{ value | plain }}", "a\\*b"),
        ("{{ _('Metric') }}: {{ _('{n} records', n=value) }}", "Métrica: `a*b` registros"),
        ("{{ 7 }} and {{ none }}", "7 and –"),
        ("{% macro m() %}{{ value | plain }}{% endmacro %}{{ m() }}", "a\\*b"),
        ("{% set s %}*{{ value | plain }}*{% endset %}{{ s }}", "*a\\*b*"),
        ("{% call div('c') %}{{ value | plain }}{% endcall %}", ":::{div} c\n\na\\*b\n:::"),
    ],
)
def test_what_has_been_escaped_is_shown(filled, template, shown):
    page = filled(template, value="a*b")
    assert page == shown
    assert isinstance(page, Markdown)


@pytest.mark.parametrize(
    "template",
    [
        "{{ value }}",
        "{{ 'a literal' }}",
        "{{ value | literal ~ value }}",
        "{{ value | upper }}",
        "{{ true }}",
        "{% call div('c') %}{{ value }}{% endcall %}",
        "{% call table(value, [], 'c') %}{% endcall %}",
        "{{ row(value) }}",
        "{{ row([value]) }}",
        "{{ joined(value) }}",
        "{{ mark('○', value, 'unknown') }}",
    ],
)
def test_what_has_not_been_escaped_is_an_error(filled, template):
    with pytest.raises(TypeError, match="has not been escaped, so it is not shown"):
        filled(template, value="a*b")


def test_what_a_template_has_not_been_given_is_an_error(filled):
    with pytest.raises(UndefinedError, match="absent"):
        filled("{{ absent }}")


def test_a_sentence_that_is_not_given_its_value_is_an_error(filled):
    with pytest.raises(ValueError, match="has no value for n"):
        filled("{{ _('{n} records') }}")


def test_every_template_gives_its_sentences_the_values_that_they_ask_for():
    wrong = {}
    for file in templates():
        try:
            said = list(said_by(file.read_text(encoding="utf-8")))
        except TemplateSyntaxError as why:
            said, wrong[file.name] = [], str(why)
        wrong |= {(file.name, one.message): one.values for one in said if placeholders(one.message) != one.values}
    assert len(templates()) > 40
    assert wrong == {}


@pytest.mark.parametrize("template", ["{{ value }}", "{{ 'a literal' }}", "{{ none }}", "{{ value | upper }}"])
def test_what_has_not_been_escaped_for_html_is_an_error(monkeypatch, template):
    environment = templating._html_environment().overlay(loader=DictLoader({"it.html": template}), cache_size=0)
    monkeypatch.setattr(templating, "_html_environment", lambda: environment)
    with pytest.raises(TypeError, match="has not been escaped, so it is not shown in HTML"):
        render_html("it", ES, value=Markdown("escaped, but for MyST"))


def test_what_has_been_escaped_for_html_is_shown(monkeypatch):
    template = "{{ _('Metric') }} {% macro m() %}<b>{{ value | stranger }}</b>{% endmacro %}{{ m() }} {{ 7 }}"
    environment = templating._html_environment().overlay(loader=DictLoader({"it.html": template}), cache_size=0)
    monkeypatch.setattr(templating, "_html_environment", lambda: environment)
    assert render_html("it", ES, value="<i>") == "Métrica <b>&lt;i&gt;</b> 7"


# What escapes, what translates, and the one that takes pipes out of what was escaped.
MARKS = {"myst.py", "html_markup.py", "templating.py", "renderer.py", "summary.py"}


def test_nothing_is_called_escaped_by_hand_but_where_it_is_escaped():
    """Elsewhere a literal may be, such as a comma: nobody but us wrote it."""
    by_hand = set()
    for file in sorted(Path(templating.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Markdown" | "Html"), args=[given]) if not isinstance(
                    given, ast.Constant
                ):
                    by_hand.add(file.name)
    assert by_hand - MARKS == set()
    assert "renderer.py" in by_hand
