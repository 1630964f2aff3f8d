"""Mutants: one piece, clause or action of a store spoilt, or one item that a use case forgets.

A mutant is a splice: a part of the source, and the text that takes its place. No file changes.

* a piece is left out, or put over whatever is there;
* a clause always holds, is weaker by one, or takes later versions for the one that was read;
* an alternative, a row of a table of clauses, or the bound that decides whether there is a clause
  at all, goes away;
* an action is left out, or its sign is lost;
* a service leaves out something that it adds to its transaction.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.mutation.source import Source

NO_ACTION: Final = (
    "__import__('pynamodb.expressions.operand').expressions.operand.Path('zz').remove()"
)
"""An action that changes nothing: no item has an attribute of this name."""
LOWER: Final = "(lambda told: told - 1 if isinstance(told, int) else told[:-2])"
HIGHER: Final = "(lambda told: told + 1 if isinstance(told, int) else told + '~')"
"""The next bound; of a text one that lets in a little more, such as the same month's other days."""
WEAKER: Final = {ast.GtE: LOWER, ast.Gt: LOWER, ast.LtE: HIGHER, ast.Lt: HIGHER}
REVERSED: Final = {ast.Add: "-", ast.Sub: "+"}
TOLD_MAX: Final = 90
"""Characters of a part that a table shows."""

Splice = tuple[ast.AST, str, str]
"""What is replaced, what that does, and by which text."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One spoilt place: the function it is in, what it is, what was done to it, and the splice."""

    module: str
    function: str
    part: str
    done: str
    start: int
    end: int
    instead: str
    twin: int = 1
    """Which of several that are called alike."""

    @property
    def name(self) -> str:
        """Return what tells this mutant from all others, wherever its line moves."""
        number = f" ({self.twin})" if self.twin > 1 else ""
        return f"{self.module}:{self.function}: {self.part}: {self.done}{number}"

    def spoilt(self, source: str) -> str:
        """Return the source with this mutant in it."""
        return source[: self.start] + self.instead + source[self.end :]


def mutants_of(source: Source) -> list[Mutant]:
    """Return every mutant of a module, in the order of its source."""
    found = [
        Mutant(
            source.module,
            function,
            " ".join(source.text(spoilt).split())[:TOLD_MAX],
            done,
            source.start(spoilt),
            source.end(spoilt),
            instead,
        )
        for node, function in source.nodes
        for spoilt, done, instead in _splices(source, node)
    ]
    return _told_apart(sorted(found, key=lambda mutant: (mutant.start, mutant.end)))


def _told_apart(found: list[Mutant]) -> list[Mutant]:
    seen: dict[str, int] = {}
    apart = []
    for one in found:
        seen[one.name] = twin = seen.get(one.name, 0) + 1
        apart.append(_numbered(one, twin))
    return apart


def _numbered(one: Mutant, twin: int) -> Mutant:
    place = (one.start, one.end, one.instead)
    return Mutant(one.module, one.function, one.part, one.done, *place, twin=twin)


def _splices(source: Source, node: ast.AST) -> Iterator[Splice]:
    if source.is_piece(node):
        yield from _of_piece(source, node)
    elif source.is_action(node):
        yield from _of_action(source, node)
    elif source.is_clause(node):
        yield from _of_clause(source, node)
    else:
        yield from _of_structure(source, node)


def _of_structure(source: Source, node: ast.AST) -> Iterator[Splice]:
    """Yield what holds clauses together, and what a use case adds."""
    if isinstance(node, ast.BinOp):
        yield from _of_alternatives(source, node)
    elif isinstance(node, ast.For):
        yield from _of_rows(source, node)
    elif isinstance(node, ast.If):
        yield from _of_bounds(source, node)
    elif isinstance(node, ast.Expr):
        yield from _of_use_case(node)


def _of_piece(source: Source, node: ast.AST) -> Iterator[Splice]:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    yield node, "left out", "None"
    if node.func.attr != "put":
        return
    condition = next((word.value for word in node.keywords if word.arg == "condition"), None)
    if condition is None:
        bare = source.text(node)[:-1].rstrip().removesuffix(",")
        yield node, "put over whatever is there", f"{bare}, condition={_always(source)})"
    elif isinstance(condition, ast.IfExp):
        for branch in (condition.body, condition.orelse):
            if isinstance(branch, ast.Constant):
                yield branch, "put over whatever is there", _always(source)


def _of_clause(source: Source, node: ast.AST) -> Iterator[Splice]:
    if node in source.inverted:
        return
    yield node, "always true", _always(source)
    if not isinstance(node, ast.Compare):
        return
    operator, right = type(node.ops[0]), node.comparators[0]
    if operator in WEAKER:
        weaker = f"{WEAKER[operator]}({source.text(right)})"
        left = source.whole[source.start(node) : source.start(right)]
        yield node, "weaker by one", f"({left}{weaker})"
    elif operator is ast.Eq:
        yield node, "or later", f"({source.text(node.left)} >= ({source.text(right)}))"


def _of_alternatives(source: Source, node: ast.BinOp) -> Iterator[Splice]:
    if isinstance(node.op, ast.BitOr) and source.holds_clause(node):
        yield node, "without the first alternative", f"({source.text(node.right)})"
        yield node, "without the last alternative", f"({source.text(node.left)})"


def _of_action(source: Source, node: ast.AST) -> Iterator[Splice]:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    yield node, "left out", NO_ACTION
    if node.func.attr == "add":
        yield node.args[0], "sign lost", f"-({source.text(node.args[0])})"
    for value in node.args:
        if isinstance(value, ast.BinOp) and type(value.op) in REVERSED:
            left, right = source.text(value.left), source.text(value.right)
            yield value, "sign lost", f"({left}) {REVERSED[type(value.op)]} ({right})"


def _of_rows(source: Source, node: ast.For) -> Iterator[Splice]:
    rows = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
    for row in rows:
        if any(source.is_attribute(inner) for inner in ast.walk(row)):
            yield row, "row left out", "*()"


def _of_bounds(source: Source, node: ast.If) -> Iterator[Splice]:
    """Yield bounds of what is asked: `if spent > 0` that no longer asks at 1."""
    if not any(source.holds_clause(statement) for statement in node.body):
        return
    for test in ast.walk(node.test):
        if isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant):
            right = test.comparators[0]
            shift = {ast.Gt: "+ 1", ast.Lt: "- 1"}.get(type(test.ops[0]))
            if shift:
                told = source.whole[source.start(test) : source.start(right)]
                yield test, "not asked at one", f"({told}{source.text(right)} {shift})"


def _of_use_case(node: ast.Expr) -> Iterator[Splice]:
    """Yield what a service adds to its transaction and needs no answer of."""
    call = node.value
    if isinstance(call, ast.Call) and call.args:
        first = call.args[0]
        if isinstance(first, ast.Name) and first.id == "tx":
            yield call, "left out by the use case", "None"


def _always(source: Source) -> str:
    item = min(source.items)
    return f"({item}.partition.exists() | {item}.partition.does_not_exist())"
