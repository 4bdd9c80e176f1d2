"""What do the commands that judge, write and build do?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from checks.records import (
    Judgement,
    State,
    Text,
)
from checks.stages.place import Place, exit_code, instant, judged, print_json, summarise, the_release


def judge(place: Place, args: argparse.Namespace) -> int:
    """Judge a release as of an instant."""
    release = the_release(place, args.release, None)
    judgement = judged(place, release, instant(args.as_of) if args.as_of else None)
    if args.json:
        print_json(judgement_of(judgement))
    summarise(place.console, judgement)
    return exit_code(judgement, strict=args.strict)


def judgement_of(judgement: Judgement) -> dict[str, Any]:
    """A judgement as ``judge --json`` prints it, with each sentence in English."""
    verdict, fields = judgement.verdict, ("value", "low", "high", "n", "state", "method", "unit", "threshold",
                                          "exposure", "source", "text", "reason", "critical", "inputs")  # fmt: skip
    return {
        "schema": "atalaya.judgement/1",
        "release": judgement.release.version,
        "as_of": judgement.as_of,
        "verdict": {"word": verdict.word.value, "rule": verdict.rule, "window": verdict.window,
                    "valid_until": verdict.valid_until, "because": [str(text) for text in verdict.because]},
        "metrics": {metric.id: {name: _shown(getattr(metric, name)) for name in fields}
                    for metric in judgement.metrics},
        "rules": [{"rule": fired.rule, "word": fired.word.value, "because": [str(text) for text in fired.because]}
                  for fired in verdict.fired],
        "unknowns": [str(text) for text in verdict.unknowns],
        "next_steps": [str(text) for text in verdict.next_steps],
    }  # fmt: skip


def publish(place: Place, args: argparse.Namespace) -> int:
    """Write the includes of every release, in each language."""
    write_pages(place)
    return 0


def site(place: Place, args: argparse.Namespace) -> int:
    """Build the versioned site from what is in the tree: offline, and with no SDK."""
    write_pages(place)
    page = build_site(place, Path(args.out) if args.out else None)
    place.console.line(f"  read it: {page}")
    return 0


def serve(place: Place, args: argparse.Namespace) -> int:
    """Build the site, serve it on loopback, and build it again when something changes."""
    from checks.includes.serve import serve as serve_forever

    def rebuild() -> None:
        write_pages(place)
        build_site(place, None)

    rebuild()
    serve_forever(
        _out(place), port=args.port, watched=(place.docs, place.root / "watch.toml"), echo=place.console.line,
        rebuild=rebuild,
    )  # fmt: skip
    return 0


def write_pages(place: Place, known: Judgement | None = None) -> None:
    """Write every release's includes; the one that has been judged already is not judged again."""
    from checks.includes.language import LANGUAGES, Language
    from checks.includes.pages import publish as write_pages
    from checks.includes.reference import publish_reference
    from checks.includes.site import publish_releases
    from checks.release import folder

    judgements = [
        known if known is not None and known.release == release else judged(place, release, None)
        for release in folder.find(place.releases)
    ]
    for judgement in judgements:
        for code in LANGUAGES:
            out = place.docs / "_generated" / judgement.release.version / code
            write_pages(judgement, out, Language(code))
    publish_reference(place.docs)
    publish_releases(place.docs, judgements)
    place.console.line(f"  includes: {len(judgements)} releases, in {' and '.join(LANGUAGES)}")


def _out(place: Place) -> Path:
    """Where the pages go: Read the Docs names its own folder."""
    hosted = os.environ.get("READTHEDOCS_OUTPUT")
    return Path(hosted) / "html" if hosted else place.docs / "_build" / "html"


def build_site(place: Place, out: Path | None) -> Path:
    from checks.includes.site import build

    return build(
        place.docs, out or _out(place), language=place.loaded.settings.watch.language, echo=place.console.line
    )


def _shown(value: Any) -> Any:
    if isinstance(value, Text):
        return str(value)
    return value.value if isinstance(value, State) else value
