"""The command line: the argument parser, and the entry point that runs one command.

``nox`` calls these commands too.
"""

from __future__ import annotations

import argparse
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from atalaya.cli.commands import ALIASES, COMMANDS
from atalaya.cli.console import Console, put_line
from atalaya.cli.examples import EXAMPLES
from atalaya.cli.version import own_version
from atalaya.core import environment
from atalaya.core.engines import DUCKDB, ENGINES
from atalaya.core.errors import AtalayaError, SettingsError, UsageError, interrupted
from atalaya.core.places import root_of
from atalaya.core.scrub import scrub

if TYPE_CHECKING:
    from atalaya.cli.context import Context
    from atalaya.harness.scenarios import Scenario

# ── the command line ─────────────────────────────────────────────────────────


def parser(scenarios: Mapping[str, Scenario] | None = None, command: str = "") -> argparse.ArgumentParser:
    """The command line.

    :param scenarios: what can be rehearsed, where that is asked for.
    :param command: the one that is wanted, so that what others need is not imported; empty: all of them.
    """
    top, commands = _top()
    is_known = any(command in names for names, _ in GROUPS)
    for names, add in GROUPS:
        if command in names or not is_known:
            add(commands)
    if command == "rehearse" or not is_known:
        _rehearsing(commands, scenarios or {})
    return top


def names_only() -> argparse.ArgumentParser:
    """The command line where no command is given: the help, the version, and what is wrong are the same."""
    top, commands = _top()
    for name, says in COMMANDS.items():
        commands.add_parser(name, help=says, aliases=ALIASES.get(name, ()))
    return top


