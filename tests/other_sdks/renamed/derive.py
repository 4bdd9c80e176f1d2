"""Makes an SDK that keeps the contract under other names: the reference SDK, renamed word by word."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ADAPTER = Path(__file__).parents[3] / "docs" / "guides" / "acme-adapter.toml"  # the guide shows it whole

# Everywhere, as whole words. What crosses the wire, such as the keys of a status, is not among them.
WORDS = {
    "aris3_client_sdk": "acme_exports",
    "aris3-client-sdk": "acme-exports",
    "load_config": "read_settings",
    "ClientConfig": "Settings",
    "ConfigError": "BadSettings",
    "HttpClient": "Connection",
    "ExportsClient": "Exports",
    "TraceContext": "Trace",
    "ApiError": "AcmeError",
    "NotFoundError": "Missing",
    "TransportError": "NetworkError",
    "ExportStatus": "Progress",
    "ExportWaitResult": "Ended",
    "ExportTerminalState": "Ending",
    "ExportRequest": "Wanted",
    "env_file": "dotenv_path",
    "api_base_url": "endpoint",
    "connect_timeout_seconds": "connect_s",
    "read_timeout_seconds": "read_s",
    "retries": "repeats",
    "enable_get_cache": "cache_enabled",
    "cache_ttl_seconds": "cache_lifetime_s",
    "before_request": "on_request",
    "after_response": "on_response",
    "use_get_cache": "from_cache",
    "retry_mutation": "repeat_anyway",
    "clear_cache": "forget",
    "switch_context": "switch",
    "request_export": "ask_for",
    "get_export_status": "look_at",
    "wait_for_export_ready": "wait_for",
    "timeout_sec": "budget_s",
    "poll_interval_sec": "every_s",
    "cancel_check": "stop_when",
    "telemetry_hook": "on_poll",
    "outcome": "ending",
    "ARIS3_API_BASE_URL": "ACME_ENDPOINT",
}

# Words that mean something else elsewhere: file, pattern, replacement.
PLACES = (
    ("http_client.py", r"def request\(", "def call("),
    ("clients/base.py", r"\.http\.request\(", ".http.call("),
    ("exceptions.py", r"^    code: str", "    kind: str"),
    ("exceptions.py", r"self\.code\b", "self.kind"),
    ("*", r"\bcode=", "kind="),
    ("*", r"\bARIS3_", "ACME_"),
    ("models_exports.py", r'^    COMPLETED = "COMPLETED"', '    COMPLETED = "DONE"'),
)


def derive(project: Path, into: Path) -> Path:
    """A project that is ``project``, which speaks the contract's names, under other names."""
    renamed = into / "renamed"
    shutil.copytree(project, renamed, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (renamed / "src" / "aris3_client_sdk").rename(renamed / "src" / "acme_exports")
    words = re.compile("|".join(rf"\b{word}(?![A-Za-z])" for word in sorted(WORDS, key=len, reverse=True)))
    package = renamed / "src" / "acme_exports"
    for file in (renamed / "pyproject.toml", *package.rglob("*.py")):
        text = words.sub(lambda found: WORDS[found[0]], file.read_text(encoding="utf-8"))
        for where, pattern, replacement in PLACES:
            if where in ("*", file.relative_to(renamed if file.suffix == ".toml" else package).as_posix()):
                text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")
    return renamed
