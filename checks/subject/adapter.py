"""What are the names of the contract called in this SDK?

An SDK that behaves as the contract says, under other names, is watched through one file: ``adapter.toml``. Here it
is read, and nothing is imported; :mod:`checks.subject.capabilities` speaks the SDK's names by it.

What an adapter cannot change is what crosses the wire, and what a telemetry event holds: an SDK that differs
there does not keep this contract.
"""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from checks.errors import SettingsError
from checks.records import Record

PREFIX = "ARIS3_"
ANY = "*"

# ── what there is to rename ──────────────────────────────────────────────────

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "load_config": ("env_file",),
    "map_error": ("status_code", "payload", "trace_id"),
    "new_idempotency_keys": (),
    "resolve_idempotency_keys": ("transaction_id", "idempotency_key"),
    "idempotency_headers": ("keys",),
}

METHODS: dict[str, dict[str, tuple[str, ...]]] = {
    "HttpClient": {
        "request": (
            "method",
            "path",
            "headers",
            "json_body",
            "params",
            "response_hook",
            "retry_mutation",
            "module",
            "operation",
            "use_get_cache",
            "context_key",
            "context_version",
            "invalidate_paths",
        ),
        "clear_cache": (),
        "switch_context": ("key",),
        "get_context_version": ("key",),
    },
    "ExportsClient": {
        "request_export": ("payload", "transaction_id", "idempotency_key"),
        "get_export_status": ("export_id", "use_get_cache"),
        "list_recent_exports": ("page_size",),
        "list_exports": ("page_size",),
        "resolve_export_artifact": ("status",),
        "get_export_artifact": ("export_id",),
        "wait_for_export_ready": ("export_id", "timeout_sec", "poll_interval_sec", "cancel_check", "telemetry_hook"),
        "wait_until_ready": ("export_id", "timeout_seconds", "poll_interval_seconds"),
        "download_export": ("export_id",),
    },
    "TraceContext": {"ensure": (), "update_from_headers": ("headers",), "update_from_payload": ("payload",)},
    "ApiSession": {"exports_client": (), "reports_client": (), "auth_client": (), "health_client": ()},
}

_ARTIFACT = ("export_id", "status", "url", "file_name", "content_type", "file_size_bytes", "checksum_sha256")

FIELDS: dict[str, tuple[str, ...]] = {
    "ClientConfig": (
        "env_name",
        "api_base_url",
        "connect_timeout_seconds",
        "read_timeout_seconds",
        "retries",
        "retry_backoff_seconds",
        "retry_jitter_enabled",
        "retry_jitter_min_seconds",
        "retry_jitter_max_seconds",
        "max_connections",
        "verify_ssl",
        "normalized_env",
    ),
    "HttpClient": (
        "config",
        "trace",
        "session",
        "before_request",
        "after_response",
        "cache_ttl_seconds",
        "enable_get_cache",
        "last_operation",
    ),
    "ExportsClient": ("http", "access_token", "tenant_id", "app_id", "device_id"),
    "TraceContext": ("trace_id",),
    "IdempotencyKeys": ("transaction_id", "idempotency_key"),
    "ApiSession": ("config", "auth_store", "trace", "token", "user"),
    "ExportRequest": ("source_type", "format", "filters", "transaction_id", "file_name"),
    "ExportStatus": (
        "export_id",
        "tenant_id",
        "store_id",
        "source_type",
        "format",
        "filters_snapshot",
        "status",
        "row_count",
        "created_at",
        "checksum_sha256",
        "failure_reason_code",
        "generated_by_user_id",
        "generated_at",
        "trace_id",
        "file_size_bytes",
        "content_type",
        "file_name",
        "updated_at",
    ),
    "ExportListResponse": ("rows",),
    "ExportArtifact": _ARTIFACT,
    "ExportResolvedArtifact": _ARTIFACT,
    "ExportWaitResult": ("export_id", "outcome", "status"),
    "ApiError": ("code", "message", "details", "trace_id", "status_code", "raw_payload"),
}

ERRORS = (
    "ConfigError",
    "ApiError",
    "UnauthorizedError",
    "AuthError",
    "MustChangePasswordError",
    "ForbiddenError",
    "PermissionError",
    "NotFoundError",
    "ValidationError",
    "ConflictError",
    "RateLimitError",
    "ServerError",
    "TransportError",
)
OUTCOMES = ("COMPLETED", "FAILED", "EXPIRED", "NOT_FOUND")
ENUM = "ExportTerminalState"

