"""Has every check been seen red, for the defect that it is there for?"""

from pathlib import Path

import pytest

from checks.contracts.promises import BY_ID as PROMISES
from checks.errors import HarnessError
from checks.proving.defects import DEFECTS, Defect, plant
from checks.proving.prove import REFERENCE, catch
from checks.subject.environment import Prepared


def test_every_promise_has_a_defect_that_should_turn_it_red() -> None:
    assert set(PROMISES) == {id for defect in DEFECTS for id in defect.expected}


def test_no_two_defects_have_one_id() -> None:
    assert len(DEFECTS) == len({defect.id for defect in DEFECTS})


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.id for defect in DEFECTS])
def test_a_defect_turns_red_what_it_should(defect: Defect, prepared: Prepared) -> None:
    assert set(defect.expected) == set(catch(defect, prepared, wanted=defect.expected).caught_by)


def test_a_defect_that_misses_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="stands 0 times"):
        plant(DEFECTS[0]._replace(old="not there"), REFERENCE, tmp_path)
