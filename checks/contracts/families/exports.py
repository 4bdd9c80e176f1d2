"""What does the SDK promise about asking for an export, and about fetching one?"""

from __future__ import annotations

from checks.records import Promise, Statement, Weakness

PROMISES: tuple[Promise, ...] = ()

# What the contract says, a sentence a row, and the promise that tests it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = ()

# Beyond the contract: shown, and fed to the backlog.
WEAKNESSES: tuple[Weakness, ...] = ()
