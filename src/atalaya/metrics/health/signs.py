"""The signs of the SDK's health, a row each: they stand beside the five metrics, and decide nothing of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from atalaya.core.words import N_, Text, text
from atalaya.records.judged import HealthSign, HealthState
from atalaya.records.stored import Environment, Severity


class HealthSignDefinition(NamedTuple):
    """One sign: what it is called, and the incident that opens when it is over its limit at a checkpoint.

    Without a severity none opens: it is shown only.
    """

    title: str
    severity: Severity | None = None
    says: str = ""


READY_LATENCY, RETRIES, FAILED_ENDS, START_FAILURES = "ready-latency", "retries", "failed-ends", "start-failures"
COMPAT_PYTHON, COMPAT_DEPENDENCIES = "compat-python", "compat-dependencies"
PUBLISHED_FILES, PUBLIC_API = "published-files", "public-api"

SIGNS: dict[str, HealthSignDefinition] = {
    READY_LATENCY: HealthSignDefinition(
        N_("Time from CREATED to READY"),
        Severity.MINOR,
        N_("Waits surely take longer to end READY than in the last accepted release, by more than the limit."),
    ),
    RETRIES: HealthSignDefinition(
        N_("Retries for each request"),
        Severity.MINOR,
        N_("Requests are surely sent again more often than in the last accepted release."),
    ),
    FAILED_ENDS: HealthSignDefinition(
        N_("Waits that end FAILED"),
        Severity.MAJOR,
        N_("Within the hours of the limit, surely more waits end FAILED than it allows."),
    ),
    START_FAILURES: HealthSignDefinition(
        N_("Import and first client"),
        Severity.MAJOR,
        N_("On one Python version, the SDK surely fails to be imported or a client of it to be built too often."),
    ),
    COMPAT_PYTHON: HealthSignDefinition(
        N_("In a fresh environment"),
        Severity.MAJOR,
        N_("On one of the Pythons that were named, the SDK cannot be installed, imported, or a client of it be built."),
    ),
    COMPAT_DEPENDENCIES: HealthSignDefinition(
        N_("With other dependencies"),
        Severity.MINOR,
        N_("With the lowest or the highest versions that it allows of what it depends on, the SDK does not start."),
    ),
    PUBLISHED_FILES: HealthSignDefinition(
        N_("sdist and wheel"),
        Severity.MINOR,
        N_("The index lacks an sdist or a wheel, and the last accepted release had one."),
    ),
    PUBLIC_API: HealthSignDefinition(N_("Public API")),
}

# What a sign is about, beside a version of Python.
ABOUT: dict[str, str] = {
    Environment.SERVICE.value: N_("against a real service, on its real clock"),
    "lowest": N_("the lowest versions"),
    "highest": N_("the highest versions"),
}


def about_of(sign: HealthSign) -> Text | None:
    """What a sign is about, in words; None where there is only one of its kind."""
    if not sign.about:
        return None
    return Text(template=ABOUT[sign.about]) if sign.about in ABOUT else text("Python {version}", version=sign.about)


NOTHING = text("Nothing was recorded.")
NO_BASIS = text("No accepted release before this one has recorded it: there is nothing to compare with.")


def sign(id: str, state: HealthState, said: Text, allowed: Text, reason: Text, **more: Any) -> HealthSign:
    """A sign of the table, as it stands against what is ``allowed``."""
    title = Text(template=SIGNS[id].title)
    return HealthSign(id=id, title=title, state=state, text=said, limit=allowed, reason=reason, **more)
