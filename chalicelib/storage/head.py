"""The program head: which versions of settings and catalog hold now.

One small item, read consistently with every request; the documents themselves stay in process by
version. Operators' changes put a document and move the head in one transaction; buyers only read
it, so it never makes them conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pynamodb.attributes import BooleanAttribute

from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, moved
from chalicelib.storage.work import Work

HEAD_KEY: Final[Key] = ("program", "HEAD")


class HeadItem(Item):
    """The head as stored."""

    versions = IntMapAttribute(attr_name="v")
    revision = IntAttribute(attr_name="r")
    zone_fixed = BooleanAttribute(attr_name="z")


@dataclass(frozen=True, slots=True)
class Head:
    """Versions by name (0 where nothing was ever written).

    `revision` counts the head's own changes; `zone_fixed` is set by the first member.
    """

    versions: Mapping[str, int]
    revision: int
    zone_fixed: bool

    def version(self, name: str) -> int:
        """Return the version of a document that holds now."""
        return self.versions.get(name, 0)


NO_HEAD: Final = Head({}, 0, zone_fixed=False)


def head_from(raw: RawItem | None) -> Head:
    """Return the head that an image holds; before the first write all versions are 0."""
    if raw is None:
        return NO_HEAD
    item = HeadItem.read(raw)
    return Head(item.versions, item.revision, item.zone_fixed)


def read_head(work: Work) -> Head:
    """Return the head of now."""
    return head_from(fetch_raw(work, [HEAD_KEY]).get(HEAD_KEY))


def latest_head(tx: Transaction, head: Head) -> Head:
    """Return the head that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(HEAD_KEY)
    return head if image is None else head_from(image)


def raise_version(tx: Transaction, head: Head, *, name: str) -> int:
    """Add the head's move to the next version of a document, and return that version."""
    version = head.version(name) + 1
    _put_head(tx, before=head, after=replace(head, versions={**head.versions, name: version}))
    return version


def fix_zone(tx: Transaction, head: Head) -> None:
    """Add that a member exists, whose days the zone now decides."""
    _put_head(tx, before=head, after=replace(head, zone_fixed=True))


def _put_head(tx: Transaction, *, before: Head, after: Head) -> None:
    tx.put(
        HeadItem(
            *HEAD_KEY,
            versions=dict(after.versions),
            revision=before.revision + 1,
            zone_fixed=after.zone_fixed,
        ),
        condition=(
            HeadItem.revision == before.revision
            if before.revision
            else HeadItem.partition.does_not_exist()
        ),
        otherwise=moved(HEAD_KEY),
    )
