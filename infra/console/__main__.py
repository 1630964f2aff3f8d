"""What operators do from a shell.

`python -m infra.console verify [MEMBER]` recomputes wallets from their journals. Without a member
it walks every one and holds the trial balance against 0; progress goes to the error stream, faults
and figures to the output. It exits with 1 when anything disagrees.

`python -m infra.console adjust MEMBER POINTS --reason TEXT` gives points, or takes them back where
POINTS is below 0, and prints the wallet after it. The reason goes into the audit log. `--key` makes
the command repeatable: under the same key it is done once. It is a correction like any over the
operator desk, by the same rules: more than 1,000 points of a member in a day wait there for a
second person.

`python -m infra.console dead-letters` lists what Stripe told and nobody could follow; `redrive` has
it worked off once more (`infra.console.letters`).

`python -m infra.console reconcile [--days N] [--mend]` holds orders with cash against Stripe, both
ways; `mend ID` mends one difference that it printed (`infra.console.reconciling`).

`python -m infra.console parked` lists what members could not be told; `replay ID` has it told again
(`infra.console.parking`). `retell [MEMBER] [--since DAY]` has everything since a day heard again,
for what the stream lost (`infra.console.retelling`).

Each exits with 1 and one sentence when it cannot: without settings, for somebody unknown, or
where a rule says no. The settings come from the environment, as on Lambda, or with `--state DIR`
from a running local stack, whose clock counts then.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from chalicelib.kernel.approval import Stage
from chalicelib.kernel.clock import Clock, MovedClock, SystemClock
from chalicelib.kernel.errors import InvalidFields, NotFound, Refusal
from chalicelib.kernel.ids import random_token
from chalicelib.ledger.adjustments import service as adjustments
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import balance
from chalicelib.ledger.wallets.service import Audited
from chalicelib.settings import SettingsMissing
from chalicelib.storage.work import SYSTEM_DICE, Work
from infra.console import letters, parking, reconciling, retelling
from infra.local.moved import Offset
from infra.local.state import State

PROGRESS_EVERY: Final = 100
"""Members between two words of progress: a few a second."""
DISAGREES: Final = 1
CANNOT: Final = 1
ADJUST: Final = "console adjust"
"""What stands in for a route in the id of a correction."""


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        work = Work(_clock(asked.state).now())
        status: int = asked.run(work, asked)
        return status
    except FileNotFoundError:
        return _cannot(f"No stack runs on {asked.state}; start it with `make run`.")
    except SettingsMissing as wrong:
        return _cannot(
            f"{wrong}; for a local stack say where it is: --state .local {asked.command}."
        )
    except NotFound:
        return _cannot(_not_there(asked))
    except InvalidFields as invalid:
        return _cannot(_sentences(invalid))
    except Refusal as refusal:
        return _cannot(refusal.sentence("en") + _again_with(asked))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.console", description=__doc__)
    parser.add_argument("--state", type=Path, help="the STATE of a running local stack")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="recompute wallets from their journals")
    verify.add_argument("member", nargs="?", help="one member's id; every member without it")
    verify.set_defaults(run=_verify)
    adjust = commands.add_parser("adjust", help="give points to a member, or take them back")
    adjust.add_argument("member", help="the member's id")
    adjust.add_argument("points", type=int, help="points to give; below 0: to take back")
    adjust.add_argument("--reason", required=True, help="why, for the audit log")
    adjust.add_argument("--evidence", help="where the reason can be looked up")
    adjust.add_argument(
        "--by",
        default=getpass.getuser(),
        help="who does it, by the name that the operator desk knows them by",
    )
    adjust.add_argument(
        "--key",
        default=random_token(SYSTEM_DICE),
        help="under the same key the same adjustment is made once; random without it",
    )
    adjust.set_defaults(run=_adjust)
    letters.add_to(commands)
    reconciling.add_to(commands)
    parking.add_to(commands)
    retelling.add_to(commands)
    return parser


def _clock(home: Path | None) -> Clock:
    """Return the clock to go by, after taking a running stack's settings where one is named."""
    if home is None:
        return SystemClock()
    state = State(home)
    os.environ.update(json.loads(state.environment.read_text()))
    return MovedClock(Offset(state.clock).read)


def _cannot(why: str) -> int:
    print(why, file=sys.stderr)
    return CANNOT


def _not_there(asked: argparse.Namespace) -> str:
    """Return what is missing, for commands about a member and for those about anything else."""
    if getattr(asked, "member", None):
        return f"There is no member {asked.member}."
    return f"Something that `{asked.command}` came upon is not there; nothing more was done."


def _sentences(invalid: InvalidFields) -> str:
    """Return what is wrong with what was asked, in words."""
    errors = invalid.facts["errors"]
    assert isinstance(errors, list), errors
    details = [error["detail"] for error in errors if isinstance(error, dict)]
    return "; ".join(details).capitalize() + "."


def _again_with(asked: argparse.Namespace) -> str:
    """Return how to say the same again where an adjustment's outcome may not be known."""
    return f" The key was {asked.key}." if "key" in asked else ""


def _adjust(work: Work, asked: argparse.Namespace) -> int:
    wanted = Adjustment(
        asked.member,
        asked.points,
        asked.reason,
        by=asked.by,
        key=asked.key,
        evidence=asked.evidence,
    )
    same = json.dumps([wanted.member_id, wanted.points, wanted.reason, wanted.evidence])
    fingerprint = hashlib.sha256(same.encode()).digest()
    told = adjustments.propose(work, wanted, route=ADJUST, fingerprint=fingerprint)
    if told.replayed:
        print("This was done before; nothing was changed.")
    if told.proposal.stage is not Stage.APPROVED:
        print(f"{told.proposal.id} is {told.proposal.stage}: a second person decides at the desk.")
    opened = wallets.open_wallet(work, asked.member, absent=NotFound)
    wallet = opened.wallet
    print(
        f"{wallet.member_id}: {balance(wallet, opened.today)} points available, {wallet.held} held,"
        f" {wallet.debt} owed; journal version {wallet.version}"
    )
    return 0


def _verify(work: Work, asked: argparse.Namespace) -> int:
    return _verify_one(work, asked.member) if asked.member else _verify_all(work)


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
