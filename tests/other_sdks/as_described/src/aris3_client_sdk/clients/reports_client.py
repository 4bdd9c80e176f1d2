"""Reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import ForbiddenError, ValidationError
from ..models_reports import ReportFilter
from .base import BaseClient


class ReportsClient(BaseClient):
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
        if filters is not None and not isinstance(filters, ReportFilter):
            filters = ReportFilter.model_validate(filters)
        params = filters.model_dump(mode="json", by_alias=True, exclude_none=True) if filters else None
        try:
            return self._request(
                "GET", f"/aris3/reports/{name}", params=params, module="reports", operation=name
            )
        except ValidationError as exc:
            if exc.code == "VALIDATION_ERROR":
                raise ValidationError(**{**vars(exc), "code": "REPORT_INVALID_DATE_RANGE"}) from exc
            raise
        except ForbiddenError as exc:
            if exc.code in {"PERMISSION_DENIED", "STORE_SCOPE_MISMATCH", "CROSS_TENANT_ACCESS_DENIED"}:
                raise ForbiddenError(**{**vars(exc), "code": "REPORT_SCOPE_FORBIDDEN"}) from exc
            raise
