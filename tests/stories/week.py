"""One release of a team, lived hour by hour through the commands' own functions, on a calendar that is handed in.

What runs is real: the smoke and the checks were run against the bundled SDK, healthy and sick, and a release takes
in those runs at the hours that a story names. CI is a GitHub on a loopback socket, asked by ``collect``.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from atalaya import cli
from atalaya.cli import publish
from atalaya.cli.as_of import judged
from atalaya.cli.collect_github import take_from_github
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.incident import open_by_rule
from atalaya.cli.recording import append_evidence
from atalaya.core.settings import load as load_settings
from atalaya.evidence.from_runs import from_checks, from_smoke
from atalaya.records.judged import Judgement
from atalaya.records.results import CheckRun, SmokeEvent, SmokeRun
from atalaya.records.stored import Environment, EventKind, Severity, record_metadata
from atalaya.watch.folder import load
from atalaya.watch.state_at import transition_of
from tests.commands import run
from tests.evidence.github.stand_in import BEGAN, REPO, SHA, TOKEN, StandIn, job
from tests.stories.runs import Runs

T0 = BEGAN
VERSION = "1.1.0"
WORKFLOW = "clients-python-sdk"
SETTINGS = f"""
[ci]
repo = "{REPO}"
workflows = ["{WORKFLOW}"]
"""


class Told(NamedTuple):
    """What a judgement says: its word, and all that a reader meets, on the terminal and as JSON."""

    word: str
    said: str
    judgement: Judgement

    def requires(self, *sentences: str) -> None:
        """Each of these patterns stands in what is said."""
        for sentence in sentences:
            assert re.search(sentence, self.said), f"{sentence!r} is not said:\n{self.said}"

    def forbids(self, *sentences: str) -> None:
        for sentence in sentences:
            assert not (found := re.search(f".*{sentence}.*", self.said)), f"{sentence!r} is said: {found and found[0]}"


class Week:
    """A release that was opened at T+0, its GitHub, and what happens to it by the hour."""

    def __init__(self, root: Path, github: StandIn, runs: Runs, patch: pytest.MonkeyPatch) -> None:
        self.root, self.github, self.runs = root, github, runs
        self.now, self.numbers, self.to_do = T0, iter(range(1, 1_000_000)), list[tuple[float, Callable[[], Any]]]()
        self.folder = root / "docs" / "releases" / VERSION
        (root / "watch.toml").write_text(SETTINGS, encoding="utf-8")
        patch.setenv("GITHUB_TOKEN", TOKEN)
        patch.setenv("GITHUB_API_URL", github.api)
        # All are imported before: one that is imported under this clock would keep it for ever.
        for module in [import_module(one.name) for one in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}.")]:
            if hasattr(module, "utc_now"):
                patch.setattr(module, "utc_now", lambda: self.now)
        opening = ("release", "open", VERSION, "--commit", SHA, "--unverified", "--at", T0.isoformat())
        opened = run(*opening, root=root)
        assert opened.returncode == 0, opened.stderr

    @property
    def place(self) -> Context:
        return Context(self.root, load_settings(self.root / "watch.toml"), Console())

    # ── what happens ─────────────────────────────────────────────────────────

    def plan(self, hour: float, what: Callable[[], Any]) -> None:
        self.to_do.append((hour, what))

    def smoke(self, hour: float, made: SmokeRun | None = None) -> None:
        """A smoke of ours ends at this hour."""
        self.plan(hour, lambda: self._own(from_smoke, made or self.runs.healthy_smoke, "smoke"))

    def checks(self, hour: float, made: CheckRun | None = None) -> None:
        self.plan(hour, lambda: self._own(from_checks, made or self.runs.healthy_checks, "checks"))

    def visits(self, *hours: float) -> None:
        """Somebody runs the watch: the checks and the smoke."""
        for hour in hours:
            self.checks(hour)
            self.smoke(hour)

    def hourly(self, until: int = 72, *, but: Sequence[int] = ()) -> None:
        """The schedule fires each hour: the smoke runs, and at the checkpoints the checks."""
        for hour in range(until + 1):
            if hour not in but:
                self.smoke(hour + 0.02 if hour < until else hour)
            if hour % 24 == 0:
                self.checks(hour + 0.01 if hour < until else hour)

    def _own(self, convert: Any, made: CheckRun | SmokeRun, kind: str) -> None:
        run_id = f"{kind}-{next(self.numbers)}"
        records = convert(
            replace(made, run_id=run_id, started_at=self.now),
            environment=Environment.LOOPBACK,
            commit="",
            recorded_at=self.now,
        )
        append_evidence(self.place, load(self.folder), records)

    def ci(self, hour: float, jobs: Mapping[str, str] | Sequence[str], **fields: Any) -> None:
        """A run of CI ends at this hour: its jobs by variant, or so many, with their conclusions.

        Each job that ended leaves the report of the SDK's five tests.
        """
        by_name = dict(jobs) if isinstance(jobs, Mapping) else {f"v{n}": word for n, word in enumerate(jobs)}
        self.plan(hour, lambda: self._ci(by_name, fields))

    def _ci(self, jobs: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        run_id = next(self.numbers)
        began = self.now - timedelta(minutes=10)
        listed = [
            job(
                run_id * 1000 + number,
                f"tests ({variant})",
                conclusion,
                started_at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
                completed_at=f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
                run_attempt=1,
            )
            for number, (variant, conclusion) in enumerate(jobs.items())
        ]
        stamp = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        named = {"path": f".github/workflows/{WORKFLOW}.yml", "name": WORKFLOW, "event": "workflow_dispatch"}
        times = {"created_at": f"{began:%Y-%m-%dT%H:%M:%SZ}", "run_started_at": stamp, "updated_at": stamp}
        self.github.add_run(run_id, listed, **{**named, **times, **fields})
        for number, (variant, conclusion) in enumerate(jobs.items()):
            if conclusion == "failure":
                self.github.logs[run_id * 1000 + number] = b"FAILED tests/test_client.py::test_4 - assert 500 == 200\n"
            if conclusion in ("success", "failure"):
                report = junit(began, run_id * 1000 + number, failed=conclusion == "failure")
                self.github.add_artifact(run_id, run_id * 1000 + number, f"junit-{variant}", report__xml=report)

    def repeats(self, hour: float, times: int = 10) -> None:
        """Somebody repeats the team's own tests, and takes in the report."""
        self.plan(hour, lambda: self._repeat(times))

    def _repeat(self, times: int) -> None:
        report = self.root / "repeats.xml"
        report.write_bytes(repeated(self.now, times))
        done = run("collect", "--junit", report, "--release", VERSION, "--commit", SHA, root=self.root)
        assert done.returncode == 0, done.stderr

    def incident(self, hour: float, state: str, *, severity: Severity = Severity.MAJOR, metric: str = "") -> None:
        """Somebody records how an incident stands, whatever the commands would have said of it."""

        def write() -> None:
            from atalaya.records.judged import Incident

            known = Incident(
                id="INC-1",
                at=T0 + timedelta(hours=min(hour, 1)),
                impact="exports look unfinished",
                root_cause="a sick build",
                fix="it was withdrawn",
                state=state,
                severity=severity,
                metric=metric,
            )
            metadata = record_metadata(f"people-{next(self.numbers)}", Environment.LOOPBACK, self.now)
            append_evidence(self.place, load(self.folder), [transition_of(known, metadata, by="ana", why="so it is")])

        self.plan(hour, write)

    # ── what is said of it ───────────────────────────────────────────────────

    def judge(self, hour: float = 72.2, *, collecting: bool = True) -> Told:
        """Live until this hour, with a look at each checkpoint; then ask for the verdict as of it."""
        for at in (24, 48, 72, hour):
            if at <= hour:
                self.plan(at, lambda: self._look(collecting))
        for at, what in sorted((one for one in self.to_do if one[0] <= hour), key=lambda one: one[0]):
            self.now = self.github.now = T0 + timedelta(hours=at)
            what()
        self.to_do = [one for one in self.to_do if one[0] > hour]
        as_of = (T0 + timedelta(hours=hour)).isoformat()
        asked = ("judge", "--release", VERSION, "--as-of", as_of)
        judgement = judged(self.place, load(self.folder), datetime.fromisoformat(as_of))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publish, "judged", lambda *_, **__: judgement)  # once is enough: it is what takes long
            told = run(*asked, root=self.root)
            document = run(*asked, "--json", root=self.root)
        assert document.returncode in (0, 1, 3), document.stderr
        content = msgspec.json.decode(document.stdout)
        word = content["verdict"]["word"]
        return Told(word, told.stderr + "\n".join(_strings(content)), judgement)

    def _look(self, collecting: bool) -> None:
        if collecting:
            take_from_github(
                self.place, load(self.folder), echo=lambda line: None, clock=lambda: self.now, sleep=lambda s: None
            )
        open_by_rule(self.place, load(self.folder), judged(self.place, load(self.folder), self.now))


