"""Every night: the jobs that are due, the two sides of the money, and all that must hold.

Invariants look at whatever was written since the last night together with all that belongs to it:
whole members with their purchases, corrections and refunds, and the friends they brought. Those
that count over everybody (stock, budgets, what an operator moved) look at all items of their
shapes. At the end of a month all of them look at the whole table, read anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.ledger.journal.model import Account
from chalicelib.redeem.reconciliation import service as reconciliation
from chalicelib.storage.table import Key
from chalicelib.storage.work import Work
from infra.local import jobs
from tests import (
    invariants,
    invariants_campaigns,
    invariants_desk,
    invariants_program,
    invariants_referrals,
    invariants_stock,
)
from tests.events import Json
from tests.mall import made
from tests.reconciled import differing
from tests.tape import a_record, play
from tests.year import bank
from tests.year.mirror import Change, Mirror
from tests.year.town import Town

OVER_ALL: Final[frozenset[invariants.Invariant]] = frozenset(
    {
        invariants_desk.what_one_person_moves_alone_is_counted,
        invariants_desk.decisions_are_in_the_audit_log,
        invariants_program.the_head_names_what_is_there,
        invariants_campaigns.budgets_pay_for_what_is_given,
        invariants_referrals.newcomers_are_known_again,
        invariants_stock.stock_adds_up,
        invariants_stock.units_have_their_owners,
        invariants_stock.numbers_are_made_and_withdrawn_by_somebody,
        invariants_stock.codes_exist_once,
        invariants_stock.imports_make_the_codes,
        invariants_stock.imports_keep_no_codes,
    }
)
"""These do not add up for some members alone."""
OVER_WORDS: Final[frozenset[invariants.Invariant]] = frozenset(
    {invariants.personal_data_stays_at_home, invariants_stock.codes_are_sealed}
)
"""These look for every secret word in every text, which is enough once for each text."""
CLOSED: Final = tuple(
    one for one in invariants.INVARIANTS if one not in OVER_ALL and one not in OVER_WORDS
)
SECRETS: Final = ("profile", "address", "unit", "code")
PUBLIC: Final = ("document", "head", "reward", "campaign")
STOCK: Final = ("unit", "code", "import", "chunk")
COUNTED: Final = (*PUBLIC, *STOCK, "order", "order refund", "purchase", "budget", "shard")
EVERY: Final = 5
"""One wallet of so many is asked for by its member at the end of a month, another one each time."""
FRIENDS: Final = ("profile", "newcomer", "referred")
OF_ALL: Final = (*COUNTED, *FRIENDS, "dispenser", "adjustment", "alone", "audit")
LATELY: Final = 2
"""Days that are held against Stripe where some are left out."""
LOOKED_AT_MAX: Final = 2
"""Wallets that are asked for over HTTP each night."""


def run(town: Town, *names: str) -> None:
    """Run jobs now."""
    for name in names:
        jobs.run(town.mall.app, name, now=town.now)


def relay(town: Town) -> list[Change]:
    """Let the stream's reader read what changed, until nothing more comes of it."""
    found: list[Change] = []
    while changes := town.mirror.turn():
        found += changes
        records = [a_record(one.new, one.old) for one in changes if one.new is not None]
        assert play(town.mall, records) == []
    return found


def reconcile(town: Town, *, planted: int, is_daily: bool) -> None:
    """Hold all orders against Stripe: what was planted is mended, and nothing else differs.

    Where days are left out the job would go through each of them, so only the last ones are seen.
    """
    for expected in (planted, 0) if planted else (0,):
        found = _differing(town, is_daily=is_daily)
        assert found == (expected, 0), f"{town.today}: {found} differ, {expected} were planted"
    town.counts["difference mended"] += planted


def _differing(town: Town, *, is_daily: bool) -> tuple[int, int]:
    """Return how many differences were mended, and how many are left."""
    if is_daily:
        counts = reconciliation.run(Work(town.now), town.mall.app.payments())
        return counts["mended"], counts["left"]
    found = differing(town.mall, days=LATELY)
    mended = sum(one.is_mended for one in found)
    return mended, len(found) - mended


def faults_of_the_night(town: Town, changes: Iterable[Change]) -> Iterator[str]:
    """Yield what does not hold tonight."""
    mirror, written = town.mirror, {change.key for change in changes}
    there = {key for key in written if key in mirror.raw}
    secrets = {key for shape in SECRETS for key in mirror.shape(shape)}
    everything = {key for shape in OF_ALL for key in mirror.shape(shape)}
    for found, wanted in (
        (closure(mirror, written), CLOSED),
        (everything, OVER_ALL),
        (there | secrets, OVER_WORDS),
    ):
        books = mirror.books(found)
        for invariant in wanted:
            yield from invariant(books)
    yield from _sums(town)


def faults_of_the_month(town: Town, *, is_last: bool) -> Iterator[str]:
    """Yield what does not hold in the whole table, or of the money."""
    yield from town.mirror.missed()
    books = town.mirror.books(town.mirror.raw)
    for invariant in invariants.INVARIANTS:
        if is_last or invariant not in OVER_WORDS:
            yield from invariant(books)
    taken, back, lost = bank.balance(town)
    if taken - back - lost != town.sums.kept_cash():
        yield f"Stripe took {taken}, {back} went back, {lost} to banks: orders say otherwise"
    for who in town.people[town.today.month % EVERY :: EVERY]:
        if not who.is_gone:
            wallet = made(who.api.get("/me/wallet"), 200)
            told = (wallet["available"], wallet["held"], wallet["debt"])
            if told != town.sums.wanted(who.id):
                yield f"{who.id} is told {told}, and {town.sums.wanted(who.id)} is theirs"


