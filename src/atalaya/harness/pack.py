"""The record of a check pack: what its ``pack.py`` declares, and how its other modules are reached.

It is data: judging and publishing read it where no SDK, pytest or hypothesis is installed.

Beside ``pack.py`` a pack has these modules, imported only where an SDK is run:

- ``capabilities``: ``VOCABULARY``, the names of the contract, and ``CAPABILITIES``, its parts that an SDK may lack,
  if there are such.
- ``fixture``: ``CheckContext``, what each check is given.
- ``service``: ``Service``, what the loopback service answers.
- ``smoke``: ``LoopbackSmoke`` and ``ServiceSmoke``, the steps of a smoke.
- ``FAMILY/check_*.py`` and ``FAMILY/probe_*.py``: the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

from atalaya.core.errors import UsageError
from atalaya.harness.declare import Defect, Family, Limitation, Promise, SeededEvent, StandIn, Statement
from atalaya.harness.duties import PackDuty
from atalaya.harness.scenarios import Scenario


@dataclass(frozen=True)
class FirstBuild:
    """One object on the way to a first client: the contract's name of its class, and what it is built with.

    ``uses`` are the arguments that take what was built before, by its name.
    """

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pack:
    """The checks of one client SDK, with what they need.

        ``package`` is what the SDK is imported by, ``distribution`` what it is installed by, and ``prefix`` what its
    variables begin with. ``requirement`` is what its reference SDK is installed by, where the pack holds none, and
    ``installed`` the folder where that was done. ``sections`` are the titles of the contract's sections, by number.
    ``events`` are the metrics that its checks and its smoke feed, each with the promises whose checks would see what
    it counts: ids, or a family as ``polling.*``. ``seeded`` is what its smoke is shown, to measure how much it sees.
    ``exploring`` are the promises whose checks look through many sequences of steps, for long, and ``overlapping``
    the families that ask on every road, or in a less friendly world, what others ask once. ``credentials`` are what
    the smoke of a real service takes from ``ATALAYA_SERVICE_*``. ``mutated`` are the files of the reference SDK of
    which the contract speaks, and which mutation changes. ``installs`` and ``imports`` are the promises that an SDK
    breaks which cannot be installed, or not imported. ``wordings`` are the sentences in which its probes say what they
    saw, with names in braces for the values. ``first_client`` is what a first client is built by, in order, where
    nothing of ours is installed.
    """

    name: str
    module: str
    folder: Path
    package: str
    distribution: str
    prefix: str
    families: tuple[Family, ...]
    requirement: str = ""
    installed: Path | None = None
    sections: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeded: tuple[SeededEvent, ...] = ()
    duties: tuple[PackDuty, ...] = ()
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    exploring: tuple[str, ...] = ()
    overlapping: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()
    installs: str = ""
    imports: str = ""
    first_client: tuple[FirstBuild, ...] = ()

    # ── its tables ──

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        return tuple(promise for family in self.families for promise in family.promises)

    @cached_property
    def promise(self) -> Mapping[str, Promise]:
        """The promises by id."""
        return {promise.id: promise for promise in self.promises}

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every sentence of the contract, with the promises that test it or the reason why none does."""
        statements = (statement for family in self.families for statement in family.statements)
        return tuple(sorted(statements, key=lambda statement: statement.section))

    @cached_property
    def limitations(self) -> tuple[Limitation, ...]:
        return tuple(limitation for family in self.families for limitation in family.limitations)

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        return tuple(defect for family in self.families for defect in family.defects)

    @cached_property
    def defect(self) -> Mapping[str, Defect]:
        """The seeded defects by id."""
        return {defect.id: defect for defect in self.defects}

    @cached_property
    def stand_ins(self) -> tuple[StandIn, ...]:
        return tuple(stand_in for family in self.families for stand_in in family.stand_ins)

    def sees(self, metric: str, promise: str) -> bool:
        """Whether the check of a promise would see what a metric counts.

        >>> pack = Pack(name="a", module="a", folder=Path(), package="a", distribution="a", prefix="A_", families=(),
        ...     events={"stale-cache": ("cache.*", "polling.fresh-status")})
        >>> [pack.sees("stale-cache", id) for id in ("cache.hits", "polling.fresh-status", "polling.ends")]
        [True, True, False]
        """
        return any(
            promise.startswith(one.removesuffix("*")) if one.endswith(".*") else promise == one
            for one in self.events.get(metric, ())
        )

    # ── its files ──

    @property
    def reference(self) -> Path:
        """The project of the reference SDK."""
        return self.folder / "reference_sdk"

    @property
    def source(self) -> Path:
        """The folder that the reference SDK is imported from."""
        return self.installed or self.reference / "src"

    @property
    def tests(self) -> Path:
        """The reference SDK's own tests: what CI runs in a rehearsal."""
        return self.reference / "tests"

    @property
    def survivors(self) -> Path:
        """The mutants that no check notices, each with the reason why none should."""
        return self.folder / "survivors.toml"

    def files(self, *patterns: str) -> list[Path]:
        """The files of its families whose names fit, in the order of their names."""
        found = {file for one in patterns for file in self.folder.glob(f"*/{one}")}
        return sorted(found, key=lambda file: (file.name, file))

    def module_of(self, file: Path) -> str:
        """The name that one of its files is imported by."""
        return ".".join((self.module, *file.relative_to(self.folder).with_suffix("").parts))

    def load(self, name: str) -> ModuleType:
        """One of its modules: see above.

        :raises UsageError: the pack does not have it.
        """
        if not (self.folder / f"{name}.py").is_file():
            raise UsageError(f"{self.folder}: this check pack has no {name}.py. Write one to run its checks.")
        return import_module(f"{self.module}.{name}")
