"""When something may be sent, what an operator's word changes, and what fetching codes does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.catalog.stock.model import Mode
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.fulfilment.rules import NoCodes, NothingToSend, fetched, progressed
from chalicelib.redeem.orders.model import Fulfilment, Status
from chalicelib.redeem.orders.rules import OrderNotSettled
from tests.unit.orders import an_order

SENT = Progress(Fulfilment.SENT, None)
UNSETTLED = (Status.IN_REVIEW, Status.REFUNDED, Status.CANCELLED)
HELD = (Status.SETTLED, Status.PARTLY_REFUNDED)


@pytest.mark.parametrize("status", HELD)
def test_what_is_sent_is_the_next_version_and_can_be_followed(status: Status) -> None:
    order = an_order(status=status, fulfilment=Fulfilment.PENDING, version=4)
    told = Progress(Fulfilment.SENT, "SF1")
    assert progressed(order, told) == replace(
        order, version=5, fulfilment=Fulfilment.SENT, tracking="SF1"
    )


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (None, SENT, None),
        ("SF1", SENT, "SF1"),
        ("SF1", Progress(Fulfilment.SENT, "SF2"), "SF2"),
        ("SF1", Progress(Fulfilment.PENDING, None), None),
        (None, Progress(Fulfilment.PENDING, "SF2"), "SF2"),
    ],
)
def test_sent_again_keeps_its_tracking_and_what_comes_home_loses_it(
    before: str | None, told: Progress, after: str | None
) -> None:
    order = an_order(fulfilment=Fulfilment.SENT, tracking=before)
    now = progressed(order, told)
    assert (now.fulfilment, now.tracking) == (told.state, after)


@pytest.mark.parametrize("status", UNSETTLED)
def test_nothing_is_sent_and_no_code_shown_before_an_order_settles_or_when_it_is_gone(
    status: Status,
) -> None:
    with pytest.raises(OrderNotSettled):
        progressed(an_order(status=status, fulfilment=Fulfilment.PENDING), SENT)
    with pytest.raises(OrderNotSettled):
        progressed(an_order(status=status), SENT)
    with pytest.raises(OrderNotSettled):
        fetched(an_order(status=status, mode=Mode.CODED))
    with pytest.raises(OrderNotSettled):
        fetched(an_order(status=status))


def test_an_order_without_an_address_is_never_sent() -> None:
    with pytest.raises(NothingToSend):
        progressed(an_order(), SENT)


@pytest.mark.parametrize("status", HELD)
def test_codes_that_were_seen_are_the_next_version_once(status: Status) -> None:
    order = an_order(status=status, mode=Mode.CODED, version=4)
    seen = fetched(order)
    assert seen == replace(order, version=5, is_fetched=True)
    assert fetched(seen) is seen


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.CODED])
def test_units_that_are_no_codes_have_none_to_show(mode: Mode) -> None:
    with pytest.raises(NoCodes):
        fetched(an_order(mode=mode))
