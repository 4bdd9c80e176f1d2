"""Models of reports."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReportFilter(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    store_id: str | None = None
    from_value: str | None = Field(default=None, alias="from")
    to_value: str | None = Field(default=None, alias="to")
    timezone: str | None = None
