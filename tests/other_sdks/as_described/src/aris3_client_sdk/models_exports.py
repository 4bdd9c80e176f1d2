"""Models of exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

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
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    NOT_FOUND = "NOT_FOUND"


class ExportRequest(BaseModel):
    source_type: ExportSourceType
    format: ExportFormat
    filters: ReportFilter = Field(default_factory=ReportFilter)
    transaction_id: str
    file_name: str | None = None


class ExportStatus(BaseModel):
    model_config = ConfigDict(extra="allow")

    export_id: str
    tenant_id: str
    store_id: str
    source_type: ExportSourceType
    format: ExportFormat
    filters_snapshot: dict[str, Any]
    status: str
    row_count: int
    created_at: datetime
    checksum_sha256: str | None = None
    failure_reason_code: str | None = None
    generated_by_user_id: str | None = None
    generated_at: datetime | None = None
    trace_id: str | None = None
    file_size_bytes: int | None = None
    content_type: str | None = None
    file_name: str | None = None
    updated_at: datetime | None = None


class ExportListResponse(BaseModel):
    model_config = ConfigDict(extra="allow")

    rows: list[ExportStatus]
    trace_id: str | None = None


class ExportArtifact(BaseModel):
    export_id: str
    url: str | None = None
    file_name: str | None = None
    content_type: str | None = None
    file_size_bytes: int | None = None
    checksum_sha256: str | None = None


class ExportResolvedArtifact(ExportArtifact):
    status: str


@dataclass(frozen=True)
class ExportWaitResult:
    export_id: str
    outcome: ExportTerminalState
    status: ExportStatus