def _strings(content: Any) -> Iterator[str]:
    match content:
        case str():
            yield content
        case dict():
            for value in content.values():
                yield from _strings(value)
        case list():
            for value in content:
                yield from _strings(value)


def junit(began: datetime, job_id: int, *, failed: bool) -> bytes:
    """The report of one job: five tests, of which the last failed where the job did."""
    cases = "".join(
        f'<testcase classname="tests.test_client" name="test_{number}" time="0.1">'
        + ('<failure message="expected 200">assert 500 == 200</failure>' if failed and number == 4 else "")
        + "</testcase>"
        for number in range(5)
    )
    return (
        f'<testsuites><testsuite name="pytest" hostname="runner-{job_id}" tests="5" failures="{int(failed)}" '
        f'timestamp="{began:%Y-%m-%dT%H:%M:%S}+00:00">{cases}</testsuite></testsuites>'
    ).encode()


def repeated(began: datetime, times: int) -> bytes:
    """The report of pytest-repeat: each of the five tests so many times."""
    cases = "".join(
        f'<testcase classname="tests.test_client" name="test_{number}[{turn}-{times}]" time="0.1"/>'
        for number in range(5)
        for turn in range(1, times + 1)
    )
    return (
        f'<testsuites><testsuite name="pytest" tests="{5 * times}" failures="0" '
        f'timestamp="{began:%Y-%m-%dT%H:%M:%S}+00:00">{cases}</testsuite></testsuites>'
    ).encode()


def with_errors(made: SmokeRun, errors: int, requests: int) -> SmokeRun:
    """The same smoke, had it sent so many requests, and lost so many of them without being stopped."""
    lost = SmokeEvent(
        kind=EventKind.NETWORK_ERROR, place="get_export_status", message="Connection reset", blocking=False
    )
    return replace(made, requests=requests, events=(lost,) * errors)
