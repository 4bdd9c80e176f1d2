"""Where does a login outlive the process?"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from .models import SessionData


class AuthStore:
    """One ``session.json``, in the user's data folder unless ``path`` says otherwise.

    Making a store makes the folder. A file that cannot be read counts as no session.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path is not None else _data_folder() / "session.json"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> SessionData | None:
        try:
            return SessionData.model_validate(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def save(self, data: SessionData) -> None:
        # Opened for the owner alone from the start: the file holds a token.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(data.model_dump(exclude_none=True), file)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


def _data_folder() -> Path:
    """Where the platform keeps a user's application data."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "ARIS" / "aris3"
    if sys.platform == "darwin":
        return home / "Library/Application Support/aris3"
    return Path(os.environ.get("XDG_DATA_HOME", "").strip() or home / ".local/share") / "aris3"
