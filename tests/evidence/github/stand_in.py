"""A GitHub for tests: a real socket, its paging, its tags, its limits, and all the ways in which it fails.

It holds a history and answers as the REST API does. A second host hands out what is downloaded, and keeps the headers
that it was sent. ``interfere`` may answer in its place.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

REPO = "octo-org/example"
NUMBER = 348674220
SHA = "000000000000000000000000000000000000000a"
TOKEN = "ghp_" + "t" * 36
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CAP = 1_000


class Asked(NamedTuple):
    """One request, and the status of its answer."""

    path: str
    headers: dict[str, str]
    status: int


class Answer(NamedTuple):
    """An answer. With ``cut``, the connection closes before all that was announced has been sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    cut: bool = False


class StandIn:
    """The history, and the two hosts that serve it."""

    def __init__(self) -> None:
        self.runs: dict[int, dict[str, Any]] = {}
        self.attempts: dict[tuple[int, int], dict[str, Any]] = {}
        self.jobs: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self.artifacts: dict[int, list[dict[str, Any]]] = {}
        self.zips: dict[int, bytes] = {}
        self.logs: dict[int, bytes] = {}
        self.annotations: dict[int, list[dict[str, Any]]] = {}  # by job
        self.workflows: list[dict[str, Any]] = []
        self.branches: dict[str, str] = {}  # the commit of each
        self.tags: dict[str, str] = {}
        self.dispatched: list[tuple[str, dict[str, Any]]] = []  # the file of the workflow, and what was sent
        self.on_dispatch: Callable[[str, str], Answer] = lambda file, ref: Answer(204)
        self.commits: dict[str, str] = {}  # the tree of each
        self.folders: dict[str, list[dict[str, Any]]] = {}  # what is in a commit, and in a tree
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []  # of all issues
        self.writes: list[tuple[str, str]] = []  # of issues: the method and the path
        self.is_private: bool | None = False
        self.writes_as = {"author_association": "NONE", "user": {"id": 41898282, "type": "Bot"}}
        self.now = BEGAN + timedelta(days=2)
        self.asked: list[Asked] = []
        self.downloads: list[Asked] = []
        self.interfere: Callable[[str], Answer | None] = lambda path: None
        self.api = self.storage = ""

    # ── history ──────────────────────────────────────────────────────────────

    def add_run(self, run_id: int, *attempts: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        """A run, with the jobs of each of its attempts."""
        at = fields.pop("created_at", f"{BEGAN + timedelta(seconds=run_id):%Y-%m-%dT%H:%M:%SZ}")
        for n, jobs in enumerate(attempts, start=1):
            failed = any(job["conclusion"] not in ("success", "skipped") for job in jobs)
            self.attempts[run_id, n] = {
                "id": run_id,
                "name": "CI",
                "path": ".github/workflows/ci.yml",
                "run_attempt": n,
                "event": "push",
                "head_sha": SHA,
                "status": "completed",
                "conclusion": "failure" if failed else "success",
                "created_at": at,
                "run_started_at": at,
                "updated_at": at,
                "actor": {"login": "ana-of-the-tests"},
                "head_commit": {"author": {"name": "Ana Autora", "email": "ana@example.test"}},
            } | fields
            self.jobs[run_id, n] = jobs
        self.runs[run_id] = self.attempts[run_id, len(attempts)]
        return self.runs[run_id]

    def add_artifact(self, run_id: int, artifact_id: int, name: str, **files: bytes) -> dict[str, Any]:
        """An artifact. A double underscore in a file's name stands for a full stop."""
        self.zips[artifact_id] = zipped({name.replace("__", "."): content for name, content in files.items()})
        artifact = {"id": artifact_id, "name": name, "size_in_bytes": 10, "expired": False}
        self.artifacts.setdefault(run_id, []).append(artifact)
        return artifact

    def add_commit(self, sha: str, path: str = "", tree: str = "") -> str:
        """A commit in which the folder at a path has a tree; that of the whole commit is returned."""
        parts = path.split("/") if path else []
        inner = tree or "f" * 40
        for depth in range(len(parts), 0, -1):
            outer = hashlib.sha1(f"{parts[:depth]} {inner} {sha if depth == 1 else ''}".encode()).hexdigest()
            self.folders[outer] = [
                {"path": "README.md", "type": "blob", "sha": "9" * 40},
                {"path": parts[depth - 1], "type": "tree", "sha": inner},
            ]
            inner = outer
        self.commits[sha] = inner
        self.folders[sha] = self.folders.setdefault(inner, [])
        return inner

    # ── answers ──────────────────────────────────────────────────────────────

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for prefix in (f"/repos/{REPO}/actions/", f"/repositories/{NUMBER}/actions/"):
            if parts.path.startswith(prefix):
                return self._route(parts.path.removeprefix(prefix), query)
        return self._other(parts.path.removeprefix(f"/repos/{REPO}/"), query)

    # ── issues ───────────────────────────────────────────────────────────────

    def add_comment(self, number: int, body: str, **fields: Any) -> dict[str, Any]:
        at = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        made = {"id": 9_000 + len(self.writes) + len(self.comments), "issue": number, "body": body, "created_at": at}
        self.comments.append(made | {"updated_at": at, **self.writes_as, **fields})
        return self.comments[-1]

    def write(self, method: str, path: str, body: bytes) -> Answer:
        """What is written of issues, as GitHub does it: labels as names, and no second look at what is there."""
        path = path.removeprefix(f"/repos/{REPO}/")
        self.writes.append((method, path))
        content = json.loads(body or b"{}")
        if "labels" in content:
            content["labels"] = [{"name": name} for name in content["labels"]]
        if (method, path) == ("POST", "issues"):
            number = len(self.issues) + 1
            self.issues.append({"id": 100 + number, "number": number, "state": "open"} | self.writes_as | content)
            return Answer(201, json.dumps(self.issues[-1]).encode())
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            return Answer(201, json.dumps(self.add_comment(int(match[1]), content["body"])).encode())
        if match := re.fullmatch(r"issues/comments/(\d+)", path):
            before = len(self.comments)
            self.comments = [one for one in self.comments if one["id"] != int(match[1])]
            return Answer(204) if len(self.comments) < before else missing()
        if match := re.fullmatch(r"issues/(\d+)", path):
            self.issues[int(match[1]) - 1].update(content)
            return Answer(200, json.dumps(self.issues[int(match[1]) - 1]).encode())
        return missing()

    def _issues(self, path: str, query: dict[str, str]) -> Answer:
        if path == "issues":
            label = query.get("labels")
            found = [one for one in self.issues if label is None or {"name": label} in one["labels"]]
            return self._json(found)
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            return self._json([one for one in self.comments if one["issue"] == int(match[1])])
        return missing()

    def post(self, path: str, body: bytes) -> Answer:
        """A dispatch, or what is written of issues."""
        if path.startswith(f"/repos/{REPO}/issues"):
            return self.write("POST", path, body)
        match = re.fullmatch(rf"/repos/{REPO}/actions/workflows/([^/]+)/dispatches", path)
        if match is None:
            return missing()
        content = json.loads(body)
        answer = self.on_dispatch(match[1], content["ref"])
        if answer.status == 204:
            self.dispatched.append((match[1], content))
        return answer

    def _other(self, path: str, query: dict[str, str]) -> Answer:
        """What is not of Actions: checks, refs, commits and trees."""
        if path in ("branches", "tags"):
            refs = self.branches if path == "branches" else self.tags
            return self._json([{"name": name, "commit": {"sha": sha}} for name, sha in refs.items()])
        if path == f"/repos/{REPO}":
            return self._json({"default_branch": "main", "private": self.is_private})
        if path.startswith("issues"):
            return self._issues(path, query)
        if path.startswith("commits/") and (sha := (self.tags | self.branches).get(path.removeprefix("commits/"))):
            return self._json({"sha": sha, "commit": {"tree": {"sha": self.commits.get(sha, "0" * 40)}}})
        kind, _, name = path.rpartition("/")
        if match := re.fullmatch(r"check-runs/(\d+)/annotations", path):
            return self._json(self.annotations.get(int(match[1]), []))
        if kind == "git/trees" and name in self.folders:
            return self._json({"sha": name, "truncated": False, "tree": self.folders[name]})
        sha = next((sha for sha in self.commits if sha.startswith(name)), "")
        if kind == "git/commits" and sha == name:
            return self._json({"sha": sha, "tree": {"sha": self.commits[sha]}})
        if kind == "commits" and sha:
            return self._json({"sha": sha, "commit": {"tree": {"sha": self.commits[sha]}}})
        return missing()

    def _route(self, path: str, query: dict[str, str]) -> Answer:
        if path == "runs":
            first, _, last = query["created"].partition("..")
            runs = sorted(self.runs.values(), key=lambda run: (run["created_at"], run["id"]), reverse=True)
            found = [run for run in runs if first <= run["created_at"] <= last]
            found = [run for run in found if query.get("head_sha", run["head_sha"]) == run["head_sha"]]
            return self._paged("runs", "workflow_runs", found[:CAP], query)
        if path == "workflows":
            return self._paged("workflows", "workflows", self.workflows, query)
        if (match := re.fullmatch(r"runs/(\d+)/attempts/(\d+)", path)) and (key := ints(match)) in self.attempts:
            return self._json(self.attempts[key])
        if (match := re.fullmatch(r"runs/(\d+)/attempts/(\d+)/jobs", path)) and (key := ints(match)) in self.jobs:
            return self._paged(path, "jobs", self.jobs[key], query)
        if (match := re.fullmatch(r"runs/(\d+)/artifacts", path)) and int(match[1]) in self.runs:
            return self._paged(path, "artifacts", self.artifacts.get(int(match[1]), []), query)
        if (match := re.fullmatch(r"artifacts/(\d+)/zip", path)) and int(match[1]) in self.zips:
            return self._elsewhere(path)
        if (match := re.fullmatch(r"jobs/(\d+)/logs", path)) and int(match[1]) in self.logs:
            return self._elsewhere(path)
        return missing()

    def _elsewhere(self, path: str) -> Answer:
        return Answer(302, headers={"Location": f"{self.storage}/{path}?sig=s1gned-s3cret&se=soon"})

    def download(self, path: str) -> Answer:
        kind, number, _ = path.strip("/").split("?")[0].split("/")
        return Answer(200, (self.zips if kind == "artifacts" else self.logs)[int(number)])

    def _paged(self, path: str, name: str, items: list[Any], query: dict[str, str]) -> Answer:
        size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        content = {"total_count": len(items), name: items[(page - 1) * size : page * size]}
        headers = {}
        if page * size < len(items):
            following = urlencode(query | {"page": str(page + 1)})
            headers["Link"] = f'<{self.api}/repositories/{NUMBER}/actions/{path}?{following}>; rel="next"'
        return self._json(content, headers)

    def _json(self, content: Any, headers: Mapping[str, str] = {}) -> Answer:
        body = json.dumps(content).encode()
        return Answer(200, body, {"ETag": f'W/"{hashlib.sha256(body).hexdigest()}"', **headers})

    def counted(self) -> Counter[int]:
        """The answers since the last time, by status."""
        counts = Counter(asked.status for asked in self.asked)
        self.asked.clear()
        return counts


def missing() -> Answer:
    return Answer(404, b'{"message": "Not Found"}')


def ints(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2])


