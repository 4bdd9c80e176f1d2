"""The JSON Schema of the records in a segment.

One JSON Schema for each kind of record, made from the types that the ledger itself decodes with. A row does not name
its kind, its file's name does: so a row is to be checked against the schema of that kind.
"""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from atalaya.records.stored import FORMAT, STORED

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document() -> dict[str, Any]:
    """All kinds in one document: ``$defs`` has one entry a kind, beside those of the words that they use.

    >>> sorted(document()["$defs"]["finding"]["required"])
    ['environment', 'occurred_at', 'reason', 'recorded_at', 'run_id', 'seen', 'weakness']
    """
    _, shared = msgspec.json.schema_components(STORED.values(), ref_template="#/$defs/{name}")
    kinds = {record.__name__: kind for kind, record in STORED.items()}
    definitions: dict[str, Any] = {}
    for name, schema in sorted(shared.items()):
        kind = kinds.get(name)
        definitions[kind or name] = _of_kind(kind, schema) if kind else schema
    return {
        "$schema": DIALECT,
        "$id": f"urn:atalaya:evidence:{FORMAT}",
        "title": "Records of Atalaya's ledger",
        "description": "A row of <kind>-<digest>-<time>.jsonl is a $defs/<kind>. Unknown fields are a newer version's.",
        "$defs": definitions,
    }


def _of_kind(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema["properties"]
    return schema | {
        "title": kind,
        "description": inspect.cleandoc(STORED[kind].__doc__ or ""),
        # A newer format is refused, whatever else stands in the record.
        "properties": properties | {"format": properties["format"] | {"minimum": 1, "maximum": FORMAT}},
    }
