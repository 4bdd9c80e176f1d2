"""Do the checks judge an SDK that is not the bundled one, installed as a user would install it?"""

from pathlib import Path

from checks.contracts.run import run_checks
from checks.records import CheckRun, Outcome
from checks.subject.environment import prepare
from tests.other_sdks import build


def checked(project: Path) -> CheckRun:
    with prepare(str(project)) as prepared:
        return run_checks(prepared)


def not_kept(run: CheckRun) -> dict[str, Outcome]:
    return {check.id: check.outcome for check in run.checks if check.outcome is not Outcome.KEPT}


def test_a_healthy_one_on_requests_keeps_every_promise(tmp_path: Path) -> None:
    run = checked(build.on_requests(tmp_path))
    assert not_kept(run) == {}
    assert any(name.startswith("requests==") for name in run.host.freeze)
    assert not any(name.startswith("httpx==") for name in run.host.freeze)


def test_a_hard_coded_fallback_address_is_found(tmp_path: Path) -> None:
    run = checked(build.with_defect(tmp_path, "fallback-address"))
    broken = not_kept(run)
    assert broken["config.no-fallback"] is Outcome.BROKEN
    reason = next(check.reason for check in run.checks if check.id == "config.no-fallback")
    assert "https://api.aris3.example" in reason
    assert all(id.startswith("config.") for id in broken)


def test_the_same_sdk_packaged_elsewhere_keeps_every_promise(tmp_path: Path) -> None:
    assert not_kept(checked(build.healthy(tmp_path))) == {}
