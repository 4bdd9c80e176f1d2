"""Where a session is kept between runs."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_dir

from .models import SessionData


class AuthStore:
    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path) if path else Path(user_data_dir("aris3", "ARIS")) / "session.json"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> SessionData | None:
        if not self.path.exists():
            return None
        return SessionData.model_validate_json(self.path.read_text(encoding="utf-8"))

    def save(self, data: SessionData) -> None:
        self.path.write_text(data.model_dump_json(), encoding="utf-8")

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
