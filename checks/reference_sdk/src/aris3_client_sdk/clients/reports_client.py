"""What do the books say?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models_reports import ReportFilter
from .base import BaseClient


class ReportsClient(BaseClient):
    """Each report is read through the GET cache, as decoded JSON."""

    def overview(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("overview", filters)

    def daily(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("daily", filters)

    def calendar(self, filters: ReportFilter | Mapping[str, Any] | None = None) -> Any:
        return self._report("calendar", filters)

    def _report(self, name: str, filters: ReportFilter | Mapping[str, Any] | None) -> Any:
        params = ReportFilter.model_validate(filters or {}).model_dump(exclude_none=True)
        path = f"/aris3/reports/{name}"
        return self._request("GET", path, params=params or None, module="reports", operation=name)
