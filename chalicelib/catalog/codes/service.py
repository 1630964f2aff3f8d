"""Use of codes: looking a file over, putting its codes on the shelf, and opening them again.

Looking over writes one thing, in one transaction: the import, which is the receipt of its request,
and its codes, sealed. Executing then goes on from wherever the import stands, a thousand codes
after another:

1. Begin: the reward promises the import as many numbers as it has codes. Which number each code
   gets is settled from here on, so going on needs nothing but the import's own items.
2. A batch: claims are looked up. A code without one gets its claim and its unit in one transaction;
   one that has its very number was put there by an execution that died or runs beside this one;
   any other is skipped. Whoever deals with a batch, and how often, counts the same.
3. After a thousand codes: how far the import has come, and their sealed copy is emptied.
4. At the end, or when time is over: how far it has come, the reward's new end of numbers, from
   which on orders find the codes, and the audit row.

A process that dies leaves claims and units behind and no other trace; the next execution passes
over them. The price: codes of a batch that nobody finishes can wait unsold in numbers beyond the
reward's end, and numbers of skipped codes stay holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.catalog.codes import store
from chalicelib.catalog.codes.model import Import, Reading, State, Uploaded
from chalicelib.catalog.codes.rules import (
    CHUNK_CODES_MAX,
    PROBLEMS_TOLD_MAX,
    about_unit,
    chunk_of,
    chunks,
    count_of,
    end_of,
    import_id_of,
    moved_on,
    next_batch,
    read,
    refuse_malformed,
    refuse_not_coded,
    without,
)
from chalicelib.catalog.codes.store import Claimed, Overtaken
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward
from chalicelib.catalog.units import service as units
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import keyed_digest
from chalicelib.kernel.pages import Page
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.settings import settings
from chalicelib.storage.head import Head, read_head
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.sealing import seal, unseal
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Patience, Work

EXECUTE_SECONDS: Final = 10.0
"""After this long no batch is begun: the function is stopped after 15 s, and the batch that runs
and the end need theirs."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request behind an import: who sent it, its route and key, and its fingerprint."""

    by: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def kept(self) -> bytes:
        """Return the fingerprint as it is kept: keyed, for a plain one lets codes be guessed."""
        told = self.fingerprint.hex()
        return keyed_digest(settings().secret, purpose="fingerprint", message=told)

    @property
    def import_id(self) -> str:
        """Return the id of the import that it makes: the same for every reward, as the route is."""
        return import_id_of(self.by, route=self.route, key=self.key)


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution at work: for whom, the reward as it was read, and when it begins no more."""

    work: Work
    by: str
    head: Head
    reward: Reward
    ends: float

    @property
    def has_time(self) -> bool:
        """Tell whether another batch is begun."""
        return self.work.elapsed() < self.ends


def upload(work: Work, request: Request, *, reward_id: str, csv: str) -> Uploaded:
    """Look a file of codes over, once for each request, and keep what it holds.

    Raises `NotFound`, `StockNotCoded`, `InvalidFields`, `KeyReused`.
    """
    earlier = store.find_raw(work, request.import_id)
    if earlier is not None:
        return _uploaded_before(replayed_or_reused(request.kept)(earlier))
    refuse_not_coded(rewards.present(work, reward_id).stock)
    own = _unhurried(work)
    reading = read(csv)
    known = store.claims_of(own, reward_id, codes=reading.codes.values())
    fresh = without(reading, known)
    told = _previewed(request.import_id, reward_id, reading=fresh, work=work)

    def attempt(tx: Transaction) -> Uploaded:
        store.put_import(tx, told, fingerprint=request.kept)
        for number, codes in enumerate(chunks(fresh)):
            store.put_chunk(tx, told.id, number=number, codes=codes)
        return Uploaded(told, replayed=False)

    try:
        return persist(own, attempt)
    except Replayed as seen:
        return _uploaded_before(seen)


def show(work: Work, reward_id: str, *, import_id: str) -> Import:
    """Return one import of a reward; raises `NotFound`, also for another reward's."""
    refuse_malformed(import_id)
    raw = store.find_raw(work, import_id)
    told = None if raw is None else store.import_from(raw)
    if told is None or told.reward_id != reward_id:
        raise NotFound
    return told


def page(work: Work, reward_id: str, *, limit: int, after: str | None) -> Page[Import]:
    """Return a reward's imports, newest first; raises `NotFound`."""
    rewards.present(work, reward_id)
    return store.page_of(work, reward_id, limit=limit, after=after)


def execute(work: Work, reward_id: str, *, import_id: str, by: str) -> Import:
    """Put an import's codes on the shelf, as many as ten seconds allow, and return how far it is.

    Raises `NotFound`, `StockFull`. Asked again it goes on; asked twice at once, both go on.
    """
    ends = work.elapsed() + EXECUTE_SECONDS
    own = _unhurried(work)
    told = show(own, reward_id, import_id=import_id)
    head = read_head(own)
    reward = rewards.reward_at(own, head, reward_id=reward_id)
    execution = Execution(own, by, head, reward, ends)
    while told.state is not State.DONE:
        try:
            return _go_on(execution, told)
        except Overtaken:
            told = show(own, reward_id, import_id=import_id)
    return told


