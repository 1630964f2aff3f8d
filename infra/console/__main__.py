"""`python -m infra.console verify [MEMBER]`: recompute wallets from their journals.

Without a member it walks every one and holds the trial balance against 0; progress goes to the
error stream, faults and figures to the output. It exits with 1 when anything disagrees, and when it
cannot look: without settings, or for somebody unknown.

The settings come from the environment, as on Lambda, or with `--state DIR` from a running local
stack.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chalicelib.kernel.errors import NotFound, Refusal
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.service import Audited
from chalicelib.settings import SettingsMissing
from chalicelib.storage.work import Work

PROGRESS_EVERY: Final = 100
"""Members between two words of progress: a few a second."""
DISAGREES: Final = 1
CANNOT_LOOK: Final = 1


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.console", description=__doc__)
    parser.add_argument("--state", type=Path, help="the STATE of a running local stack")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="recompute wallets from their journals")
    verify.add_argument("member", nargs="?", help="one member's id; every member without it")
    asked = parser.parse_args(arguments)
    try:
        if asked.state:
            os.environ.update(json.loads((asked.state / "environment.json").read_text()))
        work = Work(datetime.now(UTC))
        return _verify_one(work, asked.member) if asked.member else _verify_all(work)
    except FileNotFoundError:
        return _cannot_look(f"No stack runs on {asked.state}; start it with `make run`.")
    except SettingsMissing as wrong:
        return _cannot_look(f"{wrong}; for a local stack say where it is: --state .local verify.")
    except NotFound:
        return _cannot_look(f"There is no member {asked.member}.")
    except Refusal as refusal:
        return _cannot_look(refusal.sentence("en"))


def _cannot_look(why: str) -> int:
    print(why, file=sys.stderr)
    return CANNOT_LOOK


def _verify_one(work: Work, member_id: str) -> int:
    audited = wallets.audit(work, member_id)
    _tell(audited)
    print(f"{member_id}: {'intact' if not audited.faults else 'NOT intact'}")
    return DISAGREES if audited.faults else 0


def _verify_all(work: Work) -> int:
    faults = 0

    def told() -> Iterator[Audited]:
        nonlocal faults
        for audited in wallets.audit_all(work, _progress):
            faults += len(audited.faults)
            _tell(audited)
            yield audited

    totals, balanced = wallets.books_balance(told())
    for account, points in totals.items():
        print(f"{account.name.lower():<12} {points:>20,}")
    print(f"trial balance {'holds' if balanced else 'DOES NOT HOLD'}; {faults} fault(s)")
    return DISAGREES if faults or not balanced else 0


def _tell(audited: Audited) -> None:
    for fault in audited.faults:
        print(f"{audited.member_id}: {fault}")


def _progress(done: int) -> None:
    if done % PROGRESS_EVERY == 0:
        print(f"{done} members", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
