"""The run of the checks against an SDK that could not even be prepared: one promise is broken, or all are unknown."""

from __future__ import annotations

import platform
import uuid
from datetime import UTC, datetime

from atalaya.core.errors import AtalayaError, BrokenSubject
from atalaya.harness.missing_results import without_sdk
from atalaya.harness.pack import Pack
from atalaya.records.results import CheckResult, CheckRun, FindingResult, Host, Subject


def run_without_sdk(pack: Pack, why: AtalayaError, *, subject: Subject, wanted: tuple[str, ...] = ()) -> CheckRun:
    """What is known of each promise, and of each limitation, where an SDK could not be installed or imported.

    :param why: a :class:`BrokenSubject` breaks the promise of the pack that is about it; anything else breaks none.
    :param wanted: the ids asked for; none means all. A promise that is broken is told of in any case.
    """
    broken, python, start_error = "", "", None
    if isinstance(why, BrokenSubject):
        broken, python, start_error = pack.imports if why.imports else pack.installs, why.python, str(why)
    ids = [*pack.promise, *(one.id for one in pack.limitations)]
    results = [without_sdk(pack, id, str(why), broken=broken) for id in ids if not wanted or id in (*wanted, broken)]
    return CheckRun(
        run_id=uuid.uuid4().hex,
        subject=subject,
        host=Host(
            python=python or platform.python_version(),
            implementation=platform.python_implementation(),
            os=f"{platform.system()} {platform.release()}, {platform.machine()}",
            freeze=(),
        ),
        started_at=datetime.now(UTC),
        duration_s=0.0,
        checks=tuple(one for one in results if isinstance(one, CheckResult)),
        findings=tuple(one for one in results if isinstance(one, FindingResult)),
        start_error=start_error,
    )
