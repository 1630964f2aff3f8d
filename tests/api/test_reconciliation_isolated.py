"""One order that cannot be mended, for whatever reason, holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.gateways.payments.model import Refund, RefundDraft
from chalicelib.redeem.reconciliation.service import UNEXPECTED
from infra.local import jobs
from tests.differences import paid_and_waiting, refund_not_asked_for
from tests.mall import Mall
from tests.odd_stripes import Odd
from tests.reconciled import differing, mended
from tests.stripes import LocalStripe, taking_money


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, and whose webhooks are all lost."""
    with taking_money(mall, tmp_path) as local:
        yield local


def test_an_order_that_fails_as_nobody_expected_holds_up_no_other_and_waits_for_a_person(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Odd):
        """Answers a refund with what nobody can read."""

        def create_refund(self, _: RefundDraft) -> Refund:
            raise ValueError

    owed, paid = refund_not_asked_for(mall, stripe), paid_and_waiting(mall, stripe)
    mall.app.payments = Broken(mall.app.payments()).port
    capsys.readouterr()
    jobs.run(mall.app, "reconciliation", now=mall.clock.now())
    told = capsys.readouterr().out
    assert f'"difference":"refund_waits","about":"{owed}"' in told
    assert '"error":"ValueError"' in told
    (left,) = differing(mall)
    assert (left.difference.about, left.why) == (owed, UNEXPECTED)
    assert mended(mall, paid) == []
