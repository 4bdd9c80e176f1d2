"""Makes mutants of a source file by rule: small changes that no author chose.

A seeded defect is a fault that somebody had in mind. Mutants are made by rule, from the syntax tree, each of
them one change of the source text: what survives the checks shows where they do not look. Nothing is run here.
R. A. DeMillo, R. J. Lipton and F. G. Sayward, "Hints on Test Data Selection", Computer 11 (1978).
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# Named arguments that change no behaviour, and calls whose first argument is a sentence for a page: the catalogue of
# translations holds each of those, so a test of a module need not.
UNSEEN = ("repr", "description")
SENTENCES = ("N_", "text")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Mutant(NamedTuple):
    """One change of one file of the SDK: the bytes from ``start`` to ``end`` give way to ``new``.

    ``id`` holds no line number, so that it outlives a change elsewhere in the file. ``before`` and ``after``
    are the changed statement's text around the change, for people.
    """

    id: str
    file: str
    line: int
    operator: str
    before: str
    after: str
    start: int
    end: int
    new: str

    @property
    def change(self) -> str:
        """The change in one line."""
        return f"{self.before} → {self.after}" if self.after else f"{self.before} → (gone)"


def mutants_of(file: str, source: str) -> tuple[Mutant, ...]:
    """Every mutant of one source file, in the order of the text.

    >>> for mutant in mutants_of("a.py", "def f(n):\\n    return n > 0\\n"):
    ...     print(mutant.line, mutant.operator, "|", mutant.change)
    2 return | return n > 0 → return None
    2 compare | return n > 0 → return n >= 0
    2 compare | return n > 0 → return n <= 0
    2 number | return n > 0 → return n > 1
    2 number | return n > 0 → return n > -1
    """
    text = _Text(source)
    found: list[Mutant] = []
    used: Counter[str] = Counter()
    for node, scope in text.sites():
        for operator, make in OPERATORS.items():
            edits = [edit for edit in make(node, text) if text.takes(edit)]
            found.extend(_named(file, scope, operator, edit, text, used) for edit in edits)
    return tuple(sorted(found, key=lambda mutant: (mutant.start, -mutant.end)))


def all_mutants(package: Path, files: Iterable[str]) -> tuple[Mutant, ...]:
    """Every mutant of the SDK whose package folder is given, file by file."""
    return tuple(mutant for file in files for mutant in mutants_of(file, (package / file).read_text(encoding="utf-8")))


def applied(mutant: Mutant, source: str) -> str:
    """The source with the change in it.

    >>> source = "def f(n):\\n    return n > 0\\n"
    >>> applied(mutants_of("a.py", source)[1], source).splitlines()[1]
    '    return n >= 0'
    """
    held = source.encode()
    return (held[: mutant.start] + mutant.new.encode() + held[mutant.end :]).decode()


# ── the text and its tree ────────────────────────────────────────────────────


class _Edit(NamedTuple):
    start: int
    end: int
    new: str


class _Text:
    """A source file, its tree, and where in its bytes each node stands."""

    def __init__(self, source: str) -> None:
        self.bytes = source.encode()
        self.tree = ast.parse(source)
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in list(ast.walk(self.tree)):
            if isinstance(node, ast.JoinedStr):
                self._place_what_an_f_string_holds(node)
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def start(self, node: ast.AST) -> int:
        return self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined, no-any-return]

    def end(self, node: ast.AST) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined, no-any-return]

    def of(self, node: ast.AST) -> str:
        """The text of a node, as it stands."""
        return self.bytes[self.start(node) : self.end(node)].decode()

    def between(self, left: ast.AST, right: ast.AST) -> tuple[int, str]:
        """What stands between two nodes, and where it begins: an operator has no place in the tree."""
        return self.end(left), self.bytes[self.end(left) : self.start(right)].decode()

    def instead(self, node: ast.AST, new: str) -> _Edit:
        return _Edit(self.start(node), self.end(node), new)

    def takes(self, edit: _Edit) -> bool:
        """Whether it is a change, and Python still."""
        try:
            ast.parse(self.bytes[: edit.start] + edit.new.encode() + self.bytes[edit.end :])
        except SyntaxError:
            return False
        return edit.new != self.bytes[edit.start : edit.end].decode()

    def sites(self) -> Iterator[tuple[ast.AST, str]]:
        """Each node that may be changed, with the function or class that it stands in."""
        yield from self._sites(self.tree, "")

    def _sites(self, node: ast.AST, scope: str) -> Iterator[tuple[ast.AST, str]]:
        for child in ast.iter_child_nodes(node):
            if self._is_left_alone(child, node):
                continue
            inner = scope
            if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
                inner = f"{scope}.{child.name}" if scope else child.name
            yield child, inner or "module"
            yield from self._sites(child, inner)

    def _is_left_alone(self, node: ast.AST, parent: ast.AST) -> bool:
        """Whether no change in here could ever matter: docstrings, annotations, imports, sentences."""
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assert, ast.expr_context, ast.operator, ast.cmpop)):
            return True
        if isinstance(node, ast.If) and self.of(node.test) == "TYPE_CHECKING":
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        if isinstance(node, ast.keyword) and (node.arg in UNSEEN or isinstance(parent, ast.ClassDef)):
            return True
        if isinstance(parent, ast.Call) and self.of(parent.func) in SENTENCES and node in parent.args[:1]:
            return True
        if isinstance(node, FUNCTIONS) and node.name == "__repr__":
            return True
        if isinstance(parent, ast.JoinedStr):
            return not isinstance(node, ast.FormattedValue) or _is_said_of_a_failure(parent, self)
        return node in (getattr(parent, "annotation", None), getattr(parent, "returns", None)) or (
            isinstance(parent, ast.Assign) and _is_an_alias_of_a_type(parent)
        )

    def _place_what_an_f_string_holds(self, node: ast.JoinedStr) -> None:
        """Give the expressions in an f-string their places, which Python 3.11 gets wrong, or drop them."""
        raw = self.of(node)
        for part in node.values:
            if not isinstance(part, ast.FormattedValue):
                continue
            part.format_spec = None
            inside = ast.unparse(part.value)
            if raw.count(inside) != 1 or node.lineno != node.end_lineno:
                part.value = ast.copy_location(ast.Constant(None), node)
                continue
            shift = node.col_offset + len(raw[: raw.index(inside)].encode())
            part.value = ast.parse(inside, mode="eval").body
            for each in ast.walk(part.value):
                if hasattr(each, "col_offset"):
                    each.lineno = each.end_lineno = node.lineno  # type: ignore[attr-defined]
                    each.col_offset += shift
                    each.end_col_offset += shift  # type: ignore[attr-defined]


def _is_an_alias_of_a_type(node: ast.Assign) -> bool:
    return isinstance(node.value, ast.Subscript) or "TypeVar" in ast.dump(node.value)


def _named(file: str, scope: str, operator: str, edit: _Edit, text: _Text, used: Counter[str]) -> Mutant:
    """The mutant as it is known: by the words that it changes and where in their line they stand."""
    source = text.bytes
    opens = source.rfind(b"\n", 0, edit.start) + 1
    closes = source.find(b"\n", edit.end)
    closes = len(source) if closes < 0 else closes
    before = source[opens:closes].decode()
    after = (source[opens : edit.start] + edit.new.encode() + source[edit.end : closes]).decode()
    known = f"{file}\n{scope}\n{operator}\n{before.strip()}\n{after.strip()}"
    digest = hashlib.sha256(known.encode()).hexdigest()[:6]
    used[digest] += 1
    again = f"-{used[digest]}" if used[digest] > 1 else ""
    return Mutant(
        id=f"{file}:{scope}:{operator}:{digest}{again}",
        file=file,
        line=source.count(b"\n", 0, edit.start) + 1,
        operator=operator,
        before=_folded(before),
        after=_folded(after),
        start=edit.start,
        end=edit.end,
        new=edit.new,
    )


def _folded(text: str) -> str:
    return " ".join(text.split())


# ── the rules ────────────────────────────────────────────────────────────────
# Each takes a node and yields the edits that it can make of it; the table below names them.

COMPARISONS: Mapping[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
COMPARISON = re.compile(r"<=|>=|==|!=|<|>|not\s+in|is\s+not|in\b|is\b")

ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
}

SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise)

# Calls that only shape a value: without them it passes as it is.
SHAPING_METHODS = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "encode", "decode"})
SHAPING_CALLS = frozenset(
    {"str", "int", "float", "bool", "list", "tuple", "dict", "copy.deepcopy", "copy.copy", "quote"}
)


def _compare(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        begins, gap = text.between(left, right)
        if found := COMPARISON.search(gap):
            for other in COMPARISONS[type(operator)]:
                yield _Edit(begins + found.start(), begins + found.end(), other)


def _boolean(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if not isinstance(node, ast.BoolOp):
        return
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        begins, gap = text.between(left, right)
        at = begins + gap.index(old)
        yield _Edit(at, at + len(old), new)


def _operand(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """One side of an ``and``, an ``or`` or a calculation, without the other."""
    if isinstance(node, ast.BoolOp):
        for without in node.values:
            rest = [_in_brackets(each, text) for each in node.values if each is not without]
            yield text.instead(node, (" and " if isinstance(node.op, ast.And) else " or ").join(rest))
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield text.instead(node, _in_brackets(node.left, text))
        yield text.instead(node, _in_brackets(node.right, text))


def _in_brackets(node: ast.AST, text: _Text) -> str:
    bare = isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.Subscript, ast.Compare))
    return text.of(node) if bare else f"({text.of(node)})"


def _negation(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield text.instead(node, text.of(node.operand))
    tested = getattr(node, "test", None) if isinstance(node, (ast.If, ast.IfExp, ast.While)) else None
    if isinstance(tested, (ast.Name, ast.Attribute, ast.Call, ast.BoolOp)):
        yield text.instead(tested, f"not ({text.of(tested)})")


def _arithmetic(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield text.instead(node, text.of(node.operand))
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in ARITHMETIC:
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
        old, new = ARITHMETIC[type(node.op)]
        begins, gap = text.between(*sides)
        at = begins + gap.index(old)
        yield _Edit(at, at + len(old), new)


def _number(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    others = (value + 1, value - 1) if value == int(value) else (value * 2, value / 2)
    for other in others:
        yield text.instead(node, repr(other))


def _words(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """Another text; of what is said when something goes wrong, no text at all."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.JoinedStr) or (isinstance(value, str) and _is_said_of_a_failure(node, text)):
        yield text.instead(node, '""')
    elif isinstance(value, str):
        yield text.instead(node, repr(f"X{value}" if any(map(str.isalnum, value)) else "X"))


