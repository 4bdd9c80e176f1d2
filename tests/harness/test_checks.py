"""Tests that the checks pass a healthy SDK, and report what they cannot decide as unknown."""

import pytest

from atalaya.core.errors import UsageError
from atalaya.harness.launch import files_of
from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckResult, CheckRun
from atalaya.records.stored import Outcome, Presence
from atalaya.sdk.prepare import Prepared
from tests.ours import LIMITATIONS, PACK, PACKAGE, PROMISES


def result(run: CheckRun, id: str) -> CheckResult:
    return next(check for check in run.checks if check.id == id)


def test_every_promise_has_a_result_in_the_order_of_the_table(whole_run: CheckRun) -> None:
    assert [promise.id for promise in PROMISES] == [check.id for check in whole_run.checks]


def test_the_reference_sdk_keeps_every_promise(whole_run: CheckRun) -> None:
    assert [(c.id, c.outcome, c.reason) for c in whole_run.checks if c.outcome is not Outcome.KEPT] == []


def test_every_check_counts_its_trials(whole_run: CheckRun) -> None:
    assert [check.id for check in whole_run.checks if check.trials == 0] == []


def test_every_limitation_has_an_answer(whole_run: CheckRun) -> None:
    assert [limitation.id for limitation in LIMITATIONS] == [found.id for found in whole_run.findings]
    assert [found for found in whole_run.findings if found.seen is Presence.UNKNOWN] == []


def test_the_reference_sdk_has_the_limitations_that_the_contract_itself_asks_for(whole_run: CheckRun) -> None:
    assert {
        "cache.expired-answers-stay",
        "cache.header-case-mixes-identities",
        "cache.hits-share-one-object",
        "cache.invalidation-takes-neighbours",
        "cache.late-answers-outlive-a-clear",
        "cache.other-headers-are-ignored",
        "config.backoff-has-no-cap",
        "config.direct-build-is-not-checked",
        "config.file-search-depends-on-the-start",
        "config.file-stays-in-the-environment",
        "config.infinity-is-accepted",
        "config.missing-file-is-silent",
        "config.plain-http-is-accepted",
        "config.profile-with-a-hyphen-is-not-found",
        "config.retries-have-no-ceiling",
        "config.tls-typo-turns-verification-off",
        "config.urls-are-not-checked",
        "errors.bare-redirect-counts-as-success",
        "exports.foreign-status-is-accepted",
        "exports.malformed-status-leaks",
        "exports.no-key-for-a-second-try",
        "polling.cancel-looks-like-a-timeout",
        "polling.cancel-waits-for-the-pause",
        "polling.deadline-overshoot",
        "polling.expired-beside-created",
        "polling.hook-ends-the-wait",
        "polling.interval-is-not-checked",
        "polling.retries-outlast-the-budget",
        "polling.silent-endings",
        "polling.stale-after-the-wait",
        "polling.wait-until-ready-hides-the-outcome",
        "requests.environment-proxies-apply",
        "requests.hopeless-addresses-are-retried",
        "requests.rate-limits-end-the-call",
        "requests.redirects-take-the-identity-along",
        "requests.service-sets-the-trace-id",
    } == {found.id for found in whole_run.findings if found.seen is Presence.SEEN}


def test_one_promise_can_be_asked_for_alone(prepared: Prepared) -> None:
    run = run_checks(prepared, wanted=["config.no-fallback"])
    assert [(check.id, check.outcome) for check in run.checks] == [("config.no-fallback", Outcome.KEPT)]


def test_whatever_is_wanted_is_held_by_one_file_and_no_other_is_imported() -> None:
    ids = [one.id for one in (*PROMISES, *LIMITATIONS)]
    assert dict.fromkeys(ids, 1) == {id: len(files_of(PACK, [id])) for id in ids}


def test_where_nothing_in_particular_is_wanted_all_files_are_imported() -> None:
    assert {"check_exploration.py", "probe_cache.py"} <= {file.name for file in files_of(PACK, [])}


def test_a_promise_that_is_not_there_is_refused_with_its_neighbours(prepared: Prepared) -> None:
    with pytest.raises(UsageError, match=r"config\.no-fallback"):
        run_checks(prepared, wanted=["config.no-such"])


def test_an_sdk_that_ends_the_process_harms_only_its_own_check(sdk_with) -> None:
    sick = sdk_with("clients/exports_client.py", "        start = time.monotonic()", "        import os; os._exit(3)")
    run = run_checks(sick, wanted=["polling.created-to-ready", "cache.repeats-are-served"])
    assert result(run, "polling.created-to-ready").outcome is Outcome.BROKEN
    assert "ended in the middle" in result(run, "polling.created-to-ready").reason
    assert result(run, "cache.repeats-are-served").outcome is Outcome.KEPT


