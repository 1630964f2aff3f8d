"""Proposed corrections as items: `adjustments / B#id`, listed by stage and time through `l1`.

A proposal is the receipt of the request that made it. Corrections by hand are few, so that one
partition takes them all. What one person moved alone in a day is counted in two items: the
member's, `member / Z#day`, and the operator's, `desk / Z#digest#day`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.approval import Stage
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.ids import digest62
from chalicelib.kernel.pages import Page
from chalicelib.ledger.adjustments.model import Decision, Proposal
from chalicelib.ledger.adjustments.rules import ALONE_MAX, ALONE_OPERATOR_MAX
from chalicelib.storage.reads import Range, fetch_raw, query
from chalicelib.storage.receipts import RECEIPT_CHARS, replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Mistaken, Moved, Transaction
from chalicelib.storage.work import Work

PARTITION: Final = "adjustments"
PREFIX: Final = "adj_"
ID_PATTERN: Final = re.compile(r"adj_[0-9A-Za-z]{20}")
DESK: Final = "desk"
"""Where operators' receipts are, and what they moved alone."""


class ProposalItem(Item):
    """One proposal as stored."""

    member = UnicodeAttribute(attr_name="m")
    points = IntAttribute(attr_name="b")
    reason = UnicodeAttribute(attr_name="r")
    evidence = UnicodeAttribute(attr_name="ev", null=True)
    by = UnicodeAttribute(attr_name="y")
    stage = UnicodeAttribute(attr_name="st")
    decided_by = UnicodeAttribute(attr_name="dy", null=True)
    decided_at = UnicodeAttribute(attr_name="da", null=True)
    decided_why = UnicodeAttribute(attr_name="dr", null=True)
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


class AloneItem(Item):
    """Points that were moved without a second person in a day."""

    points = IntAttribute(attr_name="n")


def proposal_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the proposal that a caller's request makes."""
    return PREFIX + digest62((caller, route, key), RECEIPT_CHARS - 1)


def key_of(proposal_id: str) -> Key:
    """Return where a proposal is."""
    return (PARTITION, f"B#{proposal_id}")


def put_proposal(tx: Transaction, proposal: Proposal) -> None:
    """Add a proposal; the first piece of its transaction, because it is the receipt."""
    tx.put(_item(proposal), otherwise=replayed_or_reused(proposal.fingerprint))


def put_decided(tx: Transaction, after: Proposal) -> None:
    """Add the decision about a proposal that waited for one."""
    key = key_of(after.id)
    tx.put(
        _item(after),
        condition=ProposalItem.stage == Stage.PROPOSED.value,
        otherwise=lambda image: Moved(key, image) if image else Mistaken(),
    )


def count_alone(tx: Transaction, proposal: Proposal, *, today: date) -> None:
    """Count what one person moves alone; `Mistaken` where it becomes too much for a day."""
    operator = digest62((proposal.by,), RECEIPT_CHARS)
    for key, most in (
        ((proposal.member_id, f"Z#{today.isoformat()}"), ALONE_MAX),
        ((DESK, f"Z#{operator}#{today.isoformat()}"), ALONE_OPERATOR_MAX),
    ):
        points = abs(proposal.points)
        tx.update(
            AloneItem(*key),
            (AloneItem.points.add(points),),
            condition=AloneItem.points.does_not_exist() | (AloneItem.points <= most - points),
            otherwise=lambda _: Mistaken(),
        )


def find(work: Work, proposal_id: str) -> Proposal | None:
    """Return a proposal, or None; also for what cannot be the id of one."""
    if not ID_PATTERN.fullmatch(proposal_id):
        return None
    key = key_of(proposal_id)
    raw = fetch_raw(work, [key]).get(key)
    return None if raw is None else proposal_from(raw)


def find_all(work: Work, proposal_ids: Sequence[str]) -> list[Proposal]:
    """Return the proposals that exist among the ids, in their order."""
    keys = [key_of(proposal_id) for proposal_id in proposal_ids]
    found = fetch_raw(work, keys)
    return [proposal_from(found[key]) for key in keys if key in found]


def latest(tx: Transaction, proposal: Proposal) -> Proposal:
    """Return the proposal that a lost race showed, or the one that was read."""
    image = tx.image(key_of(proposal.id))
    return proposal if image is None else proposal_from(image)


def page_of(work: Work, stage: Stage, *, limit: int, after: str | None) -> Page[Proposal]:
    """Return the proposals of a stage, newest first."""
    prefix = f"{stage.value}#"
    part = Range(PARTITION, prefix, index="l1", forward=False, limit=limit, after=after)
    page = query(work, ProposalItem, part=part)
    return Page([_proposal(item) for item in page.items], page.next_position)


def proposal_from(raw: RawItem) -> Proposal:
    """Return the proposal that an image holds."""
    return _proposal(ProposalItem.read(raw))


def _proposal(item: ProposalItem) -> Proposal:
    assert item.l1 is not None, item.sort
    decision = None
    if item.decided_by and item.decided_at:
        at = datetime.fromisoformat(item.decided_at)
        decision = Decision(item.decided_by, at, item.decided_why)
    return Proposal(
        id=item.sort.removeprefix("B#"),
        member_id=item.member,
        points=item.points,
        reason=item.reason,
        evidence=item.evidence,
        by=item.by,
        at=datetime.fromisoformat(item.l1.partition("#")[2]),
        stage=Stage(item.stage),
        decision=decision,
        fingerprint=item.fingerprint,
    )


def _item(proposal: Proposal) -> ProposalItem:
    decision = proposal.decision
    return ProposalItem(
        *key_of(proposal.id),
        l1=f"{proposal.stage.value}#{rfc3339(proposal.at)}",
        member=proposal.member_id,
        points=proposal.points,
        reason=proposal.reason,
        evidence=proposal.evidence,
        by=proposal.by,
        stage=proposal.stage.value,
        decided_by=decision.by if decision else None,
        decided_at=rfc3339(decision.at) if decision else None,
        decided_why=decision.reason if decision else None,
        fingerprint=proposal.fingerprint,
    )