def _top() -> tuple[argparse.ArgumentParser, Commands]:
    """The command line without its commands, and where they are added."""
    top = _Parser(
        prog="atalaya",
        parents=[where()],
        description="Watch a client SDK for the 72 hours after its release.",
        epilog="exit codes: 0 kept, GO, ON TRACK or WAITING; 1 broken, OFF TRACK, NO-GO, INVALID or EXTEND; "
        "2 usage or settings error; 3 unknown or INCONCLUSIVE (and WAITING under --strict), or a fault of Atalaya; 130 "
        "after Ctrl-C",
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print Atalaya's version, and end")
    return top, top.add_subparsers(title="commands", required=True, metavar="COMMAND")


class _Parser(argparse.ArgumentParser):
    """A parser whose help ends well where nobody reads it, as that of newer Pythons does."""

    def _print_message(self, message: str, file: Any = None) -> None:
        with suppress(OSError):
            super()._print_message(message, file)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        put_line(f"atalaya {own_version() or '(from a checkout)'}")
        parser.exit()


def where() -> argparse.ArgumentParser:
    """The options that say where a command works, as a parent of its parser."""
    it = argparse.ArgumentParser(add_help=False)
    it.add_argument(
        "--root", metavar="DIR", help="the project's folder (default: the nearest from here upwards with a watch.toml)"
    )
    it.add_argument("--settings", metavar="FILE", help="watch.toml, if it lies elsewhere")
    return it


Run = Callable[["Context", argparse.Namespace], int]
Commands = Any  # argparse has no public name for what add_subparsers returns


def _command(into: Commands, name: str, run: Run) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = into.add_parser(
        name, help=run.__doc__, description=run.__doc__, aliases=ALIASES.get(name, ())
    )
    added.set_defaults(run=run)
    added.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    added.formatter_class = argparse.RawDescriptionHelpFormatter
    shown = EXAMPLES[added.prog.removeprefix("atalaya ")]
    added.epilog = "examples:\n" + "\n".join(f"  atalaya {one}" for one in shown)
    return added


def _inner(into: Commands, name: str) -> Commands:
    """A command that has commands of its own."""
    added: argparse.ArgumentParser = into.add_parser(name, help=COMMANDS[name])
    return added.add_subparsers(required=True, metavar="COMMAND")


YOU = "default: GITHUB_ACTOR, or git's user.name; it is published, so give no address"


def _sdk(it: argparse.ArgumentParser) -> None:
    it.add_argument(
        "--sdk",
        metavar="PATH_OR_REQUIREMENT",
        help="the SDK under watch (default: what watch.toml says; that, and this, empty: the bundled one)",
    )
    it.add_argument("--adapter", metavar="FILE", help="what an SDK of other names calls the contract's names")


def _release(it: argparse.ArgumentParser) -> None:
    it.add_argument("--release", metavar="VERSION", help="the release (default: the one whose window is open)")


def _report(it: argparse.ArgumentParser) -> None:
    it.add_argument("--report", metavar="FILE", help="write the result to this file, as JSON")


def _engine(it: argparse.ArgumentParser) -> None:
    it.add_argument(
        "--engine",
        choices=ENGINES,
        default=DUCKDB,
        help="what counts the evidence, with the same answers: duckdb in this process, or spark, which needs the extra "
        "`scale`: on the server that SPARK_REMOTE names (sc://host), else on this machine, with Java (default: duckdb)",
    )


def _strict(it: argparse.ArgumentParser) -> None:
    it.add_argument("--strict", action="store_true", help="exit with 3 while something due is unknown")


def _adopting(commands: Commands) -> None:
    """The command that sets a repository up."""
    from atalaya.cli import init

    it = _command(commands, "init", init.init)
    it.add_argument("--sdk", metavar="PATH", help="the SDK's folder (default: the one that is found, or you are asked)")
    it.add_argument(
        "--base-url", type=_address, default="", metavar="URL", help="a real service that the smoke is run against"
    )
    it.add_argument(
        "--by-hand", action="store_true", help="let no schedule run: what must be observed are the checkpoints"
    )
    it.add_argument("--dispatch", action="store_true", help="let the workflow start the runs of CI that are missing")
    it.add_argument("--issues", action="store_true", help="let the workflow keep each incident as an issue")
    it.add_argument(
        "--uses",
        default="",
        metavar="OWNER/REPO@COMMIT",
        help="where the workflow takes Atalaya from (default: where this one was installed from)",
    )
    it.add_argument("--tag", default="", metavar="TAG", help="what that commit is called, as v1")
    it.add_argument("--yes", action="store_true", help="ask nothing")
    it.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    it.add_argument("--remove", action="store_true", help="take back what was written, but for what was edited since")


def _watching(commands: Commands) -> None:
    """The commands that gather evidence."""
    from atalaya.cli import check, collect, compat, published, watch

    it = _command(commands, "watch", watch.watch)
    it.add_argument("--scheduled", action="store_true", help="do nothing where no release is open")
    it.add_argument(
        "--no-checks", action="store_true", help="run no check and no smoke: another job has, and kept them"
    )
    it.add_argument("--no-dispatch", action="store_true", help="start no run of CI, whatever `dispatch` in [ci] says")
    it.add_argument("--no-issues", action="store_true", help="write no issue, whatever `github` in [incidents] says")
    _sdk(it)
    _release(it)
    _strict(it)
    it.add_argument(
        "--summary",
        metavar="FILE",
        help="add a summary in Markdown to this file (default: where GitHub Actions shows one)",
    )

    it = _command(commands, "check", check.check)
    _sdk(it)
    _report(it)
    it.add_argument("--promise", action="append", metavar="ID", help="only this promise; may be given again")
    it.add_argument("--seed", type=int, default=0, metavar="N", help="what random draws begin from (default: 0)")
    it.add_argument("--no-self-test", action="store_true", help="run no seeded defects beside the checks")
    it.add_argument("--release", metavar="VERSION", help="keep it as evidence of this release (default: nowhere)")

    it = _command(commands, "smoke", check.smoke)
    _sdk(it)
    it.add_argument("--base-url", type=_address, metavar="URL", help="a real service (default: the loopback service)")
    it.add_argument("--waits", type=positive, metavar="N", help="waits on loopback")
    _report(it)
    it.add_argument("--log", metavar="FILE", help="write a log to this file")
    it.add_argument("--release", metavar="VERSION", help="keep it as evidence of this release (default: nowhere)")

    it = _command(commands, "compat", compat.compat)
    _sdk(it)
    it.add_argument(
        "--python",
        action="append",
        metavar="VERSION",
        help="only this Python, by version or path; may be given again (default: those of watch.toml, else 3.10 to "
        "3.14, and the lowest and highest dependencies)",
    )
    _report(it)
    it.add_argument("--release", metavar="VERSION", help="keep it as evidence of this release (default: nowhere)")

    it = _command(commands, "artefact", published.artefact)
    _release(it)
    it.add_argument("--dry-run", action="store_true", help="look and report, and keep nothing")

    it = _command(commands, "collect", collect.collect)
    it.add_argument("--junit", nargs="+", action="extend", default=[], metavar="PATH", help="JUnit files or folders")
    it.add_argument("--log", nargs="+", action="extend", default=[], metavar="FILE", help="logs of a smoke")
    it.add_argument("--workflow", metavar="NAME", help="the workflow that the reports come from")
    it.add_argument("--commit", metavar="SHA", help="the commit that was tested")
    it.add_argument("--event", type=_event, metavar="NAME", help="what started the run, such as push")
    it.add_argument("--run", dest="of_run", type=_run_id, metavar="ID", help="the run that wrote the files")
    it.add_argument("--job", type=_job_name, metavar="NAME", help="the job that wrote the reports (default: one job)")
    it.add_argument(
        "--attempt",
        type=positive,
        metavar="N",
        help="which attempt of the job (default: 1, or N of a folder attempt-N)",
    )
    it.add_argument("--each-file", action="store_true", help="each report is of a job of its own")
    ended = it.add_mutually_exclusive_group()
    ended.add_argument(
        "--exit-code", type=int, metavar="N", help="the exit code of the command that wrote the reports: 0 is a success"
    )
    ended.add_argument("--conclusion", choices=list(map(str, collect.TOLD)), help="how the job that wrote them ended")
    _release(it)
    _report(it)
    it.add_argument("--dry-run", action="store_true", help="read and report, and keep nothing")


def _repeating(commands: Commands) -> None:
    """The command that runs a team's own tests."""
    from atalaya.cli import repeat

    it = _command(commands, "repeat", repeat.repeat)
    it.add_argument(
        "pytest_args", nargs="*", metavar="PYTEST_ARGS", help="after --: what pytest is given, as tests -k sync"
    )
    it.add_argument("-n", "--times", type=positive, default=10, metavar="N", help="how many repeats (default: 10)")
    it.add_argument(
        "--minutes", type=_minutes, default=30.0, metavar="M", help="how long this call may take (default: 30)"
    )
    it.add_argument(
        "--python",
        metavar="PATH",
        help="the Python that runs the tests, or its environment (default: that of watch.toml, the active one, .venv)",
    )
    it.add_argument(
        "--seed", type=_seed, metavar="N", help="the seed of the first repeat, which the others count on from"
    )
    it.add_argument("--in-order", action="store_true", help="do not shuffle: no pytest-randomly seed, no pytest-xdist")
    it.add_argument(
        "--new", action="store_true", help="begin another series (default: go on with the one that is there)"
    )
    it.add_argument("--commit", metavar="SHA", help="the commit that is tested (default: the release's)")
    _release(it)
    _report(it)


def _publishing(commands: Commands) -> None:
    """The commands that judge, and show what was judged."""
    from atalaya.cli import notify, publish

    it = _command(commands, "judge", publish.judge)
    it.add_argument(
        "--as-of",
        metavar="TIME",
        help="the instant to judge as of (default: the newest evidence's; once the window is over, that end at least)",
    )
    it.add_argument("--explain", metavar="METRIC", help="print how one metric comes about, step by step, as pass-rate")
    it.add_argument(
        "--outlook",
        action="store_true",
        help="print how often a release would reach each verdict with these runs of CI",
    )
    _engine(it)
    _release(it)
    _strict(it)

    it = _command(commands, "notify", notify.notify)
    it.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    _release(it)

    _command(commands, "publish", publish.publish)
    _command(commands, "site", publish.site).add_argument("--out", metavar="DIR", help="where the pages go")
    _command(commands, "serve", publish.serve).add_argument(
        "--port", type=_port, default=8000, help="0 for any free one (default: 8000)"
    )


def _proving(commands: Commands) -> None:
    """The commands that test the checks themselves."""
    from atalaya.cli import prove

    it = _command(commands, "prove", prove.prove)
    _report(it)
    it.add_argument("--defect", action="append", metavar="ID", help="only this defect; may be given again")

    it.add_argument(
        "--expected-only",
        action="store_true",
        help="show each defect only to the promises that it should turn red: quick, blind to false alarms",
    )
    it.add_argument(
        "--detectors",
        action="store_true",
        help="only seed events into what the smoke sees and what the log reader reads: two minutes",
    )


def _rehearsing(commands: Commands, scenarios: Mapping[str, Scenario]) -> None:
    """The command that goes through a watch on a made-up calendar."""
    from atalaya.cli import rehearse
    from atalaya.watch.scenario_help import scenario_help

    it = _command(commands, "rehearse", rehearse.rehearse)
    it.epilog = "\n\n".join(filter(None, [scenario_help(scenarios), it.epilog]))
    it.add_argument(
        "--scenario",
        choices=sorted(scenarios) or None,
        default="healthy",
        help="what happens to the release; each is told below (default: healthy)",
    )
    it.add_argument(
        "--seed",
        type=int,
        default=7,
        metavar="N",
        help="what is drawn: how late the schedule fires, which requests are lost (default: 7)",
    )
    it.add_argument(
        "--at",
        default="2026-11-02T09:00:00Z",
        metavar="TIME",
        help="T+0 of the made-up calendar (default: 2026-11-02T09:00:00Z)",
    )
    it.add_argument(
        "--name",
        default="",
        metavar="NAME",
        help="the release's name (default: the first of rehearsal-1, rehearsal-2, ... that is free)",
    )
    it.add_argument("--no-self-test", action="store_true", help="leave the seeded defects out")


def _releasing(commands: Commands) -> None:
    """The commands that look after a release."""
    from atalaya.cli import close, handover, incident, issues, release
    from atalaya.watch.decisions import ACTIONS

    inner = _inner(commands, "release")
    it = _command(inner, "open", release.release_open)
    it.add_argument("version", help="its name, as 1.1.0: the version that was released")
    it.add_argument(
        "--commit",
        metavar="SHA",
        help="the commit that was released: a SHA, a tag or HEAD of the SDK's own repository, else of [ci] repo on "
        "GitHub (default: [subject] commit of watch.toml)",
    )
    it.add_argument("--unverified", action="store_true", help="take --commit as it is given, whatever it names")
    it.add_argument("--other-version", action="store_true", help="though the SDK under watch says another version")
    it.add_argument("--at", metavar="TIME", help="T+0 (default: now)")
    it.add_argument("--by", default="", metavar="NAME", help=f"who opens it ({YOU})")
    it = _command(inner, "withdraw", release.withdraw)
    it.add_argument("version", help="the release that was opened by mistake")
    it = _command(inner, "record", release.record)
    _by(it)
    it = _command(inner, "extend", release.extend)
    _by(it)
    it = _command(inner, "checkpoint", release.checkpoint)
    it.add_argument("--sign", default="", metavar="DUTY", help="sign this duty, as review-pass-rate")
    it.add_argument("--note", default="", metavar="TEXT", help="what there is to say of it")
    it.add_argument("--by", default="", metavar="NAME", help=f"who signs ({YOU})")
    _release(it)
    _incident(_command(inner, "incident", incident.incident))
    it = _command(inner, "issues", issues.issues)
    it.add_argument("--notes-only", action="store_true", help="write nothing there: only take what the team wrote")
    _release(it)
    _by(_command(inner, "migrate", incident.migrate), required=False)
    it = _command(inner, "close", close.close)
    it.add_argument(
        "--carry",
        action="append",
        default=[],
        metavar="ID",
        help="an incident that the next version begins with; may be given again",
    )
    it.add_argument("--early", action="store_true", help="before the window's end, of a release that was taken back")
    _by(it)
    it = _command(inner, "backlog", handover.release_backlog)
    it.add_argument("--out", default="handover", metavar="DIR", help="where the files go (default: handover)")
    _release(it)
    it = _command(inner, "verify", close.verify)
    it.add_argument("version", nargs="?", help="the release (default: all of them)")
    it = _command(inner, "decide", release.decide)
    it.add_argument("action", choices=ACTIONS, help="what was done")
    it.add_argument(
        "--verdict",
        default="",
        metavar="DIGEST",
        help="the verdict that was read, by the beginning of its digest (default: the one of now)",
    )
    _by(it)


def _incident(it: argparse.ArgumentParser) -> None:
    from atalaya.metrics.definitions import METRICS
    from atalaya.records.stored import Severity
    from atalaya.watch.states import INCIDENT, states

    it.add_argument(
        "id",
        nargs="?",
        default="",
        help="the incident, `open` for the only one that is not over, `new` or `redact`; none: list them",
    )
    it.add_argument("of", nargs="?", default="", help="with `redact`: the incident; the text is read from the terminal")
    it.add_argument(
        "--state", choices=states(INCIDENT), metavar="STATE", help=f"how it stands now: {', '.join(states(INCIDENT))}"
    )
    it.add_argument("--severity", choices=[one.value for one in Severity], help="how badly users are affected")
    it.add_argument("--impact", metavar="TEXT", help="who is affected, and how")
    it.add_argument("--root-cause", metavar="TEXT", help="why it happened")
    it.add_argument("--fix", metavar="TEXT", help="what was done about it")
    it.add_argument("--metric", choices=METRICS, metavar="ID", help=f"the metric that it spoils: {', '.join(METRICS)}")
    _by(it, required=False)


def _keeping(commands: Commands) -> None:
    """The commands that look after the evidence."""
    from atalaya.cli import evidence, export

    inner = _inner(commands, "evidence")
    _release(_command(inner, "verify", evidence.verify))
    _release(_command(inner, "compact", evidence.compact))
    it = _command(inner, "export", export.export)
    it.add_argument("--ctrf", required=True, metavar="FILE", help="write the tests to this file, as CTRF")
    it.add_argument(
        "--environment",
        choices=("loopback", "ci"),
        default="ci",
        help="where the tests ran (default: ci); a rehearsal has its own",
    )
    _release(it)
    it = _command(inner, "schema", evidence.schema)
    it.add_argument("--out", metavar="FILE", help="write it to this file (default: print it)")


def _sharing(commands: Commands) -> None:
    """The commands by which many runners keep one branch."""
    from atalaya.cli import sync
    from atalaya.sync.changed import BRANCH

    inner = _inner(commands, "sync")
    added = {
        name: _command(inner, name, run)
        for name, run in (
            ("pull", sync.pull),
            ("push", sync.push),
            ("propose", sync.propose),
            ("changed", sync.changed),
        )
    }
    for name, it in added.items():
        it.add_argument("--branch", default=BRANCH, metavar="NAME", help=f"the shared branch (default: {BRANCH})")
        if name != "changed":
            it.add_argument("--remote", default="origin", metavar="NAME", help="where it is (default: origin)")
    added["push"].add_argument(
        "--message", default="", metavar="TEXT", help="what the commit says (default: which releases)"
    )
    added["push"].add_argument("--edited", action="store_true", help="also what a person changed in pages")
    added["propose"].add_argument(
        "--base", default="main", metavar="NAME", help="where a sealed release belongs (default: main)"
    )


def _by(it: argparse.ArgumentParser, *, required: bool = True) -> None:
    it.add_argument("--why", required=required, metavar="TEXT", help="the reason, for those who read it later")
    it.add_argument("--by", default="", metavar="NAME", help=f"who says so ({YOU})")
    _release(it)


def _completing(commands: Commands) -> None:
    """The command that a shell is told by how to complete."""
    from atalaya.cli import completion

    it = _command(commands, "completion", completion.completion)
    it.add_argument("shell", choices=completion.SHELLS, help="the shell")


def _standing(commands: Commands) -> None:
    """The command that says where the watch stands."""
    from atalaya.cli import status

    _release(_command(commands, "status", status.status))


def _together(commands: Commands) -> None:
    """The command that shows many releases together."""
    from atalaya.cli import fleet

    it = _command(commands, "fleet", fleet.fleet)
    it.add_argument("--fleet", metavar="FILE", help="the list of sources (default: fleet.toml beside watch.toml)")
    it.add_argument(
        "--no-judge", action="store_true", help="judge no release anew: show what was said of it, and how old that is"
    )
    _engine(it)
    _report(it)


# The commands, and what adds them with all that they import.
GROUPS: tuple[tuple[tuple[str, ...], Callable[[Commands], None]], ...] = (
    (("init",), _adopting),
    (("status",), _standing),
    (("watch", "check", "checks", "smoke", "compat", "artefact", "collect"), _watching),
    (("repeat",), _repeating),
    (("judge", "notify", "publish", "site", "serve"), _publishing),
    (("prove",), _proving),
    (("release",), _releasing),
    (("evidence",), _keeping),
    (("sync",), _sharing),
    (("fleet",), _together),
    (("completion",), _completing),
)


def positive(text: str) -> int:
    """A number from 1 to 10,000, as an option's type."""
    if not text.isdigit() or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= 1440:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes. Give one above 0, up to 1440")
    return minutes


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed. Give a whole number from 0 to {2**31 - 1}")
    return int(text)


def _address(text: str) -> str:
    from atalaya.core.settings import ADDRESS

    if text and not re.fullmatch(ADDRESS, text):
        raise argparse.ArgumentTypeError(
            f"{scrub(text)!r} is no address of a service. Give one such as https://api.example.com; what signs in is "
            f"set by {environment.SERVICE}* variables"
        )
    return text


def _event(text: str) -> str:
    if not re.fullmatch(r"[a-z_]{1,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no event. Give GitHub's word, such as push or schedule")
    return text


def _run_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w.:-]{0,99}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no run. Give up to 100 letters, digits and . _ : -")
    return text


