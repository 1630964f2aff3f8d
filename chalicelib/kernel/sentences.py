"""Sentences that operators write for members, in both languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.errors import Language

SENTENCE_CHARS_MAX: Final = 120
"""One sentence: two lines on a phone."""
HIDDEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line breaks and changes of direction."""
SENTENCE_TEXT: Final = rf"^[^{HIDDEN}]*$"
ENDS: Final = " .!?…。！？"
"""What a sentence may end with, and loses where something is said of it."""
UNSEEN: Final = frozenset({"Cc", "Cf"})
"""Unicode's categories of what takes no room: controls, and marks such as a zero-width space."""
UNSEEN_TOO: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]")
"""What Unicode counts as ignorable besides: a joiner, empty letters, and variation selectors."""


def seen(text: str) -> str:
    """Return what a reader sees of a text: without blanks around it, and what takes no room."""
    visible = "".join(one for one in text if unicodedata.category(one) not in UNSEEN)
    return UNSEEN_TOO.sub("", visible).strip()


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
        return Sentence(f"{self.zh.rstrip(ENDS)}：{zh}。", f"{self.en.rstrip(ENDS)}: {en}.")
