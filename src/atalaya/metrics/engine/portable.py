"""Translates a question for Spark, and refuses what two databases do not answer alike.

SQLGlot passes on what it does not know, and translates some functions into others that answer differently. So the tree
of a parsed text is held against a list of what was tried on both: the functions, the types of casts, the units of time,
and what a pattern may hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

# By the names that SQLGlot gives them. CAST, CASE, AND and the like are functions to it, too.
FUNCTIONS = frozenset(
    {
        "AND",
        "ARRAY_CONTAINS",  # list_contains
        "CASE",
        "CAST",
        "COALESCE",
        "COUNT",
        "DATEDIFF",
        "DENSE_RANK",
        "EXPLODE",  # unnest, one in a query
        "FLOOR",
        "HASH",  # another number on each: it may say which rows to look at, and never be an answer
        "IF",  # one WHEN of a CASE
        "LEAST",
        "LENGTH",
        "LOWER",
        "MAX",
        "MIN",
        "NULLIF",
        "OR",
        "REGEXP_REPLACE",
        "ROW_NUMBER",
        "SUBSTRING",
        "SUM",
        "TRANSLATE",
        "UNNEST",
    }
)
TYPES = frozenset({"BIGINT", "DOUBLE", "TIMESTAMPTZ", "VARCHAR", "VARCHAR[][]"})
# What a pattern may not hold: these stand for other characters in RE2 than in Java, or for another end.
UNLIKE = re.compile(r"\$|\\[sSwWdDbBhHvVRXGZpP]|\(\?|[*+?}]\+")


class NotPortable(Exception):
    """A text holds what two databases do not answer alike."""


def translate(sql: str, parameters: Mapping[str, Any]) -> str:
    """A question as Spark runs it, with its parameters as ``:name``. A list is handed over as JSON.

    :raises NotPortable: it holds what Spark would answer otherwise, or not at all.
    """
    return _translated(sql, frozenset(name for name, value in parameters.items() if isinstance(value, list)))


@lru_cache(maxsize=1024)
def _translated(sql: str, lists: frozenset[str]) -> str:
    tree = parsed(sql)
    if found := sorted({*unportable(tree), *_named_twice(tree)}):
        raise NotPortable(f"it holds what engines do not answer alike: {', '.join(found)}")
    for parameter in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        if parameter.name in lists:
            parameter.replace(_from_json(parameter))
    for step in tree.find_all(exp.CTE):
        step.set("materialized", None)  # Spark has no word for it, and plans all steps together
    try:
        text: str = tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, comments=False)
    except SqlglotError as why:
        raise NotPortable(str(why)) from why
    return text


def parsed(sql: str) -> exp.Expr:
    """The tree of a question.

    :raises NotPortable: it cannot be parsed.
    """
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as why:
        raise NotPortable(f"it cannot be parsed: {why}") from why


def _from_json(parameter: exp.Expr) -> exp.Expr:
    """A list as its JSON says it, with a type that also an empty one has."""
    cast = parameter.parent
    depth = cast.to.sql("duckdb").count("[]") if isinstance(cast, exp.Cast) else 1
    shape = "ARRAY<" * depth + "STRING" + ">" * depth
    return exp.Anonymous(this="FROM_JSON", expressions=[parameter.copy(), exp.Literal.string(shape)])


def unportable(tree: exp.Expr) -> Iterator[str]:
    """What a tree holds that is not among what both databases answer alike, a phrase each."""
    for node in tree.walk():
        if isinstance(node, exp.Func) and not isinstance(node, exp.JSONExtract):
            name = node.name.upper() if isinstance(node, exp.Anonymous) else node.sql_name()
            if name not in FUNCTIONS:
                yield f"the function {name}"
        yield from _of_kind(node)


def _named_twice(tree: exp.Expr) -> Iterator[str]:
    """The steps of one name: Spark is given all of them side by side, however they stood within each other."""
    names = Counter(step.alias.lower() for step in tree.find_all(exp.CTE))
    yield from (f"two steps of the name {name}" for name, times in names.items() if times > 1)


def _of_kind(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Cast):
        yield from _in_cast(node)
    elif isinstance(node, exp.DateDiff | exp.TimestampDiff):
        if str(node.args.get("unit")).upper() != "MICROSECOND":
            yield "a difference of times in another unit than microseconds"
    elif isinstance(node, exp.RegexpReplace):
        yield from _in_pattern(node)
    elif isinstance(node, exp.Div):
        if not (isinstance(node.expression, exp.Nullif) or (node.expression.is_number and node.expression.to_py())):
            yield "a division by what may be zero"
    elif isinstance(node, exp.Select):
        if len([one for one in node.expressions if one.find(exp.Explode, exp.Unnest)]) > 1:
            yield "two lists that are unnested beside each other"
    elif isinstance(node, exp.Qualify | exp.JSONExtract | exp.Collate | exp.Interval):
        yield f"{type(node).__name__.upper()}"


def _in_cast(node: exp.Cast) -> Iterator[str]:
    to = node.to.sql("duckdb").replace("TEXT", "VARCHAR")
    if to not in TYPES or isinstance(node, exp.TryCast):
        yield f"a cast to {to}"
    if to == "BIGINT" and not isinstance(node.this, exp.Floor) and node.this.find(exp.Div):
        yield "a cast that rounds"


def _in_pattern(node: exp.RegexpReplace) -> Iterator[str]:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        yield "a pattern that is computed"
    elif found := UNLIKE.search(pattern.name):
        yield f"{found[0]} in a pattern"
    modifiers = node.args.get("modifiers")
    if modifiers is None and isinstance(pattern, exp.Literal) and not re.search(r"^\^|\\z$", pattern.name):
        yield "a pattern that is replaced once, and is not bound to an end"
    elif modifiers is not None and modifiers.name != "g":
        yield f"the modifiers {modifiers.name} of a pattern"
