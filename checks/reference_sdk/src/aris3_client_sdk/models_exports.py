"""What is asked of an export, and what is known about one?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from .models import Model, mapping, moment, optional, required, text, to_json, whole
from .models_reports import ReportFilter


class ExportSourceType(str, Enum):
    REPORTS_OVERVIEW = "reports_overview"
    REPORTS_DAILY = "reports_daily"
    REPORTS_CALENDAR = "reports_calendar"


class ExportFormat(str, Enum):
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class ExportTerminalState(str, Enum):
    """How a wait ended. Only ``COMPLETED`` leaves something to download."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    NOT_FOUND = "NOT_FOUND"


def _filters(value: object) -> dict[str, Any]:
    given = value.model_dump() if isinstance(value, ReportFilter) else mapping(value)
    return {name: to_json(item) for name, item in given.items() if item is not None}


@dataclass(kw_only=True)
class ExportRequest(Model):
    source_type: ExportSourceType = required(ExportSourceType)
    format: ExportFormat = required(ExportFormat)
    filters: dict[str, Any] = field(default_factory=dict, metadata={"read": _filters})
    transaction_id: str = required(text)
    file_name: str | None = optional(text)


@dataclass(kw_only=True)
class ExportStatus(Model):
    export_id: str = required(text)
    tenant_id: str = required(text)
    store_id: str = required(text)
    source_type: ExportSourceType = required(ExportSourceType)
    format: ExportFormat = required(ExportFormat)
    filters_snapshot: dict[str, Any] = required(mapping)
    status: str = required(text)
    row_count: int = required(whole)
    created_at: datetime = required(moment)
    checksum_sha256: str | None = optional(text)
    failure_reason_code: str | None = optional(text)
    generated_by_user_id: str | None = optional(text)
    generated_at: datetime | None = optional(moment)
    trace_id: str | None = optional(text)
    file_size_bytes: int | None = optional(whole)
    content_type: str | None = optional(text)
    file_name: str | None = optional(text)
    updated_at: datetime | None = optional(moment)


def _rows(value: object) -> list[ExportStatus]:
    if not isinstance(value, list):
        raise ValueError(f"a list is wanted, not {value!r}")
    return [ExportStatus.model_validate(row) for row in value]


@dataclass(kw_only=True)
class ExportListResponse(Model):
    rows: list[ExportStatus] = required(_rows)


@dataclass(frozen=True, kw_only=True)
class ExportArtifact:
    """The file behind an export; ``url`` is None until there is one to fetch."""

    export_id: str
    status: str
    url: str | None
    file_name: str | None
    content_type: str | None
    file_size_bytes: int | None
    checksum_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class ExportResolvedArtifact(ExportArtifact):
    """The same, worked out from a status at hand rather than asked for."""


@dataclass(frozen=True)
class ExportWaitResult:
    """``export_id`` as asked, how the wait ended, and the last status that the service answered."""

    export_id: str
    outcome: ExportTerminalState
    status: ExportStatus
