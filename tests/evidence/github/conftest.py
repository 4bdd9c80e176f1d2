"""One stand-in for GitHub a test, and retries that do not wait."""

from collections.abc import Iterator

import pytest
import stamina

from atalaya.evidence.github.client import TRIES
from tests.evidence.github.stand_in import StandIn, serving


@pytest.fixture
def github() -> Iterator[StandIn]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=TRIES):
        yield
