"""Exports: asking for one, waiting for it, fetching it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ..error_mapper import map_error
from ..exceptions import NotFoundError
from ..idempotency import idempotency_headers, resolve_idempotency_keys
from ..models_exports import (
    ExportArtifact,
    ExportListResponse,
    ExportRequest,
    ExportResolvedArtifact,
    ExportStatus,
    ExportTerminalState,
    ExportWaitResult,
)
from .base import BaseClient

MIN_POLL_INTERVAL_SECONDS = 0.2

_TERMINAL_STATES = {
    "READY": ExportTerminalState.COMPLETED,
    "COMPLETED": ExportTerminalState.COMPLETED,
    "FAILED": ExportTerminalState.FAILED,
    "ERROR": ExportTerminalState.FAILED,
    "EXPIRED": ExportTerminalState.EXPIRED,
    "NOT_FOUND": ExportTerminalState.NOT_FOUND,
}


class ExportsClient(BaseClient):
    def request_export(
        self,
        payload: ExportRequest | Mapping[str, Any],
        transaction_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> ExportStatus:
        request = payload if isinstance(payload, ExportRequest) else ExportRequest.model_validate(payload)
        keys = resolve_idempotency_keys(transaction_id or request.transaction_id, idempotency_key)
        body = request.model_dump(mode="json", by_alias=True, exclude_none=True)
        body["transaction_id"] = keys.transaction_id
        data = self._request(
            "POST",
            "/aris3/exports",
            json_body=body,
            headers=idempotency_headers(keys),
            module="exports",
            operation="request_export",
        )
        return self._parse_status(data)

    def get_export_status(self, export_id: str, *, use_get_cache: bool = True) -> ExportStatus:
        data = self._request(
            "GET",
            f"/aris3/exports/{export_id}",
            use_get_cache=use_get_cache,
            module="exports",
            operation="get_export_status",
        )
        return self._parse_status(data)

    def list_recent_exports(self, page_size: int | None = None) -> ExportListResponse:
        params = {"page_size": page_size} if page_size else None
        data = self._request(
            "GET", "/aris3/exports", params=params, module="exports", operation="list_exports"
        )
        if not isinstance(data, dict):
            raise ValueError("The list of exports is not a JSON object")
        return ExportListResponse.model_validate(data)

    def list_exports(self, page_size: int | None = None) -> ExportListResponse:
        return self.list_recent_exports(page_size)

    def resolve_export_artifact(self, status: ExportStatus) -> ExportResolvedArtifact:
        url = None
        if status.status.upper() == "READY":
            url = f"{self.http.config.api_base_url.rstrip('/')}/aris3/exports/{status.export_id}/download"
        return ExportResolvedArtifact(
            export_id=status.export_id,
            status=status.status,
            url=url,
            file_name=status.file_name,
            content_type=status.content_type,
            file_size_bytes=status.file_size_bytes,
            checksum_sha256=status.checksum_sha256,
        )

    def get_export_artifact(self, export_id: str) -> ExportArtifact:
        resolved = self.resolve_export_artifact(self.get_export_status(export_id))
        return ExportArtifact.model_validate(resolved.model_dump(exclude={"status"}))

    def download_export(self, export_id: str) -> bytes:
        headers = {"Accept": "*/*", **self._auth_headers()}
        trace = self.http.trace
        if trace:
            headers["X-Trace-Id"] = trace.ensure()
        config = self.http.config
        response = self.http.session.request(
            method="GET",
            url=f"{config.api_base_url.rstrip('/')}/aris3/exports/{export_id}/download",
            headers=headers,
            timeout=(config.connect_timeout_seconds, config.read_timeout_seconds),
            verify=config.verify_ssl,
        )
        if trace:
            trace.update_from_headers(response.headers)
        if response.status_code >= 400:
            try:
                payload = response.json()
            except ValueError:
                payload = {"message": response.text}
            raise map_error(response.status_code, payload, trace.trace_id if trace else None)
        return response.content

    def wait_for_export_ready(
        self,
        export_id: str,
        *,
        timeout_sec: float = 30.0,
        poll_interval_sec: float = 2.0,
        cancel_check: Callable[[], bool] | None = None,
        telemetry_hook: Callable[[dict[str, Any]], None] | None = None,
    ) -> ExportWaitResult:
        start = time.monotonic()
        deadline = start + max(timeout_sec, 0)
        interval = max(poll_interval_sec, MIN_POLL_INTERVAL_SECONDS)
        last_status: ExportStatus | None = None
        attempt = 0

        def emit(event: str, state: str, is_terminal: bool) -> None:
            if telemetry_hook:
                telemetry_hook(
                    {
                        "event": event,
                        "export_id": export_id,
                        "state": state,
                        "attempt": attempt,
                        "elapsed_ms": int((time.monotonic() - start) * 1000),
                        "is_terminal": is_terminal,
                    }
                )

        while True:
            if cancel_check and cancel_check():
                raise TimeoutError(f"Waiting for export {export_id} was cancelled")

            try:
                last_status = self.get_export_status(export_id, use_get_cache=False)
            except NotFoundError:
                if last_status is None:
                    raise
                return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, last_status)

            attempt += 1
            state = last_status.status.upper()
            outcome = _TERMINAL_STATES.get(state)
            emit("export_poll_status", state, outcome is not None)
            if outcome is not None:
                return ExportWaitResult(export_id, outcome, last_status)

            if time.monotonic() >= deadline:
                emit("export_poll_timeout", state, True)
                raise TimeoutError(f"Export {export_id} was not ready in time, last status {state}")

            time.sleep(interval)

    def wait_until_ready(
        self, export_id: str, *, timeout_seconds: float = 30.0, poll_interval_seconds: float = 2.0
    ) -> ExportStatus:
        return self.wait_for_export_ready(
            export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
        ).status

    @staticmethod
    def _parse_status(data: Any) -> ExportStatus:
        if not isinstance(data, dict):
            raise ValueError("The export status is not a JSON object")
        return ExportStatus.model_validate(data)
