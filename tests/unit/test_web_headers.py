"""Languages, media types, versions and copies, as headers ask for them."""

from __future__ import annotations

import pytest

from chalicelib.kernel.edits import Edit, refuse_edit
from chalicelib.kernel.errors import InvalidFields, Stale
from chalicelib.web.headers import (
    content_tag,
    is_known,
    language_of,
    version_tag,
)


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


def test_an_edit_may_repeat_the_id_and_version_that_were_read_and_no_others() -> None:
    for told in (Edit(), Edit("rwd_a", 3)):
        refuse_edit(3, present=3, address="rwd_a", told=told)
    for told, pointer, english, chinese in (
        (Edit("rwd_b", 3), "/id", "not the id in this address", "与地址中的编号不符"),
        (Edit("rwd_a", 2), "/version", "not the version of If-Match", "与 If-Match 的版本不符"),
    ):
        with pytest.raises(InvalidFields) as refusal:
            refuse_edit(3, present=3, address="rwd_a", told=told)
        in_english, in_chinese = refusal.value.told("en"), refusal.value.told("zh-CN")
        assert in_english == {"errors": [{"pointer": pointer, "detail": english}]}
        assert in_chinese == {"errors": [{"pointer": pointer, "detail": chinese}]}
        with pytest.raises(Stale):
            refuse_edit(3, present=4, address="rwd_a", told=told)


def test_a_pages_tag_follows_its_bytes() -> None:
    assert content_tag("茶") == content_tag("茶") != content_tag("茶 ")
    assert content_tag("")[0] == content_tag("")[-1] == '"'


def test_a_copy_is_known_by_any_tag_listed_strong_or_weak() -> None:
    for header in ('"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"):
        assert is_known('"a"', header)
    for header in ("", '"b"', "a", '"a b"'):
        assert not is_known('"a"', header)
    assert not is_known(None, "*")
