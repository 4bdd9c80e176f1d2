"""The JSON Schema of what ``atalaya fleet --json`` prints, made from the types that it is written by."""

from __future__ import annotations

from typing import Any

import msgspec

from atalaya.records.fleet import SCHEMA, Fleet

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document() -> dict[str, Any]:
    """The schema, with its parts in ``$defs``.

    >>> document()["properties"]["schema"]
    {'const': 'atalaya.fleet/1'}
    """
    _, parts = msgspec.json.schema_components([Fleet], ref_template="#/$defs/{name}")
    whole = parts.pop(Fleet.__name__)
    # What has a default in the code stands in every document all the same.
    defined = {name: _whole(part) for name, part in sorted(parts.items())}
    properties = whole["properties"] | {"schema": {"const": SCHEMA}}
    return {
        "$schema": DIALECT,
        "$id": "urn:atalaya:fleet:1",
        **_whole(whole),
        "title": "The releases of a fleet",
        "properties": properties,
        "$defs": defined,
    }


def _whole(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"required": sorted(part["properties"])} if "properties" in part else part
