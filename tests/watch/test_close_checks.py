"""Tests that what hinders the end of a watch is said with a command that is not refused."""

from __future__ import annotations

import re
from datetime import timedelta

from msgspec.structs import replace

from atalaya.core.window import ends_at
from atalaya.watch.close_checks import hinders
from atalaya.watch.states import INCIDENT, OVER, is_allowed
from tests.site import example


def test_the_state_that_is_named_for_an_incident_may_follow_the_one_that_it_has() -> None:
    judgement = example.judgement(incidents=True)
    incident, now = judgement.incidents[0], ends_at(judgement.release) + timedelta(hours=1)
    for state in {step.before for step in INCIDENT} - {"", *OVER}:
        (says,) = hinders(replace(judgement, incidents=(replace(incident, state=state),)), now=now, early=False)
        named = re.search(rf"incident {incident.id} --release {judgement.release.version} --state (\w+) --why", says)
        assert named is not None
        assert is_allowed(INCIDENT, state, named[1])