KNOWN = tuple(dict.fromkeys([*FUNCTIONS, *METHODS, *FIELDS, *ERRORS, ENUM]))
# Without these there is nothing to check: the rest, an SDK may lack.
REQUIRED = ("load_config", "ClientConfig", "ConfigError", "HttpClient", "ExportsClient", "ApiError", "TransportError")


class Adapter(Record, frozen=True, kw_only=True):
    """The names of one SDK, by the names of the contract. What is not renamed is called as in the contract.

    ``names`` holds ``module:Name`` for each name that the SDK has: one that is not in it, the SDK lacks.
    ``methods`` and ``fields`` go by class, ``arguments`` by ``Class.method`` or function. ``variables`` may
    end in ``*`` on both sides. ``outcomes`` are the values of the outcome of a wait.
    """

    file: str
    package: str
    distribution: str
    names: dict[str, str]
    methods: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    fields: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    outcomes: dict[str, str] = msgspec.field(default_factory=dict)

    def method(self, owner: str, method: str) -> str:
        """What a method of the contract is called in the SDK."""
        return self.methods.get(owner, {}).get(method, method)

    def field(self, owner: str, field: str) -> str:
        """What a field of the contract is called in the SDK."""
        return self.fields.get("ApiError" if owner in ERRORS else owner, {}).get(field, field)

    def variable(self, name: str) -> str:
        """What a variable of the contract is called in the SDK.

        A variable that is renamed takes those along that begin with it: the URL of a profile, for one.

        >>> renamed = {"ARIS3_*": "ACME_*", "ARIS3_API_BASE_URL": "ACME_ENDPOINT"}
        >>> acme = Adapter(file="", package="acme", distribution="acme", names={}, variables=renamed)
        >>> acme.variable("ARIS3_RETRIES"), acme.variable("ARIS3_API_BASE_URL_DEV"), acme.variable("HOME")
        ('ACME_RETRIES', 'ACME_ENDPOINT_DEV', 'HOME')

        What the contract does not know must not become what the SDK knows: it stays as it is.

        >>> acme.variable("ARIS3_ENDPOINT")
        'ARIS3_ENDPOINT'
        """
        own = _translated(name, self.variables.items())
        return own if self.variable_of_the_contract(own) == name else name

    def variable_of_the_contract(self, name: str) -> str:
        """What a variable of the SDK is called in the contract: the way back."""
        return _translated(name, [(own, ours) for ours, own in self.variables.items()])


