"""What could not be handed on, from a shell."""

from __future__ import annotations

import pytest

from chalicelib.outreach.relay import service as relay
from chalicelib.outreach.relay.rules import parked
from chalicelib.storage.work import Work
from infra.console.__main__ import main
from tests.mall import Mall
from tests.tape import a_record


def test_what_is_parked_is_listed_and_asked_for_again(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(mall.clock.now())
    record = a_record({"p": {"S": "mem_0Ab1Cd2Ef3G"}, "s": {"S": "J#000000000009"}})
    aside = parked(record, why="KeyError rules.py:1 read", at=work.now)
    relay.park(work, aside)
    relay.park(work, aside)
    assert main(["parked"]) == 0
    line, count = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{aside.id}: mem_0Ab1Cd2Ef3G / J#000000000009: KeyError rules.py:1")
    assert count == "1 parked"
    assert main(["replay", aside.id, "--by", "op-mei"]) == 0
    assert "asked, tried 5 times" in capsys.readouterr().out
    assert relay.find(work, aside.id).state == "asked"
    assert main(["replay", "prk_nothing"]) == 1
    assert capsys.readouterr().err == "Nothing is parked as prk_nothing.\n"
