"""Reads the ``.sql`` files: the text of a question, the steps that it needs, and the views that it reads from.

Over each table lie three views, each over the one before it: what a watch of this kind knows, what of it belongs to the
window, and of that what counts. A question that reads from ``counted_events`` has all three in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.records.stored import Evidence

HERE = Path(__file__).parents[1]  # the folder of the questions

RECORDED = "recorded"
VIEWS = (RECORDED, "window", "counted")

# A step that a question needs is computed once an instant, whichever questions need it; one that it reads is only
# written down once.
NEEDS = re.compile(r"^-- (needs|reads): (\w+)$", re.MULTILINE)
READ = "{name} AS NOT MATERIALIZED (\n{sql})"


@dataclass(frozen=True)
class Question:
    """A question as it is run: its text, the steps that it needs, the text of the views and steps that it reads, and
    the names of the parameters of all of them."""

    sql: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    names: frozenset[str]

    def over(self, steps: Mapping[str, str]) -> str:
        """The text to run.

        :param steps: what to read the rows of each step that it needs by.
        """
        needed = [READ.format(name=name, sql=steps[name]) for name in self.needs]
        return _with(self.sql, [*needed, *self.reads])


def sql_docstring(question: str | Path) -> str:
    """What a question counts, as the comment at its head says it.

    >>> sql_docstring("collection").splitlines()[0]
    'Says how the newest collection of what GitHub knows ended: its reading of the list of runs, which is read only if'
    """
    lines = _file(question).read_text(encoding="utf-8").splitlines()
    head = takewhile(lambda line: line.startswith("-- ") and not NEEDS.match(line), lines)
    return "\n".join(line.removeprefix("-- ") for line in head)


@cache
def written(question: str | Path) -> Question:
    """A question of this folder by its name, or one of another place by its file."""
    sql = _text(question)
    needs: dict[str, None] = {}
    steps: dict[str, str] = {}
    _collect(sql, needs, steps)
    views = tuple(_views("\n".join((sql, *steps.values())), needs))
    reads = (*views, *(READ.format(name=name, sql=step) for name, step in steps.items()))
    names = names_in("\n".join((sql, *reads))).union(*(written(name).names for name in needs))
    return Question(sql, tuple(needs), reads, frozenset(names))


def names_in(sql: str) -> set[str]:
    """The names of the parameters that a text names.

    >>> sorted(names_in("at >= $t0 AND $rehearsal"))
    ['rehearsal', 't0']
    """
    return set(re.findall(r"\$(\w+)", sql))


def named(names: Collection[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that have these names, in order."""
    return {name: parameters[name] for name in sorted(names)}


def view(name: str, record: type[Evidence], table: str = "") -> str:
    """The text of one file of ``views/``, over the records of a kind in a table."""
    of_record = columns(record)
    text = (HERE / "views" / f"{name}.sql").read_text(encoding="utf-8")
    return text.format(
        columns=", ".join(f'"{column}"' for column in of_record),
        commit='"commit"' if "commit" in of_record else "''",
        records=table,
    )


def _file(question: str | Path) -> Path:
    return question if isinstance(question, Path) else HERE / f"{question}.sql"


def _text(question: str | Path) -> str:
    """The text of a question or of a step, which may be the records of a kind that a watch can have."""
    of_view, _, table = str(question).partition("_")
    if of_view == RECORDED and table in TABLES:
        return view(of_view, TABLES[table], table)
    return _file(question).read_text(encoding="utf-8")


def _collect(sql: str, needs: dict[str, None], reads: dict[str, str]) -> None:
    """Add the steps that a text names: those that it only reads after what they rest on in turn."""
    for how, name in NEEDS.findall(sql):
        if how == "needs":
            needs[name] = None
        elif name not in reads:
            step = _text(name)
            _collect(step, needs, reads)
            reads[name] = step


def _views(sql: str, needs: dict[str, None]) -> Iterator[str]:
    """The views over the tables that a text names, each before what reads it; the first of them is needed."""
    for table, record in TABLES.items():
        asked = [of_view for of_view in VIEWS if f" {of_view}_{table}\n" in sql]
        if asked:
            needs[f"{RECORDED}_{table}"] = None
        for of_view in VIEWS[1 : VIEWS.index(asked[-1]) + 1] if asked else ():
            # A view is no step that is computed once: what a query does not use of it is never read.
            yield READ.format(name=f"{of_view}_{table}", sql=view(of_view, record, table))


def _with(sql: str, steps: Sequence[str]) -> str:
    """A question with steps in front of it."""
    if not steps:
        return sql
    begins, with_, rest = sql.partition("\nWITH ")
    return f"{begins}\nWITH {', '.join((*steps, rest))}" if with_ else f"WITH {', '.join(steps)}\n{sql}"