def _is_said_of_a_failure(node: ast.AST, text: _Text) -> bool:
    """Whether it is the wording of an error: free, but for what the contract wants in it."""
    call = text.parents.get(node)
    if isinstance(call, ast.keyword):
        return call.arg == "message"
    return isinstance(call, ast.Call) and isinstance(text.parents.get(call), ast.Raise)


def _truth(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield text.instead(node, repr(not node.value))
    if isinstance(node, ast.Constant) and node.value is None and isinstance(text.parents.get(node), ast.IfExp):
        yield text.instead(node, "0")


def _statement(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A call, or an assignment to what was there before, that is not made."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield text.instead(node, "pass")
    if isinstance(node, (ast.AugAssign, ast.Delete)):
        yield text.instead(node, "pass")
    if isinstance(node, ast.Assign) and _is_bound_before(node, text):
        yield text.instead(node, "pass")


def _is_bound_before(node: ast.Assign, text: _Text) -> bool:
    target = node.targets[0]
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        return True
    around = text.parents.get(node)
    while around is not None and not isinstance(around, FUNCTIONS):
        around = text.parents.get(around)
    if around is None or not isinstance(target, ast.Name):
        return False
    stored = (each for each in ast.walk(around) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    given = (*around.args.posonlyargs, *around.args.args, *around.args.kwonlyargs)
    names = {each.id for each in stored if each.lineno < node.lineno} | {each.arg for each in given}
    return target.id in names


def _raise(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.Raise):
        yield text.instead(node, "pass")


def _return(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.Return) and node.value is not None:
        yield text.instead(node, "return None")


def _decorator(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    for each in getattr(node, "decorator_list", ()):
        yield _Edit(text.start(each) - 1, text.end(each), "")


def _except(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """An error that is not caught, and one that is caught though another was meant."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield text.instead(node.type, "()")
        yield text.instead(node.type, "Exception")


def _extreme(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        yield text.instead(node.func, "min" if node.func.id == "max" else "max")


def _loop(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A loop that never runs, one that runs once, and one that ends where it should go on."""
    if isinstance(node, ast.For):
        yield text.instead(node.iter, "()")
    if isinstance(node, (ast.For, ast.While)) and isinstance(node.body[-1], SIMPLE):
        last = node.body[-1]
        yield _Edit(text.end(last), text.end(last), "; break")
    if isinstance(node, (ast.Break, ast.Continue)):
        yield text.instead(node, "continue" if isinstance(node, ast.Break) else "break")


def _parent(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A class that is its grandparent's child: who catches the parent does not catch it any more."""
    known = {each.name: each for each in text.tree.body if isinstance(each, ast.ClassDef)}
    for base in node.bases if isinstance(node, ast.ClassDef) else ():
        above = known.get(text.of(base))
        if above is not None and above.bases:
            yield text.instead(base, text.of(above.bases[0]))


def _argument(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A named argument that is not passed on, so that its default takes its place: of two truths, the other one."""
    is_truth = isinstance(node, ast.keyword) and getattr(node.value, "value", None) in (True, False)
    if isinstance(node, ast.keyword) and node.arg is not None and not is_truth:
        start, end = text.start(node), text.end(node)
        comma = re.match(rb"\s*,[ ]*", text.bytes[end:])
        yield _Edit(start, end + (comma.end() if comma else 0), "")


def _position(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """Two arguments that change places, and the last one that is not passed on."""
    if not isinstance(node, ast.Call) or any(isinstance(each, ast.Starred) for each in node.args):
        return
    for left, right in zip(node.args, node.args[1:], strict=False):
        gap = text.between(left, right)[1]
        yield _Edit(text.start(left), text.end(right), f"{text.of(right)}{gap}{text.of(left)}")
    if len(node.args) > 1 and not isinstance(text.parents.get(node), ast.Raise):
        yield _without(node.args, len(node.args) - 1, text)


def _element(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A set, a list, a tuple or a table that lacks one of its elements."""
    if isinstance(node, ast.Dict) and None not in node.keys:
        pairs = list(zip(node.keys, node.values, strict=True))
        for number, (key, value) in enumerate(pairs):
            after = pairs[number + 1][0] if number + 1 < len(pairs) else None
            before = pairs[number - 1][1] if number else None
            yield _cut(key, value, before, after, text)
    elif isinstance(node, (ast.Set, ast.List, ast.Tuple)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for number in range(len(node.elts)):
            yield _without(node.elts, number, text)


def _without(elements: Sequence[ast.AST], number: int, text: _Text) -> _Edit:
    """A row of elements without one of them, and without its comma."""
    after = elements[number + 1] if number + 1 < len(elements) else None
    return _cut(elements[number], elements[number], elements[number - 1] if number else None, after, text)


def _cut(first: ast.AST | None, last: ast.AST, before: ast.AST | None, after: ast.AST | None, text: _Text) -> _Edit:
    assert first is not None
    if after is not None:
        return _Edit(text.start(first), text.start(after), "")
    return _Edit(text.start(first) if before is None else text.end(before), text.end(last), "")


def _shape(node: ast.AST, text: _Text) -> Iterator[_Edit]:
    """A value that is passed on as it is, neither stripped nor copied nor converted."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in SHAPING_METHODS:
        yield text.instead(node, text.of(node.func.value))
    elif text.of(node.func) in SHAPING_CALLS and node.args:
        yield text.instead(node, text.of(node.args[0]))


OPERATORS: Mapping[str, Callable[[ast.AST, _Text], Iterator[_Edit]]] = {
    "compare": _compare,
    "boolean": _boolean,
    "operand": _operand,
    "negation": _negation,
    "arithmetic": _arithmetic,
    "number": _number,
    "text": _words,
    "truth": _truth,
    "statement": _statement,
    "raise": _raise,
    "return": _return,
    "decorator": _decorator,
    "except": _except,
    "extreme": _extreme,
    "loop": _loop,
    "parent": _parent,
    "argument": _argument,
    "position": _position,
    "element": _element,
    "shape": _shape,
}
