"""POST /local/pay/{order_id}: a customer pays an order at the local Stripe, webhook included.

The control room mounts `Cashier.answer`. The payment is found by the order in its metadata, so that
nobody needs its id. Whatever the card, the answer is 200 and says what the payment came to; it
comes when the webhooks of the payment were taken, or could not be for five seconds. A payment that
nobody can pay any more is told as it is.
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from chalicelib.kernel.errors import NotFound, TooLarge, Unavailable
from chalicelib.kernel.ids import ORDER_PATTERN
from chalicelib.web.bodies import BODY_BYTES_MAX, Body, read_body
from chalicelib.web.headers import language_of, require_json
from infra.local.caller import Caller
from infra.local.exchange import Reply, Request, json_reply

NOT_THERE: Final = 404


class Card(Body):
    """What a customer pays with."""

    card: Literal["ok", "declined", "requires_action", "disputed"]


class Cashier:
    """Pays at the local Stripe; `base` is its address, empty where there is none."""

    def __init__(self, base: str) -> None:
        self._port = urlsplit(base).port or 0
        Card.model_rebuild()

    def answer(self, request: Request) -> Reply:
        """Pay an order and tell the payment's status, or refuse."""
        order_id = request.path.rstrip("/").rpartition("/")[2]
        if request.body_bytes > BODY_BYTES_MAX:
            raise TooLarge(bytes_max=BODY_BYTES_MAX)
        require_json(request.header("Content-Type"))
        language = language_of(request.header("Accept-Language"))
        draft = read_body(Card, request.body, language=language)
        if not ORDER_PATTERN.fullmatch(order_id):
            raise NotFound
        return json_reply({"status": self._paid(order_id, draft.card)})

    def _paid(self, order_id: str, card: str) -> str:
        if not self._port:
            raise Unavailable
        caller = Caller(self._port)
        try:
            said = caller.post(f"/local/pay/{order_id}", {"card": card})
        except OSError:
            raise Unavailable from None
        finally:
            caller.close()
        if said.status == NOT_THERE:
            raise NotFound
        status: str = said.json["status"]
        return status
