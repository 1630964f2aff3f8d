"""Sentences that operators write for members, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.errors import Language

SENTENCE_CHARS_MAX: Final = 120
"""One sentence: two lines on a phone."""
HIDDEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line breaks and changes of direction."""
SENTENCE_TEXT: Final = rf"^[^{HIDDEN}]*$"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What members read."""

    zh: str
    en: str

    def told(self, language: Language) -> str:
        """Return it in one language."""
        return self.zh if language == "zh-CN" else self.en

    def then(self, *, en: str, zh: str) -> Sentence:
        """Return it with something said of it: `Double points for tea: 20 points more.`."""
        return Sentence(f"{self.zh.rstrip(' 。')}：{zh}。", f"{self.en.rstrip(' .')}: {en}.")
