"""All that the checks of a pack may use of the machine: one door, and nothing of its own behind it."""

from __future__ import annotations

from checks.contracts.judging import Answer, Broken, CannotTell, NotApplicable, describe, require
from checks.contracts.lab import Attempt, Lab, Sdk, short, without_variables, words
from checks.contracts.marks import limitation, promise
from checks.contracts.smoke import Smoke, attempt
from checks.contracts.weather import CALM, Weather
from checks.errors import HarnessError
from checks.records import EventKind
from checks.service.client import Scope, Seen
from checks.service.life import Step
from checks.service.tls import AUTHORITY, TLS_FAULTS, TRUSTED
from checks.subject.adapter import Vocabulary
from checks.subject.capabilities import (
    Capability,
    Lacking,
    exists,
    has_field,
    has_method,
    is_argument,
    own,
    package,
    resolve,
    takes,
)

__all__ = [
    "AUTHORITY",
    "CALM",
    "TLS_FAULTS",
    "TRUSTED",
    "Answer",
    "Attempt",
    "Broken",
    "CannotTell",
    "Capability",
    "EventKind",
    "HarnessError",
    "Lab",
    "Lacking",
    "NotApplicable",
    "Scope",
    "Sdk",
    "Seen",
    "Smoke",
    "Step",
    "Vocabulary",
    "Weather",
    "attempt",
    "describe",
    "exists",
    "has_field",
    "has_method",
    "is_argument",
    "limitation",
    "own",
    "package",
    "promise",
    "require",
    "resolve",
    "short",
    "takes",
    "without_variables",
    "words",
]
