"""Tests that the checks judge other SDKs than the bundled one by the contract.

Each is made anew in a folder of its own. The first four tests install one as a user would; in the others, which take
long, those that run on the same libraries share an environment.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckRun
from atalaya.records.stored import Outcome, Presence
from atalaya.sdk.prepare import prepare
from atalaya.sdk.source_hash import package_digest
from tests.other_sdks import build
from tests.other_sdks.bench import bench, found
from tests.other_sdks.healthy import HEALTHY
from tests.other_sdks.old import OLD, UNREADABLE
from tests.other_sdks.sdk import Sdk
from tests.other_sdks.sick import SICK
from tests.ours import PACK, PACKAGE, PROMISE, PROMISES, REFERENCE

Runs = Callable[[Sdk], CheckRun]
ONE_OF_EACH = {promise.contract: promise.id for promise in reversed(PROMISES)}.values()  # the first of each family


def ids(sdks: tuple[Sdk, ...]) -> list[str]:
    return [sdk.id for sdk in sdks]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    """A run of the checks for each SDK that the selected tests ask for: two at a time, from now on."""
    here = (item for item in request.session.items if item.path == request.path)
    cases = [item.callspec.params for item in here if hasattr(item, "callspec")]
    asked = [case["sdk"] for case in cases if "sdk" in case]
    with bench() as made, ThreadPoolExecutor(2) as pool:
        under_way = {id: pool.submit(made.run, sdk) for id, sdk in {sdk.id: sdk for sdk in asked}.items()}
        yield lambda sdk: under_way[sdk.id].result()
        pool.shutdown(cancel_futures=True)


def checked(project: Path, wanted: Iterable[str] = ()) -> CheckRun:
    with prepare(str(project), pack=PACK) as prepared:
        return run_checks(prepared, wanted=wanted)


def not_kept(run: CheckRun) -> dict[str, Outcome]:
    return {check.id: check.outcome for check in run.checks if check.outcome is not Outcome.KEPT}


@pytest.mark.parametrize("wanted", [ONE_OF_EACH, pytest.param((), marks=pytest.mark.long)], ids=["few", "all"])
def test_a_healthy_one_on_requests_keeps_every_promise(wanted: Iterable[str], tmp_path: Path) -> None:
    run = checked(build.on_requests(tmp_path), wanted)
    assert not_kept(run) == {}
    assert any(name.startswith("requests==") for name in run.host.freeze)
    assert not any(name.startswith("httpx==") for name in run.host.freeze)


def test_a_hard_coded_fallback_address_is_found_and_breaks_no_other_contract(tmp_path: Path) -> None:
    of_config = [promise.id for promise in PROMISES if promise.contract == "config"]
    run = checked(build.with_defect(tmp_path, "fallback-address"), [*of_config, *ONE_OF_EACH])
    broken = not_kept(run)
    assert broken["config.no-fallback"] is Outcome.BROKEN
    reason = next(check.reason for check in run.checks if check.id == "config.no-fallback")
    assert "https://api.aris3.example" in reason
    assert all(id.startswith("config.") for id in broken)


def test_the_same_sdk_packaged_elsewhere_is_the_same_and_keeps_its_promises(tmp_path: Path) -> None:
    """Its files are those of the bundled one, of which every promise is tested."""
    run = checked(build.healthy(tmp_path), ONE_OF_EACH)
    assert run.subject.digest == package_digest(REFERENCE / PACKAGE)
    assert not_kept(run) == {}
    assert {check.id for check in run.checks} == {*ONE_OF_EACH}


def test_the_sdk_as_its_contract_describes_it_can_be_installed_and_keeps_its_promises() -> None:
    run = checked(build.DESCRIBED, ONE_OF_EACH)
    assert not_kept(run) == {}
    assert {check.id for check in run.checks} == {*ONE_OF_EACH}
    assert any(name.startswith("pydantic==") for name in run.host.freeze)


@pytest.mark.long
@pytest.mark.parametrize("sdk", HEALTHY[:1], ids=ids(HEALTHY[:1]))
def test_the_sdk_as_its_contract_describes_it_has_every_limitation_that_is_looked_for(runs: Runs, sdk: Sdk) -> None:
    run = runs(sdk)
    assert {finding.id: finding.reason for finding in run.findings if finding.seen is not Presence.SEEN} == {}
    assert run.findings


@pytest.mark.long
@pytest.mark.parametrize("sdk", HEALTHY, ids=ids(HEALTHY))
def test_a_healthy_sdk_keeps_every_promise(runs: Runs, sdk: Sdk) -> None:
    run = runs(sdk)
    assert found(run, Outcome.BROKEN, Outcome.UNKNOWN) == {}
    assert found(run, Outcome.NOT_APPLICABLE).keys() == sdk.lacks
    assert run.checks


@pytest.mark.long
@pytest.mark.parametrize("sdk", OLD, ids=ids(OLD))
def test_what_an_old_sdk_lacks_is_not_applicable_and_the_rest_is_kept(runs: Runs, sdk: Sdk) -> None:
    run = runs(sdk)
    assert found(run, Outcome.BROKEN, Outcome.UNKNOWN) == {}
    assert sdk.lacks - found(run, Outcome.NOT_APPLICABLE).keys() == set()


@pytest.mark.long
@pytest.mark.parametrize("sdk", UNREADABLE, ids=ids(UNREADABLE))
def test_of_what_cannot_be_seen_nothing_is_said(runs: Runs, sdk: Sdk) -> None:
    run = runs(sdk)
    assert found(run, Outcome.BROKEN, Outcome.NOT_APPLICABLE) == {}
    assert sdk.unclear - found(run, Outcome.UNKNOWN).keys() == set()


@pytest.mark.long
@pytest.mark.parametrize("sdk", SICK, ids=ids(SICK))
def test_a_sick_sdk_breaks_what_its_fault_breaks_and_nothing_else(runs: Runs, sdk: Sdk) -> None:
    broken = found(runs(sdk), Outcome.BROKEN)
    # What asks on every road what others ask on one turns red with them.
    assert {id for id in broken if PROMISE[id].contract not in PACK.overlapping} == sdk.breaks, broken
