"""Makes an SDK that keeps the contract under other names: the reference SDK, renamed word by word."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ADAPTER = Path(__file__).parents[3] / "docs" / "guides" / "acme-adapter.toml"  # the guide shows it whole

# Everywhere, as whole words. What crosses the wire, such as the keys of a status, is below.
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

# What the keys of a body are called on the wire.
KEYS = {"status": "phase", "row_count": "made_rows", "transaction_id": "request_id"}

# Words that mean something else elsewhere: file, pattern, replacement.
PLACES = (
    ("http_client.py", r"def request\(", "def call("),
    ("*", r"\.http\.request\(", ".http.call("),
    ("exceptions.py", r"^    code: str", "    kind: str"),
    ("exceptions.py", r"self\.code\b", "self.kind"),
    ("*", r"\bcode=", "kind="),
    ("*", r"\bARIS3_", "ACME_"),
    ("clients/exports_client.py", r'EXPORTS_PATH = "/aris3/exports"', 'EXPORTS_PATH = "/v2/jobs"'),
    ("clients/exports_client.py", r"/download\"", '/content"'),
    ("tracing.py", r'"X-Trace-ID"', '"X-Acme-Trace"'),
    ("idempotency.py", r'"Idempotency-Key"', '"X-Acme-Once"'),
    ("error_mapper.py", r'get\("code"\)', 'get("error_code")'),
    ("models.py", r'return (item\.name\.rstrip\("_"\))', r"return WIRE.get(\1, \1)"),
    ("models.py", r"^def _wire_name", f"WIRE = {KEYS!r}\n\n\ndef _wire_name"),
    ("clients/exports_client.py", r'"state": state', '"progress": state'),
    ("clients/exports_client.py", r'"attempt": attempt', '"poll": attempt'),
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


# How the client of the renamed SDK says milliseconds, where it said seconds.
MILLISECONDS = (
    (r"\b(budget|every)_s\b", r"\1_ms"),
    (r"(budget|every)_ms: float = ([0-9]+)\.0", r"\1_ms: float = \g<2>000.0"),
    (r"(max\([\w.]+, (?:budget|every)_ms)\)", r"\1 / 1000)"),
    (r"\{budget_ms\}", "{budget_ms / 1000}"),
    (r"((?:budget|every)_ms=\w+)", r"\1 * 1000"),
)


def in_milliseconds(project: Path) -> Path:
    """The renamed SDK, whose wait takes milliseconds: no adapter can say that, and a layer can."""
    file = project / "src" / "acme_exports" / "clients" / "exports_client.py"
    text = file.read_text(encoding="utf-8")
    for pattern, replacement in MILLISECONDS:
        text = re.sub(pattern, replacement, text)
    file.write_text(text, encoding="utf-8")
    return project


# What stays a plain function where the rest of a client is ``async def``: it sends nothing.
PLAIN = ("_identity_headers", "resolve_export_artifact")


def made_async(project: Path) -> Path:
    """The renamed SDK with each method that sends made an ``async def``."""
    package = project / "src" / "acme_exports"
    for file in (package / "http_client.py", *(package / "clients").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if file.name == "http_client.py":
            text = text.replace("    def call(", "    async def call(")
        else:
            text = re.sub(rf"^    def (?!{'|'.join(PLAIN)})", "    async def ", text, flags=re.MULTILINE)
            sending = "|".join(re.findall(r"^    async def (\w+)", text, flags=re.MULTILINE))
            text = re.sub(rf"(?<!await )(self\.(?:http\.call|_request|{sending or '_request'})\()", r"await \1", text)
            # What is awaited is the call, and not the field of what it returns.
            text = re.sub(r"return (await self\.wait_for\(.*?\n        \))\.", r"return (\1).", text, flags=re.DOTALL)
        file.write_text(text, encoding="utf-8")
    return project
