"""What nobody gets by referring themselves in disguise: buying and returning, joining again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.activities import hear
from tests.events import Api, Json, a_caller
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import placed
from tests.privacy import erased
from tests.referring import a_tape, available, bought, joined, returned, set_referral
from tests.rows import of_sort
from tests.tape import Tape, play

DISGUISES: Final[Mapping[str, tuple[Json, Json]]] = {
    "phone": ({"phone": "+8613800000001"}, {"phone": "+8613800000001"}),
    "email": ({"email": "Mei@example.test"}, {"email": "mei+2@EXAMPLE.test"}),
    "device": ({"device": "9f2c"}, {"device": "9f2c"}),
}
"""What one person tells the first time, and the second."""


@pytest.fixture
def tape(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tape]:
    """Return the stream of a mall whose relay waits for nothing."""
    yield from a_tape(mall, monkeypatch)


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


def outcomes() -> list[str]:
    """Return what came of all new members."""
    return sorted(item["st"]["S"] for item in of_sort("F#mem_"))


def test_a_refund_takes_back_the_buyers_points_and_the_referrers(mall: Mall, tape: Tape) -> None:
    lin = mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    returned(mall, "mei")
    refunded = tape.take()
    # Heard of twice, it takes once.
    assert play(mall, refunded) == play(mall, refunded) == []
    assert (available(mall, "lin"), available(mall, "mei")) == (0, 0)
    newest = lin.get("/me/journal", headers={"Accept-Language": "en"})["items"][0]
    assert (newest["reason"], newest["points"]) == ("referral_refund", -500)
    assert newest["text"].startswith("Points taken back because somebody you referred")
    # Nobody counts twice: not with the next purchase either, and the month stays used.
    bought(mall, "mei", purchase_id="mei-2")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), outcomes()) == (0, ["taken_back"])
    assert [item["n"]["N"] for item in of_sort("V#")] == ["1"]


def test_what_was_spent_by_then_is_owed_and_the_referral_pays_from_its_own_date_first(
    mall: Mall, tape: Tape
) -> None:
    lin = mall.member("lin", points=100)
    mall.clock.advance(days=31)
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    placed(lin, mall.reward(150))
    returned(mall, "mei")
    assert tape.play(mall) == []
    wallet = made(lin.get("/me/wallet"), 200)
    assert (wallet["available"], wallet["debt"]) == (0, 50)
    mall.earn("lin", 60)
    assert available(mall, "lin") == 10


def test_points_are_taken_from_the_date_that_the_referral_gave(mall: Mall, tape: Tape) -> None:
    lin = mall.member("lin", points=100)
    mall.clock.advance(days=31)
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    mall.clock.advance(days=31)
    returned(mall, "mei")
    assert tape.play(mall) == []
    (lot,) = lin.get("/me/wallet")["lots"]
    assert (lot["expires_on"], lot["points"]) == ("2028-11-30", 100)


def test_a_refund_that_leaves_the_minimum_takes_nothing_and_the_next_one_takes_all(
    mall: Mall, tape: Tape
) -> None:
    mall.member("lin")
    set_referral(mall, minimum={"amount": 6_000, "currency": "cny"})
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    # A minimum that was raised since is none for what was paid before.
    mall.clock.advance(seconds=1)
    set_referral(mall, minimum={"amount": 9_000, "currency": "cny"})
    returned(mall, "mei", 40)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    returned(mall, "mei", 1, refund_id="r-2")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 0


def test_what_went_back_before_the_relay_heard_of_it_pays_nothing(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    returned(mall, "mei")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), outcomes()) == (0, [])
    # It was no purchase, so the next one is the first.
    bought(mall, "mei", purchase_id="mei-2")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), outcomes()) == (500, ["paid"])


def test_a_refund_counts_also_when_buyer_or_referrer_have_left(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    for name in ("mei", "ana"):
        made(joined(mall, name, "lin"), 201)
        bought(mall, name)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 1_000
    erased(Api(mall.app, a_caller("member", subject="mei")))
    returned(mall, "mei")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    erased(Api(mall.app, a_caller("member", subject="lin")))
    returned(mall, "ana")
    assert tape.play(mall) == []
    # The points have ended with the account, and nothing is owed for them.
    assert mall.support.get(f"/admin/members/{id_of('lin')}/wallet")["debt"] == 0
    assert outcomes() == ["taken_back", "taken_back"]


def test_a_claimed_purchase_counts_by_what_is_left_of_it(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    sale = {**a_purchase("nobody", 100, "mei-1"), "member_id": None}
    code = made(mall.till.post("/purchases", sale), 201)["claim_code"]
    mei = Api(mall.app, a_caller("member", subject="mei"))
    made(mei.post("/me/claims", {"claim_code": code}, key="k"), 201)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    returned(mall, "mei")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 0


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.CONFLICT])
@pytest.mark.parametrize("call", range(3))
def test_whatever_breaks_points_are_taken_back_once(
    mall: Mall, tape: Tape, fault: Fault, call: int
) -> None:
    mall.member("lin", points=700)
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    returned(mall, "mei")
    records = tape.take()
    try:
        with faults({call: fault}):
            play(mall, records)
    except Crashed:
        pass
    assert play(mall, records) == []
    assert available(mall, "lin") == 700


@pytest.mark.parametrize("shared", DISGUISES)
def test_who_joins_again_brings_points_once_to_whomever(
    mall: Mall, tape: Tape, shared: str
) -> None:
    first, second = DISGUISES[shared]
    lin = mall.member("lin")
    mall.member("wang")
    made(joined(mall, "mei", "lin", **first), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    erased(Api(mall.app, a_caller("member", subject="mei")))
    made(joined(mall, "mei-again", "lin", **second), 201)
    bought(mall, "mei-again")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), outcomes()) == (500, ["known", "paid"])
    assert [item["n"]["N"] for item in of_sort("V#")] == ["1"]
    if shared != "phone":
        # While the first one is there, a household may join, and somebody else be its referrer.
        made(joined(mall, "mei-once-more", "wang", **second), 201)
        bought(mall, "mei-once-more")
        assert tape.play(mall) == []
        assert available(mall, "wang") == 0
    told = lin.get("/me/export")["about"]["activities"]["referrals"]
    assert {one["outcome"] for one in told} == {"paid", "closed"}


def test_whose_points_went_back_or_who_came_too_late_counts_by_other_contacts(
    mall: Mall, tape: Tape
) -> None:
    mall.member("lin")
    set_referral(mall, per_month=0)
    made(joined(mall, "mei", "lin", device="9f2c"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    mall.clock.advance(seconds=1)
    set_referral(mall, per_month=3)
    # Nothing was paid for that device yet; now it is, and that goes back.
    made(joined(mall, "ana", "lin", device="9f2c"), 201)
    bought(mall, "ana")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    returned(mall, "ana")
    assert tape.play(mall) == []
    made(joined(mall, "bo", "lin", device="9f2c"), 201)
    bought(mall, "bo")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), outcomes()) == (0, ["closed", "known", "taken_back"])


def test_a_tree_of_puppets_brings_nothing(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    for number in range(4):
        made(joined(mall, f"puppet-{number}", f"puppet-{number - 1}" if number else "lin"), 201)
        bought(mall, f"puppet-{number}")
        hear(Work(mall.clock.now()), f"puppet-{number}")
    for number in range(4):
        returned(mall, f"puppet-{number}")
    assert tape.play(mall) == []
    names = ["lin", *(f"puppet-{number}" for number in range(4))]
    assert [available(mall, name) for name in names] == [0] * 5
