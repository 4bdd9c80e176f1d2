"""Loads the settings from ``watch.toml`` and ``ATALAYA_*`` variables, and remembers where each value came from.

They are read once, into one frozen record. A variable is named after its key: ``ATALAYA_THRESHOLDS_PASS_RATE``
stands over ``pass_rate`` in ``[thresholds]``.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta

from atalaya.core import environment
from atalaya.core.errors import SettingsError
from atalaya.core.words import N_

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
SHORTEST_H = 1 / 60  # of a schedule
# A person or a password in it would be published with the smoke: those are credentials.
ADDRESS = r"^https?://[^\s/@?#\\]+(/[^\s@?#]*)?$"
Name = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]+$")]  # it has to survive being written as TOML


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the sections of ``watch.toml``: a key that is not known is an error."""


class SubjectSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SDK under watch."""

    sdk: Annotated[
        str,
        Meta(
            description="A path, a wheel, a requirement such as `acme-sdk==1.1.0`, "
            "or an environment that has it. Empty: the bundled reference SDK."
        ),
    ] = ""
    adapter: Annotated[
        str,
        Meta(
            description="The file that says what an SDK of other names calls the names of the contract, "
            "relative to watch.toml. Empty: they are the contract's own."
        ),
    ] = ""
    commit: Annotated[
        str, Meta(description="The released commit. Evidence from other commits is kept apart. Empty: not known.")
    ] = ""
    path: Annotated[
        str,
        Meta(
            pattern=r"^([^/\\\x00-\x1f\x7f\ud800-\udfff]+(/[^/\\\x00-\x1f\x7f\ud800-\udfff]+)*/?)?$",
            description="The SDK's folder in its repository, such as `clients/python/acme_sdk`. CI runs of another "
            "commit count where this folder holds the same files. Empty: the whole repository.",
        ),
    ] = ""


class CiSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What CI said."""

    repo: Annotated[str, Meta(description="The repository on GitHub, as `owner/name`. Empty: none is asked.")] = ""
    ref: Annotated[
        str,
        Meta(
            pattern=r"^([^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*)?$",
            description="The branch or the tag on which CI is dispatched for the release. Empty: the repository's "
            "default branch.",
        ),
    ] = ""
    workflows: Annotated[
        tuple[Name, ...],
        Meta(
            description="The workflows whose jobs count in the pass rate. "
            "The checks and the smoke that Atalaya runs itself are no jobs of CI, and have a row of their own."
        ),
    ] = ("clients-python-sdk", "sdk-post-release-smoke")
    junit: Annotated[
        tuple[str, ...],
        Meta(
            description="JUnit files or folders that `watch` takes in, relative "
            "to watch.toml. They count under the first of `workflows`."
        ),
    ] = ()
    dispatch: Annotated[
        bool,
        Meta(
            description="Whether `watch` itself starts runs of `workflows` on GitHub, as many as a checkpoint asks "
            "for, on a branch or tag that points at the released SDK. Its token needs `actions: write`."
        ),
    ] = False
    dispatch_per_day: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000,
            description="The most runs of `workflows` that may be dispatched in a day (UTC), whoever dispatches them: "
            "from there on `watch` starts none.",
        ),
    ] = 16


class WatchSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The window, and what is published about it."""

    language: Annotated[
        str,
        Meta(
            pattern="^(en|es)$",
            description="The language of the pages one lands on: `en` or `es`. The other is one click away.",
        ),
    ] = "en"
    valid_h: Annotated[
        float,
        Meta(
            gt=0,
            le=8760,
            description="Hours for which a verdict may be believed before the page itself says that it is out of date.",
        ),
    ] = 25.0
    every_h: Annotated[
        float,
        Meta(
            ge=0,
            le=8760,
            description="Hours between two observations, as the schedule that runs the watch has it; a minute at the "
            "least. 0: there is no schedule, and what must be observed are the checkpoints.",
        ),
    ] = 0.0
    coverage: Annotated[
        Share,
        Meta(description="Share of the schedule's slots in which something must have been observed, where one is set."),
    ] = 0.9
    gap_h: Annotated[
        float,
        Meta(
            gt=0,
            le=8760,
            description="Hours that may pass, at the most, with nothing observed, where a schedule is set.",
        ),
    ] = 6.0

    def __post_init__(self) -> None:
        if 0 < self.every_h < SHORTEST_H:
            raise ValueError(f"every_h: Expected `float` >= {SHORTEST_H:.4f}, or 0")


class ChecksSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is checked."""

    packs: Annotated[
        tuple[str, ...],
        Meta(
            description="The check pack: a folder relative to watch.toml, or the name of an installed pack; one at the "
            "most. Empty: the pack of this source tree, or the only one that is installed."
        ),
    ] = ()


class ServiceSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The loopback service, and the one that the smoke may be pointed at."""

    port: Annotated[
        int, Meta(ge=0, le=65535, description="The port of the loopback service's control socket. 0: any free port.")
    ] = 0
    deadline_s: Annotated[
        float, Meta(gt=0, description="Real seconds that one check may take before it is stopped and called unknown.")
    ] = 20.0


class SmokeSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The runbook's smoke."""

    base_url: Annotated[
        str,
        Meta(
            pattern=rf"^$|{ADDRESS}",
            description="A real service to run it against, as `https://api.example.com`. Empty: the loopback service.",
        ),
    ] = ""
    waits: Annotated[
        int,
        Meta(ge=1, le=10_000, description="How many waits one smoke makes on loopback: the trials behind its zeros."),
    ] = 20


class Thresholds(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the runbook asks of the five metrics."""

    pass_rate: Annotated[Share, Meta(description="Share of CI jobs that must end well.")] = 0.95
    # Where the floor lies decides how many jobs a verdict takes, and how often a good release misses it by chance. At
    # 0.885 one lost job of 48 still meets (Wilson's lower end is 0.891) and two do not (0.860): of 48 independent jobs
    # at a true rate of 0.99, 92 % of releases meet, at 0.90, 4 %; of 60 jobs, which may lose two, 98 % and 5.3 %. A
    # floor of 0.90 would forgive none of 48, and 0.99 loses none in 62 % only. It must not be above 0.8864, the lower
    # end of 30 clean jobs of 30: so many a team reaches by hand.
    pass_rate_tolerance: Annotated[
        Share,
        Meta(
            description="How far below the threshold the interval may reach "
            "before a rate that meets it is called inconclusive."
        ),
    ] = 0.065
    flaky_critical: Annotated[Count, Meta(description="Flaky tests allowed among the critical ones.")] = 0
    flaky_other: Annotated[Count, Meta(description="Flaky tests allowed among the others.")] = 2
    network_blocking: Annotated[Count, Meta(description="Network errors allowed that stopped a run.")] = 0
    network_level: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Network errors for each request: a rate whose whole 95 % interval is above it fails, and one "
            "whose whole interval is not, and that does not rise, is proven.",
        ),
    ] = 0.005
    network_proven_upper: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="With no network error seen: the 95 % bound that must not be passed to call it proven, "
            "where it is lower than `network_level`.",
        ),
    ] = 0.005
    requests_slo: Annotated[
        Share,
        Meta(
            description="Share of requests that must go without a network error, a polling timeout or a stale read: "
            "the budget whose pace is an early sign."
        ),
    ] = 0.999
    polling_timeouts: Annotated[Count, Meta(description="Unexpected polling timeouts allowed.")] = 0
    polling_proven_upper: Annotated[
        float, Meta(gt=0, le=1, description="Polling timeouts for each wait: the upper bound that proves a zero.")
    ] = 0.01
    stale_reads: Annotated[Count, Meta(description="Stale reads by a poll allowed.")] = 0
    stale_proven_upper: Annotated[
        float, Meta(gt=0, le=1, description="Stale reads for each trial: the upper bound that proves a zero.")
    ] = 0.01


class HealthSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the SDK's health opens an incident, beside the five metrics and without a say in the verdict's figures."""

    ready_p95_ratio: Annotated[
        float,
        Meta(
            ge=1,
            description="Times the 95th percentile of the last accepted release that the time from CREATED to READY "
            "may take.",
        ),
    ] = 1.30
    failed_ends: Annotated[
        float, Meta(gt=0, lt=1, description="Share of waits that may end FAILED in any `failed_ends_h` hours.")
    ] = 0.03
    failed_ends_h: Annotated[
        float, Meta(gt=0, le=8760, description="Hours in which waits that end FAILED are counted together.")
    ] = 6.0
    start_failures: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Share of runs, for each Python version, in which the SDK may fail to be imported or a client "
            "of it to be built.",
        ),
    ] = 0.01


class ArtefactSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What users install."""

    project: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$",
            description="The name of the package on the index. Empty: what is published is not watched.",
        ),
    ] = ""
    version: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._+!-]*$",
            description="The version that is published. Empty: that of the release under watch.",
        ),
    ] = ""
    index: Annotated[str, Meta(description="The package index, by its simple API.")] = "https://pypi.org/simple/"
    built: Annotated[
        str,
        Meta(
            description="A folder or a zip with every wheel and sdist that CI built, relative to watch.toml: a "
            "published file that is not among them is a finding. Empty: what is published is held against nothing."
        ),
    ] = ""
    deadline_s: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that one look at the index may take, all told. What was not read by then is not "
            "known.",
        ),
    ] = 300.0


class CompatSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where else the SDK is installed, imported and a first client of it is built."""

    pythons: Annotated[
        tuple[Name, ...],
        Meta(
            description="The Pythons that `watch` tries once a day, by version (`3.10`) or by path. One that this "
            "machine cannot have is unknown. Empty: `watch` tries none, and `compat` 3.10 to 3.14."
        ),
    ] = ()
    dependencies: Annotated[
        bool,
        Meta(
            description="Whether `watch` also tries the lowest and the highest versions that the SDK allows of what it "
            "depends on, once a day."
        ),
    ] = False
    patience_s: Annotated[
        float, Meta(gt=0, le=3600, description="Seconds that the installation in one of these environments may take.")
    ] = 180.0


class IncidentSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Incidents where the team works."""

    github: Annotated[
        bool,
        Meta(
            description="Whether each incident is an issue of `repo` in [ci] on GitHub, with its history as comments. "
            "The token needs `issues: write`."
        ),
    ] = False
    notes: Annotated[
        bool,
        Meta(
            description="Whether what members and collaborators write under such an issue is shown on the incident's "
            "page, without credentials and addresses. It is never evidence."
        ),
    ] = False
    private_pages: Annotated[
        bool,
        Meta(
            description="Whether the release pages are read by those alone who may read the repository. From a private "
            "repository, notes are taken only where this is so."
        ),
    ] = False


class ActionSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the team does, by the level of an incident."""

    critical: Annotated[
        str, Meta(max_length=200, description="What the team does while a critical incident is open.")
    ] = N_("Stop the roll-out, and consider going back to the last release.")
    warning: Annotated[
        str, Meta(max_length=200, description="What the team does while another incident is open, major or minor.")
    ] = N_("Keep an incident open, and look at it every four hours.")


class EffortSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people have estimated of the backlog, by the ids of promises, metrics, limitations and incidents."""

    low: Annotated[
        tuple[Name, ...], Meta(description="Items of the backlog that take little effort, by their ids.")
    ] = ()
    medium: Annotated[
        tuple[Name, ...], Meta(description="Items of the backlog that take some effort, by their ids.")
    ] = ()
    high: Annotated[
        tuple[Name, ...],
        Meta(
            description="Items of the backlog that take much effort, by their ids. What is in none of the three lists "
            "is not estimated."
        ),
    ] = ()


class SiteSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the pages stand."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/@?#\\<>\"']+(/[^\s@?#\\<>\"']*)?)?$",
            description="The address of the site, such as `https://watch.example.org/`: for the canonical address of "
            "each page, the other language's, the site map and the ids of the feeds. Empty: pages say nothing that "
            "needs it, unless Read the Docs names its own.",
        ),
    ] = ""


class Settings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of ``watch.toml``."""

    checks: ChecksSettings = ChecksSettings()
    subject: SubjectSettings = SubjectSettings()
    ci: CiSettings = CiSettings()
    watch: WatchSettings = WatchSettings()
    service: ServiceSettings = ServiceSettings()
    smoke: SmokeSettings = SmokeSettings()
    thresholds: Thresholds = Thresholds()
    health: HealthSettings = HealthSettings()
    artefact: ArtefactSettings = ArtefactSettings()
    compat: CompatSettings = CompatSettings()
    incidents: IncidentSettings = IncidentSettings()
    owners: Annotated[
        tuple[tuple[Name, Name], ...],  # hashable, as all settings are
        Meta(
            description="Who an incident belongs to, by a metric, a family of promises or a severity: `stale-cache`, "
            "`polling`, `critical`. A metric or a family comes before a severity. Any name will do, such as `@ana`; it "
            "is published."
        ),
    ] = ()
    actions: ActionSettings = ActionSettings()
    effort: EffortSettings = EffortSettings()
    site: SiteSettings = SiteSettings()


class Loaded(NamedTuple):
    """The settings, and the place that each value which is not a default came from."""

    settings: Settings
    origins: dict[str, str]
    path: Path


FREE = "NAME"


class Key(NamedTuple):
    """One key, as the reference page prints it.

    ``FREE`` is the name of keys that are chosen freely. They have no variable.
    """

    section: str
    name: str
    default: Any
    description: str
    variable: str


@cache
def every_key() -> tuple[Key, ...]:
    """Each key of ``watch.toml`` in order, from the declarations themselves."""
    return tuple(_keys())