def _job_name(text: str) -> str:
    if not text.strip() or len(text) > 200 or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a job. Give up to 200 characters")
    return text


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


UNFORESEEN = 3  # nothing is known then; it must be neither a verdict's code nor blame who asked


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Say what went wrong to a person, and leave with the code of what it was.

    What nobody foresaw ends so too: with a line, and 3, for nothing is known. What the system refused is mended by
    who asked, and ends with 2.
    """
    try:
        yield
    except AtalayaError as why:
        _end(console, str(why), why.exit_code)
    except KeyboardInterrupt:
        _stop(console)
    except Exception as why:
        if interrupted(why):
            _stop(console)
        if sys.flags.dev_mode:
            traceback.print_exc()
        if isinstance(why, ImportError) and not (why.name or "").startswith("atalaya"):
            _end(console, f"{why}. Install Atalaya with all it needs (for pages: its extra `site`), and run again.", 2)
        if isinstance(why, OSError):
            named = f"{why.filename}: " if why.filename else ""
            _end(console, f"{named}{why.strerror or why}. Give access, or make room, and run again.", 2)
        _end(
            console,
            f"this is a fault of Atalaya ({_place_of(why)}), and nothing is known by this run. Report it, please, with "
            f"what `python -X dev -m atalaya` shows of the same command.",
            UNFORESEEN,
        )


def _stop(console: Console) -> NoReturn:
    console.line("Stopped. What was kept before is whole; nothing was half-written.")
    sys.exit(130)


def _end(console: Console, says: str, code: int) -> NoReturn:
    console.line(f"{console.tint('error', 'bad')}: {scrub(says)}")
    sys.exit(code)


def _place_of(why: Exception) -> str:
    """What went wrong and where, in half a line.

    >>> _place_of(ValueError("x" * 500))[:14]
    'ValueError: xx'
    """
    frames = traceback.extract_tb(why.__traceback__)
    where = f", {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(why).__name__}: {str(why)[:200]}{where}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    with _told(console):
        if environment.is_completing():
            from atalaya.cli import completion

            completion.answer(parser())
        if not _names_a_command(given):
            return execute(names_only(), given)
        scenarios = _place(where().parse_known_args(given)[0], console).pack.scenarios if "rehearse" in given else {}
        return execute(parser(scenarios, _command_of(given)), given)
    return UNFORESEEN


def _command_of(given: Sequence[str]) -> str:
    """The command that arguments begin with, after those that say where; empty where it cannot be told."""
    rest = where().parse_known_args(given)[1]
    return rest[0] if rest and not rest[0].startswith("-") else ""


def _names_a_command(given: Sequence[str]) -> bool:
    """Whether anything that was given may be a command: if not, none of them has to be imported."""
    return not {*COMMANDS, *(name for names in ALIASES.values() for name in names)}.isdisjoint(given)


def execute(of: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Run what the arguments of this parser ask for; returns its exit code. For the tools of ``nox``, too."""
    console = Console()
    with _told(console):
        args = of.parse_args(argv)
        code: int = args.run(_place(args, console), args)
        return code
    return UNFORESEEN


def _place(args: argparse.Namespace, console: Console) -> Context:
    """Where a command works.

    :raises UsageError: there is no such folder. :raises SettingsError: there is no such file of settings.
    """
    from atalaya.cli.context import Context
    from atalaya.core.settings import load

    root = root_of(Path.cwd()) if args.root is None else Path(args.root).resolve()
    if not root.is_dir():
        raise UsageError(f"--root {args.root}: there is no such folder. Name the project's folder.")
    if args.settings and not Path(args.settings).exists():
        raise SettingsError(f"--settings {args.settings}: there is no such file. Name one, or leave it out.")
    return Context(root, load(Path(args.settings) if args.settings else root / "watch.toml"), console)


if __name__ == "__main__":
    sys.exit(main())
