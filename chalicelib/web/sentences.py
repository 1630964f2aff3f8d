"""Fields for sentences that operators write for members.

Some may stay empty at first; others have to say something, by what a reader sees of them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.kernel.sentences import SENTENCE_CHARS_MAX, SENTENCE_TEXT, seen
from chalicelib.web.bodies import Wrong


def something_seen(text: str) -> str:
    """Refuse a sentence of blanks, and of what takes no room."""
    if not seen(text):
        raise Wrong("nothing that anybody could read", zh="没有可见的文字")
    return text


Text = Annotated[str, Field(max_length=SENTENCE_CHARS_MAX, pattern=SENTENCE_TEXT)]
"""One sentence, or nothing."""
SomeText = Annotated[Text, Field(min_length=1), AfterValidator(something_seen)]
"""One sentence that says something."""