def _keys() -> Iterator[Key]:
    of_sections = get_type_hints(Settings, include_extras=True)
    for section in msgspec.structs.fields(Settings):
        if metadata := getattr(of_sections[section.name], "__metadata__", ()):
            yield Key(section.name, FREE, (), str(metadata[0].description), "")
            continue
        hints = get_type_hints(section.type, include_extras=True)
        for field in msgspec.structs.fields(section.type):
            meta = next(item for item in hints[field.name].__metadata__ if item.description)
            variable = environment.PREFIX + f"{section.name}_{field.name}".upper()
            yield Key(section.name, field.name, field.default, str(meta.description), variable)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read ``watch.toml`` and the ``ATALAYA_*`` variables over it.

    A file that does not exist means: all defaults.

    :raises SettingsError: the file cannot be read, or a key, a variable or a value is not known or cannot be.
    """
    variables = environment.own() if environ is None else environment.own(environ)
    _require_known(variables)
    text = _text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{path}: not TOML: {why}. Mend that line, or empty the file for all defaults.") from None
    origins: dict[str, str] = {}
    for section, keys in table.items():
        if isinstance(keys, dict):
            for name in keys:
                origins[f"{section}.{name}"] = f"{path.name}:{_line_of(text, section, name)}"
    for key in every_key():
        if key.variable in variables:
            table.setdefault(key.section, {})[key.name] = _from_text(variables[key.variable], key.default)
            origins[f"{key.section}.{key.name}"] = key.variable
    if isinstance(owners := table.get("owners"), dict):
        table["owners"] = list(owners.items())
    return Loaded(_convert(table, origins, path, text), origins, path)


def _require_known(variables: Iterable[str]) -> None:
    """A misspelt variable would be a setting that was asked for and never applied."""
    known = [key.variable for key in every_key()] + list(environment.OWN)
    for name in sorted(set(variables) - set(known)):
        if name.startswith(environment.SERVICE):  # which of these there are, the check pack says
            continue
        near = difflib.get_close_matches(name, known, 1, cutoff=0)[0]
        raise SettingsError(f"{name}: there is no such variable. The nearest is {near}. Rename it, or unset it.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: cannot be read: {why}. Give it back as UTF-8 text, or move it away.") from None


def _convert(table: dict[str, Any], origins: Mapping[str, str], path: Path, text: str) -> Settings:
    try:
        return msgspec.convert(table, Settings, strict=False)
    except msgspec.ValidationError as why:
        message, dotted, unknown = refused(why)
        if unknown:
            raise _unknown(dotted, unknown, path, text) from None
        if ours := re.match(r"(\w+): (.+)", message):  # a section's own check, which names its key
            dotted, message = f"{dotted}.{ours[1]}", ours[2]
        place = origins.get(re.sub(r"\[.*", "", dotted), path.name)
        raise cannot_be(f"{place} {dotted}", message, _key(dotted), "settings reference") from None


class Refused(NamedTuple):
    """What msgspec says of a table that is not what was declared, where in it, and the key that is not known."""

    message: str
    dotted: str
    unknown: str


def refused(why: msgspec.ValidationError) -> Refused:
    """Take apart what msgspec says.

    >>> refused(msgspec.ValidationError("Expected `int`, got `str` - at `$.ci.dispatch_per_day`"))
    Refused(message='Expected `int`, got `str`', dotted='ci.dispatch_per_day', unknown='')
    """
    message, _, where = str(why).partition(" - at `")
    unknown = re.search(r"unknown field `(.+)`", message)
    dotted = where.rstrip("`").removeprefix("$").removeprefix(".")
    return Refused(message, dotted, unknown[1] if unknown else "")


def cannot_be(place: str, message: str, key: Key | None, reference: str) -> SettingsError:
    """The error of a value that a key does not take.

    :param place: where it stands, with the name of the key.
    :param key: what is declared of it; a pattern is told by its description.
    """
    if " matching regex " in message and key is not None:
        return SettingsError(f"{place}: that is none. It takes this: {key.description}")
    return SettingsError(f"{place}: {message[0].lower()}{message[1:]}. The {reference} says what each key takes.")


def not_known(place: str, what: str, known: Iterable[str]) -> SettingsError:
    """The error of a key that nothing declares."""
    return SettingsError(f"{place} unknown {what}. Known here: {', '.join(known)}. Rename it, or take it out.")


def _key(dotted: str) -> Key | None:
    section, _, name = re.sub(r"\[.*", "", dotted).partition(".")
    return next((key for key in every_key() if (key.section, key.name) == (section, name)), None)


def _unknown(section: str, name: str, path: Path, text: str) -> SettingsError:
    known = (
        [f.name for f in msgspec.structs.fields(Settings)]
        if not section
        else [key.name for key in every_key() if key.section == section]
    )
    line = _line_of(text, section, name)
    if not section and name == "notify":
        return SettingsError(
            f"{path.name}:{line} notify: the webhook is a secret. Take it out, and set {environment.WEBHOOK}."
        )
    what = f"key '{name}' in [{section}]" if section else f"section or key '{name}'"
    return not_known(f"{path.name}:{line}", what, known)


def _line_of(text: str, section: str, name: str) -> int:
    """The line of a key, or of a section's head; 1 where TOML's other spellings hide it."""
    inside = not section
    for number, line in enumerate(text.splitlines(), start=1):
        if head := re.match(r"\s*\[\s*\"?([\w.-]+)\"?\s*\]", line):
            if not section and head[1] == name:
                return number
            inside = head[1] == section
        elif inside and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return number
    return 1


def _from_text(value: str, default: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(default, tuple) else value
