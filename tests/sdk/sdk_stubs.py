"""Small SDKs to install: real packages without dependencies, built by a backend that needs no index."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

INIT = '"""A small SDK."""\n\n__version__ = "0.0.1"\n'

# Builds a wheel from whatever lies under src/, and leaves traces in the project as setuptools does.
BACKEND = """
import sys
from pathlib import Path

sys.path.insert(0, {here!r})
from sdk_stubs import wheel

LEFT_OUT = {left_out!r}
STALE = {stale!r}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    root = Path("src")
    files = {{p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*.py")}}
    files = {{name: text for name, text in files.items() if not name.endswith(LEFT_OUT)}}
    built = Path("build/lib")
    if STALE:
        files.update({{p.relative_to(built).as_posix(): p.read_text() for p in built.rglob("*.py")}})
    built.mkdir(parents=True, exist_ok=True)
    (built / "trace").write_text("built")
    return wheel(Path(folder), files).name
"""


def wheel(
    folder: Path, files: dict[str, str], *, name: str = "aris3-client-sdk", version: str = "1.2.3", declares: str = ""
) -> Path:
    """Write a wheel that holds these files, by their path from site-packages, and declares this beside its name."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{declares}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: stub\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in content.items()]
    target = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return target


def sdk_wheel(folder: Path, init: str = INIT, version: str = "1.2.3") -> Path:
    """A wheel of an SDK that is one ``__init__.py``."""
    folder.mkdir(parents=True, exist_ok=True)
    return wheel(folder, {"aris3_client_sdk/__init__.py": init}, version=version)


def sdk_folder(folder: Path, init: str = INIT) -> Path:
    """A folder that can be imported from and has no build."""
    (folder / "aris3_client_sdk").mkdir(parents=True)
    (folder / "aris3_client_sdk" / "__init__.py").write_text(init)
    return folder


def sdk_project(root: Path, init: str = INIT, *, left_out: str = "\0", stale: bool = False) -> Path:
    """A project with a ``src`` layout, whose build may leave files out or take in what it built before."""
    sdk_folder(root / "src", init)
    (root / "src" / "aris3_client_sdk" / "config.py").write_text("ONE = 1\n")
    here = str(Path(__file__).resolve().parent)
    (root / "backend.py").write_text(BACKEND.format(here=here, left_out=left_out, stale=stale))
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n\n'
        '[project]\nname = "aris3-client-sdk"\nversion = "1.2.3"\n'
    )
    return root


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
