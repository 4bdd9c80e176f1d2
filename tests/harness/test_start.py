"""Tests that a run says whether the SDK could be imported and a client of it be built, and whose fault it was not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atalaya.harness.runner import run_checks, run_smoke
from atalaya.harness.start import why_no_client, why_not_imported
from atalaya.sdk.binding import Lacking
from atalaya.sdk.prepare import Prepared

HEAD = "from __future__ import annotations\n"
CLASS = "class ClientConfig:\n"
Sick = Callable[[str, str, str], Prepared]


def test_a_healthy_sdk_starts_in_each_kind_of_run(prepared: Prepared) -> None:
    assert run_smoke(prepared, waits=1).start_error == ""
    assert run_checks(prepared, wanted=["config.fields-in-order"]).start_error == ""


def test_an_sdk_whose_import_fails_is_said_to_by_each_kind_of_run(sdk_with: Sick) -> None:
    sick = sdk_with("config.py", HEAD, f"{HEAD}import no_such_thing\n")
    says = "the SDK cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'"
    assert run_smoke(sick, waits=1).start_error == says
    assert run_checks(sick, wanted=["config.fields-in-order"]).start_error == says


def test_a_client_that_cannot_be_built_is_a_failed_start_too(sdk_with: Sick) -> None:
    sick = sdk_with(
        "config.py", "class ClientConfig:\n", "class ClientConfig:\n    def __new__(cls, **_): raise OSError('no')\n"
    )
    says = "no client of the SDK can be built: OSError: no"
    assert run_smoke(sick, waits=1).start_error == says
    assert run_checks(sick, wanted=["config.fields-in-order"]).start_error == says


def refuses_arguments() -> None:
    why_not_imported(package=1, other=2)  # type: ignore[call-arg,arg-type]


def lacks() -> None:
    raise Lacking("the adapter does not say")


@pytest.mark.parametrize("warm_up", [None, refuses_arguments, lacks, lambda: "a client"])
def test_what_is_ours_is_no_fault_of_the_sdk(warm_up: Callable[[], object] | None) -> None:
    assert why_no_client(warm_up) == ""
