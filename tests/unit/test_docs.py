"""What the docs say of the tests is so."""

from __future__ import annotations

import re
from typing import Final

from infra.local.engines import ROOT

PROOF: Final = ROOT / "docs" / "algorithms" / "proof.md"
NAMED: Final = re.compile(r"`([\w/]+\.py)`: ((?:`test_\w+`(?:, )?)+)")


def test_every_test_that_the_page_of_proofs_names_is_there() -> None:
    told = [
        (file, name)
        for file, names in NAMED.findall(PROOF.read_text())
        for name in re.findall(r"test_\w+", names)
    ]
    assert len(told) > 30
    missing = [
        f"{file}: {name}"
        for file, name in told
        if f"def {name}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert missing == []
