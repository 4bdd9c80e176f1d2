"""Shows several seeded defects at once to the checks that should notice none of them.

False alarms are rare. Where they are, most of what there is can be cleared in groups: R. Dorfman, "The Detection of
Defective Members of Large Populations", Annals of Mathematical Statistics 14 (1943). A check
that keeps its promise with all defects of a group in the SDK is taken to keep it with each; where one turns red, each
defect is shown to it alone. What a defect must turn red sees it alone in any case, so no group can hide that a defect
survives. It could hide a false alarm, where two defects cancel each other for a check that is about neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atalaya.core.errors import HarnessError
from atalaya.core.words import Record
from atalaya.harness.declare import Defect
from atalaya.harness.pack import Pack
from atalaya.selftest.seeded_faults import PROJECT, changed_files

MOST = 16  # defects in one copy of the SDK: of twice as many, what one turns red is shown to too many alone
WIDE = 12  # promises: a defect that breaks more of them leaves too little to look at together
OPEN = 16  # groups that still take defects: trying all of them for each defect takes longer than it saves


class Group(Record, frozen=True, kw_only=True):
    """Defects that fit into one copy of the SDK, and the promises that can notice some and that none of them breaks."""

    defects: tuple[Defect, ...]
    asked: tuple[str, ...]


def grouped(pack: Pack, defects: Sequence[Defect], near: Mapping[str, Sequence[str]]) -> list[Group]:
    """The defects in groups, each in the one where it adds least to what has to be shown alone.

    :param near: for the id of each defect, the promises that can notice it.
    """
    groups: list[list[Defect]] = []
    for defect in defects:
        takes = sorted(
            (group for group in groups[-OPEN:] if len(group) < MOST),
            key=lambda group: _shown_alone(near, [*group, defect]) - _shown_alone(near, group),
        )
        home = next((group for group in takes if _fits(pack, group, defect)), None)
        if home is None:
            groups.append(home := [])
        home.append(defect)
    return [_group(pack, group, near) for group in groups]


def _shown_alone(near: Mapping[str, Sequence[str]], group: Sequence[Defect]) -> int:
    """How often a promise that one of a group breaks could notice another of it."""
    broken = {id for one in group for id in one.expected}
    return sum(id in broken and id not in one.expected for one in group for id in near[one.id])


def _fits(pack: Pack, group: Sequence[Defect], defect: Defect) -> bool:
    """Whether the changes can stand beside each other. What a package declares is one text, and holds one change."""
    together = (*group, defect)
    if any(len(one.expected) > WIDE for one in together) or sum(one.file == PROJECT for one in together) > 1:
        return False
    try:
        # The same in any order: neither changes what the other has put there.
        return changed_files(pack, together) == changed_files(pack, together[::-1])
    except HarnessError:
        return False


def _group(pack: Pack, defects: Sequence[Defect], near: Mapping[str, Sequence[str]]) -> Group:
    broken = {id for one in defects for id in one.expected}
    noticed = {id for one in defects for id in near[one.id]} - broken
    return Group(defects=tuple(defects), asked=tuple(id for id in pack.promise if id in noticed))
