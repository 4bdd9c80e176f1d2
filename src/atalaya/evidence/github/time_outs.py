"""Finds out whether a job that GitHub calls cancelled was cut at its time limit, from its annotations or its log."""

from __future__ import annotations

import io

from atalaya.core.errors import NetworkError
from atalaya.evidence.github import jobs
from atalaya.evidence.github.artifacts import Unread, fetch
from atalaya.evidence.github.client import Absent, Client, Refused, Spent
from atalaya.evidence.github.payloads import Annotations, Job
from atalaya.evidence.readers.archives import files_in

MOST_ASKED = 100  # jobs in one collection
LOG_BYTES = 64 * 1024 * 1024
ZIP = b"PK\x03\x04"


def log_of(client: Client, repo: str, job: Job) -> bytes | Unread:
    """A job's log, or why it is not there.

    :raises Spent: a limit holds for longer than we wait.
    """
    content = io.BytesIO()
    unread = fetch(
        client,
        f"repos/{repo}/actions/jobs/{job.id}/logs",
        content,
        file="",
        most_bytes=LOG_BYTES,
        gone="gone: GitHub has this log no longer. What it held is not known.",
    )
    return content.getvalue() if unread is None else unread


class TimeOuts:
    """Asks about so many jobs in one collection, and no more."""

    def __init__(self, client: Client, repo: str) -> None:
        self._client, self._repo = client, repo
        self._asked = 0

    def has_timed_out(self, job: Job) -> bool | None:
        """Whether GitHub says that a job was cancelled since its time was up; None where it cannot be asked now.

        :raises Spent: a limit holds for longer than we wait.
        """
        if self._asked == MOST_ASKED:
            return None
        self._asked += 1
        try:
            if self._is_annotated(job):
                return True
        except Spent:
            raise
        except NetworkError:
            return None
        log = log_of(self._client, self._repo, job)
        if isinstance(log, Unread):
            return None if log.again else False
        texts = (member.content or b"" for member in files_in(log)) if log.startswith(ZIP) else (log,)
        return any(jobs.TIMED_OUT.search(text.decode("utf-8", "replace")) for text in texts)

    def _is_annotated(self, job: Job) -> bool:
        path = f"repos/{self._repo}/check-runs/{job.id}/annotations?per_page=100"
        try:
            remarks = self._client.page(path, Annotations).value.items
        except (Absent, Refused):  # a token may read logs, and no annotations
            return False
        return any(jobs.TIMED_OUT.search(remark.message or "") for remark in remarks)
