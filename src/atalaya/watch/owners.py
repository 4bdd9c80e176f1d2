"""Says who an incident or a metric belongs to, and what its level asks of the team.

By ``[owners]`` and ``[actions]`` of ``watch.toml``: they change no verdict.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from atalaya.core.settings import ActionSettings, Settings
from atalaya.core.words import Text, sentence, text
from atalaya.records.judged import Incident, Judgement, Metric
from atalaya.records.stored import IncidentStep, Severity
from atalaya.watch.states import OVER


def owners_of(severity: Severity, about: Iterable[str], settings: Settings) -> tuple[str, ...]:
    """The owners of what is hurt, by its metrics and families; where they have none, that of the severity.

    >>> settings = Settings(owners=(("stale-cache", "@ana"), ("critical", "@on-call")))
    >>> owners_of(Severity.CRITICAL, ["stale-cache", "cache"], settings), owners_of(Severity.CRITICAL, [], settings)
    (('@ana',), ('@on-call',))
    """
    of = dict(settings.owners)
    named = tuple(dict.fromkeys(of[name] for name in about if name in of))
    return named or ((of[severity.value],) if severity.value in of else ())


def owners_of_incident(one: Incident | IncidentStep, settings: Settings) -> tuple[str, ...]:
    return owners_of(one.severity, (one.metric, *one.about), settings)


def owners_of_metric(metric: Metric, settings: Settings) -> tuple[str, ...]:
    severity = Severity.CRITICAL if metric.critical else Severity.MAJOR
    return owners_of(severity, [metric.id], settings)


def action_of(severity: Severity, settings: Settings) -> Text:
    """What the team does while an incident of a severity is open."""
    level = "critical" if severity is Severity.CRITICAL else "warning"
    action = getattr(settings.actions, level)
    # What a team wrote is no sentence of ours: it is not translated, and it is escaped.
    return sentence(action) if action == getattr(ActionSettings(), level) else text("{action}", action=action)


def due_of(one: Incident | IncidentStep, settings: Settings) -> Text:
    """Who an incident belongs to, and what is to be done, in a line."""
    owners, action = ", ".join(owners_of_incident(one, settings)), action_of(one.severity, settings)
    return text("{action} Owner: {owner}.", action=action, owner=owners) if owners else action


def due_now(incidents: Sequence[Incident | IncidentStep], settings: Settings) -> Text | None:
    """What the worst open incident asks for, and of whom; None where none is open."""
    ranks = list(Severity)
    still = [one for one in incidents if one.state not in OVER]
    return due_of(min(still, key=lambda one: ranks.index(one.severity)), settings) if still else None


def named_for_nothing(settings: Settings, judgement: Judgement) -> Iterator[tuple[str, str]]:
    """The keys of ``[owners]`` that are no metric, family or severity, each with the nearest that is one."""
    families = {one.promise.contract for one in judgement.promises}
    known = [*(one.id for one in judgement.metrics), *sorted(families), *(str(one.value) for one in Severity)]
    for name, _ in settings.owners:
        if name not in known:
            yield name, next(iter(difflib.get_close_matches(name, known, 1, cutoff=0)), "")
