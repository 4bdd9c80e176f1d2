"""Reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models_reports import ReportFilter
from .base import BaseClient


class ReportsClient(BaseClient):
    def overview(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("overview", filters)

    def daily(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("daily", filters)

    def calendar(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("calendar", filters)

    get_overview = overview
    get_daily = daily
    get_calendar = calendar

    def _report(self, name: str, filters: ReportFilter | Mapping[str, Any] | None) -> Any:
        if filters is not None and not isinstance(filters, ReportFilter):
            filters = ReportFilter.model_validate(filters)
        params = filters.model_dump(mode="json", by_alias=True, exclude_none=True) if filters else None
        return self._request("GET", f"/aris3/reports/{name}", params=params, module="reports", operation=name)
