"""The interface of the machine for the checks of a pack."""

from __future__ import annotations

from atalaya.core.errors import HarnessError
from atalaya.harness.fault_plan import NO_FAULTS, FaultPlan
from atalaya.harness.fixture import Attempt, CheckContext, Sdk, short, without_variables, words
from atalaya.harness.marks import limitation, promise
from atalaya.harness.outcomes import Answer, Broken, CannotTell, NotApplicable, describe, require
from atalaya.harness.ports import closed_port, deaf_port
from atalaya.harness.roads import Road, Settings, Table, Taken
from atalaya.harness.smoke import Smoke, attempt, retries_in
from atalaya.mock_server.control import Scope, Seen
from atalaya.mock_server.scenario import TOGETHER_S, Step
from atalaya.mock_server.tls import AUTHORITY, TLS_FAULTS, TRUSTED
from atalaya.records.stored import EventKind
from atalaya.sdk.adapter import Vocabulary
from atalaya.sdk.binding import (
    Capability,
    Lacking,
    exists,
    has_field,
    has_method,
    is_argument,
    native,
    package,
    resolve,
    takes,
)
from atalaya.sdk.wire_names import WireKind

__all__ = [
    "AUTHORITY",
    "NO_FAULTS",
    "TLS_FAULTS",
    "TOGETHER_S",
    "TRUSTED",
    "Answer",
    "Attempt",
    "Broken",
    "CannotTell",
    "Capability",
    "CheckContext",
    "EventKind",
    "FaultPlan",
    "HarnessError",
    "Lacking",
    "NotApplicable",
    "Road",
    "Scope",
    "Sdk",
    "Seen",
    "Settings",
    "Smoke",
    "Step",
    "Table",
    "Taken",
    "Vocabulary",
    "WireKind",
    "attempt",
    "closed_port",
    "deaf_port",
    "describe",
    "exists",
    "has_field",
    "has_method",
    "is_argument",
    "limitation",
    "native",
    "package",
    "promise",
    "require",
    "resolve",
    "retries_in",
    "short",
    "takes",
    "without_variables",
    "words",
]