def test_an_sdk_that_hangs_harms_only_its_own_check(sdk_with) -> None:
    sick = sdk_with("config.py", "    _load_env_file(env_file)\n", "    while True: pass\n")
    run = run_checks(sick, wanted=["config.no-fallback", "cache.repeats-are-served"], deadline_s=1.5)
    assert result(run, "config.no-fallback").outcome in (Outcome.BROKEN, Outcome.UNKNOWN)
    assert "1.5 real seconds" in result(run, "config.no-fallback").reason
    assert result(run, "cache.repeats-are-served").outcome is Outcome.KEPT


def test_a_client_that_raises_when_it_is_built_breaks_what_needs_one(sdk_with) -> None:
    head = "    def __post_init__(self) -> None:\n"
    sick = sdk_with("http_client.py", head, head + "        raise KeyError('x')\n")
    run = run_checks(sick, wanted=["cache.repeats-are-served"])
    assert result(run, "cache.repeats-are-served").outcome is Outcome.BROKEN
    assert result(run, "cache.repeats-are-served").reason == "HttpClient cannot be built: KeyError: 'x'"


def test_a_client_that_does_not_take_what_the_contract_gives_it_leaves_its_promises_unknown(sdk_with) -> None:
    sick = sdk_with("http_client.py", "    config: ClientConfig\n", "    settings: ClientConfig\n")
    run = run_checks(sick, wanted=["cache.repeats-are-served"])
    assert result(run, "cache.repeats-are-served").outcome is Outcome.UNKNOWN
    assert "does not fit HttpClient" in result(run, "cache.repeats-are-served").reason


def test_a_type_error_that_comes_out_of_a_call_that_fits_is_the_sdks_own(sdk_with) -> None:
    head = "    def download_export(self, export_id: str) -> bytes:\n"
    sick = sdk_with("clients/exports_client.py", head, head + "        return (lambda: b'')(export_id, argument=1)\n")
    run = run_checks(sick, wanted=["exports.download-is-whole", "exports.artifact-asks-for-the-status"])
    assert result(run, "exports.download-is-whole").outcome is Outcome.BROKEN
    assert "TypeError" in result(run, "exports.download-is-whole").reason
    assert result(run, "exports.artifact-asks-for-the-status").outcome is Outcome.KEPT


def test_an_error_that_the_sdk_raises_where_the_check_expected_none_breaks_the_promise(sdk_with) -> None:
    head = "    def ensure(self) -> str:\n"
    sick = sdk_with("tracing.py", head, head + "        return len(None)\n")
    run = run_checks(sick, wanted=["transport.trace-context-makes-one-id"])
    assert result(run, "transport.trace-context-makes-one-id").outcome is Outcome.BROKEN
    assert "the SDK raised TypeError" in result(run, "transport.trace-context-makes-one-id").reason


def test_an_sdk_without_a_capability_is_not_applicable(sdk_with) -> None:
    head = "        telemetry_hook: TelemetryHook | None = None,\n    ) -> ExportWaitResult:"
    bare = "    ) -> ExportWaitResult:\n        telemetry_hook = None"
    sick = sdk_with("clients/exports_client.py", head, bare)
    run = run_checks(sick, wanted=["polling.telemetry-tells-each-poll", "polling.created-to-ready"])
    assert result(run, "polling.telemetry-tells-each-poll").outcome is Outcome.NOT_APPLICABLE
    assert result(run, "polling.created-to-ready").outcome is Outcome.KEPT


def test_a_sleep_captured_at_import_is_still_virtual(sdk_with) -> None:
    quick = sdk_with("clients/exports_client.py", "import time\n", "import time\nfrom time import sleep as nap\n")
    file = quick.paths[0] / PACKAGE / "clients/exports_client.py"
    file.write_text(file.read_text().replace("time.sleep(interval)", "nap(interval)"))
    run = run_checks(quick, wanted=["polling.created-to-ready", "polling.interval-is-kept"])
    assert [check.outcome for check in run.checks] == [Outcome.KEPT, Outcome.KEPT]


def test_the_worst_is_heard_first_and_what_takes_long_comes_last(prepared: Prepared) -> None:
    wanted = [
        "cache.hits-share-one-object",
        "cache.holds-in-any-order",
        "transport.connect-timeout-is-kept",
        "cache.repeats-are-served",
        "transport.certificates-are-verified",
    ]
    heard: list[str] = []
    run_checks(prepared, wanted=wanted, hear=lambda result: heard.append(result.id))
    severity = {promise.id: promise.severity for promise in PROMISES}
    assert [severity[id].value for id in heard[:3]] == ["critical", "major", "minor"]
    assert heard[3:] == ["cache.holds-in-any-order", "cache.hits-share-one-object"]
