"""One environment with the bundled SDK for all tests that run the checks."""

from collections.abc import Iterator

import pytest

from checks.subject.environment import Prepared, prepare


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    with prepare("") as made:
        yield made
