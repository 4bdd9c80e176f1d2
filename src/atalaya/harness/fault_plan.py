"""A plan of network faults to inject into the smoke's loopback service.

A smoke on loopback has a network without faults, unless it is told of some: which request of which wait, and which
of the named faults of :mod:`atalaya.mock_server.faults`. They really happen, on real sockets.
"""

from __future__ import annotations

from collections.abc import Sequence

from atalaya.core.words import Record
from atalaya.mock_server.faults import FAULTS
from atalaya.mock_server.scenario import Step


class FaultInjection(Record, frozen=True, kw_only=True):
    """One request that the network spoils.

    ``wait`` counts the smoke's waits from 0. ``request`` is 0 for the GET before the wait, and above that the
    number of the poll. ``times`` is how often in a row: once is overcome by a second try, twice is not.

    >>> FaultInjection(wait=0, request=1, fault="earthquake")
    Traceback (most recent call last):
    ...
    ValueError: FaultInjection: no fault is named 'earthquake'
    """

    wait: int
    request: int
    fault: str = "close"
    times: int = 1

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"FaultInjection: no fault is named {self.fault!r}")
        if self.wait < 0 or self.request < 0 or self.times < 1:
            raise ValueError(
                f"FaultInjection: wait {self.wait}, request {self.request}, {self.times} times: waits and requests are "
                f"counted from 0, and it happens once at least"
            )


class FaultPlan(Record, frozen=True, kw_only=True):
    """All that the network does to one smoke, and its service.

    ``slower`` is how many more polls the service needs before a wait can end, and ``failed`` are the waits, counted
    from 0, that end FAILED.
    """

    gusts: tuple[FaultInjection, ...] = ()
    slower: int = 0
    failed: tuple[int, ...] = ()

    def spoiled(self, wait: int, life: Sequence[str]) -> tuple[Step, ...]:
        """The life that one wait meets, with what the network does to it.

        >>> steps = FaultPlan(gusts=(FaultInjection(wait=3, request=1),)).spoiled(3, ("CREATED", "READY"))
        >>> [(step.state, step.fault) for step in steps]
        [('CREATED', None), ('READY', 'close'), ('READY', None)]
        >>> [step.state for step in FaultPlan(slower=1, failed=(0,)).spoiled(0, ("CREATED", "READY"))]
        ['CREATED', 'CREATED', 'FAILED']
        """
        met = [*[life[0]] * self.slower, *life[:-1], "FAILED" if wait in self.failed else life[-1]]
        steps: list[Step] = []
        for number, state in enumerate(met):
            for gust in self.gusts:
                if (gust.wait, gust.request) == (wait, number):
                    steps += [Step(state=state, fault=gust.fault)] * gust.times
            steps.append(Step(state=state))
        return tuple(steps)


NO_FAULTS = FaultPlan()
