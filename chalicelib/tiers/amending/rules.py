"""Which campaigns new settings do not go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from typing_extensions import override

from chalicelib.kernel.errors import Fact, Language, RuleRefusal
from chalicelib.program.documents.model import Program
from chalicelib.tiers.campaigns.model import CampaignSet
from chalicelib.tiers.campaigns.rules import can_meet
from chalicelib.tiers.marketing.model import Unclear
from chalicelib.tiers.marketing.rules import unclear

NEVER_BLAMED: Final = frozenset({"channel_unknown"})
"""A client whose secret leaked is revoked at once, whichever campaigns name its channel; and a
channel is renamed before a campaign can name it anew."""


class CampaignsAtOdds(RuleRefusal):
    """Campaigns could never hold any more, or not be understood; `reasons` names each."""

    code = "campaigns_at_odds"
    en = (
        "Campaigns that are live or planned do not go with these settings: "
        "change or end them first. The reasons name them."
    )
    zh = "进行中或计划中的活动与新设置不符，请先修改或结束这些活动，详见 reasons。"

    def __init__(self, found: Sequence[tuple[str, Unclear]] = ()) -> None:
        """Keep the campaigns by their ids, each with what is unclear of it."""
        self.found = tuple(found)
        super().__init__(reasons=self._reasons("en"))

    @override
    def told(self, language: Language) -> Mapping[str, Fact]:
        return {"reasons": self._reasons(language)}

    def _reasons(self, language: Language) -> list[dict[str, str]]:
        return [{"campaign": name, **why.told(language)} for name, why in self.found]


def refuse_at_odds(
    campaigns: CampaignSet, *, before: Program, after: Program, now: datetime
) -> None:
    """Raise `CampaignsAtOdds` where new settings make campaigns unclear that can still hold.

    What was unclear before, for the same reason, is not held against the settings.
    """
    found = list(_made_unclear(campaigns, before=before, after=after, now=now))
    if found:
        raise CampaignsAtOdds(found)


def _made_unclear(
    campaigns: CampaignSet, *, before: Program, after: Program, now: datetime
) -> Iterator[tuple[str, Unclear]]:
    for campaign in campaigns.campaigns:
        if can_meet([campaign], now=now, zone=before.zone):
            known = {w.reason for w in unclear(campaign, campaigns, now=now, program=before)}
            then = unclear(campaign, campaigns, now=now, program=after)
            blamed = (why for why in then if why.reason not in known | NEVER_BLAMED)
            yield from ((campaign.id, why) for why in blamed)
