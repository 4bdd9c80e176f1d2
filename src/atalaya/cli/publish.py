"""The commands that judge a release, write its pages, build the site and serve it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

from atalaya.cli.as_of import clock_of, judged
from atalaya.cli.console import plain, put_line
from atalaya.cli.context import Context
from atalaya.cli.exit_codes import exit_code
from atalaya.cli.instants import instant, utc_now
from atalaya.cli.outlook import outlook_document, print_outlook
from atalaya.cli.output import print_json
from atalaya.cli.terminal_summary import summarise
from atalaya.cli.which_release import named_or_open
from atalaya.core import environment, file_lock, places
from atalaya.core.errors import UsageError
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release, TestAttempt


def judge(place: Context, args: argparse.Namespace) -> int:
    """Judge a release: as of its newest evidence, and once its window has ended, as of that end at least."""
    from atalaya.site.outputs.json_output import judgement_document

    if args.json and args.explain:
        raise UsageError("judge: --json holds every derivation; give --explain for people, or --json for programs.")
    as_of = instant(args.as_of) if args.as_of else None
    release = named_or_open(place, args.release, "judge")
    judgement = judged(place, release, as_of, engine=args.engine)
    if args.json:
        print_json(judgement_document(judgement) | outlook_document(judgement, asked=args.outlook))
    elif args.outlook:
        print_outlook(judgement)
    if args.explain:
        explain(judgement, args.explain)
    else:
        now = None if as_of else clock_of(place.releases / release.version, release, utc_now())
        summarise(place.console, judgement, now=now)
    return exit_code(judgement, strict=args.strict)


def explain(judgement: Judgement, id: str) -> None:
    """Print the whole derivation of one metric: what is counted, each step with its numbers, and the evidence."""
    from atalaya.metrics.engine.questions import sql_docstring

    metric = next((metric for metric in judgement.metrics if metric.id == id), None)
    if metric is None:
        raise UsageError(f"--explain {id}: no such metric. There are: {', '.join(METRICS)}.")
    say = put_line  # what was asked for goes to the output, as JSON does
    say(f"{metric.id} of {judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC")
    for title, lines in (
        ("what is counted", sql_docstring(METRICS[id].question).splitlines()),
        ("method", [str(metric.method)]),
        ("derivation", [f"{number}. {step}" for number, step in enumerate(metric.derivation, 1)]),
        ("threshold", [str(metric.threshold)]),
        ("result", [f"{metric.state}: {metric.reason}", *([str(metric.settles)] if metric.settles else [])]),
        ("beside the last accepted release", [str(metric.against)]),
        *((("tests, the costliest first", _tests(judgement)),) if TestAttempt in METRICS[id].evidence else ()),
        ("evidence", _evidence(judgement, id)),
    ):
        say(f"  {title}")
        for line in lines:
            say(f"    {plain(line)}")


def _tests(judgement: Judgement) -> list[str]:
    """Each test that did not just pass: its class, why, and how flaky it is."""
    return [
        f"{plain(one.test)}: {one.kind}. {one.reason}. q {one.score.mean:.4f} "
        f"({one.score.low:.4f} to {one.score.high:.4f})"
        for one in judgement.flaky
        if one.score.mean is not None
    ] or ["none"]


def _evidence(judgement: Judgement, id: str) -> list[str]:
    """The segments that hold the records which a metric counts."""
    from atalaya.site.fragments.segments import behind

    return [
        f"{segment.name}: {segment.records} records, {segment.first_at:%Y-%m-%d %H:%M} to "
        f"{segment.last_at:%Y-%m-%d %H:%M} UTC"
        for segment in behind(id, judgement)
    ] or ["none"]


def publish(place: Context, args: argparse.Namespace) -> int:
    """Write the includes of every release, in each language."""
    write_pages(place)
    return 0


def site(place: Context, args: argparse.Namespace) -> int:
    """Build the versioned site from what is in the tree: offline, and with no SDK."""
    from atalaya.site.build import build_workers

    write_pages(place, begin=build_workers.begin_early)
    page = build_site(place, Path(args.out) if args.out else None)
    place.console.line(f"  read it: {page}")
    return 0


def serve(place: Context, args: argparse.Namespace) -> int:
    """Build the site, serve it on loopback, and build it again when a page or evidence changes."""
    from atalaya.site.build import serve as server

    write_pages(place)
    build_site(place, None)
    server.serve(
        _out(place),
        port=args.port,
        docs=place.docs,
        releases=place.releases,
        rebuild=[sys.executable, "-m", "atalaya", f"--root={place.root}", *_settings(place), "site"],
        echo=place.console.line,
    )
    raise KeyboardInterrupt  # nothing else ends it


def _settings(place: Context) -> list[str]:
    return [f"--settings={place.loaded.path}"] if place.loaded.path.exists() else []


def write_pages(place: Context, known: Judgement | None = None, begin: Callable[[], object] = lambda: None) -> None:
    """Write every release's includes; the one that has been judged already is not judged again.

    :param begin: called before what has changed is judged or written, and not at all where nothing has.
    """
    with _alone(place):
        _write_all(place, known, begin)


def _alone(place: Context) -> AbstractContextManager[None]:
    """Write pages, or build them, while no other command does: Sphinx would find half of what it reads."""
    return file_lock.alone(
        place.root / places.SCRATCH / "pages.lock",  # not among the pages: where those lie hangs on what is there
        partial(place.console.line, "  another command writes these pages now: waiting until it is done"),
    )


def _write_all(place: Context, known: Judgement | None, begin: Callable[[], object]) -> None:
    from atalaya.site.build import kept_pages
    from atalaya.site.build.build_cache import Store
    from atalaya.site.build.site import publish_releases
    from atalaya.site.fragments.reference import inputs, publish_reference
    from atalaya.site.i18n.language import LANGUAGES
    from atalaya.site.markup.templating import kept_compiled
    from atalaya.watch import folder

    make_home(place)
    store = Store(place.docs, place.releases, place.loaded.settings, place.pack.folder)
    releases = folder.find(place.releases)
    recall = store.recall(releases)
    now = utc_now()  # once, so that all the pages of a build are of one instant

    def published(release: Release) -> Judgement:
        if known is not None and known.release.version == release.version:
            return _written(place, known)
        return store.release(release, releases, lambda: judged_and_written(release), now=now)

    def judged_and_written(release: Release) -> Judgement:
        begin()
        return _written(place, judged(place, release, None, now=now, recall=recall))

    def reference() -> None:
        begin()
        publish_reference(place.docs, place.pack)

    kept_pages.sweep(place.docs, [release.version for release in releases])
    with kept_compiled(place.docs):
        judgements = [published(release) for release in releases]
        publish_releases(place.docs, judgements, place.loaded.settings.watch.language, _url(place), _last_red(place))
        store.reference(inputs(place.docs, place.pack), reference)
    place.console.line(f"  includes: {len(judgements)} releases, in {' and '.join(LANGUAGES)}")


def _last_red(place: Context) -> dict[str, datetime]:
    """When the self-test of the pack last saw each promise red; nothing where it never was."""
    from atalaya.selftest import last_run

    tested = last_run.read(place.pack)
    return tested.last_red() if tested else {}


def _written(place: Context, judgement: Judgement) -> Judgement:
    """The same judgement, once its pages are written."""
    from atalaya.site.build import kept_pages

    version = judgement.release.version
    kept = place.docs / kept_pages.FOLDER / version
    write_release(place, judgement, place.docs / "_generated" / version, kept)
    return judgement


def write_release(place: Context, judgement: Judgement, into: Path, kept: Path | None = None) -> None:
    """Write all that is published of a release into a folder: its fragments and its evidence pages, by language.

    :param kept: the folder that says what they were made from, so that what is there need not be made again.
    """
    from atalaya.site.build.kept_pages import KeptPages
    from atalaya.site.build.pages import publish as write_fragments
    from atalaya.site.fragments import evidence_pages
    from atalaya.site.i18n.language import LANGUAGES, Language
    from atalaya.site.markup.renderer import Renderer

    held = evidence_pages.held(place.releases / judgement.release.version / "evidence", judgement)
    front = place.loaded.settings.watch.language
    for code in LANGUAGES:
        write_fragments(judgement, into / code, Language(code), _url(place))
        seals = KeptPages(kept / f"evidence-{code}.json" if kept else None)
        evidence_pages.write_pages(judgement, held, into / code, Renderer(Language(code)), front, seals)


def make_home(place: Context) -> None:
    """Make the Sphinx project of the pages before the first of them is written: a folder without it is of others."""
    from atalaya.site.build import home

    if place.docs != place.releases.parent:
        home.renew(place.docs, guides=with_guides(place))
    elif not place.docs.exists():
        home.complete(place.docs, guides=with_guides(place))


def _out(place: Context) -> Path:
    """Where the pages go: Read the Docs names its own folder."""
    return environment.readthedocs_output() or place.docs / "_build" / "html"


def build_site(place: Context, out: Path | None) -> Path:
    from atalaya.site.build import home
    from atalaya.site.build.site import build

    language, echo = place.loaded.settings.watch.language, place.console.line
    with _alone(place):
        home.complete(place.docs, guides=with_guides(place))
        return build(
            place.docs, out or _out(place), releases=place.releases, language=language, url=_url(place), echo=echo
        )


def _url(place: Context) -> str:
    """Where the pages will stand: what the settings say, or what Read the Docs says of itself."""
    return place.loaded.settings.site.url or environment.readthedocs_url()


def with_guides(place: Context) -> bool:
    """Whether the guides are among the pages: they tell of the SDK of Atalaya's own check pack."""
    return not place.loaded.settings.checks.packs
