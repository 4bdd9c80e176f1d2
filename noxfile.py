# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""The front door: each thing that one can do here, one line each.

``nox``, ``uvx nox``, ``pipx run nox`` and ``uv run noxfile.py`` open it, and so does ``python3 noxfile.py``
where nox is not installed: then it makes a private environment with nox in it, once, and hands over.
What follows ``--`` goes to the command behind the session: ``nox -s checks -- --sdk PATH --report FILE``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEEDS = "nox[uv]>=2025.2.9"
CONSTRAINTS = "requirements/constraints.txt"
# Those that ask questions: about NULLs, ties, empty groups, random ledgers. They run on DuckDB in the session `tests`.
SPARK_TESTS = ("tests/spark", "tests/metrics/test_engine.py", "tests/metrics/test_event_tallies.py")
SHORT_RUNS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for Java: to compile well what runs for a moment takes longer


# ── where there is no nox yet ────────────────────────────────────────────────
# Only old syntax up to the import of nox: an old Python must get as far as the message that it is too old.


def give_up(why):
    """One message, and the exit code of a usage error."""
    sys.stderr.write(f"Atalaya cannot start: {why}\n")
    sys.exit(2)


def bootstrap():
    """Run this file again with a Python that has nox, made first if need be."""
    home = HERE / ".nox" / ".bootstrap"
    try:
        if not has_nox(home):
            sys.stderr.write(f"First start: making a private environment for nox in {home}\n")
            make(home)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing was left behind.\n")
        sys.exit(130)
    python = str(python_of(home))
    argv = [python, str(HERE / "noxfile.py"), *sys.argv[1:]]
    env = dict(os.environ, NOXFILE_BOOTSTRAPPED="1")
    if os.name != "nt":
        # Exec, not a child: Ctrl-C must reach nox.
        sys.stderr.flush()
        os.execve(python, argv, env)
    # There, exec returns to the shell at once.
    sys.exit(subprocess.call(argv, env=env))


def make(home):
    """Make the environment beside its place and rename it: of two first starts at once, either one serves."""
    half = home.with_name(f"{home.name}-{os.getpid()}")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        fill(half)
        if home.exists() and not has_nox(home):
            shutil.rmtree(str(home), ignore_errors=True)
        try:
            half.rename(home)
        except OSError:
            if not has_nox(home):
                raise
    except OSError as why:
        give_up(f"no environment can be put in {home}: {why}. Make that folder writable.")
    finally:
        shutil.rmtree(str(half), ignore_errors=True)


