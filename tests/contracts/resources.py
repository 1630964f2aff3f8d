"""JSON held against the classes that Stripe's library declares for it, and parameters likewise.

Stripe generates both from its own description of the API. So a field that no class declares, a
field that is missing though it is not optional, a value of another type, and a word outside a list
of words are all told here, each by its path.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Final, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from pydantic import ConfigDict, TypeAdapter
from stripe import ListObject, StripeContext, StripeObject
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

CLASSES: Final[dict[str, type[StripeObject]]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
}
ALIASES: Final = {"DisputeResource": "Dispute"}
"""Names under which the library imports a class whose own name is taken."""
NOT_JSON: Final = {"OBJECT_NAME"}


def wrong_with(document: Mapping[str, Any]) -> list[str]:
    """Return what an API object, a list of them, or an error has that its class has not."""
    if "error" in document:
        return list(_of_class(stripe.ErrorObject, document["error"], "error"))
    kind = document["object"]
    if kind == "list":
        return list(_of_list((), document, "list"))
    found = list(_of_class(CLASSES[kind], document, kind))
    if kind == "event":
        found += wrong_with(document["data"]["object"])
    return found


def _of_class(cls: type[StripeObject], value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {cls.__name__}"
        return
    fields = fields_of(cls)
    yield from (f"{path}.{name}: unknown" for name in value if name not in fields)
    for name, hint in fields.items():
        if name in value:
            yield from _of(hint, value[name], f"{path}.{name}")
        elif not _may_be_none(hint):
            yield f"{path}.{name}: missing"


def fields_of(cls: type[StripeObject]) -> dict[str, Any]:
    """Return the fields that a class declares, with what may stand in them."""
    declared = inspect.get_annotations(cls)
    return {name: hint for name, hint in declared.items() if name not in NOT_JSON}


def _of(hint: Any, value: object, path: str) -> Iterator[str]:
    generic = GENERIC.get(get_origin(hint))
    if generic is not None:
        yield from generic(get_args(hint), value, path)
    elif isinstance(hint, ForwardRef | str):
        yield from _of_class(_named(hint), value, path)
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from _of_class(hint, value, path)
    else:
        yield from _of_plain(hint, value, path)


def _of_words(words: tuple[Any, ...], value: object, path: str) -> Iterator[str]:
    if value not in words:
        yield f"{path}: {value!r} is none of the known words"


def _of_union(hints: tuple[Any, ...], value: object, path: str) -> Iterator[str]:
    """Take the kindest reading; words beside `str` are all the words that there are.

    A reading that fits but for something further in is kinder than one of another type.
    """

    def unkindness(told: list[str]) -> tuple[bool, int]:
        return any(one.startswith(f"{path}: ") for one in told), len(told)

    has_words = any(get_origin(hint) is Literal for hint in hints)
    read = [list(_of(hint, value, path)) for hint in hints if not (has_words and hint is str)]
    yield from min(read, key=unkindness)


def _of_items(hints: tuple[Any, ...], value: object, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for number, item in enumerate(value):
        yield from _of(hints[0], item, f"{path}[{number}]")


def _of_list(hints: tuple[Any, ...], value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != {"object", "data", "has_more", "url"}:
        yield f"{path}: no list of the API"
        return
    for number, item in enumerate(value["data"]):
        where = f"{path}[{number}]"
        told = _of(hints[0], item, where) if hints else wrong_with(item)
        yield from (f"{where}: {it}" for it in told)


def _of_mapping(hints: tuple[Any, ...], value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no mapping"
        return
    for name, item in value.items():
        yield from _of(hints[0], item, f"{path}.{name}")


def _of_plain(hint: Any, value: object, path: str) -> Iterator[str]:
    if hint is Any:
        return
    is_number = hint is float and isinstance(value, int)
    if type(value) is not hint and not is_number:
        yield f"{path}: {value!r} is no {hint}"


def _named(hint: ForwardRef | str) -> type[StripeObject]:
    name = hint.__forward_arg__ if isinstance(hint, ForwardRef) else hint
    found: type[StripeObject] = getattr(stripe, ALIASES.get(name, name), StripeObject)
    return found


def _may_be_none(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType} and type(None) in get_args(hint)


GENERIC: Final[dict[Any, Callable[[tuple[Any, ...], object, str], Iterator[str]]]] = {
    Literal: _of_words,
    Union: _of_union,
    UnionType: _of_union,
    list: _of_items,
    ListObject: _of_list,
    UntypedStripeObject: _of_mapping,
}


@cache
def params_named(name: str) -> TypeAdapter[Any]:
    """Return the check of what one method of the library takes."""
    params = getattr(stripe.params, name)
    for value in vars(sys.modules[params.__module__]).values():
        if is_typeddict(value):
            # pydantic's own way to configure a TypedDict; the library takes no notice.
            value.__pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)
    names = {"StripeContext": StripeContext}
    for declared in (RequestOptions, params):
        names |= vars(sys.modules[declared.__module__])
    adapter: TypeAdapter[Any] = TypeAdapter(params)
    adapter.rebuild(_types_namespace=names)
    return adapter


def check_params(name: str, sent: Mapping[str, Any]) -> None:
    """Raise unless parameters are what one method of the library takes.

    They are read as they came over the wire, where every value is text. The library's own options
    stand in the same class and never go over the wire.
    """
    assert not set(sent) & set(RequestOptions.__annotations__), sent
    params_named(name).validate_python(sent, extra="forbid")
