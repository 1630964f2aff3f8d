"""Languages, media types, versions and copies, as headers ask for them."""

from __future__ import annotations

import pytest

from chalicelib.web.headers import content_tag, is_known, language_of, version_tag


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("fr", "zh-CN"),
        ("fr, en", "en"),
        ("en, zh", "en"),
        ("en;q=0.5, zh;q=0.8", "zh-CN"),
        ("zh;q=0.5, en;q=0.8", "en"),
        ("en;q=0", "zh-CN"),
        ("en;q=0, *", "zh-CN"),
        ("*", "zh-CN"),
        ("en;q=oops", "zh-CN"),
        ("en;q=2", "zh-CN"),
        ("english", "zh-CN"),
        (",;,;q=,", "zh-CN"),
        ("x," * 200 + "en", "zh-CN"),
    ],
)
def test_a_language_is_the_one_preferred_among_ours(accept: str, language: str) -> None:
    assert language_of(accept) == language


def test_a_versions_tag_is_its_number() -> None:
    assert version_tag(3) == '"3"'


def test_a_pages_tag_follows_its_bytes() -> None:
    assert content_tag("茶") == content_tag("茶") != content_tag("茶 ")
    assert content_tag("")[0] == content_tag("")[-1] == '"'


def test_a_copy_is_known_by_any_tag_listed_strong_or_weak() -> None:
    for header in ('"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"):
        assert is_known('"a"', header)
    for header in ("", '"b"', "a", '"a b"'):
        assert not is_known('"a"', header)
    assert not is_known(None, "*")
