"""Plants a changed source in a running process, and takes it out again.

A function of the changed source lends its code to the one that everybody has imported already, so
nothing is imported anew and no file changes. The price: what runs at import, such as a constant,
keeps its first value.
"""

from __future__ import annotations

import ast
import builtins
import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.source import Source

ROOT: Final = Path(__file__).resolve().parents[2]
HIT: Final = "told_by_the_tests_that_it_runs"
"""A name that no module has, so it is looked up among the built-in ones."""


def path_of(module: str) -> Path:
    """Return a module's file."""
    return ROOT / (module.replace(".", "/") + ".py")


@cache
def source_of(module: str) -> Source:
    """Return a module's source."""
    return Source(module, path_of(module).read_text(encoding="utf-8"))


@cache
def all_of(module: str) -> tuple[Mutant, ...]:
    """Return a module's mutants."""
    return tuple(mutants_of(source_of(module)))


@contextmanager
def planted(module: str, changed: str, *functions: str) -> Iterator[None]:
    """Run some functions of a module (`Class.method` for a method) as a changed source has them."""
    before = _swapped(module, changed, functions)
    try:
        yield
    finally:
        for live, own in before:
            live.__code__ = own


def plant(mutant: Mutant) -> None:
    """Run a mutant from now on, in a process that ends with it."""
    source = source_of(mutant.module)
    _swapped(mutant.module, mutant.spoilt(source.whole), [outermost(mutant)])


def outermost(mutant: Mutant) -> str:
    """Return the function, not within another, that holds a mutant; of a class the method."""
    first, _, rest = mutant.function.partition(".")
    whole = getattr(importlib.import_module(mutant.module), first)
    return f"{first}.{rest.partition('.')[0]}" if isinstance(whole, type) else first


def trace(modules: Iterable[str], hit: Callable[[str, str], None]) -> None:
    """Call `hit` from now on whenever a function runs that holds a mutant."""
    vars(builtins)[HIT] = hit
    for module in modules:
        source = source_of(module)
        places = {outermost(one) for one in all_of(module)}
        _swapped(module, _noting(source, places), places)


def _noting(source: Source, places: set[str]) -> str:
    """Return a source in which these functions begin by telling that they run."""
    text = source.whole
    begun = [
        (source.start(node.body[0]), node.body[0].col_offset, name)
        for node, name in source.nodes
        if isinstance(node, ast.FunctionDef) and name in places
    ]
    for start, column, name in sorted(begun, reverse=True):
        told = f"{HIT}({source.module!r}, {name!r})"
        text = f"{text[:start]}{told}\n{' ' * column}{text[start:]}"
    return text


def _swapped(
    module: str, changed: str, functions: Iterable[str]
) -> list[tuple[FunctionType, CodeType]]:
    """Lend functions the code of a changed source; return them with their own code."""
    code = compile(changed, str(path_of(module)), "exec", dont_inherit=True)
    lent = [(_live(module, name), _code(code, name.split("."))) for name in functions]
    before = [(live, live.__code__) for live, _ in lent]
    for live, other in lent:
        live.__code__ = other
    return before


def _live(module: str, name: str) -> FunctionType:
    """Return the function that everybody calls."""
    found: object = importlib.import_module(module)
    for part in name.split("."):
        found = vars(found)[part]
    found = getattr(found, "__wrapped__", found)
    assert isinstance(found, FunctionType), (module, name)
    return found


def _code(code: CodeType, path: list[str]) -> CodeType:
    """Return the code of a function within that of its module."""
    for name in path:
        code = next(
            inner
            for inner in code.co_consts
            if isinstance(inner, CodeType) and inner.co_name == name
        )
    return code
