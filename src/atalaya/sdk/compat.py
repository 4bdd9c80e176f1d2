"""Installs, imports and starts an SDK in fresh environments: one for each Python, and for each set of dependencies."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import msgspec
from packaging.utils import canonicalize_name

from atalaya.core.errors import AtalayaError, NoPython, SubjectError
from atalaya.core.scrub import scrub
from atalaya.core.words import Record
from atalaya.records.stored import Outcome
from atalaya.sdk import start_probe
from atalaya.sdk.installer import HIGHEST, LOWEST, Installer, find_installer, interpreter_in
from atalaya.sdk.interpreter_probe import answer
from atalaya.sdk.prepare import is_for_another_python, scrubbed_environ

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")  # where none is named
AT_ONCE = 2  # each installs and compiles, on machines of two cores
WARM = 2  # starts that are timed, after one that finds nothing of it in memory


_ASKS_FOR = re.compile(r"(?:satisfy|Python:) (Python ?[<>=!~][^ ]*)")
_EXTRA = re.compile(r"\bextra\s*==")


class Room(NamedTuple):
    """One environment: a Python by version or path, and which versions of the dependencies. Empty: ours, and any."""

    python: str = ""
    dependencies: str = ""


def every_room(pythons: Sequence[str], *, dependencies: bool) -> list[Room]:
    """A room for each Python, and two for the dependencies."""
    bounds = (LOWEST, HIGHEST) if dependencies else ()
    return [*(Room(one) for one in dict.fromkeys(pythons)), *(Room("", one) for one in bounds)]


def direct_needs(site: Path, distribution: str) -> tuple[str, ...]:
    """What a distribution that is installed in a folder asks for itself, its extras left out."""
    for found in metadata.distributions(path=[str(site)]):
        if canonicalize_name(found.metadata["Name"] or "") == canonicalize_name(distribution):
            return tuple(one for one in found.requires or () if not _EXTRA.search(one))
    return ()


class Step(Record, frozen=True, kw_only=True):
    """One object on the way to a first client: where its class is, and what it is built with, in the SDK's names."""

    name: str
    place: str
    arguments: Mapping[str, str]
    uses: Mapping[str, str]


class Started(Record, frozen=True, kw_only=True):
    """What one room showed."""

    room: Room
    outcome: Outcome
    reason: str = ""
    ran_on: str = ""
    import_ms: float | None = None
    client_ms: float | None = None
    freeze: tuple[str, ...] = ()


class _Answer(Record, frozen=True, kw_only=True):
    python: str
    import_ms: float | None
    client_ms: float | None
    error: str
    freeze: tuple[str, ...]


def started(
    what: Sequence[str],
    rooms: Iterable[Room],
    *,
    package: str,
    steps: Sequence[Step],
    needs: Sequence[str] = (),
    patience_s: float,
    echo: Callable[[str], None] = lambda line: None,
) -> Iterator[Started]:
    """What each room showed, in their order.

    :param what: what an installer is given to install the SDK.
    :param needs: what the SDK itself depends on. An installer takes the lowest of what it is given alone, so these
        are given to it as well.
    :param patience_s: how long the installation in a room may take.
    """
    if not what:
        why = "What is watched is a folder or an environment, which cannot be installed elsewhere."
        yield from (Started(room=room, outcome=Outcome.UNKNOWN, reason=why) for room in rooms)
        return
    question = msgspec.json.encode({"package": package, "steps": steps}).decode()

    def run(room: Room) -> Started:
        # Resolved: on some systems the folder for temporary files is a symbolic link.
        scratch = Path(tempfile.mkdtemp(prefix="atalaya-compat-")).resolve()
        try:
            installer = find_installer(scratch, echo)
            installer.patience_s = patience_s
            named = [*what, *(needs if room.dependencies else ())]
            return _in_a_room(room, named, question, package, installer)
        except AtalayaError as why:
            said = _in_short(str(why)).replace(str(interpreter_in(scratch / "env")), f"Python {room.python}".rstrip())
            return Started(room=room, outcome=_outcome_of(why), reason=scrub(said))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(run, rooms)


def _in_short(why: str) -> str:
    """What an installer says; where that is a proof that the SDK is for other Pythons, which ones."""
    asked = _ASKS_FOR.search(why)
    return f"It is for {asked[1].replace(' ', '')}." if asked and is_for_another_python(why) else why


def _outcome_of(why: AtalayaError) -> Outcome:
    """What it means that the SDK was not started: without an index, or that Python, nothing is known of it."""
    if is_for_another_python(str(why)):
        return Outcome.NOT_APPLICABLE
    return Outcome.BROKEN if isinstance(why, SubjectError) and not isinstance(why, NoPython) else Outcome.UNKNOWN


def _in_a_room(room: Room, what: Sequence[str], question: str, package: str, installer: Installer) -> Started:
    """
    :raises AtalayaError: the SDK could not be started there.
    """
    env, home = installer.scratch / "env", installer.scratch / "home"
    home.mkdir()
    python = installer.create(env, room.python)
    installer.install(python, what, called="the SDK", dependencies=room.dependencies)
    argv, environ = [str(python), "-I", start_probe.__file__, question], scrubbed_environ(home)
    first, *warm = (msgspec.json.decode(answer(argv, environ, package), type=_Answer) for _ in range(1 + WARM))
    failed = next((one.error for one in (first, *warm) if one.error), "")
    return Started(
        room=room,
        outcome=Outcome.BROKEN if failed else Outcome.KEPT,
        reason=scrub(failed),
        ran_on=first.python,
        import_ms=_least(one.import_ms for one in warm),
        client_ms=_least(one.client_ms for one in warm),
        freeze=first.freeze,
    )


def _least(times_ms: Iterable[float | None]) -> float | None:
    """The shortest time: what a loaded machine adds is not the SDK's."""
    return min((round(one, 1) for one in times_ms if one is not None), default=None)
