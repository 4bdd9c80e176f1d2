"""Tests what an error that comes out of a check says of its promise, and what a case that cannot be judged does."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness.fixture import CheckContext, require_fit
from atalaya.harness.outcomes import Answer, Broken, CannotTell, NotApplicable, answer_to
from atalaya.harness.recorder import _outcome
from atalaya.harness.virtual_clock import VirtualClock
from atalaya.records.stored import Outcome

SDK = "acme_sdk"


def module(name: str, code: str) -> dict[str, Any]:
    """What a module of this name, with this code, defines."""
    defined: dict[str, Any] = {"__name__": name}
    exec(code, defined)
    return defined


IN_THE_SDK = module(f"{SDK}.clients", "def fails(): len(None)\ndef calls(hook): return hook()")
OF_A_NEIGHBOUR = module("acme_sdk_tools", "def fails(): len(None)")
OF_A_LIBRARY = module("requests.models", "def fails(): len(None)")
OF_A_CHECK = module("atalaya.packs.acme.check_it", "def fails(): len(None)")
OF_THE_CLOCK = module("atalaya.harness.virtual_clock", "def fails(): len(None)")


def raised_by(call: Callable[[], Any]) -> BaseException:
    with pytest.raises(TypeError) as raised:
        call()
    return raised.value


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (IN_THE_SDK["fails"], Broken),
        (partial(IN_THE_SDK["calls"], OF_A_LIBRARY["fails"]), Broken),
        (partial(IN_THE_SDK["calls"], OF_THE_CLOCK["fails"]), Broken),
        (partial(IN_THE_SDK["calls"], OF_A_CHECK["fails"]), CannotTell),
        (OF_A_CHECK["fails"], CannotTell),
        (OF_A_LIBRARY["fails"], CannotTell),
        (OF_A_NEIGHBOUR["fails"], CannotTell),
    ],
)
def test_an_error_breaks_the_promise_where_it_was_raised_in_the_sdk(
    call: Callable[[], Any], kind: type[Answer]
) -> None:
    assert kind is type(answer_to(raised_by(call), SDK))


def test_what_a_check_says_is_its_answer_and_a_failing_machine_is_none() -> None:
    said = NotApplicable("no cache")
    assert said is answer_to(said, SDK)
    assert isinstance(answer_to(HarnessError("the service is gone"), SDK), CannotTell)


def test_a_call_that_does_not_fit_is_never_made() -> None:
    lab, made = context(), []

    def download(export_id: str) -> None:
        made.append(export_id)

    with pytest.raises(HarnessError, match=r"does not fit .*download: missing a required argument: 'export_id'"):
        lab.attempt(partial(download))
    with pytest.raises(HarnessError, match="does not fit"):
        lab.built(partial(download, name="e"), "a download")
    assert made == []


def test_what_shows_no_signature_is_called() -> None:
    require_fit(partial(min, 1, 2))
    require_fit(partial(map, str, "ab"))
    require_fit(lambda: None)


def context() -> CheckContext:
    return CheckContext(None, VirtualClock(), Path())  # type: ignore[arg-type]


def outcome_of(*cases: BaseException | None, after: BaseException | None = None) -> tuple[Outcome, str]:
    """The outcome of a check with these cases, in each of which this is raised; then ``after`` outside of them."""
    lab, error = context(), after
    try:
        for number, raised in enumerate(cases, start=1):
            with lab.trial(f"case {number}"):
                if raised is not None:
                    raise raised
    except Answer as found:
        error = found
    return _outcome(error, lab)


def test_a_case_that_cannot_be_judged_silences_no_other() -> None:
    doubt, fault = CannotTell("no answer"), Broken("two requests")
    assert outcome_of(doubt, None, fault) == (Outcome.BROKEN, "case 3: two requests")
    assert outcome_of(HarnessError("x"), fault) == (Outcome.BROKEN, "case 2: two requests")
    assert outcome_of(KeyError("x"), fault) == (Outcome.BROKEN, "case 2: two requests")
    assert outcome_of(NotApplicable("no cache"), fault) == (Outcome.BROKEN, "case 2: two requests")


def test_a_promise_with_a_case_that_could_not_be_judged_is_not_kept() -> None:
    doubt = CannotTell("no answer")
    assert outcome_of(None, doubt, None) == (Outcome.UNKNOWN, "case 2: no answer (1 of 3 cases could not be judged)")
    assert outcome_of(doubt) == (Outcome.UNKNOWN, "case 1: no answer")
    assert outcome_of(doubt, after=NotApplicable("no cache"))[0] is Outcome.UNKNOWN


def test_a_promise_is_not_applicable_where_none_of_its_cases_is() -> None:
    lacking = NotApplicable("no cache")
    assert outcome_of(lacking, lacking) == (Outcome.NOT_APPLICABLE, "case 1: no cache")
    assert outcome_of(lacking, None) == (Outcome.KEPT, "")
    assert outcome_of(after=lacking) == (Outcome.NOT_APPLICABLE, "no cache")
    assert outcome_of() == (Outcome.KEPT, "")


def test_a_check_that_fails_by_itself_is_unknown() -> None:
    assert outcome_of(None, after=raised_by(OF_A_CHECK["fails"]))[0] is Outcome.UNKNOWN
