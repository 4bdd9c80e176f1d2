"""Draws a table of states as a diagram that always agrees with the table.

States stand one below the other, in the order in which they come up; a step down leaves on the right, a step back on
the left. The picture takes its colours from the page. The same steps stand beside it as a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.watch.states import NEW, Step, states

WIDTH, NODE_WIDTH, NODE_HEIGHT, PITCH, TOP = 340, 124, 30, 58, 34


def machine(table: Sequence[Step], names: dict[str, str], *, title: str, says: str) -> Markdown:
    """Inline SVG of a table of states. ``names`` are what the states are called in the reader's language."""
    order = states(table)
    height = TOP + PITCH * len(order)
    named = f'aria-labelledby="{_id(title)}-t {_id(title)}-d"'
    parts = [
        f'<svg class="machine" viewBox="0 0 {WIDTH} {height}" role="img" {named} xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{_id(title)}-t">{escape(title)}</title><desc id="{_id(title)}-d">{escape(says)}</desc>',
        *_steps(table, order),
        *(_node(names[state], number) for number, state in enumerate(order)),
        "</svg>",
    ]
    return myst.raw_html(parts)


def _id(title: str) -> str:
    return "machine-" + "".join(sign for sign in title.lower() if sign.isascii() and sign.isalnum())


def _y(number: int) -> float:
    return TOP + PITCH * number + NODE_HEIGHT / 2


def _node(name: str, number: int) -> str:
    left, top = (WIDTH - NODE_WIDTH) / 2, _y(number) - NODE_HEIGHT / 2
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="15"/>'
        f'<text x="{WIDTH / 2:g}" y="{_y(number) + 4.5:g}" text-anchor="middle">{escape(name)}</text>'
    )


def _steps(table: Sequence[Step], order: Sequence[str]) -> Iterator[str]:
    middle, half = WIDTH / 2, NODE_WIDTH / 2
    seen = {(step.before, step.after) for step in table}
    for before, after in sorted(seen):
        to = order.index(after)
        if before == NEW:
            top = _y(to) - NODE_HEIGHT / 2
            x = middle if to == 0 else middle - 40
            yield _arrow(f"M{x:g} {top - 18:g}V{top:g}", x, top, 0, 1)
            continue
        at = order.index(before)
        if at == to:
            x, y = middle - half, _y(at)
            yield _arrow(f"M{x:g} {y - 7:g}c-34 -12 -34 26 0 14", x, y + 7, 1, 0)
        elif to == at + 1:
            top = _y(to) - NODE_HEIGHT / 2
            yield _arrow(f"M{middle:g} {_y(at) + NODE_HEIGHT / 2:g}V{top:g}", middle, top, 0, 1)
        else:
            side = 1 if to > at else -1
            bulge = side * (14 + 17 * abs(to - at))
            x, start, end = middle + side * half, _y(at) + 6 * side, _y(to) - 6 * side
            yield _arrow(
                f"M{x:g} {start:g}C{x + bulge:g} {start:g} {x + bulge:g} {end:g} {x:g} {end:g}", x, end, -side, 0
            )


def _arrow(path: str, x: float, y: float, dx: int, dy: int) -> str:
    """A line, and a head that ends in (x, y) and points along (dx, dy)."""
    back_x, back_y = x - 7 * dx, y - 7 * dy
    head = f"M{x:g} {y:g}L{back_x + 3.5 * dy:g} {back_y + 3.5 * dx:g}L{back_x - 3.5 * dy:g} {back_y - 3.5 * dx:g}Z"
    return f'<path d="{path}"/><path class="head" d="{head}"/>'
