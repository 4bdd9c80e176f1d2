"""Tests that an SDK is started in fresh environments, and that what cannot be had is unknown and not broken."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from atalaya.records.stored import Outcome
from atalaya.sdk import start_probe
from atalaya.sdk.compat import Room, Started, Step, direct_needs, every_room, started
from atalaya.sdk.installer import HIGHEST, LOWEST

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
CLIENT = Step(name="Client", place="acme:Client", arguments={"url": "http://127.0.0.1:9"}, uses={})
WELL = "class Client:\n    def __init__(self, url): ...\n"


def wheel(folder: Path, source: str, metadata: str = "", name: str = "acme", version: str = "1.0") -> Path:
    """A wheel of one module, which no index and no build is needed for."""
    made = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", head)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return made


def one(what: Sequence[str | Path], room: Room = Room(), needs: Sequence[str] = ()) -> Started:  # noqa: B008
    (found,) = started(list(map(str, what)), [room], package="acme", steps=[CLIENT], needs=needs, patience_s=300)
    return found


def test_an_sdk_that_starts_is_kept_with_its_times_and_what_was_installed(tmp_path: Path) -> None:
    found = one([wheel(tmp_path, "print('loud')\n" + WELL)], Room(HERE))
    assert (found.outcome, found.reason) == (Outcome.KEPT, "")
    assert found.ran_on.startswith(HERE)
    assert found.import_ms is not None
    assert found.client_ms is not None
    assert found.freeze == ("acme==1.0",)


def test_a_python_that_cannot_be_had_is_unknown(tmp_path: Path) -> None:
    found = one([wheel(tmp_path, WELL)], Room("3.2"))
    assert found.outcome is Outcome.UNKNOWN
    assert "cannot be had" in found.reason


def test_an_sdk_that_is_for_other_pythons_is_not_broken(tmp_path: Path) -> None:
    found = one([wheel(tmp_path, WELL, "Requires-Python: >=3.99\n")])
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, "It is for Python>=3.99.")


def test_a_crash_in_the_import_is_broken_with_its_last_line(tmp_path: Path) -> None:
    crash = "import os, sys\nsys.stderr.write('first\\nthe last line\\n')\nsys.stderr.flush()\nos._exit(5)\n"
    found = one([wheel(tmp_path, crash)], Room(HERE))
    assert found.outcome is Outcome.BROKEN
    assert "exit code 5" in found.reason
    assert "the last line" in found.reason
    assert found.reason.startswith(f"Python {HERE} ended")  # and not by a path that is gone


def test_a_client_that_cannot_be_built_is_broken(tmp_path: Path) -> None:
    found = one([wheel(tmp_path, "class Client:\n    def __init__(self, url):\n        raise OSError('no\\nroom')\n")])
    assert (found.outcome, found.reason) == (Outcome.BROKEN, "no client of it can be built: room")


def test_the_lowest_and_the_highest_versions_are_those_that_it_names(tmp_path: Path) -> None:
    needs = [wheel(tmp_path, "", name="need", version=version) for version in ("1.0", "1.5", "2.0")]
    sdk = wheel(tmp_path, WELL, "Requires-Dist: need>=1.5\n")
    offline = ["--find-links", needs[0].parent, "--no-index", sdk]
    chosen = {name: one(offline, Room("", name), ["need>=1.5"]).freeze for name in (LOWEST, HIGHEST)}
    assert chosen == {LOWEST: ("acme==1.0", "need==1.5"), HIGHEST: ("acme==1.0", "need==2.0")}


def test_what_an_sdk_needs_itself_is_read_without_its_extras(tmp_path: Path) -> None:
    asked = ("need>=1.5", "more; extra == 'all'", 'other; extra=="b"', "old; python_version < '3.9'")
    head = "".join(f"Requires-Dist: {one}\n" for one in asked)
    with zipfile.ZipFile(wheel(tmp_path, WELL, head)) as archive:
        archive.extractall(tmp_path / "site")
    assert direct_needs(tmp_path / "site", "Acme") == ("need>=1.5", "old; python_version < '3.9'")
    assert direct_needs(tmp_path / "site", "other") == ()


def test_what_cannot_be_installed_elsewhere_is_unknown() -> None:
    found = one([])
    assert found.outcome is Outcome.UNKNOWN


def test_a_python_that_is_named_twice_is_tried_once() -> None:
    assert every_room(["3.10", "3.10"], dependencies=True) == [Room("3.10"), Room("", LOWEST), Room("", HIGHEST)]


# ── the probe itself ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "error", "is_timed"),
    [
        (WELL, "", True),
        ("raise SystemExit(3)", "it cannot be imported: SystemExit: 3", False),
        ("", "", False),  # the name is not where the contract puts it
        ("class Client:\n    def __init__(self): ...", "", False),  # our arguments do not fit
        ("class Client:\n    def __init__(self, url): url.no", "no client of it can be built: AttributeError", False),
    ],
)
def test_only_what_the_sdk_raises_itself_is_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, error: str, is_timed: bool
) -> None:
    (tmp_path / "acme.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme", raising=False)
    step = {"name": "Client", "place": "acme:Client", "arguments": {"url": "u"}, "uses": {}}
    told = start_probe.probe({"package": "acme", "steps": [step]})
    monkeypatch.delitem(sys.modules, "acme", raising=False)
    assert told["error"].startswith(error)
    assert bool(told["error"]) is bool(error)
    assert (told["client_ms"] is not None) is is_timed
