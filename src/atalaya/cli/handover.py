"""The `release backlog` command: writes the backlog and the go/no-go page, for a team to publish."""

from __future__ import annotations

import argparse
from pathlib import Path

from atalaya.cli.as_of import judged
from atalaya.cli.context import Context
from atalaya.cli.output import write_text
from atalaya.cli.which_release import named_or_open
from atalaya.records.judged import Judgement


def release_backlog(place: Context, args: argparse.Namespace) -> int:
    """Write the backlog and the go/no-go page, in each language: as they are now, while the watch is on."""
    release = named_or_open(place, args.release, "release backlog")
    judgement = judged(place, release, None)
    out = Path(args.out)
    write_handover(out, judgement)
    place.console.row(
        str(judgement.verdict.word), f"{release.version}: {len(judgement.backlog)} items: {out / 'backlog.md'}"
    )
    place.console.line(f"  for a spreadsheet: {out / 'backlog.csv'}; go or no go: {out / 'go-no-go.md'}")
    return 0


def write_handover(folder: Path, judgement: Judgement) -> None:
    """Write what a team publishes at the end of a watch into a folder, which is made where it is not there."""
    from atalaya.site.outputs.handover import handover

    for name, content in handover(judgement).items():
        write_text(folder / name, content)
