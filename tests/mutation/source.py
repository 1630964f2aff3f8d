"""One store's source as a tree: where its pieces, clauses and actions are.

What is recognised, whatever it is called:

* a *piece*: `tx.put`, `tx.update`, `tx.check`, and what an item writes by itself under a condition;
* a *clause*: a comparison of an item's attribute, `exists()` and the like;
* an *action* of an update: `add`, `set`, `remove` of an item's attribute.

An attribute is written through its class (`WalletItem.lots[…]`), through `Path`, or through a name
that an assignment, a loop over a table, or a function's parameter gives it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

PIECES: Final = frozenset({"put", "update", "check", "delete"})
WRITES: Final = frozenset({"update", "save", "delete"})
"""What an item does by itself, outside of a transaction."""
TESTS: Final = frozenset(
    {"exists", "does_not_exist", "is_type", "startswith", "contains", "between", "is_in"}
)
ACTIONS: Final = frozenset({"add", "set", "remove", "append", "prepend", "delete"})


class Source:
    """The text of a module, its nodes with the function each is in, and its items."""

    def __init__(self, module: str, text: str) -> None:
        """Read the tree once."""
        self.module = module
        self.whole = text
        self.nodes: list[tuple[ast.AST, str]] = []
        self.inverted: set[ast.AST] = set()
        self._lines = text.splitlines(keepends=True)
        self._walk(ast.parse(text), "")
        self._functions = {
            node.name: [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
            for node, _ in self.nodes
            if isinstance(node, ast.FunctionDef)
        }
        self._parameters = {name for names in self._functions.values() for name in names}
        self.items = {"Item"} | set(self._item_classes())
        self._aliases: set[str] = set()
        self._aliases = set(self._named())

    def start(self, node: ast.AST) -> int:
        """Return the offset of a node, in characters."""
        place = _placed(node)
        return self._offset(place.lineno, place.col_offset)

    def end(self, node: ast.AST) -> int:
        """Return the offset behind a node, in characters."""
        place = _placed(node)
        return self._offset(place.end_lineno or 0, place.end_col_offset or 0)

    def text(self, node: ast.AST) -> str:
        """Return a node's own text."""
        return self.whole[self.start(node) : self.end(node)]

    def is_piece(self, node: ast.AST) -> bool:
        """Tell whether a node adds a piece to a transaction, or writes an item by itself."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return False
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "tx":
            return node.func.attr in PIECES
        told = any(word.arg == "condition" for word in node.keywords) or len(node.args) > 1
        return node.func.attr in WRITES and told and not self.is_attribute(node.func.value)

    def is_clause(self, node: ast.AST) -> bool:
        """Tell whether a node is a condition on one attribute, or the reverse of one."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return self.is_clause(node.operand)
        if isinstance(node, ast.Compare):
            return self.is_attribute(node.left)
        return self._is_call_of(node, TESTS)

    def is_action(self, node: ast.AST) -> bool:
        """Tell whether a node is an action on one attribute."""
        return self._is_call_of(node, ACTIONS)

    def is_attribute(self, node: ast.AST) -> bool:
        """Tell whether a node is an attribute of an item's class, or stands for one."""
        while isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Attribute):
            inner = node.value
            return (isinstance(inner, ast.Name) and inner.id in self.items) or (
                isinstance(inner, ast.Attribute | ast.Subscript) and self.is_attribute(inner)
            )
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in {"Path", "size"}
        return isinstance(node, ast.Name) and node.id in self._aliases

    def holds_clause(self, node: ast.AST) -> bool:
        """Tell whether a clause is anywhere within."""
        return any(self.is_clause(inner) for inner in ast.walk(node))

    def unknown(self) -> Iterator[str]:
        """Yield every condition without a clause, and calls that are neither test nor action."""
        for node, _ in self.nodes:
            if isinstance(node, ast.keyword) and node.arg == "condition":
                handed_on = isinstance(node.value, ast.Name) and node.value.id in self._parameters
                if not handed_on and not self._leads_to_clauses(node.value):
                    yield f"{node.lineno}: {self.text(node)}"
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                known = node.func.attr in TESTS | ACTIONS
                if self.is_attribute(node.func.value) and not known:
                    yield f"{node.lineno}: {self.text(node)}"

    def _is_call_of(self, node: ast.AST, methods: frozenset[str]) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in methods
            and self.is_attribute(node.func.value)
        )

    def _leads_to_clauses(self, node: ast.AST) -> bool:
        """Tell whether an expression holds clauses, or names a function or variable that does."""
        if self.holds_clause(node):
            return True
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        return any(
            self.holds_clause(told) for told, _ in self.nodes if names & set(_names_given(told))
        )

    def _item_classes(self) -> Iterator[str]:
        """Yield the items of this module: by their base, or by the name of what is imported."""
        known = {"Item"}
        for node, _ in self.nodes:
            if isinstance(node, ast.ImportFrom):
                known |= {alias.name for alias in node.names if alias.name.endswith("Item")}
            elif isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                known |= {node.name} if bases & known else set()
        yield from known

    def _named(self) -> Iterator[str]:
        """Yield the names that stand for an attribute."""
        for node, _ in self.nodes:
            if isinstance(node, ast.Assign) and self.is_attribute(node.value):
                yield from _names_in(node.targets[0])
            elif isinstance(node, ast.For):
                yield from self._columns(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = self._functions.get(node.func.id, [])
                given = zip(names, node.args, strict=False)
                yield from (name for name, value in given if self.is_attribute(value))

    def _columns(self, loop: ast.For) -> Iterator[str]:
        rows = loop.iter.elts if isinstance(loop.iter, ast.Tuple | ast.List) else []
        targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
        for row in rows:
            cells = row.elts if isinstance(row, ast.Tuple) else [row]
            for cell, target in zip(cells, targets, strict=False):
                if self.is_attribute(cell):
                    yield from _names_in(target)

    def _walk(self, node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            within = function
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                within = f"{function}.{child.name}" if function else child.name
            if isinstance(child, ast.UnaryOp) and isinstance(child.op, ast.Invert):
                self.inverted.add(child.operand)
            self.nodes.append((child, within))
            self._walk(child, within)

    def _offset(self, line: int, column: int) -> int:
        before = sum(map(len, self._lines[: line - 1]))
        return before + len(self._lines[line - 1].encode()[:column].decode())


def _placed(node: ast.AST) -> ast.expr | ast.stmt | ast.keyword:
    assert isinstance(node, ast.expr | ast.stmt | ast.keyword), node
    return node


def _names_in(target: ast.AST) -> Iterator[str]:
    yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name))


def _names_given(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement gives to what it holds."""
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from _names_in(node.targets[0])
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield from _names_in(node.target)
