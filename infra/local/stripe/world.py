"""What every endpoint works in: the store, the program's clock, fresh ids, and who is asking."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from chalicelib.kernel.clock import Clock
from chalicelib.kernel.ids import base62
from infra.local.stripe.refused import Document, not_there
from infra.local.stripe.store import Store

API_VERSION: Final = "2026-10-28.endive"
ID_CHARS: Final = 24
BITS: Final = 6
"""More than one character of base 62 holds."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The request that is being answered; events tell of it."""

    request_id: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an endpoint is asked: the id in the address, or the address itself, and parameters."""

    about: str
    params: Document


@dataclass(slots=True)
class World:
    """The local Stripe. Whoever changes anything holds the store's turn, so one asker is enough."""

    store: Store
    clock: Clock
    asker: Asker = field(default_factory=Asker)

    def now(self) -> int:
        """Return the time in whole seconds, as Stripe tells it."""
        return int(self.clock.now().timestamp())

    def get(self, kind: str, object_id: str, *, param: str = "") -> Document:
        """Return an object, or refuse an id that names none."""
        found = self.store.find(kind, object_id)
        if found is None:
            raise not_there(kind, object_id, param=param or kind)
        return found


def mint(prefix: str, chars: int = ID_CHARS) -> str:
    """Return a fresh id."""
    return f"{prefix}_{base62(secrets.randbits(chars * BITS), chars)}"
