"""Asks a Python interpreter what it imports as the SDK, and what else is installed there.

The answer comes from a process of its own, with nothing of ours in it: what an import does there stays there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from atalaya.core.errors import BrokenSubject, NoPython
from atalaya.core.words import Record
from atalaya.mock_server.isolated_entry import command
from atalaya.sdk.adapter import Adapter

IMPORT_DEADLINE_S = 60.0

# Runs on the SDK's Python and imports nothing of ours. Its answer leaves by a copy of standard output that
# the SDK cannot print to.
_CODE = r"""
import json, os, sys
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
asked = json.loads(sys.argv[1])
sys.path[:0] = asked["paths"]
import importlib.util, platform, re
from importlib import metadata
try:  # the system's name is enough: a kernel's build says more about a machine than about a run
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
except (OSError, KeyError):
    system = "%s %s" % (platform.system(), platform.release())
found = {}
for dist in metadata.distributions():
    name = dist.metadata["Name"]
    if name:
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), (name, dist.version))
told = {
    "executable": sys.executable,
    "python": platform.python_version(),
    "implementation": platform.python_implementation(),
    "os": "%s, %s" % (system, platform.machine()),
    "freeze": sorted("%s==%s" % pair for pair in found.values()),
}
def held_by(owner):
    # The modules of a distribution. An editable one records none: what it is called, or says that it holds, is asked.
    try:
        dist = metadata.distribution(owner)
    except metadata.PackageNotFoundError:
        return {}
    files = [f for f in dist.files or () if f.suffix == ".py" and not ({"..", "__pycache__"} & set(f.parts))]
    files = [f for f in files if "_editable_" not in f.parts[0]]
    if files:
        return {f.as_posix(): str(dist.locate_file(f)) for f in files}
    held = {}
    for name in (dist.read_text("top_level.txt") or owner.replace("-", "_")).split():
        spec = importlib.util.find_spec(name)
        for folder in spec.submodule_search_locations or () if spec else ():
            for at, _, names in os.walk(folder):
                for one in names:
                    if one.endswith(".py"):
                        path = os.path.join(at, one)
                        held[name + "/" + os.path.relpath(path, folder).replace(os.sep, "/")] = path
    return held
if asked["package"]:
    try:
        __import__(asked["package"])
        module = sys.modules[asked["package"]]
        version = getattr(module, "__version__", None)
        owner = asked["distribution"]
        if owner not in found:
            owners = metadata.packages_distributions().get(asked["package"].split(".")[0]) or [owner]
            owner = re.sub(r"[-_.]+", "-", owners[0]).lower()
        name, installed = found.get(owner, (owner, version))
        told["name"] = name
        told["version"] = installed if installed is None else str(installed)
        told["package"] = os.path.dirname(os.path.abspath(module.__file__)) if module.__file__ else None
        told["held"] = held_by(owner)
    except BaseException as why:
        told["error"] = ("%s: %s" % (type(why).__name__, why)).strip().splitlines()[-1]
answer.write(json.dumps(told))
answer.close()
os._exit(0)
"""


class InterpreterFacts(Record, frozen=True, kw_only=True):
    """What the probe tells. The last five are about the SDK, and None where it was not imported.

    ``held`` are the modules of its distribution: where they are, by their path below the folder they are imported from.
    """

    executable: str
    python: str
    implementation: str
    os: str
    freeze: tuple[str, ...]
    name: str | None = None
    version: str | None = None
    package: str | None = None
    error: str | None = None
    held: dict[str, str] | None = None


def probe_interpreter(
    python: Path,
    environ: Mapping[str, str],
    paths: Sequence[Path] = (),
    *,
    package: str | None = None,
    distribution: str = "",
) -> InterpreterFacts:
    """Ask an interpreter about itself, and about ``package`` if one is named.

    :raises NoPython: it does not run.
    :raises BrokenSubject: it ends in the middle of that import, or the import does not end.
    """
    question = msgspec.json.encode(
        {"paths": [str(path) for path in paths], "package": package, "distribution": distribution}
    ).decode()
    argv = [str(python), "-I", "-B", "-c", _CODE, question]
    return msgspec.json.decode(answer(argv, environ, package or ""), type=InterpreterFacts)


def missing_bindings(
    python: Path, environ: Mapping[str, str], paths: Sequence[Path], *, pack: Path, adapter: Adapter, layer: bool
) -> list[str]:
    """What an adapter says and the SDK does not have, a sentence each.

    :param python: with ``paths``, it has msgspec beside the SDK.
    :param pack: the folder of the check pack.
    :param layer: whether the adapter's package stands in front of the SDK, and is no part of it.
    :raises BrokenSubject: it does not answer, or not in time.
    """
    question = {
        "paths": [str(path) for path in paths],
        "pack": str(pack),
        "adapter": msgspec.to_builtins(adapter),
        "layer": layer,
    }
    argv = command("atalaya.harness.adapter_check", msgspec.json.encode(question).decode(), python=str(python))
    return msgspec.json.decode(answer(argv, environ, adapter.package), type=list[str])


def answer(argv: Sequence[str], environ: Mapping[str, str], package: str) -> bytes:
    """What a process answers on its standard output that imports the SDK; or nothing, where none is named.

    :raises NoPython: it does not run.
    :raises BrokenSubject: it ends in the middle of that import, or the import does not end.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # Files, not pipes: a process that the SDK leaves behind could hold a pipe open for ever.
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(environ),
                cwd=tempfile.gettempdir(),
                start_new_session=os.name != "nt",
            )
        except OSError as why:
            raise NoPython(f"{argv[0]} does not run: {why.strerror or why}. Name a Python that does.") from None
        code = wait_for(child, IMPORT_DEADLINE_S)
        out.seek(0)
        err.seek(0)
        answered, said = out.read(), err.read().decode(errors="replace").strip()
    if not answered:
        last = said.splitlines()[-1].strip() if said else "it said nothing"
        ended = f"stopped after {IMPORT_DEADLINE_S:.0f} s" if code is None else f"ended with exit code {code}"
        told = f"{argv[0]} {ended} when asked to import {package or 'nothing'}: {last}. Try that import by hand."
        raise BrokenSubject(told, imports=True) if package else NoPython(told)
    return answered


def wait_for(child: subprocess.Popen[bytes], within_s: float | None) -> int | None:
    """The exit code, or None for a child that had to be stopped. It never outlives us.

    The child leads a session of its own: what it started is stopped with it.
    """
    try:
        return child.wait(within_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if child.poll() is None:
            if os.name == "nt":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