def _translated(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    """By the longest rule that fits: the name itself, a name that it begins with, or a prefix."""
    fitting = [
        (len(old.removesuffix(ANY)), old, new)
        for old, new in pairs
        if name == old or name.startswith(f"{old}_") or (old.endswith(ANY) and name.startswith(old.removesuffix(ANY)))
    ]
    if not fitting:
        return name
    length, _, new = max(fitting)
    return new.removesuffix(ANY) + name[length:]


def read(path: Path) -> Adapter:
    """Read an ``adapter.toml``.

    :raises SettingsError: it cannot be read, lacks what it needs, or says what nobody knows; the text names the
        file, the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: cannot be read: {why}. Name an adapter.toml that can.") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{path}: not TOML: {why}. Mend that line.") from None
    problem = next(_problems(table), None)
    if problem is not None:
        section, key, what = problem
        dotted = ".".join(filter(None, (section, key)))
        raise SettingsError(f"{path.name}:{_line_of(text, section, key)} {dotted}: {what}")
    package = table["package"]
    return Adapter(**{"file": path.name, "distribution": package.replace("_", "-"), **table})


# ── what can be wrong with it ────────────────────────────────────────────────

Problem = tuple[str, str, str]  # the section, the key, and what is wrong with it and what to do


def _problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown("", table, ("package", "distribution", "names", *_SECTIONS))
    package = table.get("package")
    if not isinstance(package, str) or not _is_dotted(package):
        yield "", "package", "the name that the SDK is imported by is needed here, such as 'acme_exports'."
        return
    if not re.fullmatch(r"[\w.-]+", str(table.get("distribution", package))):
        yield ("", "distribution", "the name that the SDK is installed by is needed here, such as 'acme-exports'.")
    yield from _problems_of_names(table.get("names", {}), package)
    for section, checked in _SECTIONS.items():
        given = table.get(section, {})
        if not isinstance(given, dict):
            yield "", section, f"it must be a table: [{section}]."
            continue
        yield from checked(section, given)


def _problems_of_names(names: Any, package: str) -> Iterator[Problem]:
    if not isinstance(names, dict):
        yield "", "names", "it must be a table: [names]."
        return
    yield from _unknown("names", names, KNOWN)
    for name, place in names.items():
        module, _, attribute = str(place).partition(":")
        inside = module == package or module.startswith(f"{package}.")
        if not (inside and _is_dotted(module) and attribute.isidentifier()):
            yield (
                "names",
                name,
                f"{place!r} is no place in the SDK. Write '{package}:Name' or '{package}.module:Name'.",
            )
    for name in REQUIRED:
        if name not in names:
            yield "names", name, "it is missing, and nothing can be checked without it. Say where it is."


def _problems_of_members(section: str, tables: Mapping[str, Any]) -> Iterator[Problem]:
    """``[methods.X]``, ``[fields.X]`` and ``[arguments."X.m"]``: an owner, and renamed members."""
    known: Mapping[str, Iterable[str]] = _OWNERS[section]
    yield from _unknown(section, tables, known)
    for owner, members in tables.items():
        if not isinstance(members, dict):
            yield section, owner, f"it must be a table: [{section}.{owner}]."
            continue
        yield from _unknown(f"{section}.{owner}", members, known[owner])
        yield from _problems_of_words(f"{section}.{owner}", members)
        # A name that is given away must not be somebody else's: the two could not be told apart.
        for name, own in members.items():
            if own in known[owner] and members.get(own, own) == own and own != name:
                yield (f"{section}.{owner}", name, f"{own!r} is another name of the contract. Rename that one too.")


def _problems_of_variables(section: str, variables: Mapping[str, Any]) -> Iterator[Problem]:
    for name, own in variables.items():
        if not re.fullmatch(rf"{PREFIX}[A-Z0-9_]*\*?", name):
            yield section, name, f"a variable of the contract begins with {PREFIX}, and may end in {ANY}."
        elif not isinstance(own, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\*?", own):
            yield section, name, f"{own!r} is no name of a variable."
        elif name.endswith(ANY) is not own.endswith(ANY):
            yield section, name, f"a rule for many variables ends in {ANY} on both sides, or on neither."
    yield from _problems_of_twins(section, variables)


def _problems_of_outcomes(section: str, outcomes: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown(section, outcomes, OUTCOMES)
    for name, own in outcomes.items():
        if not isinstance(own, str) or not own:
            yield section, name, f"{own!r} is no text: it is the value of the SDK's own outcome."
    yield from _problems_of_twins(section, outcomes)


def _problems_of_words(section: str, members: Mapping[str, Any]) -> Iterator[Problem]:
    for name, own in members.items():
        if not isinstance(own, str) or not own.isidentifier() or keyword.iskeyword(own):
            yield section, name, f"{own!r} is no name in Python."
    yield from _problems_of_twins(section, members)


def _problems_of_twins(section: str, members: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, own in members.items():
        if (other := seen.setdefault(str(own), name)) != name:
            yield section, name, f"{own!r} is what {other} is called already."


def _unknown(section: str, given: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    for key in given:
        if key not in known:
            yield (section, key, f"there is no such name. Known here: {', '.join(known)}. Rename it, or take it out.")


_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **FUNCTIONS,
    **{f"{owner}.{method}": names for owner, table in METHODS.items() for method, names in table.items()},
}
_OWNERS: dict[str, Mapping[str, Iterable[str]]] = {"methods": METHODS, "arguments": _ARGUMENTS, "fields": FIELDS}
_SECTIONS: dict[str, Any] = {
    "methods": _problems_of_members,
    "arguments": _problems_of_members,
    "fields": _problems_of_members,
    "variables": _problems_of_variables,
    "outcomes": _problems_of_outcomes,
}


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split("."))


def _line_of(text: str, section: str, key: str) -> int:
    """The line of a key, of the section where it should stand, or of a section's head; 1 where it is nowhere."""
    inside, found = not section, 1
    for number, line in enumerate(text.splitlines(), start=1):
        if head := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            name = head[1].replace('"', "").replace("'", "")
            inside = name == section
            if inside:
                found = number
            elif f"{name}.".startswith(".".join(filter(None, (section, key, ""))) or "."):
                return number
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found
