"""What the request's headers ask for: a language, a media type, a key, a version.

Pure functions over header values. ETags come in two sorts: a document that operators edit has its
version as its tag (`"3"`), a page that may be cached has a digest of its bytes.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final

from chalicelib.kernel.errors import (
    KeyInvalid,
    KeyRequired,
    Language,
    MatchRequired,
    Stale,
    UnsupportedMedia,
)
from chalicelib.kernel.ids import KEY_PATTERN

LANGUAGE_DEFAULT: Final[Language] = "zh-CN"
"""Of answers to whoever asks for neither language. No setting: a refusal speaks before any setting
was read, and also where none can be."""
LANGUAGE_HEADER_MAX: Final = 256
"""The most characters of an Accept-Language that are read; browsers send fewer than 100."""
LANGUAGES_KEPT: Final = 256
"""Different Accept-Language headers remembered with their outcome."""
VERSION_TAG: Final = re.compile(r'"([1-9][0-9]{0,11})"')
TAG_BYTES: Final = 16
"""Bytes of SHA-256 in an ETag: 128 bits, so that two pages never share one."""


def language_of(accept: str) -> Language:
    """Return the language that an Accept-Language header prefers, zh-CN where it does not say."""
    return language_asked(accept) or LANGUAGE_DEFAULT


@lru_cache(maxsize=LANGUAGES_KEPT)
def language_asked(accept: str) -> Language | None:
    """Return the language of ours that an Accept-Language header prefers; None where it has none.

    `*` asks for none: clients send it for people who never chose.
    """
    best: Language | None = None
    best_weight = 0.0
    for part in accept[:LANGUAGE_HEADER_MAX].lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        language = known(tag.strip())
        weight = quality(parameter.strip())
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def known(tag: str) -> Language | None:
    """Return our name of a language tag: `zh-Hans-CN` is zh-CN, `en-GB` is en."""
    primary = tag.partition("-")[0]
    names: dict[str, Language] = {"zh": "zh-CN", "en": "en"}
    return names.get(primary)


def quality(parameter: str) -> float:
    """Return the weight in `q=0.8`: 1 where there is none, 0 where it is not a weight."""
    if not parameter:
        return 1.0
    found = re.fullmatch(r"q=([01](?:\.[0-9]{0,3})?)", parameter)
    return float(found[1]) if found else 0.0


def require_json(content_type: str) -> None:
    """Refuse a body that does not call itself JSON; a charset may only be UTF-8."""
    if content_type == "application/json":
        return
    media, *parameters = [part.strip().lower() for part in content_type.split(";")]
    told = {parameter.replace('"', "") for parameter in parameters if parameter}
    charsets = {parameter for parameter in told if parameter.startswith("charset=")}
    if media != "application/json" or charsets - {"charset=utf-8"}:
        raise UnsupportedMedia


def require_key(value: str | None) -> str:
    """Return the Idempotency-Key."""
    if value is None:
        raise KeyRequired
    if not KEY_PATTERN.fullmatch(value):
        raise KeyInvalid
    return value


def require_version(if_match: str) -> int:
    """Return the version in an If-Match header.

    `*` names no version and protects nobody's change, so one is asked for, as where none was sent.
    A tag that we never gave out, or a weak one, cannot match what is there.
    """
    if if_match.strip() in {"", "*"}:
        raise MatchRequired
    found = VERSION_TAG.fullmatch(if_match.strip())
    if found is None:
        raise Stale
    return int(found[1])


def version_tag(version: int) -> str:
    """Return the ETag of a document's version."""
    return f'"{version}"'


def content_tag(text: str) -> str:
    """Return the ETag of a page's bytes."""
    return f'"{hashlib.sha256(text.encode()).digest()[:TAG_BYTES].hex()}"'


def is_known(tag: str | None, if_none_match: str) -> bool:
    """Tell whether an If-None-Match header lists the tag (weak comparison, as RFC 9110 asks)."""
    if tag is None or not if_none_match:
        return False
    listed = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return tag in listed or "*" in listed
