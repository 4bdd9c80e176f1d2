"""Prints the outlook of a release: how often it would reach each verdict with the runs of CI that it has so far."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from atalaya.records.judged import Judgement


def outlook_document(judgement: Judgement, *, asked: bool) -> dict[str, Any]:
    """The field of ``judge --json --outlook``; nothing where it was not asked for."""
    if not asked:
        return {}
    from atalaya.watch.outlook import outlook

    found = outlook(judgement)
    return {"outlook": asdict(found) | {"rows": [asdict(row) for row in found.rows]}}


def print_outlook(judgement: Judgement) -> None:
    """A table on the output, a line for each true rate."""
    from atalaya.watch.outlook import ENDS, outlook

    found = outlook(judgement)
    print(f"outlook of {judgement.release.version}: {found.says}")
    print(f"  {'true CI rate':>12}" + "".join(f"{word!s:>14}" for word in ENDS))
    for row in found.rows:
        shares = "".join(f"{row.ended[str(word)] / found.watches:>14.1%}" for word in ENDS)
        print(f"  {row.rate:>12.2f}{shares}")
    print(f"  {found.rests_on}")
