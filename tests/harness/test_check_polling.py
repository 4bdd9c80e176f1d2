"""Tests that the checks of waits accept healthy differences, and report one fault in one place."""

from collections.abc import Callable

import pytest

from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from tests.ours import EXPLORING, PACKAGE, PROMISES

WAITS = "clients/exports_client.py"
PAUSE = "            time.sleep(interval)\n"
POLL = "status = self.get_export_status(export_id, use_get_cache=False)"

# Those that explore have tests of their own: here they would take most of the time.
POLLING = [promise.id for promise in PROMISES if promise.contract == "polling" and promise.id not in EXPLORING]
EXPORTS = [promise.id for promise in PROMISES if promise.contract == "exports"]

SdkWith = Callable[[str, str, str], Prepared]


def not_kept(prepared: Prepared, wanted: list[str]) -> dict[str, Outcome]:
    run = run_checks(prepared, wanted=wanted)
    return {check.id: check.outcome for check in run.checks if check.outcome is not Outcome.KEPT}


def without_exports(sdk_with: SdkWith) -> Prepared:
    """The reference SDK, in which nothing imports the client of exports any more."""
    bare = sdk_with("clients/__init__.py", "from .exports_client import ExportsClient\n", "")
    package = bare.paths[0] / PACKAGE
    for file in ("clients/__init__.py", "session.py"):
        text = (package / file).read_text()
        text = text.replace('"ExportsClient", ', "").replace("BaseClient, ExportsClient,", "BaseClient,")
        (package / file).write_text(text.replace("-> ExportsClient", "-> object"))
    return bare


def test_pauses_that_are_longer_by_up_to_a_half_break_no_promise(sdk_with: SdkWith) -> None:
    pause = "            import random\n            time.sleep(interval * random.uniform(1.0, 1.45))\n"
    assert not_kept(sdk_with(WAITS, PAUSE, pause), POLLING) == {}


def test_a_last_pause_that_is_cut_to_the_budget_breaks_one_promise_alone(sdk_with: SdkWith) -> None:
    pause = "            time.sleep(max(0.0, min(interval * 1.1, deadline - time.monotonic())))\n"
    assert not_kept(sdk_with(WAITS, PAUSE, pause), POLLING) == {"polling.last-pause-is-whole": Outcome.BROKEN}


def test_a_wait_on_a_second_client_without_a_cache_does_not_count_as_an_assignment(sdk_with: SdkWith) -> None:
    poll = (
        "aside = replace(self, http=replace(self.http, enable_get_cache=False))\n"
        "                status = aside.get_export_status(export_id)"
    )
    assert not_kept(sdk_with(WAITS, POLL, poll), POLLING) == {}


def test_a_wait_that_turns_the_cache_off_and_on_again_breaks_one_promise_alone(sdk_with: SdkWith) -> None:
    poll = (
        "was, self.http.enable_get_cache = self.http.enable_get_cache, False\n"
        "                try:\n"
        "                    status = self.get_export_status(export_id)\n"
        "                finally:\n"
        "                    self.http.enable_get_cache = was"
    )
    assert not_kept(sdk_with(WAITS, POLL, poll), POLLING) == {"polling.leaves-cache-flag-alone": Outcome.BROKEN}


def test_an_sdk_without_a_client_of_exports_breaks_no_promise(sdk_with: SdkWith) -> None:
    bare = without_exports(sdk_with)
    (bare.paths[0] / PACKAGE / WAITS).unlink()
    wanted = [*POLLING, *EXPORTS]
    assert not_kept(bare, wanted) == dict.fromkeys(wanted, Outcome.NOT_APPLICABLE)


def test_an_sdk_whose_client_of_exports_cannot_be_imported_is_unknown(sdk_with: SdkWith) -> None:
    sick = without_exports(sdk_with)
    exports = sick.paths[0] / PACKAGE / WAITS
    exports.write_text(exports.read_text().replace("import time\n", "import time\nimport no_such_library\n", 1))
    wanted = ["polling.created-to-ready", "exports.status-path"]
    assert not_kept(sick, wanted) == dict.fromkeys(wanted, Outcome.UNKNOWN)


@pytest.mark.parametrize("shown", ["0", "None", "'many'"])
def test_how_old_a_status_is_cannot_be_told_where_it_shows_no_stamp(sdk_with: SdkWith, shown: str) -> None:
    judged = ["polling.fresh-status", "polling.leaves-cache-entries-alone"]
    count = "    row_count: int = required(whole)\n"
    blind = sdk_with("models_exports.py", count, f"    row_count: object = required(lambda _: {shown})\n")
    assert not_kept(blind, judged) == dict.fromkeys(judged, Outcome.UNKNOWN)
