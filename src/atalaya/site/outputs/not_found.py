"""The page for an address that has none, in each language: one file that needs nothing else.

A server shows it at any depth, so nothing relative would lead anywhere. It links to the front page where the address of
the site is known.
"""

from __future__ import annotations

from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render_html

NAME = "404.html"
HEAD = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>404: Atalaya</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
</style>
</head>
<body>
<main>
"""


def not_found(language: str, url: str) -> str:
    """The page, in the front language first.

    :param url: the address of the site, with a slash at its end; empty where it is not known.
    """
    said = HEAD.format(lang=language)
    for code in sorted(LANGUAGES, key=lambda code: code != language):
        front = url and f"{url}{'' if code == language else f'{code}/'}"
        said += render_html("not-found", Renderer(Language(code)), lang=code, front=front) + "\n"
    return said + "</main>\n</body>\n</html>\n"