def statement(town: Town) -> dict[str, int]:
    """Return by how much the journals' accounts differ from what the answers add up to."""
    flows, legs = town.sums.flows, dict.fromkeys(Account, 0)
    for journal in town.mirror.journals.values():
        for entry in journal:
            for account, points in entry.legs.items():
                legs[account] += points
    kinds = ("purchases", "claims", "check-ins", "tasks", "referrals", "corrections up")
    down = ("clawed back", "corrections down", "disputed", "referrals taken back")
    taken, back, lost = bank.balance(town)
    return {
        "issued": -legs[Account.ISSUED] - sum(flows[kind] for kind in kinds),
        "redeemed or held": legs[Account.REDEEMED]
        + legs[Account.ESCROW]
        + flows["spent"]
        + flows["given back"],
        "expired": legs[Account.EXPIRED] + flows["expired"],
        "clawed back": legs[Account.CLAWED_BACK] + sum(flows[kind] for kind in down),
        "in wallets less debt": legs[Account.AVAILABLE]
        + legs[Account.DEBT]
        - town.sums.net.total(),
        "all accounts": sum(legs.values()),
        "cash": taken - back - lost - town.sums.kept_cash(),
    }


def closure(mirror: Mirror, keys: Iterable[Key]) -> set[Key]:
    """Return the keys of all that belongs to what was written."""
    written = set(keys)
    members = {member for key in written for member in _members(mirror, key)}
    members = _with_friends(mirror, members)
    purchases = {
        key[0]
        for key, row in mirror.shape("purchase").items()
        if row.get("m") in members or key in written
    }
    orders = {key[1][2:] for m in members for key in mirror.parts[m] if key[1].startswith("O#")}
    found = {key for key in written if key in mirror.raw}
    for partition in members | purchases:
        found |= mirror.parts[partition]
    found |= {key for shape in (*PUBLIC, *STOCK) for key in mirror.shape(shape)}
    found |= {k for k, row in mirror.shape("order refund").items() if row["o"] in orders}
    found |= {k for k, row in mirror.shape("claim").items() if row["q"] in purchases}
    for shape in ("phone", "adjustment"):
        found |= {k for k, row in mirror.shape(shape).items() if row["m"] in members}
    about = members | orders
    for key, row in mirror.shape("audit").items():
        if row["u"] in about or row["w"].startswith(("reward.", "campaign.", "program.")):
            found.add(key)
    # Of members whose corrections came along by being written, the rest comes too.
    return {key for key in found if key in mirror.raw}


def _members(mirror: Mirror, key: Key) -> Iterator[str]:
    """Yield whom an item is of."""
    row = mirror.rows.get("purchase", {}).get((key[0], "P"))
    if key[0].startswith("mem_"):
        yield key[0]
    elif row is not None and row.get("m"):
        yield row["m"]
    for shape in ("adjustment", "phone"):
        named = mirror.shape(shape).get(key)
        if named is not None:
            yield named["m"]
    refund = mirror.shape("order refund").get(key)
    if refund is not None:
        yield from (p for p, s in mirror.shape("order") if s == f"O#{refund['o']}")


def _with_friends(mirror: Mirror, members: set[str]) -> set[str]:
    """Return members with all whom they brought and who brought them, and so on."""
    friends: dict[str, set[str]] = defaultdict(set)
    for member, sort in mirror.shape("referred"):
        friend = sort.removeprefix("F#")
        friends[member].add(friend)
        friends[friend].add(member)
    found, left = set(members), list(members)
    while left:
        left += (new := friends[left.pop()] - found)
        found |= new
    return found


def _sums(town: Town) -> Iterator[str]:
    """Yield who has other points than came of the answers, what only journals tell read."""
    for order_id in sorted(town.looked_at):
        order = town.look(order_id)
        if order_id in town.late:
            town.late.discard(order_id)
            is_back = order["status"] != "expired"
            town.counts[f"late money {'revives an order' if is_back else 'goes back'}"] += 1
        if order["status"] not in {"awaiting_payment", "in_review"} and order["dispute"] != "open":
            town.looked_at.discard(order_id)
    wallets = {p: (row["a"], row["h"], row["o"]) for (p, _), row in _wallets(town)}
    for fault in list(town.sums.wrong(wallets)):
        member = fault.partition(" ")[0]
        town.sums.journal(member, _journal(town, member))
    yield from town.sums.wrong(wallets)
    for who in town.dice.sample(town.people, min(LOOKED_AT_MAX, len(town.people))):
        told = made(town.mall.support.get(f"/admin/members/{who.id}/verify"), 200)
        town.counts["journal verified over HTTP"] += 1
        yield from (f"{who.id}: {fault}" for fault in told["faults"])


def _wallets(town: Town) -> Iterable[tuple[Key, Json]]:
    found: Iterable[tuple[Key, Json]] = town.mirror.shape("wallet").items()  # type: ignore[assignment]
    return found


def _journal(town: Town, member: str) -> list[Json]:
    """Return what is new in a member's journal, oldest entry first."""
    found: list[Json] = []
    cursor = ""
    while True:
        path = f"/admin/members/{member}/journal?limit=100{cursor}"
        page = made(town.mall.support.get(path), 200)
        found += page["items"]
        if page["next_cursor"] is None or found[-1]["version"] <= town.sums.read[member]:
            return found[::-1]
        cursor = f"&cursor={page['next_cursor']}"