def reveal(work: Work, reward_id: str, *, numbers: Sequence[int]) -> list[str]:
    """Return the codes of units, in the order of their numbers, for the order that owns them."""
    sealed = units.codes_of(work, reward_id, numbers=numbers)
    secret = settings().secret
    return [
        unseal(secret, sealed[number], about=about_unit(reward_id, number)).decode()
        for number in sorted(numbers)
    ]


def _unhurried(work: Work) -> Work:
    """Return the same work with a budget of its own for every read and every transaction."""
    return replace(work, deadline=None)


def _uploaded_before(seen: Exception) -> Uploaded:
    """Return what a receipt that was there before tells; raise `KeyReused`.

    The answer is the first one: of what came of the import since, its own address tells.
    """
    if not isinstance(seen, Replayed):
        raise seen
    now = store.import_from(seen.image)
    return Uploaded(replace(now, state=State.PREVIEWED, base=0, done=0, imported=0), replayed=True)


def _previewed(import_id: str, reward_id: str, *, reading: Reading, work: Work) -> Import:
    return Import(
        id=import_id,
        reward_id=reward_id,
        created_at=work.now,
        state=State.PREVIEWED,
        lines=reading.lines,
        valid=len(reading.codes),
        problems=reading.problems[:PROBLEMS_TOLD_MAX],
    )


def _go_on(execution: Execution, told: Import) -> Import:
    """Work on an import until it is done or time is over; raises `Overtaken`."""
    if told.state is State.PREVIEWED:
        told = _begin(execution, told)
    before = told
    while told.done < told.valid and execution.has_time:
        told = _put_chunk(execution, told)
        if told.done % CHUNK_CODES_MAX == 0 and told.done < told.valid:
            _save(execution.work, told)
    return _close(execution, told, before=before)


def _begin(execution: Execution, told: Import) -> Import:
    """Have numbers promised to an import, which runs from now on."""

    def attempt(tx: Transaction) -> Import:
        reward = rewards.latest(tx, execution.reward)
        base = rewards.reserve(tx, reward, numbers=told.valid)
        begun = replace(told, state=State.RUNNING, base=base)
        store.begin(tx, begun)
        return begun

    return persist(execution.work, attempt)


def _put_chunk(execution: Execution, told: Import) -> Import:
    """Deal with codes up to the end of a chunk, or until time is over."""
    number = chunk_of(told.done)
    codes = store.read_chunk(execution.work, told.id, number=number)
    if codes is None:
        raise Overtaken
    while told.done < told.valid and chunk_of(told.done) == number and execution.has_time:
        told = _put_batch(execution.work, told, codes=codes)
    return told


def _put_batch(work: Work, told: Import, *, codes: list[str]) -> Import:
    """Put the next codes on the shelf that are on no shelf yet."""
    batch = next_batch(told, codes)
    patience = Patience(work)
    while True:
        claims = store.claims_of(work, told.reward_id, codes=batch)
        fresh = {code: number for code, number in batch.items() if code not in claims}
        try:
            _put_codes(work, told.reward_id, fresh=fresh)
        except Claimed:
            patience.again(overtaken=True)
        else:
            return moved_on(told, batch, claims=claims | fresh)


def _put_codes(work: Work, reward_id: str, *, fresh: dict[str, int]) -> None:
    """Claim codes and make them units, all or none; raises `Claimed`."""
    if not fresh:
        return

    def attempt(tx: Transaction) -> None:
        store.put_claims(tx, reward_id, batch=fresh)
        sealed = [
            (number, _sealed(work, reward_id, number=number, code=code))
            for code, number in fresh.items()
        ]
        units.put_codes(tx, reward_id, codes=sealed)

    persist(work, attempt)


def _sealed(work: Work, reward_id: str, *, number: int, code: str) -> bytes:
    about = about_unit(reward_id, number)
    return seal(settings().secret, code.encode(), about=about, dice=work.dice)


def _save(work: Work, told: Import) -> None:
    """Keep how far an import has come behind a whole chunk, whose codes lie nowhere else then."""

    def attempt(tx: Transaction) -> None:
        store.save(tx, told)
        store.empty_chunk(tx, told.id, number=chunk_of(told.done - 1))

    persist(work, attempt)


def _close(execution: Execution, told: Import, *, before: Import) -> Import:
    """Keep how far an import has come, and let orders find its codes."""
    is_done = told.done == told.valid
    after = replace(told, state=State.DONE) if is_done else told

    def attempt(tx: Transaction) -> Import:
        reward = rewards.latest(tx, execution.reward)
        store.save(tx, after)
        if after.valid and is_done:
            store.empty_chunk(tx, after.id, number=chunk_of(after.done - 1))
        rewards.grow(tx, execution.head, reward=reward, made=end_of(after))
        counts = (count_of(before), count_of(after))
        audit.record(tx, Deed(execution.by, "reward.import", after.reward_id, *counts))
        return after

    return persist(execution.work, attempt)
