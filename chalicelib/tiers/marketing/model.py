"""What is said of a campaign to those who write it: what it has spent, and what is unclear."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.kernel.errors import Language
from chalicelib.tiers.campaigns.model import Campaign


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign and how many points were taken from its budget; None where it has none.

    `replayed` when the same request had created it before.
    """

    campaign: Campaign
    spent: int | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """One reason why members could not understand a campaign."""

    reason: str
    en: str
    zh: str

    def told(self, language: Language) -> dict[str, str]:
        """Return it as a member of the refusal."""
        return {"reason": self.reason, "detail": self.zh if language == "zh-CN" else self.en}
