"""What Sphinx makes of a fragment that a page takes in."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from docutils import nodes

from tests.commands import ROOT

CONF = """
extensions = ["myst_parser", "atalaya.site.build.sphinx_extension"]
myst_enable_extensions = ["attrs_inline"]
language = "es"
locale_dirs = ["locale"]
live_release = "1.0"
"""
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Nobody looked at it."
msgstr "Nadie lo miró."
"""
PAGES = ("index", "rollback")
OURS, TABLE = "Nobody looked at it.", "| a | b |\n| --- | --- |\n| Nobody looked at it. | c |\n"


def built(project: Path, files: Mapping[str, str], builder: str) -> Path:
    """The folder that Sphinx has built a project of these files into."""
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", builder, str(project), str(project / "out")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    return project / "out"


def test_a_strangers_text_in_a_fragment_is_not_translated_as_if_it_were_the_pages(tmp_path: Path) -> None:
    files = {
        "conf.py": CONF,
        "locale/es/LC_MESSAGES/index.po": CATALOGUE,
        "index.md": f"# Page\n\n{OURS}\n\n{TABLE}\n```{{live}} it\n```\n",
        "_generated/1.0/es/it.md": f"{OURS}\n\n- {OURS}\n\n[{OURS}]{{.badge}}\n\n{TABLE}",
    }
    out = built(tmp_path, files, "pseudoxml")
    page = (out / "index.pseudoxml").read_text(encoding="utf-8")
    assert (page.count("Nadie lo miró."), page.count(OURS), page.count('<inline classes="badge">')) == (2, 4, 1)


def test_a_fragment_stands_where_the_page_takes_it_in_and_is_translated_nowhere(tmp_path: Path) -> None:
    files = {
        "conf.py": f'{CONF}\nextensions.append("sphinx_design")\nmyst_enable_extensions.append("colon_fence")\n',
        "locale/es/LC_MESSAGES/index.po": CATALOGUE,
        "index.md": (
            f"# {OURS}\n\n:::{{dropdown}} More\n```{{live}} a\n```\n:::\n\n- {OURS}\n\n  ```{{live}} b\n  ```\n\nend\n"
        ),
        "_generated/1.0/es/a.md": f"[{OURS}](#end)\n\nsecond of a",
        "_generated/1.0/es/b.md": f"(end)=\n{OURS} b",
    }
    out = built(tmp_path, files, "text")
    page = (out / "index.txt").read_text(encoding="utf-8")
    order = ["Nadie lo miró.", "More", OURS, "second of a", "Nadie lo miró.", f"{OURS} b", "end"]
    assert re.findall("|".join(map(re.escape, sorted(order, key=len, reverse=True))), page) == order
    doctree = pickle.loads((out / ".doctrees" / "index.doctree").read_bytes())
    assert [*doctree.findall(nodes.comment)] == []


def test_a_fragment_leads_to_a_page_of_its_release_from_every_page_but_that_one(tmp_path: Path) -> None:
    files = {
        "conf.py": CONF,
        "index.md": "# Page\n\n```{live} it\n```\n",
        "rollback.md": "---\norphan: true\n---\n\n# Decisions\n\n## Who\n\n```{live} it\n```\n",
        "_generated/1.0/es/it.md": "{release}`What to do <1.0 rollback>`, {release}`by whom <1.0 rollback#who>`",
    }
    out = built(tmp_path, files, "pseudoxml")
    links = {page: re.findall(r'refuri="(.*?)"', (out / f"{page}.pseudoxml").read_text()) for page in PAGES}
    assert links == {"index": ["rollback.html", "rollback.html#who"], "rollback": ["rollback.html#who"]}
    assert '<inline classes="this-page">' in (out / "rollback.pseudoxml").read_text()
