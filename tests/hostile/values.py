"""Texts, numbers, ids and bodies that have broken programs before."""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "emoji": "\U0001f375 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e8\U0001f1f3",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "overrides": "abc\u202egnp.exe\u202c \u2066x\u2069",
    "control characters": "a\x00b\x07c\x1bd\x7fe",
    "C1 controls": "a\x80b\x85c\x9fd",
    "line ends": "a\r\nSet-Cookie: b\u2028c",
    "zero width": "a\u200bb\u200cc\ufeffd\u2060",
    "composed": "caf\u00e9 \u212b",
    "decomposed": "cafe\u0301 A\u030a",
    "marks in a pile": "Z" + "\u0300" * 20,
    "outside the first plane": "\U00020000\U0010fffd",
    "no characters": "\ufffe\uffff",
    "10,000 characters": "\u8336" * 10_000,
    "HTML": "<img src=x onerror=alert(1)>&amp;",
    "script": "</script><script>alert('x')</script>",
    "SQL": "'; DROP TABLE members; --",
    "a formula": "=HYPERLINK(A1)",
    "a template": "{detail} %s ${7*7} {{7*7}}",
    "a path": "../../etc/passwd",
    "blank": " ",
    "nothing": "",
}
LONE_SURROGATES: Final = ('"\\ud800"', '"a\\udfffb"', '"\\udc00\\ud800"', '"\\ud83d"')
"""As JSON: half a character has no UTF-8."""

NO_INTEGERS: Final = ("true", "1.0", "1.5", '"1"', "[]", "{}", "1e2", "1e999999", "-1e999999")
"""As JSON: never an integer."""
FAR_NUMBERS: Final = (10**30, -(10**30), 2**63, 2**64, -(2**63) - 1)

IDS: Final = (
    "..",
    ".",
    "%2e%2e%2f",
    "..%2f..%2fadmin%2fprogram",
    "%2e%2e",
    "..%5c..",
    "%00",
    "a%00b",
    "%0a",
    "%0d%0aX:%20y",
    "a" * 5_000,
    "%ff",
    "%ed%a0%80",
    "%c0%ae%c0%ae",
    "%F0%9F%8D%B5",
    "%E2%80%AE",
    "%",
    "%zz",
    "%25",
    "%20",
    "+",
    "*",
    "null",
    "undefined",
    "-1",
    "0",
    "%7Bid%7D",
    "%3Cscript%3E",
    "';--",
    "$ne",
    "~",
)
ENDS: Final = ("%0a", "%00", "%20", "%2f..", "%2F", "%E2%80%8B", "=", "'", "0", "%EF%BC%90", "%23x")
"""After an id that is there, each makes another."""
MEMBERS_OF_OTHERS: Final = (
    "mem_00000000000",
    "rwd_00000000000",
    "ord_" + "0" * 20,
    "imp_0",
    "R%23x",
)

BROKEN_BODIES: Final = {
    "100,000 brackets": b"[" * 100_000,
    "deep, within the limit of bytes": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000,
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"reason": "x"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"reason": "x"}'.encode("utf-16-le"),
    "UTF-32": '{"reason": "x"}'.encode("utf-32"),
    "no UTF-8": b'{"reason": "\xff\xfe"}',
    "overlong UTF-8": b'{"reason": "\xc0\xaf"}',
    "surrogates as UTF-8": b'{"reason": "\xed\xa0\x80"}',
    "a lone surrogate as a name": b'{"\\ud800": 1}',
    "NUL bytes": b"\x00" * 100,
    "a NUL after the end": b"{}\x00",
    "NaN": b'{"reason": NaN}',
    "Infinity": b'{"reason": -Infinity}',
    "two documents": b"{}{}",
    "no end": b'{"reason": "x"',
    "no end of a text": b'{"reason": "x',
    "a comma too many": b'{"reason": "x",}',
    "a comment": b'{"reason": "x"} // y',
    "single quotes": b"{'reason': 'x'}",
    "a number of 5,000 digits": b'{"reason": ' + b"9" * 5_000 + b"}",
    "a number that begins with 0": b'{"reason": 007}',
    "hexadecimal": b'{"reason": 0x10}',
    "a line end in a text": b'{"reason": "a\nb"}',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "a form": b"reason=x&add=1",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00",
}
"""Each is 400 `malformed`, or 413 where it is too large as well."""
WRONG_BODIES: Final = {
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "an exponent without end": b"1e999999",
    "an unknown field": b'{"__proto__": {"admin": true}}',
    "an unknown field without end": b'{"constructor": 1e999999}',
    "a name of nothing": b'{"": ""}',
    "a name of tricks": '{"a/b~c\u202e\\u0000": 1}'.encode(),
    "many unknown fields": b"{" + b",".join(b'"%d":1' % number for number in range(5_000)) + b"}",
}
"""Each can be read, and is 422 `invalid`."""
KEYS: Final = (
    "",
    " ",
    "a" * 65,
    "a b",
    "a\n",
    "\na",
    "k\x00",
    "\u00e9",
    "\u8336",
    "a,b",
    "a, a",
    "%41",
)
"""No Idempotency-Key."""
QUERIES: Final = {
    "repeated": "{0}=a&{0}=b",
    "10,000 parameters": "&".join(f"p{number}=1" for number in range(10_000)),
    "10,000 twice": "&".join(f"p{number}=1&p{number}=2" for number in range(5_000)),
    "without names": "=a&=b",
    "a name of tricks": "%2f%7e%e2%80%ae%00=1",
    "no UTF-8": "%ff=1",
    "a list": "{0}[]=1",
    "an object": "{0}[a]=1",
    "long": "{0}x=" + "a" * 5_000,
}
"""Query strings that no route takes; `{0}` stands for the name of a parameter."""
