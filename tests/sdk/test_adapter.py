"""Tests that an SDK with other names is watched as closely as one with the names of the contract."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from atalaya.core.errors import SettingsError, SubjectError
from atalaya.harness.runner import run_checks, run_smoke
from atalaya.harness.start import why_not_fit
from atalaya.records.stored import Outcome, Presence
from atalaya.sdk.adapter import Adapter, read
from atalaya.sdk.interpreter_probe import InterpreterFacts, probe_interpreter
from atalaya.sdk.prepare import Prepared, prepare
from atalaya.sdk.source_hash import digest_of, is_layer, package_digest, subject_files
from atalaya.selftest.seeded_faults import inject
from tests.other_sdks import build
from tests.other_sdks.renamed.derive import ADAPTER, derive, in_milliseconds, made_async
from tests.ours import DEFECT, LIMITATIONS, PACK, PROMISES
from tests.tables import each_row

WORDS = PACK.load("capabilities").VOCABULARY
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "write-an-adapter.md"
LAYER = GUIDE.with_name("acme-layer.toml")
MINIMAL = 'package = "acme"\n[names]\n' + "".join(f'{name} = "acme.all:{name}"\n' for name in WORDS.required)


def written(folder: Path, text: str) -> Path:
    file = folder / "adapter.toml"
    file.write_text(text, encoding="utf-8")
    return file


# ── reading one ──────────────────────────────────────────────────────────────


def test_what_is_not_said_is_called_as_in_the_contract(tmp_path: Path) -> None:
    adapter = read(written(tmp_path, MINIMAL), WORDS)
    assert adapter.method("HttpClient", "request") == "request"
    assert adapter.field("ClientConfig", "retries") == "retries"
    assert adapter.variable("ARIS3_RETRIES") == "ARIS3_RETRIES"
    assert adapter.distribution == "acme"


def test_the_example_renames_methods_fields_and_variables() -> None:
    adapter = read(ADAPTER, WORDS)
    assert adapter.method("HttpClient", "request") == "call"
    assert adapter.field(WORDS.holder("NotFoundError"), "code") == "kind"
    assert adapter.variable("ARIS3_API_BASE_URL_DEV") == "ACME_ENDPOINT_DEV"
    assert adapter.variable_of_the_contract("ACME_ENDPOINT_DEV") == "ARIS3_API_BASE_URL_DEV"


def test_the_example_binds_every_name_of_the_contract() -> None:
    assert set(WORDS.names) == set(read(ADAPTER, WORDS).names)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('package = "acme"', 'package = ""', r"adapter.toml:1 package: the name that the SDK is imported by"),
        ('package = "acme"', 'pakage = "acme"', r"adapter.toml:1 pakage: there is no such name"),
        ("load_config =", "load_confg =", r"adapter.toml:3 names.load_confg: there is no such name"),
        ('HttpClient = "acme.all:HttpClient"\n', "", r"adapter.toml:2 names.HttpClient: it is missing"),
        ('"acme.all:HttpClient"', '"other:HttpClient"', r"adapter.toml:6 names.HttpClient: 'other:HttpClient' is no"),
        ('"acme.all:HttpClient"', '"acme.all"', r"adapter.toml:6 names.HttpClient: 'acme.all' is no place"),
        ("", "[method.HttpClient]\n", r"adapter.toml:10 method: there is no such name"),
        ("", "[methods.HtpClient]\n", r"adapter.toml:10 methods.HtpClient: there is no such name"),
        ("", '[methods.HttpClient]\nrequst = "send"\n', r"adapter.toml:11 methods.HttpClient.requst: there is no such"),
        ("", '[methods.HttpClient]\nrequest = "1st"\n', r"adapter.toml:11 methods.HttpClient.request: '1st' is no"),
        ("", '[methods.HttpClient]\nrequest = "clear_cache"\n', r"'clear_cache' is another name of the contract"),
        ("", '[fields.HttpClient]\nconfig = "a"\ntrace = "a"\n', r"adapter.toml:12 fields.HttpClient.trace: 'a' is"),
        ("", '[arguments."HttpClient.request"]\nbody = "b"\n', r"adapter.toml:11 arguments.HttpClient.request.body: "),
        ("", '[arguments."HttpClient.fetch"]\n', r"adapter.toml:10 arguments.HttpClient.fetch: there is no such name"),
        ("", '[variables]\nRETRIES = "ACME_RETRIES"\n', r"adapter.toml:11 variables.RETRIES: a variable of"),
        ("", '[variables]\n"ARIS3_*" = "ACME_"\n', r"variables.ARIS3_\*: a rule for many variables ends in \* on both"),
        ("", '[outcomes]\nREADY = "ready"\n', r"adapter.toml:11 outcomes.READY: there is no such name"),
        ("", "[outcomes]\nFAILED = 3\n", r"adapter.toml:11 outcomes.FAILED: 3 is no text"),
        ("", '[paths]\n"/aris3/export" = "/v2"\n', r"adapter.toml:11 paths./aris3/export: there is no such name"),
        ("", '[paths]\n"/health" = "v2"\n', r"adapter.toml:11 paths./health: 'v2' cannot stand in its place"),
        ("", '[paths]\n"/aris3/exports/{export_id}" = "/v2/{id}"\n', r"does not hold the same segments in braces"),
        ("", '[headers]\nX-Trace-ID = "X Trace"\n', r"adapter.toml:11 headers.X-Trace-ID: 'X Trace' cannot stand"),
        ("", '[bodies]\nstatus = ""\n', r"adapter.toml:11 bodies.status: '' cannot stand"),
        ("", '[bodies]\nstatus = "code"\n', r"adapter.toml:11 bodies.status: 'code' is another name of the contract"),
        ("", '[telemetry]\nstate = "a"\nevent = "a"\n', r"adapter.toml:12 telemetry.event: 'a' is what state is"),
        ("", '[telemetry]\nphase = "a"\n', r"adapter.toml:11 telemetry.phase: there is no such name"),
        ("", "nonsense\n", r"adapter.toml: not TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_its_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = MINIMAL.replace(old, new) if old else MINIMAL + new
    with pytest.raises(SettingsError, match=says):
        read(written(tmp_path, text), WORDS)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no\.toml: cannot be read"):
        read(tmp_path / "no.toml", WORDS)


def test_the_guide_shows_the_whole_examples() -> None:
    shown = re.findall(r"```\{literalinclude\} (\S+)", GUIDE.read_text(encoding="utf-8"))
    layer = GUIDE.parent / "acme_layer" / "__init__.py"
    assert [(GUIDE.parent / path).resolve() for path in shown] == [layer, LAYER, ADAPTER]


# ── watching through one ─────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """An SDK that keeps the contract under names of its own, installed as users install it."""
    folder = tmp_path_factory.mktemp("renamed")
    with prepare(str(derive(build.healthy(folder), folder)), pack=PACK, adapter=read(ADAPTER, WORDS)) as prepared:
        yield prepared


def with_defect(renamed: Prepared, folder: Path, defect: str) -> Prepared:
    project = build.healthy(folder)
    planted = inject(PACK, DEFECT[defect], folder)
    (project / "src").rename(folder / "was")
    planted.rename(project / "src")
    return msgspec.structs.replace(renamed, paths=(derive(project, folder) / "src",))


def test_the_subject_is_the_other_sdk(renamed: Prepared) -> None:
    assert (renamed.subject.name, renamed.package) == ("acme-exports", "acme_exports")


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_it_keeps_every_promise_through_its_adapter(every: int, renamed: Prepared) -> None:
    ids = [promise.id for promise in PROMISES][::every]
    run = run_checks(renamed, wanted=[*ids, *(limitation.id for limitation in LIMITATIONS[::every])])
    assert ids == [check.id for check in run.checks]
    assert len(run.findings) == len(LIMITATIONS[::every])
    others = [(c.id, c.outcome, c.reason) for c in run.checks if c.outcome is not Outcome.KEPT]
    of_its_own = (
        "package.has-its-names",
        "transport.clients-take-their-fields",
    )  # which are about the names themselves
    assert [one for one in others if one[0] not in of_its_own] == []
    assert [found for found in run.findings if found.seen is Presence.UNKNOWN] == []


@pytest.mark.parametrize(
    ("defect", "promise"),
    [
        ("switch-off-and-back", "polling.leaves-cache-flag-alone"),
        ("fallback-address", "config.no-fallback"),
        ("details-lost", "transport.errors-carry-the-answer"),
        ("telemetry-counts-from-zero", "polling.telemetry-tells-each-poll"),
    ],
)
def test_a_defect_in_it_is_found_through_its_adapter(
    renamed: Prepared, tmp_path: Path, defect: str, promise: str
) -> None:
    run = run_checks(with_defect(renamed, tmp_path, defect), wanted=[promise])
    assert [check.outcome for check in run.checks] == [Outcome.BROKEN], run.checks


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.long)])
def test_an_sdk_of_async_functions_is_watched_as_any_other(renamed: Prepared, tmp_path: Path, every: int) -> None:
    project = made_async(derive(build.healthy(tmp_path), tmp_path))
    prepared = msgspec.structs.replace(renamed, paths=(project / "src",))
    ids = [promise.id for promise in PROMISES if promise.contract in ("exports", "polling")][::every]
    run = run_checks(prepared, wanted=ids)
    # Where a hook of a call calls again, the one loop has nobody to run the second call: that is told, and no fault.
    others = [(c.id, c.outcome, c.reason) for c in run.checks if c.outcome is not Outcome.KEPT]
    assert [one for one in others if "from inside one of its own hooks" not in one[2]] == []


def test_the_smoke_walks_through_its_adapter(renamed: Prepared) -> None:
    assert {Outcome.KEPT} == {step.outcome for step in run_smoke(renamed, waits=2).steps}


def test_what_the_adapter_does_not_name_is_not_applicable(renamed: Prepared) -> None:
    assert renamed.adapter is not None
    less = {name: place for name, place in renamed.adapter.names.items() if name != "TraceContext"}
    adapter = msgspec.structs.replace(renamed.adapter, names=less)
    prepared = msgspec.structs.replace(renamed, adapter=adapter)
    run = run_checks(prepared, wanted=["transport.no-context-stays-none"])
    assert [check.outcome for check in run.checks] == [Outcome.NOT_APPLICABLE], run.checks


def test_an_adapter_that_does_not_fit_is_refused_with_each_key(renamed: Prepared) -> None:
    adapter: Adapter = msgspec.structs.replace(
        read(ADAPTER, WORDS),
        names={**read(ADAPTER, WORDS).names, "TraceContext": "acme_exports:Tracer"},
        methods={"HttpClient": {"request": "send"}},
        arguments={"ExportsClient.get_export_status": {"use_get_cache": "cached"}},
        fields={"ClientConfig": {"retries": "tries"}},
        outcomes={"FAILED": "KO"},
    )
    with (
        pytest.raises(SettingsError, match="does not fit acme-exports") as refused,
        prepare(str(renamed.python), adapter=adapter, pack=PACK),
    ):
        pass
    for key in (
        "names.TraceContext: there is no acme_exports:Tracer",
        "methods.HttpClient.request: acme_exports:Connection has no method 'send'",
        "arguments.ExportsClient.get_export_status: the SDK has no such method",
        "fields.ClientConfig.retries: acme_exports:Settings has no field 'tries'",
        "outcomes.FAILED: there is no outcome 'KO'",
    ):
        assert key in str(refused.value)


def test_a_client_that_cannot_be_built_through_the_adapter_is_refused_at_once(renamed: Prepared) -> None:
    named = read(ADAPTER, WORDS)
    forgot = {name: own for name, own in named.fields["ClientConfig"].items() if name != "api_base_url"}
    wrong = msgspec.structs.replace(named, fields={**named.fields, "ClientConfig": forgot})
    with (
        pytest.raises(SettingsError, match=r"can be built with these names: .* 'api_base_url'"),
        prepare(str(renamed.python), adapter=wrong, pack=PACK),
    ):
        pass


def needs_two(of: int, more: int) -> None: ...


def fails_in_the_sdk() -> None:
    json.loads("{")


@each_row(
    ("warm_up", "layer", "said"),
    [
        (None, None, ""),
        (lambda: "a client", None, ""),
        (lambda: needs_two(1), None, "missing 1 required positional argument: 'more'"),  # type: ignore[call-arg]
        (fails_in_the_sdk, None, ""),  # the SDK is broken: the checks say so
        (fails_in_the_sdk, Path(json.__file__).parent, "JSONDecodeError"),  # its layer is not the SDK
    ],
)
def test_what_stands_before_the_sdk_is_the_adapters_fault(
    warm_up: Callable[[], object] | None, layer: Path | None, said: str
) -> None:
    assert said in why_not_fit(warm_up, layer)
    assert bool(said) == bool(why_not_fit(warm_up, layer))


# ── a layer in front of the SDK ──────────────────────────────────────────────


def installed(at: Path, distribution: str, files: dict[str, str]) -> None:
    """A distribution in a folder of packages."""
    info = f"{distribution.replace('-', '_')}-1.0.dist-info"
    for name, text in {**files, f"{info}/METADATA": f"Name: {distribution}\nVersion: 1.0\n"}.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text, encoding="utf-8")
    (at / info / "RECORD").write_text("".join(f"{name},,\n" for name in files), encoding="utf-8")


def facts(at: Path, package: str) -> InterpreterFacts:
    return probe_interpreter(Path(sys.executable), {}, [at], package=package, distribution="acme-sdk")


def digest_through(at: Path, package: str) -> tuple[str, bool]:
    told = facts(at, package)
    assert told.package
    assert told.held is not None
    return digest_of(subject_files(Path(told.package), told.held)), is_layer(Path(told.package), told.held)


def test_what_no_name_can_say_is_said_by_a_layer(renamed: Prepared, tmp_path: Path) -> None:
    project = in_milliseconds(derive(build.healthy(tmp_path), tmp_path))
    layered = msgspec.structs.replace(renamed, paths=(GUIDE.parent, project / "src"), adapter=read(LAYER, WORDS))
    wanted = ["polling.created-to-ready", "polling.defaults", "polling.telemetry-tells-each-poll"]
    assert {Outcome.KEPT} == {check.outcome for check in run_checks(layered, wanted=wanted).checks}
    alone = msgspec.structs.replace(renamed, paths=(project / "src",))
    assert [check.outcome for check in run_checks(alone, wanted=wanted[:1]).checks] != [Outcome.KEPT]


def test_the_digest_is_of_the_sdk_and_not_of_its_layer(tmp_path: Path) -> None:
    installed(tmp_path, "acme-sdk", {"acme/__init__.py": "", "acme/http.py": "a = 1\n"})
    installed(tmp_path, "acme-layer", {"acme_layer/__init__.py": "import acme\n"})
    before = digest_through(tmp_path, "acme_layer")
    assert (facts(tmp_path, "acme_layer").name, before[1]) == ("acme-sdk", True)
    (tmp_path / "acme_layer" / "__init__.py").write_text("import acme.http\n")
    assert digest_through(tmp_path, "acme_layer") == before
    (tmp_path / "acme" / "http.py").write_text("a = 2\n")
    assert digest_through(tmp_path, "acme_layer")[0] != before[0]


def test_a_layer_that_comes_with_the_sdk_is_a_part_of_it(tmp_path: Path) -> None:
    installed(tmp_path, "acme-sdk", {"acme/__init__.py": "", "acme_layer/__init__.py": "import acme\n"})
    before = digest_through(tmp_path, "acme_layer")
    assert before[1] is False
    for file in ("acme/__init__.py", "acme_layer/__init__.py"):
        (tmp_path / file).write_text("import os\n")
        after = digest_through(tmp_path, "acme_layer")
        assert after[0] != before[0], file
        before = after


def test_the_digest_of_an_sdk_without_a_layer_is_that_of_its_package(tmp_path: Path) -> None:
    installed(tmp_path, "acme-sdk", {"acme/__init__.py": "", "acme/http.py": "a = 1\n"})
    assert digest_through(tmp_path, "acme") == (package_digest(tmp_path / "acme"), False)


def test_an_sdk_that_is_installed_for_editing_is_found_by_what_it_is_called(tmp_path: Path) -> None:
    installed(tmp_path, "acme-sdk", {"__editable__.acme_sdk-1.0.pth": ""})
    installed(tmp_path, "acme-layer", {"acme_layer/__init__.py": "", "acme_sdk/__init__.py": "", "acme_sdk/a/b.py": ""})
    assert set(facts(tmp_path, "acme_layer").held or ()) == {"acme_sdk/__init__.py", "acme_sdk/a/b.py"}


def test_an_sdk_of_another_name_than_the_adapter_says_is_refused() -> None:
    with (
        pytest.raises(SubjectError, match="no acme_exports/ in it"),
        prepare("", adapter=read(ADAPTER, WORDS), pack=PACK),
    ):
        pass
