"""Lists the pages of a site for search engines (https://www.sitemaps.org)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote
from xml.etree import ElementTree

NAME = "sitemap.xml"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
NOT_LISTED = ("404.html", "search.html")


def sitemap(url: str, pages: Iterable[str]) -> str:
    """Every page that is read, by its path from the front of the site, at the address that the site has.

    >>> print(sitemap("https://watch.example/", ["b c.html", "search.html"]))
    <?xml version="1.0" encoding="utf-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <url>
        <loc>https://watch.example/b%20c.html</loc>
      </url>
    </urlset>
    <BLANKLINE>
    """
    listed = ElementTree.Element("urlset", {"xmlns": NAMESPACE})
    for page in sorted(pages):
        if page.rpartition("/")[2] not in NOT_LISTED:
            ElementTree.SubElement(ElementTree.SubElement(listed, "url"), "loc").text = url + quote(page)
    ElementTree.indent(listed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(listed, encoding="unicode") + "\n"
