"""Tests that the description of a page is what the page itself says."""

from __future__ import annotations

from docutils import nodes

from atalaya.site.build.page_head import description

BANNER = "REHEARSAL: nothing on this page happened. No SDK was released."
OWN = "Everything that hurt somebody in the window, with its cause and its fix."


def page(*parts: nodes.Node) -> nodes.document:
    document = nodes.document(None, None)
    document.extend(parts)
    return document


def test_the_banner_of_a_rehearsal_does_not_describe_its_pages() -> None:
    banner = nodes.container("", nodes.paragraph("", BANNER), classes=["rehearsal-banner"])
    assert description(page(banner, nodes.paragraph("", OWN))) == OWN
