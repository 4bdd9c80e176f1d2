"""How is an export asked for, watched until it is ready, and fetched?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ..exceptions import NotFoundError
from ..http_client import error_of
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
from ..tracing import TraceContext
from .base import BaseClient

EXPORTS_PATH = "/aris3/exports"

#: Polling faster than this, in seconds, only loads the service.
MIN_POLL_INTERVAL_SECONDS = 0.2

#: The statuses that end a wait. Any other text means that the export is still being made.
OUTCOME_BY_STATE = {
    "READY": ExportTerminalState.COMPLETED,
    "COMPLETED": ExportTerminalState.COMPLETED,
    "FAILED": ExportTerminalState.FAILED,
    "ERROR": ExportTerminalState.FAILED,
    "EXPIRED": ExportTerminalState.EXPIRED,
    "NOT_FOUND": ExportTerminalState.NOT_FOUND,
}

TelemetryHook = Callable[[dict[str, Any]], object]


class ExportsClient(BaseClient):
    def request_export(
        self,
        payload: ExportRequest | Mapping[str, Any],
        transaction_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> ExportStatus:
        """Ask for an export. The payload holds a ``transaction_id``; the argument, if given, replaces it."""
        wanted = ExportRequest.model_validate(payload)
        keys = resolve_idempotency_keys(transaction_id or wanted.transaction_id, idempotency_key)
        answer = self._request(
            "POST",
            EXPORTS_PATH,
            headers=idempotency_headers(keys),
            json_body=replace(wanted, transaction_id=keys.transaction_id).model_dump(exclude_none=True),
            module="exports",
            operation="request_export",
            invalidate_paths=[EXPORTS_PATH],  # or a cached list would go on without the new export
        )
        return ExportStatus.model_validate(answer)

    def get_export_status(self, export_id: str, *, use_get_cache: bool = True) -> ExportStatus:
        answer = self._request(
            "GET",
            _path(export_id),
            use_get_cache=use_get_cache,
            module="exports",
            operation="get_export_status",
        )
        return ExportStatus.model_validate(answer)

    def list_recent_exports(self, page_size: int | None = None) -> ExportListResponse:
        params = {"page_size": page_size} if page_size else None
        answer = self._request(
            "GET", EXPORTS_PATH, params=params, module="exports", operation="list_recent_exports"
        )
        return ExportListResponse.model_validate(answer)

    def list_exports(self, page_size: int | None = None) -> ExportListResponse:
        return self.list_recent_exports(page_size)

    def resolve_export_artifact(self, status: ExportStatus) -> ExportResolvedArtifact:
        """What can be fetched, judged from a status at hand; nothing is sent."""
        is_ready = status.status.upper() == "READY"
        return ExportResolvedArtifact(
            export_id=status.export_id,
            status=status.status,
            url=self.http.url(f"{_path(status.export_id)}/download") if is_ready else None,
            file_name=status.file_name,
            content_type=status.content_type,
            file_size_bytes=status.file_size_bytes,
            checksum_sha256=status.checksum_sha256,
        )

    def get_export_artifact(self, export_id: str) -> ExportArtifact:
        return self.resolve_export_artifact(self.get_export_status(export_id))

    def wait_for_export_ready(
        self,
        export_id: str,
        *,
        timeout_sec: float = 30.0,
        poll_interval_sec: float = 2.0,
        cancel_check: Callable[[], bool] | None = None,
        telemetry_hook: TelemetryHook | None = None,
    ) -> ExportWaitResult:
        """Poll until the export is made, or will never be: look at ``outcome``, a failure is returned too.

        Every poll asks the service, and leaves the cache and its switch as they are.
        Raises the built-in ``TimeoutError`` after ``timeout_sec``, or once ``cancel_check`` says so;
        what goes wrong with a poll propagates and ends the wait.
        """
        start = time.monotonic()
        # In this order max() answers the floor for nan, and so a wait always paces itself and ends.
        deadline = start + max(0.0, timeout_sec)
        interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)
        status: ExportStatus | None = None
        attempt = 0

        def tell(event: str, state: str, is_terminal: bool) -> None:
            if telemetry_hook:
                elapsed_ms = int((time.monotonic() - start) * 1000)
                telemetry_hook(
                    {
                        "event": event,
                        "export_id": export_id,
                        "state": state,
                        "attempt": attempt,
                        "elapsed_ms": elapsed_ms,
                        "is_terminal": is_terminal,
                    }
                )

        while True:
            if cancel_check and cancel_check():
                raise TimeoutError(f"The wait for export {export_id} was cancelled")
            try:
                status = self.get_export_status(export_id, use_get_cache=False)
            except NotFoundError:
                if status is None:
                    raise
                return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)
            attempt += 1
            state = status.status.upper()
            outcome = OUTCOME_BY_STATE.get(state)
            tell("export_poll_status", state, is_terminal=outcome is not None)
            if outcome is not None:
                return ExportWaitResult(export_id, outcome, status)
            if time.monotonic() >= deadline:
                tell("export_poll_timeout", state, is_terminal=True)
                raise TimeoutError(
                    f"Export {export_id} was still {status.status} after {timeout_sec} seconds"
                )
            time.sleep(interval)

    def wait_until_ready(
        self, export_id: str, *, timeout_seconds: float = 30.0, poll_interval_seconds: float = 2.0
    ) -> ExportStatus:
        """The same wait, for its status alone: whatever the outcome was."""
        return self.wait_for_export_ready(
            export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
        ).status

    def download_export(self, export_id: str) -> bytes:
        """The file's bytes. Neither cached nor retried, and no hook sees it."""
        headers = {"Accept": "*/*", **self._identity_headers()}
        if self.http.trace:
            headers["X-Trace-Id"] = self.http.trace.ensure()
        trace_id = headers.get("X-Trace-Id")
        url = self.http.url(f"{_path(export_id)}/download")
        response = self.http.exchange("GET", url, headers, trace_id=trace_id)
        if self.http.trace:
            self.http.trace.update_from_headers(response.headers)
        if response.status_code >= 400:
            raise error_of(response, TraceContext(trace_id))
        return response.content


def _path(export_id: str) -> str:
    """An id is one segment of a path, whatever is in it: it can neither leave the folder nor add a query."""
    if export_id in ("", ".", ".."):
        raise ValueError(f"{export_id!r} is no export id")
    return f"{EXPORTS_PATH}/{quote(str(export_id), safe='')}"
