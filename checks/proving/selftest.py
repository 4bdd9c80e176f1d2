"""What did the last whole self-test find, and when?

``prove`` leaves its result in the tree, so that a site that is built without the SDK can say of each promise
when it was last seen red, and by what.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from checks.errors import UsageError
from checks.proving.prove import Caught, Proven
from checks.records import Record

SCHEMA = "atalaya.self-test/1"
FILE = Path("reference") / "self-test.json"  # below docs/


class SelfTest(Record, frozen=True, kw_only=True):
    """One whole ``prove``: when, on which Python, against which source of the reference SDK, and what was caught.

    ``to_all`` is False where each defect was shown only to the promises that it should turn red.
    """

    made_at: datetime
    python: str
    subject_digest: str
    proven: Proven
    to_all: bool
    schema: str = SCHEMA

    def turned_red(self, promise: str) -> tuple[Caught, ...]:
        """The defects that turned one promise red."""
        return tuple(caught for caught in self.proven.defects if promise in caught.caught_by)


def read(docs: Path) -> SelfTest | None:
    """The self-test that lies in the tree; None where there is none yet.

    :raises UsageError: the file is there, and is not what ``prove`` writes.
    """
    path = docs / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=SelfTest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as why:
        raise UsageError(f"{path}: this is no self-test: {why}. Write it anew: nox -s prove") from None


def encoded(selftest: SelfTest) -> str:
    """The file's text: one line for each defect would be lost in a diff, so each field has its own."""
    return msgspec.json.format(msgspec.json.encode(selftest), indent=1).decode() + "\n"
