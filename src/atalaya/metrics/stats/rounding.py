"""Chooses how many digits to print, so that a printed comparison stays true.

"95.0 % is below 95.0 %" is what rounding makes of a true sentence. Numbers that are compared in one sentence
are printed together, with the fewest digits that keep apart what is apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from atalaya.core.words import Text, text

Printer = Callable[[float], Text]

_SHARES: Sequence[Printer] = (
    lambda value: text("{share:.1%}", share=value),
    lambda value: text("{share:.2%}", share=value),
    lambda value: text("{share:.4%}", share=value),
    lambda value: text("{share:.9%}", share=value),
)
_RATES: Sequence[Printer] = (
    lambda value: text("{rate:.4f}", rate=value),
    lambda value: text("{rate:.6f}", rate=value),
    lambda value: text("{rate:.12f}", rate=value),
)


def shares(*values: float) -> tuple[Text, ...]:
    """Shares as percentages, each with as many digits as the closest two need.

    >>> [str(share) for share in shares(0.95, 0.9)], [str(share) for share in shares(0.94996, 0.95)]
    (['95.0%', '90.0%'], ['94.9960%', '95.0000%'])
    """
    return _fewest_digits(_SHARES, values)


def rates(*values: float) -> tuple[Text, ...]:
    """Events for each trial; what is above zero is not printed as zero.

    >>> [str(rate) for rate in rates(0.004152, 0.005)], [str(rate) for rate in rates(0.00003)]
    (['0.0042', '0.0050'], ['0.000030'])
    """
    return _fewest_digits(_RATES, values)


def threshold_share(value: float) -> Text:
    """A share that somebody wrote down, with the digits that they wrote.

    >>> str(threshold_share(0.95)), str(threshold_share(0.9995))
    ('95%', '99.95%')
    """
    as_written = (
        (2, text("{share:.0%}", share=value)),
        (3, text("{share:.1%}", share=value)),
        (4, text("{share:.2%}", share=value)),
    )
    whole = (said for digits, said in as_written if round(value, digits) == value)
    return next(whole, text("{share:.9%}", share=value))


def _fewest_digits(printers: Sequence[Printer], values: Sequence[float]) -> tuple[Text, ...]:
    distinct = {*values, 0.0}
    for printer in printers:
        if len({str(printer(value)) for value in distinct}) == len(distinct):
            return tuple(printer(value) for value in values)
    return tuple(printers[-1](value) for value in values)
