"""What do the books say?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import ApiError, ForbiddenError, ValidationError
from ..models_reports import ReportFilter
from .base import BaseClient

#: What a 403 says of a report that lies outside what the caller may see.
OUT_OF_SCOPE = frozenset({"PERMISSION_DENIED", "STORE_SCOPE_MISMATCH", "CROSS_TENANT_ACCESS_DENIED"})


class ReportsClient(BaseClient):
    """Each report is read through the GET cache, as decoded JSON."""

    def overview(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("overview", filters)

    def daily(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("daily", filters)

    def calendar(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("calendar", filters)

    get_sales_overview = overview
    get_sales_daily = daily
    get_sales_calendar = calendar

    def _report(self, name: str, filters: ReportFilter | Mapping[str, Any] | None) -> Any:
        params = ReportFilter.model_validate(filters or {}).model_dump(exclude_none=True)
        path = f"/aris3/reports/{name}"
        try:
            return self._request("GET", path, params=params or None, module="reports", operation=name)
        except ValidationError as cause:
            if cause.code != "VALIDATION_ERROR":
                raise
            raise _renamed(cause, ValidationError, "REPORT_INVALID_DATE_RANGE") from cause
        except ForbiddenError as cause:
            if cause.code not in OUT_OF_SCOPE:
                raise
            raise _renamed(cause, ForbiddenError, "REPORT_SCOPE_FORBIDDEN") from cause


def _renamed(error: ApiError, kind: type[ApiError], code: str) -> ApiError:
    """The same error, in the words of reports."""
    return kind(
        code=code,
        message=error.message,
        details=error.details,
        trace_id=error.trace_id,
        status_code=error.status_code,
        raw_payload=error.raw_payload,
    )