def job(job_id: int, name: str = "test (3.12)", conclusion: str | None = "success", **fields: Any) -> dict[str, Any]:
    """A job that began at the second of its number and took five."""
    at = BEGAN + timedelta(days=1, seconds=job_id)
    return {
        "id": job_id,
        "name": name,
        "conclusion": conclusion,
        "status": "completed" if conclusion else "in_progress",
        "runner_name": "ana-s-laptop",
        "started_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "completed_at": f"{at + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}" if conclusion else None,
        "steps": [{"name": "Set up job", "conclusion": "success"}, {"name": "Test", "conclusion": conclusion}],
    } | fields


def zipped(files: Mapping[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


@contextmanager
def serving() -> Iterator[StandIn]:
    """A stand-in that listens."""
    github = StandIn()

    class Api(_Host):
        def do_GET(self) -> None:
            answer = github.interfere(self.path) or github.answer(self.path)
            tag = answer.headers.get("ETag")
            if tag and self.headers.get("If-None-Match") == tag:
                answer = Answer(304, b"", answer.headers)
            github.asked.append(Asked(self.path, self.told(), answer.status))
            self.give(answer, {"Date": format_datetime(github.now, usegmt=True), "X-RateLimit-Remaining": "4321"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = github.interfere(self.path) or github.post(self.path, body)
            github.asked.append(Asked(self.path, self.told(), answer.status))
            self.give(answer, {})

        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = github.interfere(self.path) or github.write(self.command, self.path, body)
            github.asked.append(Asked(self.path, self.told(), answer.status))
            self.give(answer, {})

        do_DELETE = do_PATCH

    class Storage(_Host):
        def do_GET(self) -> None:
            answer = github.interfere(self.path) or github.download(self.path)
            github.downloads.append(Asked(self.path, self.told(), answer.status))
            self.give(answer, {})

    with _listening(Api) as github.api, _listening(Storage) as github.storage:
        yield github


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Host(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece
    disable_nagle_algorithm = True

    def told(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def give(self, answer: Answer, more: Mapping[str, str]) -> None:
        self.send_response_only(answer.status)
        for name, value in {**more, **answer.headers}.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body) + answer.cut))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
        if answer.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        pass
