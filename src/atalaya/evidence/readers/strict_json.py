"""Parses strict JSON, and rejects duplicate member names.

Two members of one name can hide a failure, since most readers take the last: such a document is refused, and
so is what is no JSON at all, such as NaN.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn


class NotStrict(Exception):
    """The text is not JSON. ``at_byte`` is where, if that is known."""

    def __init__(self, why: str, at_byte: int | None = None) -> None:
        super().__init__(why)
        self.at_byte = at_byte


class SaidTwice(NotStrict):
    """It is JSON, and which of two things it says is anybody's guess."""


def decoded(content: bytes) -> Any:
    """The document.

    :raises NotStrict: it is none.
    """
    try:
        return _STRICT.decode(content.decode("utf-8"))
    except json.JSONDecodeError as why:
        before = why.doc[: why.pos].encode("utf-8", "surrogatepass")
        raise NotStrict(f"neither XML nor JSON: {why.msg} (line {why.lineno})", len(before)) from None
    except UnicodeDecodeError as why:
        raise NotStrict(f"not UTF-8 at byte {why.start}", why.start) from None
    except RecursionError:
        raise NotStrict("JSON that is nested too deep to be read") from None


def first(text: str) -> Any:
    """The document that a text begins with, whatever follows it.

    :raises NotStrict: it begins with none.
    """
    try:
        return _STRICT.raw_decode(text)[0]
    except json.JSONDecodeError as why:
        raise NotStrict(f"not JSON: {why.msg} (line {why.lineno})") from None
    except RecursionError:
        raise NotStrict("JSON that is nested too deep to be read") from None


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise SaidTwice(f"JSON in which {twice[:100]!r} stands twice in one object: one of them would be lost")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotStrict(f"{name} is not JSON")


def _whole(digits: str) -> int | float:
    """A whole number; one of more digits than any count has is as good as a float."""
    return int(digits) if len(digits) <= 100 else float(digits)


_STRICT = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant, parse_int=_whole)
