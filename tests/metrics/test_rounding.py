"""With how many digits a number is printed."""

from __future__ import annotations

import pytest

from atalaya.metrics.stats.rounding import rates, shares, threshold_share


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5,), ["50.0%"]),
        ((0.95, 0.9501), ["95.00%", "95.01%"]),
        ((0.95, 0.95001), ["95.0000%", "95.0010%"]),
        ((0.95, 0.950000001), ["95.000000000%", "95.000000100%"]),
        ((0.5, 0.5 + 1e-15), ["50.000000000%"] * 2),
        ((0.0001,), ["0.01%"]),
        ((0.0, 0.5), ["0.0%", "50.0%"]),
    ],
)
def test_shares_have_the_fewest_digits_that_keep_them_apart(values: tuple[float, ...], expected: list[str]) -> None:
    assert [str(share) for share in shares(*values)] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.004,), ["0.0040"]), ((0.00001,), ["0.000010"]), ((1e-9,), ["0.000000001000"]), ((1e-15,), ["0.000000000000"])],
)
def test_a_rate_above_zero_is_printed_as_one_where_twelve_digits_can(
    values: tuple[float, ...], expected: list[str]
) -> None:
    assert [str(rate) for rate in rates(*values)] == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.95, "95%"), (0.999, "99.9%"), (0.9995, "99.95%"), (0.99999, "99.999000000%")]
)
def test_a_threshold_has_the_digits_that_somebody_wrote(value: float, expected: str) -> None:
    assert str(threshold_share(value)) == expected