def fill(folder):
    """An environment with nox in it: by uv where there is one, otherwise by venv and pip."""
    python = str(python_of(folder))
    uv = shutil.which("uv")
    pip = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--quiet", "--retries", "2", NEEDS]
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, NEEDS],
        ]
    elif fills_others():
        # To install pip as well takes as long as to install nox.
        steps = [
            [sys.executable, "-m", "venv", "--without-pip", str(folder)],
            [sys.executable, *pip, "--python", python, *install],
        ]
    elif importlib.util.find_spec("ensurepip"):
        steps = [[sys.executable, "-m", "venv", str(folder)], [python, *pip, *install]]
    else:
        give_up(
            "this Python has neither nox nor a way to get it: no ensurepip, and no pip since 22.3. "
            "Install the venv module (Debian and Ubuntu: apt install python3-venv), or run: uvx nox"
        )
    for step in steps:
        done = subprocess.run(step, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"]
            reason = said[-1].replace("ERROR:", "").strip(" .")
            give_up(
                f"nox could not be installed with {Path(step[0]).name}: {reason}. "
                f"Check the network or the package index that is set up, or install nox yourself."
            )


def fills_others():
    """Whether this Python has a pip that can fill another environment, as it can since 22.3."""
    import importlib.metadata

    try:
        major, minor = importlib.metadata.version("pip").split(".")[:2]
        return importlib.util.find_spec("pip") is not None and (int(major), int(minor)) >= (22, 3)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False


def has_nox(home):
    """Whether the environment is whole; its Python may have gone with an upgrade of the system."""
    argv = [str(python_of(home)), "-c", "import nox"]
    try:
        return subprocess.call(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def python_of(folder):
    """Where an environment keeps its Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this file chose the Python
    give_up(
        f"it needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
        f"Run it with a newer one, or: uvx --python 3.12 nox"
    )

try:
    import nox
except ModuleNotFoundError as missing:
    if missing.name != "nox" or os.environ.get("NOXFILE_BOOTSTRAPPED"):
        raise
    bootstrap()

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["watch"]


# ── what a release engineer does ─────────────────────────────────────────────


@nox.session
def init(session):
    """Set up the watch in the repository of your SDK: -- --root PATH_OF_YOUR_REPOSITORY."""
    atalaya(session, "init")


@nox.session
def watch(session):
    """Check, smoke, collect, judge, publish, build the site: the verdict, and where to read it (default)."""
    atalaya(session, "watch", extras=["site"])


@nox.session
def status(session):
    """Show where the watch stands, in ten lines: offline, and by what was judged last."""
    atalaya(session, "status")


@nox.session
def check(session):
    """Run the contract checks alone: -- --sdk PATH_OR_REQUIREMENT --report FILE --promise ID."""
    atalaya(session, "check")


@nox.session
def checks(session):
    """The same as check."""
    atalaya(session, "check")


@nox.session
def smoke(session):
    """Run the runbook's smoke, on loopback or a real service: -- --base-url URL --report FILE --log FILE."""
    atalaya(session, "smoke")


@nox.session
def collect(session):
    """Read test reports, logs and what GitHub says: -- --junit PATH --log FILE."""
    atalaya(session, "collect")


@nox.session
def repeat(session):
    """Run your own tests many times, to see which are flaky: -- -n N --python PATH -- PYTEST_ARGS."""
    atalaya(session, "repeat")


@nox.session
def compat(session):
    """Start the SDK on other Pythons and with other dependencies: -- --python 3.10 --report FILE."""
    atalaya(session, "compat")


@nox.session
def artefact(session):
    """Look at the files that were published: -- --dry-run."""
    atalaya(session, "artefact")


@nox.session
def judge(session):
    """Judge a release as of an instant, or show how a figure comes about: -- --explain pass-rate."""
    atalaya(session, "judge")


@nox.session
def release(session):
    """Look after a release: -- open VERSION --commit SHA (and more: -- --help)."""
    atalaya(session, "release")


@nox.session
def publish(session):
    """Write the includes of every release, without building the site."""
    atalaya(session, "publish", extras=["site"])


@nox.session
def site(session):
    """Build the versioned site from what is in the tree: offline, and with no SDK."""
    atalaya(session, "site", extras=["site"])


@nox.session
def serve(session):
    """Build the site, serve it on loopback, and build it again when something changes: -- --port N."""
    atalaya(session, "serve", extras=["site"])


@nox.session
def prove(session):
    """Run every check against every seeded defect, and fail when one survives: -- --report FILE."""
    atalaya(session, "prove")


@nox.session
def rehearse(session):
    """Rehearse a whole 72-hour watch in virtual time, from a seed: -- --scenario NAME --seed N."""
    atalaya(session, "rehearse")


@nox.session
def evidence(session):
    """Look after the evidence: -- verify, compact, export or schema (and more: -- --help)."""
    atalaya(session, "evidence")


@nox.session
def sync(session):
    """Keep the evidence of many runners in one branch: -- pull, push or propose (and more: -- --help)."""
    atalaya(session, "sync")


@nox.session
def notify(session):
    """Tell a webhook what happened: -- --dry-run."""
    atalaya(session, "notify")


@nox.session
def fleet(session):
    """Show the releases of many repositories together, as fleet.toml lists them: -- --fleet FILE --json."""
    atalaya(session, "fleet", extras=["site"])


# ── for those who work on it ─────────────────────────────────────────────────


@nox.session
def tests(session):
    """Run the tests and the doctests, without those that need a browser or take long: -- PATH for some of them."""
    pytest(session, "--ignore=tests/pages", "--ignore=tests/spark")


@nox.session
def long(session):
    """Run the tests that take long: other SDKs, more seeds, more kills, more of the pages: -- PATH for some."""
    pytest(session, "--ignore=tests/spark", "-m", "long")


@nox.session
def pages(session):
    """Run the tests of the built pages, which need Chromium: -- PATH for some of them."""
    where = [] if any("tests/" in one for one in session.posargs) else ["tests/pages"]
    # One file of them takes longer than all others. Two at once, since they only compute: none of them waits.
    pytest(session, "--numprocesses=2", "--dist=worksteal", *where)


@nox.session
def spark(session):
    """Run the tests of the questions on Spark, which needs Java 17 or newer: -- PATH for some of them."""
    install(session, extras=["site", "scale"], groups=["tests"])
    asked = session.posargs or SPARK_TESTS
    env = {"JDK_JAVA_OPTIONS": SHORT_RUNS} | environment()
    session.run("python", "-m", "pytest", "--engine=spark", *asked, env=env)


@nox.session
def lint(session):
    """Check the style of the code, and its format."""
    install(session, project=False, groups=["lint"])
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("zizmor", "--offline", "--no-progress", "--persona=auditor", ".github")


@nox.session
def types(session):
    """Check the types, strictly."""
    install(session, extras=["site"], groups=["types"])
    session.run("python", "-m", "mypy", *session.posargs)


@nox.session
def bench(session):
    """Measure what is said to be fast, beside other tools: -- --quick --out FILE, or PATH for some of it."""
    install(session, extras=["site"], groups=["bench"])
    asked = where_asked(session)
    which = [] if any("tests/" in one for one in asked) else ["tests/benchmarks"]
    session.run("python", "-m", "pytest", "-s", *which, *asked, env=environment())


@nox.session
def package(session):
    """Build the sdist and the wheel into dist/, check both, and run the wheel in a folder of somebody else's."""
    install(session, extras=["site"], groups=["tests", "package"])
    shutil.rmtree(HERE / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist")
    built = sorted(str(file) for file in (HERE / "dist").iterdir())
    session.run("python", "-m", "twine", "check", "--strict", *built)
    wheel = next(file for file in built if file.endswith(".whl"))
    session.run(
        "python", "-m", "pytest", "-m", "long or not long", "tests/test_wheel.py", env=environment() | {"WHEEL": wheel}
    )


@nox.session
def publish_package(session):
    """Upload what lies in dist/, with attestations of the workflow that built it: in that workflow alone."""
    install(session, project=False, groups=["package"])
    built = sorted(str(file) for file in (HERE / "dist").iterdir())
    session.run("python", "-m", "pypi_attestations", "sign", *built)
    session.run("python", "-m", "twine", "upload", "--non-interactive", "--attestations", *built)


@nox.session
def mutate(session):
    """Change an SDK by rule, or with --own the machine, and see what nobody notices: -- --sdk PATH --sample N."""
    install(session, extras=["site"], groups=["tests"])
    module(session, "tools.mutation")


@nox.session
def calibrate(session):
    """Simulate watches of known truth, and count how often the verdict is wrong: -- --watches N --seed N."""
    install(session)
    module(session, "tools.calibration")


@nox.session
def at_scale(session):
    """Make the evidence of a made-up fleet, and measure both engines on it: -- make DIR --attempts N."""
    install(session, extras=["site", "scale"])
    module(session, "tools.at_scale")


@nox.session
def catalogue(session):
    """Bring the files of translations up to date, and print what has to be translated."""
    install(session, extras=["site"])
    module(session, "atalaya.site.i18n.catalogue")


@nox.session
def lock(session):
    """Write requirements/constraints.txt anew: -- --upgrade takes the newest of everything."""
    session.install("uv")
    groups = [word for group in project_table()["dependency-groups"] for word in ("--group", group)]
    session.run(
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--all-extras",
        *groups,
        "--universal",
        "--python-version",
        "3.11",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--quiet",
        "--custom-compile-command",
        "nox -s lock",
        "--output-file",
        CONSTRAINTS,
        *session.posargs,
    )


# ── what they share ──────────────────────────────────────────────────────────


def install(session, *, project=True, extras=(), groups=()):
    """Install what the project needs, but not the project: it runs from the tree that one edits.

    Versions are those of the lock, unless ATALAYA_UNLOCKED is 1.
    """
    table = project_table()
    needs = list(table["project"]["dependencies"]) if project else []
    for extra in extras:
        needs += table["project"]["optional-dependencies"][extra]
    needs += nox.project.dependency_groups(table, *groups)
    locked = (HERE / CONSTRAINTS).is_file() and os.environ.get("ATALAYA_UNLOCKED") != "1"
    try:
        session.install(*needs, *(["-c", CONSTRAINTS] if locked else []))
    except nox.command.CommandFailed:
        session.error(
            "its environment could not be filled; the installer's own words stand above. Check the network or "
            "the package index that is set up, and try again"
        )


def pytest(session, *what):
    """Run tests, three at once and each file whole: what its tests share is made once. Later options win.

    The files in their order: by default the file with the fewest tests comes last, long or not.
    """
    install(session, extras=["site"], groups=["tests"])
    # Three on two cores too: some tests wait for a process, or for a time-out.
    at_once = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")
    session.run("python", "-m", "pytest", *at_once, *what, *session.posargs, env=environment())


def atalaya(session, command, extras=()):
    """Hand over to the command line, and remember how it ended: nox itself knows only 1."""
    on_spark = any(one.removeprefix("--engine=") == "spark" for one in session.posargs)
    install(session, extras=[*extras, "scale"] if on_spark else extras)
    try:
        module(session, "atalaya", command)
    except nox.command.CommandFailed as failed:
        EXIT_CODES.append(getattr(failed, "return_code", None) or 1)
        raise


def module(session, *words):
    """Hand over to a module. Time enough after Ctrl-C to take down what was put up."""
    env = environment() | {"ATALAYA_DOOR": "nox"}
    argv = ("python", "-m", *words, *where_asked(session))
    session.run(*argv, env=env, interrupt_timeout=10, terminate_timeout=10)


EXIT_CODES = []  # of the commands that failed


def environment():
    """Where Python finds the tree, and the uv that came with nox, which is on nobody's PATH.

    What is imported is compiled once, and not by each of the many processes that a command starts.
    """
    uv = shutil.which(nox.virtualenv.UV) if nox.virtualenv.HAS_UV else None
    found = {"PYTHONPATH": os.pathsep.join(filter(None, [str(HERE / "src"), os.environ.get("PYTHONPATH")]))}
    found["PYTHONDONTWRITEBYTECODE"] = None
    return found | ({"ATALAYA_UV": uv} if uv and "ATALAYA_UV" not in os.environ else {})


# Options that name a file or a folder; the first are to be written, the others must exist to be one.
WRITTEN = ("--report", "--log", "--out")
READ = ("--root", "--sdk", "--adapter", "--junit", "--python", "--settings", "--fleet")


def where_asked(session):
    """The arguments, with paths as they were meant where nox was called: commands run in the project."""
    came_from = Path(session.invoked_from)
    arguments, option = [], ""
    for argument in session.posargs:
        if argument.startswith("-"):
            option, equals, value = argument.partition("=")
            arguments.append(option + equals + meant(option, value, came_from) if equals else argument)
        else:
            arguments.append(meant(option, argument, came_from))
    return arguments


def meant(option, value, came_from):
    """A path as seen from another folder; anything else as it is."""
    path = came_from / value
    return str(path) if value and (option in WRITTEN or (option in READ and path.exists())) else value


def project_table():
    """pyproject.toml."""
    return nox.project.load_toml(HERE / "pyproject.toml")


if __name__ == "__main__":
    # nox looks for a noxfile in the working folder, and remembers that folder as where it was called from.
    named = any(argument.startswith(("-f", "--noxfile")) for argument in sys.argv[1:])
    sys.argv[1:1] = [] if named else ["--noxfile", str(HERE / "noxfile.py")]
    try:
        nox.main()
    except SystemExit as left:
        # Of several sessions, the first that failed says how it went.
        sys.exit(EXIT_CODES[0] if left.code == 1 and EXIT_CODES else left.code)
